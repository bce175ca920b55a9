"""The ratio of two shares that were estimated apart, with its interval.

The shares bring their own intervals, whatever the design that they come from
(:mod:`softbeam.analysis.estimation`); here is how an interval of the ratio follows from them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from softbeam.analysis.estimation import Share


@dataclass(frozen=True, slots=True)
class Ratio:
    """An estimated ratio with its interval, and what is behind it.

    Attributes
    ----------
    estimate : float
        The ratio; infinite where only the first share was seen, NaN where neither was.
    low, high : float
        Its interval; `high` is infinite where the second share may be 0.
    first, second : Share
        The shares, without the factor between them.
    """

    estimate: float
    low: float
    high: float
    first: Share
    second: Share

    @property
    def n(self) -> int:
        """Injections behind it, of both samples; 0 where one of them is empty."""
        return self.first.n + self.second.n if self.first.n and self.second.n else 0


def ratio(first: Share, second: Share, times: float = 1.0) -> Ratio:
    """Return ``times * first / second`` of two independent shares, with its interval.

    Parameters
    ----------
    first, second : Share
        Shares of two different samples.
    times : float
        A factor that is known.

    Returns
    -------
    Ratio
        Of an empty sample nothing is known: from 0 to infinity.

    Notes
    -----
    MOVER-R: the interval's ends are where ``first - ratio * second`` stops to be 0 within the
    variances that the ends of the two shares' own intervals recover; each end of the ratio takes
    the end of a share that lies on its side.  A. Donner and G. Y. Zou, Statistical Methods in
    Medical Research 21 (2012), doi:10.1177/0962280210383082; R. G. Newcombe, the same journal 25
    (2016), doi:10.1177/0962280213502144.  Its ends are in a form that does not divide by what can
    be 0.  Where the first share was never seen the lower end is 0 and the upper one is not; where
    the second was not, the upper end is infinite.

    Examples
    --------
    >>> from softbeam.analysis.proportion import Proportion
    >>> none = ratio(Proportion(0, 3000), Proportion(116, 3000))
    >>> none.estimate, none.low, round(none.high, 4)
    (0.0, 0.0, 0.0335)
    """
    if not first.n or not second.n:
        return Ratio(math.nan, 0.0, math.inf, first, second)
    p, q = first.estimate, second.estimate
    unseen = math.inf if p > 0.0 else math.nan
    estimate = times * p / q if q > 0.0 else unseen
    return Ratio(estimate, times * _low(first, second), times * _high(first, second), first, second)


def _low(first: Share, second: Share) -> float:
    p, q = first.estimate, second.estimate
    below, above = first.low * (2 * p - first.low), second.high * (2 * q - second.high)
    if below <= 0.0:
        return 0.0
    return below / (p * q + math.sqrt(max((p * q) ** 2 - below * above, 0.0)))


def _high(first: Share, second: Share) -> float:
    p, q = first.estimate, second.estimate
    below = second.low * (2 * q - second.low)
    if below <= 0.0:
        return math.inf
    above = first.high * (2 * p - first.high)
    return (p * q + math.sqrt(max((p * q) ** 2 - below * above, 0.0))) / below

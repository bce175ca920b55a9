"""Which of two shares is larger, or that the data cannot tell: tests behind softbeam's verdicts.

What is compared, and why, is the caller's business.
"""

from __future__ import annotations

import math
from enum import Enum

from softbeam.analysis.counts import Counts, Mask
from softbeam.analysis.design import Place
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.proportion import CONFIDENCE


class Order(Enum):
    """How the first of two quantities stands to the second, as far as the data decide."""

    MORE = "more"
    LESS = "less"
    UNDECIDED = "undecided"


def estimator(counts: Counts, comparisons: int = 1) -> Estimator:
    """Return an estimator for a verdict that rests on several comparisons.

    Each is made at a confidence that leaves the chance of any error at 5 % (Bonferroni).
    """
    return Estimator(counts, 1.0 - (1.0 - CONFIDENCE) / comparisons)


def compare_within(
    estimate: Estimator, numerator: Mask, first: Place, second: Place, exposure: float = 1.0
) -> Order:
    """Compare how frequent a kind of ending is in two places of one stream.

    Parameters
    ----------
    estimate : Estimator
        Of the stream.
    numerator : numpy.ndarray of bool
        The rows that end so.
    first, second : Place
        Whole layers or kernels that have none in common.
    exposure : float
        How many units the first place is for each unit of the second, such as layers.

    Returns
    -------
    Order
        Of the first place, for its exposure, to the second.

    Notes
    -----
    In a uniform sample, given that an injection ends so in either place, in which of the two is a
    draw of its own; the interval of its probability lies above, below or across the share that is
    expected where both are alike.  Where places are strata they are samples of their own, and a
    place in which nothing ended so yet counts with all that may be there: see :func:`difference`.
    """
    if estimate.counts.design.stratified:
        there, here = (estimate.joint(numerator, place) for place in (first, second))
        return _order(*difference(there, here, exposure))
    one, other = (estimate.counts.inside(place) for place in (first, second))
    share = estimate.share(numerator & one, numerator & (one | other))
    alike = exposure / (1.0 + exposure)
    return _order(share.low - alike, share.high - alike)


def _order(low: float, high: float) -> Order:
    if low > 0.0:
        return Order.MORE
    return Order.LESS if high < 0.0 else Order.UNDECIDED


def difference(first: Share, second: Share, times: float = 1.0) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two independent shares.

    Parameters
    ----------
    first, second : Share
        Shares of two different samples.
    times : float
        What the second share is multiplied by.

    Returns
    -------
    low, high : float
        Newcombe's interval of ``first - times * second``; (-times, 1) where one sample is empty.

    Notes
    -----
    R. G. Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Statistics in Medicine 17 (1998), method 10,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Examples
    --------
    >>> from softbeam.analysis.proportion import Proportion
    >>> low, high = difference(Proportion(56, 70), Proportion(48, 80))
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    if not first.n or not second.n:
        return -times, 1.0
    gap = first.estimate - times * second.estimate
    below = math.hypot(first.estimate - first.low, times * (second.high - second.estimate))
    above = math.hypot(first.high - first.estimate, times * (second.estimate - second.low))
    return gap - below, gap + above


def compare_shares(first: Share, second: Share) -> Order:
    """Compare shares of two different samples by the interval of their :func:`difference`."""
    return _order(*difference(first, second))

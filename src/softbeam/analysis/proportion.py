"""A share of injections and its 95 % Wilson interval.

What is counted is decided in :mod:`softbeam.analysis.factors`; here is only the arithmetic, which
SciPy does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

#: Confidence level of every interval that softbeam states.
CONFIDENCE = 0.95


@lru_cache(maxsize=65536)
def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, at :data:`CONFIDENCE`.

    Parameters
    ----------
    successes, n : int
        How many of `n` independent draws had the property.

    Returns
    -------
    low, high : float
        The interval; (0, 1) where nothing was drawn.

    Notes
    -----
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927), doi:10.1080/01621459.1927.10502953.  Unlike
    the normal approximation it is not empty at zero of n.

    Examples
    --------
    >>> low, high = wilson(0, 1000)
    >>> low, round(high, 5)
    (0.0, 0.00383)
    """
    if n == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest

    # Only the interval is wanted.  A null hypothesis that equals the estimate spares SciPy the
    # search for a p-value, which takes most of the time, and does not enter the interval.
    interval = binomtest(successes, n, successes / n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def wilson_of(estimate: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the Wilson interval around a share as if it came from `n` independent draws.

    Parameters
    ----------
    estimate : float
        The share.
    n : float
        An effective number of draws, not whole in general, more than 0.
    confidence : float
        Level of the interval.

    Examples
    --------
    >>> low, high = wilson_of(0.123, 1000)
    >>> round(low, 4), round(high, 4)
    (0.1041, 0.1448)
    """
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    centre = (estimate + z * z / (2 * n)) / (1 + z * z / n)
    half = (z * math.sqrt(max(estimate * (1 - estimate), 0.0) / n + z * z / (4 * n * n))) / (
        1 + z * z / n
    )
    return max(centre - half, 0.0), min(centre + half, 1.0)


def exact_of(estimate: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Clopper and Pearson's interval around a share as if it came from `n` draws.

    Parameters
    ----------
    estimate : float
        The share.
    n : float
        An effective number of draws, not whole in general, more than 0.
    confidence : float
        Level of the interval.

    Notes
    -----
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404: the ends
    are those shares at which what was seen, or more (less), has half the error probability.  Of
    whole numbers the interval holds the true share at least as often as it says; with effective
    numbers it is that of E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998).

    Examples
    --------
    >>> low, high = exact_of(0.0, 1000)
    >>> low, round(high, 5)
    (0.0, 0.00368)
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    seen = estimate * n
    rest = max(n - seen, 0.0)
    low = float(betaincinv(seen, rest + 1, tail)) if seen > 0.0 else 0.0
    high = float(betaincinv(seen + 1, rest, 1 - tail)) if rest > 0.0 else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of how many: an estimate with its interval.

    Parameters
    ----------
    successes, n : int
        How many of `n` injections had the property.

    Raises
    ------
    ValueError
        If not 0 <= successes <= n.

    Examples
    --------
    >>> share = Proportion(123, 1000)
    >>> share.estimate, round(share.low, 4), round(share.high, 4)
    (0.123, 0.1041, 0.1448)
    """

    successes: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n:
            raise ValueError(f"{self.successes} of {self.n} is no proportion")

    @property
    def estimate(self) -> float:
        """The observed share; NaN where nothing was drawn."""
        return self.successes / self.n if self.n else math.nan

    @property
    def low(self) -> float:
        """Lower end of the 95 % Wilson interval."""
        return wilson(self.successes, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % Wilson interval."""
        return wilson(self.successes, self.n)[1]

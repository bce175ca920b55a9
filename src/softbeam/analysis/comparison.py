"""Which of two shares is larger, or that the data cannot tell: tests behind softbeam's verdicts.

What is compared, and why, is the caller's business.
"""

from __future__ import annotations

import math
from enum import Enum

from softbeam.analysis.counts import Counts
from softbeam.analysis.estimation import Condition, Estimator, Share
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
    estimate: Estimator, first: Condition, second: Condition, exposure: float = 1.0
) -> Order:
    """Compare how frequent two kinds of injections of one stream are.

    Given that an injection is of either kind, which of the two it is, is a draw of its own; the
    interval of its probability lies above, below or across the share that is expected where both
    are alike.

    Parameters
    ----------
    estimate : Estimator
        Of the stream.
    first, second : callable
        Conditions on cells, no cell meeting both.
    exposure : float
        How many units the first kind is of for each unit of the second, such as layers.

    Returns
    -------
    Order
        Of the first kind, for its exposure, to the second.
    """
    share = estimate.share(first, lambda cell: first(cell) or second(cell))
    alike = exposure / (1.0 + exposure)
    if share.low > alike:
        return Order.MORE
    return Order.LESS if share.high < alike else Order.UNDECIDED


def difference(first: Share, second: Share) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two independent shares.

    Parameters
    ----------
    first, second : Share
        Shares of two different samples.

    Returns
    -------
    low, high : float
        Newcombe's interval of ``first - second``; (-1, 1) where one sample is empty.

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
        return -1.0, 1.0
    gap = first.estimate - second.estimate
    below = math.hypot(first.estimate - first.low, second.high - second.estimate)
    above = math.hypot(first.high - first.estimate, second.estimate - second.low)
    return gap - below, gap + above


def compare_shares(first: Share, second: Share) -> Order:
    """Compare shares of two different samples by the interval of their :func:`difference`."""
    low, high = difference(first, second)
    if low > 0.0:
        return Order.MORE
    return Order.LESS if high < 0.0 else Order.UNDECIDED

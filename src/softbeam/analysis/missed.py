"""What can be there though nothing of it was seen: the reach of strata with few events.

A stratum of twenty injections in which nothing happened can have happenings in every seventh
place.  How far that moves a sum over strata depends on its weight, not on what others showed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Reach(NamedTuple):
    """How far a share can lie from its estimate.

    Attributes
    ----------
    whole : float
        In all.
    extra : float
        The part of it that strata with few events add to what the estimate's variance tells.
    """

    whole: float
    extra: float


def reach(
    variance: float, parts: Numbers, draws: Numbers, rates: Numbers, confidence: float
) -> Reach:
    """Return how far a weighted share can lie above its estimate.

    Parameters
    ----------
    variance : float
        Of the estimate, as far as what was seen tells.
    parts : numpy.ndarray of float64
        For each stratum its part of the whole; these add up to 1.
    draws : numpy.ndarray of float64
        Injections in each, more than 0.
    rates : numpy.ndarray of float64
        What share of them seems to have the property.
    confidence : float
        Level of the interval of which this is the upper end.

    Notes
    -----
    The interval is a score interval, as Wilson's: a value is inside if the estimate is no more
    than so many of the standard deviations away that the estimate would have if it were true.
    What the value exceeds the estimate by has to lie in some strata; it is put where it adds most
    to that deviation, so where one injection stands for much and little was seen.  From one
    stratum it is Wilson's interval exactly.  Where nothing was seen at all it is z² times the
    largest weight of one injection, much as the limit for directly standardized rates of M. P. Fay
    and E. J. Feuer, Statistics in Medicine 16 (1997),
    doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#, is 3.69 times it.

    If excesses e add up to S, a stratum's variance grows by g e - e² / draws with
    g = part / draws * (1 - 2 rate).  For a given S the sum of that is largest where
    g - 2 e / draws is the same in all strata that get any.

    Examples
    --------
    >>> parts, draws = np.array([0.9, 0.1]), np.array([20.0, 500.0])
    >>> round(reach(0.0, parts, draws, np.zeros(2), 0.95).whole, 3)
    0.145
    """
    from scipy.special import ndtri

    square = float(ndtri((1 + confidence) / 2)) ** 2
    told = math.sqrt(square * variance)
    gains = parts / draws * (1.0 - 2.0 * rates)
    order = np.argsort(-gains)
    g, n = gains[order], draws[order]
    # Over the first strata, the first two, ...: the sums that S's quadratic equation is made of.
    total, first, second = np.cumsum(n), np.cumsum(n * g), np.cumsum(n * g * g)
    a = 1.0 + square / total
    b = square * first / total
    c = square * (variance + (second - first**2 / total) / 4.0)
    sums = (b + np.sqrt(b * b + 4.0 * a * c)) / (2.0 * a)
    level = (first - 2.0 * sums) / total
    found = float(sums[int(np.argmax(level >= np.append(g[1:], -np.inf)))])
    return Reach(found, max(found - told, 0.0))

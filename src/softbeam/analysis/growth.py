"""How much a cell grows in a round, and which of its strata get the injections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: A round makes a cell's variance smaller at least and at most by these factors.
SLOWEST, FASTEST = 1.1, 4.0

#: How far inputs differ is a guess from few of them; a larger step on it would often be too large.
FASTEST_OF_INPUTS = 1.5


def growth_of(width: float, floor: float) -> float:
    """Return by which factor the variance is to fall, within what a round may grow.

    Parameters
    ----------
    width, floor : float
        Half the width of the interval, and what is likely to be left of it in the end, in
        margins.

    Examples
    --------
    >>> growth_of(1.5, 0.0), growth_of(1.5, 0.6), growth_of(1.1, 1.2)
    (2.25, 2.25, 1.5)
    """
    alike = width**2
    likely = (width**2 - floor**2) / (1.0 - floor**2) if floor < 1.0 else FASTEST
    likely = min(likely, max(alike, FASTEST_OF_INPUTS))
    return min(max(likely, SLOWEST), FASTEST)


def neyman(
    importance: NDArray[np.float64],
    present: NDArray[np.int64],
    planned: NDArray[np.int64],
    growth: float,
) -> NDArray[np.int64]:
    """Return the fewest injections that make a weighted share's variance so many times smaller.

    Parameters
    ----------
    importance : numpy.ndarray of float64
        Of each stratum its weight times the standard deviation of one injection.
    present : numpy.ndarray of int64
        Injections of each stratum that there are; more than 0.
    planned : numpy.ndarray of int64
        Those that it gets anyway; no fewer.
    growth : float
        The factor.

    Returns
    -------
    numpy.ndarray of int64
        Injections of each stratum, none fewer than are planned.

    Notes
    -----
    J. Neyman, "On the two different aspects of the representative method", Journal of the Royal
    Statistical Society 97 (1934), doi:10.2307/2342192: in proportion to the importance, but for
    strata that have more than that.  No more than `growth` times as many as there are.

    Examples
    --------
    >>> here = np.array([20, 20])
    >>> neyman(np.array([0.9, 0.1]), here, here, 4.0)
    array([84, 20])
    """

    def variance(numbers: NDArray[np.float64]) -> float:
        return float((importance**2 / numbers).sum())

    wanted = variance(present.astype(np.float64)) / growth
    few, many = 0.0, float((growth * present / importance).max())
    for _ in range(60):
        middle = (few + many) / 2
        if variance(np.maximum(planned, middle * importance)) > wanted:
            few = middle
        else:
            many = middle
    return np.maximum(planned, np.ceil(many * importance - 1e-6)).astype(np.int64)

"""What a check knows of the weights: the sums of their columns, and how far rounding can go.

A check compares sums that would be equal without rounding.  Rounding errors are taken to be random
with mean zero whatever came before, each below the unit roundoff times what is rounded (Higham and
Mary, doi:10.1137/18M1226312; Ipsen and Zhou, arXiv:1906.10465).  Then sums of errors whose squared
bounds add up to V exceed λ √V with a probability of at most 2 exp(-λ²/2) (Hoeffding and Azuma).
Bounds of what is rounded are proven, from norms of the weights.  The derivation is in
docs/hardening.md.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.checks import HEAD, RUN, check_words, padded_channels

Floats = NDArray[np.float32]

#: The unit roundoffs of single and of double precision, and the smallest subnormal of the former.
UNIT, DOUBLE_UNIT, SMALLEST = 2.0**-24, 2.0**-53, 2.0**-149

#: Parts of the weights' columns whose norms are looked at one after the other.
PARTS = 4

#: The largest side of a matrix whose eigenvalues are computed; of larger ones they are bounded.
LARGEST_SIDE = 2048

#: Columns of weights that are converted to double precision at a time.
CHUNK = 1024

#: What bounds are raised by for what is left out: errors of errors, and of the check's own last
#: steps, relative to them.
SLACK = 2.0**-10


def check_contents(a: Floats, channels: int, pixels: int = 1) -> Floats:
    """Return what a check knows of the weights of a product, as ``check.cu`` reads it.

    Parameters
    ----------
    a : numpy.ndarray of float32, [m, k]
        The weights; k counts channel by channel.
    channels, pixels : int
        Of a window; of a product k, and 1.

    Returns
    -------
    numpy.ndarray of float32
        Of :func:`softbeam.kernels.checks.check_words` words.
    """
    laid = np.zeros((pixels, padded_channels(channels)), np.float32)
    contents = np.empty(check_words(channels, pixels), np.float32)
    # Of weights that are no numbers the tolerance is none, and every column is computed again.
    with np.errstate(over="ignore", invalid="ignore"):
        sums = a.sum(axis=0, dtype=np.float64).reshape(channels, pixels).T
        laid[:, :channels] = sums
        times, plus = tolerances(a, laid[:, :channels], sums)
        head = times, plus, SMALLEST, a.shape[1] * SMALLEST
        contents[:HEAD] = [float(_up(one)) for one in head]
    contents[HEAD:] = laid.reshape(-1)
    return contents


def tolerances(a: Floats, rounded: Floats, sums: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far the sums of a column can be apart, for each unit of B's column's norm.

    Parameters
    ----------
    a : numpy.ndarray of float32, [m, k]
        The weights.
    rounded, sums : numpy.ndarray, [pixels, channels]
        The sums of their columns, as the check has them and in double precision.

    Returns
    -------
    times, plus : float
        What random errors come to for each unit of λ, and what is certain.
    """
    m, k = a.shape
    growth = k * UNIT / (1 - k * UNIT)
    norms = np.sqrt(np.square(a, dtype=np.float64).sum(axis=1))
    # A sum that is computed is off by less than `growth` times the sum of absolute products.
    extra = growth * sqrt(float(np.square(norms).sum()))
    largest = [(count, sqrt(square) + extra) for count, square in prefix_norms(a)]
    whole = largest[-1][1]
    variance = sum(count * norm**2 for count, norm in largest)
    variance += min(_tree(a, growth * norms), 2 * (RUN - 1) * whole**2) + _chain(rounded)
    folds = m // RUN + rounded.shape[0] * (rounded.shape[1] // RUN + 1) + 8
    norm = float(np.linalg.norm(rounded.astype(np.float64)))
    certain = float(np.linalg.norm(rounded - sums))
    certain += folds * DOUBLE_UNIT * (sqrt(m) * whole + norm)
    # The norm of B's column is computed in single precision, in k steps and those of the lanes.
    slack = 1 + SLACK + (k + 16) * UNIT
    return UNIT * sqrt(variance) * slack, certain * slack


def prefix_norms(a: Floats) -> list[tuple[int, float]]:
    """Return bounds of the squared spectral norms of the first columns of a matrix.

    Returns
    -------
    list of (int, float)
        Of each part of the columns their number, and a bound for all columns up to its end.
    """
    m, k = a.shape
    edges = [k * part // PARTS for part in range(PARTS + 1)]
    gram, found = np.zeros((m, m) if m < k else (k, k)), []
    for first, end in pairwise(edges):
        if m < k:
            for start in range(first, end, CHUNK):
                part = a[:, start : min(start + CHUNK, end)].astype(np.float64)
                gram += part @ part.T
        else:
            part = a[:, first:end].astype(np.float64)
            gram[:end, first:end] = a[:, :end].astype(np.float64).T @ part
            gram[first:end, :first] = gram[:first, first:end].T
        side = gram if m < k else gram[:end, :end]
        found.append((end - first, largest_eigenvalue(side)))
    return found


def largest_eigenvalue(gram: NDArray[np.float64]) -> float:
    """Return a bound of the largest eigenvalue of a symmetric positive matrix; 0 of none."""
    if not gram.size:
        return 0.0
    if not np.isfinite(gram).all():
        return float("inf")
    exact = gram.shape[0] <= LARGEST_SIDE
    found = float(np.linalg.eigvalsh(gram)[-1]) if exact else float(np.linalg.norm(gram))
    # More than the errors of the products and of the solver.
    return max(found, 0.0) + 1e-9 * float(np.trace(gram))


def _tree(a: Floats, extra: NDArray[np.float64]) -> float:
    """Return what the sums of the tree that adds rows come to, squared, for a unit norm."""
    total = 0.0
    for first in range(0, a.shape[0], RUN):
        rows = np.zeros((RUN, a.shape[1]))
        more = np.zeros(RUN)
        part = a[first : first + RUN]
        rows[: part.shape[0]], more[: part.shape[0]] = part, extra[first : first + RUN]
        while len(rows) > 1:
            half = len(rows) // 2
            rows, more = rows[:half] + rows[half:], more[:half] + more[half:]
            norms = np.sqrt(np.square(rows).sum(axis=1))
            total += float(np.square(norms + more).sum())
    return total


def _chain(rounded: Floats) -> float:
    """Return what the partial sums of the most costly chain come to, squared, for a unit norm."""
    squares = np.square(rounded, dtype=np.float64)
    runs = (squares[:, first : first + RUN] for first in range(0, squares.shape[1], RUN))
    return max(float(run.cumsum(axis=1).sum(axis=1).max()) for run in runs)


def _up(value: float) -> np.float32:
    """Return a number rounded up to single precision."""
    found = np.float32(value)
    return found if found >= value else np.nextafter(found, np.float32(np.inf))

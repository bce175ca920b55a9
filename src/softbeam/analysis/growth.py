"""How much a cell grows in a round, and which of its strata get the injections."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt

from softbeam.analysis.counts import Cell, Counts
from softbeam.campaign.streams import StreamKey

#: A round grows a stream at least and at most by these factors.
SLOWEST, FASTEST = 1.1, 4.0


def growth_of(width: float, floor: float) -> float:
    """Return by which factor injections are to grow, within what a round may grow.

    Parameters
    ----------
    width, floor : float
        Half the width of the interval, and what is likely to be left of it in the end, in
        margins.

    Examples
    --------
    >>> growth_of(1.5, 0.0), growth_of(1.5, 0.6), growth_of(1.5, 1.2)
    (2.25, 2.953125, 4.0)
    """
    if floor >= 1.0:
        return FASTEST
    return min(max((width**2 - floor**2) / (1.0 - floor**2), SLOWEST), FASTEST)


def neyman(
    sample: Counts,
    keys: tuple[StreamKey, ...],
    ends: Callable[[Cell], bool],
    growth: float,
) -> dict[StreamKey, int]:
    """Divide a cell's injections where they narrow its interval most (Neyman's allocation).

    Parameters
    ----------
    sample : Counts
        The injections so far.
    keys : tuple of StreamKey
        The streams that make up the cell.
    ends : callable
        Whether an injection ended in what the interval is of.
    growth : float
        By which factor the cell's injections are to grow.

    Returns
    -------
    dict of StreamKey to int
        Injections of each stream, none fewer than there are.

    Notes
    -----
    J. Neyman, "On the two different aspects of the representative method", Journal of the Royal
    Statistical Society 97 (1934), doi:10.2307/2342192.
    """
    importance: dict[StreamKey, float] = {}
    present: dict[StreamKey, int] = {}
    for key in keys:
        if not key.stratum:
            own, weight = sample, 1.0
        else:
            layer, _, kernel = key.stratum.partition("/")
            place = (int(layer), kernel)
            own = sample.where(lambda cell, place=place: (cell.layer, cell.kernel) == place)  # type: ignore[misc]
            weight = sample.design.weights[key.mode][place]
        present[key] = own.n
        share = (own.where(ends).n + 1) / (own.n + 2)
        importance[key] = weight * sqrt(share * (1 - share))
    total = ceil(growth * sum(present.values()))
    whole = sum(importance.values())
    divided = {key: ceil(total * importance[key] / whole) for key in keys}
    # Where all that is due is there already, the others need more than their share.
    if all(divided[key] <= present[key] for key in keys):
        divided = {key: ceil(growth * present[key]) for key in keys}
    return {key: max(present[key], number) for key, number in divided.items()}

"""How many injections a wanted precision needs: from the outcomes so far to the next round.

A cell is what a margin is asked for: all of the scope, a layer, a kernel, or a kernel in a layer.
It is precise when the interval of each outcome's share in it is no wider than the margin to either
side, on average.  Where inputs differ so much that no number of injections makes it so, it gets no
more.  Deciding after each round whether to stop makes the stated confidence nominal;
``docs/methods.md`` says by how much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Design, Place
from softbeam.analysis.estimation import Estimator, Floor, Share
from softbeam.campaign.choices import Cells, Target
from softbeam.campaign.engine import Endings, NextRound
from softbeam.campaign.results.reading import Ending
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.streams import StreamKey, strata_sizes
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.outcomes import OUTCOMES

#: Injections of a stream in the first round: of all of the scope, and of one stratum.
FIRST, FIRST_OF_STRATUM = 200, 20

#: A round makes a cell's variance smaller at least and at most by these factors.
SLOWEST, FASTEST = 1.1, 4.0

#: How far inputs differ is a guess from few of them; a larger step on it would often be too large.
FASTEST_OF_INPUTS = 1.5


def first_round(
    specification: CampaignSpecification, sizes: Iterable[FaultSpaceSize]
) -> dict[StreamKey, int]:
    """Return the injections of the first round of a campaign with a target."""
    sizes = tuple(sizes)
    counts: dict[StreamKey, int] = {}
    for stream in specification.streams:
        if specification.sampling == "uniform":
            counts[StreamKey(stream.mode, stream.model)] = FIRST
        else:
            for stratum in strata_sizes(sizes, stream.mode):
                counts[StreamKey(stream.mode, stream.model, stratum)] = FIRST_OF_STRATUM
    return counts


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """A share that the campaign's inputs do not let become as precise as is wanted.

    Attributes
    ----------
    stream : Stream
        Whose.
    cell : str
        Where: ``layer 3``, ``kernel fill``, ``fill in layer 3``; empty for all of the scope.
    outcome : str
        Which.
    now, least : float
        Half the width of its interval, and what that never falls below however many injections
        the same inputs get.
    """

    stream: Stream
    cell: str
    outcome: str
    now: float
    least: float


def rounds(specification: CampaignSpecification, design: Design) -> NextRound:
    """Return the function from a round's injections and outcomes to the next round's injections.

    Raises
    ------
    ValueError
        If the specification has no target.
    """
    target = _target(specification)

    def next_round(counts: Mapping[StreamKey, int], endings: Endings) -> Mapping[StreamKey, int]:
        wanted = dict(counts)
        for estimator, keys in _samples(specification, design, counts, endings):
            wanted |= _needed(estimator, keys, target)
        return wanted

    return next_round


def out_of_reach(
    specification: CampaignSpecification,
    design: Design,
    counts: Mapping[StreamKey, int],
    endings: Endings,
) -> tuple[OutOfReach, ...]:
    """Return what no number of injections makes precise, because the inputs differ so much.

    Raises
    ------
    ValueError
        If the specification has no target.
    """
    target = _target(specification)
    return tuple(
        OutOfReach(
            Stream(keys[0].mode, keys[0].model),
            _name(keys[0], target.per),
            one.outcome,
            one.width,
            one.floor.proven,
        )
        for estimator, keys in _samples(specification, design, counts, endings)
        for one in _imprecise(estimator, keys, target)
        if one.floor.proven > target.margin
    )


def _target(specification: CampaignSpecification) -> Target:
    if specification.target is None:
        raise ValueError("a campaign without a target has no rounds")
    return specification.target


def _samples(
    specification: CampaignSpecification,
    design: Design,
    counts: Mapping[StreamKey, int],
    endings: Endings,
) -> Iterator[tuple[Estimator, tuple[StreamKey, ...]]]:
    """Yield each cell's streams, behind the estimator of the sample that they are a part of."""
    target = _target(specification)
    for stream in specification.streams:
        own = {
            key: n
            for key, n in counts.items()
            if (key.mode, key.model) == (stream.mode, stream.model)
        }
        sample = sample_of(Stream(stream.mode, stream.model), own, endings, design)
        estimator = Estimator(sample, target.confidence)
        for keys in cells_of(own, target.per):
            yield estimator, keys


def sample_of(
    stream: Stream, counts: Mapping[StreamKey, int], endings: Endings, design: Design
) -> Counts:
    """Return the counts of a stream's injections so far."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for key in counts:
        for ending, number in endings[key].items():
            rows[*stream, *ending] += number
    return Counts.of_rows(rows, design, ("mode", "model", *Ending._fields))


def cells_of(counts: Mapping[StreamKey, int], per: Cells) -> list[tuple[StreamKey, ...]]:
    """Return the streams that make up each cell."""
    groups: dict[str, list[StreamKey]] = {}
    for key in sorted(counts):
        layer, kernel = key.place or ("", "")
        name = {"all": "", "layer": str(layer), "kernel": kernel, "layer-kernel": key.stratum}[per]
        groups.setdefault(name, []).append(key)
    return [tuple(keys) for keys in groups.values()]


def half_width(share: Share) -> float:
    """Return half the width of a share's interval."""
    return (share.high - share.low) / 2


@dataclass(frozen=True, slots=True)
class _Imprecise:
    """An outcome whose interval in a cell is too wide, and which rows end so."""

    outcome: str
    ends: Mask
    width: float
    floor: Floor


def _imprecise(
    estimator: Estimator, keys: tuple[StreamKey, ...], target: Target
) -> list[_Imprecise]:
    """Return the outcomes that are not precise in a cell, the least precise first."""
    counts = estimator.counts
    within = np.asarray(_rows_of(counts, keys).any(axis=0))
    found = []
    for outcome in OUTCOMES:
        ends: Mask = counts["outcome"] == outcome
        width = half_width(estimator.share(ends, within))
        if width > target.margin:
            floor = estimator.floor(ends, within)
            found.append(_Imprecise(outcome, ends, width, floor))
    return sorted(found, key=lambda one: -one.width)


def _needed(
    estimator: Estimator, keys: tuple[StreamKey, ...], target: Target
) -> dict[StreamKey, int]:
    """Return the injections that the streams of one cell need next.

    None if it is precise, or as precise as the inputs let it be.
    """
    counts = estimator.counts
    imprecise = [
        one for one in _imprecise(estimator, keys, target) if one.floor.proven <= target.margin
    ]
    if not imprecise:
        return {}
    rows = _rows_of(counts, keys)
    present = rows @ counts.numbers
    weights = np.array([_weight(counts.design, key) for key in keys])
    planned = present
    for one in imprecise:
        # Laplace's rule: what was never seen may still happen.
        share = ((rows & one.ends) @ counts.numbers + 1) / (present + 2)
        growth = growth_of(one.width / target.margin, one.floor.likely / target.margin)
        planned = neyman(weights * np.sqrt(share * (1 - share)), present, planned, growth)
    return dict(zip(keys, planned.tolist(), strict=True))


def _rows_of(counts: Counts, keys: tuple[StreamKey, ...]) -> NDArray[np.bool_]:
    """Return the rows of each stream of a cell: bool[streams, rows]."""
    places = [
        Place() if key.place is None else Place((key.place.layer,), (key.place.kernel,))
        for key in keys
    ]
    return np.array([counts.inside(place) for place in places])


def _weight(design: Design, key: StreamKey) -> float:
    return 1.0 if key.place is None else design.weights[key.mode][key.place]


def _name(key: StreamKey, per: Cells) -> str:
    layer, kernel = key.place or ("", "")
    return {
        "all": "",
        "layer": f"layer {layer}",
        "kernel": f"kernel {kernel}",
        "layer-kernel": f"{kernel} in layer {layer}",
    }[per]


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

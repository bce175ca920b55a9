"""How many injections a wanted precision needs: from the outcomes so far to the next round.

A cell is what a margin is asked for: all of the scope, a layer, a kernel, or a kernel in a layer.
It is precise when the interval of each outcome's share in it is no wider than the margin to either
side, on average.  Deciding after each round whether to stop makes the stated confidence nominal;
``docs/methods.md`` says by how much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import ceil, sqrt

from softbeam.analysis.counts import Cell, Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.factors import everywhere
from softbeam.campaign.specification import CampaignSpecification, Cells, Target
from softbeam.campaign.store import Ending
from softbeam.campaign.streams import StreamKey, strata_sizes
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import OUTCOMES

#: Injections of a stream in the first round: of all of the scope, and of one stratum.
FIRST, FIRST_OF_STRATUM = 200, 20

#: A round grows a stream at least and at most by these factors.
SLOWEST, FASTEST = 1.1, 4.0

Endings = Mapping[StreamKey, Counter[Ending]]


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


def rounds(
    specification: CampaignSpecification, design: Design
) -> Callable[[Mapping[StreamKey, int], Endings], Mapping[StreamKey, int]]:
    """Return the function from a round's injections and outcomes to the next round's injections.

    Raises
    ------
    ValueError
        If the specification has no target.
    """
    target = specification.target
    if target is None:
        raise ValueError("a campaign without a target has no rounds")

    def next_round(counts: Mapping[StreamKey, int], endings: Endings) -> Mapping[StreamKey, int]:
        wanted = dict(counts)
        for stream in specification.streams:
            own = {key: n for key, n in counts.items() if key.mode == stream.mode}
            own = {key: n for key, n in own.items() if key.model == stream.model}
            sample = sample_of(Stream(stream.mode, stream.model), own, endings, design)
            for keys in cells_of(own, target.per):
                for key, n in _needed(sample, keys, target, design).items():
                    wanted[key] = max(wanted[key], n)
        return wanted

    return next_round


def sample_of(
    stream: Stream, counts: Mapping[StreamKey, int], endings: Endings, design: Design
) -> Counts:
    """Return the counts of a stream's injections so far, inputs not told apart."""
    cells: Counter[Cell] = Counter()
    for key in counts:
        for ending, number in endings[key].items():
            cells[Cell(stream, ending.layer, ending.kernel, ending.outcome, "", False, False)] += (
                number
            )
    return Counts(cells, Design(design.stratified, 1, design.weights))


def cells_of(counts: Mapping[StreamKey, int], per: Cells) -> list[tuple[StreamKey, ...]]:
    """Return the streams that make up each cell."""
    groups: dict[str, list[StreamKey]] = {}
    for key in sorted(counts):
        layer, _, kernel = key.stratum.partition("/")
        name = {"all": "", "layer": layer, "kernel": kernel, "layer-kernel": key.stratum}[per]
        groups.setdefault(name, []).append(key)
    return [tuple(keys) for keys in groups.values()]


def half_width(share: Share) -> float:
    """Return half the width of a share's interval."""
    return (share.high - share.low) / 2


def _needed(
    sample: Counts, keys: tuple[StreamKey, ...], target: Target, design: Design
) -> dict[StreamKey, int]:
    """Return the injections that the streams of one cell need next; none if it is precise."""
    strata = {key.stratum for key in keys}

    def within(cell: Cell) -> bool:
        return "" in strata or f"{cell.layer}/{cell.kernel}" in strata

    estimator = Estimator(sample, target.confidence)
    needed: dict[StreamKey, int] = {}
    for outcome in OUTCOMES:

        def ends(cell: Cell, outcome: str = outcome) -> bool:
            return cell.outcome == outcome

        share = estimator.share(ends, within)
        if half_width(share) <= target.margin:
            continue
        growth = min(max((half_width(share) / target.margin) ** 2, SLOWEST), FASTEST)
        for key, n in _neyman(sample, keys, ends, design, growth).items():
            needed[key] = max(needed.get(key, 0), n)
    return needed


def _neyman(
    sample: Counts,
    keys: tuple[StreamKey, ...],
    ends: Callable[[Cell], bool],
    design: Design,
    growth: float,
) -> dict[StreamKey, int]:
    """Divide a cell's injections where they narrow its interval most (Neyman's allocation)."""
    importance: dict[StreamKey, float] = {}
    present: dict[StreamKey, int] = {}
    for key in keys:
        if not key.stratum:
            own, weight = sample, 1.0
        else:
            layer, _, kernel = key.stratum.partition("/")
            place = (int(layer), kernel)
            own = sample.where(lambda cell, place=place: (cell.layer, cell.kernel) == place)  # type: ignore[misc]
            weight = design.weights[key.mode][place]
        present[key] = own.n
        share = (own.where(ends).n + 1) / (own.where(everywhere).n + 2)
        importance[key] = weight * sqrt(share * (1 - share))
    total = ceil(growth * sum(present.values()))
    whole = sum(importance.values())
    divided = {key: ceil(total * importance[key] / whole) for key in keys}
    # Where all that is due is there already, the others need more than their share.
    if all(divided[key] <= present[key] for key in keys):
        divided = {key: ceil(growth * present[key]) for key in keys}
    return {key: max(present[key], number) for key, number in divided.items()}

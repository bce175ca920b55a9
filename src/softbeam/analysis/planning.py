"""How many injections and how much time a campaign will take, from a few pilot injections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from softbeam.analysis.clusters import widening
from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Floor
from softbeam.analysis.precision import FIRST, FIRST_OF_STRATUM, cells_of
from softbeam.analysis.proportion import wilson_of
from softbeam.campaign.specification import CampaignSpecification, StreamRequest, Target
from softbeam.campaign.streams import StreamKey, allocate, strata_sizes
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import OUTCOMES, InjectionRecord

#: What rounds make more than the worst share needs, which they do not know: the last one's least
#: growth, and what earlier ones gave to strata that looked more important than they are.
LAST_ROUND = 1.1


@dataclass(frozen=True, slots=True)
class Pilot:
    """Injections made to see how a stream behaves, and the processor seconds that they took."""

    stream: StreamRequest
    records: Sequence[InjectionRecord]
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a stream will need.

    Attributes
    ----------
    mode, model : str
        The stream.
    cells : int
        Cells that must be precise; 1 where a number of injections is asked for.
    expected, most : int
        Injections if every cell is like the pilot, and the number that is not exceeded
        (``docs/methods.md`` says how surely); inputs being alike.
    seconds_each : float
        Processor seconds an injection, from the pilot.
    apart : tuple of str
        Outcomes whose share differs so much between the pilot's inputs that no number of
        injections makes it precise.
    """

    mode: str
    model: str
    cells: int
    expected: int
    most: int
    seconds_each: float
    apart: tuple[str, ...] = ()


def injections_needed(share: float, margin: float, confidence: float) -> int:
    """Return how many draws make a share's Wilson interval no wider than a margin to each side.

    Examples
    --------
    >>> injections_needed(0.5, 0.03, 0.95)
    1064
    >>> injections_needed(0.05, 0.03, 0.95)
    215
    """

    def width(n: int) -> float:
        low, high = wilson_of(share, n, confidence)
        return (high - low) / 2

    few, many = 1, 1
    while width(many) > margin:
        few, many = many, many * 2
    while few < many:
        middle = (few + many) // 2
        if width(middle) > margin:
            few = middle + 1
        else:
            many = middle
    return many


def forecast(
    specification: CampaignSpecification, sizes: Sequence[FaultSpaceSize], pilot: Pilot
) -> Forecast:
    """Return what the stream of a pilot will need in its campaign."""
    stream, target = pilot.stream, specification.target
    strata = strata_sizes(sizes, stream.mode)
    seconds = pilot.seconds / max(1, len(pilot.records))
    if target is None:
        number = stream.injections
        if specification.sampling == "stratified":
            number = sum(allocate(number, strata).values())
        return Forecast(stream.mode, stream.model, 1, number, number, seconds)
    first = {StreamKey(stream.mode, stream.model): FIRST}
    if specification.sampling == "stratified":
        first = {
            StreamKey(stream.mode, stream.model, stratum): FIRST_OF_STRATUM for stratum in strata
        }
    cells = cells_of(first, target.per)
    ended = [record.outcome for record in pilot.records]
    # Laplace's rule: what the pilot never saw may still happen.
    shares = [(ended.count(outcome) + 1) / (len(ended) + 2) for outcome in OUTCOMES]
    images = len(specification.inputs_sha256)
    # Student's interval over few inputs is wider, however alike they are.
    wider = widening(images, target.confidence) ** 2 if images > 1 else 1.0

    def needed(share: float) -> int:
        number = ceil(wider * injections_needed(share, target.margin, target.confidence))
        return sum(_of_cell(number, keys, first, strata) for keys in cells)

    expected, most = max(map(needed, shares)), needed(0.5)
    return Forecast(
        mode=stream.mode,
        model=stream.model,
        cells=len(cells),
        expected=min(expected, most),
        most=ceil(LAST_ROUND * most),
        seconds_each=seconds,
        apart=_apart(pilot.records, target, images),
    )


def _of_cell(
    number: int,
    keys: Sequence[StreamKey],
    first: Mapping[StreamKey, int],
    strata: Mapping[str, int],
) -> int:
    """Return a cell's injections: so many divided by size, but none below the first round's."""
    whole = sum(strata[key.stratum] for key in keys) if keys[0].stratum else 0
    return sum(
        max(first[key], ceil(number * strata[key.stratum] / whole) if whole else number)
        for key in keys
    )


def _apart(records: Sequence[InjectionRecord], target: Target, images: int) -> tuple[str, ...]:
    """Return the outcomes whose share inputs do not have alike enough for a margin."""
    # A pilot is drawn uniformly, whatever the campaign will be.
    estimator = Estimator(Counts.of(records, Design(images=images)), target.confidence)

    def floor(outcome: str) -> Floor:
        return estimator.floor(estimator.counts["outcome"] == outcome)

    return tuple(one for one in OUTCOMES if floor(one).proven > target.margin)


def images_worth(confidence: float, tolerance: float = 1.25) -> int:
    """Return from how many inputs on a margin takes few more injections than one input does.

    Parameters
    ----------
    confidence : float
        Of the margin's intervals.
    tolerance : float
        How many times as many are few.

    Examples
    --------
    >>> images_worth(0.95), images_worth(0.95, 2.0)
    (13, 6)
    """
    images = 2
    while widening(images, confidence) ** 2 > tolerance:
        images += 1
    return images


def tolerated(target: Target, images: int) -> float:
    """Return how much inputs may differ: the standard deviation of their shares within a margin.

    Examples
    --------
    >>> round(tolerated(Target(margin=0.03), 3), 4), round(tolerated(Target(margin=0.03), 20), 4)
    (0.0121, 0.0641)
    """
    from scipy.stats import norm

    quantile = float(norm.ppf((1 + target.confidence) / 2)) * widening(images, target.confidence)
    return target.margin * sqrt(images) / quantile

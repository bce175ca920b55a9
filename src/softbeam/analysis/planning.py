"""How many injections and how much time a campaign will take, from a few pilot injections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from softbeam.analysis.clusters import widening
from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Floor, everywhere
from softbeam.analysis.precision import cells_of
from softbeam.analysis.proportion import wilson_of
from softbeam.campaign.choices import Target
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.campaign.streams import StreamKey, allocate, strata_sizes
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import InjectionRecord


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
        Injections if every cell is like the pilot, and if every share is one half; inputs being
        alike.
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
    keys = {StreamKey(stream.mode, stream.model): 0}
    if specification.sampling == "stratified":
        keys = {StreamKey(stream.mode, stream.model, stratum): 0 for stratum in strata}
    cells = len(cells_of(keys, target.per))
    ended = [record.outcome for record in pilot.records]
    # Laplace's rule: what the pilot never saw may still happen.
    shares = [(ended.count(outcome) + 1) / (len(ended) + 2) for outcome in OUTCOMES]
    images = len(specification.inputs_sha256)
    # Student's interval over few inputs is wider, however alike they are.
    wider = widening(images, target.confidence) ** 2 if images > 1 else 1.0

    def needed(share: float) -> int:
        return ceil(wider * injections_needed(share, target.margin, target.confidence))

    expected, most = max(map(needed, shares)), needed(0.5)
    return Forecast(
        mode=stream.mode,
        model=stream.model,
        cells=cells,
        expected=cells * min(expected, most),
        most=cells * most,
        seconds_each=seconds,
        apart=_apart(pilot.records, target, images),
    )


def _apart(records: Sequence[InjectionRecord], target: Target, images: int) -> tuple[str, ...]:
    """Return the outcomes whose share inputs do not have alike enough for a margin."""
    # A pilot is drawn uniformly, whatever the campaign will be.
    estimator = Estimator(Counts.of(records, Design(images=images)), target.confidence)

    def floor(outcome: str) -> Floor:
        return estimator.floor(lambda cell: cell.outcome == outcome, everywhere)

    return tuple(one for one in OUTCOMES if floor(one).proven > target.margin)


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

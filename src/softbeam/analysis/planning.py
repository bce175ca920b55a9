"""How many injections and how much time a campaign will take, from a few pilot injections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TypedDict

from softbeam.analysis.clusters import widening
from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator
from softbeam.analysis.precision import FIRST, FIRST_OF_STRATUM, cells_of
from softbeam.analysis.proportion import wilson_of
from softbeam.campaign.choices import Target
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.campaign.streams import StreamKey, allocate, strata_sizes
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import InjectionRecord

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
    images : int
        Inputs from which on they may differ as the pilot's seem to; 0 where that cannot be told.
    """

    mode: str
    model: str
    cells: int
    expected: int
    most: int
    seconds_each: float
    apart: tuple[str, ...] = ()
    images: int = 0


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
    wider = times_one_input(images, target.confidence)

    def needed(share: float) -> int:
        number = ceil(wider * injections_needed(share, target.margin, target.confidence))
        return sum(_of_cell(number, keys, first, strata) for keys in cells)

    expected, most = max(map(needed, shares)), needed(0.5)
    return Forecast(
        mode=stream.mode,
        model=stream.model,
        cells=len(cells),
        expected=min(expected, most),
        most=ceil(LAST_ROUND * looking_different(images) * most),
        seconds_each=seconds,
        **_differing(pilot.records, target, images),
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


def _differing(records: Sequence[InjectionRecord], target: Target, images: int) -> _Differing:
    """Return how far the pilot's inputs differ, beyond what the draw of injections makes."""
    # A pilot is drawn uniformly, whatever the campaign will be.
    estimator = Estimator(Counts.of(records, Design(images=images)), target.confidence)
    floors = {
        outcome: estimator.floor(estimator.counts["outcome"] == outcome) for outcome in OUTCOMES
    }
    deviation, wanted = max(one.deviation for one in floors.values()), 0
    if deviation > 0.0:
        wanted = 2
        while tolerated(target, wanted) < deviation:
            wanted += 1
    apart = tuple(name for name, one in floors.items() if one.proven > target.margin)
    return {"apart": apart, "images": wanted}


class _Differing(TypedDict):
    apart: tuple[str, ...]
    images: int


def times_one_input(images: int, confidence: float) -> float:
    """Return how many times the injections of one input so many take, if they are alike.

    Student's interval over few inputs is wider.

    Examples
    --------
    >>> [round(times_one_input(images, 0.95), 1) for images in (1, 2, 3, 10)]
    [1.0, 42.0, 4.8, 1.3]
    """
    return widening(images, confidence) ** 2 if images > 1 else 1.0


def looking_different(images: int) -> float:
    """Return how many times the injections inputs take at the most that only seem to differ.

    The variance of so many alike inputs' shares is a multiple of a chi-square variable.  It is
    above this in one of twenty campaigns, in any of the three outcomes.

    Examples
    --------
    >>> [round(looking_different(images), 1) for images in (1, 3, 10)]
    [1.0, 4.1, 2.2]
    """
    from scipy.stats import chi2

    if images == 1:
        return 1.0
    return float(chi2.ppf(1.0 - 0.05 / len(OUTCOMES), images - 1)) / (images - 1)


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
    while times_one_input(images, confidence) > tolerance:
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

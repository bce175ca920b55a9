"""What ``plan`` says at most is not exceeded, and a campaign stops soon after its margin.

``SOFTBEAM_SIMULATED`` makes more campaigns; ``docs/methods.md`` states what 200 of each kind gave.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from support.precision import specification

from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design, exposures
from softbeam.analysis.estimation import Estimator
from softbeam.analysis.planning import Pilot, forecast
from softbeam.analysis.precision import cells_of, first_round, half_width, rounds, sample_of
from softbeam.campaign.choices import Target
from softbeam.campaign.results.reading import Ending
from softbeam.campaign.streams import StreamKey
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import InjectionRecord

#: Campaigns of each kind, in the slow test.
TIMES = int(os.environ.get("SOFTBEAM_SIMULATED", "8"))

MakeRecord = Callable[..., InjectionRecord]

#: How strata end: parameters of a Dirichlet distribution over Masked, SDC and DUE.
KINDS = {
    "alike": (6.0, 2.0, 2.0),
    "unlike": (0.7, 0.3, 0.3),
    "half": (50.0, 50.0, 1.0),
    "rare": (30.0, 0.3, 0.1),
}


@dataclass(frozen=True)
class Finished:
    """A campaign that reached its margin.

    Attributes
    ----------
    made, first : int
        Its injections, and those of its first round.
    expected, most : int
        What was planned.
    widths : list of float
        Half the widest interval of each cell, in margins.
    """

    made: int
    first: int
    expected: int
    most: int
    widths: list[float]


def finish(
    seed: int, kind: str, per: Any, margin: float, make: MakeRecord, inputs: int = 1
) -> Finished:
    """Make a campaign on 12 layers of up to 8 kernels, of very different sizes, to its end."""
    rng = np.random.default_rng(seed)
    places = [(n, f"k{k}") for n in range(12) for k in range(8) if n == 0 or rng.random() < 0.7]
    weights = np.exp(rng.normal(0.0, 2.0, len(places)))
    numbers = np.maximum(1, 1e7 * weights / weights.sum()).astype(int)
    sizes = tuple(
        FaultSpaceSize(image, "rf", *place, int(size))
        for image in range(inputs)
        for place, size in zip(places, numbers, strict=True)
    )
    rates = rng.dirichlet(KINDS[kind], len(places))
    asked = specification(Target(margin=margin, per=per or "all"), per is not None, inputs)
    design = Design(per is not None, inputs, exposures(sizes))
    whole = (numbers[:, None] * rates / numbers.sum()).ravel()
    step = rounds(asked, design)
    counts = dict(first_round(asked, sizes))
    first, before = sum(counts.values()), dict.fromkeys(counts, 0)
    endings: dict[StreamKey, Counter[Ending]] = {key: Counter() for key in counts}
    while True:
        for key, n in counts.items():
            for image in range(inputs):
                more = len(range(image, n, inputs)) - len(range(image, before[key], inputs))
                number = 0 if not key.stratum else places.index(_place(key.stratum))
                drawn = rng.multinomial(more, rates[number] if key.stratum else whole)
                here = [places[number]] if key.stratum else places
                names = [Ending(*place, one, image) for place in here for one in OUTCOMES]
                endings[key].update(dict(zip(names, drawn.tolist(), strict=True)))
        before, wanted = dict(counts), dict(step(counts, endings))
        if wanted == counts:
            break
        counts = wanted
    estimator = Estimator(sample_of(Stream("rf", "single-bit"), counts, endings, design))
    sample, widths = estimator.counts, []
    for keys in cells_of(counts, per or "all"):
        strata = {key.stratum for key in keys}
        within = np.array([bool(strata & {"", f"{n}/{k}"}) for n, k in sample.strata()])
        shares = [estimator.share(sample["outcome"] == one, within) for one in OUTCOMES]
        widths.append(max(map(half_width, shares)) / margin)
    pilot = [
        make(outcome=outcome, image=0)
        for outcome, n in zip(
            OUTCOMES, rng.multinomial(40, whole.reshape(-1, 3).sum(axis=0)), strict=True
        )
        for _ in range(n)
    ]
    planned = forecast(asked, sizes, Pilot(asked.streams[0], pilot, 1.0))
    return Finished(sum(counts.values()), first, planned.expected, planned.most, widths)


def _place(stratum: str) -> tuple[int, str]:
    layer, _, kernel = stratum.partition("/")
    return int(layer), kernel


def check(found: list[Finished]) -> None:
    for one in found:
        assert one.made <= one.most
        assert max(one.widths) <= 1.0
        if one.made > 1.5 * one.first:
            # Cells that got more than their first injections end close to the margin.
            assert np.quantile(one.widths, 0.9) > 0.75


@pytest.mark.parametrize("per", [None, "kernel"])
def test_the_most_is_not_exceeded_and_the_margin_not_by_far(per: Any, make_record: Any) -> None:
    check([finish(seed, "half", per, 0.05, make_record) for seed in range(3)])
    check([finish(seed, "alike", per, 0.05, make_record) for seed in range(3)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("per", [None, "all", "kernel", "layer", "layer-kernel"])
def test_plans_and_margins_hold(per: Any, kind: str, make_record: Any) -> None:
    found = [finish(seed, kind, per, 0.03, make_record) for seed in range(TIMES)]
    parts = np.array([one.made / one.most for one in found])
    widths = np.array([np.quantile(one.widths, 0.9) for one in found])
    ratio = np.mean([one.made / one.expected for one in found])
    print(f"{per} {kind}: of the most {parts.mean():.2f}, {parts.max():.2f} at the most;")
    print(f"of the expected {ratio:.2f}; widths {widths.mean():.2f}, {widths.min():.2f} at least")
    check(found)


@pytest.mark.slow
def test_plans_of_inputs_that_are_alike_hold(make_record: Any) -> None:
    found = [finish(seed, "alike", None, 0.05, make_record, inputs=6) for seed in range(20)]
    assert np.mean([one.made <= one.most for one in found]) >= 0.9
    assert np.mean([np.mean(one.widths) for one in found]) > 0.75

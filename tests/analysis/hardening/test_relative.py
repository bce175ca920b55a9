"""Relative rates against known ones.

``SOFTBEAM_SIMULATED`` makes more campaigns than a run of the tests needs; ``docs/methods.md``
states what 500 of each kind gave.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from support.hardened_pairs import STREAMS, Pair

from softbeam.analysis.counts import Counts
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.pooled import places_of
from softbeam.analysis.hardening.relative import Relative, Sample, common_streams
from softbeam.errors import CampaignError
from softbeam.faults.space import FaultSpaceSize

#: Pairs of campaigns of each kind, in the slow test.
TIMES = int(os.environ.get("SOFTBEAM_SIMULATED", "40"))

STRATA = 24


def pair(seed: int, rate: float, left: float, **more: float) -> Pair:
    """Return a network of eight layers with strata of very different sizes.

    About half of its strata do damage, on average in `rate` of their places; hardening more than
    doubles the places of a quarter and leaves a part `left` of the damage.
    """
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal(0.0, 1.5, STRATA))
    rates = np.minimum(rng.exponential(rate, STRATA) * (rng.random(STRATA) < 0.5), 0.3)
    rates[0] = 3 * rate
    rates[4] = rate
    growth = 1.0 + 0.1 * rng.random(STRATA)
    growth[: STRATA // 4] *= 2.05
    places = np.rint(1e6 * sizes / sizes.sum()).astype(np.int64) + 1
    return Pair(places, rates, growth, np.full(STRATA, left), **more)


def roots(places: np.ndarray, injections: int) -> list[int]:
    """Return injections by the square roots of the sizes, ten at least in each stratum."""
    parts = np.sqrt(places) / np.sqrt(places).sum()
    return [max(10, round(injections * part)) for part in parts.tolist()]


KINDS = {
    "a half left": (0.02, 0.5, {}, 1),
    "a hundredth left": (0.02, 0.01, {}, 1),
    "rare, a tenth left": (0.001, 0.1, {}, 1),
    "nothing left": (0.02, 0.0, {}, 1),
    "three streams": (0.02, 0.1, {"streams": 3}, 1),
    "4 alike inputs": (0.02, 0.3, {}, 4),
    "8 inputs": (0.05, 0.3, {"differ": 0.8}, 8),
    "20 inputs, three streams": (0.02, 0.3, {"differ": 0.6, "own": 0.6, "streams": 3}, 20),
}


@pytest.mark.slow
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_hold_the_true_relative_rate(kind: str, stratified: bool) -> None:
    rate, left, more, inputs = KINDS[kind]
    rng = np.random.default_rng(5)
    held = {None: 0, 1: 0}
    for number in range(TIMES):
        known = pair(number % 10, rate, left, **more)
        numbers = roots(known.places, 2000) if stratified else 2000
        before, after = known.samples((numbers, numbers), rng, inputs)
        found = Relative(before, after, STREAMS[: known.streams])
        for layer, truth in ((None, known.truth()), (1, known.truth(known.layer(1)))):
            one = found.rate("critical", Item(layer))
            # What was not seen in either is never called certain.
            assert one.high > 0.0
            held[layer] += one.low <= truth <= one.high
    print(f"{kind}, {'stratified' if stratified else 'uniform'}: {held} of {TIMES}")
    # Of 40 campaigns, 34 and fewer hold a 95 % interval in 1.4 of 100 cases.
    assert min(held.values()) >= 0.87 * TIMES


def big(known: Pair, sampled: int | list[int]) -> Relative:
    """Return a comparison from so many injections that estimates are close to the truth."""
    before, after = known.samples((sampled, sampled), np.random.default_rng(1))
    return Relative(before, after, STREAMS[: known.streams])


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("streams", [1, 3])
def test_estimates_go_to_the_truth(streams: int, stratified: bool) -> None:
    known = pair(3, 0.05, 0.2, streams=streams)
    found = big(known, roots(known.places, 2_000_000) if stratified else 2_000_000)
    assert found.rate("critical").estimate == pytest.approx(known.truth(), rel=0.02)
    for layer in (0, 1):
        truth = known.truth(known.layer(layer))
        assert found.rate("critical", Item(layer)).estimate == pytest.approx(truth, rel=0.15)


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("by", list(By))
def test_the_parts_of_all_items_are_the_whole(by: By, stratified: bool) -> None:
    known = pair(1, 0.05, 0.5, streams=2)
    found = big(known, roots(known.places, 5000) if stratified else 5000)
    rows = found.rows("left", by)
    before = sum(row.before.estimate for row in rows if row.before is not None)
    after = sum(row.after.estimate for row in rows if row.after is not None)
    assert before == pytest.approx(1.0)
    assert after == pytest.approx(found.rate("left").estimate)
    # Variants go by their kernel's name, so that each row has both.
    assert all(row.relative is not None for row in rows)
    assert sum(row.places[1] for row in rows) == pytest.approx(found.places[1])


def test_a_kernel_that_only_checks_has_a_rate_after_and_none_before() -> None:
    known = pair(1, 0.05, 0.5)
    before, after = known.samples((3000, 3000), np.random.default_rng(1))
    size = FaultSpaceSize(0, "rf", 1, "check_product", 1000)
    found = Relative(before, replace(after, sizes=(*after.sizes, size)), STREAMS[:1])
    row = found.row("critical", Item(1, "check_product"))
    assert (row.before, row.relative) == (None, None)
    assert row.places == (0.0, 1000.0)
    assert row.after is not None
    assert row.after.estimate == 0.0 < row.after.high


def test_more_places_are_more_failures_at_the_same_share() -> None:
    known = replace(pair(1, 0.05, 1.0), growth=np.full(STRATA, 2.0))
    before, after = known.samples((50_000, 50_000), np.random.default_rng(1))
    found = Relative(before, after, STREAMS[:1])
    assert found.growth == pytest.approx(2.0)
    assert found.rate("critical").low < 2.0 < found.rate("critical").high
    assert known.truth() == pytest.approx(2.0)


def test_what_the_network_reports_is_not_left() -> None:
    rows = {}
    for detail, number in (("detected", 30), ("hang", 10)):
        rows["rf", "single-bit", 0, "fill", "DUE", detail, False, False, 0] = number
    rows["rf", "single-bit", 0, "fill", "SDC", "tolerable", False, False, 0] = 5
    rows["rf", "single-bit", 0, "fill", "Masked", "corrected", False, False, 0] = 55
    sizes = (FaultSpaceSize(0, "rf", 0, "fill", 100),)
    one = Sample(Counts.of_rows(rows), sizes)
    found = Relative(one, one, STREAMS[:1])
    seen = {event: found.rate(event).first.successes for event in ("due", "undetected", "left")}
    assert seen == {"due": 40, "undetected": 10, "left": 15}
    assert found.rate("left").estimate == 1.0


def test_streams_weigh_the_same_in_the_unhardened_network() -> None:
    known = replace(pair(1, 0.05, 1.0, streams=2), growth=np.ones(STRATA))
    before, after = known.samples((4000, 4000), np.random.default_rng(1))
    # Of the second stream alone the places double.
    doubled = tuple(
        replace(one, size=2 * one.size) if one.mode == "iov" else one for one in after.sizes
    )
    found = Relative(before, replace(after, sizes=doubled), STREAMS[:2])
    single = [Relative(before, after, [one]).rate("critical") for one in STREAMS[:2]]
    share = [one.first.estimate for one in single]
    first = [one.second.estimate for one in single]
    assert found.growth == pytest.approx(1.5)
    expected = (share[0] + 2 * share[1]) / sum(first)
    assert found.rate("critical").estimate == pytest.approx(expected)


def test_places_are_the_mean_over_inputs_and_under_the_name_of_the_kernel() -> None:
    sizes = [FaultSpaceSize(image, "rf", 2, "maxpool+range", 10 * image) for image in (1, 2)]
    assert places_of(sizes) == {"rf": {Item(2, "maxpool"): 15.0}}


def test_what_cannot_be_compared_is_refused() -> None:
    known = pair(1, 0.05, 0.5)
    before, after = known.samples((100, 100), np.random.default_rng(1))
    with pytest.raises(CampaignError, match="the hardened campaign does not say how many places"):
        Relative(before, Sample(after.counts, ()), STREAMS[:1])
    with pytest.raises(CampaignError, match="no mode and bit-flip model in common"):
        common_streams(before.counts, Counts())

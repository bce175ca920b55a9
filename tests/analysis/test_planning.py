from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.clusters import Clusters
from softbeam.analysis.planning import (
    Forecast,
    Pilot,
    forecast,
    images_worth,
    injections_needed,
    looking_different,
    times_one_input,
    tolerated,
)
from softbeam.analysis.precision import FIRST_OF_STRATUM
from softbeam.analysis.proportion import wilson_of
from softbeam.campaign.choices import Target
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

SIZES = (
    FaultSpaceSize(0, "rf", 0, "im2col", 9000),
    FaultSpaceSize(0, "rf", 0, "fill", 900),
    FaultSpaceSize(0, "rf", 2, "softmax", 4),
    FaultSpaceSize(0, "iov", 0, "fill", 100),
)


def width(share: float, n: int, confidence: float) -> float:
    low, high = wilson_of(share, n, confidence)
    return (high - low) / 2


@given(st.floats(0, 1), st.floats(0.005, 0.49), st.sampled_from([0.8, 0.95, 0.999]))
def test_the_number_is_the_least_that_does(share: float, margin: float, confidence: float) -> None:
    n = injections_needed(share, margin, confidence)
    assert width(share, n, confidence) <= margin
    assert n == 1 or width(share, n - 1, confidence) > margin


@given(st.floats(0, 1), st.floats(0.01, 0.4))
def test_one_half_needs_most(share: float, margin: float) -> None:
    assert injections_needed(share, margin, 0.95) <= injections_needed(0.5, margin, 0.95)


@pytest.fixture
def pilot(make_record: Callable[..., InjectionRecord]) -> Pilot:
    """Return forty injections, of which a tenth end as SDC and none as DUE, in two seconds."""
    outcomes = ["SDC"] * 4 + ["Masked"] * 36
    records = [make_record(index=n, outcome=outcome) for n, outcome in enumerate(outcomes)]
    return Pilot(StreamRequest(mode="rf", model="single-bit", injections=500), records, 2.0)


def specification(**options: Any) -> CampaignSpecification:
    return CampaignSpecification(
        network="tiny",
        weights_sha256="1" * 64,
        plan_sha256="4" * 64,
        architecture="sm_90",
        kernels_sha256="3" * 64,
        emulator_semantics=1,
        seed=1,
        **{
            "inputs_sha256": ("2" * 64,),
            "streams": (StreamRequest(mode="rf", model="single-bit", injections=500),),
            **options,
        },
    )


def test_a_number_is_that_number(pilot: Pilot) -> None:
    expected = Forecast("rf", "single-bit", 1, 500, 500, 0.05)
    assert forecast(specification(), SIZES, pilot) == expected


def test_strata_round_up(pilot: Pilot) -> None:
    found = forecast(specification(sampling="stratified"), SIZES, pilot)
    assert found.expected == found.most
    assert 500 < found.expected < 515


@pytest.mark.parametrize(
    ("per", "stratified", "cells"),
    [("all", False, 1), ("all", True, 1), ("layer", True, 2), ("layer-kernel", True, 3)],
)
def test_a_margin_is_as_many_as_every_cell_needs(
    pilot: Pilot, per: Any, stratified: bool, cells: int
) -> None:
    found = forecast(
        specification(
            target=Target(margin=0.03, per=per),
            sampling="stratified" if stratified else "uniform",
        ),
        SIZES,
        pilot,
    )
    assert found.cells == cells
    # Laplace: 37 of 42 Masked, 5 of 42 SDC, 1 of 42 DUE; the first two need about the same.
    needed = max(injections_needed(share / 42, 0.03, 0.95) for share in (37, 5, 1))
    # Divided among strata, which are rounded up and get no fewer than in the first round.
    few = 2 * FIRST_OF_STRATUM if stratified else 0
    assert cells * needed <= found.expected <= cells * needed + few
    # Until the last round, which grows by a tenth at least, the worst share needs no more.
    most = cells * injections_needed(0.5, 0.03, 0.95)
    assert 1.1 * most <= found.most <= 1.1 * (most + few) + 1
    assert found.expected < found.most / 2


def test_few_inputs_need_more(pilot: Pilot) -> None:
    target = Target(margin=0.03)
    alone = forecast(specification(target=target), SIZES, pilot)
    several = {
        images: forecast(
            specification(target=target, inputs_sha256=("2" * 64,) * images), SIZES, pilot
        )
        for images in (2, 3, 30)
    }
    for images, student in ((2, 12.706), (3, 4.303), (30, 2.045)):
        scale = (student / 1.96) ** 2
        assert several[images].expected == pytest.approx(scale * alone.expected, rel=1e-3, abs=2)
        # At the most they look as different as chance lets them.
        most = scale * looking_different(images) * alone.most
        assert several[images].most == pytest.approx(most, rel=1e-3, abs=20)
    # The pilot of one input tells nothing of others.
    assert {one.apart for one in (alone, *several.values())} == {()}


def test_a_pilot_whose_inputs_differ_says_so(
    make_record: Callable[..., InjectionRecord],
) -> None:
    stream = StreamRequest(mode="rf", model="single-bit", injections=0)
    records = [
        make_record(index=n, image=n % 2, outcome="SDC" if n % 2 and n % 40 else "Masked")
        for n in range(80)
    ]
    asked = specification(target=Target(margin=0.05), inputs_sha256=("2" * 64, "5" * 64))
    assert forecast(asked, SIZES, Pilot(stream, records, 1.0)).apart == ("Masked", "SDC")
    alike = [make_record(index=n, image=n % 2, outcome="SDC") for n in range(80)]
    assert forecast(asked, SIZES, Pilot(stream, alike, 1.0)).apart == ()
    # Without a margin nothing is out of reach.
    number = specification(inputs_sha256=("2" * 64, "5" * 64))
    assert forecast(number, SIZES, Pilot(stream, records, 1.0)).apart == ()


def test_inputs_that_differ_say_how_many_would_do(
    make_record: Callable[..., InjectionRecord],
) -> None:
    asked = specification(target=Target(margin=0.03), inputs_sha256=("2" * 64, "5" * 64, "6" * 64))
    stream = StreamRequest(mode="rf", model="single-bit", injections=0)

    def planned(parts: tuple[int, int, int]) -> Forecast:
        records = [
            make_record(index=n, image=n % 3, outcome="SDC" if n // 3 < parts[n % 3] else "Masked")
            for n in range(1200)
        ]
        return forecast(asked, SIZES, Pilot(stream, records, 1.0))

    # Shares of 10, 20 and 30 % have a standard deviation of 10 points, so that a margin of 3
    # takes (1.96 / 0.3) ** 2 = 43 inputs, a few more with Student's quantile.
    assert 40 <= planned((40, 80, 120)).images <= 50
    assert planned((80, 80, 80)).images == 0
    assert planned((40, 80, 120)).apart


def test_how_many_inputs_are_worth_it() -> None:
    enough = images_worth(0.95)
    assert times_one_input(enough, 0.95) <= 1.25 < times_one_input(enough - 1, 0.95)
    assert times_one_input(2, 0.95) == pytest.approx((12.706 / 1.96) ** 2, rel=1e-3)


@given(st.integers(2, 60), st.floats(0.01, 0.3))
def test_inputs_may_differ_by_what_leaves_the_margin(images: int, margin: float) -> None:
    target = Target(margin=margin)
    spread = tolerated(target, images) ** 2
    variance = Clusters(images, spread, 0.0).variance(target.confidence)
    assert 1.959964 * variance**0.5 == pytest.approx(margin)


def test_what_the_pilot_never_saw_may_happen(
    make_record: Callable[..., InjectionRecord],
) -> None:
    stream = StreamRequest(mode="rf", model="single-bit", injections=0)
    records = [make_record(index=n, outcome="Masked") for n in range(5)]
    found = forecast(specification(target=Target(margin=0.05)), SIZES, Pilot(stream, records, 1.0))
    assert found.expected > injections_needed(0.0, 0.05, 0.95)

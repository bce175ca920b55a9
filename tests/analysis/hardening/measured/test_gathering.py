from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.answer import measured_answer, predicted, rules_of
from softbeam.analysis.hardening.measured.gathering import HARMS, Drawn, gather
from softbeam.analysis.hardening.measured.problem import Problem
from softbeam.campaign.effects.facts import (
    PLAIN,
    Damaging,
    Effects,
    Ended,
    Exposure,
    Remedy,
    Sample,
    Struck,
    Technique,
)
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

POOL, BIAS, FILL = Stratum(1, "maxpool"), Stratum(0, "add_bias"), Stratum(0, "fill")
CRITICAL, TOLERABLE, CRASH = (
    Ended("SDC", "critical"),
    Ended("SDC", "tolerable"),
    Ended("DUE", "illegal address"),
)
MASKED = Ended("Masked", "absorbed")

#: Places of each kernel in the unhardened network, of 1,000 in all.
SIZES = {POOL: 200, BIAS: 300, FILL: 500}


def drawn(make_record: MakeRecord, ends: Sequence[tuple[Stratum, Ended]]) -> Drawn:
    """Return a campaign of one stream, an injection for each end."""
    records = [
        replace(
            make_record(),
            index=index,
            mode="rf",
            model="single-bit",
            layer=place.layer,
            kernel=place.kernel,
            outcome=end.outcome,
            detail=end.detail,
        )
        for index, (place, end) in enumerate(ends)
    ]
    sizes = [FaultSpaceSize(0, "rf", *place, size) for place, size in SIZES.items()]
    return Drawn(tuple(records), tuple(sizes))


def recorded(index: int, place: Stratum, end: Ended, **remedies: Ended) -> Damaging:
    struck = Struck(place, PLAIN, "rf", "single-bit", "", index)
    places = {"pool": POOL, "bias": BIAS}
    found = {Remedy(places[name], ("range",)): ended for name, ended in remedies.items()}
    return Damaging(struck, 7 if place == FILL else 3, end, found)


def in_code(index: int, place: Stratum, technique: Technique, end: Ended) -> Damaging:
    return Damaging(Struck(place, technique, "rf", "single-bit", "", index), 3, end)


def effects(*damaging: Damaging, **fields: object) -> Effects:
    found = Effects("c", "l", "k", damaging=tuple(sorted(damaging, key=lambda one: one.struck)))
    own = frozenset(one.struck for one in damaging if one.struck.technique == PLAIN)
    return replace(found, replayed=own, **fields)  # type: ignore[arg-type]


def state(problem: Problem, place: Stratum, technique: Technique) -> int:
    return next(
        number
        for number, one in enumerate(problem.states)
        if (problem.places[one.place], one.technique) == (place, technique)
    )


def leaves(problem: Problem, *states: int) -> float:
    return float(problem.leaves(problem.of_states(states)).sum())


def test_a_clamp_removes_what_it_removed_and_grows_what_it_left(make_record: MakeRecord) -> None:
    campaign = drawn(
        make_record, [(POOL, CRITICAL), (POOL, CRITICAL), (BIAS, CRITICAL), *[(FILL, MASKED)] * 7]
    )
    measured = effects(
        recorded(0, POOL, CRITICAL, pool=TOLERABLE),
        recorded(1, POOL, CRITICAL),
        recorded(2, BIAS, CRITICAL, pool=MASKED),
        sizes={Exposure(POOL, ("range",), "rf", 0): 250},
    )
    problem = gather(campaign, measured, "critical")
    clamp = state(problem, POOL, ("range",))
    assert problem.was().sum() == pytest.approx(0.3)
    assert problem.states[clamp].cost == pytest.approx(0.05)
    # One of the pool's stays, in a quarter more code; the bias' is removed behind it.
    assert leaves(problem, clamp) == pytest.approx(0.1 * 250 / 200)


def test_of_other_damage_clamped_code_is_struck(make_record: MakeRecord) -> None:
    campaign = drawn(
        make_record, [(POOL, CRITICAL), (POOL, CRITICAL), (BIAS, CRITICAL), *[(FILL, MASKED)] * 7]
    )
    clamp = ("range",)
    measured = effects(
        recorded(0, POOL, CRITICAL, pool=TOLERABLE),
        recorded(1, POOL, CRITICAL),
        recorded(2, BIAS, CRITICAL, pool=MASKED),
        sizes={Exposure(POOL, clamp, "rf", 0): 250},
    )
    assert {one.technique for one in gather(campaign, measured, "sdc").states} == {PLAIN}
    measured = measured.joined(
        replace(
            effects(in_code(3, POOL, clamp, TOLERABLE)),
            struck={Sample(POOL, clamp, "rf", "single-bit"): 10},
        )
    )
    problem = gather(campaign, measured, "sdc")
    # One of ten in the clamped code; what comes from before is removed as replayed.
    assert leaves(problem, state(problem, POOL, clamp)) == pytest.approx(0.25 / 10)
    # Whether anything critical is left is told by the replays alone.
    problem = gather(campaign, measured, "critical")
    assert leaves(problem, state(problem, POOL, clamp)) == pytest.approx(0.1 * 250 / 200)


def test_hardened_code_does_the_damage_that_was_struck_in_it(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [(POOL, TOLERABLE), (POOL, CRASH), *[(BIAS, MASKED)] * 8])
    twice = ("duplication",)
    measured = effects(
        recorded(0, POOL, TOLERABLE),
        recorded(1, POOL, CRASH),
        in_code(0, POOL, twice, TOLERABLE),
        in_code(3, POOL, twice, Ended("DUE", "detected")),
        sizes={Exposure(POOL, twice, "rf", 0): 500},
        struck={Sample(POOL, twice, "rf", "single-bit"): 20},
    )
    problem = gather(campaign, measured, "all")
    both = state(problem, POOL, twice)
    assert problem.states[both].cost == pytest.approx(0.3)
    # One of 20 in half of what the unhardened network had; what was reported is no damage.
    assert leaves(problem, both) == pytest.approx(0.5 / 20)
    assert leaves(problem) == pytest.approx(0.2)
    assert not HARMS["due"](Ended("DUE", "detected"))


@pytest.mark.parametrize(
    "technique", [("duplication", "range"), ("range", "bounds"), ("duplication", "range", "bounds")]
)
def test_a_clamp_in_other_hardened_code_removes_what_comes_from_before(
    make_record: MakeRecord, technique: Technique
) -> None:
    campaign = drawn(
        make_record, [(POOL, CRITICAL), (BIAS, CRITICAL), (BIAS, CRITICAL), *[(FILL, MASKED)] * 7]
    )
    measured = effects(
        recorded(0, POOL, CRITICAL),
        recorded(1, BIAS, CRITICAL, pool=TOLERABLE),
        recorded(2, BIAS, CRITICAL),
        in_code(0, POOL, technique, CRITICAL),
        sizes={Exposure(POOL, technique, "rf", 0): 400},
        struck={Sample(POOL, technique, "rf", "single-bit"): 40},
    )
    problem = gather(campaign, measured, "critical")
    # Its own code is what was struck, one of 40; of the bias' two the clamp removes one.
    assert leaves(problem, state(problem, POOL, technique)) == pytest.approx(0.4 / 40 + 0.1)


def test_code_that_was_not_struck_in_a_stream_is_not_offered(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [(POOL, TOLERABLE), (BIAS, MASKED)])
    measured = effects(
        recorded(0, POOL, TOLERABLE), sizes={Exposure(POOL, ("bounds",), "rf", 0): 300}
    )
    assert {one.technique for one in gather(campaign, measured, "sdc").states} == {PLAIN}


def test_launches_that_are_left_out_take_their_damage_along(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [(FILL, CRASH), (POOL, CRASH), *[(FILL, MASKED)] * 8])
    measured = effects(
        recorded(0, FILL, CRASH),
        recorded(1, POOL, CRASH),
        dropped={Exposure(FILL, PLAIN, "rf", 0): 400},
        unneeded=frozenset({7}),
    )
    problem = gather(campaign, measured, "due")
    assert problem.saving == pytest.approx(0.4)
    assert leaves(problem) == pytest.approx(0.1)
    assert rules_of(problem, problem.plain) == "lean"
    kept = gather(campaign, measured, "due", among=("range",))
    assert (kept.saving, leaves(kept)) == (0.0, pytest.approx(0.2))


def test_a_stratum_weighs_its_part_of_the_fault_space(make_record: MakeRecord) -> None:
    uniform = drawn(make_record, [(POOL, CRITICAL), (POOL, MASKED), (BIAS, MASKED)])
    names = [str(POOL), str(POOL), str(BIAS)]
    records = tuple(
        replace(one, stratum=name) for one, name in zip(uniform.records, names, strict=True)
    )
    one = recorded(0, POOL, CRITICAL)
    one = replace(one, struck=replace(one.struck, stratum=str(POOL)))
    problem = gather(replace(uniform, records=records), effects(one), "critical")
    assert problem.was().sum() == pytest.approx(0.2 / 2)


def test_what_is_not_measured_yet_is_told(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [(POOL, CRITICAL), (BIAS, CRASH)])
    with pytest.raises(ResultsError, match="on 1 injections that did damage are not measured"):
        gather(campaign, effects(recorded(0, POOL, CRITICAL)), "critical")


def test_the_answer_is_the_rules_of_what_was_chosen(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [*[(POOL, CRITICAL)] * 20, *[(BIAS, MASKED)] * 180])
    measured = effects(
        *(recorded(index, POOL, CRITICAL, pool=MASKED) for index in range(20)),
        sizes={
            Exposure(POOL, ("range",), "rf", 0): 220,
            Exposure(BIAS, ("range",), "rf", 0): 320,
        },
    )
    found = measured_answer(
        campaign, measured, of="critical", aim=Aim(coverage=0.99), seed=1, replicates=200
    )
    assert found.rules == "maxpool@1=range"
    assert found.reached
    assert found.enough
    assert (found.choice.removed, found.choice.cost) == (1.0, pytest.approx(0.02))
    assert found.prediction.expected == pytest.approx(1.0)
    # Nothing was left of 20, which is no proof that nothing will be.
    assert 0.7 < found.prediction.low < 0.99
    assert found.prediction.high == 1.0
    assert [one.removed for one in found.front] == [0.0, 1.0]
    again = measured_answer(
        campaign, measured, of="critical", aim=Aim(coverage=0.99), seed=1, replicates=200
    )
    assert again.prediction == found.prediction


def test_other_damage_is_predicted_of_the_same_choice(make_record: MakeRecord) -> None:
    ends = [*[(POOL, CRITICAL)] * 20, *[(POOL, CRASH)] * 10, *[(FILL, CRASH)] * 10]
    campaign = drawn(make_record, [*ends, *[(BIAS, MASKED)] * 160])
    measured = effects(
        *(recorded(index, POOL, CRITICAL, pool=MASKED) for index in range(20)),
        *(recorded(index, POOL, CRASH) for index in range(20, 30)),
        *(recorded(index, FILL, CRASH) for index in range(30, 40)),
        *(in_code(index, POOL, ("range",), CRASH) for index in range(3)),
        sizes={Exposure(POOL, ("range",), "rf", 0): 220},
        struck={Sample(POOL, ("range",), "rf", "single-bit"): 30},
        dropped={Exposure(FILL, PLAIN, "rf", 0): 500},
        unneeded=frozenset({7}),
    )
    answer = measured_answer(
        campaign, measured, of="critical", aim=Aim(coverage=0.9), seed=1, replicates=100
    )
    found = predicted(answer, campaign, measured, 1, replicates=100)
    assert set(found) == set(HARMS)
    # A tenth of the clamped code crashes; what is left out takes its own crashes along.
    assert found["due"].expected == pytest.approx(1.0 - 0.22 / 10 / 0.1)
    assert found["all"].expected == pytest.approx(1.0 - 0.22 / 10 / 0.2)
    assert found["sdc"].expected == 1.0
    assert all(one.low <= one.expected <= one.high for one in found.values())


def test_nothing_is_chosen_where_nothing_is_measured(make_record: MakeRecord) -> None:
    campaign = drawn(make_record, [(POOL, MASKED), (BIAS, MASKED)])
    found = measured_answer(campaign, effects(), of="sdc", aim=Aim(budget=0.1), seed=1)
    assert (found.rules, found.enough) == ("", False)
    assert np.isnan(found.prediction.expected)

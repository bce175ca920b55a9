"""The measured choice in words and tables, of a campaign in which one kernel did all damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.answer import Answer, measured_answer
from softbeam.analysis.hardening.measured.gathering import Drawn
from softbeam.campaign.effects.facts import (
    PLAIN,
    Damaging,
    Effects,
    Ended,
    Exposure,
    Remedy,
    Struck,
)
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.record import InjectionRecord
from softbeam.present.measured_tables import choice_table, measured_front_table
from softbeam.present.measured_words import basis, facts, headline, sentences

POOL, FILL = Stratum(1, "maxpool"), Stratum(0, "fill")
CRITICAL, MASKED = Ended("SDC", "critical"), Ended("Masked", "absorbed")


@pytest.fixture
def answered(make_record: Callable[..., InjectionRecord]) -> Callable[..., Answer]:
    """Return a function that chooses against so many critical SDCs, of which some stay."""

    def make(damaging: int, stay: int, aim: Aim, unneeded: bool = False) -> Answer:
        records = tuple(
            replace(
                make_record(),
                index=index,
                mode="rf",
                model="single-bit",
                stratum="",
                layer=place.layer,
                kernel=place.kernel,
                outcome=end.outcome,
                detail=end.detail,
            )
            for index, (place, end) in enumerate(
                [(POOL, CRITICAL)] * damaging + [(FILL, MASKED)] * (100 - damaging)
            )
        )
        sizes = tuple(FaultSpaceSize(0, "rf", *place, 500) for place in (POOL, FILL))
        remedy = Remedy(POOL, ("range",))
        found = tuple(
            Damaging(Struck.of(one), 3, CRITICAL, {} if one.index < stay else {remedy: MASKED})
            for one in records[:damaging]
        )
        effects = Effects(
            "c", "l", "k",
            replayed=frozenset(one.struck for one in found),
            damaging=found,
            sizes={Exposure(POOL, ("range",), "rf", 0): 510},
            unneeded=frozenset({7}) if unneeded else frozenset(),
            dropped={Exposure(FILL, PLAIN, "rf", 0): 400} if unneeded else {},
        )  # fmt: skip
        return measured_answer(
            Drawn(records, sizes), effects, of="critical", aim=aim, seed=1, replicates=100
        )

    return make


def test_the_answer_says_what_where_and_for_how_much(answered: Callable[..., Answer]) -> None:
    first, second, third = sentences(answered(20, 0, Aim(coverage=0.9)))
    assert first == "Harden maxpool in layer 1 by range."
    assert second == (
        "It removes 100.0 % of the 20 critical SDCs that were seen, faults in its own code "
        "counted, and costs 1.0 % more instructions."
    )
    assert third.startswith("Of all critical SDCs, seen or not, it is predicted to remove")
    assert "remove 100.0 % of that part." in third


def test_what_is_left_out_pays(answered: Callable[..., Answer]) -> None:
    answer = answered(20, 0, Aim(coverage=0.9), True)
    first, second, _ = sentences(answer)
    assert first.endswith("by range; leave out launches that inference does not need.")
    assert "39.0 % fewer instructions" in second
    assert answer.rules == "lean, maxpool@1=range"


def test_what_cannot_be_reached_is_said(answered: Callable[..., Answer]) -> None:
    said = list(sentences(answered(20, 10, Aim(coverage=0.9))))
    assert said[-1].endswith("90.0 % is out of reach.")


def test_a_few_injections_say_nothing(answered: Callable[..., Answer]) -> None:
    (only,) = sentences(answered(5, 0, Aim(coverage=0.9)))
    assert "only 5 critical SDCs" in only


def test_without_a_budget_nothing_is_hardened(answered: Callable[..., Answer]) -> None:
    answer = answered(20, 0, Aim(budget=0.001))
    assert next(iter(sentences(answer))) == "Harden nothing."
    assert not choice_table(answer).rows


def test_the_headline_says_all_of_it_in_a_sentence(answered: Callable[..., Answer]) -> None:
    found = headline(answered(20, 0, Aim(coverage=0.9), True))
    assert found.startswith(
        "Harden maxpool in layer 1 by range, and leave out launches that inference does not need: "
        "that removes 100.0 % of the 20 critical SDCs seen ("
    )
    assert found.endswith("for 39.0 % fewer instructions.")
    short = headline(answered(20, 10, Aim(coverage=0.9)))
    assert short.endswith("more instructions, and no choice removes 90.0 %.")
    assert headline(answered(20, 0, Aim(budget=0.001))).startswith("Harden nothing: that removes")
    assert "only 5 critical SDCs" in headline(answered(5, 0, Aim(coverage=0.9)))


def test_a_headline_counts_what_it_cannot_name(
    answered: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softbeam.present.measured_words.NAMED", 0)
    found = headline(answered(20, 0, Aim(coverage=0.9)))
    assert found.startswith("Harden 1 kernels in layers, 1 by range: that removes")


def test_facts_are_cost_expectation_and_what_they_rest_on(
    answered: Callable[..., Answer],
) -> None:
    found = dict(facts(answered(20, 0, Aim(coverage=0.9))))
    assert list(found) == ["cost", "expect", "rests on"]
    assert found["cost"].startswith("1.0 % more instructions, counted")
    assert found["expect"].startswith("100.0 % of the critical SDCs (")
    assert found["rests on"].startswith("20 critical SDCs, each struck again, and 0 injections")
    assert list(facts(answered(5, 0, Aim(coverage=0.9)))) == []


def test_tables_have_every_place_and_the_front(answered: Callable[..., Answer]) -> None:
    answer = answered(20, 5, Aim(budget=0.1))
    table = choice_table(answer, {1: "pool"})
    (row,) = table.rows
    assert row.values[:5] == (1, "pool", "maxpool", "range", 20)
    assert table.column("share") == [pytest.approx(1.0)]
    # A quarter stays, in code that is 2 % longer.
    assert table.column("left") == [pytest.approx(0.25 * 510 / 500)]
    assert table.column("cost") == [pytest.approx(0.01)]
    front = measured_front_table(answer)
    assert front.column("rules") == ["nothing", "maxpool@1=range"]
    assert front.column("removed")[0] == 0.0
    assert "range" in basis(answer)

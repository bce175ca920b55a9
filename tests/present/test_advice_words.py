"""The decision in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.advice import Advice, Aim, advise
from softbeam.analysis.hardening.techniques import TECHNIQUES, Work
from softbeam.injection.record import InjectionRecord
from softbeam.present.advice_words import NAMED, named, nearly_everything, sentences

Ask = Callable[[int], Advice]


@pytest.fixture
def ask(make_record: Callable[..., InjectionRecord]) -> Ask:
    """Return a function that gives the advice of a campaign on so many inputs."""

    def make(images: int) -> Advice:
        records = []
        for index in range(600):
            image = index % images
            # The first input alone has SDCs in copy.
            kernel = "copy" if index % 4 == 0 and image == 0 else "fill"
            end = {"outcome": "SDC", "detail": "critical"} if index % 6 < 3 else {}
            records.append(make_record(index=index, image=image, kernel=kernel, **end))
        return advise(
            Counts.of(records, Design(images=images)),
            {Item(0, "fill"): Work(900, 90, 1), Item(0, "copy"): Work(100, 10, 1)},
            of="critical",
            by=By.KERNEL,
            technique=TECHNIQUES["duplication"],
            aim=Aim(coverage=0.97),
            seed=1,
            replicates=100,
        )

    return make


def test_several_inputs_say_what_they_know_of_each_other(ask: Ask) -> None:
    (said,) = (one for one in sentences(ask(3)) if "left out" in one)
    # Without the first input nothing points to copy, where that input has some of its SDCs.
    advice = ask(3)
    least = min(advice.stability.other_inputs)
    assert 0.3 < least < 0.9
    assert said.startswith("Of the damage of an input that was left out, sets that the other")
    assert said.endswith(f"over the 3 inputs, and {100 * least:.0f} % at the least.")
    assert any("Undecided: 1 of 2, copy" in one for one in sentences(advice))


def test_a_single_input_knows_of_no_other(ask: Ask) -> None:
    assert not any("left out" in one for one in sentences(ask(1)))


def test_a_sentence_names_ten_at_most() -> None:
    keys = [Item(layer, "fill") for layer in range(0, 60, 2)]
    assert named(keys[:NAMED]) == "fill in layers 0, 2, 4, 6, 8, 10, 12, 14, 16, 18"
    assert named(keys) == "fill in layers 0, 2, 4, 6, 8, 10, 12, 14, 16, 18; and 20 more"
    assert named([]) == "nothing"


def test_a_set_that_costs_nearly_everything_is_called_that(ask: Ask) -> None:
    advice = ask(1)
    everything = sum(advice.costs)
    assert len(advice.answer.members) == 2
    costly = replace(advice, answer=replace(advice.answer, cost=0.8 * everything))
    assert nearly_everything(costly).startswith("That is nearly everything: hardening all 2 costs")
    cheap = replace(advice, answer=replace(advice.answer, cost=0.5 * everything))
    assert nearly_everything(cheap) == ""
    # A single item is a choice, whatever it costs.
    one = replace(advice.answer, members=advice.answer.members[:1], cost=0.8 * everything)
    assert nearly_everything(replace(advice, answer=one)) == ""


def test_what_is_not_decided_is_not_said_to_be(ask: Ask) -> None:
    advice = ask(1)
    never = tuple(0.0 for _ in advice.damage.items)
    open_ = replace(advice.stability, least=never, most=tuple(1.0 for _ in never), more=123_456)
    said = list(sentences(replace(advice, stability=open_)))
    assert said[0].startswith("These injections do not decide what to harden against critical SDCs")
    assert "Nothing is certain" in " ".join(said)
    assert not any(one.startswith(("Certain", "Harden")) for one in said)
    (which,) = [one for one in said if "Undecided: 2 of 2, " in one]
    assert "About 130,000 more injections would decide if shares are as seen." in which
    endless = replace(open_, more=None)
    assert "More injections would not decide about all of them" in " ".join(
        sentences(replace(advice, stability=endless))
    )


def test_what_was_not_seen_is_in_what_a_set_removes(ask: Ask) -> None:
    advice = ask(1)
    assert "seen or not, it removes 100 % (95 % interval)" in " ".join(sentences(advice))
    advice = replace(advice, answer=replace(advice.answer, members=(1,)))
    low, high = advice.removes(advice.answer)
    assert 0.0 < low < high < 1.0
    (said,) = [one for one in sentences(advice) if "seen or not" in one]
    left, right = (float(n) for n in said.split("it removes ")[1].split(" %")[0].split(" to "))
    assert abs(left - 100 * low) <= 0.5
    assert abs(right - 100 * high) <= 0.5

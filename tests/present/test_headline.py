"""The answer in one sentence: of a campaign, and of a hardened network beside it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from support.rare_damage import World, by_roots, campaign

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Advice
from softbeam.analysis.hardening.chain import ChainPicture, Hardened, LayerShare
from softbeam.present.headline import (
    EVENT_TITLES,
    facts,
    hardened_facts,
    hardened_headline,
    hardening,
    headline,
)

WORLD = World(np.full(9, 1 / 9), np.array([0.5, 0, 0, 0.3, 0, 0, 0.0, 0, 0]))


def advice(injections: int, world: World = WORLD, by: By = By.LAYER_AND_KERNEL) -> Advice:
    rng = np.random.Generator(np.random.PCG64(3))
    return campaign(world, by_roots(world, injections), rng).advice(by)


def picture(left: float, low: float, high: float, *, cost: float | None = 0.012) -> ChainPicture:
    kinds = tuple(EVENT_TITLES)
    before = dict.fromkeys(kinds, Estimate(8, 8, 1.0, 0.6, 1.0))
    layers = tuple(
        LayerShare(number, "", None, None, before, {}, ("maxpool: range", "fill: range, bounds"))
        for number in range(3)
    )
    estimate = dict.fromkeys(kinds, Estimate(5, 3000, left, low, high))
    seen = dict.fromkeys(kinds, 8)
    return ChainPicture(layers, 3000, seen, Hardened(3000, estimate, seen, cost))


def test_a_certain_answer_says_what_it_removes_and_costs() -> None:
    found = headline(advice(3000))
    assert found.startswith("Harden kernel0 in layers 0–1: that removes 100 % of the critical SDCs")
    assert "more instructions, by duplication with comparison" in found
    assert "do not decide" not in found


def test_an_uncertain_answer_says_so() -> None:
    world = World(np.full(60, 1 / 60), np.full(60, 0.2))
    found = headline(campaign(world, 100, np.random.Generator(np.random.PCG64(3))).advice())
    assert found.startswith("By what was seen, harden ")
    assert found.endswith("These injections do not decide it.")


def test_too_little_damage_says_nothing_of_hardening() -> None:
    found = headline(advice(9))
    assert "nothing can be said about what to harden" in found
    assert list(facts(advice(9))) == []


def test_many_members_are_counted_and_not_named() -> None:
    world = World(np.full(60, 1 / 60), np.where(np.arange(60) % 2, 0.3, 0.0))
    found = headline(advice(6000, world))
    assert "of 60 kernels in layers" in found
    assert len(found) < 250


def test_the_facts_are_cost_expectation_and_certainty() -> None:
    found = dict(facts(advice(3000)))
    assert list(found) == ["cost", "expect", "sure"]
    assert "more thread-instructions, in 2 of 9 launches; a model" in found["cost"]
    assert found["sure"].startswith("2 of the 2 chosen are certain")


def test_hardening_that_helps_removes() -> None:
    found = hardened_headline(picture(0.07, 0.04, 0.12), "critical")
    assert found == (
        "Hardened by range of maxpool in layers 0–2; range, bounds of fill in layers 0–2, the "
        "network has 93 % (88 to 96 %) fewer critical SDCs for 1.2 % more instructions."
    )


def test_hardening_that_may_not_help_is_not_said_to() -> None:
    found = hardened_headline(picture(0.7, 0.3, 1.4), "sdc")
    assert "the network keeps 70 % (30 to 140 %) of the SDCs" in found
    assert "fewer SDCs" not in found


def test_nothing_seen_before_has_no_share() -> None:
    found = hardened_headline(picture(math.inf, 0.2, math.inf), "due")
    assert "shows 5 DUEs, and without hardening there was none" in found
    nothing = dict(hardened_facts(picture(math.nan, 0.0, math.inf)))
    assert "a share cannot be told" in nothing["SDCs"]


@pytest.mark.parametrize(
    ("cost", "words"),
    [(-0.05, " for 5.0 % fewer instructions"), (0.0, " for as many instructions"), (None, "")],
)
def test_the_cost_has_a_sign(cost: float | None, words: str) -> None:
    found = hardened_headline(picture(0.1, 0.05, 0.2, cost=cost), "sdc")
    assert found.endswith(f"fewer SDCs{words}.")


def test_the_facts_of_a_hardened_network_have_both_counts() -> None:
    found = dict(hardened_facts(picture(0.07, 0.04, 0.12)))
    assert found["DUEs"].startswith("7 % (4 to 12 %) left; 8 of 3,000 injections without")
    assert found["DUEs"].endswith("5 of 3,000 with it")
    assert found["cost"] == "1.2 % more instructions, counted, not a time"


def test_without_techniques_in_the_names_nothing_is_said_of_them() -> None:
    bare = picture(0.1, 0.05, 0.2)
    bare = replace(bare, layers=tuple(replace(one, techniques=()) for one in bare.layers))
    assert hardening(bare) == ""
    assert hardened_headline(bare, "sdc").startswith("The hardened network has 90 %")


def test_a_picture_of_one_network_has_no_such_headline() -> None:
    with pytest.raises(ValueError, match="no hardened network"):
        hardened_headline(replace(picture(0.1, 0.05, 0.2), hardened=None), "sdc")

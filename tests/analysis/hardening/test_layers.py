"""Shares of layers, and of groups of them, are those that the advice has and add up."""

from __future__ import annotations

import numpy as np
import pytest
from support.rare_damage import World, campaign

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Aim, advise
from softbeam.analysis.hardening.layers import LayerDamage
from softbeam.analysis.hardening.techniques import TECHNIQUES, Work


@pytest.fixture(scope="module")
def world() -> World:
    """Return five layers of three kernels, of which the last one does no damage."""
    rates = np.array([0.2, 0.0, 0.1, 0.0, 0.05, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.02, 0, 0, 0])
    return World(np.full(15, 1 / 15), rates)


@pytest.fixture(scope="module", params=[False, True], ids=["uniform", "stratified"])
def found(request: pytest.FixtureRequest, world: World) -> LayerDamage:
    numbers = [60] * 15 if request.param else 900
    counts = campaign(world, numbers, np.random.Generator(np.random.PCG64(7))).counts()
    return LayerDamage.of(counts, "sdc", [0, 1, 2, 3, 4, 9], seed=11)


def test_shares_add_up_and_lie_in_their_intervals(found: LayerDamage) -> None:
    shares = found.shares()
    assert sum(one.estimate for one in shares.values()) == pytest.approx(1.0)
    assert sum(one.successes for one in shares.values()) == next(iter(shares.values())).n
    assert all(0.0 <= one.low <= one.estimate <= one.high <= 1.0 for one in shares.values())
    # Nothing was seen in layer 4, which is no proof that nothing is there.
    assert shares[4].successes == 0
    assert shares[4].high > 0.0


def test_shares_are_those_of_the_advice(world: World) -> None:
    counts = campaign(world, 900, np.random.Generator(np.random.PCG64(7))).counts()
    work = {item: Work(10, 1, 1) for item in world.shares()}
    advice = advise(
        counts, work, of="sdc", by=By.LAYER, technique=TECHNIQUES["duplication"],
        aim=Aim(coverage=0.9), seed=11,
    )  # fmt: skip
    shares = LayerDamage.of(counts, "sdc", range(5), seed=11).shares()
    assert tuple(shares) == tuple(item.layer for item in advice.damage.items)
    assert tuple(one.low for one in shares.values()) == advice.stability.low
    assert tuple(one.high for one in shares.values()) == advice.stability.high


def test_a_group_has_what_its_layers_have(found: LayerDamage) -> None:
    layers, groups = found.shares(), found.joined([(0, 1), (2, 3, 4)]).shares()
    assert list(groups) == [0, 2]
    assert groups[0].estimate == pytest.approx(layers[0].estimate + layers[1].estimate)
    assert groups[0].successes == layers[0].successes + layers[1].successes
    assert groups[0].low >= max(layers[0].low, layers[1].low) - 1e-9
    assert groups[0].estimate + groups[2].estimate == pytest.approx(1.0)


def test_groups_of_one_layer_change_nothing(found: LayerDamage) -> None:
    alone = found.joined([(layer,) for layer in found.shares()])
    assert alone.shares() == found.shares()

"""Samples drawn again: injections and inputs, and what they say of a choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.clusters import widening
from softbeam.analysis.counts import Stream
from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.choosing import Covering
from softbeam.analysis.hardening.damage import Damage
from softbeam.analysis.hardening.resampling import by_input, following, input_weights, redrawn
from softbeam.analysis.hardening.stability import Stability, bootstrap

Rates = Sequence[Sequence[float]]


def sample(rates: Rates, each: int, rng: np.random.Generator) -> Damage:
    """Draw injections: of each input so many, of which a share does damage in each item.

    Parameters
    ----------
    rates : sequence of sequence of float
        For each input the share of its injections that do damage in each item.
    each : int
        Injections of each input.
    """
    place: list[int] = []
    image: list[int] = []
    for number, shares in enumerate(rates):
        found = rng.multinomial(each, [*shares, 1.0 - sum(shares)])[:-1]
        place += np.repeat(np.arange(len(shares)), found).tolist()
        image += [number] * int(found.sum())
    inputs = len(rates)
    return Damage(
        items=tuple(Item(layer, "fill") for layer in range(len(rates[0]))),
        streams=(Stream("rf", "single-bit"),),
        sizes=(inputs * each,),
        weights=(1.0 / (inputs * each),),
        place=np.array(place, dtype=np.int64),
        group=np.zeros(len(place), dtype=np.int64),
        image=np.array(image, dtype=np.int64),
        drawn=np.full((1, inputs), each),
        largest=np.ones(len(rates[0])),
        struck=np.full(len(rates[0]), inputs * each),
        most=np.ones(len(rates[0])),
    )


def merged(damage: Damage) -> Damage:
    """Return the same injections, inputs not told apart."""
    return replace(
        damage,
        image=np.zeros_like(damage.image),
        drawn=damage.drawn.sum(axis=1, keepdims=True),
    )


def cover(damage: Damage, coverage: float = 0.8, replicates: int = 300) -> Stability:
    choose = Covering(np.ones(len(damage.items)), coverage)
    return bootstrap(damage, choose, seed=1, replicates=replicates)[0]


@pytest.mark.parametrize("inputs", [2, 3, 4, 5, 10, 40])
def test_weighted_means_vary_as_students_interval_is_wide(inputs: int) -> None:
    rng = np.random.default_rng(inputs)
    values = rng.standard_normal(inputs)
    drawn = input_weights(inputs, rng, 6_000)
    assert (drawn >= 0.0).all()
    assert drawn.mean(axis=1) == pytest.approx(np.ones(6_000))
    assert drawn.mean(axis=0) == pytest.approx(np.ones(inputs), abs=0.1)
    wanted = widening(inputs, 0.95) ** 2 / inputs
    # All weight on one input is as much as they can vary.
    wanted = min(wanted, (inputs - 1) / inputs) * np.var(values, ddof=1)
    assert np.var(drawn @ values / inputs) == pytest.approx(wanted, rel=0.1)


def test_injections_are_drawn_as_often_as_there_are(rng: np.random.Generator) -> None:
    damage = sample([[0.3, 0.1]], 1000, rng)
    totals = redrawn(damage, rng, 300).sum(axis=1)
    expected = damage.place.size
    assert np.mean(totals) == pytest.approx(expected, abs=4)
    assert np.std(totals) == pytest.approx(math.sqrt(expected * (1 - expected / 1000)), rel=0.2)


def test_damage_by_input(rng: np.random.Generator) -> None:
    damage = sample([[0.2, 0.1], [0.0, 0.4]], 500, rng)
    shares = by_input(damage)
    assert shares.mean(axis=1) == pytest.approx(damage.values())
    assert shares[0, 1] == 0.0
    assert shares[:, 0] == pytest.approx([0.2, 0.1], abs=0.06)
    # An input without injections is taken to be as the others are.
    absent = replace(damage, drawn=np.array([[1000, 0]]), image=np.zeros_like(damage.image))
    assert by_input(absent)[:, 1] == pytest.approx(damage.values())


def test_damage_follows_inputs_as_far_as_they_differ(rng: np.random.Generator) -> None:
    rates = [[0.02, 0.1, 0.0], [0.3, 0.1, 0.0], [0.15, 0.1, 0.0], [0.4, 0.1, 0.0]]
    found = following(sample(rates, 5000, rng))
    assert found[0] > 0.98
    assert found[2] == 0.0
    alike = [following(sample([[0.2]] * 6, 200, rng))[0] for _ in range(300)]
    # Of inputs that do not differ the variance is as likely below as above what the draw makes.
    assert 0.3 < np.mean(np.array(alike) == 0.0) < 0.7
    assert np.mean(alike) < 0.4


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32))
def test_parts_that_follow_are_parts(inputs: int, items: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rates = rng.dirichlet(np.ones(items + 1), inputs)[:, :-1].tolist()
    damage = sample(rates, 30, rng)
    if inputs > 1:
        found = following(damage)
        assert found.shape == (items,)
        assert ((found >= 0.0) & (found <= 1.0)).all()


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator that draws the same each time."""
    return np.random.default_rng(12)


def test_what_one_input_alone_says_is_undecided(rng: np.random.Generator) -> None:
    rates = [[0.1, 0.0], [0.1, 0.0], [0.1, 0.0], [0.1, 0.3]]
    damage = sample(rates, 2000, rng)
    # Inputs not told apart, there is no doubt that the second item is needed.
    assert cover(merged(damage)).chosen == (1.0, 1.0)
    stability = cover(damage)
    assert 1 in stability.undecided()
    assert stability.low[1] < 0.01
    assert stability.high[1] > 0.7
    # The others give the first item alone, which has a quarter of the fourth's damage.
    *alike, fourth = stability.other_inputs
    assert alike == [1.0, 1.0, 1.0]
    assert fourth == pytest.approx(0.25, abs=0.05)


def test_what_all_inputs_say_is_decided(rng: np.random.Generator) -> None:
    rates = [[0.3, 0.02], [0.2, 0.01], [0.4, 0.03]]
    stability = cover(sample(rates, 1000, rng))
    assert stability.chosen == (1.0, 0.0)
    assert stability.other_inputs == pytest.approx([0.94, 0.95, 0.93], abs=0.03)


def test_a_single_input_is_drawn_from_as_ever(rng: np.random.Generator) -> None:
    damage = sample([[0.1, 0.09, 0.02]], 500, rng)
    stability = cover(damage)
    assert stability.other_inputs == ()
    assert stability == cover(merged(damage))
    assert stability != cover(sample([[0.1, 0.09, 0.02]], 500, rng))


def test_an_input_without_damage_tells_nothing_of_what_is_removed(
    rng: np.random.Generator,
) -> None:
    stability = cover(sample([[0.1, 0.1], [0.0, 0.0], [0.2, 0.1]], 300, rng))
    assert math.isnan(stability.other_inputs[1])
    assert not any(map(math.isnan, stability.chosen + stability.low + stability.high))


def test_alike_inputs_decide_nearly_as_one_does(rng: np.random.Generator) -> None:
    apart, together = [], []
    for _ in range(10):
        damage = sample([[0.06, 0.05, 0.04, 0.02, 0.01]] * 8, 150, rng)
        apart.append(cover(damage, replicates=200).chosen)
        together.append(cover(merged(damage), replicates=200).chosen)
    assert np.abs(np.mean(apart, axis=0) - np.mean(together, axis=0)).max() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("inputs", "differ"), [(4, 1.0), (12, 1.0), (8, 0.0)])
def test_intervals_hold_the_share_of_all_such_inputs(inputs: int, differ: float) -> None:
    """The intervals of the items' shares of the damage, over inputs that were not seen."""
    rng = np.random.default_rng(99)
    mean = np.array([0.10, 0.05, 0.03, 0.02])

    def rates(number: int) -> np.ndarray:
        return mean * (1.0 + differ * rng.uniform(-1, 1, (number, mean.size)))

    true = mean / mean.sum()
    held = {"told apart": 0.0, "merged": 0.0}
    times = 60
    for _ in range(times):
        damage = sample(rates(inputs).tolist(), 1500, rng)
        for name, one in (("told apart", damage), ("merged", merged(damage))):
            stability = cover(one, replicates=150)
            inside = (np.array(stability.low) <= true) & (true <= np.array(stability.high))
            held[name] += float(inside.mean()) / times
    assert 0.87 < held["told apart"] < 0.995, held
    if differ:
        assert held["merged"] < 0.75, held

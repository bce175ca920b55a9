from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.problem import UNHARDENED, Chosen, Problem, State
from softbeam.analysis.hardening.measured.solving import choose, front
from softbeam.faults.stratum import Stratum


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Return small problems with all that a large one has."""
    places = draw(st.integers(1, 4))
    states: list[State] = []
    for place in range(places):
        states.append(State(place, (), 0.0))
        for number in range(draw(st.integers(0, 2))):
            cost = draw(st.integers(-1, 20)) / 100
            states.append(State(place, (f"technique{number}",), cost))
    injections = draw(st.integers(1, 12))
    own = [draw(st.sampled_from([True, True, False])) for _ in range(injections)]
    entries = []
    for injection in range(injections):
        place = draw(st.integers(0, places - 1))
        others = [n for n, one in enumerate(states) if one.place != place and one.technique]
        for number, state in enumerate(states):
            plain = not state.technique
            if state.place == place and (plain == own[injection] or draw(st.booleans())):
                removers = draw(st.sets(st.sampled_from(others), max_size=2)) if others else set()
                factor = 1.0 if plain else draw(st.sampled_from([0.5, 1.0, 1.25]))
                entries.append((number, injection, factor, tuple(sorted(removers))))
    return Problem(
        places=tuple(Stratum(place, "k") for place in range(places)),
        states=tuple(states),
        saving=draw(st.sampled_from([0.0, 0.03])),
        lean=False,
        sizes=np.array([100, 50]),
        weights=np.array([0.01, 0.02]),
        home=np.array([UNHARDENED, 0]),
        group=np.array([0 if one else 1 for one in own]),
        image=np.zeros(injections, dtype=np.int64),
        fold=np.arange(injections) % 5,
        unhardened=np.array(own),
        state=np.array([entry[0] for entry in entries], dtype=np.int64),
        injection=np.array([entry[1] for entry in entries], dtype=np.int64),
        factor=np.array([entry[2] for entry in entries]),
        removers=tuple(entry[3] for entry in entries),
    )


def every(problem: Problem) -> list[Chosen]:
    """Return all choices there are."""
    of_place = [
        [number for number, state in enumerate(problem.states) if state.place == place]
        for place in range(len(problem.places))
    ]
    return [problem.of_states(numbers) for numbers in product(*of_place)]


@settings(deadline=None, max_examples=60)
@given(problems(), st.integers(0, 40))
def test_a_budget_buys_what_complete_enumeration_finds(problem: Problem, percent: int) -> None:
    budget = percent / 100
    if not problem.was().any():
        return
    found = choose(problem, Aim(budget=budget))
    affordable = [one for one in every(problem) if problem.cost(one) <= budget + 1e-8]
    best = max(problem.removed(one) for one in affordable)
    assert found.cost <= budget + 2e-6
    assert found.removed == pytest.approx(best, abs=2e-6)
    cheapest = min(problem.cost(one) for one in affordable if problem.removed(one) > best - 1e-8)
    assert found.cost == pytest.approx(cheapest, abs=2e-6)


@settings(deadline=None, max_examples=60)
@given(problems(), st.integers(1, 100))
def test_a_share_costs_what_complete_enumeration_finds(problem: Problem, percent: int) -> None:
    share = percent / 100
    if not problem.was().any():
        return
    found = choose(problem, Aim(coverage=share))
    enough = [one for one in every(problem) if problem.removed(one) >= share - 1e-8]
    if not enough:
        most = max(problem.removed(one) for one in every(problem))
        assert found.removed == pytest.approx(most, abs=2e-6)
        return
    assert found.removed >= share - 2e-6
    assert found.cost == pytest.approx(min(map(problem.cost, enough)), abs=2e-6)


@settings(deadline=None, max_examples=30)
@given(problems())
def test_no_choice_beats_one_of_the_front(problem: Problem) -> None:
    if not problem.was().any():
        return
    points = front(problem, steps=4)
    costs, shares = [one.cost for one in points], [one.removed for one in points]
    assert costs == sorted(costs)
    assert shares == sorted(shares)
    everything = [(problem.cost(one), problem.removed(one)) for one in every(problem)]
    for cost, share in zip(costs, shares, strict=True):
        assert not any(c < cost - 1e-6 and s > share + 1e-6 for c, s in everything)
    assert shares[-1] == pytest.approx(max(share for _, share in everything), abs=2e-6)


def test_a_clamp_behind_makes_those_before_it_needless() -> None:
    """Three kernels whose damage one clamp behind them removes: the clamp alone is bought."""
    states = [State(p, t, c) for p in range(3) for t, c in (((), 0.0), (("range",), 0.02))]
    problem = Problem(
        places=tuple(Stratum(0, f"k{place}") for place in range(3)),
        states=tuple(states),
        saving=0.0,
        lean=False,
        sizes=np.array([30]),
        weights=np.array([1 / 30]),
        home=np.array([UNHARDENED]),
        group=np.zeros(3, dtype=np.int64),
        image=np.zeros(3, dtype=np.int64),
        fold=np.arange(3),
        unhardened=np.ones(3, dtype=np.bool_),
        state=np.array([0, 2, 4, 5]),
        injection=np.array([0, 1, 2, 2]),
        factor=np.ones(4),
        removers=((5,), (5,), (), ()),
    )
    found = choose(problem, Aim(coverage=0.6))
    assert np.flatnonzero(found.chosen).tolist() == [0, 2, 5]
    assert (found.cost, found.removed) == (pytest.approx(0.02), pytest.approx(2 / 3))

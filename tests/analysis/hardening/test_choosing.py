"""Choices in many samples at once are the choices in each."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.hardening.choosing import STEPS, Covering, Spending
from softbeam.analysis.hardening.damage import best_within, pareto_front, smallest_set

#: Samples of the damage of the same items, and the items' costs.
Case = tuple[np.ndarray, np.ndarray]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    items, samples = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    numbers = st.lists(st.integers(0, 9), min_size=items * samples, max_size=items * samples)
    costs = st.lists(st.integers(1, 20), min_size=items, max_size=items)
    values = np.array(draw(numbers), dtype=np.float64).reshape(samples, items)
    return values, np.array(draw(costs), dtype=np.float64)


def members(row: np.ndarray) -> list[int]:
    return np.flatnonzero(row).tolist()


@given(cases(), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_covering_is_the_smallest_set(case: Case, coverage: float) -> None:
    values, costs = case
    found = Covering(costs, coverage).chosen(values)
    for row, sample in zip(found, values, strict=True):
        assert members(row) == sorted(smallest_set(sample, costs, coverage))


@given(cases(), st.integers(0, 60))
def test_spending_is_the_best_within_a_budget(case: Case, budget: int) -> None:
    values, costs = case
    found = Spending(costs, float(budget)).chosen(values)
    # Costs are rounded to steps of the budget.
    rounded = 0.5 * costs.size * budget / STEPS
    for row, sample in zip(found, values, strict=True):
        less = best_within(pareto_front(sample, costs), budget - rounded)
        assert sample[row].sum() >= sample[list(less.members)].sum()
        assert costs[row].sum() <= budget + rounded


@given(cases(), st.sampled_from([0.3, 0.9]), st.integers(1, 30))
def test_more_damage_alone_is_what_is_asked(case: Case, coverage: float, more: int) -> None:
    values, costs = case
    choose = Covering(costs, coverage)
    found = choose.chosen_with(values, np.full(values.shape, more + 0.5))
    for item in range(values.shape[1]):
        changed = values.copy()
        changed[:, item] += more + 0.5
        assert found[:, item].tolist() == choose.chosen(changed)[:, item].tolist()


# Budgets of which the costs are whole steps.
@given(cases(), st.sampled_from([5, 10, 20, 25, 40, 50]), st.integers(1, 30))
def test_an_item_is_bought_if_it_is_worth_more_than_others(
    case: Case, budget: int, more: int
) -> None:
    values, costs = case
    choose = Spending(costs, float(budget))
    found = choose.chosen_with(values, np.full(values.shape, more + 0.5))
    for item in range(values.shape[1]):
        changed = values.copy()
        changed[:, item] += more + 0.5
        chosen = choose.chosen(changed)[:, item]
        # Of an item without damage it is exact; else it may say so of one that is not bought.
        assert (found[:, item] >= chosen).all()
        harmless = values[:, item] == 0.0
        others = [one for one in range(values.shape[1]) if one != item]
        for row in np.flatnonzero(harmless & (costs[item] <= budget)):
            gains = {True: 0.0, False: 0.0}
            for size in range(len(others) + 1):
                for chosen_others in combinations(others, size):
                    held = values[row, list(chosen_others)].sum()
                    cost = costs[list(chosen_others)].sum()
                    gains[False] = max(gains[False], held if cost <= budget else 0.0)
                    if cost + costs[item] <= budget:
                        gains[True] = max(gains[True], held)
            assert found[row, item] == (more + 0.5 > gains[False] - gains[True])

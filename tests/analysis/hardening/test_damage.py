from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.advice import Aim, advise
from softbeam.analysis.hardening.choosing import Covering
from softbeam.analysis.hardening.damage import (
    best_within,
    cheapest,
    choice,
    damage_of,
    pareto_front,
    smallest_set,
    spread,
)
from softbeam.analysis.hardening.stability import bootstrap
from softbeam.analysis.hardening.techniques import TECHNIQUES, Work, work_by, work_of
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

items = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9)), min_size=1, max_size=8).map(
    lambda pairs: tuple(np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
)


def subsets(count: int) -> list[tuple[int, ...]]:
    return [members for size in range(count + 1) for members in combinations(range(count), size)]


@given(items, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_no_set_with_fewer_items_holds_as_much(
    pair: tuple[np.ndarray, np.ndarray], coverage: float
) -> None:
    values, costs = pair
    chosen = smallest_set(values, costs, coverage)
    total = values.sum()
    assert values[list(chosen)].sum() >= coverage * total - 1e-9
    for members in subsets(values.size):
        if len(members) < len(chosen):
            assert values[list(members)].sum() < coverage * total


@given(items)
@example((np.array([5.0, 5.0, 5.0, 10.0, 12.0]), np.array([1.0, 2.0, 2.0, 3.0, 1.0])))
def test_the_front_is_every_set_that_no_other_beats(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    values, costs = pair
    sets = {
        (values[list(members)].sum(), costs[list(members)].sum())
        for members in subsets(values.size)
    }
    best = sorted(
        (held, cost)
        for held, cost in sets
        if not any(
            (other >= held and price < cost) or (other > held and price <= cost)
            for other, price in sets
        )
    )
    total = values.sum()
    front = pareto_front(values, costs)
    if total == 0:
        assert [one.members for one in front] == [()]
        return
    found = [(round(one.coverage * total), round(one.cost)) for one in front]
    assert found == [(round(held), round(cost)) for held, cost in best]
    for one in front:
        assert one == choice(one.members, values, costs)


@given(
    st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=8),
    st.data(),
)
@settings(max_examples=50)
def test_rounded_fronts_miss_little(damages: list[float], data: st.DataObject) -> None:
    values = np.array(damages)
    size = values.size
    costs = np.array(data.draw(st.lists(st.floats(0.1, 1.0), min_size=size, max_size=size)))
    front = pareto_front(values, costs, 1000)
    for members in subsets(size):
        coverage, cost = values[list(members)].sum() / values.sum(), costs[list(members)].sum()
        nearby = cheapest(front, min(coverage - 0.01, 0.99)) if coverage > 0.01 else front[0]
        assert nearby.cost <= cost + 1e-9


def test_queries_of_a_front() -> None:
    values, costs = np.array([6.0, 3.0, 1.0]), np.array([5.0, 1.0, 4.0])
    front = pareto_front(values, costs)
    assert [(one.members, one.cost) for one in front] == [
        ((), 0.0),
        ((1,), 1.0),
        ((0,), 5.0),
        ((0, 1), 6.0),
        ((0, 1, 2), 10.0),
    ]
    assert cheapest(front, 0.9).members == (0, 1)
    assert cheapest(front, 1.0).members == (0, 1, 2)
    assert best_within(front, 5.5).members == (0,)
    assert best_within(front, 0.5).members == ()
    assert [one.members for one in spread(front, 2)] == [(), (0,), (0, 1, 2)]


def test_the_cheaper_of_equal_items_comes_first() -> None:
    assert smallest_set(np.array([2.0, 2.0, 2.0]), np.array([3.0, 1.0, 2.0]), 0.5) == (1, 2)
    assert smallest_set(np.zeros(3), np.ones(3), 0.9) == ()


def sdcs(make_record: MakeRecord, cells: dict[tuple[int, str], tuple[int, int]]) -> list:  # type: ignore[type-arg]
    """Return for each cell so many critical SDCs and so many masked injections."""
    records = []
    for (layer, kernel), (bad, good) in cells.items():
        for number in range(bad + good):
            end = {"outcome": "SDC", "detail": "critical"} if number < bad else {}
            records.append(make_record(index=len(records), layer=layer, kernel=kernel, **end))
    return records


def test_streams_weigh_the_same(make_record: MakeRecord) -> None:
    records = sdcs(make_record, {(0, "fill"): (10, 0), (0, "copy"): (0, 90)})
    more = [
        make_record(index=number, mode="iov", kernel="copy", outcome="SDC", detail="tolerable")
        for number in range(1000)
    ]
    damage = damage_of(Counts.of(records + more), "sdc", By.KERNEL)
    assert damage.items == (Item(None, "copy"), Item(None, "fill"))
    assert damage.streams == (Stream("iov", "single-bit"), Stream("rf", "single-bit"))
    assert damage.values().tolist() == pytest.approx([1.0, 0.1])
    assert damage.injections().tolist() == [1000, 10]


def test_strata_weigh_what_they_stand_for(make_record: MakeRecord) -> None:
    records = sdcs(make_record, {(0, "fill"): (10, 10), (26, "softmax"): (10, 0)})
    design = Design(stratified=True, weights={"rf": {(0, "fill"): 0.9, (26, "softmax"): 0.1}})
    damage = damage_of(Counts.of(records, design), "critical", By.LAYER_AND_KERNEL)
    assert damage.values().tolist() == pytest.approx([0.45, 0.1])
    # However often it is resampled, a stratum keeps its size.
    stability, _ = bootstrap(damage, Covering(np.ones(2), 0.5), 1, 50)
    assert stability.chosen == (1.0, 0.0)
    assert stability.low[1] > 0.1


def test_bootstrap_knows_what_is_certain(make_record: MakeRecord) -> None:
    cells = {
        (0, "fill"): (300, 0),
        (1, "copy"): (20, 0),
        (2, "copy"): (19, 0),
        (3, "fill"): (0, 661),
    }
    damage = damage_of(Counts.of(sdcs(make_record, cells)), "sdc", By.LAYER_AND_KERNEL)

    choose = Covering(np.ones(4), 0.93)
    stability, _ = bootstrap(damage, choose, seed=3, replicates=200)
    again, _ = bootstrap(damage, choose, seed=3, replicates=200)
    assert stability == again
    assert stability.chosen[0] == 1.0
    assert stability.chosen[3] == 0.0
    assert stability.undecided() == (1, 2)
    assert 0.8 < stability.low[0] < 300 / 339 < stability.high[0] < 0.95
    mean, low, high = stability.unseen
    assert low <= mean <= high
    assert 0.85 < mean < 0.99
    # Of an item without damage there is an upper bound, not nothing.
    assert stability.low[3] == 0.0
    assert 0.0 < stability.high[3] < 0.05


def test_nothing_is_left_where_damage_lies_in_items_not_seen_to_fail(
    make_record: MakeRecord,
) -> None:
    """Of damage that each of 20 items showed once, as much again lies in items not seen to fail."""
    cells = {(layer, "fill"): (1, 30) for layer in range(20)}
    cells |= {(20, "copy"): (100, 400), (21, "copy"): (2, 900), (22, "fill"): (0, 30)}
    damage = damage_of(Counts.of(sdcs(make_record, cells)), "sdc", By.LAYER_AND_KERNEL)
    thin, _ = bootstrap(damage, Covering(np.ones(23), 0.9), seed=3, replicates=200)
    assert set(thin.undecided()) >= {*range(20), 21, 22}
    # 16 % of the damage is not to be seen: half of all of it is in one item, whatever else is.
    half, _ = bootstrap(damage, Covering(np.ones(23), 0.5), seed=3, replicates=200)
    assert half.certain() == (20,)
    assert 21 not in half.undecided()


def test_bootstrap_of_nothing_says_nothing(make_record: MakeRecord) -> None:
    damage = damage_of(Counts.of([make_record()]), "due", By.KERNEL)
    stability, _ = bootstrap(damage, Covering(np.ones(1), 0.9), 1, 10)
    assert stability.chosen == (0.0,)
    assert all(math.isnan(value) for value in stability.unseen)
    # One item: if there is damage, it is all there.
    assert (stability.low, stability.high) == ((0.0,), (1.0,))


SIZES = tuple(
    FaultSpaceSize(0, mode, layer, kernel, size)
    for (layer, kernel), of_modes in {
        (0, "fill"): (1000, 600, 700),
        (0, "im2col"): (3000, 2000, 2100),
        (1, "fill"): (500, 300, 350),
    }.items()
    for mode, size in zip(("rf", "iov", "ioa"), of_modes, strict=True)
)


def test_work_comes_from_the_fault_space() -> None:
    work = work_of(SIZES, {Item(0, "fill"): 2})
    assert work == {
        Item(0, "fill"): Work(1000, 100, 2),
        Item(0, "im2col"): Work(3000, 100, 0),
        Item(1, "fill"): Work(500, 50, 0),
    }
    assert work_by(work, By.KERNEL)[Item(kernel="fill")] == Work(1500, 150, 2)
    assert work_of([one for one in SIZES if one.mode != "ioa"]) == {}
    # Several inputs: the mean of what each executes.
    doubled = [FaultSpaceSize(1, s.mode, s.layer, s.kernel, 3 * s.size) for s in SIZES]
    assert work_of([*SIZES, *doubled])[Item(0, "fill")] == Work(2000, 200, 0)


def test_techniques_cost_what_they_say() -> None:
    work = Work(1000, 100, 1)
    assert {name: one.cost(work) for name, one in TECHNIQUES.items()} == {
        "duplication": 1400,
        "triplication": 2600,
        "range-check": 200,
    }
    assert TECHNIQUES["range-check"].partly
    assert all(one.basis for one in TECHNIQUES.values())


def test_advice_for_coverage_and_for_a_budget(make_record: MakeRecord) -> None:
    cells = {(0, "fill"): (40, 60), (0, "im2col"): (50, 250), (1, "fill"): (10, 40)}
    records = sdcs(make_record, cells)

    def ask(aim: Aim, by: By = By.LAYER_AND_KERNEL):  # type: ignore[no-untyped-def]
        return advise(
            Counts.of(records),
            work_of(SIZES),
            of="critical",
            by=by,
            technique=TECHNIQUES["duplication"],
            aim=aim,
            seed=1,
            replicates=100,
        )

    covering = ask(Aim(coverage=0.9))
    assert covering.items(covering.answer.members) == [Item(0, "fill"), Item(0, "im2col")]
    assert covering.answer.coverage == pytest.approx(0.9)
    assert covering.answer.cost == pytest.approx((1400 + 3400) / 4500)
    affordable = ask(Aim(budget=0.5))
    assert affordable.items(affordable.answer.members) == [Item(0, "fill"), Item(1, "fill")]
    assert affordable.answer.cost <= 0.5
    kernels = ask(Aim(coverage=0.5), By.KERNEL)
    assert len(kernels.answer.members) == 1
    assert kernels.enough
    few = advise(
        Counts.of(records[:5]),
        work_of(SIZES),
        of="due",
        by=By.KERNEL,
        technique=TECHNIQUES["duplication"],
        aim=Aim(coverage=0.9),
        seed=1,
        replicates=10,
    )
    assert not few.enough
    assert few.answer.members == ()


def test_unknown_costs_are_an_error(make_record: MakeRecord) -> None:
    with pytest.raises(ResultsError, match="run softbeam campaign again"):
        advise(
            Counts.of([make_record()]),
            {},
            of="sdc",
            by=By.KERNEL,
            technique=TECHNIQUES["duplication"],
            aim=Aim(coverage=0.9),
            seed=1,
        )

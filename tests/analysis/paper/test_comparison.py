from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.counting import Row, counted

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design, Place
from softbeam.analysis.estimation import Estimator
from softbeam.analysis.paper.comparison import (
    Order,
    compare_shares,
    compare_within,
    difference,
    estimator,
)
from softbeam.analysis.proportion import Proportion

STREAM = Stream("rf", "single-bit")

shares = st.integers(1, 400).flatmap(
    lambda n: st.integers(0, n).map(lambda successes: Proportion(successes, n))
)


def counts(first: int, second: int, others: int = 0) -> Counts:
    """Return so many errors in layer 0 and 1, and harmless injections in layer 2."""
    ends = ((0, "SDC", first), (1, "SDC", second), (2, "Masked", others))
    return counted({Row(STREAM, layer, "fill", outcome): number for layer, outcome, number in ends})


def compare(estimate: Estimator, exposure: float = 1.0) -> Order:
    """Compare the SDCs of layer 0 to those of layer 1."""
    sdc = estimate.counts["outcome"] == "SDC"
    return compare_within(estimate, sdc, Place((0,)), Place((1,)), exposure)


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        (20, 2, Order.MORE),
        (2, 20, Order.LESS),
        (3, 2, Order.UNDECIDED),
        (0, 0, Order.UNDECIDED),
        (0, 3, Order.UNDECIDED),
        (0, 5, Order.LESS),
    ],
)
def test_counts_of_one_sample(first: int, second: int, order: Order) -> None:
    estimate = estimator(counts(first, second, 500))
    assert compare(estimate) is order


def test_exposure_is_what_counts_are_for() -> None:
    estimate = estimator(counts(20, 80))
    assert compare(estimate) is Order.LESS
    # A fifth of the whole in a fifth of the units is no difference.
    assert compare(estimate, 1 / 4) is Order.UNDECIDED
    assert compare(estimate, 1 / 9) is Order.MORE


def test_many_comparisons_decide_less() -> None:
    sample = counts(15, 4, 100)
    assert compare(estimator(sample)) is Order.MORE
    assert compare(estimator(sample, 92)) is Order.UNDECIDED


def test_a_stratum_without_errors_can_have_more() -> None:
    # Nineteen errors of a thousand injections in a place of 0.01 % of the fault space, none of
    # twenty in one of 99.99 %.
    design = Design(True, 1, {"rf": {(0, "fill"): 0.0001, (1, "fill"): 0.9999}})
    ends = {(0, "SDC"): 19, (0, "Masked"): 981, (1, "Masked"): 20}
    rows = {Row(STREAM, layer, "fill", outcome): n for (layer, outcome), n in ends.items()}
    assert compare(estimator(counted(rows, design))) is Order.UNDECIDED
    # Where nothing was drawn, too.
    alone = {row: n for row, n in rows.items() if row.layer == 0}
    assert compare(estimator(counted(alone, design))) is Order.UNDECIDED
    rows[Row(STREAM, 1, "fill", "SDC")] = 10
    assert compare(estimator(counted(rows, design))) is Order.LESS


@given(shares, shares)
def test_difference_is_antisymmetric_and_holds_the_estimate(
    first: Proportion, second: Proportion
) -> None:
    low, high = difference(first, second)
    assert low - 1e-12 <= first.estimate - second.estimate <= high + 1e-12
    back_low, back_high = difference(second, first)
    assert math.isclose(low, -back_high, abs_tol=1e-12)
    assert math.isclose(high, -back_low, abs_tol=1e-12)
    assert -1.0 - 1e-12 <= low <= high <= 1.0 + 1e-12


def test_shares_of_two_samples() -> None:
    assert compare_shares(Proportion(90, 100), Proportion(50, 100)) is Order.MORE
    assert compare_shares(Proportion(50, 100), Proportion(90, 100)) is Order.LESS
    assert compare_shares(Proportion(5, 10), Proportion(6, 10)) is Order.UNDECIDED
    assert compare_shares(Proportion(0, 0), Proportion(6, 10)) is Order.UNDECIDED

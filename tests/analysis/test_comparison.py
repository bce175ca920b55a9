from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.comparison import (
    Order,
    compare_shares,
    compare_within,
    difference,
    estimator,
)
from softbeam.analysis.counts import Cell, Counts, Stream
from softbeam.analysis.proportion import Proportion

STREAM = Stream("rf", "single-bit")

shares = st.integers(1, 400).flatmap(
    lambda n: st.integers(0, n).map(lambda successes: Proportion(successes, n))
)


def counts(first: int, second: int, others: int = 0) -> Counts:
    """Return so many errors in layer 0 and 1, and harmless injections in layer 2."""
    ends = ((0, "SDC", first), (1, "SDC", second), (2, "Masked", others))
    return Counts(
        {
            Cell(STREAM, layer, "fill", outcome, "", False, False): number
            for layer, outcome, number in ends
        }
    )


def layer(number: int) -> Callable[[Cell], bool]:
    return lambda cell: cell.layer == number


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
    assert compare_within(estimate, layer(0), layer(1)) is order


def test_exposure_is_what_counts_are_for() -> None:
    estimate = estimator(counts(20, 80))
    assert compare_within(estimate, layer(0), layer(1)) is Order.LESS
    # A fifth of the whole in a fifth of the units is no difference.
    assert compare_within(estimate, layer(0), layer(1), 1 / 4) is Order.UNDECIDED
    assert compare_within(estimate, layer(0), layer(1), 1 / 9) is Order.MORE


def test_many_comparisons_decide_less() -> None:
    sample = counts(15, 4, 100)
    assert compare_within(estimator(sample), layer(0), layer(1)) is Order.MORE
    assert compare_within(estimator(sample, 92), layer(0), layer(1)) is Order.UNDECIDED


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

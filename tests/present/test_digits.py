from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.proportion import Proportion
from softbeam.present.digits import DASH, Interval, part, percent, span

counted = st.integers(1, 10**8).flatmap(
    lambda n: st.tuples(st.one_of(st.just(0), st.just(n), st.integers(0, n)), st.just(n))
)
of_one = st.floats(0.0, 1.0)


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"\d+(?:\.\d+)?", text)]


@given(counted)
def test_no_bound_and_nothing_seen_is_printed_as_zero(pair: tuple[int, int]) -> None:
    share = Proportion(*pair)
    estimate, low, high = numbers(percent(share))
    assert high > 0.0
    assert low < 100.0
    assert low != high
    assert low <= estimate <= high
    assert (estimate == 0.0) == (share.successes == 0)
    assert (estimate == 100.0) == (share.successes == share.n)


@given(of_one, of_one, of_one)
def test_ends_that_differ_are_printed_apart(one: float, two: float, three: float) -> None:
    low, estimate, high = sorted((one, two, three))
    left, right = numbers(span(Interval(estimate, low, high)))[1:]
    if high - low > 1e-12:
        assert left != right
    if high > 1e-12:
        assert right > 0.0


@given(of_one)
def test_a_part_of_one_is_nothing_or_all_only_if_it_is(value: float) -> None:
    text = part(value, 0)
    if 1e-12 < value < 1.0 - 1e-12:
        assert 0.0 < float(text) < 100.0
    assert abs(float(text) / 100 - value) <= 0.005 + 1e-12


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        # What was printed before with as many digits as it takes is printed as before.
        ((123, 1000), "12.3 [10.4, 14.5]"),
        ((0, 1000), "0.0 [0.0, 0.4]"),
        ((1000, 1000), "100.0 [99.6, 100.0]"),
        # It was 0.0 [0.0, 0.0].
        ((0, 8908), "0.00 [0.00, 0.04]"),
        # It was 0.0 [0.0, 0.1]: as if it had not been seen.
        ((1, 8000), "0.01 [0.00, 0.07]"),
        ((7999, 8000), "99.99 [99.93, 100.00]"),
        ((0, 0), DASH),
    ],
)
def test_digits_grow_where_they_must(counts: tuple[int, int], text: str) -> None:
    assert percent(Proportion(*counts)) == text

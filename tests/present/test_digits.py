from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.proportion import Proportion
from softbeam.present.digits import (
    DASH,
    Interval,
    at_least,
    between,
    part,
    percent,
    significant,
    span,
)

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


#: Shares of something, so near to nothing and to all that usual digits do not tell them apart.
next_to = st.one_of(
    st.integers(2, 10**12).flatmap(
        lambda n: st.sampled_from([1, n - 1, n // 2 or 1]).map(lambda k: k / n)
    ),
    st.floats(-12.5, -2.0).flatmap(lambda power: st.sampled_from([10**power, 1.0 - 10**power])),
    st.floats(1e-12, 1.0 - 1e-12),
)


def claims(text: str) -> list[float]:
    """Return the numbers of a text that says of none that it is less or more than it."""
    return numbers(re.sub(r"(less|more) than \S+", "", text))


@given(next_to, next_to, next_to, st.integers(0, 2))
def test_what_is_not_all_is_never_printed_as_100_nor_what_there_is_as_0(
    one: float, two: float, three: float, digits: int
) -> None:
    low, estimate, high = sorted((one, two, three))
    texts = [
        span(Interval(estimate, low, high), digits),
        between(low, high),
        part(one, digits),
        part(-one, digits),
        significant(one),
        at_least(one, digits),
    ]
    for text in texts:
        assert not {0.0, 100.0} & set(claims(text)), text
    assert at_least(one, digits) == "0" or float(at_least(one, digits)) / 100 <= one + 1e-12


@given(next_to, next_to)
def test_an_interval_in_words_holds_both_ends(one: float, two: float) -> None:
    low, high = sorted((one, two))
    text = between(low, high)
    for value in (low, high):
        if value > 0.999 and "more than" in text:
            assert text.endswith("more than 99.9 %")
        elif value < 0.001 and "less than" in text:
            assert text.startswith("less than 0.1")
        else:
            assert min(abs(told / 100 - value) for told in numbers(text)) <= 0.005 + 1e-12


def test_nothing_and_all_are_told_as_they_are_also_with_an_error_of_rounding() -> None:
    assert between(0.0, 1.0) == "0 to 100 %"
    assert between(1e-16, 1.0 - 1e-16) == "0 to 100 %"
    assert part(-1e-17) == "0.0"
    assert between(0.832, 0.99998) == "83 to more than 99.9 %"


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
        ((1, 8000), "0.01 [0.002, 0.07]"),
        ((7999, 8000), "99.99 [99.93, 99.998]"),
        ((0, 0), DASH),
    ],
)
def test_digits_grow_where_they_must(counts: tuple[int, int], text: str) -> None:
    assert percent(Proportion(*counts)) == text

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from softbeam.analysis.proportion import CONFIDENCE, Proportion


@st.composite
def proportions(draw: st.DrawFn) -> Proportion:
    n = draw(st.integers(0, 10**7))
    return Proportion(draw(st.integers(0, n)), n)


@given(proportions())
def test_interval_is_wilsons_closed_form(share: Proportion) -> None:
    assume(share.n)
    z = norm.ppf((1 + CONFIDENCE) / 2)
    n, p = share.n, share.successes / share.n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert share.low == pytest.approx(max(0.0, centre - half), abs=1e-9)
    assert share.high == pytest.approx(min(1.0, centre + half), abs=1e-9)


@given(proportions())
def test_interval_holds_the_estimate(share: Proportion) -> None:
    assume(share.n)
    assert 0 <= share.low <= share.estimate <= share.high <= 1
    assert share.low < share.high


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (123, 1000), (999, 1000), (7, 7)])
def test_null_hypothesis_does_not_enter_the_interval(successes: int, n: int) -> None:
    expected = binomtest(successes, n, 0.5).proportion_ci(0.95, method="wilson")
    share = Proportion(successes, n)
    assert (share.low, share.high) == (expected.low, expected.high)


def test_published_example() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), doi:10.1002/
    # (SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3.
    for successes, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        share = Proportion(successes, n)
        assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_zero_of_n_is_an_upper_bound() -> None:
    share = Proportion(0, 1000)
    assert share.low == 0
    assert 0.003 < share.high < 0.004


def test_nothing_drawn_says_nothing() -> None:
    share = Proportion(0, 0)
    assert math.isnan(share.estimate)
    assert (share.low, share.high) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"{successes} of {n}"):
        Proportion(successes, n)

"""How far strata reach in which little or nothing was seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from softbeam.analysis.missed import reach
from softbeam.analysis.proportion import wilson, wilson_of

#: Part of the whole, injections, and those that had the property.
Stratum = tuple[float, int, int]

strata = st.lists(
    st.tuples(st.floats(0.01, 1.0), st.integers(2, 400), st.floats(0.0, 0.45)).map(
        lambda one: (one[0], one[1], int(one[1] * one[2]))
    ),
    min_size=1,
    max_size=5,
)


def arrays(found: list[Stratum]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts, draws, successes = (
        np.array(column, dtype=np.float64) for column in zip(*found, strict=True)
    )
    return parts / parts.sum(), draws, successes / draws


@given(st.integers(1, 5000), st.floats(0.0, 0.5))
def test_one_stratum_has_wilsons_upper_end(n: int, share: float) -> None:
    successes = int(share * n)
    rate = successes / n
    found = reach(rate * (1 - rate) / n, np.ones(1), np.array([n]), np.array([rate]), 0.95)
    assert rate + found.whole == pytest.approx(wilson(successes, n)[1], abs=1e-9)


@given(strata)
def test_it_is_the_farthest_value_that_a_score_test_does_not_refuse(found: list[Stratum]) -> None:
    parts, draws, rates = arrays(found)
    variance = float((parts**2 * rates * (1 - rates) / draws).sum())
    whole = reach(variance, parts, draws, rates, 0.95).whole
    square = 1.959963984540054**2
    # However the excess is divided among the strata, the deviation that it would have if it were
    # there allows no more; and some way of dividing it allows about as much.
    rng = np.random.default_rng(1)
    ways = np.concatenate([np.eye(parts.size), rng.dirichlet(np.full(parts.size, 0.7), 4000)])
    gain = ways @ (parts / draws * (1 - 2 * rates))
    a = 1 + square * (ways**2 @ (1 / draws))
    allowed = (square * gain + np.sqrt((square * gain) ** 2 + 4 * a * square * variance)) / (2 * a)
    assert allowed.max() <= whole + 1e-9
    assert allowed.max() >= 0.95 * whole


@given(strata, st.floats(0.5, 0.999))
def test_strata_add_to_what_the_variance_tells(found: list[Stratum], confidence: float) -> None:
    parts, draws, rates = arrays(found)
    variance = float((parts**2 * rates * (1 - rates) / draws).sum())
    whole, extra = reach(variance, parts, draws, rates, confidence)
    assert 0.0 <= extra <= whole
    told = math.sqrt(variance) * norm.ppf((1 + confidence) / 2)
    assert extra == pytest.approx(max(whole - told, 0.0))
    # More confidence reaches farther, more injections less far.
    assert reach(variance, parts, draws, rates, 0.9995).whole >= whole
    assert reach(variance / 4, parts, 4 * draws, rates, confidence).whole <= whole


def test_nothing_seen_is_bounded_by_the_heaviest_stratum() -> None:
    parts, draws = np.array([0.5, 0.3, 0.2]), np.array([20.0, 500.0, 1000.0])
    found = reach(0.0, parts, draws, np.zeros(3), 0.95).whole
    alone = 0.5 * wilson_of(0.0, 20)[1]
    assert alone <= found < 1.2 * alone
    # Were all of that there, nothing would be seen no more often than Wilson's interval allows.
    assert binom.pmf(0, 20, found / 0.5) <= binom.pmf(0, 20, wilson(0, 20)[1]) < 0.031
    # A stratum that was struck as it is large is as good as a simple sample.
    even = reach(0.0, parts, 1000 * parts, np.zeros(3), 0.95).whole
    assert even == pytest.approx(wilson_of(0.0, 1000)[1], rel=1e-3)

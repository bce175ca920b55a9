"""Intervals of ratios against complete enumeration: every possible pair of samples, weighed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.proportion import exact_of
from softbeam.analysis.ratios import ratio

#: What no share can be told from by its floats.
TINY = 1e-12


def share(successes: int, n: int) -> Estimate:
    """Return a share of simple draws with Clopper and Pearson's interval."""
    return Estimate(successes, n, successes / n, *exact_of(successes / n, n))


def likely(n: int, p: float) -> tuple[range, np.ndarray]:
    """Return the numbers of successes that are not as good as impossible, with probabilities."""
    weights = binom.pmf(np.arange(n + 1), n, p)
    seen = np.flatnonzero(weights > 1e-10)
    return range(int(seen[0]), int(seen[-1]) + 1), weights[seen[0] : seen[-1] + 1]


@pytest.mark.parametrize(("first", "second"), [(60, 60), (40, 120), (150, 50)])
@pytest.mark.parametrize("relative", [0.02, 0.3, 1.0, 1.4])
def test_intervals_hold_in_complete_enumeration(first: int, second: int, relative: float) -> None:
    shares = {
        n: [share(successes, n) for successes in range(n + 1)] for n in sorted({first, second})
    }
    found = {}
    for before in (0.003, 0.02, 0.1, 0.35, 0.6):
        ours, ours_weight = likely(first, relative * before)
        theirs, theirs_weight = likely(second, before)
        held = 0.0
        for x, p in zip(ours, ours_weight, strict=True):
            for y, q in zip(theirs, theirs_weight, strict=True):
                if (x, y) not in found:
                    both = ratio(shares[first][x], shares[second][y])
                    found[x, y] = both.low, both.high
                low, high = found[x, y]
                held += p * q * (low <= relative <= high)
        assert held >= 0.95, (before, held)


@pytest.mark.parametrize("before", [0.0005, 0.002, 0.01])
@pytest.mark.parametrize("relative", [0.01, 0.5, 1.0])
def test_intervals_of_rare_events_hold_in_complete_enumeration(
    before: float, relative: float
) -> None:
    n = 2000
    ours, ours_weight = likely(n, relative * before)
    theirs, theirs_weight = likely(n, before)
    held = sum(
        p * q
        for x, p in zip(ours, ours_weight, strict=True)
        for y, q in zip(theirs, theirs_weight, strict=True)
        if (both := ratio(share(x, n), share(y, n))).low <= relative <= both.high
    )
    assert held >= 0.95


def test_nothing_seen_is_never_certain() -> None:
    none = ratio(share(0, 1000), share(100, 1000))
    assert none.estimate == none.low == 0.0 < none.high < 0.05
    unseen = ratio(share(7, 1000), share(0, 1000))
    assert unseen.estimate == unseen.high == math.inf
    assert 0.0 < unseen.low < math.inf
    neither = ratio(share(0, 1000), share(0, 1000))
    assert math.isnan(neither.estimate)
    assert (neither.low, neither.high) == (0.0, math.inf)
    assert ratio(Estimate(0, 0, math.nan, 0.0, 1.0), share(1, 9)).n == 0


@given(st.integers(0, 400), st.integers(1, 400), st.floats(0.01, 20.0), st.integers(400, 3000))
def test_ends_lie_around_the_estimate_and_scale_with_the_factor(
    x: int, y: int, times: float, n: int
) -> None:
    plain, scaled = ratio(share(x, n), share(y, n)), ratio(share(x, n), share(y, n), times)
    assert plain.low <= plain.estimate * (1 + TINY)
    assert plain.estimate <= plain.high * (1 + TINY)
    assert plain.low < plain.high
    for one in ("estimate", "low", "high"):
        assert getattr(scaled, one) == pytest.approx(times * getattr(plain, one))


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_reverse_ratio_has_the_reverse_interval(x: int, y: int) -> None:
    ahead, back = ratio(share(x, 1000), share(y, 1000)), ratio(share(y, 1000), share(x, 1000))
    assert back.low == pytest.approx(1 / ahead.high)
    assert back.high == pytest.approx(1 / ahead.low)


def test_more_injections_narrow_an_interval() -> None:
    few, many = ratio(share(5, 1000), share(50, 1000)), ratio(share(50, 10000), share(500, 10000))
    assert few.low < many.low < many.estimate < many.high < few.high

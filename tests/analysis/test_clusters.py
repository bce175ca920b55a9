"""How far inputs differ, and what of that is certain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.clusters import NEGLIGIBLE, Clusters, widening

#: Student's quantiles as printed tables give them, by degrees of freedom, for 95 % and 99 %.
STUDENT = {1: (12.706, 63.657), 2: (4.303, 9.925), 9: (2.262, 3.250), 30: (2.042, 2.750)}
NORMAL = (1.959964, 2.575829)


@pytest.mark.parametrize("freedom", STUDENT)
def test_widening_is_students_quantile_over_the_normal_one(freedom: int) -> None:
    for confidence, student, normal in zip((0.95, 0.99), STUDENT[freedom], NORMAL, strict=True):
        assert widening(freedom + 1, confidence) == pytest.approx(student / normal, rel=2e-4)


def test_the_variance_of_the_mean() -> None:
    clusters = Clusters(10, 0.04, 0.01)
    assert clusters.variance(0.95) == pytest.approx(1.1542**2 * 0.004, rel=1e-3)
    assert clusters.variance(0.95, 0.02) == pytest.approx(clusters.variance(0.95) / 2)


@given(st.integers(2, 50), st.floats(0, 0.25), st.floats(0, 0.25))
def test_what_is_proven_is_no_more_than_what_is_likely(
    inputs: int, spread: float, noise: float
) -> None:
    clusters = Clusters(inputs, spread, noise)
    assert 0.0 <= clusters.proven <= clusters.likely + 1e-15 <= spread + 1e-15
    if noise >= spread:
        assert clusters.proven == clusters.likely == 0.0


def test_what_is_proven_is_there() -> None:
    rng = np.random.default_rng(3)
    for inputs, true, noise in [(2, 0.0, 1.0), (3, 4.0, 1.0), (10, 0.5, 1.0), (10, 9.0, 1.0)]:
        own = rng.standard_normal(inputs)
        own *= np.sqrt(true / np.var(own, ddof=1))
        seen = own + np.sqrt(noise) * rng.standard_normal((3000, inputs))
        found = [Clusters(inputs, float(spread), noise) for spread in np.var(seen, axis=1, ddof=1)]
        # One in a thousand is more than there is, at most; but for those without noise.
        wrong = [one.proven > true for one in found if noise > NEGLIGIBLE * one.spread]
        assert np.mean(wrong) < 0.003
        assert np.mean([one.spread - noise for one in found]) == pytest.approx(true, abs=0.3)
    # Much more than noise is proven to be there.
    assert np.mean([one.proven for one in found]) > true / 5

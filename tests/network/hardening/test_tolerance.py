"""Bounds of rounding hold: norms against NumPy's, differences against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softbeam.kernels.checks import HEAD
from softbeam.kernels.families.checks import column_sums, different_columns
from softbeam.kernels.native.matrix import gemm
from softbeam.network.hardening.tolerance import (
    check_contents,
    largest_eigenvalue,
    prefix_norms,
    tolerances,
)


def matrix(seed: int, m: int, k: int, spread: float = 0.0) -> np.ndarray:
    """Return random weights, of magnitudes that are spread over so many powers of ten."""
    rng = np.random.default_rng(seed)
    words = rng.normal(size=(m, k)) * 10.0 ** (spread * rng.normal(size=(m, k)))
    return words.astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 10**6))
def test_norms_of_first_columns(m: int, k: int, seed: int) -> None:
    a = matrix(seed, m, k, 0.5)
    parts = prefix_norms(a)
    assert sum(count for count, _ in parts) == k
    end = 0
    for count, square in parts:
        end += count
        true = np.linalg.norm(a[:, :end].astype(np.float64), 2) ** 2 if end else 0.0
        assert true <= square <= true * (1 + 1e-6) + 1e-30


def test_a_large_matrix_has_a_bound() -> None:
    gram = np.diag(np.arange(1.0, 2051.0))
    found = largest_eigenvalue(gram)
    assert 2050 <= found <= np.linalg.norm(gram) * 1.001


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 50), st.integers(1, 80), st.integers(0, 5), st.integers(0, 10**6),
    st.sampled_from([0.0, 1.0, 4.0]),
)  # fmt: skip
def test_fault_free_sums_are_within_a_part_of_the_tolerance(
    m: int, k: int, share: int, seed: int, spread: float
) -> None:
    a, b = matrix(seed, m, k, spread), matrix(seed + 1, k, 20, spread)
    c = np.zeros((m, 20), np.float32)
    gemm(m, 20, k, a.reshape(-1), b.reshape(-1), c.reshape(-1))
    numbers = np.arange(20, dtype=np.int32)[:, None]
    columns, rows = np.ascontiguousarray(b.T), np.ascontiguousarray(c.T)
    found = different_columns(columns, numbers, rows, check_contents(a, k), 3.0, share)
    assert not found.any()


@pytest.mark.parametrize("share", [0, 3])
def test_what_a_check_adds_is_within_its_own_share(share: int) -> None:
    """Against exact sums of the words of C: what the check itself rounds is within its bound."""
    m, k = 90, 200
    a, b = matrix(8, m, k), matrix(9, k, 6)
    c = np.zeros((m, 6), np.float32)
    gemm(m, 6, k, a.reshape(-1), b.reshape(-1), c.reshape(-1))
    contents = check_contents(a, k)
    numbers = np.arange(6, dtype=np.int32)[:, None]
    differences, squares = np.empty(6), np.empty(6, np.float32)
    rows = np.ascontiguousarray(c.T)
    column_sums(np.ascontiguousarray(b.T), numbers, rows, contents, share, differences, squares)
    times, plus = tolerances(a, contents[None, HEAD : HEAD + k], a.sum(axis=0, dtype="f8")[None])
    for column in range(6):
        exact = sum(Fraction(float(one)) for one in c[:, column])
        exact -= sum(
            Fraction(float(one)) * Fraction(float(other))
            for one, other in zip(contents[HEAD : HEAD + k], b[:, column], strict=True)
        )
        norm = float(np.linalg.norm(b[:, column].astype(np.float64)))
        assert abs(differences[column] - float(exact)) < (2 * times + plus) * norm
        assert abs(float(squares[column]) - norm**2) < k * 2.0**-24 * norm**2


def test_weights_that_are_no_numbers_have_no_tolerance() -> None:
    for wrong in (np.inf, np.nan):
        a = matrix(1, 5, 7)
        a[2, 3] = wrong
        assert not np.isfinite(check_contents(a, 7)[0])


def test_subnormal_weights_have_one() -> None:
    contents = check_contents(np.full((3, 4), 1e-42, np.float32), 4)
    assert (contents[:HEAD] >= 0).all()
    assert contents[2] > 0

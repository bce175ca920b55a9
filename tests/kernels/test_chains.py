"""Chains that are gone on with one by one are the elements of the whole product."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.kernels.native.chains import extend_sums, gather_columns
from softbeam.kernels.native.matrix import gemm

M, N, K = 5, 7, 83


@pytest.fixture(scope="module")
def matrices() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((M, K)).astype(np.float32), rng.standard_normal((K, N))
    return a, b.astype(np.float32)


def gathered(b: np.ndarray) -> np.ndarray:
    columns = np.empty(N * K, dtype=np.float32)
    gather_columns(b.reshape(-1), N, np.arange(N), 0, K, columns)
    return columns


def test_columns_are_gathered(matrices) -> None:
    _, b = matrices
    some = np.empty(3 * 10, dtype=np.float32)
    gather_columns(b.reshape(-1), N, np.array([6, 0, 2]), 20, 30, some)
    np.testing.assert_array_equal(some.reshape(3, 10), b[20:30, [6, 0, 2]].T)


@pytest.mark.parametrize("number", [1, 7, 8, 9, M * N])
def test_chains_in_pieces_are_the_product(matrices, number: int) -> None:
    a, b = matrices
    product = np.zeros(M * N, dtype=np.float32)
    gemm(M, N, K, a.reshape(-1), b.reshape(-1), product)
    rng = np.random.default_rng(number)
    row, column = np.divmod(np.arange(number), N)
    sums, done = np.zeros(number, dtype=np.float32), np.zeros(number, dtype=np.int64)
    while (done < K).any():
        # Each over steps of its own, none too.
        last = np.minimum(done + rng.integers(0, 30, number), K)
        extend_sums(a.reshape(-1), gathered(b), row * K, column * K, done, last, sums)
        done = last
    np.testing.assert_array_equal(sums.view(np.uint32), product[:number].view(np.uint32))


def test_a_nan_is_the_gpus() -> None:
    sums = np.array([0x7FC12345], dtype=np.uint32).view(np.float32)
    one, nothing = np.ones(2, dtype=np.float32), np.zeros(1, dtype=np.int64)
    extend_sums(one, one, nothing, nothing, nothing, np.array([2]), sums)
    assert sums.view(np.uint32)[0] == 0x7FFFFFFF

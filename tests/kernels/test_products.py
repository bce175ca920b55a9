"""The library's small products are the chains of the large one, whatever is computed beside."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.kernels.families.products import gemm_batched, gemm_local, local_columns
from softbeam.kernels.native.matrix import gemm

ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-42, 3e38], dtype=np.float32)


def numbers(random: np.random.Generator, count: int, *, odd: bool) -> np.ndarray:
    values = random.normal(0, 1, count).astype(np.float32)
    if odd:
        values[random.integers(0, count, 1 + count // 50)] = random.choice(ODD, 1 + count // 50)
    return values


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one.view(np.uint32).reshape(-1), other.view(np.uint32).reshape(-1))


@pytest.mark.parametrize("odd", [False, True])
def test_products_in_one_launch_are_products_of_their_own(odd: bool) -> None:
    random = np.random.default_rng(3)
    for count, m, n, k in ((1, 1, 1, 1), (3, 1, 50, 9), (2, 5, 7, 36), (4, 3, 33, 600)):
        a, b = numbers(random, count * m * k, odd=odd), numbers(random, count * k * n, odd=odd)
        c = numbers(random, count * m * n, odd=odd)
        wanted = c.copy().reshape(count, -1)
        parts = zip(a.reshape(count, -1), b.reshape(count, -1), wanted, strict=True)
        for left, right, into in parts:
            gemm(m, n, k, left, right, into)
        gemm_batched(count, m, n, k, a, b, c)
        assert same(c, wanted)


@pytest.mark.parametrize("odd", [False, True])
def test_each_location_is_a_product_of_its_own(odd: bool) -> None:
    random = np.random.default_rng(4)
    for filters, locations, k in ((1, 1, 1), (3, 4, 9), (4, 2, 30), (9, 6, 70)):
        a = numbers(random, locations * filters * k, odd=odd)
        b, c = (numbers(random, rows * locations, odd=odd) for rows in (k, filters))
        columns = b.reshape(k, -1).T.copy()
        wanted = c.reshape(filters, -1).T.copy()
        some = wanted.copy()
        for place in range(locations):
            gemm(
                filters,
                1,
                k,
                a[place * filters * k :][: filters * k],
                columns[place],
                wanted[place],
            )
        gemm_local(filters, locations, k, a, b, c)
        assert same(c.reshape(filters, -1).T.copy(), wanted)
        places = np.flatnonzero(random.random(locations) < 0.6)
        out = some[places]
        local_columns(a, places, columns[places], out)
        assert same(out, wanted[places])

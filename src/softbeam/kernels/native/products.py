"""Twins of the library's small matrix products: chains of fused multiply-adds, in order."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.arithmetic import canonical, fma_rn
from softbeam.jit import jit


@jit
def gemm_local(filters, locations, k, a, b, c):  # type: ignore[no-untyped-def]
    """Add to `c` (filters x locations) each location's filters times its column of `b`."""
    column = np.empty(k, dtype=np.float32)
    for location in range(locations):
        for step in range(k):
            column[step] = b[step * locations + location]
        for row in range(filters):
            first = (location * filters + row) * k
            total = np.float32(0.0)
            for step in range(k):
                total = fma_rn(a[first + step], column[step], total)
            place = row * locations + location
            c[place] = canonical(np.float32(c[place] + total))


@jit
def gemm_batched(count, m, n, k, a, b, c):  # type: ignore[no-untyped-def]
    """Add to each of `count` `c` (m x n) the product of its `a` (m x k) and `b` (k x n)."""
    for product in range(count):
        for row in range(m):
            for column in range(n):
                total = np.float32(0.0)
                for step in range(k):
                    other = b[(product * k + step) * n + column]
                    total = fma_rn(a[(product * m + row) * k + step], other, total)
                place = (product * m + row) * n + column
                c[place] = canonical(np.float32(c[place] + total))

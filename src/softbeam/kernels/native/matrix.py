"""The matrix product, GEMM.

GEMM is a library's kernel and not struck, so it has no machine code to follow; what it computes is
defined here, bit for bit: every element of A B is one chain of fused multiply-adds in float32 from
+0 over k = 0, 1, …, and is then added to C, a NaN becoming the GPU's canonical one.  An element
thus depends on its row of A and its column of B alone, which makes it exact to compute only the
columns, or only the rows, that a fault reaches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import jit
from softbeam.kernels.native.tile import PANEL, ROWS, WIDEST, copy_widest, tile

Floats = NDArray[np.float32]

#: Steps of k between two visits of a tile, so that its part of A stays in the second cache, or in
#: the first where a narrow tile needs it more often.
DEPTH = 512 if ROWS == PANEL else 192

#: Columns that are packed and multiplied together, so that they stay in the second cache.
CHUNK = 96


def padded_rows(m: int) -> int:
    """Return how many rows `m` rows take in packed form.

    Examples
    --------
    >>> padded_rows(64), padded_rows(1000)
    (64, 1024)
    """
    return -(-m // PANEL) * PANEL


@jit
def pack_rows(m, k, a, packed):
    """Lay out the `m` rows of `a` (m x k) by panels of 32 rows, for every k the panel's 32 values.

    `packed` has room for ``padded_rows(m) * k`` values; rows that `a` lacks are zeros.
    """
    for panel in range((m + PANEL - 1) // PANEL):
        for row in range(PANEL * panel, PANEL * (panel + 1)):
            place = panel * PANEL * k + row - PANEL * panel
            for step in range(k):
                packed[place + step * PANEL] = a[row * k + step] if row < m else np.float32(0.0)


@jit
def strips(count):
    """Return into how many strips of about equal width `count` packed columns are divided."""
    return (count + WIDEST - 1) // WIDEST


@jit
def strip(number, count):
    """Return the first column and the width of a strip of `count` packed columns.

    A strip holds for every k its columns' values, and begins at its first column times k.
    """
    parts = strips(count)
    base, more = count // parts, count % parts
    return number * base + min(number, more), base + (1 if number < more else 0)


@jit
def pack_columns(n, k, b, first, count, packed):
    """Lay out `count` neighbouring columns of `b` (k x n) in strips."""
    # A few rows of b at a time, so that their pages and cache lines serve every strip.
    for begin in range(0, k, 16):
        for number in range(strips(count)):
            start, width = strip(number, count)
            for step in range(begin, min(begin + 16, k)):
                place = start * k + step * width
                source = step * n + first + start
                if width == WIDEST:
                    copy_widest(b, source, packed, place)
                else:
                    for column in range(width):
                        packed[place + column] = b[source + column]


@jit
def multiply(m, k, a, count, b, out):
    """Write the product of packed rows and packed columns, column by column.

    Parameters
    ----------
    m, k : int
        Rows of A, and columns of A and rows of B.
    a, b : float32[:]
        A from :func:`pack_rows`; `count` columns of B in strips.
    out : float32[:]
        ``padded_rows(m)`` values a column.
    """
    panels = (m + PANEL - 1) // PANEL
    rows = panels * PANEL
    out[: count * rows] = 0
    for begin in range(0, k, DEPTH):
        depth = min(DEPTH, k - begin)
        for panel in range(panels):
            for row in range(0, PANEL, ROWS):
                for number in range(strips(count)):
                    start, width = strip(number, count)
                    tile(
                        width,
                        a,
                        (panel * k + begin) * PANEL + row,
                        b,
                        start * k + begin * width,
                        out,
                        start * rows + panel * PANEL + row,
                        rows,
                        depth,
                    )


@jit
def add_products(products, rows, count, n, first, c):
    """Add `count` columns of products, `rows` values each, to columns of `c` (m x n)."""
    for row in range(c.shape[0] // n):
        place = row * n + first
        for column in range(count):
            c[place + column] = canonical(
                np.float32(c[place + column] + products[column * rows + row])
            )


def chunks(n: int) -> Iterator[tuple[int, int]]:
    """Yield the first column and the number of columns of each chunk of `n` columns."""
    for first in range(0, n, CHUNK):
        yield first, min(CHUNK, n - first)


def scratch(m: int, n: int, k: int) -> tuple[Floats, Floats]:
    """Return room for a chunk's packed columns, with some more, and for its products."""
    across = min(n, CHUNK)
    return (
        np.empty(across * k + WIDEST, dtype=np.float32),
        np.empty(across * padded_rows(m), dtype=np.float32),
    )


# The parts above are compiled once each and joined in Python: Numba would compile them again into
# every caller.


def gemm_packed(m: int, n: int, k: int, a: Floats, b: Floats, c: Floats) -> None:
    """Add the product of packed rows `a` and of `b` (k x n) to `c` (m x n)."""
    packed, products = scratch(m, n, k)
    for first, count in chunks(n):
        pack_columns(n, k, b, first, count, packed)
        multiply(m, k, a, count, packed, products)
        add_products(products, padded_rows(m), count, n, first, c[: m * n])


def gemm(m: int, n: int, k: int, a: Floats, b: Floats, c: Floats) -> None:
    """Add the matrix product of `a` (m x k) and `b` (k x n) to `c` (m x n)."""
    packed = np.empty(padded_rows(m) * k, dtype=np.float32)
    pack_rows(m, k, a, packed)
    gemm_packed(m, n, k, packed, b, c)

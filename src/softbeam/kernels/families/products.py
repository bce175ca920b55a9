"""Matrix products: chains of fused multiply-adds, in order.

Those of a library have no machine code to follow and are defined here and in
:mod:`softbeam.kernels.native.matrix`; those of the SGEMM kernels leave the same bits.  Each element
is one chain, from the first step to the last, and is added to C once; which elements are computed
side by side decides no bit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import as_strided

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import callee, entry_point, jit
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.hardened import base_of
from softbeam.kernels.native.matrix import Floats, gemm
from softbeam.kernels.products import TILES, Product, product_of
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored


@callee
def add_filters(filters, k, a, first, column, c, place, step_between):
    """Add the products of some filters, from ``a[first]`` on, and one column to words of `c`."""
    zero = np.float32(0.0)
    for row in range(0, filters, 4):
        # Four chains at once, for each step waits for the one before; a filter that is not there
        # is the last one again.
        at = first + row * k
        at_1 = first + min(row + 1, filters - 1) * k
        at_2 = first + min(row + 2, filters - 1) * k
        at_3 = first + min(row + 3, filters - 1) * k
        total, total_1, total_2, total_3 = zero, zero, zero, zero
        for step in range(k):
            value = column[step]
            total = fma_rn(a[at + step], value, total)
            total_1 = fma_rn(a[at_1 + step], value, total_1)
            total_2 = fma_rn(a[at_2 + step], value, total_2)
            total_3 = fma_rn(a[at_3 + step], value, total_3)
        totals = (total, total_1, total_2, total_3)
        for more in range(min(4, filters - row)):
            word = place + (row + more) * step_between
            c[word] = canonical(np.float32(c[word] + totals[more]))


@jit
def gemm_local(filters, locations, k, a, b, c):
    """Add to `c` (filters x locations) each location's filters times its column of `b`."""
    column = np.empty(k, dtype=np.float32)
    for location in range(locations):
        for step in range(k):
            column[step] = b[step * locations + location]
        add_filters(filters, k, a, location * filters * k, column, c, location, locations)


@entry_point
def local_columns(a, places, columns, out):
    """Add to columns `out` of C what ``gemm_local`` adds at these locations: [columns, rows]."""
    filters, k = out.shape[1], columns.shape[1]
    for number in range(places.shape[0]):
        first = places[number] * filters * k
        add_filters(filters, k, a, first, columns[number], out[number], 0, 1)


@jit
def gemm_batched(count, m, n, k, a, b, c):
    """Add to each of `count` `c` (m x n) the product of its `a` (m x k) and `b` (k x n)."""
    totals = np.empty(n, dtype=np.float32)
    for product in range(count):
        for row in range(m):
            totals[:] = np.float32(0.0)
            for step in range(k):
                weight = a[(product * m + row) * k + step]
                first = (product * k + step) * n
                for column in range(n):
                    totals[column] = fma_rn(weight, b[first + column], totals[column])
            first = (product * m + row) * n
            for column in range(n):
                c[first + column] = canonical(np.float32(c[first + column] + totals[column]))


def sgemm(
    count: int, m: int, n: int, k: int,
    a: Floats, lead_a: int, b: Floats, lead_b: int, c: Floats, lead_c: int,
    skip_a: int, skip_b: int, skip_c: int,
) -> None:  # fmt: skip
    """Compute what each of the SGEMM kernels computes."""
    sizes = (count, m, n, k, None, None, None)
    product = Product(*sizes, lead_a, lead_b, lead_c, skip_a, skip_b, skip_c)
    if product.is_single:
        gemm(m, n, k, a, b, c)
    elif product.is_dense:
        gemm_batched(count, m, n, k, a, b, c)
    elif product.is_local:
        gemm_local(m, count, k, a, b, c)
    else:
        for number in range(count):
            left = _matrix(a[number * skip_a :], m, k, lead_a)
            right = _matrix(b[number * skip_b :], k, n, lead_b)
            into = _matrix(c[number * skip_c :], m, n, lead_c)
            out = into.ravel()
            gemm(m, n, k, left.ravel(), right.ravel(), out)
            into[:] = out.reshape(m, n)


def _matrix(words: Floats, rows: int, columns: int, lead: int) -> Floats:
    step = words.itemsize
    # A view behind the end would not be noticed.
    assert (rows - 1) * lead + columns <= words.size
    return as_strided(words, (rows, columns), (lead * step, step))


def owner(arguments: Arguments, word: int) -> int:
    """Return the thread that stores a word of C."""
    product, tile = product_of(arguments), TILES[base_of(arguments.kernel)]
    assert product is not None
    element = product.element(word)
    if element is None:
        return NOBODY
    number, row, column = element
    across, up, _ = tile.grid(product.m, product.n)
    block = column // tile.columns + across * (row // tile.rows + up * number)
    return tile.threads * block + tile.thread_of(row, column)


def _stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the words of C."""
    one = product_of(arguments)
    assert one is not None
    pointer = "C" if base_of(arguments.kernel) in TILES else "c"
    return (Stored(pointer, (one.count, one.m, one.n), (one.skip_c, one.lead_c, 1)),)


FAMILY: Mapping[str, Behaviour] = {
    "gemm": Behaviour(gemm, stored=_stored),
    "gemm_local": Behaviour(gemm_local, stored=_stored),
    "gemm_batched": Behaviour(gemm_batched, stored=_stored),
    **{kernel: Behaviour(sgemm, owner=owner, stored=_stored) for kernel in TILES},
}

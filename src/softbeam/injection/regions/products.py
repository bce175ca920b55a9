"""The rules of the matrix products, of a library's and of the SGEMM kernels.

In a product C[i, j] depends on row i of A, column j of B and its own value, and is the same chain
of fused multiply-adds whatever else is computed (:mod:`softbeam.kernels.native.matrix`).  Changed
columns of B or C give the same columns of C; changed rows of A give rows of C.

Of many products one below the other, a changed column of all B gives the same column of all C.  Of
products for locations, column j of C depends on column j of B and on the filters of location j
alone.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns, Floats, Places, Windows, Words
from softbeam.injection.native import columns as jitted
from softbeam.injection.regions.step import Map, NotCoveredError, Result, Step
from softbeam.kernels.families.products import gemm_batched, local_columns
from softbeam.kernels.native.matrix import pack_columns, pack_rows, padded_rows
from softbeam.kernels.products import Product


def product_rule(step: Step) -> Result:
    """Compute what changes in C, by the way in which the products lie."""
    product = step.launch.product
    assert product is not None
    if product.is_single:
        return single_rule(step, product)
    if product.is_dense:
        return batched_rule(step, product)
    if product.is_local:
        return local_rule(step, product)
    raise NotCoveredError


def single_rule(step: Step, product: Product) -> Result:
    """One product: columns whose column of B or of C changed, and rows whose row of A changed."""
    c = step.map(product.c, product.m, product.n)
    of_c = step.changed(c)
    result = _changed_columns(step, product, c, of_c)
    rows = _changed_rows(step, product)
    if rows.size:
        result = _with_rows(step, product, result, rows, c, of_c)
    return {c.buffer: step.written(c, result)}


def _changed_columns(step: Step, product: Product, c: Map, of_c: Columns) -> Columns:
    """Return the columns of C that change with golden A."""
    pointer, n, k = product.b, product.n, product.k
    packed = step.golden.packed(step.launch.index)
    change = step.changes.get(pointer.buffer)
    if isinstance(change, Windows) and not of_c.places.size and _is_matrix(change, k, n):
        if pointer.word:
            raise NotCoveredError
        out = _columns_before(step, c, change.places, of_c)
        change.add_product(packed, out)
        return Columns(n, change.places, out)
    b = step.map(pointer, k, n, prefix=True)
    of_b = step.changed(b)
    places = np.union1d(of_b.places, of_c.places)
    out = _columns_before(step, c, places, of_c)
    Columns(n, places, step.columns(b, places, of_b)).add_product(packed, out)
    return Columns(n, places, out)


def _is_matrix(windows: Windows, rows: int, stride: int) -> bool:
    g = windows.geometry
    return (windows.values.shape[1] * g.size**2, g.height_out * g.width_out) == (rows, stride)


def _columns_before(step: Step, c: Map, places: Places, changed: Columns) -> Floats:
    """Return columns of C before the launch, which as a rule was filled with zeros."""
    if not changed.places.size and step.golden.is_zero(c.buffer, step.launch.index):
        return np.zeros((places.size, c.rows), np.float32)
    return step.columns(c, places, changed)


def _changed_rows(step: Step, product: Product) -> Places:
    """Return the rows of A that hold changed weights."""
    pointer, m, k = product.a, product.m, product.k
    change = step.changes.get(pointer.buffer)
    if change is None:
        return np.zeros(0, np.int64)
    if not isinstance(change, Words):
        raise NotCoveredError
    rows: Places = np.unique((change.indexes - pointer.word) // k)
    rows = rows[(rows >= 0) & (rows < m)]
    if 2 * rows.size > m:
        raise NotCoveredError
    return rows


def _with_rows(
    step: Step, product: Product, columns: Columns, rows: Places, c: Map, of_c: Columns
) -> Columns:
    """Return all columns of C, with those given and with some rows computed from changed A."""
    n, k, every = c.stride, product.k, np.arange(c.stride)
    weights, right = product.a, product.b
    a = step.contents(weights.buffer)[weights.word : weights.word + c.rows * k]
    b = step.contents(right.buffer)[right.word :].view(np.float32)
    packed = np.empty(padded_rows(rows.size) * k, dtype=np.float32)
    pack_rows(rows.size, k, a.reshape(-1, k)[rows].reshape(-1).view(np.float32), packed)
    out = np.ascontiguousarray(_columns_before(step, c, every, of_c)[:, rows])
    jitted.multiply_packed(
        packed, k, out, lambda first, count, into: pack_columns(n, k, b, first, count, into)
    )
    golden = step.golden.part(c.buffer, step.launch.index + 1, *c.span).view(np.float32)
    values = np.empty((n, c.rows), dtype=np.float32)
    jitted.gather(golden, n, every, values)
    values[columns.places] = columns.values
    values[:, rows] = out
    return Columns(n, every, values)


def batched_rule(step: Step, product: Product) -> Result:
    """Products one below the other: columns whose column of B or of C changed."""
    count, m, n, k = product.count, product.m, product.n, product.k
    c, places, left, right, before = _columns(step, product, n, count * k, count * m)
    # The twin on matrices of these columns alone.
    out = np.ascontiguousarray(before.T)
    columns = np.ascontiguousarray(right.T)
    gemm_batched(count, m, places.size, k, left, columns.reshape(-1), out.reshape(-1))
    values = np.ascontiguousarray(out.T)
    return {c.buffer: step.written(c, Columns(n, places, values))}


def local_rule(step: Step, product: Product) -> Result:
    """Products for locations: those whose column of B or of C changed."""
    locations, filters, k = product.count, product.m, product.k
    c, places, left, right, out = _columns(step, product, locations, k, filters)
    local_columns(left, places, right, out)
    return {c.buffer: step.written(c, Columns(locations, places, out))}


def _columns(
    step: Step, product: Product, n: int, b_rows: int, c_rows: int
) -> tuple[Map, Places, Floats, Floats, Floats]:
    """Return C, which of its columns change, all of A, and these columns of B and, before, of C."""
    weights = product.a
    if weights.buffer in step.changes:
        raise NotCoveredError
    b = step.map(product.b, b_rows, n, prefix=True)
    c = step.map(product.c, c_rows, n)
    of_b, of_c = step.changed(b), step.changed(c)
    places = np.union1d(of_b.places, of_c.places)
    left = step.before(weights.buffer)[weights.word :].view(np.float32)
    right = step.columns(b, places, of_b)
    return c, places, left, right, _columns_before(step, c, places, of_c)

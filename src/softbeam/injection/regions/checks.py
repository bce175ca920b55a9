"""The rules of the checks of products and convolutions.

What a check leaves of a column of C depends on that column, on the column of B (for a convolution
the pixels of its window) and on what is the same for all columns: the weights and what the check
knows of them.  So columns are checked that changed, or of which a word of B did, and those that
differ from the sums by too much are computed again; every other column is golden.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from softbeam.injection.changes import BufferChange, Columns, Floats, Places, difference
from softbeam.injection.regions.step import Map, NotCoveredError, Result, Step
from softbeam.injection.regions.windows import reached
from softbeam.kernels.families.checks import Numbers, columns_of, different_columns
from softbeam.kernels.native.matrix import pack_rows, padded_rows
from softbeam.kernels.native.windows import Windows, window_pixels

#: By the columns of C that changed: all columns to check, the pixels that they are made of, and
#: which of these lies where in each column's window.
Found = tuple[Places, Floats, Numbers]


def check_product_rule(step: Step) -> Result:
    """Check the columns of C that changed, or whose column of B did."""
    a = step.arguments
    b = step.map(a.B, a.K, a.N, prefix=True)
    of_b = step.changed(b)

    def found(of_c: Places) -> Found:
        places = np.union1d(of_b.places, of_c)
        numbers = np.arange(places.size, dtype=np.int32)[:, None]
        return places, step.columns(b, places, of_b), numbers

    return _checked(step, a.K, found)


def check_convolution_rule(step: Step) -> Result:
    """Check the columns of C that changed, or a pixel of whose window did."""
    a = step.arguments
    image = step.map(a.im, a.channels, a.height * a.width)
    changed = step.changed(image)
    pixels = window_pixels(Windows.of(a, a.N // a.width_col, a.width_col))

    def found(of_c: Places) -> Found:
        places = np.union1d(reached(pixels, changed), of_c)
        needed, numbers = np.unique(pixels[places], return_inverse=True)
        inside = needed[needed >= 0].astype(np.int64)
        kept = np.isin(changed.places, inside)
        seen = Columns(changed.stride, changed.places[kept], changed.values[kept])
        # Pixels outside, if there are any, are the first of those needed: -1.
        numbers = numbers.reshape(-1, pixels.shape[1]) - (needed.size - inside.size)
        return places, step.columns(image, inside, seen), numbers.astype(np.int32)

    return _checked(step, a.channels * a.kernel_h * a.kernel_w, found)


def _checked(step: Step, k: int, find: Callable[[Places], Found]) -> Result:
    """Return what a check leaves of C and of its report."""
    a = step.arguments
    if not step.changes.keys().isdisjoint((a.A.buffer, a.CHECK.buffer)):
        raise NotCoveredError
    c = step.map(a.C, a.M, a.N)
    of_c = step.changed(c)
    places, values, numbers = find(of_c.places)
    rows = step.columns(c, places, of_c)
    check = step.before(a.CHECK.buffer)[a.CHECK.word :].view(np.float32)
    different = np.flatnonzero(
        different_columns(values, numbers, rows, check, a.TOLERANCE, a.SHARE)
    )
    corrected = 0
    if different.size:
        exact = np.zeros((different.size, a.M), np.float32)
        again = Columns(a.N, places[different], columns_of(values, numbers[different]))
        again.add_product(_packed(step, k), exact)
        wrong = (exact.view(np.uint32) != rows[different].view(np.uint32)).any(axis=1)
        rows[different], corrected = exact, int(wrong.sum())
    left = Columns(a.N, places, rows).shrunk(_after(step, c))
    return {c.buffer: step.written(c, left), a.REPORT.buffer: _reported(step, corrected)}


def _after(step: Step, c: Map) -> np.ndarray:
    return step.golden.part(c.buffer, step.launch.index + 1, *c.span)


def _packed(step: Step, k: int) -> Floats:
    """Return the weights as the product before the check has packed them."""
    a, before = step.arguments, step.launch.index - 1
    product = step.golden.plan.launches[before].product
    if product is not None and (product.a, product.m, product.k) == (a.A, a.M, k):
        return step.golden.packed(before)
    weights = step.before(a.A.buffer)[a.A.word :].view(np.float32)
    packed = np.empty(padded_rows(a.M) * k, dtype=np.float32)
    pack_rows(a.M, k, weights, packed)
    return packed


def _reported(step: Step, corrected: int) -> BufferChange | None:
    """Return what differs of the report once so many columns more are counted."""
    report = step.arguments.REPORT
    words = step.contents(report.buffer).copy()
    words[report.word + 1] += np.uint32(corrected)
    return difference(words, step.after(report.buffer))

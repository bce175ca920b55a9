"""Checks of products and convolutions by the sums of their columns, and their correction.

A check compares the sum of a column of C with the sum that B's column and the sums of A's columns
give.  Where they differ by more than rounding explains, the column is computed again, each element
as one chain of fused multiply-adds in the order of the product (:mod:`.products`), and what differs
is stored.  Within a sum the order is that of ``check.cu``: runs of sixteen words in single
precision, rows in a tree and channels in a chain, added up in double precision by each of the lanes
that share the column, and then lane by lane.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.arithmetic import fma64_rn, fma_rn
from softbeam.jit import callee, entry_point, jit
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.checks import HEAD, RUN
from softbeam.kernels.families.products import local_columns
from softbeam.kernels.native.matrix import Floats
from softbeam.kernels.native.windows import Windows, window_pixels
from softbeam.kernels.signatures import Arguments

Numbers = NDArray[np.int32]


@callee
def _quarter(rows, column, first):
    """Return the sum of every fourth row of a run, zeros behind the last row."""
    zero, count = np.float32(0.0), rows.shape[1]
    one = rows[column, first] if first < count else zero
    other = rows[column, first + 8] if first + 8 < count else zero
    third = rows[column, first + 4] if first + 4 < count else zero
    fourth = rows[column, first + 12] if first + 12 < count else zero
    return np.float32(np.float32(one + other) + np.float32(third + fourth))


@callee
def _add_rows(rows, column, part, lanes):
    """Return the sum of those rows of a column that one of its lanes adds."""
    total = np.float64(0.0)
    for first in range(part * RUN, rows.shape[1], lanes * RUN):
        even = np.float32(_quarter(rows, column, first) + _quarter(rows, column, first + 2))
        odd = np.float32(_quarter(rows, column, first + 1) + _quarter(rows, column, first + 3))
        total += np.float64(np.float32(even + odd))
    return total


@callee
def _take_channels(difference, squares, values, slot, check, at, part, lanes):
    """Take away what the channels of a pixel give that one lane of a column multiplies."""
    channels = values.shape[1]
    for first in range(part * RUN, channels, lanes * RUN):
        chain = np.float32(0.0)
        for channel in range(first, min(first + RUN, channels)):
            value = values[slot, channel]
            chain = fma_rn(check[at + channel], value, chain)
            squares = fma_rn(value, value, squares)
        difference -= np.float64(chain)
    return difference, squares


@jit
def column_sums(values, numbers, rows, check, share, differences, squares):
    """Write by column how its two sums differ, and the sum of the squares of what is multiplied.

    Parameters
    ----------
    values : float32[pixels, channels]
        What is multiplied; of a product the columns of B are the pixels.
    numbers : int32[columns, places]
        Which pixel lies at each place of a column's window, -1 outside the image.
    rows : float32[columns, rows]
        Columns of C.
    check : float32[:]
        As the check kernels know the weights.
    share : int
        Two to its power is how many lanes share a column.
    differences : float64[columns]
        Written: the sum of C's column less that of the products.
    squares : float32[columns]
        Written.
    """
    lanes = 1 << share
    padded = (values.shape[1] + 3) // 4 * 4
    of_lane, squares_of = np.empty(lanes, dtype=np.float64), np.empty(lanes, dtype=np.float32)
    for column in range(rows.shape[0]):
        for part in range(lanes):
            difference, total = _add_rows(rows, column, part, lanes), np.float32(0.0)
            for place in range(numbers.shape[1]):
                slot = numbers[column, place]
                if slot >= 0:
                    difference, total = _take_channels(
                        difference, total, values, slot, check, HEAD + place * padded, part, lanes
                    )
            of_lane[part], squares_of[part] = difference, total
        width = 1
        while width < lanes:
            for part in range(0, lanes, 2 * width):
                of_lane[part] += of_lane[part + width]
                squares_of[part] = np.float32(squares_of[part] + squares_of[part + width])
            width *= 2
        differences[column], squares[column] = of_lane[0], squares_of[0]


@entry_point
def mark_different(differences, squares, check, tolerance, different):
    """Mark the columns whose sums differ by more than rounding explains, or are no numbers."""
    times = np.float64(fma_rn(tolerance, check[0], check[1]))
    for column in range(differences.shape[0]):
        norm = np.float64(np.float32(squares[column] + check[3]))
        allowed = fma64_rn(times * times, norm, np.float64(check[2]))
        found = differences[column]
        different[column] = not found * found <= allowed


def different_columns(
    values: Floats, numbers: Numbers, rows: Floats, check: Floats, tolerance: float, share: int
) -> NDArray[np.bool_]:
    """Return which columns a check finds to differ; parameters as of :func:`column_sums`."""
    columns = rows.shape[0]
    differences, squares = np.empty(columns, np.float64), np.empty(columns, np.float32)
    column_sums(values, numbers, rows, check, share, differences, squares)
    different = np.empty(columns, dtype=np.bool_)
    mark_different(differences, squares, check, np.float32(tolerance), different)
    return different


def columns_of(values: Floats, numbers: Numbers) -> Floats:
    """Return columns as a product multiplies them: float32[columns, k], channel by channel."""
    laid = np.zeros((numbers.shape[0], numbers.shape[1], values.shape[1]), np.float32)
    inside = numbers >= 0
    laid[inside] = values[numbers[inside]]
    return np.ascontiguousarray(laid.transpose(0, 2, 1)).reshape(numbers.shape[0], -1)


def _check(
    values: Floats, numbers: Numbers, m: int, a: Floats, c: Floats, check: Floats,
    tolerance: float, share: int, report: NDArray[np.uint32],
) -> None:  # fmt: skip
    """Check all columns of C, correct those that differ, and count them."""
    n = numbers.shape[0]
    rows = np.ascontiguousarray(c[: m * n].reshape(m, n).T)
    different = np.flatnonzero(different_columns(values, numbers, rows, check, tolerance, share))
    if not different.size:
        return
    exact = np.zeros((different.size, m), np.float32)
    columns = columns_of(values, numbers[different])
    local_columns(a, np.zeros(different.size, np.int64), columns, exact)
    wrong = (exact.view(np.uint32) != rows[different].view(np.uint32)).any(axis=1)
    c[: m * n].reshape(m, n)[:, different] = exact.T
    report[1] += np.uint32(wrong.sum())


def check_product(
    m: int, n: int, k: int, a: Floats, b: Floats, c: Floats, check: Floats, tolerance: float,
    share: int, report: NDArray[np.uint32],
) -> None:  # fmt: skip
    """Compute what ``check_product`` computes: B has k rows of n words."""
    values = np.ascontiguousarray(b[: k * n].reshape(k, n).T)
    numbers = np.arange(n, dtype=np.int32)[:, None]
    _check(values, numbers, m, a, c, check, tolerance, share, report)


def check_convolution(
    m: int, n: int, channels: int, a: Floats, im: Floats, c: Floats, height: int, width: int,
    kernel_h: int, kernel_w: int, pad_h: int, pad_w: int, stride_h: int, stride_w: int,
    dilation_h: int, dilation_w: int, width_col: int, check: Floats, tolerance: float, share: int,
    report: NDArray[np.uint32],
) -> None:  # fmt: skip
    """Compute what ``check_convolution`` computes."""
    area = height * width
    values = np.ascontiguousarray(im[: channels * area].reshape(channels, area).T)
    windows = Windows(
        height, width, (kernel_h, kernel_w), (pad_h, pad_w), (stride_h, stride_w),
        (dilation_h, dilation_w), (n // width_col, width_col),
    )  # fmt: skip
    _check(values, window_pixels(windows), m, a, c, check, tolerance, share, report)


def _nobody(arguments: Arguments, word: int) -> int:
    """Return that no thread stores a word of C where there is no fault."""
    return NOBODY


FAMILY: Mapping[str, Behaviour] = {
    "check_product": Behaviour(check_product, owner=_nobody),
    "check_convolution": Behaviour(check_convolution, owner=_nobody),
}

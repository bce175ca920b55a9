"""Columns of feature maps: what launches compute of the few columns that a fault changed.

A feature map, rows (channels) by places (pixels), is kept row after row; here a few of its columns
lie one after the other instead, each with the values of all rows, as float32[columns, rows].  What
a function computes of a column is what the kernel's twin computes of it, bit for bit.  Which
columns a launch must compute is in :mod:`softbeam.injection.regions`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import entry_point, jit
from softbeam.kernels.native.matrix import chunks, multiply, padded_rows, scratch, strip, strips
from softbeam.kernels.native.tile import WIDEST, gather_widest

Floats = NDArray[np.float32]


@entry_point
def gather(whole, stride, places, columns):
    """Copy the columns at `places` of a map of `stride` columns to `columns`."""
    for row in range(columns.shape[1]):
        for number in range(places.shape[0]):
            columns[number, row] = whole[row * stride + places[number]]


@entry_point
def scatter(columns, stride, places, whole):
    """Copy columns to their `places` in a map of `stride` columns."""
    for row in range(columns.shape[1]):
        for number in range(places.shape[0]):
            whole[row * stride + places[number]] = columns[number, row]


@entry_point
def differing(columns, stride, places, whole, differs):
    """Say of each column whether any of its bits (uint32) is not as in `whole`."""
    for number in range(places.shape[0]):
        differs[number] = False
        for row in range(columns.shape[1]):
            if columns[number, row] != whole[row * stride + places[number]]:
                differs[number] = True
                break


@entry_point
def windows_over(places, height, width, size, stride, start, height_out, width_out, marked):
    """Mark every window that holds any of `places`.

    Window (i, j) holds the pixels from (start + i * stride, start + j * stride) on, `size` along
    both edges.
    """
    for number in range(places.shape[0]):
        place = places[number]
        row, column = place // width - start, place % width - start
        for i in range(size):
            window_row = row - i
            if window_row < 0 or window_row % stride or window_row // stride >= height_out:
                continue
            for j in range(size):
                window_column = column - j
                if window_column < 0 or window_column % stride:
                    continue
                if window_column // stride < width_out:
                    marked[window_row // stride * width_out + window_column // stride] = True


@jit
def neighbourhood(columns, places, whole, height, width, size, stride, start, windows, width_out):
    """Return every column that some windows need, changed and unchanged ones.

    Parameters
    ----------
    columns, places
        The changed columns.
    whole
        The map with the others.
    height, width, size, stride, start, width_out
        As for :func:`windows_over`.
    windows
        Places of the windows.

    Returns
    -------
    columns : float32[columns, rows]
        The changed columns, behind them the others, and last one of zeros.
    slots : int32[height * width]
        Number of each place's column, -1 where it is not needed.
    """
    slots = np.full(height * width, -1, dtype=np.int32)
    changed, rows = columns.shape
    for number in range(changed):
        slots[places[number]] = number
    others = np.empty(height * width, dtype=np.int64)
    count = 0
    for window in windows:
        top = start + window // width_out * stride
        left = start + window % width_out * stride
        for row in range(max(top, 0), min(top + size, height)):
            for column in range(max(left, 0), min(left + size, width)):
                place = row * width + column
                if slots[place] < 0:
                    slots[place] = changed + count
                    others[count] = place
                    count += 1
    every = np.empty((changed + count + 1, rows), dtype=np.float32)
    for number in range(changed):
        for channel in range(rows):
            every[number, channel] = columns[number, channel]
    for channel in range(rows):
        for number in range(count):
            every[changed + number, channel] = whole[channel * height * width + others[number]]
        every[changed + count, channel] = 0
    return every, slots


@jit
def pack_windows(
    columns, slots, height, width, size, stride, start, windows, width_out, first, count, packed
):
    """Lay out `count` columns of im2col's matrix, the windows from the `first` on, in strips.

    Row (channel * size + i) * size + j of a column is pixel (i, j) of its window, zero outside.
    `packed` has ``WIDEST`` values of room behind the strips: a strip's rows are written as if it
    were of the greatest width, and each writes over what the one before wrote too much.
    """
    channels, nothing = columns.shape[1], columns.shape[0] - 1
    k = channels * size * size
    flat = columns.reshape(-1)
    places = np.empty(size * size * WIDEST, dtype=np.int64)
    for number in range(strips(count)):
        begin, across = strip(number, count)
        for lane in range(WIDEST):
            window = windows[first + begin + min(lane, across - 1)]
            top = start + window // width_out * stride
            left = start + window % width_out * stride
            for i in range(size):
                for j in range(size):
                    slot = np.int64(nothing)
                    if 0 <= top + i < height and 0 <= left + j < width:
                        slot = np.int64(slots[(top + i) * width + left + j])
                    places[(i * size + j) * WIDEST + lane] = slot * channels
        place = begin * k
        for channel in range(channels):
            for pixel in range(size * size):
                gather_widest(flat, places, pixel * WIDEST, channel, packed, place)
                place += across


@jit
def pack_gathered(columns, first, count, packed):
    """Lay out `count` columns from the `first` on in strips, as :func:`pack_windows` does."""
    k = columns.shape[1]
    flat = columns.reshape(-1)
    places = np.empty(WIDEST, dtype=np.int64)
    for number in range(strips(count)):
        begin, across = strip(number, count)
        for lane in range(WIDEST):
            places[lane] = (first + begin + min(lane, across - 1)) * k
        place = begin * k
        for row in range(k):
            gather_widest(flat, places, 0, row, packed, place)
            place += across


@entry_point
def add_to_columns(products, rows, count, columns, first):
    """Add `count` columns of products, `rows` values each, to columns, as ``gemm`` adds to C."""
    for number in range(count):
        for row in range(columns.shape[1]):
            columns[first + number, row] = canonical(
                np.float32(columns[first + number, row] + products[number * rows + row])
            )


@entry_point
def lay_out_windows(columns, slots, height, width, size, stride, start, windows, width_out, out):
    """Write im2col's columns of some windows, each with all its rows."""
    for number in range(windows.shape[0]):
        top = start + windows[number] // width_out * stride
        left = start + windows[number] % width_out * stride
        position = 0
        for channel in range(columns.shape[1]):
            for row in range(top, top + size):
                for column in range(left, left + size):
                    value = np.float32(0.0)
                    if 0 <= row < height and 0 <= column < width:
                        value = columns[slots[row * width + column], channel]
                    out[number, position] = value
                    position += 1


def multiply_packed(
    a: Floats, k: int, out: Floats, pack: Callable[[int, int, Floats], None]
) -> None:
    """Add the product of packed rows and of columns to the columns `out`.

    Parameters
    ----------
    a : numpy.ndarray of float32
        The rows of A, packed.
    k : int
        Columns of A.
    out : numpy.ndarray of float32, [columns, rows]
        Changed in place.
    pack : callable
        Lays out so many columns of B, from a first one on, in strips: ``pack(first, count, into)``.
    """
    n, m = out.shape
    packed, products = scratch(m, n, k)
    for first, count in chunks(n):
        pack(first, count, packed)
        multiply(m, k, a, count, packed, products)
        add_to_columns(products, padded_rows(m), count, out, first)

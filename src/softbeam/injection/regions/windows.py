"""Rules of the kernels that look at windows of a feature map.

An output word depends on its window; the windows that hold a changed pixel are computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import Columns, Geometry, Places, Windows
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.families.windows import average_columns, pool_columns
from softbeam.kernels.native.windows import Windows as AnyWindows
from softbeam.kernels.native.windows import window_pixels


def im2col_rule(step: Step) -> Result:
    """im2col: its columns are windows of the input; they are not laid out here."""
    a = step.arguments
    return _squares(step, a.ksize, a.stride, a.pad)


def _squares(step: Step, size: int, stride: int, pad: int) -> Result:
    """Return square windows without gaps that hold a changed pixel."""
    a = step.arguments
    area = a.height_col * a.width_col
    channels = a.n // area
    source = step.map(a.im, channels, a.height * a.width)
    target = step.map(a.col, channels * size**2, area, prefix=True)
    if not target.whole:
        raise NotCoveredError
    changed = step.changed(source)
    geometry = Geometry(a.height, a.width, size, stride, -pad, a.height_col, a.width_col)
    windows = Windows.of(changed, step.golden_map(source), geometry)
    return {target.buffer: windows if windows.places.size else None}


def im2col_ext_rule(step: Step) -> Result:
    """im2col_ext: the columns of the windows that hold a changed pixel."""
    a = step.arguments
    square = (a.kernel_h, a.stride_h, a.pad_h)
    if square == (a.kernel_w, a.stride_w, a.pad_w) and a.dilation_h == a.dilation_w == 1:
        return _squares(step, *square)
    area, window = a.height_col * a.width_col, a.kernel_h * a.kernel_w
    channels = a.n // area
    source = step.map(a.im, channels, a.height * a.width)
    target = step.map(a.col, channels * window, area, prefix=True)
    if not target.whole:
        raise NotCoveredError
    changed = step.changed(source)
    pixels = window_pixels(AnyWindows.of(a, a.height_col, a.width_col))
    places, needed, numbers = _reached(pixels, changed)
    inside = needed[needed >= 0]
    kept = np.isin(changed.places, inside)
    seen = Columns(changed.stride, changed.places[kept], changed.values[kept])
    read = step.columns(source, inside, seen)
    if inside.size < needed.size:
        read = np.concatenate([np.zeros((1, channels), np.float32), read])
    values = read[numbers].transpose(0, 2, 1)
    laid = np.ascontiguousarray(values).reshape(places.size, channels * window)
    return {target.buffer: step.written(target, Columns(area, places, laid))}


def reached(pixels: NDArray[np.int32], changed: Columns) -> Places:
    """Return the windows that hold a changed pixel."""
    marked = np.zeros(changed.stride + 1, dtype=np.bool_)
    marked[changed.places] = True
    return np.flatnonzero(marked[pixels].any(axis=1))


def _reached(pixels: NDArray[np.int32], changed: Columns) -> tuple[Places, Places, Places]:
    """Return windows that hold a changed pixel, their pixels, and each place's number of these."""
    places = reached(pixels, changed)
    needed, numbers = np.unique(pixels[places], return_inverse=True)
    return places, needed.astype(np.int64), numbers.reshape(places.size, pixels.shape[1])


def pool_window_rule(step: Step) -> Result:
    """pool_window: the largest, or the average, of the windows that hold a changed pixel."""
    a = step.arguments
    area = a.height_out * a.width_out
    channels = a.n // area
    source = step.map(a.input, channels, a.height * a.width)
    target = step.map(a.output, channels, area)
    changed = step.changed(source)
    windows = AnyWindows.of(a, a.height_out, a.width_out)
    places, needed, numbers = _reached(window_pixels(windows), changed)
    inside = needed[needed >= 0]
    kept = np.isin(changed.places, inside)
    seen = Columns(changed.stride, changed.places[kept], changed.values[kept])
    read = step.columns(source, inside, seen)
    counted = [
        ((along >= first) & (along < behind)).sum(axis=1)
        for along, first, behind in (
            (windows.along(0), a.top, a.bottom),
            (windows.along(1), a.left, a.right),
        )
    ]
    divisors = np.multiply.outer(*counted).reshape(-1)[places]
    out = np.empty((places.size, channels), dtype=np.float32)
    # Pixels outside, if there are any, are the first of those needed: -1.
    pool_columns(read, numbers - (needed.size - inside.size), bool(a.average), divisors, out)
    return {target.buffer: step.written(target, Columns(area, places, out))}


def maxpool_rule(step: Step) -> Result:
    """maxpool: the largest of each window; nothing reads its indexes in inference."""
    a = step.arguments
    indexes = a.indexes.buffer
    if indexes in step.live:
        raise NotCoveredError
    across = [(length + a.pad - a.size) // a.stride + 1 for length in (a.in_h, a.in_w)]
    source = step.map(a.input, a.in_c, a.in_h * a.in_w)
    target = step.map(a.output, a.in_c, across[0] * across[1])
    geometry = Geometry(a.in_h, a.in_w, a.size, a.stride, -(a.pad // 2), *across)
    windows = Windows.of(step.changed(source), step.golden_map(source), geometry)
    return {target.buffer: step.written(target, windows.largest()), indexes: None}


def avgpool_rule(step: Step) -> Result:
    """avgpool: the mean of each channel; those of all channels are one column."""
    a = step.arguments
    if a.n != a.c:
        raise NotCoveredError
    source, target = step.map(a.input, a.c, a.w * a.h), step.map(a.output, a.c, 1)
    pixels = step.columns(source, np.arange(a.w * a.h), step.changed(source))
    means = np.empty((1, a.c), dtype=np.float32)
    average_columns(pixels, means[0])
    return {target.buffer: step.written(target, Columns(1, np.zeros(1, np.int64), means))}

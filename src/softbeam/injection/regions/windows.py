"""Rules of the kernels that look at windows of a feature map.

An output word depends on its window; the windows that hold a changed pixel are computed.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns, Geometry, Windows
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.families.windows import average_columns


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
    # The pixel of each place of each window, -1 outside the image.
    rows = np.arange(a.height_col)[:, None] * a.stride_h - a.pad_h
    rows = rows + np.arange(a.kernel_h) * a.dilation_h
    columns = np.arange(a.width_col)[:, None] * a.stride_w - a.pad_w
    columns = columns + np.arange(a.kernel_w) * a.dilation_w
    pixels = rows[:, None, :, None] * a.width + columns[None, :, None, :]
    outside = (rows < 0) | (rows >= a.height)
    beside = (columns < 0) | (columns >= a.width)
    pixels[outside[:, None, :, None] | beside[None, :, None, :]] = -1
    pixels = pixels.reshape(area, window)
    marked = np.zeros(a.height * a.width + 1, dtype=np.bool_)
    marked[changed.places] = True
    places = np.flatnonzero(marked[pixels].any(axis=1))
    needed, numbers = np.unique(pixels[places], return_inverse=True)
    inside = needed[needed >= 0]
    kept = np.isin(changed.places, inside)
    seen = Columns(changed.stride, changed.places[kept], changed.values[kept])
    read = step.columns(source, inside, seen)
    if inside.size < needed.size:
        read = np.concatenate([np.zeros((1, channels), np.float32), read])
    values = read[numbers.reshape(places.size, window)].transpose(0, 2, 1)
    laid = np.ascontiguousarray(values).reshape(places.size, channels * window)
    return {target.buffer: step.written(target, Columns(area, places, laid))}


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

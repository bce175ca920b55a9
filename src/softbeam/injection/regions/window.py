"""Rules of the kernels that look at windows of a feature map.

An output word depends on its window; the windows that hold a changed pixel are computed.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns, Geometry, Windows
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.native import columns as jitted


def im2col_rule(step: Step) -> Result:
    """im2col: its columns are windows of the input; they are not laid out here."""
    threads, height, width, size, pad, stride, rows_out, columns_out = (
        step.integer(number) for number in (0, 2, 3, 4, 5, 6, 7, 8)
    )
    channels = threads // (rows_out * columns_out)
    source = step.map(1, channels, height * width)
    target = step.map(9, channels * size**2, rows_out * columns_out, prefix=True)
    if not target.whole:
        raise NotCoveredError
    changed = step.changed(source)
    geometry = Geometry(height, width, size, stride, -pad, rows_out, columns_out)
    windows = Windows.of(changed, step.golden_map(source), geometry)
    return {target.buffer: windows if windows.places.size else None}


def maxpool_rule(step: Step) -> Result:
    """maxpool: the largest of each window; nothing reads its indexes in inference."""
    height, width, channels, stride, size, pad = (step.integer(number) for number in range(1, 7))
    indexes = step.pointer(9).buffer
    if indexes in step.live:
        raise NotCoveredError
    across = [(length + pad - size) // stride + 1 for length in (height, width)]
    source = step.map(7, channels, height * width)
    target = step.map(8, channels, across[0] * across[1])
    geometry = Geometry(height, width, size, stride, -(pad // 2), *across)
    windows = Windows.of(step.changed(source), step.golden_map(source), geometry)
    return {target.buffer: step.written(target, windows.largest()), indexes: None}


def avgpool_rule(step: Step) -> Result:
    """avgpool: the mean of each channel; those of all channels are one column."""
    width, height, channels = (step.integer(number) for number in (1, 2, 3))
    if step.integer(0) != channels:
        raise NotCoveredError
    source, target = step.map(4, channels, width * height), step.map(5, channels, 1)
    pixels = step.columns(source, np.arange(width * height), step.changed(source))
    means = np.empty((1, channels), dtype=np.float32)
    jitted.average_columns(pixels, means[0])
    return {target.buffer: step.written(target, Columns(1, np.zeros(1, np.int64), means))}

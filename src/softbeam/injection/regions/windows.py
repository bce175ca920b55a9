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
    area = a.height_col * a.width_col
    channels = a.n // area
    source = step.map(a.im, channels, a.height * a.width)
    target = step.map(a.col, channels * a.ksize**2, area, prefix=True)
    if not target.whole:
        raise NotCoveredError
    changed = step.changed(source)
    geometry = Geometry(a.height, a.width, a.ksize, a.stride, -a.pad, a.height_col, a.width_col)
    windows = Windows.of(changed, step.golden_map(source), geometry)
    return {target.buffer: windows if windows.places.size else None}


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

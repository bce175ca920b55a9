"""The rules of the kernels of which a word depends on its channel's parameters too.

Changed columns give the same columns; a changed parameter changes its channel, that is all columns.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.behaviour import Channelwise
from softbeam.kernels.families import compute


def channelwise_rule(step: Step, kernel: Channelwise) -> Result:
    """Apply a function of a word and its channel's parameters to changed columns."""
    arguments = step.arguments
    if kernel.images is not None and getattr(arguments, kernel.images) != 1:
        raise NotCoveredError
    rows, stride = getattr(arguments, kernel.channels), getattr(arguments, kernel.spatial)
    map_ = step.map(getattr(arguments, kernel.output), rows, stride)
    changed = step.changed(map_, shrink=False)
    pointers = [getattr(arguments, name) for name in kernel.parameters]
    places = changed.places
    if any(pointer.buffer in step.changes for pointer in pointers):
        places = np.arange(stride)
    values = step.columns(map_, places, changed)
    floats = [
        step.contents(pointer.buffer)[pointer.word : pointer.word + rows].view(np.float32)
        for pointer in pointers
    ]
    kernel.columns(values, *floats)
    return {map_.buffer: step.written(map_, Columns(stride, places, values))}


def scale_channels_rule(step: Step) -> Result:
    """scale_channels: a word depends on its own and on its channel's number, or its pixel's."""
    a = step.arguments
    if a.size != a.batch_size or a.size % a.channel_size:
        raise NotCoveredError
    rows, stride = a.size // a.channel_size, a.channel_size
    source, target = step.map(a.in_w_h_c, rows, stride), step.map(a.out, rows, stride)
    changed = step.changed(source)
    count = stride if a.scale_wh else rows
    part = slice(a.scales_c.word, a.scales_c.word + count)
    scales = step.contents(a.scales_c.buffer)[part]
    differs = np.flatnonzero(scales != step.before(a.scales_c.buffer)[part])
    if not a.scale_wh:
        # A channel's number is that of all its pixels.
        differs = np.arange(stride if differs.size else 0)
    places = np.union1d(changed.places, differs)
    values = step.columns(source, places, changed)
    numbers = scales.view(np.float32)
    out = np.empty_like(values)
    # The twin on a map whose pixels are the channels: the two kinds of numbers change roles.
    turned = a._replace(
        size=out.size,
        channel_size=rows,
        batch_size=max(out.size, 1),
        scale_wh=int(not a.scale_wh),
        in_w_h_c=values.reshape(-1),
        scales_c=numbers[places] if a.scale_wh else numbers,
        out=out.reshape(-1),
    )
    compute("scale_channels", turned)
    return {target.buffer: step.written(target, Columns(stride, places, out))}

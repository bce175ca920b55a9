"""The rule of the kernels of which a word depends on its channel's parameters too.

Changed columns give the same columns; a changed parameter changes its channel, that is all columns.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.behaviour import Channelwise


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

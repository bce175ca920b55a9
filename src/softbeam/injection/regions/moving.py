"""Rules of the kernels that move and join feature maps.

Every output word is an input word, or a function of one word of each input.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns, Windows, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.native.wiring import shortcut, upsample


def copy_rule(step: Step) -> Result:
    """copy: the same change in the other buffer, as many words on as the pointers say."""
    count, source, target = step.integer(0), step.pointer(1), step.pointer(4)
    steps = tuple(step.integer(number) for number in (2, 3, 5, 6))
    change, old = step.changes[source.buffer], step.changes.get(target.buffer)
    inside_one = source.buffer == target.buffer and abs(source.word - target.word) < count
    if steps != (0, 1, 0, 1) or inside_one or isinstance(change, Windows):
        raise NotCoveredError
    if isinstance(change, Words) and (old is None or isinstance(old, Words)):
        inside = (change.indexes >= source.word) & (change.indexes < source.word + count)
        indexes = change.indexes[inside] - source.word + target.word
        values = change.values[inside]
        if old is not None:
            outside = (old.indexes < target.word) | (old.indexes >= target.word + count)
            indexes = np.concatenate([indexes, old.indexes[outside]])
            values = np.concatenate([values, old.values[outside]])
        return {target.buffer: Words(indexes, values) if indexes.size else None}
    strides = [one.stride for one in (change, old) if isinstance(one, Columns)]
    if not strides or count % strides[0]:
        raise NotCoveredError
    rows, stride = count // strides[0], strides[0]
    changed = step.changed(step.map(1, rows, stride))
    return {target.buffer: step.written(step.map(4, rows, stride), changed)}


def shortcut_rule(step: Step) -> Result:
    """shortcut, of maps of the same height and width: a function of a word of each."""
    minw, minh, minc, stride, sample, batch, w1, h1 = (step.integer(n) for n in range(1, 9))
    w2, h2 = step.integer(11), step.integer(12)
    if (w1, h1) != (w2, h2) or (minw, minh, stride, sample, batch) != (w1, h1, 1, 1, 1):
        raise NotCoveredError
    added, own = step.map(10, minc, w1 * h1), step.map(16, minc, w1 * h1)
    of_added, of_own = step.changed(added), step.changed(own)
    places = np.union1d(of_added.places, of_own.places)
    other = step.columns(added, places, of_added)
    values = step.columns(own, places, of_own)
    size = values.size
    factors = (np.float32(step.number(14)), np.float32(step.number(15)))
    # The twin on maps of one pixel and a channel for every word.
    shortcut(
        size, 1, 1, size, 1, 1, 1, 1, 1, size, other.reshape(-1), 1, 1, size, *factors,
        values.reshape(-1),
    )  # fmt: skip
    return {own.buffer: step.written(own, Columns(own.stride, places, values))}


def upsample_rule(step: Step) -> Result:
    """upsample: a pixel is added to the square of pixels that it covers."""
    width, height, channels, batch, stride = (step.integer(number) for number in range(2, 7))
    if batch != 1 or step.integer(0) != width * height * channels * stride**2:
        raise NotCoveredError
    source = step.map(1, channels, width * height)
    target = step.map(8, channels, width * height * stride**2)
    changed, old = step.changed(source), step.changed(target)
    row, column = np.divmod(np.arange(target.stride), width * stride)
    covered_by = row // stride * width + column // stride
    marked = np.isin(covered_by, changed.places)
    marked[old.places] = True
    places = np.flatnonzero(marked)
    needed, numbers = np.unique(covered_by[places], return_inverse=True)
    pixels = step.columns(source, needed, changed)
    values = step.columns(target, places, old)
    size = values.size
    # The twin on maps of one pixel and a channel for every word.
    upsample(
        size, pixels[numbers].reshape(-1), 1, 1, size, 1, 1, np.float32(step.number(7)),
        values.reshape(-1),
    )  # fmt: skip
    return {target.buffer: step.written(target, Columns(target.stride, places, values))}

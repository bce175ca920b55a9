"""Rules of the kernels that change words one by one, made from what their families declare.

A word depends on its own place, in this buffer or in another, and on its channel's parameters.
Changed columns give changed columns; a changed parameter changes its channel, that is all columns.
These kernels are cheap, so columns are not compared with golden here, but where they are
multiplied next.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from softbeam.injection.changes import Columns, Floats, Windows, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Rule, Step
from softbeam.kernels.behaviour import Behaviour, Channelwise, Pointwise, spacing
from softbeam.kernels.families import compute
from softbeam.network.plan import Pointer


def declared_rule(behaviour: Behaviour) -> Rule | None:
    """Return the rule that follows from what a family says of its kernel; None if none does."""
    change = behaviour.change
    if isinstance(change, Channelwise):
        return partial(channelwise_rule, kernel=change)
    if change is not None and change.reads:
        return partial(pointwise_rule, kernel=change)
    return None


def pointwise_rule(step: Step, kernel: Pointwise) -> Result:
    """Apply a function of the words at the same place of several vectors."""
    arguments = step.arguments
    vectors = (*kernel.reads, kernel.writes)
    if any(spacing(arguments, name) != (0, 1) for name in vectors):
        raise NotCoveredError
    kept = [getattr(arguments, name).buffer for name in kernel.keeps]
    if any(buffer in step.live for buffer in kept):
        raise NotCoveredError
    pointers = {name: getattr(arguments, name) for name in vectors}
    changes = {step.changes.get(pointers[name].buffer) for name in kernel.reads}
    if any(isinstance(change, Windows) for change in changes):
        raise NotCoveredError
    unread: Result = dict.fromkeys(kept)
    (change,) = changes if len(changes) == 1 else (None,)
    if isinstance(change, Words) and len(set(pointers.values())) == 1:
        return unread | _words_in_place(step, kernel, pointers[kernel.writes], change)
    strides = {one.stride for one in changes if isinstance(one, Columns)}
    return unread | _columns(step, kernel, pointers, strides)


def _words_in_place(step: Step, kernel: Pointwise, pointer: Pointer, change: Words) -> Result:
    """Apply the function to the changed words among those that the kernel writes in place."""
    end = pointer.word + getattr(step.arguments, kernel.count)
    inside = (change.indexes >= pointer.word) & (change.indexes < end)
    words = change.values.copy()
    changed = words[inside].view(np.float32)
    _compute(step, kernel, {name: changed for name in (*kernel.reads, kernel.writes)})
    words[inside] = changed.view(np.uint32)
    return {pointer.buffer: Words(change.indexes, words)}


def _columns(
    step: Step, kernel: Pointwise, pointers: Mapping[str, Pointer], strides: set[int]
) -> Result:
    """Apply the function to all columns that are changed in any of the vectors."""
    count = getattr(step.arguments, kernel.count)
    if len(strides) > 1:
        raise NotCoveredError
    (stride,) = strides or {count}
    if count % stride:
        raise NotCoveredError
    maps = {pointer: step.map(pointer, count // stride, stride) for pointer in pointers.values()}
    changed = {name: step.changed(maps[pointers[name]], shrink=False) for name in kernel.reads}
    first, *others = changed.values()
    places = first.places
    for other in others:
        places = np.union1d(places, other.places)
    values: dict[Pointer, Floats] = {
        pointers[name]: step.columns(maps[pointers[name]], places, changed[name])
        for name in kernel.reads
    }
    target = pointers[kernel.writes]
    if target not in values:
        values[target] = np.empty((places.size, count // stride), dtype=np.float32)
    _compute(step, kernel, {name: values[one].reshape(-1) for name, one in pointers.items()})
    columns = Columns(stride, places, values[target])
    return {target.buffer: step.written(maps[target], columns)}


def _compute(step: Step, kernel: Pointwise, vectors: Mapping[str, Floats]) -> None:
    """Run the twin on some words of each vector, in place."""
    size = vectors[kernel.writes].size
    kept = {name: np.empty(size, dtype=np.float32) for name in kernel.keeps}
    some = step.arguments._replace(**{kernel.count: size}, **vectors, **kept)
    compute(step.launch.kernel, some)


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

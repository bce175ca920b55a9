"""Rules of the kernels of which a word depends on the words at its own place.

Changed columns give the same columns.  These kernels are cheap, so columns are not compared with
golden here, but where they are multiplied next.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.injection.changes import Columns, Floats, Windows, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.behaviour import Pointwise, spacing
from softbeam.kernels.families import compute
from softbeam.network.plan import Pointer


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


def copy_rule(step: Step) -> Result:
    """copy: the same change in the other buffer, as many words on as the pointers say."""
    a = step.arguments
    count, source, target = a.N, a.X, a.Y
    change, old = step.changes[source.buffer], step.changes.get(target.buffer)
    inside_one = source.buffer == target.buffer and abs(source.word - target.word) < count
    dense = spacing(a, "X") == spacing(a, "Y") == (0, 1)
    if not dense or inside_one or isinstance(change, Windows):
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
    changed = step.changed(step.map(source, rows, stride))
    return {target.buffer: step.written(step.map(target, rows, stride), changed)}

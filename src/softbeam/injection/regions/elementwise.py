"""Rules of the kernels that change words one by one.

A word depends on its own place, in this buffer or in another, and on its channel's parameters.
Changed columns give changed columns; a changed parameter changes its channel, that is all columns.
These kernels are cheap, so columns are not compared with golden here, but where they are
multiplied next.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from softbeam.emulator.special import special_function_tables
from softbeam.injection.changes import Columns, Floats, Windows, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.native import columns as jitted
from softbeam.kernels.native.activation import activate_array, activate_mish
from softbeam.kernels.native.elementwise import axpy, constrain, mul, scal
from softbeam.kernels.native.power import power


def _activated(step: Step, number: int, count: int, function: Callable[[Floats], None]) -> Result:
    """Apply a function of a word to the changed ones among the `count` words of an argument."""
    pointer = step.pointer(number)
    change = step.changes[pointer.buffer]
    if isinstance(change, Windows):
        raise NotCoveredError
    if isinstance(change, Words):
        end = pointer.word + count
        inside = (change.indexes >= pointer.word) & (change.indexes < end)
        words = change.values.copy()
        changed = words[inside].view(np.float32)
        function(changed)
        words[inside] = changed.view(np.uint32)
        return {pointer.buffer: Words(change.indexes, words)}
    if count % change.stride:
        raise NotCoveredError
    map_ = step.map(number, count // change.stride, change.stride)
    columns = step.changed(map_, shrink=False)
    values = columns.values.copy()
    function(values.reshape(-1))
    return {map_.buffer: step.written(map_, Columns(map_.stride, columns.places, values))}


def activate_rule(step: Step) -> Result:
    """activate_array: a function of each word."""
    function = step.integer(2)
    table = special_function_tables().ex2
    return _activated(
        step, 0, step.integer(1), lambda words: activate_array(words, words.size, function, table)
    )


def mish_rule(step: Step) -> Result:
    """activate_mish: a function of each word, in place; nothing reads the inputs that it keeps."""
    kept = step.pointer(2).buffer
    if step.pointer(0) != step.pointer(3) or kept in step.live:
        raise NotCoveredError
    table = special_function_tables().ex2

    def function(words: Floats) -> None:
        activate_mish(words, words.size, np.empty_like(words), words, table)

    return {kept: None, **_activated(step, 0, step.integer(1), function)}


def _by_channel(
    step: Step,
    function: Callable[..., None],
    output: int,
    parameters: tuple[int, ...],
    rows: int,
    stride: int,
) -> Result:
    """Apply a function of a word and its channel's parameters to changed columns."""
    map_ = step.map(output, rows, stride)
    changed = step.changed(map_, shrink=False)
    pointers = [step.pointer(number) for number in parameters]
    places = changed.places
    if any(pointer.buffer in step.changes for pointer in pointers):
        places = np.arange(stride)
    values = step.columns(map_, places, changed)
    floats = [
        step.contents(pointer.buffer)[pointer.word : pointer.word + rows].view(np.float32)
        for pointer in pointers
    ]
    function(values, *floats)
    return {map_.buffer: step.written(map_, Columns(stride, places, values))}


def normalize_rule(step: Step) -> Result:
    """normalize: a function of a word and of its channel's mean and variance."""
    if step.integer(4) != 1:
        raise NotCoveredError
    rows, stride = step.integer(5), step.integer(6)
    return _by_channel(step, jitted.normalize_columns, 1, (2, 3), rows, stride)


def scale_rule(step: Step) -> Result:
    """scale_bias: a function of a word and of its channel's scale."""
    return _by_channel(step, jitted.scale_columns, 0, (1,), step.integer(2), step.integer(3))


def bias_rule(step: Step) -> Result:
    """add_bias: a function of a word and of its channel's bias."""
    if step.integer(2) != 1:
        raise NotCoveredError
    return _by_channel(step, jitted.bias_columns, 0, (1,), step.integer(3), step.integer(4))


def _placewise(
    step: Step, count: int, sources: tuple[int, ...], target: int, function: Callable[..., None]
) -> Result:
    """Apply a function of words at the same place of several arguments, `count` words each.

    `function` gets the sources' words and writes the target's, which are among the sources where
    the kernel reads them.
    """
    changes = [step.changes.get(step.pointer(number).buffer) for number in sources]
    strides = {change.stride for change in changes if isinstance(change, Columns)} or {count}
    if len(strides) != 1 or any(isinstance(change, Windows) for change in changes):
        raise NotCoveredError
    (stride,) = strides
    if count % stride:
        raise NotCoveredError
    maps = {number: step.map(number, count // stride, stride) for number in (*sources, target)}
    changed = {number: step.changed(maps[number], shrink=False) for number in sources}
    places = np.unique(np.concatenate([columns.places for columns in changed.values()]))
    values = {number: step.columns(maps[number], places, changed[number]) for number in sources}
    out = values.get(target)
    if out is None:
        out = np.empty((places.size, count // stride), dtype=np.float32)
    function(out.size, *(values[number].reshape(-1) for number in sources), out.reshape(-1))
    return {maps[target].buffer: step.written(maps[target], Columns(stride, places, out))}


def scal_rule(step: Step) -> Result:
    """scal: a multiple of each word."""
    factor = np.float32(step.number(1))
    if step.integer(3) != 1:
        raise NotCoveredError
    return _placewise(step, step.integer(0), (2,), 2, lambda n, x, _: scal(n, factor, x, 1))


def constrain_rule(step: Step) -> Result:
    """constrain: each word clamped."""
    limit = np.float32(step.number(1))
    if step.integer(3) != 1:
        raise NotCoveredError
    return _placewise(step, step.integer(0), (2,), 2, lambda n, x, _: constrain(n, limit, x, 1))


def pow_rule(step: Step) -> Result:
    """pow: a power of each word."""
    exponent, table = np.float32(step.number(1)), special_function_tables().rcp
    if (step.integer(3), step.integer(5)) != (1, 1):
        raise NotCoveredError
    return _placewise(
        step, step.integer(0), (2,), 4, lambda n, x, y: power(n, exponent, x, 1, y, 1, table)
    )


def mul_rule(step: Step) -> Result:
    """mul: the product of two words at the same place."""
    if (step.integer(2), step.integer(4)) != (1, 1):
        raise NotCoveredError
    return _placewise(step, step.integer(0), (1, 3), 3, lambda n, x, _, y: mul(n, x, 1, y, 1))


def axpy_rule(step: Step) -> Result:
    """axpy: a word and a multiple of another at the same place."""
    factor = np.float32(step.number(1))
    if tuple(step.integer(number) for number in (3, 4, 6, 7)) != (0, 1, 0, 1):
        raise NotCoveredError
    return _placewise(
        step, step.integer(0), (2, 5), 5, lambda n, x, _, y: axpy(n, factor, x, 0, 1, y, 0, 1)
    )

"""Rules of the kernels that change a word by itself, or with its channel's parameters.

A word depends on its own place and on its channel's parameters.  Changed columns give changed
columns; a changed parameter changes its channel, that is all columns.  These kernels are cheap, so
columns are not compared with golden here, but where they are multiplied next.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from softbeam.emulator.special import special_function_tables
from softbeam.injection.changes import Columns, Floats, Windows, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.native import columns as jitted
from softbeam.kernels.native.activation import activate_array, activate_mish


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

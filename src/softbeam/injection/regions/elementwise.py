"""The rule of the kernel that combines two tensors: a word depends on a word of each.

Single words are followed as such.  The rule of columns covers one operand as large as the result,
the other as large, or with a word for each row or each column of it, or for all.  A changed column
of the first gives the same column; a changed word of the other gives its columns, which are all for
a row's.
"""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns, Floats, Places
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.injection.regions.words import broadcast_words
from softbeam.kernels.families import compute
from softbeam.network.plan import Pointer


def broadcast_rule(step: Step) -> Result:
    """broadcast: a function of a word of each operand, on the words or columns that change."""
    try:
        return broadcast_words(step)
    except NotCoveredError:
        return _on_columns(step)


def _on_columns(step: Step) -> Result:
    a = step.arguments
    if a.c != 1 or a.h * a.w != a.n:
        raise NotCoveredError
    rows, stride = a.h, a.w
    steps = {"x": (a.xs2, a.xs3), "y": (a.ys2, a.ys3)}
    if rows == 1:
        # One axis: its columns are those of the change.
        strides = {
            change.stride
            for pointer in (a.x, a.y)
            if isinstance(change := step.changes.get(pointer.buffer), Columns)
        }
        if len(strides) == 1 and a.n % min(strides) == 0:
            stride = strides.pop()
            rows = a.n // stride
        steps = {name: (stride * along, along) for name, (_, along) in steps.items()}
    dense = {
        name: step.map(getattr(a, name), rows, stride)
        for name, own in steps.items()
        if own == (stride, 1)
    }
    if not dense:
        raise NotCoveredError
    changed = {name: step.changed(map_, shrink=False) for name, map_ in dense.items()}
    places = np.zeros(0, np.int64)
    for columns in changed.values():
        places = np.union1d(places, columns.places)
    spread = {
        name: _spread(step, getattr(a, name), own, rows, stride)
        for name, own in steps.items()
        if name not in dense
    }
    for _, touched in spread.values():
        places = np.union1d(places, touched)
    given: dict[str, object] = {}
    for name, own in steps.items():
        if name in dense:
            values = step.columns(dense[name], places, changed[name]).reshape(-1)
            along = (rows, 1)
        else:
            values = spread[name][0]
            values = values[places] if own == (0, 1) else values
            along = own[::-1]
        given |= {name: values, f"{name}s2": along[0], f"{name}s3": along[1]}
    target = step.map(a.out, rows, stride)
    out = np.empty((places.size, rows), dtype=np.float32)
    some = a._replace(n=out.size, h=places.size, w=rows, **given, out=out.reshape(-1))
    compute("broadcast", some)
    return {target.buffer: step.written(target, Columns(stride, places, out))}


def _spread(
    step: Step, pointer: Pointer, steps: tuple[int, int], rows: int, stride: int
) -> tuple[Floats, Places]:
    """Return the words of an operand that stand for several, and the columns that they change."""
    words = {(1, 0): rows, (0, 1): stride, (0, 0): 1}.get(steps)
    if words is None:
        raise NotCoveredError
    part = slice(pointer.word, pointer.word + words)
    values = step.contents(pointer.buffer)[part]
    differs = np.flatnonzero(values != step.before(pointer.buffer)[part])
    touched = differs if steps == (0, 1) else np.arange(stride if differs.size else 0)
    return values.view(np.float32), touched

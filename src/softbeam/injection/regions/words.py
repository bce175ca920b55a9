"""Rules of the kernels of which a word depends on words that its place in a tensor names.

They follow single words, where a change is such: a token of a transformer is a row of a tensor,
and its words lie in all columns.  A word is computed if any word that it reads is changed.  Where
half of the words would be, the launch is computed as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import Columns, Places, Words
from softbeam.injection.regions.step import NotCoveredError, Result, Step, whole_launch
from softbeam.kernels.families import compute
from softbeam.network.plan import Pointer

Marks = NDArray[np.bool_]


def changed_words(step: Step, buffer: str) -> Words | None:
    """Return the words of a buffer that are changed, None if none is.

    Raises
    ------
    NotCoveredError
        If they are columns of a map, which other rules follow.
    """
    change = step.changes.get(buffer)
    if isinstance(change, Columns) and change.rows == 1:
        return Words(change.places, change.values[:, 0].view(np.uint32))
    if change is None or isinstance(change, Words):
        return change
    raise NotCoveredError


def _marks(step: Step, pointer: Pointer, words: int) -> Marks | None:
    """Return which of so many words from a pointer on are changed, None if none of them is."""
    change = changed_words(step, pointer.buffer)
    if change is None:
        return None
    places = change.indexes - pointer.word
    places = places[(places >= 0) & (places < words)]
    if not places.size:
        return None
    marks = np.zeros(words, dtype=np.bool_)
    marks[places] = True
    return marks


def _addresses(sizes: Sequence[int], steps: Sequence[int]) -> Places:
    """Return the place of each element of a tensor, its sizes and steps given by axis."""
    found = np.zeros(1, dtype=np.int64)
    for size, step in zip(sizes, steps, strict=True):
        found = np.add.outer(found, np.arange(size) * step).reshape(-1)
    return found


def _few(marked: Marks) -> Places | None:
    """Return the words to compute, None where the launch had better be computed as a whole."""
    words = np.flatnonzero(marked)
    return None if 2 * words.size > marked.size else words


def _stored(
    step: Step, pointer: Pointer, words: Places, values: object, written: int | Places
) -> Result:
    """Return what words leave that are stored behind a pointer; all others written are golden.

    Those are so many from the pointer on, or at some places.
    """
    bits = np.ascontiguousarray(values).view(np.uint32).reshape(-1)
    indexes = words + pointer.word
    differs = bits != step.after(pointer.buffer)[indexes]
    indexes, bits = indexes[differs], bits[differs]
    old = changed_words(step, pointer.buffer)
    if old is not None:
        places = old.indexes - pointer.word
        if isinstance(written, int):
            kept = (places < 0) | (places >= written)
        else:
            kept = ~np.isin(places, written)
        indexes = np.concatenate([old.indexes[kept], indexes])
        bits = np.concatenate([old.values[kept], bits])
        order = np.argsort(indexes)
        indexes, bits = indexes[order], bits[order]
    return {pointer.buffer: Words(indexes, bits) if indexes.size else None}


def _is_dense(sizes: Sequence[int], steps: Sequence[int]) -> bool:
    """Return whether each element has the place of its number."""
    wanted = 1
    for size, step in zip(reversed(sizes), reversed(steps), strict=True):
        if size > 1 and step != wanted:
            return False
        wanted *= size
    return True


def broadcast_words(step: Step) -> Result:
    """broadcast: the words of which either operand is changed."""
    a = step.arguments
    sizes = (a.n // (a.c * a.h * a.w), a.c, a.h, a.w)
    pairs = [
        (a.x, (a.xs0, a.xs1, a.xs2, a.xs3)),
        (a.y, (a.ys0, a.ys1, a.ys2, a.ys3)),
    ]
    for pointer, steps in pairs:
        change = changed_words(step, pointer.buffer)
        if change is not None and _is_dense(sizes, steps) and 2 * change.indexes.size > a.n:
            return whole_launch(step)
    places = [_addresses(sizes, steps) for _, steps in pairs]
    marked = np.zeros(a.n, dtype=np.bool_)
    for (pointer, _), place in zip(pairs, places, strict=True):
        marks = _marks(step, pointer, int(place.max()) + 1)
        if marks is not None:
            marked |= marks[place]
    words = _few(marked)
    if words is None:
        return whole_launch(step)
    given = [
        step.contents(pointer.buffer)[place[words] + pointer.word].view(np.float32)
        for (pointer, _), place in zip(pairs, places, strict=True)
    ]
    out = np.empty(words.size, dtype=np.float32)
    one = {"xs3": 1, "ys3": 1, "c": 1, "h": 1, "w": max(words.size, 1)}
    some = a._replace(n=words.size, x=given[0], y=given[1], out=out, **one)
    compute("broadcast", some)
    return _stored(step, a.out, words, out, a.n)


def reduce_rule(step: Step) -> Result:
    """reduce: the lines that hold a changed word."""
    a = step.arguments
    # Tuples have a method of that name, too.
    n, count, inner = int(a.n), cast("int", a.count), int(a.inner)
    marks = _marks(step, a.x, n * count)
    marked = np.zeros(n, dtype=np.bool_)
    if marks is not None:
        marked = marks.reshape(-1, count, inner).any(axis=1).reshape(-1)
    lines = _few(marked)
    if lines is None:
        return whole_launch(step)
    first = lines // inner * count * inner + lines % inner
    read = first[:, None] + np.arange(count) * inner
    x = step.contents(a.x.buffer)[read.reshape(-1) + a.x.word].view(np.float32)
    out = np.empty(lines.size, dtype=np.float32)
    compute("reduce", a._replace(n=lines.size, inner=1, x=x, y=out))
    return _stored(step, a.y, lines, out, n)


def softmax_rule(step: Step) -> Result:
    """softmax, its lines laid side by side: the lines that hold a changed word."""
    a = step.arguments
    if (a.group_offset, a.groups, a.batch_offset) != (1, a.stride, a.n * a.stride):
        raise NotCoveredError
    total = a.batch * a.batch_offset
    marks = _marks(step, a.input, total)
    marked = np.zeros(a.batch * a.groups, dtype=np.bool_)
    if marks is not None:
        marked = marks.reshape(a.batch, a.n, a.stride).any(axis=1).reshape(-1)
    lines = _few(marked)
    if lines is None:
        return whole_launch(step)
    first = lines // a.groups * a.batch_offset + lines % a.groups
    words = (first[:, None] + np.arange(a.n) * a.stride).reshape(-1)
    given = step.contents(a.input.buffer)[words + a.input.word].view(np.float32)
    out = np.empty(words.size, dtype=np.float32)
    sizes = {"batch": lines.size, "batch_offset": a.n, "groups": 1, "stride": 1}
    compute("softmax", a._replace(input=given, output=out, **sizes))
    order = np.argsort(words)
    return _stored(step, a.output, words[order], out[order], total)


def move_rule(step: Step) -> Result:
    """move: the words that a changed one is copied to."""
    a = step.arguments
    lengths = (a.d1, a.d2, a.d3, a.d4, a.d5)
    first = a.n
    for length in lengths:
        first //= length
    sizes = (first, *lengths)
    source = _addresses(sizes, [getattr(a, f"xs{axis}") for axis in range(6)])
    target = _addresses(sizes, [getattr(a, f"ys{axis}") for axis in range(6)])
    marks = _marks(step, a.x, int(source.max()) + 1)
    moved = np.flatnonzero(marks[source]) if marks is not None else np.zeros(0, np.int64)
    if 2 * moved.size > a.n:
        return whole_launch(step)
    values = step.contents(a.x.buffer)[source[moved] + a.x.word]
    words = target[moved]
    order = np.argsort(words)
    return _stored(step, a.y, words[order], values[order], target)

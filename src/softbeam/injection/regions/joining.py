"""Rules of the kernels that join feature maps: a word depends on a word of each input."""

from __future__ import annotations

import numpy as np

from softbeam.injection.changes import Columns
from softbeam.injection.regions.step import NotCoveredError, Result, Step
from softbeam.kernels.families import compute

#: Pointers to added layers that ``shortcut_multilayer`` has.
_ADDED = 6


def shortcut_rule(step: Step) -> Result:
    """shortcut, of maps of the same height and width: a function of a word of each."""
    a = step.arguments
    alike = (a.w1, a.h1) == (a.w2, a.h2) == (a.minw, a.minh)
    if not alike or (a.stride, a.sample, a.batch) != (1, 1, 1):
        raise NotCoveredError
    area = a.w1 * a.h1
    added, own = step.map(a.add, a.minc, area), step.map(a.out, a.minc, area)
    of_added, of_own = step.changed(added), step.changed(own)
    places = np.union1d(of_added.places, of_own.places)
    other = step.columns(added, places, of_added)
    values = step.columns(own, places, of_own)
    size = values.size
    # The twin on maps of one pixel and a channel for every word.
    one_pixel = a._replace(
        size=size, minw=1, minh=1, minc=size, w1=1, h1=1, c1=size, w2=1, h2=1, c2=size,
        add=other.reshape(-1), out=values.reshape(-1),
    )  # fmt: skip
    compute("shortcut", one_pixel)
    return {own.buffer: step.written(own, Columns(own.stride, places, values))}


def multilayer_rule(step: Step) -> Result:
    """shortcut_multilayer: a function of a word of each map, as far as it reaches."""
    a = step.arguments
    outputs = [getattr(a, f"outputs{number}") for number in range(a.n)]
    adds = [getattr(a, f"add{number}") for number in range(a.n)]
    strides = {one.stride for one in step.changes.values() if isinstance(one, Columns)}
    if len(strides) != 1 or a.batch != 1 or (a.nweights and a.weights.buffer in step.changes):
        raise NotCoveredError
    (stride,) = strides
    # A change may have other columns than pixels; weights of channels are those of whole channels.
    each = a.nweights // (a.n + 1)
    if any(words % stride for words in (a.size, *outputs)) or each not in (0, 1, a.size // stride):
        raise NotCoveredError
    own, target = (step.map(one, a.size // stride, stride) for one in (a.input, a.out))
    maps = [
        step.map(one, words // stride, stride) for one, words in zip(adds, outputs, strict=True)
    ]
    changes = [step.changed(one, shrink=False) for one in (own, *maps)]
    places = changes[0].places
    for change in changes[1:]:
        places = np.union1d(places, change.places)
    given, *others = (
        step.columns(one, places, change) for one, change in zip((own, *maps), changes, strict=True)
    )
    out = np.empty_like(given)
    values: dict[str, object] = {"input": given.reshape(-1), "out": out.reshape(-1)}
    for number in range(_ADDED):
        there = number < a.n
        values[f"add{number}"] = others[number].reshape(-1) if there else values["input"]
        values[f"outputs{number}"] = maps[number].rows if there else 0
    weights = step.before(a.weights.buffer)[a.weights.word :].view(np.float32)
    # The twin on an image of one pixel for every column.
    pixels = a._replace(size=out.size, src_outputs=own.rows, weights=weights, **values)
    compute("shortcut_multilayer", pixels)
    return {target.buffer: step.written(target, Columns(stride, places, out))}


def upsample_rule(step: Step) -> Result:
    """upsample: a pixel is added to the square of pixels that it covers."""
    a = step.arguments
    area = a.w * a.h
    if a.batch != 1 or area * a.c * a.stride**2 != a.N:
        raise NotCoveredError
    source, target = step.map(a.x, a.c, area), step.map(a.out, a.c, area * a.stride**2)
    changed, old = step.changed(source), step.changed(target)
    row, column = np.divmod(np.arange(target.stride), a.w * a.stride)
    covered_by = row // a.stride * a.w + column // a.stride
    marked = np.isin(covered_by, changed.places)
    marked[old.places] = True
    places = np.flatnonzero(marked)
    needed, numbers = np.unique(covered_by[places], return_inverse=True)
    pixels = step.columns(source, needed, changed)
    values = step.columns(target, places, old)
    size = values.size
    # The twin on maps of one pixel and a channel for every word.
    one_pixel = a._replace(
        N=size, x=pixels[numbers].reshape(-1), w=1, h=1, c=size, stride=1, out=values.reshape(-1)
    )
    compute("upsample", one_pixel)
    return {target.buffer: step.written(target, Columns(target.stride, places, values))}

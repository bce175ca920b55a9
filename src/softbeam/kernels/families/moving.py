"""The kernels that move elements of tensors to other places, and the one that scales images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.functions import Rounding
from softbeam.kernels.signatures import Arguments

DOWN, UP, HALF_DOWN, HALF_UP, LINEAR = range(len(Rounding))


@entry_point
def move(
    count, d1, d2, d3, d4, d5, x, xs0, xs1, xs2, xs3, xs4, xs5, y, ys0, ys1, ys2, ys3, ys4, ys5
):
    """Copy `count` elements, with steps of their own in `x` and in `y` along six axes."""
    for index in range(count):
        i5 = index % d5
        rest = index // d5
        i4 = rest % d4
        rest //= d4
        i3 = rest % d3
        rest //= d3
        i2 = rest % d2
        rest //= d2
        i1 = rest % d1
        i0 = rest // d1
        to = i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3 + i4 * ys4 + i5 * ys5
        y[to] = x[i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3 + i4 * xs4 + i5 * xs5]


def _move_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: the steps of `y` are such that no two threads share a word."""
    a = arguments
    lengths = [a.d1, a.d2, a.d3, a.d4, a.d5]
    first = a.n
    for length in lengths:
        first //= length
    axes = list(zip([first, *lengths], [getattr(a, f"ys{axis}") for axis in range(6)], strict=True))
    places, rest = [0] * 6, word
    for axis in sorted(range(6), key=lambda axis: -axes[axis][1]):
        length, step = axes[axis]
        if length > 1:
            places[axis] = min(rest // step, length - 1)
            rest -= places[axis] * step
    thread = 0
    for place, (length, _) in zip(places, axes, strict=True):
        thread = thread * length + place
    return NOBODY if rest or word < 0 else thread


@callee
def _place_in(place, scale, shift, length):
    found = np.float32(np.float32(np.float32(place) + shift) / scale)
    found = np.float32(found - shift)
    last = np.float32(length - 1)
    if found < 0:
        return np.float32(0.0)
    return last if found > last else found


@callee
def _nearest(place, rounding):
    half = np.float32(0.5)
    if rounding == UP:
        return np.int64(np.ceil(place))
    if rounding == HALF_DOWN:
        return np.int64(np.ceil(np.float32(place - half)))
    if rounding == HALF_UP:
        return np.int64(np.floor(np.float32(place + half)))
    return np.int64(np.floor(place))


@callee
def _between(first, second, share):
    left = canonical(np.float32(first * np.float32(np.float32(1.0) - share)))
    return canonical(np.float32(left + canonical(np.float32(second * share))))


@entry_point
def resize(
    count, rounding, height, width, height_out, width_out, scale_h, scale_w, shift, x, y
):  # fmt: skip
    """Scale each plane of `x` to height_out x width_out pixels."""
    for index in range(count):
        rest = index // width_out
        plane = rest // height_out * height * width
        h = _place_in(rest % height_out, scale_h, shift, height)
        w = _place_in(index % width_out, scale_w, shift, width)
        top, left = _nearest(h, rounding), _nearest(w, rounding)
        pixel = x[plane + top * width + left]
        if rounding == LINEAR:
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            share = np.float32(w - np.float32(left))
            upper = _between(pixel, x[plane + top * width + right], share)
            lower = _between(
                x[plane + bottom * width + left], x[plane + bottom * width + right], share
            )
            pixel = _between(upper, lower, np.float32(h - np.float32(top)))
        y[index] = pixel


FAMILY: Mapping[str, Behaviour] = {
    "move": Behaviour(move, owner=_move_owner),
    "resize": Behaviour(resize),
}

"""The kernels that move elements of tensors to other places, and the one that scales images."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.functions import Rounding
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored, dense

DOWN, UP, HALF_DOWN, HALF_UP, LINEAR, CUBIC = range(len(Rounding))


@entry_point
def move(
    count, d1, d2, d3, d4, d5, x, xs0, xs1, xs2, xs3, xs4, xs5, y, ys0, ys1, ys2, ys3, ys4, ys5
):
    """Copy `count` elements, with steps of their own in `x` and in `y` along six axes."""
    # Row by row: divisions for every element take longer than all else.
    for row in range(-(-count // d5)):
        rest, i4 = row // d4, row % d4
        rest, i3 = rest // d3, rest % d3
        rest, i2 = rest // d2, rest % d2
        i0, i1 = rest // d1, rest % d1
        source = i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3 + i4 * xs4
        to = i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3 + i4 * ys4
        for i5 in range(min(d5, count - row * d5)):
            y[to + i5 * ys5] = x[source + i5 * xs5]


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
def _place_in(place, scale, shift):
    found = np.float32(np.float32(np.float32(place) + shift) / scale)
    return np.float32(found - shift)


@callee
def _within(place, length):
    last = np.float32(length - 1)
    if place < 0:
        return np.float32(0.0)
    return last if place > last else place


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


@callee
def _share_of(tap, between, a):
    distance = np.float32(abs(np.float32(np.float32(between + np.float32(1.0)) - np.float32(tap))))
    if tap in (0, 3):
        share = np.float32(np.float32(a * distance) - np.float32(np.float32(5.0) * a))
        share = np.float32(np.float32(share * distance) + np.float32(np.float32(8.0) * a))
        return np.float32(np.float32(share * distance) - np.float32(np.float32(4.0) * a))
    slope = np.float32(np.float32(a + np.float32(2.0)) * distance)
    slope = np.float32(slope - np.float32(a + np.float32(3.0)))
    return np.float32(np.float32(np.float32(slope * distance) * distance) + np.float32(1.0))


@callee
def _cubic(plane, x, height, width, h, w, a):
    top, left = np.float32(np.floor(h)), np.float32(np.floor(w))
    total = np.float32(0.0)
    for i in range(4):
        row = min(max(np.int64(top) - 1 + i, 0), height - 1)
        across = np.float32(0.0)
        for j in range(4):
            column = min(max(np.int64(left) - 1 + j, 0), width - 1)
            share = _share_of(j, np.float32(w - left), a)
            value = canonical(np.float32(share * x[plane + row * width + column]))
            across = canonical(np.float32(across + value))
        share = _share_of(i, np.float32(h - top), a)
        total = canonical(np.float32(total + canonical(np.float32(share * across))))
    return total


@callee
def _linear(plane, x, height, width, h, w):
    top, left = np.int64(np.floor(h)), np.int64(np.floor(w))
    right, share = left + 1 < width, np.float32(w - np.float32(left))
    first = plane + top * width + left
    pixel = _between(x[first], x[first + 1], share) if right else x[first]
    if top + 1 < height:
        first += width
        lower = _between(x[first], x[first + 1], share) if right else x[first]
        pixel = _between(pixel, lower, np.float32(h - np.float32(top)))
    return pixel


@entry_point
def resize(
    count, rounding, height, width, height_out, width_out, scale_h, scale_w, shift, curve, x, y
):  # fmt: skip
    """Scale each plane of `x` to height_out x width_out pixels."""
    for index in range(count):
        rest = index // width_out
        plane = rest // height_out * height * width
        h = _place_in(rest % height_out, scale_h, shift)
        w = _place_in(index % width_out, scale_w, shift)
        if rounding == CUBIC:
            y[index] = _cubic(plane, x, height, width, h, w, curve)
            continue
        h, w = _within(h, height), _within(w, width)
        if rounding == LINEAR:
            y[index] = _linear(plane, x, height, width, h, w)
        else:
            y[index] = x[plane + _nearest(h, rounding) * width + _nearest(w, rounding)]


def _move_stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the words of `y` that its steps lead to."""
    a = arguments
    lengths = (a.d1, a.d2, a.d3, a.d4, a.d5)
    steps = tuple(getattr(a, f"ys{axis}") for axis in range(6))
    return (Stored("y", (a.n // prod(lengths), *lengths), steps),)


FAMILY: Mapping[str, Behaviour] = {
    "move": Behaviour(move, owner=_move_owner, stored=_move_stored),
    "resize": Behaviour(resize, stored=dense("y", "n")),
}

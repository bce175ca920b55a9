"""The two kernels of a crop layer."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import Behaviour
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored, dense


@entry_point
def levels_image(image, rand, batch, w, h, translate, scale, shift):
    """Map an RGB image's values v to v * scale + translate + (random - 1/2) * shift, in place."""
    area = w * h
    for plane in range(3 * batch):
        move = np.float32(rand[plane % 3] - np.float32(0.5))
        for index in range(plane * area, (plane + 1) * area):
            level = fma_rn(image[index], scale, translate)
            image[index] = canonical(fma_rn(move, shift, level))


@callee
def _pixel(source, first, w, h, x, y):
    if x < 0 or x >= w or y < 0 or y >= h:
        return np.float32(0.0)
    return source[first + y * w + x]


@entry_point
def crop(source, size, c, h, w, crop_height, crop_width, output):
    """Cut the middle out of every channel, between pixels by bilinear interpolation."""
    one = np.float32(1.0)
    for index in range(size):
        j = index % crop_width
        rest = index // crop_width
        i = rest % crop_height
        first = rest // crop_height * h * w
        x = fma_rn(np.float32(w - crop_width), np.float32(0.5), np.float32(j))
        y = fma_rn(np.float32(h - crop_height), np.float32(0.5), np.float32(i))
        left, top = np.int64(math.floor(x)), np.int64(math.floor(y))
        right, down = np.float32(x - np.float32(left)), np.float32(y - np.float32(top))
        keep, above = np.float32(one - right), np.float32(one - down)
        value = np.float32(np.float32(down * keep) * _pixel(source, first, w, h, left, top + 1))
        value = fma_rn(np.float32(keep * above), _pixel(source, first, w, h, left, top), value)
        value = fma_rn(np.float32(right * above), _pixel(source, first, w, h, left + 1, top), value)
        corner = _pixel(source, first, w, h, left + 1, top + 1)
        output[index] = canonical(fma_rn(np.float32(right * down), corner, value))


def _levels_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread maps a pixel's three values."""
    area = arguments.w * arguments.h
    return int(word // (3 * area) * area + word % area)


def _levels_stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the pixels of all three colours."""
    return (Stored("image", (3 * arguments.batch * arguments.w * arguments.h,), (1,)),)


FAMILY: Mapping[str, Behaviour] = {
    "levels_image": Behaviour(levels_image, owner=_levels_owner, stored=_levels_stored),
    "crop": Behaviour(crop, stored=dense("output", "size")),
}

"""The kernels that move and join feature maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import entry_point
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.signatures import Arguments


@entry_point
def shortcut(
    size, minw, minh, minc, stride, sample, batch, w1, h1, c1, add, w2, h2, c2, s1, s2, out
):
    """Add s2 times the overlapping pixels of `add` to s1 times those of `out`."""
    for index in range(size):
        i = index % minw
        rest = index // minw
        j = rest % minh
        rest //= minh
        k = rest % minc
        b = (rest // minc) % batch
        place = i * sample + w2 * (j * sample + h2 * (k + c2 * b))
        source = i * stride + w1 * (j * stride + h1 * (k + c1 * b))
        own = canonical(np.float32(s1 * out[place]))
        out[place] = canonical(fma_rn(add[source], s2, own))


@entry_point
def upsample(count, x, w, h, c, batch, stride, scale, out):
    """Add `scale` times each pixel of `x` to the stride x stride pixels of `out` that it covers."""
    for index in range(count):
        column = index % (w * stride)
        rest = index // (w * stride)
        row = rest % (h * stride)
        plane = rest // (h * stride)
        source = (plane * h + row // stride) * w + column // stride
        out[index] = canonical(fma_rn(x[source], scale, out[index]))


@entry_point
def reorg(count, x, w, h, c, batch, stride, forward, out):
    """Move pixels between channels and squares of stride x stride pixels."""
    out_c = c // (stride * stride)
    for index in range(count):
        in_w = index % w
        rest = index // w
        in_h = rest % h
        rest //= h
        in_c = rest % c
        b = (rest // c) % batch
        offset = in_c // out_c
        w2 = in_w * stride + offset % stride
        h2 = in_h * stride + offset // stride
        other = w2 + w * stride * (h2 + h * stride * (in_c % out_c + out_c * b))
        if forward:
            out[other] = x[index]
        else:
            out[index] = x[other]


@entry_point
def flatten(count, x, spatial, layers, batch, forward, out):
    """Reorder elements from layer after layer to pixel after pixel, or back."""
    for index in range(count):
        in_s = index % spatial
        rest = index // spatial
        in_c = rest % layers
        first = rest // layers * layers * spatial
        by_layer = first + in_c * spatial + in_s
        by_pixel = first + in_s * layers + in_c
        if forward:
            out[by_pixel] = x[by_layer]
        else:
            out[by_layer] = x[by_pixel]


def _shortcut_owner(arguments: Arguments, word: int) -> int:
    a = arguments
    (row, column), plane = divmod(word % (a.w2 * a.h2), a.w2), word // (a.w2 * a.h2)
    i, j = column // a.sample, row // a.sample
    sampled = column % a.sample == row % a.sample == 0
    inside = sampled and i < a.minw and j < a.minh and plane < a.minc
    return int((plane * a.minh + j) * a.minw + i) if inside else NOBODY


def _reorg_owner(arguments: Arguments, word: int) -> int:
    a = arguments
    if not a.forward:
        return word
    rest, w2 = divmod(word, a.w * a.stride)
    c2, h2 = divmod(rest, a.h * a.stride)
    offset = h2 % a.stride * a.stride + w2 % a.stride
    channel = offset * (a.c // a.stride**2) + c2
    return int((channel * a.h + h2 // a.stride) * a.w + w2 // a.stride)


def _flatten_owner(arguments: Arguments, word: int) -> int:
    a = arguments
    if not a.forward:
        return word
    image, place = divmod(word, a.layers * a.spatial)
    return int((image * a.layers + place % a.layers) * a.spatial + place // a.layers)


FAMILY: Mapping[str, Behaviour] = {
    "shortcut": Behaviour(shortcut, owner=_shortcut_owner),
    "upsample": Behaviour(upsample),
    "reorg": Behaviour(reorg, owner=_reorg_owner),
    "flatten": Behaviour(flatten, owner=_flatten_owner),
}

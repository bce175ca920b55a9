"""The kernels that move and join feature maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import entry_point, jit
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.functions import Normalization
from softbeam.kernels.native.exponential import expf
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored, dense

NONE, RELU, SOFTMAX = range(len(Normalization))


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


@jit
def _raised(w, largest, normalization, table):
    least = np.float32(0.001)
    if normalization == RELU:
        return w if w > least else least
    return expf(canonical(np.float32(w - largest)), table)


@jit
def _share(w, largest, total, normalization, table):
    if normalization == NONE:
        return w
    return canonical(np.float32(_raised(w, largest, normalization, table) / total))


@jit
def _add_layer(
    size, src_outputs, number, outputs, add, out, weights, layer_step, step, largest, totals,
    normalization, table,
):  # fmt: skip
    """Add a layer's outputs, as far as they reach, times their weights."""
    for index in range(size):
        place, image = index % src_outputs, index // src_outputs
        if place >= outputs:
            continue
        value = add[outputs * image + place]
        if layer_step == 0:
            out[index] = canonical(np.float32(out[index] + value))
        else:
            at = place // step
            weight = _share(
                weights[at + number * layer_step], largest[at], totals[at], normalization, table
            )
            out[index] = canonical(fma_rn(value, weight, out[index]))


@jit
def shortcut_multilayer(
    size, src_outputs, batch, n, outputs0, outputs1, outputs2, outputs3, outputs4, outputs5, add0,
    add1, add2, add3, add4, add5, out, source, weights, nweights, normalization, table,
):  # fmt: skip
    """Sum an input and up to six layers' outputs with weights; `table` is MUFU.EX2's."""
    layer_step = nweights // (n + 1)
    step = src_outputs // layer_step if nweights > 0 else 1
    largest = np.full(max(layer_step, 1), np.float32(-3.402823466e38), dtype=np.float32)
    totals = np.full(max(layer_step, 1), np.float32(0.0001), dtype=np.float32)
    for at in range(layer_step):
        if normalization == SOFTMAX:
            for number in range(n + 1):
                w = weights[at + number * layer_step]
                largest[at] = w if largest[at] < w else largest[at]
        for number in range(n + 1):
            w = _raised(weights[at + number * layer_step], largest[at], normalization, table)
            totals[at] = canonical(np.float32(totals[at] + w))
    # What is summed up is apart from the output, which may be among what is added.
    total = np.empty(size, dtype=np.float32)
    for index in range(size):
        total[index] = source[index]
        if nweights > 0:
            at = index % src_outputs // step
            weight = _share(weights[at], largest[at], totals[at], normalization, table)
            total[index] = canonical(np.float32(source[index] * weight))
    outputs = (outputs0, outputs1, outputs2, outputs3, outputs4, outputs5)
    adds = (add0, add1, add2, add3, add4, add5)
    for number in range(n):
        _add_layer(
            size, src_outputs, number + 1, outputs[number], adds[number], total, weights,
            layer_step, step, largest, totals, normalization, table,
        )  # fmt: skip
    out[:size] = total


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


def _shortcut_stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the pixels of `out` that overlap those of `add`."""
    a = arguments
    area = a.w2 * a.h2
    sizes = (a.batch, a.minc, a.minh, a.minw)
    return (Stored("out", sizes, (area * a.c2, area, a.w2 * a.sample, a.sample)),)


FAMILY: Mapping[str, Behaviour] = {
    "shortcut": Behaviour(shortcut, owner=_shortcut_owner, stored=_shortcut_stored),
    "shortcut_multilayer": Behaviour(
        shortcut_multilayer, tables=("ex2",), stored=dense("out", "size")
    ),
    "upsample": Behaviour(upsample, stored=dense("out", "N")),
    "reorg": Behaviour(reorg, owner=_reorg_owner, stored=dense("out", "N")),
    "flatten": Behaviour(flatten, owner=_flatten_owner, stored=dense("out", "N")),
}

"""The kernels of BLAS's kind: a thread treats one element of each of its vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import jit
from softbeam.kernels.behaviour import Behaviour, Pointwise
from softbeam.kernels.native.power import powf


@jit
def fill(count, alpha, x, increment):
    """Set `count` elements of `x`, `increment` apart, to `alpha`."""
    for index in range(count):
        x[index * increment] = alpha


@jit
def copy(count, x, offset_x, increment_x, y, offset_y, increment_y):
    """Copy `count` elements of `x` to `y`, with offsets and increments."""
    for index in range(count):
        y[index * increment_y + offset_y] = x[index * increment_x + offset_x]


@jit
def axpy(count, alpha, x, offset_x, increment_x, y, offset_y, increment_y):
    """Add `alpha` times `count` elements of `x` to `y`, with offsets and increments."""
    for index in range(count):
        place = offset_y + index * increment_y
        y[place] = canonical(fma_rn(x[offset_x + index * increment_x], alpha, y[place]))


@jit
def scal(count, alpha, x, increment):
    """Multiply `count` elements of `x`, `increment` apart, by `alpha`."""
    for index in range(count):
        x[index * increment] = canonical(np.float32(x[index * increment] * alpha))


@jit
def mul(count, x, increment_x, y, increment_y):
    """Multiply `count` elements of `y` by those of `x`, with increments."""
    for index in range(count):
        place = index * increment_y
        y[place] = canonical(np.float32(y[place] * x[index * increment_x]))


@jit
def _larger(a, b):
    # FMNMX: a number wins over NaN, -0 < +0.
    if a != a:
        return canonical(b)
    if a == b:
        return b if math.copysign(1.0, a) < 0 else a
    return b if a < b else a


@jit
def constrain(count, alpha, x, increment):
    """Clamp `count` elements of `x`, `increment` apart, to -`alpha` ... `alpha`."""
    for index in range(count):
        place = index * increment
        x[place] = -_larger(-_larger(x[place], -alpha), -alpha)


@jit
def power(count, alpha, x, increment_x, y, increment_y, table):
    """Write `count` elements of `x` to the power `alpha` to `y`; `table` is MUFU.RCP's."""
    for index in range(count):
        y[index * increment_y] = powf(x[index * increment_x], alpha, table)


@jit
def scal_add(count, alpha, beta, x, increment):
    """Multiply `count` elements of `x`, `increment` apart, by `alpha` and add `beta`."""
    for index in range(count):
        place = index * increment
        x[place] = canonical(fma_rn(x[place], alpha, beta))


@jit
def shortcut_simple(count, add, out, source):
    """Write the sums of `count` elements of two maps."""
    for index in range(count):
        out[index] = canonical(np.float32(source[index] + add[index]))


@jit
def sam(source, count, channel_size, scales, out):
    """Write the products of `count` elements of two maps."""
    for index in range(count):
        out[index] = canonical(np.float32(source[index] * scales[index]))


FAMILY: Mapping[str, Behaviour] = {
    "fill": Behaviour(fill, Pointwise("N", (), "X")),
    # Darknet's const_kernel does what its fill_kernel does.
    "const": Behaviour(fill, Pointwise("N", (), "X")),
    "copy": Behaviour(copy, Pointwise("N", ("X",), "Y")),
    "scal": Behaviour(scal, Pointwise("N", ("X",), "X")),
    "axpy": Behaviour(axpy, Pointwise("N", ("X", "Y"), "Y")),
    "mul": Behaviour(mul, Pointwise("N", ("X", "Y"), "Y")),
    "pow": Behaviour(power, Pointwise("N", ("X",), "Y"), tables=("rcp",)),
    "constrain": Behaviour(constrain, Pointwise("N", ("X",), "X")),
    "scal_add": Behaviour(scal_add, Pointwise("N", ("X",), "X")),
    "shortcut_simple": Behaviour(shortcut_simple, Pointwise("size", ("input", "add"), "out")),
    "sam": Behaviour(sam, Pointwise("size", ("in_w_h_c", "scales_c"), "out")),
}

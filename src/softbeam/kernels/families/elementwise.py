"""The kernels of ONNX's functions of an element, or of two elements of tensors that broadcast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import bits_from_f32, canonical, f32_from_bits
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import Behaviour, Pointwise
from softbeam.kernels.functions import Function, Operation
from softbeam.kernels.native.error_function import erff, logf
from softbeam.kernels.native.exponential import expf
from softbeam.kernels.stored import dense

CLIP, RECTIFY, SLOPE, EXPONENTIAL, SQUARE_ROOT, NEGATIVE, ABSOLUTE = range(7)
RECIPROCAL, FLOOR, CEILING, ROUND, HARD_SIGMOID, HARD_SWISH, ERROR = range(7, 14)
GELU, EXPONENTIAL_LINEAR, SOFTSIGN, SOFTPLUS, LOGARITHM, SIGMOID = range(14, len(Function))
ADD, SUBTRACT, MULTIPLY, DIVIDE, SMALLER, LARGER, PRELU = range(len(Operation))


@callee
def _product(a, b):
    return canonical(np.float32(a * b))


@callee
def _sum(a, b):
    return canonical(np.float32(a + b))


@callee
def _quotient(a, b):
    return canonical(np.float32(a / b))


@callee
def _clamp(x, low, high):
    if x < low:
        return low
    return high if x > high else x


@callee
def _absolute(x):
    return f32_from_bits(np.uint32(bits_from_f32(x) & np.uint32(0x7FFFFFFF)))


@callee
def _negative(x):
    return f32_from_bits(np.uint32(bits_from_f32(x) ^ np.uint32(0x80000000)))


@callee
def _softplus(x, table):
    below = np.float32(np.float32(1.0) + expf(_negative(_absolute(x)), table))
    return _sum(np.float32(0.0) if x < 0 else x, logf(below))


@callee
def _rounded(x, function):
    if function == FLOOR:
        return canonical(np.float32(np.floor(x)))
    if function == CEILING:
        return canonical(np.float32(np.ceil(x)))
    return canonical(np.float32(np.rint(x)))


@callee
def _hard_sigmoid(x, a, b):
    return _clamp(_sum(_product(a, x), b), np.float32(0.0), np.float32(1.0))


@callee
def _smooth(x, function, table):
    one = np.float32(1.0)
    if function == EXPONENTIAL:
        return expf(x, table)
    if function == ERROR:
        return erff(x, table)
    if function == GELU:
        error = erff(_product(x, np.float32(0.70710678)), table)
        return _product(_product(x, np.float32(0.5)), _sum(one, error))
    if function == SOFTPLUS:
        return _softplus(x, table)
    if function == LOGARITHM:
        return canonical(logf(x))
    return _quotient(one, np.float32(one + expf(_negative(x), table)))


@callee
def _apply(x, function, a, b, table):
    if function == CLIP:
        return _clamp(x, a, b)
    if function == RECTIFY:
        return np.float32(0.0) if x < 0 else x
    if function == SLOPE:
        return _product(a, x) if x < 0 else x
    if function == SQUARE_ROOT:
        return canonical(np.float32(np.sqrt(x)))
    if function == NEGATIVE:
        return f32_from_bits(np.uint32(bits_from_f32(x) ^ bits_from_f32(a)))
    if function == ABSOLUTE:
        return f32_from_bits(np.uint32(bits_from_f32(x) & ~bits_from_f32(a)))
    if function == RECIPROCAL:
        return _quotient(np.float32(1.0), x)
    if FLOOR <= function <= ROUND:
        return _rounded(x, function)
    if function == HARD_SIGMOID:
        return _hard_sigmoid(x, a, b)
    if function == HARD_SWISH:
        return _product(x, _hard_sigmoid(x, a, b))
    if function == EXPONENTIAL_LINEAR:
        return _product(b, _product(a, _sum(expf(x, table), np.float32(-1.0))) if x < 0 else x)
    if function == SOFTSIGN:
        return _quotient(x, _sum(np.float32(1.0), _absolute(x)))
    if 0 <= function <= SIGMOID:
        return _smooth(x, function, table)
    return np.float32(0.0)


@entry_point
def elementwise(count, function, alpha, beta, x, y, table):
    """Write a function of `count` elements of `x` to `y`; `table` is MUFU.EX2's."""
    for index in range(count):
        y[index] = _apply(x[index], function, alpha, beta, table)


@callee
def _combine(x, y, operation):
    if operation == ADD:
        return _sum(x, y)
    if operation == SUBTRACT:
        return canonical(np.float32(x - y))
    if operation == MULTIPLY:
        return _product(x, y)
    if operation == DIVIDE:
        return _quotient(x, y)
    if operation == SMALLER:
        return x if x < y or x != x else y
    if operation == LARGER:
        return x if x > y or x != x else y
    if operation == PRELU:
        return _product(y, x) if x < 0 else x
    return np.float32(0.0)


@entry_point
def broadcast(
    count, operation, c, h, w, x, xs0, xs1, xs2, xs3, y, ys0, ys1, ys2, ys3, out
):  # fmt: skip
    """Combine `count` elements of `x` and `y`, each with steps of its own along four axes."""
    # Row by row: a division for every element takes longer than all else.
    for row in range(-(-count // w)):
        rest, i2 = row // h, row % h
        i0, i1 = rest // c, rest % c
        first = i0 * xs0 + i1 * xs1 + i2 * xs2
        second = i0 * ys0 + i1 * ys1 + i2 * ys2
        for i3 in range(min(w, count - row * w)):
            one, other = x[first + i3 * xs3], y[second + i3 * ys3]
            out[row * w + i3] = _combine(one, other, operation)


FAMILY: Mapping[str, Behaviour] = {
    "elementwise": Behaviour(elementwise, Pointwise("N", ("X",), "Y"), tables=("ex2",)),
    "broadcast": Behaviour(broadcast, stored=dense("out", "n")),
}

"""The activation functions, with the very roundings of their machine code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import callee, entry_point, jit
from softbeam.kernels.behaviour import Behaviour, Pointwise
from softbeam.kernels.native.exponential import expf
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored

Floats: TypeAlias = NDArray[np.float32]

# Darknet's numbers of its activation functions.
LOGISTIC, RELU, RELIE, LINEAR, RAMP, TANH, PLSE = range(7)
LEAKY, ELU, LOGGY, STAIR, HARDTAN, LHTAN, SELU = range(7, 14)


@callee
def _product(a, b):
    return canonical(np.float32(a * b))


@callee
def _line(x, slope, start):
    return canonical(fma_rn(x, np.float32(slope), np.float32(start)))


@callee
def _minus_one(x, table):
    return canonical(np.float32(expf(x, table) - np.float32(1.0)))


@callee
def _sigmoid(numerator, x, table):
    # numerator / (1 + exp(-x))
    below = np.float32(np.float32(1.0) + expf(np.float32(-x), table))
    return canonical(np.float32(np.float32(numerator) / below))


@callee
def _step(holds):
    return np.float32(1.0) if holds else np.float32(0.0)


@callee
def _plse(x):
    if x < -4:
        return _product(np.float32(x + np.float32(4.0)), np.float32(0.01))
    if x > 4:
        return _line(np.float32(x - np.float32(4.0)), 0.01, 1.0)
    return _line(x, 0.125, 0.5)


@callee
def _stair(x):
    half = canonical(np.float32(np.floor(np.float32(x * np.float32(0.5)))))
    if x != x:
        # The integer of NaN is -2^31, which is even.
        return half
    whole = min(max(np.floor(np.float64(x)), -2147483648.0), 2147483647.0)
    number = np.int64(whole)
    if number % 2 == 0:
        return half
    return canonical(np.float32(np.float32(x - np.float32(number)) + half))


@callee
def _hardtan(x):
    if abs(x) > 1:
        return np.float32(1.0) if x > 0 else np.float32(-1.0)
    return x


@callee
def _lhtan(x):
    if x < 0:
        return _product(x, np.float32(0.001))
    if x > 1:
        return _line(np.float32(x - np.float32(1.0)), 0.001, 1.0)
    return x


@callee
def _elu(x, table):
    below = _product(_step(x < 0), _minus_one(x, table))
    return canonical(fma_rn(x, _step(x >= 0), below))


@callee
def _selu(x, table):
    scale = np.float32(1.0507)
    slope = np.float32(scale * np.float32(1.6732)) if x < 0 else np.float32(0.0)
    below = _product(slope, _minus_one(x, table))
    return canonical(fma_rn(x, scale if x >= 0 else np.float32(0.0), below))


@callee
def _activate(x, function, table):
    if function == LOGISTIC:
        return _sigmoid(1.0, x, table)
    if function == RELU:
        return _product(x, _step(x > 0))
    if function == RELIE:
        return x if x > 0 else _product(x, np.float32(0.01))
    if function == LINEAR:
        return x
    if function == RAMP:
        return canonical(fma_rn(x, np.float32(0.1), _product(x, _step(x > 0))))
    if function == TANH:
        doubled = np.float32(np.float32(2.0) * x)
        return canonical(np.float32(_sigmoid(2.0, doubled, table) - np.float32(1.0)))
    if function == PLSE:
        return _plse(x)
    if function == ELU:
        return _elu(x, table)
    if function == LOGGY:
        return canonical(np.float32(_sigmoid(2.0, x, table) - np.float32(1.0)))
    if function == STAIR:
        return _stair(x)
    if function == HARDTAN:
        return _hardtan(x)
    if function == LHTAN:
        return _lhtan(x)
    if function == SELU:
        return _selu(x, table)
    return np.float32(0.0)


@entry_point
def _activate_leaky(x, count):
    for index in range(count):
        value = x[index]
        x[index] = value if value > 0 else _product(np.float32(0.1), value)


@entry_point
def _activate_each(x, count, function, table):
    for index in range(count):
        x[index] = _activate(x[index], function, table)


def activate_array(x: Floats, count: int, function: int, table: NDArray[np.int8]) -> None:
    """Apply an activation function of Darknet's to `count` elements; `table` is MUFU.EX2's."""
    if function == LEAKY:
        # Most networks have no other, and so need not compile the others.
        _activate_leaky(x, count)
    elif function != LINEAR:
        _activate_each(x, count, function, table)


@entry_point
def activate_mish(x, count, inputs, output, table):
    """Write mish of `count` elements, and the elements themselves; `table` is MUFU.EX2's."""
    two = np.float32(2.0)
    for index in range(count):
        value = x[index]
        inputs[index] = value
        if value > 20:
            output[index] = value
        else:
            e = expf(value, table)
            n = np.float32(e * np.float32(e + two))
            output[index] = _product(value, np.float32(n / np.float32(n + two)))


@jit
def activate_leaky(x, count):
    """Scale the elements of `count` that are not above 0 by 0.1, in place."""
    for index in range(count):
        value = x[index]
        x[index] = value if value > 0 else _product(np.float32(0.1), value)


@jit
def activate_logistic(x, count, table):
    """Apply the logistic function to `count` elements; `table` is MUFU.EX2's."""
    for index in range(count):
        x[index] = _sigmoid(1.0, x[index], table)


@jit
def activate_relu(x, count):
    """Clear the elements of `count` that are not above 0, in place."""
    for index in range(count):
        x[index] = _product(x[index], _step(x[index] > 0))


@jit
def activate_relu6(x, count):
    """Clamp `count` elements to 0 ... 6, in place; a NaN becomes 0."""
    for index in range(count):
        above = x[index] if x[index] > 0 else np.float32(0.0)
        x[index] = above if above < 6 else np.float32(6.0)


@jit
def activate_swish(x, count, sigmoid, output, table):
    """Write swish of `count` elements, and their sigmoids; `table` is MUFU.EX2's."""
    for index in range(count):
        value = x[index]
        share = _sigmoid(1.0, value, table)
        sigmoid[index] = share
        output[index] = _product(value, share)


@jit
def activate_hard_mish(x, count, inputs, output):
    """Write the parabola in place of mish of `count` elements, and the elements themselves."""
    for index in range(count):
        value = x[index]
        inputs[index] = value
        if value > 0:
            output[index] = value
        elif value > -2:
            output[index] = canonical(fma_rn(_product(value, value), np.float32(0.5), value))
        else:
            output[index] = np.float32(0.0)


@jit
def activate_normalize_channels(x, size, batch, channels, wh_step, output):
    """Divide positive elements by the sum of their pixel's and 1e-4; clear the others."""
    for index in range(size):
        first = index % wh_step + index // wh_step * wh_step * channels
        total = np.float32(0.0001)
        for place in range(first, first + channels * wh_step, wh_step):
            if x[place] > 0:
                total = canonical(np.float32(total + x[place]))
        for place in range(first, first + channels * wh_step, wh_step):
            value = x[place]
            share = canonical(np.float32(value / total))
            output[place] = share if value > 0 else np.float32(0.0)


@jit
def activate_normalize_channels_softmax(
    x, size, batch, channels, wh_step, output, use_max_val, table
):
    """Write the softmax over each pixel's channels, 1e-4 in the sum; `table` is MUFU.EX2's."""
    for index in range(size):
        first = index % wh_step + index // wh_step * wh_step * channels
        largest = np.float32(0.0)
        if use_max_val:
            largest = x[first]
            for place in range(first, first + channels * wh_step, wh_step):
                largest = x[place] if x[place] > largest else largest
        total = np.float32(0.0001)
        for place in range(first, first + channels * wh_step, wh_step):
            power = expf(canonical(np.float32(x[place] - largest)), table)
            total = canonical(np.float32(total + power))
        for place in range(first, first + channels * wh_step, wh_step):
            power = expf(canonical(np.float32(x[place] - largest)), table)
            output[place] = canonical(np.float32(power / total))


def _pixel_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread writes all channels of a pixel."""
    a = arguments
    image, place = divmod(word, a.channels * a.wh_step)
    return int(image * a.wh_step + place % a.wh_step)


def _channels_stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return all channels of the pixels, image after image."""
    a = arguments
    images, more = divmod(a.size, a.wh_step)
    each = a.channels * a.wh_step
    steps = (each, a.wh_step, 1)
    whole = Stored("output", (images, a.channels, a.wh_step), steps)
    return (whole, Stored("output", (1, a.channels, more), steps, images * each))


FAMILY: Mapping[str, Behaviour] = {
    "activate_array": Behaviour(activate_array, Pointwise("n", ("x",), "x"), tables=("ex2",)),
    "activate_mish": Behaviour(
        activate_mish, Pointwise("n", ("x",), "output", keeps=("input",)), tables=("ex2",)
    ),
    "activate_leaky": Behaviour(activate_leaky, Pointwise("n", ("x",), "x")),
    "activate_logistic": Behaviour(activate_logistic, Pointwise("n", ("x",), "x"), tables=("ex2",)),
    "activate_relu": Behaviour(activate_relu, Pointwise("n", ("x",), "x")),
    "activate_relu6": Behaviour(activate_relu6, Pointwise("n", ("x",), "x")),
    "activate_swish": Behaviour(
        activate_swish, Pointwise("n", ("x",), "output", keeps=("sigmoid",)), tables=("ex2",)
    ),
    "activate_hard_mish": Behaviour(
        activate_hard_mish, Pointwise("n", ("x",), "output", keeps=("input",))
    ),
    "activate_normalize_channels": Behaviour(
        activate_normalize_channels, owner=_pixel_owner, stored=_channels_stored
    ),
    "activate_normalize_channels_softmax": Behaviour(
        activate_normalize_channels_softmax,
        owner=_pixel_owner,
        tables=("ex2",),
        stored=_channels_stored,
    ),
}

"""Twins of the kernels that treat one element a thread."""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import jit


@jit
def fill(count, alpha, x, increment):  # type: ignore[no-untyped-def]
    """Set `count` elements of `x`, `increment` apart, to `alpha`."""
    for index in range(count):
        x[index * increment] = alpha


@jit
def copy(count, x, offset_x, increment_x, y, offset_y, increment_y):  # type: ignore[no-untyped-def]
    """Copy `count` elements of `x` to `y`, with offsets and increments."""
    for index in range(count):
        y[index * increment_y + offset_y] = x[index * increment_x + offset_x]


@jit
def axpy(count, alpha, x, offset_x, increment_x, y, offset_y, increment_y):  # type: ignore[no-untyped-def]
    """Add `alpha` times `count` elements of `x` to `y`, with offsets and increments."""
    for index in range(count):
        place = offset_y + index * increment_y
        y[place] = canonical(fma_rn(x[offset_x + index * increment_x], alpha, y[place]))


@jit
def scal(count, alpha, x, increment):  # type: ignore[no-untyped-def]
    """Multiply `count` elements of `x`, `increment` apart, by `alpha`."""
    for index in range(count):
        x[index * increment] = canonical(np.float32(x[index * increment] * alpha))


@jit
def mul(count, x, increment_x, y, increment_y):  # type: ignore[no-untyped-def]
    """Multiply `count` elements of `y` by those of `x`, with increments."""
    for index in range(count):
        place = index * increment_y
        y[place] = canonical(np.float32(y[place] * x[index * increment_x]))


@jit
def _larger(a, b):  # type: ignore[no-untyped-def]
    # FMNMX: a number wins over NaN, -0 < +0.
    if a != a:
        return canonical(b)
    if a == b:
        return b if math.copysign(1.0, a) < 0 else a
    return b if a < b else a


@jit
def constrain(count, alpha, x, increment):  # type: ignore[no-untyped-def]
    """Clamp `count` elements of `x`, `increment` apart, to -`alpha` ... `alpha`."""
    for index in range(count):
        place = index * increment
        x[place] = -_larger(-_larger(x[place], -alpha), -alpha)


@jit
def normalize(count, x, mean, variance, batch, filters, spatial):  # type: ignore[no-untyped-def]
    """Replace x by (x - mean) / (sqrt(variance) + 1e-6) of its filter."""
    for start in range(0, count, spatial):
        channel = (start // spatial) % filters
        centre = mean[channel]
        # Each step is one float32 operation of the kernel, IEEE-correct there as here.
        root = canonical(np.sqrt(variance[channel]))
        deviation = canonical(np.float32(root + np.float32(0.000001)))
        for index in range(start, min(start + spatial, count)):
            distance = np.float32(x[index] - centre)
            x[index] = canonical(np.float32(distance / deviation))


@jit
def scale_bias(output, biases, filters, size):  # type: ignore[no-untyped-def]
    """Multiply the `size` outputs of each of `filters` filters by its scale; one image."""
    for channel in range(filters):
        scale = biases[channel]
        for index in range(channel * size, (channel + 1) * size):
            output[index] = canonical(np.float32(output[index] * scale))


@jit
def add_bias(output, biases, batch, filters, size):  # type: ignore[no-untyped-def]
    """Add each filter's bias to its `size` outputs."""
    for image in range(batch):
        for channel in range(filters):
            bias = biases[channel]
            first = (image * filters + channel) * size
            for index in range(first, first + size):
                output[index] = canonical(np.float32(output[index] + bias))

"""Twins of the kernels that treat one element a thread."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.arithmetic import canonical
from softbeam.jit import jit
from softbeam.kernels.native.exponential import expf


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


@jit
def activate_array(x, count, function, table):  # type: ignore[no-untyped-def]
    """Apply an activation function of ``NATIVE_ACTIVATIONS`` to `count` elements.

    `table` is MUFU.EX2's.
    """
    if function == 7:
        for index in range(count):
            value = x[index]
            x[index] = value if value > 0 else canonical(np.float32(np.float32(0.1) * value))
    elif function == 1:
        for index in range(count):
            value = x[index]
            positive = np.float32(1.0) if value > 0 else np.float32(0.0)
            x[index] = canonical(np.float32(value * positive))
    elif function == 0:
        one = np.float32(1.0)
        for index in range(count):
            x[index] = canonical(
                np.float32(one / np.float32(one + expf(np.float32(-x[index]), table)))
            )

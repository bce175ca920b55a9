"""Twins of the pools."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import jit


@jit
def _start(pad):  # type: ignore[no-untyped-def]
    # C divides towards zero: -pad / 2.
    return -(pad // 2)


@jit
def maxpool(count, in_h, in_w, in_c, stride, size, pad, source, output, indexes):  # type: ignore[no-untyped-def]
    """Write the largest element of every window and its index; the first of equals, never NaN."""
    height = (in_h + pad - size) // stride + 1
    width = (in_w + pad - size) // stride + 1
    index_out = 0
    for plane in range(count // (height * width)):
        for i in range(height):
            for j in range(width):
                largest = np.float32(-np.inf)
                winner = np.int64(-1)
                for row in range(_start(pad) + i * stride, _start(pad) + i * stride + size):
                    for column in range(_start(pad) + j * stride, _start(pad) + j * stride + size):
                        if 0 <= row < in_h and 0 <= column < in_w:
                            index = column + in_w * (row + in_h * plane)
                            if source[index] > largest:
                                largest = source[index]
                                winner = index
                output[index_out] = largest
                indexes[index_out] = winner
                index_out += 1


@jit
def avgpool(count, width, height, channels, source, output):  # type: ignore[no-untyped-def]
    """Write the mean of each of `count` channels, summed in order."""
    area = width * height
    for index in range(count):
        total = np.float32(0.0)
        for position in range(index * area, (index + 1) * area):
            total = canonical(np.float32(total + source[position]))
        output[index] = canonical(np.float32(total / np.float32(area)))

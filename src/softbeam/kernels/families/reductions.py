"""The kernel that makes one number of the elements along an axis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import Behaviour
from softbeam.kernels.functions import Reduction

SUM, MEAN, LARGEST, SMALLEST, PRODUCT, SQUARES = range(len(Reduction))


@callee
def _joined(total, value, reduction):
    if reduction == LARGEST:
        return value if value > total or value != value else total
    if reduction == SMALLEST:
        return value if value < total or value != value else total
    if reduction == PRODUCT:
        return canonical(np.float32(total * value))
    if reduction == SQUARES:
        value = canonical(np.float32(value * value))
    return canonical(np.float32(total + value))


@entry_point
def reduce(n, reduction, count, inner, x, y):
    """Reduce `count` elements of `x`, `inner` apart, to each of `n` elements of `y`, in order."""
    for index in range(n):
        first = index // inner * count * inner + index % inner
        total = x[first]
        if reduction == SQUARES:
            total = canonical(np.float32(total * total))
        for number in range(1, count):
            total = _joined(total, x[first + number * inner], reduction)
        y[index] = canonical(np.float32(total / np.float32(count))) if reduction == MEAN else total


FAMILY: Mapping[str, Behaviour] = {"reduce": Behaviour(reduce)}

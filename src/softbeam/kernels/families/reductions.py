"""The kernel that makes one number of the elements along an axis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import callee, entry_point
from softbeam.kernels.behaviour import Behaviour
from softbeam.kernels.functions import Reduction
from softbeam.kernels.stored import dense

SUM, MEAN, LARGEST, SMALLEST, PRODUCT, SQUARES = range(len(Reduction))


RUN = 128
"""Elements that are joined before they are joined with those before them."""


@callee
def _joined(total, value, reduction):
    if reduction == LARGEST:
        return value if value > total or value != value else total
    if reduction == SMALLEST:
        return value if value < total or value != value else total
    if reduction == PRODUCT:
        return canonical(np.float32(total * value))
    return canonical(np.float32(total + value))


@callee
def _counted(value, reduction):
    return canonical(np.float32(value * value)) if reduction == SQUARES else value


@entry_point
def reduce(n, reduction, count, inner, x, y):
    """Reduce `count` elements of `x`, `inner` apart, to each of `n` elements of `y`, in order."""
    for index in range(n):
        first = index // inner * count * inner + index % inner
        total = np.float32(0.0)
        for begin in range(0, count, RUN):
            run = _counted(x[first + begin * inner], reduction)
            for number in range(begin + 1, min(begin + RUN, count)):
                run = _joined(run, _counted(x[first + number * inner], reduction), reduction)
            total = _joined(total, run, reduction) if begin else run
        y[index] = canonical(np.float32(total / np.float32(count))) if reduction == MEAN else total


FAMILY: Mapping[str, Behaviour] = {"reduce": Behaviour(reduce, stored=dense("y", "n"))}

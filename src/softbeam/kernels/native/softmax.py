"""Twin of softmax."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import jit
from softbeam.kernels.native.exponential import expf


@jit
def softmax(  # type: ignore[no-untyped-def]
    source, count, batch, batch_offset, groups, group_offset, stride, temperature, output, table
):
    """Write the softmax of every group of `count` elements; `table` is MUFU.EX2's."""
    for thread in range(batch * groups):
        start = (thread // groups) * batch_offset + (thread % groups) * group_offset
        largest = np.float32(-np.inf)
        for index in range(count):
            value = source[start + index * stride]
            largest = value if value > largest else largest
        # The kernel divides by the temperature anew for every element; the result is the same.
        peak = canonical(np.float32(largest / temperature))
        total = np.float32(0.0)
        for index in range(count):
            place = start + index * stride
            scaled = canonical(np.float32(source[place] / temperature))
            power = expf(canonical(np.float32(scaled - peak)), table)
            total = canonical(np.float32(total + power))
            output[place] = power
        for index in range(count):
            place = start + index * stride
            output[place] = canonical(np.float32(output[place] / total))

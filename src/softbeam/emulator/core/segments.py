"""Which segment of global memory holds an address, jitted.

What an access to a segment, or to none, does is in :mod:`softbeam.emulator.core.memory`.
"""

from __future__ import annotations

from softbeam.jit import callee


@callee
def find_segment(memory, address):
    """Return the index of the segment that holds a byte address, or -1."""
    low, high = 0, memory.start.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if memory.start[middle] <= address:
            low = middle + 1
        else:
            high = middle
    if low and address < memory.end[low - 1]:
        return low - 1
    return -1

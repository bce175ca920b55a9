"""Which words of global memory an execution reads, jitted.

Only interpreted code says so; what is translated is not asked.
"""

from __future__ import annotations

import numpy as np

from softbeam.jit import callee


@callee
def note_read(memory, word):
    """Enter a word of the pool in the log of those that have been read, once."""
    if memory.read_bits.shape[0] == 0:
        return
    place, bit = word >> np.int64(6), np.int64(1) << (word & np.int64(63))
    if not memory.read_bits[place] & bit:
        memory.read_bits[place] |= bit
        memory.read_log[0] += 1
        memory.read_log[memory.read_log[0]] = word

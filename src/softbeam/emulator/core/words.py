"""The common case of loads and stores: whole words of global memory in one segment, jitted.

Here are no exceptions: what is not this case is left to :mod:`softbeam.emulator.core.memory`, with
nothing done yet.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    A_VALUE,
    GLOBAL,
    INFO_INSTRUCTIONS,
    INFO_LOG,
    OFFSET,
    REGISTER,
    SIZE,
    SPACE,
    UNIFORM_BASE,
    WIDE_ADDRESS,
    A,
)
from softbeam.emulator.core.reading import note_read
from softbeam.emulator.core.segments import find_segment
from softbeam.jit import callee


@callee
def is_of_words(row):
    """Return whether an access is of one word at a 64-bit address of global memory."""
    return row[SPACE] == GLOBAL and row[SIZE] == 4 and row[A] == REGISTER and row[WIDE_ADDRESS]


@callee
def _common_offset(row, w):
    """Return what all lanes add to their base registers."""
    uniform, offset = row[UNIFORM_BASE], np.uint64(row[OFFSET])
    if uniform != 255:
        offset += np.uint64(w.uniforms[uniform])
        offset += np.uint64(w.uniforms[uniform + 1]) << np.uint64(32)
    return offset


@callee
def _segment_of(memory, address):
    """Return (first byte address, bytes, first word in the pool) of an address; 0 bytes if none."""
    segment = find_segment(memory, address)
    if segment < 0 or memory.offset[segment] < 0:
        return np.uint64(0), np.uint64(0), np.int64(0)
    start = memory.start[segment]
    return np.uint64(start), np.uint64(memory.end[segment] - start), memory.offset[segment]


@callee
def load_words(row, mask, w, memory):
    """Load a word in each lane of `mask`; False if this is not the common case."""
    low, high, out = w.registers[row[A_VALUE]], w.registers[row[A_VALUE] + 1], w.scratch[0]
    common = _common_offset(row, w)
    start, length, first = np.uint64(0), np.uint64(0), np.int64(0)
    for lane in range(32):
        if not (mask >> np.uint32(lane)) & np.uint32(1):
            continue
        address = (np.uint64(low[lane]) | np.uint64(high[lane]) << np.uint64(32)) + common
        if length == np.uint64(0):
            start, length, first = _segment_of(memory, np.int64(address))
        inside = address - start
        if inside >= length or address & np.uint64(3):
            return False
        word = first + np.int64(inside >> np.uint64(2))
        note_read(memory, word)
        out[lane] = memory.words[word]
    return True


@callee
def store_words(row, mask, w, memory, state):
    """Store a word in each lane of `mask`, the lowest lane's last; False if it is not the case."""
    low, high, values = w.registers[row[A_VALUE]], w.registers[row[A_VALUE] + 1], w.scratch[0]
    information = state.information
    entry = information[INFO_LOG]
    if entry + 32 > state.log_word.shape[0]:
        return False
    common = _common_offset(row, w)
    start, length, first = np.uint64(0), np.uint64(0), np.int64(0)
    for step in range(32):
        lane = 31 - step
        if not (mask >> np.uint32(lane)) & np.uint32(1):
            continue
        address = (np.uint64(low[lane]) | np.uint64(high[lane]) << np.uint64(32)) + common
        if length == np.uint64(0):
            start, length, first = _segment_of(memory, np.int64(address))
        inside = address - start
        if inside >= length or address & np.uint64(3):
            # Take back what the higher lanes stored.
            for one in range(entry - 1, information[INFO_LOG] - 1, -1):
                memory.words[state.log_word[one]] = state.log_before[one]
            return False
        word = first + np.int64(inside >> np.uint64(2))
        state.log_word[entry] = word
        state.log_before[entry] = memory.words[word]
        state.log_time[entry] = information[INFO_INSTRUCTIONS]
        entry += 1
        memory.words[word] = values[lane]
    information[INFO_LOG] = entry
    return True

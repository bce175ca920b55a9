"""Loads and stores of 32 lanes with the memory map's exceptions, jitted.

A store writes to the pool at once and leaves the old word in the log, so that the caller can
read what changed and then put everything back.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    A_VALUE,
    FLAGS,
    GLOBAL,
    ILLEGAL_ADDRESS,
    ILLEGAL_INSTRUCTION,
    INFO_ADDRESS,
    INFO_FOREIGN,
    INFO_INSTRUCTIONS,
    INFO_LOG,
    INFO_UNPROBED,
    INFO_UNRECORDED,
    INVALID_ADDRESS_SPACE,
    KEPT_BYTES,
    LOG_FULL,
    MISALIGNED_ADDRESS,
    NO_ACCESS,
    OFFSET,
    OUT_OF_RANGE_ADDRESS,
    READ_ONLY,
    REGISTER,
    RUNNING,
    SIGNED,
    SIZE,
    SPACE,
    UNIFORM_BASE,
    WIDE_ADDRESS,
    A,
)
from softbeam.emulator.core.reading import note_read
from softbeam.emulator.core.segments import find_segment
from softbeam.emulator.core.words import is_of_words, load_words, store_words
from softbeam.jit import callee, entry_point


@callee
def address_of(row, lane, w, flip):
    """Return a lane's byte address: base register, with `flip` XORed into it, plus offsets."""
    base = np.uint64(0)
    if row[A] == REGISTER:
        base = np.uint64(w.registers[row[A_VALUE], lane])
        if row[WIDE_ADDRESS]:
            base |= np.uint64(w.registers[row[A_VALUE] + 1, lane]) << np.uint64(32)
    base ^= flip
    uniform = row[UNIFORM_BASE]
    if uniform != 255:
        base += np.uint64(w.uniforms[uniform])
        if row[SPACE] == GLOBAL:
            base += np.uint64(w.uniforms[uniform + 1]) << np.uint64(32)
    base += np.uint64(row[OFFSET])
    if row[SPACE] != GLOBAL:
        base &= np.uint64(0xFFFFFFFF)
    return base


@callee
def global_word(memory, wanted, last, writes, information):
    """Return (status, word in the pool or -1, segment) of an aligned global address."""
    address = np.int64(wanted)
    segment = last
    if segment < 0 or not memory.start[segment] <= address < memory.end[segment]:
        segment = find_segment(memory, address)
        if segment < 0:
            return ILLEGAL_ADDRESS, np.int64(-1), np.int64(-1)
    offset = memory.offset[segment]
    if offset >= 0:
        return RUNNING, offset + ((address - memory.start[segment]) >> 2), np.int64(segment)
    if offset == -1:
        information[INFO_UNRECORDED] += 1
        return RUNNING, np.int64(-1), np.int64(segment)
    if offset <= READ_ONLY:
        # A violation of a protection: CUDA calls every fault of the memory unit so.
        if writes or offset <= NO_ACCESS:
            return ILLEGAL_ADDRESS, np.int64(-1), np.int64(-1)
        word = READ_ONLY - offset + ((address - memory.start[segment]) >> 2)
        return RUNNING, word, np.int64(segment)
    if offset == -2:
        information[INFO_UNPROBED] += 1
        return ILLEGAL_ADDRESS, np.int64(-1), np.int64(-1)
    return INVALID_ADDRESS_SPACE, np.int64(-1), np.int64(-1)


@callee
def check_global(address, size):
    """Return the exception that a global address raises before any look at the map, or 0."""
    # 57-bit virtual addresses, sign-extended: the top eight bits must be equal (recorded).
    top = address >> np.uint64(56)
    if top != np.uint64(0) and top != np.uint64(0xFF):
        return OUT_OF_RANGE_ADDRESS
    if address & np.uint64(size - 1):
        return MISALIGNED_ADDRESS
    return RUNNING


@callee
def check_shared(address, size, shared_bytes):
    """Return the exception that an address in shared memory raises, or 0."""
    # Beyond the 16 MiB window of shared memory the recorded GPU said Illegal Instruction.
    if address >> np.uint64(24):
        return ILLEGAL_INSTRUCTION
    if address & np.uint64(size - 1):
        return MISALIGNED_ADDRESS
    if address + np.uint64(size) > np.uint64(shared_bytes):
        return OUT_OF_RANGE_ADDRESS
    return RUNNING


@callee
def check(row, address, shared_bytes):
    """Return the exception that an address raises before any look at the memory map, or 0."""
    if row[SPACE] == GLOBAL:
        return check_global(address, row[SIZE])
    return check_shared(address, row[SIZE], shared_bytes)


@callee
def load(row, mask, w, memory, shared, information):
    """LDG, LDS: load the lanes of `mask`; returns a status."""
    if is_of_words(row) and load_words(row, mask, w, memory):
        return RUNNING
    size = row[SIZE]
    words = (size + 3) >> 2
    last = np.int64(-1)
    for lane in range(32):
        if not (mask >> np.uint32(lane)) & np.uint32(1):
            continue
        address = address_of(row, lane, w, np.uint64(0))
        status = check(row, address, shared.shape[0] * 4)
        if status != RUNNING:
            information[INFO_ADDRESS] = np.int64(address)
            return status
        # A lane's words are collected first: the destination may overlap the address register.
        for part in range(words):
            here = address + np.uint64(4 * part)
            if row[SPACE] == GLOBAL:
                status, word, last = global_word(memory, here, last, False, information)
                if status != RUNNING:
                    information[INFO_ADDRESS] = np.int64(here)
                    return status
                value = np.uint32(0)
                if word >= 0:
                    note_read(memory, word)
                    value = memory.words[word]
            else:
                value = shared[here >> np.uint64(2)]
            if size < 4:
                value = narrow(value, address, size, row[FLAGS] & SIGNED)
            w.scratch[part, lane] = value
    return RUNNING


@callee
def narrow(word, address, size, signed):
    """Return the byte or half word at an address from the word that holds it."""
    shift = np.uint32(8) * np.uint32(address & np.uint64(3))
    value = word >> shift
    if size == 1:
        value &= np.uint32(0xFF)
        if signed and value & np.uint32(0x80):
            value |= np.uint32(0xFFFFFF00)
    else:
        value &= np.uint32(0xFFFF)
        if signed and value & np.uint32(0x8000):
            value |= np.uint32(0xFFFF0000)
    return np.uint32(value)


@callee
def merge(old, value, address, size):
    """Return a word with the `size` bytes at an address replaced; all of it for 4 and more."""
    if size >= 4:
        return np.uint32(value)
    shift = np.uint32(8) * np.uint32(address & np.uint64(3))
    ones = np.uint32(0xFF) if size == 1 else np.uint32(0xFFFF)
    return np.uint32((old & ~(ones << shift)) | ((value & ones) << shift))


@callee
def kept_bytes(address, size):
    """Return a bit for each byte of its word that a store of `size` bytes leaves alone."""
    if size >= 4:
        return np.int64(0)
    written = np.int64((1 << size) - 1) << np.int64(address & np.uint64(3))
    return np.int64(15) & ~written


@callee
def put(memory, state, word, value, kept):
    """Store a word of the pool, leaving the old one in the log; False if the log is full.

    `kept` has a bit for each byte that the store leaves alone; `value` holds them as they are.
    """
    information = state.information
    entries = information[INFO_LOG]
    if entries >= state.log_word.shape[0]:
        return False
    state.log_word[entries] = word
    state.log_before[entries] = memory.words[word]
    state.log_time[entries] = information[INFO_INSTRUCTIONS] | (kept << np.int64(KEPT_BYTES))
    information[INFO_LOG] = entries + 1
    memory.words[word] = value
    return True


@callee
def receive(memory, state, until):
    """Let the foreign stores before a time take effect; False if the log is full."""
    information = state.information
    entry = information[INFO_FOREIGN]
    while entry < state.foreign.shape[0] and state.foreign[entry, 0] < until:
        value = np.uint32(state.foreign[entry, 2])
        if not put(memory, state, state.foreign[entry, 1], value, np.int64(0)):
            return False
        entry += 1
        information[INFO_FOREIGN] = entry
    return True


@callee
def store(row, mask, flip, flip_lanes, w, memory, state):
    """STG, STS: store the lanes of `mask`; where lanes meet, the lowest lane's value stays.

    `flip` is XORed into the address register of the lanes of `flip_lanes`; returns a status.
    """
    common = is_of_words(row) and not flip_lanes
    if common and store_words(row, mask, w, memory, state):
        return RUNNING
    size = row[SIZE]
    words = (size + 3) >> 2
    information = state.information
    last = np.int64(-1)
    for step in range(32):
        lane = 31 - step
        if not (mask >> np.uint32(lane)) & np.uint32(1):
            continue
        wrong = flip if (flip_lanes >> np.uint32(lane)) & np.uint32(1) else np.uint64(0)
        address = address_of(row, lane, w, wrong)
        status = check(row, address, state.shared.shape[0] * 4)
        if status != RUNNING:
            information[INFO_ADDRESS] = np.int64(address)
            return status
        for part in range(words):
            here = address + np.uint64(4 * part)
            value = w.scratch[part, lane]
            if row[SPACE] != GLOBAL:
                word = here >> np.uint64(2)
                state.shared[word] = merge(state.shared[word], value, here, size)
                continue
            status, word, last = global_word(memory, here, last, True, information)
            if status != RUNNING:
                information[INFO_ADDRESS] = np.int64(here)
                return status
            if word < 0:
                continue
            if size < 4:
                note_read(memory, word)
            merged = merge(memory.words[word], value, here, size)
            if not put(memory, state, word, merged, kept_bytes(here, size)):
                return LOG_FULL
    return RUNNING


@entry_point
def roll_back(memory, state):
    """Undo every logged store, latest first, and empty the log."""
    entries = state.information[INFO_LOG]
    for entry in range(entries - 1, -1, -1):
        memory.words[state.log_word[entry]] = state.log_before[entry]
    state.information[INFO_LOG] = 0

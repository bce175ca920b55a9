"""Local and generic memory, scaled addresses, atomics, jitted: what the ten kernels do not need.

Local memory of a thread ends at offset 2^24, the end of its window; the stack begins close below.
Atomics of a warp's lanes on one address take effect in ascending lanes; the hardware's order is
neither documented nor recorded, and only floating-point sums and returned values depend on it.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.arithmetic import (
    bits_from_f64,
    canonical_bits,
    f32_from_bits,
    f64_from_bits,
    flush,
)
from softbeam.emulator.core.half import half_from_f64, half_to_f32
from softbeam.emulator.core.layout import (
    A_VALUE,
    ATOMIC_ADD,
    ATOMIC_AND,
    ATOMIC_CAS,
    ATOMIC_CAST,
    ATOMIC_DEC,
    ATOMIC_EXCH,
    ATOMIC_INC,
    ATOMIC_MIN,
    ATOMIC_OR,
    ATOMIC_XOR,
    COMBINE,
    COPY_TO_SHARED,
    DESTINATION,
    DESTINATIONS,
    DETAIL,
    F16X2,
    F32,
    F64,
    FLAGS,
    GENERIC,
    GLOBAL,
    INFO_ADDRESS,
    LOAD_OTHER,
    LOCAL,
    LOCAL_WINDOW,
    LOG_FULL,
    MISALIGNED_ADDRESS,
    OFFSET,
    OUT_OF_RANGE_ADDRESS,
    PREDICATE_0,
    QUERY_SPACE,
    REGISTER,
    RUNNING,
    S32,
    S64,
    SCALE,
    SHARED,
    SHARED_WINDOW,
    SIGNED,
    SIZE,
    SOURCE_PREDICATE_0,
    SPACE,
    STORE_OTHER,
    UNIFORM_BASE,
    UNIFORM_REGISTER,
    WIDE_ADDRESS,
    WINDOW_BYTES,
    A,
    B,
    C,
)
from softbeam.emulator.core.memory import (
    check_global,
    check_shared,
    global_word,
    kept_bytes,
    merge,
    narrow,
    put,
)
from softbeam.emulator.core.operands import commit, commit_predicate, predicate_mask
from softbeam.emulator.core.reading import note_read
from softbeam.jit import by_address, callee


@callee
def _address(row, lane, w, flip):
    """Return the space and the byte address in it of a lane, generic addresses resolved."""
    space = row[SPACE]
    base = np.uint64(0)
    if row[A] == REGISTER:
        base = np.uint64(w.registers[row[A_VALUE], lane])
        if row[WIDE_ADDRESS]:
            base |= np.uint64(w.registers[row[A_VALUE] + 1, lane]) << np.uint64(32)
    base = (base ^ flip) * np.uint64(row[SCALE])
    uniform = row[UNIFORM_BASE]
    if uniform != 255:
        base += np.uint64(w.uniforms[uniform])
        if space == GLOBAL or space == GENERIC:
            base += np.uint64(w.uniforms[uniform + 1]) << np.uint64(32)
    base += np.uint64(row[OFFSET])
    if space == SHARED or space == LOCAL:
        return space, base & np.uint64(0xFFFFFFFF)
    if space == GENERIC:
        if base >= np.uint64(SHARED_WINDOW) and base < np.uint64(SHARED_WINDOW + WINDOW_BYTES):
            return np.int64(SHARED), base - np.uint64(SHARED_WINDOW)
        if base >= np.uint64(LOCAL_WINDOW) and base < np.uint64(LOCAL_WINDOW + WINDOW_BYTES):
            return np.int64(LOCAL), base - np.uint64(LOCAL_WINDOW)
    return np.int64(GLOBAL), base


@callee
def _check(row, space, address, state):
    """Return the exception that an address raises before any look at the memory map, or 0."""
    size = row[SIZE]
    if space == GLOBAL:
        return check_global(address, size)
    if space == SHARED:
        return check_shared(address, size, state.shared.shape[0] * 4)
    # Below the window of local memory that a thread has, or beyond it.
    if address & np.uint64(size - 1):
        return MISALIGNED_ADDRESS
    least = np.uint64(WINDOW_BYTES - 4 * state.local.shape[1])
    if address < least or address + np.uint64(size) > np.uint64(WINDOW_BYTES):
        return OUT_OF_RANGE_ADDRESS
    return RUNNING


@callee
def _local_word(address, state):
    return np.int64(address >> np.uint64(2)) - ((WINDOW_BYTES >> 2) - state.local.shape[1])


@callee
def _read(space, address, lane, warp, memory, state):
    """Return (status, word) at a checked address, aligned down to its word."""
    if space == SHARED:
        return RUNNING, state.shared[address >> np.uint64(2)]
    if space == LOCAL:
        return RUNNING, state.local[warp, _local_word(address, state), lane]
    status, word, _ = global_word(memory, address, np.int64(-1), False, state.information)
    if status != RUNNING:
        return status, np.uint32(0)
    if word < 0:
        return RUNNING, np.uint32(0)
    note_read(memory, word)
    return RUNNING, memory.words[word]


@callee
def _write(space, address, value, size, lane, warp, memory, state):
    """Store to a checked address; returns a status."""
    if space == SHARED:
        word = np.int64(address >> np.uint64(2))
        state.shared[word] = merge(state.shared[word], value, address, size)
        return RUNNING
    if space == LOCAL:
        word = _local_word(address, state)
        state.local[warp, word, lane] = merge(state.local[warp, word, lane], value, address, size)
        return RUNNING
    status, word, _ = global_word(memory, address, np.int64(-1), True, state.information)
    if status != RUNNING:
        return status
    if word < 0:
        return RUNNING
    if size < 4:
        note_read(memory, word)
    merged = merge(memory.words[word], value, address, size)
    if not put(memory, state, word, merged, kept_bytes(address, size)):
        return LOG_FULL
    return RUNNING


@callee
def _source(row, column, part, lane, w, constants):
    """Return one word of a data operand of a store or atomic."""
    if row[column] == REGISTER:
        return w.registers[row[column + 1] + part, lane]
    return np.uint32(row[column + 1]) if part == 0 else np.uint32(0)


@callee
def _float_sum(kind, old, value):
    """Return old + value of two float32 (subnormals flushed), float64, or pairs of halves."""
    if kind == F64:
        return bits_from_f64(f64_from_bits(old) + f64_from_bits(value))
    if kind == F32:
        x, y = f32_from_bits(flush(np.uint32(old))), f32_from_bits(flush(np.uint32(value)))
        return np.uint64(flush(canonical_bits(np.float32(x + y))))
    word = np.uint64(0)
    for part in range(2):
        shift = np.uint64(16 * part)
        x = np.float64(half_to_f32(np.uint32((old >> shift) & np.uint64(0xFFFF))))
        y = np.float64(half_to_f32(np.uint32((value >> shift) & np.uint64(0xFFFF))))
        word |= np.uint64(half_from_f64(x + y, 0)) << shift
    return word


@callee
def _combined(row, old, value, other):
    """Return what an atomic operation leaves: `value` is its operand, `other` what CAS stores."""
    how, kind = row[DETAIL], row[COMBINE]
    if how == ATOMIC_ADD:
        if kind == F32 or kind == F64 or kind == F16X2:
            return _float_sum(kind, old, value)
        return np.uint64(old + value)
    if how == ATOMIC_INC:
        return np.uint64(0) if old >= value else np.uint64(old + np.uint64(1))
    if how == ATOMIC_DEC:
        ends = old == np.uint64(0) or old > value
        return np.uint64(value) if ends else np.uint64(old - np.uint64(1))
    if how == ATOMIC_AND:
        return np.uint64(old & value)
    if how == ATOMIC_OR:
        return np.uint64(old | value)
    if how == ATOMIC_XOR:
        return np.uint64(old ^ value)
    if how == ATOMIC_EXCH:
        return np.uint64(value)
    if how == ATOMIC_CAS or how == ATOMIC_CAST:
        return np.uint64(other) if old == value else np.uint64(old)
    less = old < value
    if kind == S32:
        less = np.int32(np.uint32(old)) < np.int32(np.uint32(value))
    elif kind == S64:
        less = np.int64(old) < np.int64(value)
    return np.uint64(old) if less == (how == ATOMIC_MIN) else np.uint64(value)


@callee
def _pair(row, column, lane, w, constants):
    word = np.uint64(_source(row, column, 0, lane, w, constants))
    if row[SIZE] == 8:
        word |= np.uint64(_source(row, column, 1, lane, w, constants)) << np.uint64(32)
    return word


@callee
def _atomic(row, executed, warp, w, constants, memory, state):
    """ATOM, ATOMG, ATOMS, RED: lanes in ascending order; old values (or CAST's success) in out.

    With a destination predicate, memory other than global is left alone, and the predicate says so;
    CAST's predicate says whether it was swapped.
    """
    words = row[SIZE] >> 2
    casts = row[DETAIL] == ATOMIC_CAST
    done = np.uint32(0)
    for lane in range(32):
        if not (executed >> np.uint32(lane)) & np.uint32(1):
            continue
        space, address = _address(row, lane, w, np.uint64(0))
        if row[PREDICATE_0] != 7 and space != GLOBAL and not casts:
            continue
        done |= np.uint32(1) << np.uint32(lane)
        status = _check(row, space, address, state)
        old = np.uint64(0)
        for part in range(words):
            if status == RUNNING:
                status, word = _read(
                    space, address + np.uint64(4 * part), lane, warp, memory, state
                )
                old |= np.uint64(word) << np.uint64(32 * part)
        if status == RUNNING:
            value = _pair(row, B, lane, w, constants)
            new = _combined(row, old, value, _pair(row, C, lane, w, constants))
            for part in range(words):
                if status == RUNNING:
                    status = _write(
                        space,
                        address + np.uint64(4 * part),
                        np.uint32(new >> np.uint64(32 * part)),
                        4,
                        lane,
                        warp,
                        memory,
                        state,
                    )
            answer = old
            if casts:
                answer = np.uint64(1) if old == value else np.uint64(0)
                if old != value:
                    done &= ~(np.uint32(1) << np.uint32(lane))
            w.scratch[0, lane] = np.uint32(answer)
            w.scratch[1, lane] = np.uint32(answer >> np.uint64(32))
        if status != RUNNING:
            state.information[INFO_ADDRESS] = np.int64(address)
            return status
    commit_predicate(w.predicates, row[PREDICATE_0], done, executed)
    return RUNNING


@callee
def _load(row, executed, warp, w, memory, state):
    for lane in range(32):
        if not (executed >> np.uint32(lane)) & np.uint32(1):
            continue
        space, address = _address(row, lane, w, np.uint64(0))
        status = _check(row, space, address, state)
        for part in range((row[SIZE] + 3) >> 2):
            if status == RUNNING:
                status, value = _read(
                    space, address + np.uint64(4 * part), lane, warp, memory, state
                )
                if row[SIZE] < 4:
                    value = narrow(value, address, row[SIZE], row[FLAGS] & SIGNED)
                w.scratch[part, lane] = value
        if status != RUNNING:
            state.information[INFO_ADDRESS] = np.int64(address)
            return status
    return RUNNING


@callee
def _store(row, executed, flip, flip_lanes, warp, w, constants, memory, state):
    for step in range(32):
        lane = 31 - step
        if not (executed >> np.uint32(lane)) & np.uint32(1):
            continue
        wrong = flip if (flip_lanes >> np.uint32(lane)) & np.uint32(1) else np.uint64(0)
        space, address = _address(row, lane, w, wrong)
        status = _check(row, space, address, state)
        for part in range((row[SIZE] + 3) >> 2):
            if status == RUNNING:
                value = _source(row, B, part, lane, w, constants)
                here = address + np.uint64(4 * part)
                status = _write(space, here, value, row[SIZE], lane, warp, memory, state)
        if status != RUNNING:
            state.information[INFO_ADDRESS] = np.int64(address)
            return status
    return RUNNING


@callee
def _shared_target(row, lane, w):
    """Return where in shared memory a copy goes: a register (B) plus a number (C)."""
    base = np.uint64(0)
    if row[B] == REGISTER:
        base = np.uint64(w.registers[row[B + 1], lane])
    elif row[B] == UNIFORM_REGISTER:
        base = np.uint64(w.uniforms[row[B + 1]])
    return (base + np.uint64(row[C + 1])) & np.uint64(0xFFFFFFFF)


@callee
def _copy_to_shared(row, executed, warp, w, memory, state):
    """LDGSTS: copy from global to shared memory, at once.

    Without the source predicate nothing is read, and zeros are stored.  With .ZFILL (DETAIL) the
    low bits of the global address say how many of the last bytes are zeros instead.
    """
    reads = predicate_mask(row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates)
    size = row[SIZE]
    for lane in range(32):
        if not (executed >> np.uint32(lane)) & np.uint32(1):
            continue
        _, source = _address(row, lane, w, np.uint64(0))
        kept = size
        if row[DETAIL]:
            zeros = source & np.uint64(size - 1)
            kept, source = size - np.int64(zeros), source - zeros
        if not (reads >> np.uint32(lane)) & np.uint32(1):
            kept = 0
        target = _shared_target(row, lane, w)
        failed, status = source, RUNNING
        if kept:
            status = _check(row, np.int64(GLOBAL), source, state)
        if status == RUNNING:
            failed, status = target, _check(row, np.int64(SHARED), target, state)
        for part in range(size >> 2):
            value = np.uint32(0)
            if status == RUNNING and 4 * part < kept:
                failed = source + np.uint64(4 * part)
                status, value = _read(np.int64(GLOBAL), failed, lane, warp, memory, state)
                if kept - 4 * part < 4:
                    value &= np.uint32((1 << (8 * (kept & 3))) - 1)
            if status == RUNNING:
                state.shared[(target >> np.uint64(2)) + np.uint64(part)] = value
        if status != RUNNING:
            state.information[INFO_ADDRESS] = np.int64(failed)
            return status
    return RUNNING


@by_address
def memory_entry(row, operation, executed, flip, hit, warp, w, constants, memory, state):
    """Execute one rare operation on memory; returns a status."""
    if operation == STORE_OTHER:
        return np.int64(_store(row, executed, flip, hit, warp, w, constants, memory, state))
    if operation == QUERY_SPACE:
        inside = np.uint32(0)
        for lane in range(32):
            space, _ = _address(row, lane, w, np.uint64(0))
            if space == row[DETAIL]:
                inside |= np.uint32(1) << np.uint32(lane)
        commit_predicate(w.predicates, row[PREDICATE_0], inside, executed)
        return np.int64(RUNNING)
    if operation == COPY_TO_SHARED:
        return np.int64(_copy_to_shared(row, executed, warp, w, memory, state))
    if operation == LOAD_OTHER:
        status = _load(row, executed, warp, w, memory, state)
    else:
        status = _atomic(row, executed, warp, w, constants, memory, state)
    if status == RUNNING and row[DESTINATION] != 255:
        for part in range(row[DESTINATIONS]):
            commit(w.registers[row[DESTINATION] + part], w.scratch[part], executed)
    return np.int64(status)

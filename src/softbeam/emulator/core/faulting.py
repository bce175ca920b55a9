"""Applying a fault inside the interpreter, and following the struck register, jitted."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    DESTINATION,
    DESTINATIONS,
    FAULT_AFTER,
    FAULT_BEFORE,
    FAULT_DROPS,
    FAULT_EXECUTED,
    FAULT_INDEX,
    FAULT_INDEX_MASK,
    FAULT_KIND,
    FAULT_LANE,
    FAULT_OCCURRENCE,
    FAULT_PREDICATE,
    FAULT_PREDICATE_BEFORE,
    FAULT_REGISTER,
    FAULT_REGISTERS,
    FAULT_REPLACES,
    FAULT_RESOLVE,
    FAULT_SHARED,
    FAULT_UNIFORM,
    FAULT_VALUE,
    FAULT_WARP_WIDE,
    ILLEGAL_INSTRUCTION,
    INFO_AFTER,
    INFO_BEFORE,
    INFO_FIRED,
    INFO_LANE,
    INFO_OCCURRENCE,
    INFO_READ,
    NEVER_READ,
    OVERWRITTEN,
    RESOLVED,
    RUNNING,
    UNIFORM,
)
from softbeam.emulator.core.operands import count_ones
from softbeam.jit import callee


@callee
def arrive(fault, active, executed, w, information):
    """Count arrivals at the struck row; return the lanes to strike now (0 for none) and a status.

    To resolve a site is to find the lane and occurrence of the n-th active (or executed) thread
    at this row, n being ``FAULT_OCCURRENCE``; lanes count in ascending order.
    """
    lane = fault[FAULT_LANE]
    arrivals = w.arrivals
    if fault[FAULT_KIND] == FAULT_RESOLVE:
        counted = executed if fault[FAULT_EXECUTED] else active
        ones = count_ones(counted)
        seen = information[INFO_FIRED]
        if seen + ones > fault[FAULT_OCCURRENCE]:
            left = fault[FAULT_OCCURRENCE] - seen
            for candidate in range(32):
                if (counted >> np.uint32(candidate)) & np.uint32(1):
                    if left == 0:
                        information[INFO_LANE] = candidate
                        information[INFO_OCCURRENCE] = arrivals[candidate]
                        break
                    left -= 1
            return np.uint32(0), RESOLVED
        information[INFO_FIRED] = seen + ones
    hit = np.uint32(0)
    here = (active >> np.uint32(lane)) & np.uint32(1) and arrivals[lane] == fault[FAULT_OCCURRENCE]
    if here and fault[FAULT_KIND] != FAULT_RESOLVE:
        hit = np.uint32(1) << np.uint32(lane)
        if fault[FAULT_WARP_WIDE]:
            before = fault[FAULT_KIND] == FAULT_BEFORE
            before = before or fault[FAULT_KIND] == FAULT_PREDICATE_BEFORE
            hit = active if before else executed
    for candidate in range(32):
        arrivals[candidate] += np.int64((active >> np.uint32(candidate)) & np.uint32(1))
    return hit, RUNNING


@callee
def _changed(fault, value):
    if fault[FAULT_REPLACES]:
        return np.uint32(fault[FAULT_VALUE])
    return np.uint32(value ^ np.uint32(fault[FAULT_VALUE]))


@callee
def strike_register(fault, hit, w, information):
    """Change the struck register in the lanes of `hit`; notes the struck lane's values."""
    struck = w.registers[fault[FAULT_REGISTER]]
    for lane in range(32):
        if (hit >> np.uint32(lane)) & np.uint32(1):
            before = struck[lane]
            struck[lane] = _changed(fault, before)
            if lane == fault[FAULT_LANE]:
                information[INFO_BEFORE] = np.int64(before)
                information[INFO_AFTER] = np.int64(struck[lane])
    information[INFO_FIRED] += 1


@callee
def strike_predicate(fault, hit, w, information):
    """Set or flip the struck predicate in the lanes of `hit`."""
    index, lane = fault[FAULT_REGISTER], np.uint32(fault[FAULT_LANE])
    mask = w.predicates[index]
    information[INFO_BEFORE] = np.int64((mask >> lane) & np.uint32(1))
    if fault[FAULT_REPLACES]:
        mask = np.uint32(mask | hit) if fault[FAULT_VALUE] & 1 else np.uint32(mask & ~hit)
    elif fault[FAULT_VALUE] & 1:
        mask = np.uint32(mask ^ hit)
    w.predicates[index] = mask
    information[INFO_AFTER] = np.int64((mask >> lane) & np.uint32(1))
    information[INFO_FIRED] += 1


@callee
def _strike_word(fault, words, index, information):
    before = words[index]
    words[index] = _changed(fault, before)
    information[INFO_BEFORE] = np.int64(before)
    information[INFO_AFTER] = np.int64(words[index])
    information[INFO_FIRED] += 1


@callee
def strike_before(fault, hit, w, shared, information):
    """Change what is struck before an instruction: a register, a predicate or shared memory.

    A uniform register is the warp's, a word of shared memory the block's: it is changed once,
    whatever lanes are in `hit`.
    """
    kind, index = fault[FAULT_KIND], fault[FAULT_REGISTER]
    if kind == FAULT_BEFORE:
        strike_register(fault, hit, w, information)
    elif kind == FAULT_PREDICATE_BEFORE:
        strike_predicate(fault, hit, w, information)
    elif kind == FAULT_UNIFORM:
        _strike_word(fault, w.uniforms, index, information)
    elif kind == FAULT_SHARED:
        _strike_word(fault, shared, index, information)


@callee
def strike_stuck(row, fault, executed, w, information):
    """Force bits of the general registers that one lane's instruction has just written."""
    lane = fault[FAULT_LANE]
    if row[UNIFORM] or row[DESTINATION] == 255 or not (executed >> np.uint32(lane)) & np.uint32(1):
        return
    kept = ~np.uint32(fault[FAULT_INDEX_MASK])
    for part in range(row[DESTINATIONS]):
        register = row[DESTINATION] + part
        value = w.registers[register, lane]
        w.registers[register, lane] = (value & kept) ^ np.uint32(fault[FAULT_VALUE])
    information[INFO_FIRED] += 1


@callee
def save_destinations(row, w, saved):
    """Keep the destination registers' values before an instruction whose index will be struck."""
    for part in range(row[DESTINATIONS]):
        for lane in range(32):
            saved[part, lane] = w.registers[row[DESTINATION] + part, lane]


@callee
def strike_index(row, fault, hit, w, information, saved):
    """Move an instruction's results to the registers of the struck index; returns a status.

    The destinations get their old values back; a register that is not allocated raises an illegal
    instruction or, where the fault says so, loses the value; index 255 is RZ and loses it too.
    """
    registers = w.registers
    base, parts = row[DESTINATION], row[DESTINATIONS]
    wrong = base ^ fault[FAULT_INDEX_MASK]
    information[INFO_BEFORE] = base
    information[INFO_AFTER] = wrong
    information[INFO_FIRED] += 1
    for lane in range(32):
        if not (hit >> np.uint32(lane)) & np.uint32(1):
            continue
        for part in range(parts):
            result = registers[base + part, lane]
            registers[base + part, lane] = saved[part, lane]
            saved[part, lane] = result
    for part in range(parts):
        index = wrong + part
        if index >= fault[FAULT_REGISTERS]:
            if index >= 255 or fault[FAULT_DROPS]:
                continue
            return ILLEGAL_INSTRUCTION
        for lane in range(32):
            if (hit >> np.uint32(lane)) & np.uint32(1):
                registers[index, lane] = saved[part, lane]
    return RUNNING


@callee
def strike_after(row, fault, hit, w, information, saved):
    """Apply what a fault does just after its instruction; returns a status."""
    kind = fault[FAULT_KIND]
    if kind == FAULT_AFTER:
        strike_register(fault, hit, w, information)
    elif kind == FAULT_PREDICATE:
        strike_predicate(fault, hit, w, information)
    elif kind == FAULT_INDEX:
        return strike_index(row, fault, hit, w, information, saved)
    return RUNNING


@callee
def follow(fault, reads, writes, executed, pending, information):
    """Follow the struck register through one instruction; return the lanes still undecided.

    Notes a read in the information vector.  `reads` and `writes` are the instruction's bit sets.
    """
    register = fault[FAULT_REGISTER]
    part, bit = register >> 6, np.uint64(register & 63)
    touched = np.uint32(pending & executed)
    if touched:
        if (reads[part] >> bit) & np.uint64(1):
            information[INFO_READ] = 1
        elif (writes[part] >> bit) & np.uint64(1):
            return np.uint32(pending & ~touched)
    return np.uint32(pending)


@callee
def fate(pending, gone, wiped):
    """Return the status of an unread fault once no lane is undecided any more."""
    if pending & ~gone:
        return RUNNING
    return OVERWRITTEN if wiped else NEVER_READ

"""Branches, calls, barriers and exits of a group of threads, jitted."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.groups import (
    alive,
    drop_group,
    lowest_lane,
    push_group,
    release,
    split,
)
from softbeam.emulator.core.layout import (
    A_VALUE,
    BAR,
    BAR_ARRIVE,
    BAR_PACKED,
    BARRIER,
    BRA,
    BRA_DIVERGENT,
    BREAK,
    BRX,
    BSSY,
    BSYNC,
    CALL,
    DETAIL,
    EXIT,
    ILLEGAL_INSTRUCTION,
    IMMEDIATE,
    INVALID_PC,
    NAMED_BARRIER,
    NOTHING,
    OFFSET,
    READY,
    REGISTER,
    RET,
    RUNNING,
    SOURCE_PREDICATE_0,
    TARGET,
    UNIFORM_REGISTER,
    UNSUPPORTED_REACHED,
    WAITS_AT_BAR,
    WARPSYNC,
    WARPSYNC_BARRIER,
    WIDE_ADDRESS,
    A,
    B,
)
from softbeam.emulator.core.operands import change, count_ones, predicate_mask
from softbeam.jit import by_address, callee


@callee
def leave(w, group, mask, executed):
    """EXIT: end the executing threads; the others of the group go on."""
    rest = np.uint32(mask & ~executed)
    if rest:
        w.group_mask[group] = rest
        w.group_row[group] += 1
    else:
        drop_group(w, group)
    if executed:
        release(w)


@callee
def wait_at_barrier(code, w, group, mask, executed):
    """BAR.SYNC: park the executing threads until the whole block has arrived or exited.

    BAR.RED also counts them and those whose predicate holds.
    """
    if code[DETAIL]:
        says = predicate_mask(code[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates)
        w.voted[0] += count_ones(executed)
        w.voted[1] += count_ones(np.uint32(executed & says))
        w.voted[2] = code[DETAIL]
    row = w.group_row[group] + 1
    rest = np.uint32(mask & ~executed)
    w.group_row[group] = row
    if executed:
        w.group_mask[group] = executed
        w.group_wait[group] = WAITS_AT_BAR
        if rest:
            push_group(w, rest, row)


@callee
def _branch(taken, target, mask, group, w):
    """Send the lanes of `taken` to a row, the others to the next; True if the group stays whole."""
    following = w.group_row[group] + 1
    rest = np.uint32(mask & ~taken)
    if not rest:
        w.group_row[group] = target
        return True
    if not taken:
        w.group_row[group] = following
        return True
    split(w, group, taken, target, rest, following)
    return False


@callee
def _indirect_row(row, lane, rows_number, w):
    """Return the row that a lane's register pair (plus the target) names.

    -1: an address that no memory can have (recorded: Invalid PC for one 2^61 bytes away); -2: one
    that is not this function's (recorded: Illegal Instruction for one 2^37 bytes away).
    """
    registers = w.registers
    target = np.int64(row[OFFSET])
    if row[A] == UNIFORM_REGISTER:
        target += np.int64(w.uniforms[row[A_VALUE]])
        target += np.int64(w.uniforms[row[A_VALUE] + 1]) << 32
    elif row[A] == REGISTER:
        target += np.int64(registers[row[A_VALUE], lane])
        if row[WIDE_ADDRESS]:
            target += np.int64(registers[row[A_VALUE] + 1, lane]) << 32
    if target & 15 or not -(1 << 48) <= target < 1 << 48:
        return np.int64(-1)
    if target < 0 or (target >> 4) >= rows_number:
        return np.int64(-2)
    return target >> 4


@callee
def _scatter(row, mask, executed, group, rows_number, w):
    """RET, BRX, indirect CALL: every lane to its own row; returns (stays whole, status)."""
    rest = np.uint32(mask & ~executed)
    following = w.group_row[group] + 1
    first = True
    left = executed
    whole = rest == 0
    while left:
        target = np.int64(-1)
        same = np.uint32(0)
        for lane in range(32):
            if (left >> np.uint32(lane)) & np.uint32(1):
                here = _indirect_row(row, lane, rows_number, w)
                if here < 0:
                    return False, INVALID_PC if here == -1 else ILLEGAL_INSTRUCTION
                if target < 0:
                    target = here
                if here == target:
                    same |= np.uint32(1) << np.uint32(lane)
        left = np.uint32(left & ~same)
        others = np.uint32(left | rest) if first else left
        if first and not others:
            w.group_row[group] = target
            return True, RUNNING
        whole = False
        if first:
            # The parts are split off one by one; the smaller part of each split runs first.
            w.group_mask[group] = mask
            first = False
        if left or rest:
            split(w, group, same, target, np.uint32(left | rest), following)
            for number in range(w.groups):
                if w.group_mask[number] == (left | rest) and (w.group_wait[number] == READY):
                    group = number
        else:
            w.group_mask[group] = same
            w.group_row[group] = target
    return whole, RUNNING


@callee
def _source(row, source, lane, w):
    """Return a source of a control instruction in one lane."""
    value = np.uint32(0)
    if row[source] == IMMEDIATE:
        value = np.uint32(row[source + 1])
    elif row[source] == UNIFORM_REGISTER:
        value = w.uniforms[row[source + 1]]
    elif row[source] == REGISTER:
        value = w.registers[row[source + 1], lane]
    return change(value, row[source + 2])


@callee
def _word(row, lane, w):
    """Return the first source of a control instruction in one lane."""
    return _source(row, A, lane, w)


@callee
def _wait(w, group, mask, executed, barrier):
    """Park the executing threads at a convergence barrier; the others of the group go on."""
    following = w.group_row[group] + 1
    rest = np.uint32(mask & ~executed)
    if rest:
        w.group_mask[group] = rest
        w.group_row[group] = following
        push_group(w, executed, following)
        group = w.groups - 1
    w.group_row[group] = following
    w.group_wait[group] = barrier
    release(w)


@callee
def _alike(w, lanes):
    """Return those of some lanes whose WARPSYNC names the same lanes as that of the lowest."""
    wanted = w.barriers[WARPSYNC_BARRIER, lowest_lane(lanes)]
    same = np.uint32(0)
    for lane in range(32):
        if w.barriers[WARPSYNC_BARRIER, lane] == wanted:
            same |= np.uint32(1) << np.uint32(lane)
    return np.uint32(same & lanes)


@callee
def _all_here(w, executed):
    """Whether all the lanes that the executing ones name execute, and name the same as these."""
    living = alive(w)
    left = executed
    while left:
        same = _alike(w, left)
        if w.barriers[WARPSYNC_BARRIER, lowest_lane(left)] & living & ~same:
            return False
        left = np.uint32(left & ~same)
    return True


@callee
def _gather(row, w, group, mask, executed):
    """WARPSYNC: park the executing threads until those are there that each of them names.

    Threads that name different lanes wait apart.  Behind .EXCLUSIVE and .COLLECTIVE they go on
    apart too: what the compiler puts there is to see the lanes of one mask alone.  Otherwise they
    stay together if nobody is missing.
    """
    for lane in range(32):
        if (executed >> np.uint32(lane)) & np.uint32(1):
            w.barriers[WARPSYNC_BARRIER, lane] = _word(row, lane, w)
    left = executed
    if row[DETAIL] or not _all_here(w, executed):
        left = _alike(w, executed)
    others = np.uint32(executed & ~left)
    while others:
        same = _alike(w, others)
        others = np.uint32(others & ~same)
        mask = np.uint32(mask & ~same)
        push_group(w, same, w.group_row[group] + 1)
        w.group_wait[w.groups - 1] = WARPSYNC_BARRIER
    w.group_mask[group] = mask
    _wait(w, group, mask, left, np.int64(WARPSYNC_BARRIER))


@callee
def _leave_barrier(row, executed, w):
    """BREAK: nobody waits any longer for the executing threads at a convergence barrier.

    Only threads that they would have waited for: those that wait at the same barrier for others,
    in a caller of a function that calls itself, still do.
    """
    named = np.uint32(0)
    for lane in range(32):
        if (executed >> np.uint32(lane)) & np.uint32(1):
            named |= w.barriers[row[BARRIER], lane]
    for lane in range(32):
        if (named >> np.uint32(lane)) & np.uint32(1):
            w.barriers[row[BARRIER], lane] &= np.uint32(~executed)


@callee
def _named(row, lane, w):
    """Return the number and the count of a named barrier; a number of -1 is one that none has."""
    number, count = np.int64(_word(row, lane, w)), np.int64(_source(row, B, lane, w))
    if row[DETAIL] & BAR_PACKED:
        number, count = number & 15, (count >> 16) & 0xFFF
    if row[B] != NOTHING and count == 0:
        return np.int64(-1), count
    if number > 15 or count & 31 or count > 1024:
        return np.int64(-1), count
    return number, count


@callee
def _meet(row, w, group, mask, executed):
    """BAR of a number and a count: wait there for so many threads, or only be one of them."""
    following = w.group_row[group] + 1
    if not executed:
        w.group_row[group] = following
        return RUNNING
    number, count = _named(row, lowest_lane(executed), w)
    for lane in range(32):
        if (executed >> np.uint32(lane)) & np.uint32(1):
            other, another = _named(row, lane, w)
            if number < 0 or other != number or another != count:
                return UNSUPPORTED_REACHED
    if (row[DETAIL] & 1) == BAR_ARRIVE:
        w.arrived[number] += 32 if executed == alive(w) else count_ones(executed)
        w.group_row[group] = following
        return RUNNING
    rest = np.uint32(mask & ~executed)
    w.group_row[group] = following
    w.group_mask[group] = executed
    w.group_wait[group] = WAITS_AT_BAR - 1 - number - 16 * count
    if rest:
        push_group(w, rest, following)
    return RUNNING


@callee
def jump(row, operation, mask, executed, group, rows_number, w):
    """Execute one control instruction; returns (whether the same group runs on, status)."""
    following = w.group_row[group] + 1
    if operation == BRA or operation == CALL:
        taken = executed & predicate_mask(
            row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates
        )
        return _branch(np.uint32(taken), row[TARGET], mask, group, w), RUNNING
    if operation == BSSY:
        for lane in range(32):
            if (executed >> np.uint32(lane)) & np.uint32(1):
                w.barriers[row[BARRIER], lane] = executed
        w.group_row[group] = following
        return True, RUNNING
    if operation == BREAK:
        executed &= predicate_mask(row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates)
        _leave_barrier(row, executed, w)
        w.group_row[group] = following
        release(w)
        # The release may have renumbered the groups.
        return False, RUNNING
    if operation == BSYNC or operation == WARPSYNC:
        if not executed:
            w.group_row[group] = following
            return True, RUNNING
        if operation == WARPSYNC:
            _gather(row, w, group, mask, executed)
        else:
            _wait(w, group, mask, executed, row[BARRIER])
        return False, RUNNING
    if operation == BRA_DIVERGENT:
        # The threads whose guard holds are those of the operand, or are not.  .CONV is taken by
        # them if they are; .DIV, its opposite, by all that are here if they are not.
        together = executed == _word(row, 0, w)
        if row[DETAIL]:
            taken = executed if together else np.uint32(0)
        else:
            taken = np.uint32(0) if together else mask
        return _branch(np.uint32(taken), row[TARGET], mask, group, w), RUNNING
    if operation == RET or operation == BRX:
        executed &= predicate_mask(row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates)
        if not executed:
            w.group_row[group] = following
            return True, RUNNING
        return _scatter(row, mask, executed, group, rows_number, w)
    w.group_row[group] = following
    return True, RUNNING


@by_address
def control_entry(row, operation, mask, executed, group, rows_number, w):
    """Execute one instruction that steers control flow.

    Returns a status, times two, plus one if the same group runs on.
    """
    if operation == EXIT:
        executed &= predicate_mask(row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates)
        leave(w, group, mask, executed)
        return np.int64(2 * RUNNING)
    if operation == BAR:
        wait_at_barrier(row, w, group, mask, executed)
        return np.int64(2 * RUNNING)
    if operation == NAMED_BARRIER:
        return np.int64(2 * _meet(row, w, group, mask, executed))
    again, status = jump(row, operation, mask, executed, group, rows_number, w)
    return np.int64(2 * status + (1 if again else 0))

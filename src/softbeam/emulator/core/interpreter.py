"""The warp interpreter, jitted: fetch, guard, execute, reconverge, until something ends it."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.counting import count_steps, most_counted
from softbeam.emulator.core.faulting import (
    arrive,
    fate,
    follow,
    save_destinations,
    strike_after,
    strike_before,
    strike_stuck,
)
from softbeam.emulator.core.groups import end_of_turn, give_way, running_group
from softbeam.emulator.core.layout import (
    AT_BARRIER,
    DESTINATION,
    DESTINATIONS,
    ENTRY_ACCESS,
    ENTRY_COMPUTE,
    ENTRY_CONTROL,
    EXIT,
    FAULT_BEFORE,
    FAULT_DROPS,
    FAULT_FIELDS,
    FAULT_INDEX,
    FAULT_KEEPS,
    FAULT_KIND,
    FAULT_LATE,
    FAULT_NONE,
    FAULT_PREDICATE_BEFORE,
    FAULT_REGISTERS,
    FAULT_RESOLVE,
    FAULT_RESUMES,
    FAULT_ROUNDS,
    FAULT_ROW,
    FAULT_STORE,
    FAULT_STUCK,
    FAULT_TRACK,
    FAULT_TURN,
    FAULT_VALUE,
    FAULT_WARP,
    FINISHED,
    FIRST_CONTROL,
    FIRST_MEMORY,
    FULL_MASK,
    GUARD,
    HANG,
    HANG_DEADLOCK,
    INFO_FIRED,
    INFO_HANG,
    INFO_INSTRUCTIONS,
    INFO_LONGEST,
    INFO_PENDING,
    INFO_READ,
    INFO_ROW,
    INFO_TRACE,
    INFO_WARP,
    INFO_WIPED,
    INVALID_PC,
    LDC,
    LOAD,
    LOG_FULL,
    NOP,
    OP,
    PART_MEMORY,
    PART_MISSING,
    PAUSED,
    READY,
    RUNNING,
    SOURCE_PREDICATE_0,
    STORE,
    STORE_OTHER,
    TRACE_FULL,
    UNSUPPORTED,
    UNSUPPORTED_REACHED,
    WAITS_AT_BAR,
    WARP,
)
from softbeam.emulator.core.memory import load, receive, store
from softbeam.emulator.core.operands import commit, count_ones, predicate_mask
from softbeam.emulator.core.signatures import (
    call_access,
    call_compute,
    call_control,
    call_memory,
)
from softbeam.emulator.core.transfer import load_constant, store_data
from softbeam.emulator.core.translated import (
    BARRIERS,
    ENDED,
    LIVE,
    PROFILE_TOUCHED,
    REGISTERS,
    STATUS,
    address_of_data,
    is_translated,
    open_context,
    run_translated,
)
from softbeam.jit import by_address, callee, entry_point, inlined

FULL = np.uint32(FULL_MASK)
WARP_BYTES = WARP.itemsize


@callee
def trace(row_number, lane, w, state):
    """Keep the row and all registers of the traced thread before an instruction."""
    entry = state.information[INFO_TRACE]
    if entry >= state.trace_row.shape[0]:
        return TRACE_FULL
    state.trace_row[entry] = row_number
    for register in range(state.trace_registers.shape[1]):
        state.trace_registers[entry, register] = w.registers[register, lane]
    state.information[INFO_TRACE] = entry + 1
    return RUNNING


@by_address
def execute_memory(
    row, operation, executed, hit, fault, constants, entries, memory, warp, w, state
):
    """Execute a load, store or atomic; returns a status."""
    if operation == LDC:
        load_constant(row, executed, constants, w)
        return np.int64(RUNNING)
    if state.foreign.shape[0] and not receive(
        memory, state, 2 * state.information[INFO_INSTRUCTIONS] + 1
    ):
        return np.int64(LOG_FULL)
    if operation == LOAD:
        status = load(row, executed, w, memory, state.shared, state.information)
        if status == RUNNING and row[DESTINATION] != 255:
            for part in range(row[DESTINATIONS]):
                commit(w.registers[row[DESTINATION] + part], w.scratch[part], executed)
        return np.int64(status)
    flip, struck = np.uint64(0), np.uint32(0)
    if (
        hit
        and fault[FAULT_KIND] == FAULT_STORE
        and (operation == STORE or operation == STORE_OTHER)
    ):
        flip, struck = np.uint64(fault[FAULT_VALUE]), hit
        state.information[INFO_FIRED] += 1
        if fault[FAULT_DROPS]:
            executed = np.uint32(executed & ~hit)
    if operation == STORE:
        store_data(row, constants, w)
        return np.int64(store(row, executed, flip, struck, w, memory, state))
    if entries[PART_MEMORY] == 0:
        return np.int64(PART_MISSING)
    status = call_memory(
        entries[PART_MEMORY],
        row,
        np.int64(operation),
        executed,
        flip,
        struck,
        np.int64(warp),
        w,
        constants,
        memory,
        state,
    )
    return np.int64(status)


@inlined
def run_warp(code, constants, tables, memory, grid_block, warp, budget, fault, traced, state):
    """Run one warp until it ends, waits at a block barrier, or something stops it.

    Parameters
    ----------
    code, constants, tables, memory, state
        See :mod:`softbeam.emulator.core.layout`.
    grid_block : int64[8]
        Block index (x, y, z), block dimensions, and the number of this warp in the block.
    warp : int
        Slot of the state in which the warp runs.
    budget : int
        Most instructions that one thread may execute; beyond it the warp hangs.
    fault : int64[FAULT_FIELDS]
        The fault; all zeros for none.
    traced : int
        Lane of this warp to trace, or -1.

    Returns
    -------
    int
        A status of :mod:`softbeam.emulator.core.layout`.
    """
    w = state.warps[warp]
    information = state.information
    rows, rows_number = code.rows, code.rows.shape[0]
    struck_row = np.int64(-1)
    stuck = fault[FAULT_KIND] == FAULT_STUCK
    if fault[FAULT_KIND] != FAULT_NONE and fault[FAULT_WARP] == warp and not stuck:
        struck_row = fault[FAULT_ROW]
    pending, wiped = np.uint32(0), False
    if struck_row >= 0:
        pending, wiped = np.uint32(information[INFO_PENDING]), information[INFO_WIPED] != 0
    wants_profile = state.profile.shape[0] > 0
    saved = w.scratch[6:10]
    group, steps, allowed = np.int64(-1), np.int64(0), np.int64(0)
    mask, number = np.uint32(0), np.int64(0)
    translation, entries = tables.translation, tables.entries
    translates = traced < 0 and state.foreign.shape[0] == 0 and is_translated(translation)
    translates = translates and not stuck
    warp_at = address_of_data(state.warps) + np.int64(warp) * WARP_BYTES
    while True:
        if group < 0:
            group = running_group(w)
            if group < 0:
                if w.groups == 0:
                    return FINISHED
                for other in range(w.groups):
                    if w.group_wait[other] <= WAITS_AT_BAR:
                        return AT_BARRIER
                information[INFO_HANG] = HANG_DEADLOCK
                information[INFO_ROW] = w.group_row[w.groups - 1] - 1
                return HANG
            mask, number = w.group_mask[group], w.group_row[group]
            steps, allowed = np.int64(0), budget - most_counted(w, mask)
        if number < 0 or number >= rows_number:
            information[INFO_ROW] = number
            return INVALID_PC
        followed = pending != np.uint32(0) and not information[INFO_READ]
        if translates and translation.entry[number] and not followed:
            stop = np.int64(-1)
            if struck_row >= 0 and (
                not information[INFO_FIRED] or fault[FAULT_KIND] == FAULT_RESOLVE
            ):
                stop = np.int64(translation.block[struck_row])
            number, steps, allowed = run_translated(
                translation, warp_at, warp, mask, number, steps, allowed, stop, w, information
            )
            status = translation.context[STATUS]
            if status != RUNNING:
                translation.context[STATUS] = RUNNING
                information[INFO_ROW] = number
                return status
            if number < 0 or number >= rows_number:
                if number == ENDED:
                    group = -1
                continue
        here = number
        row = rows[number]
        operation = row[OP]
        executed = mask
        if row[GUARD] != 7:
            executed = mask & predicate_mask(row[GUARD], w.predicates, w.uniform_predicates)
        if steps >= allowed:
            # Where threads take turns the group goes on from here.
            w.group_row[group] = number
            count_steps(w, mask, steps)
            information[INFO_ROW] = number
            return HANG
        steps += 1
        information[INFO_INSTRUCTIONS] += 1
        translation.heat[0 if mask == FULL else 1] += 1
        if wants_profile:
            state.profile[number, 0] += count_ones(mask)
            state.profile[number, 1] += count_ones(executed)
            translation.context[PROFILE_TOUCHED] = 1
        if traced >= 0 and (mask >> np.uint32(traced)) & np.uint32(1):
            status = trace(number, traced, w, state)
            if status != RUNNING:
                return status
        hit = np.uint32(0)
        if number == struck_row:
            hit, status = arrive(fault, mask, executed, w, information)
            if status != RUNNING:
                information[INFO_ROW] = number
                return status
            if hit:
                strike_before(fault, hit, w, state.shared, information)
                if fault[FAULT_KIND] == FAULT_BEFORE and fault[FAULT_TRACK]:
                    pending = hit
                    information[INFO_PENDING] = np.int64(hit)
                elif fault[FAULT_KIND] == FAULT_PREDICATE_BEFORE and row[GUARD] != 7:
                    # The struck predicate may be the instruction's own guard.
                    executed = mask & predicate_mask(row[GUARD], w.predicates, w.uniform_predicates)
                elif fault[FAULT_KIND] == FAULT_INDEX:
                    save_destinations(row, w, saved)
        if pending and not information[INFO_READ]:
            left = follow(
                fault, code.reads[number], code.writes[number], executed, pending, information
            )
            wiped = wiped or left != pending
            pending = left
            if not information[INFO_READ]:
                if operation == EXIT:
                    pending &= ~(
                        executed
                        & predicate_mask(
                            row[SOURCE_PREDICATE_0], w.predicates, w.uniform_predicates
                        )
                    )
                if not pending:
                    information[INFO_ROW] = number
                    return fate(pending, np.uint32(0), wiped)
            # A warp that waits at a barrier is entered again behind it.
            information[INFO_PENDING] = np.int64(pending)
            information[INFO_WIPED] = 1 if wiped else 0
        status = np.int64(RUNNING)
        if operation < FIRST_MEMORY:
            if operation == UNSUPPORTED:
                if executed:
                    information[INFO_ROW] = number
                    return UNSUPPORTED_REACHED
            elif operation != NOP and executed:
                if entries[ENTRY_COMPUTE] == 0:
                    information[INFO_ROW] = number
                    return PART_MISSING
                status = call_compute(
                    entries[ENTRY_COMPUTE],
                    row,
                    np.int64(operation),
                    executed,
                    grid_block,
                    constants,
                    entries,
                    tables.rcp,
                    tables.rsq,
                    tables.ex2,
                    w,
                )
                if status != RUNNING:
                    information[INFO_ROW] = number
                    return status
            number += 1
        elif operation < FIRST_CONTROL:
            if executed:
                if entries[ENTRY_ACCESS] == 0:
                    information[INFO_ROW] = number
                    return PART_MISSING
                status = call_access(
                    entries[ENTRY_ACCESS],
                    row,
                    np.int64(operation),
                    executed,
                    hit,
                    fault,
                    constants,
                    entries,
                    memory,
                    np.int64(warp),
                    w,
                    state,
                )
            if status == RUNNING:
                number += 1
        else:
            # Control flow: the group may split, wait or end.
            longest = count_steps(w, mask, steps)
            information[INFO_LONGEST] = max(information[INFO_LONGEST], longest)
            allowed -= steps
            steps = np.int64(0)
            w.group_row[group] = number
            if entries[ENTRY_CONTROL] == 0:
                information[INFO_ROW] = number
                return PART_MISSING
            answer = call_control(
                entries[ENTRY_CONTROL],
                row,
                np.int64(operation),
                mask,
                executed,
                group,
                np.int64(rows_number),
                w,
            )
            status = answer >> 1
            if answer & 1:
                number = w.group_row[group]
            else:
                group = np.int64(-1)
        if hit and status == RUNNING and fault[FAULT_KIND] != FAULT_BEFORE:
            status = strike_after(row, fault, hit, w, information, saved)
        if stuck and status == RUNNING and fault[FAULT_FIELDS + here]:
            strike_stuck(row, fault, executed, w, information)
        if status != RUNNING:
            information[INFO_ROW] = number
            return status


@callee
def prepare_warp(w, threads, keeps, registers, barriers):
    """Reset a warp of up to 32 threads: every thread at row 0, registers zero unless it `keeps`.

    `registers` is how many of them the program or a fault can reach, `barriers` whether it reaches
    convergence barriers.
    """
    if not keeps:
        w.registers[:registers] = 0
    w.predicates[:] = 0
    w.uniforms[:] = 0
    w.uniform_predicates[:] = 0
    if barriers:
        w.barriers[:] = 0
    w.counts[:] = 0
    w.arrivals[:] = 0
    w.voted[:] = 0
    w.verdict[:] = 0
    w.arrived[:] = 0
    w.predicates[7] = FULL
    w.uniform_predicates[7] = 1
    w.group_mask[0] = FULL if threads >= 32 else np.uint32((np.int64(1) << threads) - 1)
    w.group_row[0] = 0
    w.group_wait[0] = READY
    w.groups = 1
    w.status = RUNNING


@callee
def prepare(tables, threads, fault, traced, first, end, state):
    """Reset the state of a block and its warps `first` to `end`."""
    state.information[:] = 0
    if not fault[FAULT_KEEPS]:
        state.shared[:] = 0
    if state.local.shape[1]:
        state.local[:] = 0
    registers = np.int64(256)
    if traced < 0:
        # What no way reads before it writes may hold anything, unless somebody looks at it: a
        # fault, or who goes on from a pause.
        unseen = fault[FAULT_KIND] == FAULT_NONE and fault[FAULT_ROUNDS] == 0
        reached = tables.translation.context[LIVE if unseen else REGISTERS]
        registers = min(registers, max(reached, fault[FAULT_REGISTERS]))
    for warp in range(first, end):
        prepare_warp(
            state.warps[warp - first],
            threads - 32 * warp,
            fault[FAULT_KEEPS] != 0,
            registers,
            traced >= 0 or tables.translation.context[BARRIERS] != 0,
        )


@callee
def _arrivals(warps, wait, number):
    """Return how many threads have arrived at a named barrier, and whether all are there.

    A warp counts as 32 threads where all those that it still has are there.
    """
    arrived, everyone = np.int64(0), True
    for warp in range(warps.shape[0]):
        w = warps[warp]
        arrived += w.arrived[number]
        there, living = np.uint32(0), np.uint32(0)
        for group in range(w.groups):
            living |= w.group_mask[group]
            if w.group_wait[group] == wait:
                there |= w.group_mask[group]
        everyone = everyone and there == living
        arrived += 32 if there and there == living else count_ones(there)
    return arrived, everyone


@callee
def _pass_named(warps):
    """Let those go on who wait at a named barrier that is complete; return whether any wait.

    Returns 1 if some go on, -1 if some wait and none goes on, 0 if nobody waits at one.
    """
    found = np.int64(0)
    for warp in range(warps.shape[0]):
        w = warps[warp]
        for group in range(w.groups):
            wait = w.group_wait[group]
            if wait >= WAITS_AT_BAR:
                continue
            number, count = (WAITS_AT_BAR - 1 - wait) & 15, (WAITS_AT_BAR - 1 - wait) >> 4
            arrived, everyone = _arrivals(warps, wait, number)
            # Arrivals alone may have completed it before: those that wait complete it once more.
            if not (everyone if count == 0 else arrived % count == 0):
                found = found if found else np.int64(-1)
                continue
            for other in range(warps.shape[0]):
                warps[other].arrived[number] = 0
                for one in range(warps[other].groups):
                    if warps[other].group_wait[one] == wait:
                        warps[other].group_wait[one] = READY
                        warps[other].status = RUNNING
            found = np.int64(1)
    return found


@callee
def pass_barrier(warps):
    """Let every group that waits at the block barrier go on; BAR.RED: count the votes.

    Returns whether any goes on.  Named barriers come first; one that is not complete when all
    others wait too never will be.
    """
    named = _pass_named(warps)
    if named:
        return named > 0
    arrived, yes, how = np.int64(0), np.int64(0), np.int64(0)
    for warp in range(warps.shape[0]):
        w = warps[warp]
        arrived += w.voted[0]
        yes += w.voted[1]
        how = max(how, w.voted[2])
        w.voted[:] = 0
    for warp in range(warps.shape[0]):
        w = warps[warp]
        if w.status != AT_BARRIER:
            continue
        for group in range(w.groups):
            if w.group_wait[group] == WAITS_AT_BAR:
                w.group_wait[group] = READY
        w.status = RUNNING
        if how:
            w.verdict[0], w.verdict[1], w.verdict[2] = arrived, yes, how
    return True


@entry_point
def run(code, constants, tables, memory, grid_block, threads, budget, fault, traced, state):
    """Run warps of one block, in order, in rounds between barriers; returns a status.

    A run that was asked to pause behind a barrier is gone on with from what the state holds then,
    or from any other state of the block behind a barrier that is put there.  Where threads take
    turns, a warp runs until its group has had its turn, and then the next warp does; the run pauses
    once every warp has, unless all of them wait at a barrier, which they pass.

    Parameters
    ----------
    grid_block : int64[8]
        Block index (x, y, z), block dimensions, the first warp to run and the one after the last.
    threads : int
        Threads of the block.
    fault : int64[FAULT_FIELDS]
        The fault; its warp counts from the first warp that runs.
    traced : int
        Thread of the block to trace, or -1.

    The other parameters are those of :func:`run_warp`.  What translated code counts for a profile
    is in the translation (:func:`softbeam.emulator.core.translated.add_counts`).
    """
    if is_translated(tables.translation):
        open_context(tables.translation, code, constants, tables, memory, grid_block, state)
    first, end = grid_block[6], grid_block[7]
    rounds, length = fault[FAULT_ROUNDS], fault[FAULT_TURN]
    if not fault[FAULT_RESUMES]:
        prepare(tables, threads, fault, traced, first, end, state)
    while True:
        waiting, running = 0, 0
        # A debugger that strikes holds its warp up while the others of the block go on.
        late = np.int64(-1)
        if fault[FAULT_LATE] and not state.information[INFO_FIRED]:
            late = fault[FAULT_WARP]
        for turn in range(first, end):
            warp = turn
            if late >= 0 and turn - first >= late:
                warp = first + late if turn == end - 1 else turn + 1
            if state.warps[warp - first].status == FINISHED:
                continue
            lane = traced - 32 * warp if traced >= 0 and traced // 32 == warp else np.int64(-1)
            grid_block[6] = warp
            until = budget
            if length:
                until = end_of_turn(state.warps[warp - first], length, budget)
            status = run_warp(
                code,
                constants,
                tables,
                memory,
                grid_block,
                warp - first,
                until,
                fault,
                lane,
                state,
            )
            grid_block[6] = first
            if length and status == HANG and give_way(state.warps[warp - first], budget):
                status = np.int64(RUNNING)
            state.warps[warp - first].status = status
            if status == AT_BARRIER:
                waiting += 1
            elif status == RUNNING:
                running += 1
            elif status != FINISHED:
                state.information[INFO_WARP] = warp
                return status
        if running:
            return PAUSED
        if waiting == 0:
            return FINISHED
        if not pass_barrier(state.warps[: end - first]):
            return HANG
        rounds -= 1
        if rounds == 0:
            return PAUSED

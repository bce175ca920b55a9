"""Run many units of a launch and count what they execute, jitted.

A unit is a warp, or a block whose warps wait for each other.  Units with the same counts share one
entry of a table.  Every word that a unit stores is compared with what the native run left there.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import ENTRY_RUN, FINISHED, INFO_LOG, INFO_LONGEST
from softbeam.emulator.core.memory import roll_back
from softbeam.emulator.core.signatures import call_run
from softbeam.emulator.core.translated import (
    add_counts,
    begin_counts,
    counted_alone,
    is_translated,
    keep_counts,
)
from softbeam.jit import callee, entry_point

#: Ends of :func:`profile_units` besides the interpreter's statuses: a full table of classes, and
#: a word that differs from the native run.
TABLE_FULL, DIFFERS = 64, 65


@callee
def _equals(profile, classes, entry):
    """Return whether a profile is an entry of the table."""
    differing = np.int64(0)
    for row in range(profile.shape[0]):
        differing |= classes[entry, row, 0] ^ profile[row, 0]
        differing |= classes[entry, row, 1] ^ profile[row, 1]
    return differing == 0


@callee
def _class_of(profile, classes, number, slots):
    """Return the entry of the table that equals a profile, a new one if none does; -1 if full."""
    rows = profile.shape[0]
    hashed, key = np.uint64(0), np.uint64(0x9E3779B97F4A7C15)
    for row in range(rows):
        for kind in range(2):
            hashed += np.uint64(profile[row, kind]) * key
            key += np.uint64(0x3C6EF372FE94F82A)
    hashed ^= hashed >> np.uint64(32)
    slot = np.int64(hashed & np.uint64(slots.shape[0] - 1))
    while slots[slot] >= 0:
        entry = slots[slot]
        if _equals(profile, classes, entry):
            return entry, number
        slot = (slot + 1) & (slots.shape[0] - 1)
    if number >= classes.shape[0]:
        return np.int64(-1), number
    for row in range(rows):
        classes[number, row, 0] = profile[row, 0]
        classes[number, row, 1] = profile[row, 1]
    slots[slot] = number
    return number, number + 1


@callee
def _same(key, keys, entry):
    """Return whether a key is that of an entry."""
    differing = np.int64(0)
    for number in range(key.shape[0]):
        differing |= keys[entry, number] ^ key[number]
    return differing == 0


@callee
def _key_slot(key, keys, slots):
    """Return the slot of a key: the one with its entry, or a free one for it."""
    hashed, factor = np.uint64(0), np.uint64(0x9E3779B97F4A7C15)
    for number in range(key.shape[0]):
        hashed += np.uint64(key[number]) * factor
        factor += np.uint64(0x3C6EF372FE94F82A)
    hashed ^= hashed >> np.uint64(32)
    slot = np.int64(hashed & np.uint64(slots.shape[0] - 1))
    while slots[slot] >= 0 and not _same(key, keys, slots[slot]):
        slot = (slot + 1) & (slots.shape[0] - 1)
    return slot


@callee
def _matches(memory, state, written):
    """Whether all logged words now hold what the native run left; `written` maps regions.

    A launch that only clears leaves what was there before: its words have one place in the pool.
    """
    start, count, after = np.int64(0), np.int64(0), np.int64(0)
    for entry in range(state.information[INFO_LOG]):
        word = state.log_word[entry]
        if not start <= word < start + count:
            count = np.int64(0)
            for region in range(written.shape[0]):
                if written[region, 0] <= word < written[region, 0] + written[region, 1]:
                    start, count, after = written[region, 0], written[region, 1], written[region, 2]
                    break
            if count == 0:
                return False
        wanted = state.log_before[entry] if after == start else memory.words[after + word - start]
        if memory.words[word] != wanted:
            return False
    return True


@entry_point
def profile_units(
    code,
    constants,
    tables,
    memory,
    grid,
    block,
    grid_block,
    whole_blocks,
    first,
    last,
    budget,
    fault,
    state,
    classes,
    slots,
    class_of_unit,
    written,
    key,
    keys,
    key_slots,
    progress,
):
    """Run the units `first` to `last` of a launch without fault; returns a status.

    Parameters
    ----------
    grid, block : int64[3]
        Dimensions.
    grid_block : int64[8]
        Room for what :func:`softbeam.emulator.core.interpreter.run` is given.
    whole_blocks : bool
        Whether a unit is a block.
    classes : int32[entries, rows, 2]
        Table of the different counts of active and executed threads by row.
    slots : int64[power of two]
        Hash table over it, -1 for free.
    class_of_unit : int32[units]
        Filled for the units that run.
    written : int64[regions, 3]
        For each buffer that the launch writes: first word before it, words, first word after it.
    key : int64[numbers]
        Room for what translated code counts in a unit.
    keys : int64[entries, numbers], key_slots : int64[power of two]
        By entry of the table what translated code counted, and a hash table over it.
    progress : int64[3]
        Entries in the table, most instructions of a thread, unit at which it stopped.
    """
    threads = block[0] * block[1] * block[2]
    warps = (threads + 31) // 32
    units_of_block = 1 if whole_blocks else warps
    translation, last_entry = tables.translation, np.int64(-1)
    state.profile[:] = 0
    for axis in range(3):
        grid_block[3 + axis] = block[axis]
    for unit in range(first, last):
        progress[2] = unit
        number = unit // units_of_block
        warp = unit % units_of_block
        grid_block[0] = number % grid[0]
        grid_block[1] = number // grid[0] % grid[1]
        grid_block[2] = number // (grid[0] * grid[1])
        grid_block[6] = warp
        grid_block[7] = warps if whole_blocks else warp + 1
        begin_counts(translation)
        status = call_run(
            tables.entries[ENTRY_RUN],
            code,
            constants,
            tables,
            memory,
            grid_block,
            threads,
            budget,
            fault,
            np.int64(-1),
            state,
        )
        same = _matches(memory, state, written)
        roll_back(memory, state)
        if status != FINISHED:
            return status
        if not same:
            return DIFFERS
        progress[1] = max(progress[1], state.information[INFO_LONGEST])
        entry, slot = np.int64(-1), np.int64(-1)
        if counted_alone(translation):
            keep_counts(translation, key)
            if last_entry >= 0 and _same(key, keys, last_entry):
                entry = last_entry
            else:
                slot = _key_slot(key, keys, key_slots)
                entry = key_slots[slot]
        if entry < 0:
            if is_translated(translation):
                add_counts(translation, state.profile)
            entry, entries = _class_of(state.profile, classes, progress[0], slots)
            if entry < 0:
                return TABLE_FULL
            progress[0] = entries
            state.profile[:] = 0
        if slot >= 0 and key_slots[slot] < 0:
            key_slots[slot] = entry
            for number in range(key.shape[0]):
                keys[entry, number] = key[number]
        if slot >= 0:
            last_entry = entry
        class_of_unit[unit - first] = entry
    return FINISHED

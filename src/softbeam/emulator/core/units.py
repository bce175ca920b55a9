"""Run units of a launch one after another and gather what they store, jitted.

A unit is a warp, or a block whose warps wait for each other.  Units of a program that communicates
see what those before them stored; all others start from the same memory.
"""

from __future__ import annotations

from softbeam.emulator.core.layout import (
    ENTRY_RUN,
    FINISHED,
    INFO_INSTRUCTIONS,
    INFO_LOG,
    INFO_LONGEST,
    KEPT_BYTES,
)
from softbeam.emulator.core.memory import roll_back
from softbeam.emulator.core.signatures import call_run
from softbeam.jit import entry_point

#: Ends of :func:`run_units` besides the interpreter's statuses: there is no room for the stores of
#: the next unit, which has been run in vain, and enough has been executed for one call.
STORES_FULL, ENOUGH = 64, 65

# What is known of the units that were run.
NEXT, STORED, INSTRUCTIONS, LONGEST, PROGRESSES = range(5)


@entry_point
def run_units(
    code,
    constants,
    tables,
    memory,
    grid,
    block,
    grid_block,
    whole_blocks,
    communicates,
    last,
    budget,
    most,
    fault,
    state,
    stored_word,
    stored,
    kept,
    progress,
):
    """Run units without fault, from ``progress[NEXT]`` up to `last`; returns a status.

    That is FINISHED after the last of them, ENOUGH, STORES_FULL, or the status of the unit that
    ``progress[NEXT]`` names then, none of whose stores is kept.

    Parameters
    ----------
    grid, block : int64[3]
        Dimensions.
    grid_block : int64[8]
        Room for what :func:`softbeam.emulator.core.interpreter.run` is given.
    whole_blocks : bool
        Whether a unit is a block.
    communicates : bool
        Whether stores stay in memory; the words before them are gathered then, to put them back.
    budget : int
        Instructions that one thread may execute.
    most : int
        Warp instructions after which no further unit is begun.
    stored_word, stored : int64[room], uint32[room]
        Filled with the words that are stored, in order, and what the unit leaves there, or what
        was there before.
    kept : int64[room] or int64[0]
        Filled with a bit for each byte of these words that a store left alone, where it has room.
    progress : int64[PROGRESSES]
        The next unit, stores gathered, instructions executed, most of one thread; counted on.
    """
    threads = block[0] * block[1] * block[2]
    warps = (threads + 31) // 32
    units_of_block = 1 if whole_blocks else warps
    information = state.information
    for axis in range(3):
        grid_block[3 + axis] = block[axis]
    while progress[NEXT] < last:
        if progress[INSTRUCTIONS] >= most:
            return ENOUGH
        unit = progress[NEXT]
        number, warp = unit // units_of_block, unit % units_of_block
        grid_block[0] = number % grid[0]
        grid_block[1] = number // grid[0] % grid[1]
        grid_block[2] = number // (grid[0] * grid[1])
        grid_block[6] = warp
        grid_block[7] = warps if whole_blocks else warp + 1
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
            -1,
            state,
        )
        entries, at = information[INFO_LOG], progress[STORED]
        if status != FINISHED:
            roll_back(memory, state)
            return status
        if at + entries > stored.shape[0]:
            roll_back(memory, state)
            return STORES_FULL
        for entry in range(entries):
            word = state.log_word[entry]
            stored_word[at + entry] = word
            stored[at + entry] = state.log_before[entry] if communicates else memory.words[word]
        if kept.shape[0]:
            for entry in range(entries):
                kept[at + entry] = state.log_time[entry] >> KEPT_BYTES
        if not communicates:
            roll_back(memory, state)
        progress[STORED] = at + entries
        progress[INSTRUCTIONS] += information[INFO_INSTRUCTIONS]
        progress[LONGEST] = max(progress[LONGEST], information[INFO_LONGEST])
        progress[NEXT] = unit + 1
    return FINISHED

"""Entering and leaving translated code, jitted: what it is told, and what it says when it is back.

Translated code (:mod:`softbeam.emulator.translation`) runs the running group from the first row of
a block until something needs the interpreter.  All that a warp is lies in its record meanwhile.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from softbeam.emulator.core.counting import count_steps
from softbeam.emulator.core.layout import (
    ENTRY_ROW,
    INFO_INSTRUCTIONS,
    INFO_LONGEST,
    RUNNING,
)
from softbeam.jit import callee

# Entries of the context, which is all that translated code is given.
(
    WARP_AT,  # addresses
    CONSTANTS_AT,
    WORDS_AT,
    SHARED_AT,
    LOG_WORD_AT,
    LOG_BEFORE_AT,
    LOG_TIME_AT,
    INFORMATION_AT,
    PROFILE_AT,
    GRID_BLOCK_AT,
    START_AT,
    END_AT,
    OFFSET_AT,
    SEGMENTS_AT,  # what each access found last: first byte, valid first bytes, address here, word
    COUNTS_AT,
    SKIPPED_AT,
    RCP_AT,
    RSQ_AT,
    CONSTANTS,  # words
    SHARED,  # bytes
    LOG_ROOM,  # entries
    PROFILED,  # rows of the profile; 0: not wanted
    SEGMENTS,
    STOP,  # block before which to stop, -1 for none
    MASK,
    ROW,  # where to begin; afterwards: what the interpreter has to execute
    ALLOWED,  # rows that may be executed
    EXECUTED,  # rows that were
    BRANCHED,  # how many of them by the last that steers control flow, 0 for none
    INSTRUCTIONS,  # warp instructions executed before
    EX2_AT,
    REGISTERS,  # general registers that the program can reach; for the interpreter alone
    BARRIERS,  # whether it has convergence barriers; for the interpreter alone
    PROFILE_TOUCHED,  # whether the profile itself was counted in, and not only by block
    STATUS,  # how the row ended that is left at, if it has been executed; else RUNNING
    CALLS,  # whether the code calls the interpreter for single rows; for Python alone
    ROW_ENTRY,  # address of what it calls
    ROWS_AT,  # what that needs besides: the program, the parts, the state
    ROWS,
    ENTRIES_AT,
    WORDS,
    WARP,  # slot of the state
    LOCAL_AT,
    LOCAL,  # words of a thread
    LIVE,  # registers that may be read before they are written; for the interpreter alone
    CONTEXT,
) = range(46)

#: The row that says that every thread of the warp has ended.
ENDED = -1


@intrinsic
def _call(typingctx, address, context):
    """Call translated code at an address."""

    def codegen(compiler, builder, signature, arguments):
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [word.as_pointer()])
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        data = compiler.make_array(signature.args[1])(compiler, builder, arguments[1]).data
        builder.call(function, [data])
        return compiler.get_dummy_value()

    return types.void(types.int64, context), codegen


@intrinsic
def address_of_data(typingctx, array):
    """Return the address of an array's first element."""

    def codegen(compiler, builder, signature, arguments):
        data = compiler.make_array(signature.args[0])(compiler, builder, arguments[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), codegen


@callee
def is_translated(translation):
    """Return whether a program has any translated code."""
    return translation.addresses[0] != 0 or translation.addresses[1] != 0


@callee
def open_context(translation, code, constants, tables, memory, grid_block, state):
    """Fill in what stays the same while a unit runs."""
    c = translation.context
    c[CONSTANTS_AT] = address_of_data(constants)
    c[CONSTANTS] = constants.shape[0]
    c[WORDS_AT] = address_of_data(memory.words)
    c[SHARED_AT] = address_of_data(state.shared)
    c[SHARED] = 4 * state.shared.shape[0]
    c[LOG_WORD_AT] = address_of_data(state.log_word)
    c[LOG_BEFORE_AT] = address_of_data(state.log_before)
    c[LOG_TIME_AT] = address_of_data(state.log_time)
    c[LOG_ROOM] = state.log_word.shape[0]
    c[INFORMATION_AT] = address_of_data(state.information)
    c[PROFILE_AT] = address_of_data(state.profile)
    c[PROFILED] = state.profile.shape[0]
    c[GRID_BLOCK_AT] = address_of_data(grid_block)
    c[START_AT] = address_of_data(memory.start)
    c[END_AT] = address_of_data(memory.end)
    c[OFFSET_AT] = address_of_data(memory.offset)
    c[SEGMENTS] = memory.start.shape[0]
    c[SEGMENTS_AT] = address_of_data(translation.segments)
    c[COUNTS_AT] = address_of_data(translation.counts)
    c[SKIPPED_AT] = address_of_data(translation.skipped)
    c[RCP_AT] = address_of_data(tables.rcp)
    c[RSQ_AT] = address_of_data(tables.rsq)
    c[EX2_AT] = address_of_data(tables.ex2)
    c[ROW_ENTRY] = tables.entries[ENTRY_ROW]
    c[ROWS_AT] = address_of_data(code.rows)
    c[ROWS] = code.rows.shape[0]
    c[ENTRIES_AT] = address_of_data(tables.entries)
    c[WORDS] = memory.words.shape[0]
    c[LOCAL_AT] = address_of_data(state.local)
    c[LOCAL] = state.local.shape[1]
    c[STATUS] = RUNNING


@callee
def run_translated(translation, warp_at, warp, mask, number, steps, allowed, stop, w, information):
    """Run translated code from a block's first row; returns row, steps and allowed after it.

    ``number``, ``steps`` and ``allowed`` are those of the interpreter's loop.
    """
    full = mask == np.uint32(0xFFFFFFFF)
    address = translation.addresses[0 if full else 1]
    if address == 0:
        return number, steps, allowed
    c = translation.context
    c[WARP_AT] = warp_at
    c[WARP] = warp
    c[STOP] = stop
    c[MASK] = np.int64(mask)
    c[ROW] = number
    c[ALLOWED] = allowed - steps
    c[INSTRUCTIONS] = information[INFO_INSTRUCTIONS]
    _call(address, c)
    executed, branched = c[EXECUTED], c[BRANCHED]
    information[INFO_INSTRUCTIONS] += executed
    if branched:
        steps += branched
        longest = count_steps(w, mask, steps)
        information[INFO_LONGEST] = max(information[INFO_LONGEST], longest)
        allowed -= steps
        steps = np.int64(0)
        executed -= branched
    return c[ROW], steps + executed, allowed


@callee
def begin_counts(translation):
    """Count anew."""
    translation.counts[:] = 0
    for number in range(translation.guarded.shape[0]):
        translation.skipped[translation.guarded[number]] = 0
    translation.context[PROFILE_TOUCHED] = 0


@callee
def add_counts(translation, profile):
    """Add what translated code counted to a profile."""
    for row in range(profile.shape[0]):
        active = translation.counts[translation.block[row]]
        profile[row, 0] += active
        profile[row, 1] += active - translation.skipped[row]


@callee
def counted_alone(translation):
    """Return whether nothing but translated code counted."""
    return is_translated(translation) and translation.context[PROFILE_TOUCHED] == 0


@callee
def keep_counts(translation, key):
    """Write what translated code counted to a key, which says all that a profile does."""
    blocks = translation.counts.shape[0]
    for block in range(blocks):
        key[block] = translation.counts[block]
    for number in range(translation.guarded.shape[0]):
        key[blocks + number] = translation.skipped[translation.guarded[number]]

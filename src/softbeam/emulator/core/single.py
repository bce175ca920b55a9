"""One row for translated code, jitted: what it does not translate has the interpreter's meaning.

Translated code knows addresses only, which stand in its context
(:mod:`softbeam.emulator.core.translated`); arrays are made of them here.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from softbeam.emulator.core import translated as t
from softbeam.emulator.core.layout import (
    COLUMNS,
    ENTRIES,
    ENTRY_ACCESS,
    ENTRY_COMPUTE,
    FIRST_MEMORY,
    INFO_FIELDS,
    INFO_INSTRUCTIONS,
    LANES,
    OP,
    PART_MISSING,
    RUNNING,
    WARP,
    Memory,
    State,
)
from softbeam.emulator.core.signatures import call_access, call_compute
from softbeam.jit import by_address

#: Entries of MUFU's tables, and of a grid's block.
_MANTISSAS, _GRID_BLOCK = 1 << 23, 8


def _array(kind, rank):
    """Return a jitted view of memory at an address as a C-contiguous array of this type."""
    array = types.Array(kind, rank, "C")

    @intrinsic
    def view(typingctx, address, shape):
        def codegen(context, builder, signature, arguments):
            made = context.make_array(array)(context, builder)
            size = context.get_abi_sizeof(context.get_data_type(kind))
            shape = cgutils.unpack_tuple(builder, arguments[1], rank)
            strides, step = [], ir.Constant(ir.IntType(64), size)
            for length in reversed(shape):
                strides.insert(0, step)
                step = builder.mul(step, length)
            populate_array(
                made,
                data=builder.inttoptr(arguments[0], made.data.type),
                shape=shape,
                strides=strides,
                itemsize=size,
                meminfo=None,
            )
            return made._getvalue()

        return array(types.int64, types.UniTuple(types.int64, rank)), codegen

    return view


_RECORD = from_dtype(WARP)
_longs, _words, _bytes, _records = (
    _array(kind, 1) for kind in (types.int64, types.uint32, types.int8, _RECORD)
)
_rows, _no_words, _local = _array(types.int64, 2), _array(types.uint32, 2), _array(types.uint32, 3)


@by_address
def row_entry(context, number, executed, time):
    """Execute one computing row, or one that accesses memory, in some lanes; returns a status.

    Parameters
    ----------
    context : int
        Address of the context of translated code.
    number : int
        The row.
    executed : uint32
        The executing lanes.
    time : int
        Warp instructions executed by then, this one included.
    """
    if not executed:
        return np.int64(RUNNING)
    c = _longs(context, (t.CONTEXT,))
    row = _rows(c[t.ROWS_AT], (c[t.ROWS], COLUMNS))[number]
    entries = _longs(c[t.ENTRIES_AT], (ENTRIES,))
    constants = _words(c[t.CONSTANTS_AT], (c[t.CONSTANTS],))
    w = _records(c[t.WARP_AT], (1,))[0]
    operation = row[OP]
    if operation < FIRST_MEMORY:
        if entries[ENTRY_COMPUTE] == 0:
            return np.int64(PART_MISSING)
        return call_compute(
            entries[ENTRY_COMPUTE],
            row,
            operation,
            executed,
            _longs(c[t.GRID_BLOCK_AT], (_GRID_BLOCK,)),
            constants,
            entries,
            _bytes(c[t.RCP_AT], (_MANTISSAS,)),
            _bytes(c[t.RSQ_AT], (2 * _MANTISSAS,)),
            _bytes(c[t.EX2_AT], (_MANTISSAS,)),
            w,
        )
    if entries[ENTRY_ACCESS] == 0:
        return np.int64(PART_MISSING)
    slot, segments = c[t.WARP], c[t.SEGMENTS]
    memory = Memory(
        _words(c[t.WORDS_AT], (c[t.WORDS],)),
        _longs(c[t.START_AT], (segments,)),
        _longs(c[t.END_AT], (segments,)),
        _longs(c[t.OFFSET_AT], (segments,)),
        # Reads are noted where nothing is translated.
        _longs(context, (0,)),
        _longs(context, (0,)),
    )
    information = _longs(c[t.INFORMATION_AT], (INFO_FIELDS,))
    nothing = _rows(context, (0, 0))
    state = State(
        # Beyond the running warp nothing is asked of the warps.
        _records(c[t.WARP_AT], (1,)),
        _words(c[t.SHARED_AT], (c[t.SHARED] >> 2,)),
        _local(c[t.LOCAL_AT], (slot + 1, c[t.LOCAL], LANES)),
        nothing,
        _longs(c[t.LOG_WORD_AT], (c[t.LOG_ROOM],)),
        _words(c[t.LOG_BEFORE_AT], (c[t.LOG_ROOM],)),
        _longs(c[t.LOG_TIME_AT], (c[t.LOG_ROOM],)),
        information,
        nothing,
        _longs(context, (0,)),
        _no_words(context, (0, 0)),
    )
    before = information[INFO_INSTRUCTIONS]
    information[INFO_INSTRUCTIONS] = time
    status = call_access(
        entries[ENTRY_ACCESS],
        row,
        operation,
        executed,
        np.uint32(0),
        c,  # no lane is struck, so the fault is not looked at
        constants,
        entries,
        memory,
        slot,
        w,
        state,
    )
    information[INFO_INSTRUCTIONS] = before
    return status

"""Calls of separately compiled functions through their addresses, jitted.

See :mod:`softbeam.emulator.core.entries` for why.
"""

from __future__ import annotations

import numpy as np
from numba import from_dtype, typeof, types
from numba.core import cgutils
from numba.extending import intrinsic

from softbeam.emulator.core.layout import WARP, Code, Memory, State, Tables, Translation

_ROW = types.Array(types.int64, 1, "C")
_WORDS = types.Array(types.uint32, 1, "C")
_TABLE = types.Array(types.int8, 1, "C")
_WARP = from_dtype(WARP)

#: row, operation, two source predicate masks, warp, constants -> two destination masks.
INTEGER = types.uint64(_ROW, types.int64, types.uint32, types.uint32, _WARP, _WORDS)

#: row, operation, source predicate mask, warp, tables (RCP, RSQ, EX2) -> destination masks.
FLOATING = types.uint64(_ROW, types.int64, types.uint32, _WARP, _TABLE, _TABLE, _TABLE)

#: row, operation, executing lanes, three source predicate masks, warp, constants
#: -> two destination masks.
RARE = types.uint64(
    _ROW,
    types.int64,
    types.uint32,
    types.uint32,
    types.uint32,
    types.uint32,
    _WARP,
    _WORDS,
)


def _named(kind, arrays):
    """Return the type of a named tuple of arrays."""
    return typeof(kind(*(np.zeros((0,) * rank, dtype) for dtype, rank in arrays)))


_MEMORY = _named(Memory, [(np.uint32, 1), *[(np.int64, 1)] * 5])
_STATE = _named(
    State,
    [
        (WARP, 1),
        (np.uint32, 1),
        (np.uint32, 3),
        (np.int64, 2),
        (np.int64, 1),
        (np.uint32, 1),
        (np.int64, 1),
        (np.int64, 1),
        (np.int64, 2),
        (np.int64, 1),
        (np.uint32, 2),
    ],
)

#: row, operation, executing lanes, bits to flip of the address, lanes in which, warp's number,
#: warp, constants, memory, state -> status.
MEMORY = types.int64(
    _ROW,
    types.int64,
    types.uint32,
    types.uint64,
    types.uint32,
    types.int64,
    _WARP,
    _WORDS,
    _MEMORY,
    _STATE,
)


#: row, operation, executing lanes, index and dimensions of the block, constants, addresses of the
#: parts, tables (RCP, RSQ, EX2), warp -> status.
COMPUTE = types.int64(
    _ROW,
    types.int64,
    types.uint32,
    _ROW,
    _WORDS,
    _ROW,
    _TABLE,
    _TABLE,
    _TABLE,
    _WARP,
)

#: row, operation, lanes of the group, executing lanes, the group's number, rows of the program,
#: warp -> status, and whether the group runs on.
CONTROL = types.int64(
    _ROW, types.int64, types.uint32, types.uint32, types.int64, types.int64, _WARP
)

#: row, operation, executing lanes, struck lanes, fault, constants, addresses of the parts, memory,
#: warp's number, warp, state -> status.
ACCESS = types.int64(
    _ROW,
    types.int64,
    types.uint32,
    types.uint32,
    _ROW,
    _WORDS,
    _ROW,
    _MEMORY,
    types.int64,
    _WARP,
    _STATE,
)

#: address of the context, row's number, executing lanes, warp instructions by then -> status.
ROW = types.int64(types.int64, types.int64, types.uint32, types.int64)

_CODE = _named(Code, [(np.int64, 2), (np.uint64, 2), (np.uint64, 2)])
_TABLES = typeof(
    Tables(
        *(np.zeros(0, dtype=np.int8),) * 3,
        np.zeros(0, dtype=np.int64),
        Translation(
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.uint8),
            np.zeros(0, dtype=np.int64),
            np.zeros((0, 0), dtype=np.int64),
            *(np.zeros(0, dtype=np.int64),) * 4,
        ),
    )
)

#: The arguments of :func:`softbeam.emulator.core.interpreter.run` -> status.
RUN = types.int64(
    _CODE,
    _WORDS,
    _TABLES,
    _MEMORY,
    _ROW,
    types.int64,
    types.int64,
    _ROW,
    types.int64,
    _STATE,
)


def _call(context, builder, signature, arguments):
    convention = context.call_conv
    kinds = signature.args[1:]
    function_type = convention.get_function_type(signature.return_type, kinds)
    pointer = builder.inttoptr(arguments[0], function_type.as_pointer())
    status, result = convention.call_function(
        builder, pointer, signature.return_type, kinds, arguments[1:]
    )
    with cgutils.if_unlikely(builder, status.is_error):
        convention.return_status_propagate(builder, status)
    return result


@intrinsic
def call_integer(typingctx, address, row, operation, p, q, w, constants):
    """Call the integer part at `address`; arguments as in :data:`INTEGER`."""
    return INTEGER.return_type(types.int64, *INTEGER.args), _call


@intrinsic
def call_floating(typingctx, address, row, operation, p, w, rcp, rsq, ex2):
    """Call the floating-point part at `address`; arguments as in :data:`FLOATING`."""
    return FLOATING.return_type(types.int64, *FLOATING.args), _call


@intrinsic
def call_rare(typingctx, address, row, operation, executed, p, q, r, w, constants):
    """Call the part for rare operations at `address`; arguments as in :data:`RARE`."""
    return RARE.return_type(types.int64, *RARE.args), _call


@intrinsic
def call_memory(
    typingctx, address, row, operation, executed, flip, hit, warp, w, constants, memory, state
):
    """Call the part for rare operations on memory at `address`; arguments as in :data:`MEMORY`."""
    return MEMORY.return_type(types.int64, *MEMORY.args), _call


@intrinsic
def call_compute(
    typingctx, address, row, operation, mask, grid_block, constants, entries, rcp, rsq, ex2, w
):
    """Call what executes computing instructions; arguments as in :data:`COMPUTE`."""
    return COMPUTE.return_type(types.int64, *COMPUTE.args), _call


@intrinsic
def call_control(typingctx, address, row, operation, mask, executed, group, rows, w):
    """Call what executes control flow; arguments as in :data:`CONTROL`."""
    return CONTROL.return_type(types.int64, *CONTROL.args), _call


@intrinsic
def call_run(
    typingctx,
    address,
    code,
    constants,
    tables,
    memory,
    grid_block,
    threads,
    budget,
    fault,
    traced,
    state,
):
    """Call the interpreter; arguments as in :data:`RUN`."""
    return RUN.return_type(types.int64, *RUN.args), _call


@intrinsic
def call_access(
    typingctx,
    address,
    row,
    operation,
    executed,
    hit,
    fault,
    constants,
    entries,
    memory,
    warp,
    w,
    state,
):
    """Call what executes loads and stores; arguments as in :data:`ACCESS`."""
    return ACCESS.return_type(types.int64, *ACCESS.args), _call

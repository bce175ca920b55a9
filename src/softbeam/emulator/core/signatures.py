"""Calls of separately compiled functions through their addresses, jitted.

See :mod:`softbeam.emulator.core.entries` for why.
"""

from __future__ import annotations

import numpy as np
from numba import from_dtype, typeof, types
from numba.core import cgutils
from numba.extending import intrinsic

from softbeam.emulator.core.layout import WARP, Memory, State

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


def _named(kind, arrays):  # type: ignore[no-untyped-def]
    """Return the type of a named tuple of arrays."""
    return typeof(kind(*(np.zeros((0,) * rank, dtype) for dtype, rank in arrays)))


_MEMORY = _named(Memory, [(np.uint32, 1), (np.int64, 1), (np.int64, 1), (np.int64, 1)])
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


def _call(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
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
def call_integer(typingctx, address, row, operation, p, q, w, constants):  # type: ignore[no-untyped-def]
    """Call the integer part at `address`; arguments as in :data:`INTEGER`."""
    return INTEGER.return_type(types.int64, *INTEGER.args), _call


@intrinsic
def call_floating(typingctx, address, row, operation, p, w, rcp, rsq, ex2):  # type: ignore[no-untyped-def]
    """Call the floating-point part at `address`; arguments as in :data:`FLOATING`."""
    return FLOATING.return_type(types.int64, *FLOATING.args), _call


@intrinsic
def call_rare(  # type: ignore[no-untyped-def]
    typingctx, address, row, operation, executed, p, q, r, w, constants
):
    """Call the part for rare operations at `address`; arguments as in :data:`RARE`."""
    return RARE.return_type(types.int64, *RARE.args), _call


@intrinsic
def call_memory(  # type: ignore[no-untyped-def]
    typingctx, address, row, operation, executed, flip, hit, warp, w, constants, memory, state
):
    """Call the part for rare operations on memory at `address`; arguments as in :data:`MEMORY`."""
    return MEMORY.return_type(types.int64, *MEMORY.args), _call

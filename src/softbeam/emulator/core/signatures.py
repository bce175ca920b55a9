"""Calls of separately compiled functions through their addresses, jitted.

See :mod:`softbeam.emulator.core.entries` for why.
"""

from __future__ import annotations

from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import intrinsic

from softbeam.emulator.core.layout import WARP

_ROW = types.Array(types.int64, 1, "C")
_WORDS = types.Array(types.uint32, 1, "C")
_TABLE = types.Array(types.int8, 1, "C")
_WARP = from_dtype(WARP)

#: row, operation, two source predicate masks, warp, constants -> two destination masks.
INTEGER = types.uint64(_ROW, types.int64, types.uint32, types.uint32, _WARP, _WORDS)

#: row, operation, source predicate mask, warp, tables (RCP, RSQ, EX2) -> destination masks.
FLOATING = types.uint64(_ROW, types.int64, types.uint32, _WARP, _TABLE, _TABLE, _TABLE)


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

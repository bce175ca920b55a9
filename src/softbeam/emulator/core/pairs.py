"""Float32 beyond the common forms on 32 lanes, jitted: two numbers at a time, and signed minima.

Blackwell has FADD2, FMUL2 and FFMA2, which do with both numbers of a register pair what FADD, FMUL
and FFMA do with one.  FMNMX.XORSIGN is a minimum or maximum of magnitudes with a sign of its own.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core import floating as f
from softbeam.emulator.core.layout import (
    CANONICAL_NAN,
    DETAIL,
    FADD,
    FADD2,
    FFMA,
    FMNMX_SIGNED,
    FMUL,
    FMUL2,
    HIGH_IS_HIGH,
    HIGH_NEGATED,
    LOW_IS_HIGH,
    A,
    B,
    C,
)
from softbeam.emulator.core.operands import change, fetch, fetch_high
from softbeam.jit import by_address, callee


@callee
def _number(row, column, part, w, constants, out):
    """Write the low (`part` 0) or the high number of a source pair to `out`."""
    code = row[DETAIL] >> (4 * ((column - A) // 3))
    if code & (HIGH_IS_HIGH if part else LOW_IS_HIGH):
        fetch_high(row, column, w.registers, w.uniforms, constants, out)
        how = row[column + 2]
        for lane in range(32):
            out[lane] = change(out[lane], how)
    else:
        fetch(row, column, w.registers, w.uniforms, constants, out)
    if part and code & HIGH_NEGATED:
        for lane in range(32):
            out[lane] ^= np.uint32(0x80000000)


@callee
def _signed_minimum(row, a, b, p, w, out):
    """FMNMX.XORSIGN: of magnitudes, with the product's sign; NaN has none (PTX ISA, min)."""
    signs = w.scratch[4]
    for lane in range(32):
        signs[lane] = (a[lane] ^ b[lane]) & np.uint32(0x80000000)
        a[lane] &= np.uint32(0x7FFFFFFF)
        b[lane] &= np.uint32(0x7FFFFFFF)
    f.flush_operand(row, a)
    f.flush_operand(row, b)
    f.minimum_maximum_float(row, a, b, p, out)
    for lane in range(32):
        if out[lane] != CANONICAL_NAN:
            out[lane] |= signs[lane]


@by_address
def pairs_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes (none)."""
    a, b, c = w.scratch[0], w.scratch[1], w.scratch[2]
    if operation == FMNMX_SIGNED:
        _signed_minimum(row, a, b, p, w, w.scratch[3])
        return np.uint64(0)
    # As a number, or Numba would compile the arithmetic for each operation.
    single = np.int64(FADD if operation == FADD2 else (FMUL if operation == FMUL2 else FFMA))
    for part in range(2):
        _number(row, A, part, w, constants, a)
        _number(row, B, part, w, constants, b)
        _number(row, C, part, w, constants, c)
        f.flush_operand(row, a)
        f.flush_operand(row, b)
        f.flush_operand(row, c)
        f.arithmetic(row, single, a, b, c, w.scratch[3 + part])
    return np.uint64(0)

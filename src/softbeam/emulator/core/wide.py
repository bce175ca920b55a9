"""Integers of 64 bits in register pairs, on 32 lanes, jitted: add, move, select, compare.

Blackwell has them as instructions of their own, IADD.64 and its kin; older architectures compose
them of instructions on words.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.integer import combine
from softbeam.emulator.core.layout import (
    COMBINE,
    CONSTANT,
    DETAIL,
    FLAGS,
    IADD_64,
    IMMEDIATE,
    IMNMX_64,
    INVERT,
    ISETP_64,
    NEGATE,
    REGISTER,
    SEL_64,
    SIGNED,
    UNIFORM_REGISTER,
    A,
    B,
    C,
)
from softbeam.jit import by_address, callee


@callee
def _fetch_pair(row, column, w, constants, lane):
    """Return one lane's 64-bit operand; an immediate is all of it, no operand is zero."""
    kind, value, how = row[column], row[column + 1], row[column + 2]
    low, high = np.uint64(0), np.uint64(0)
    if kind == IMMEDIATE:
        low = np.uint64(value)
    elif kind == REGISTER:
        low, high = np.uint64(w.registers[value, lane]), np.uint64(w.registers[value + 1, lane])
    elif kind == UNIFORM_REGISTER:
        low, high = np.uint64(w.uniforms[value]), np.uint64(w.uniforms[value + 1])
    elif kind == CONSTANT:
        low, high = np.uint64(constants[value]), np.uint64(constants[value + 1])
    bits = (high << np.uint64(32)) | low
    if how == NEGATE:
        return np.uint64(0) - bits
    if how == INVERT:
        return ~bits
    return bits


@by_address
def wide_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes."""
    out, out_high = w.scratch[3], w.scratch[4]
    signed = row[FLAGS] & SIGNED != 0
    holds = np.uint32(0)
    for lane in range(32):
        bit = np.uint32(1) << np.uint32(lane)
        x = _fetch_pair(row, A, w, constants, lane)
        y = _fetch_pair(row, B, w, constants, lane)
        less = np.int64(x) < np.int64(y) if signed else x < y
        value = x
        if operation == IADD_64:
            value = x + y + _fetch_pair(row, C, w, constants, lane)
        elif operation == SEL_64:
            value = x if p & bit != np.uint32(0) else y
        elif operation == IMNMX_64:
            value = x if less == (p & bit != np.uint32(0)) else y
        elif operation == ISETP_64:
            order = 1 if less else (2 if x == y else 4)
            holds |= bit if row[DETAIL] & order != 0 else np.uint32(0)
        out[lane] = np.uint32(value)
        out_high[lane] = np.uint32(value >> np.uint64(32))
    if operation != ISETP_64:
        return np.uint64(0)
    first = combine(row[COMBINE], holds, p)
    second = combine(row[COMBINE], np.uint32(~holds), p)
    return np.uint64(first) | (np.uint64(second) << np.uint64(32))

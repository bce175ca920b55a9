"""Operands of one lowered instruction, jitted: fetch for 32 lanes, evaluate predicates, commit."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from softbeam.emulator.core.layout import (
    CONSTANT,
    FLOAT_ABSOLUTE,
    FLOAT_NEGATE,
    FLOAT_NEGATE_ABSOLUTE,
    IMMEDIATE,
    INVERT,
    NEGATE,
    REGISTER,
    UNIFORM_REGISTER,
)
from softbeam.jit import callee


@intrinsic
def count_ones(typingctx, mask):
    """Return the number of ones in a uint32."""

    def codegen(context, builder, signature, args):
        ones = builder.ctpop(args[0])
        return builder.zext(ones, ir.IntType(64))

    return types.int64(types.uint32), codegen


@callee
def change(value, how):
    """Return a source word after its operand's sign, complement or magnitude."""
    if how == NEGATE:
        return np.uint32(-np.int64(value))
    if how == INVERT:
        return np.uint32(~value)
    if how == FLOAT_NEGATE:
        return np.uint32(value ^ np.uint32(0x80000000))
    if how == FLOAT_ABSOLUTE:
        return np.uint32(value & np.uint32(0x7FFFFFFF))
    if how == FLOAT_NEGATE_ABSOLUTE:
        return np.uint32(value | np.uint32(0x80000000))
    return np.uint32(value)


@callee
def clear(out):
    """Make an operand that is missing zero."""
    for lane in range(32):
        out[lane] = np.uint32(0)


@callee
def fetch(row, column, registers, uniforms, constants, out):
    """Write the 32 lanes' words of the operand at `column` to `out`."""
    kind = row[column]
    value = row[column + 1]
    how = row[column + 2]
    if kind == REGISTER:
        source = registers[value]
        if how == 0:
            for lane in range(32):
                out[lane] = source[lane]
        elif how == NEGATE:
            for lane in range(32):
                out[lane] = np.uint32(0) - source[lane]
        elif how == FLOAT_NEGATE:
            for lane in range(32):
                out[lane] = source[lane] ^ np.uint32(0x80000000)
        else:
            for lane in range(32):
                out[lane] = change(source[lane], how)
        return
    word = np.uint32(0)
    if kind == IMMEDIATE:
        word = np.uint32(value)
    elif kind == CONSTANT:
        word = constants[value]
    elif kind == UNIFORM_REGISTER:
        word = uniforms[value]
    word = change(word, how)
    for lane in range(32):
        out[lane] = word


@callee
def fetch_high(row, column, registers, uniforms, constants, out):
    """Write the high words of a 64-bit operand to `out`; an immediate is sign-extended."""
    kind = row[column]
    value = row[column + 1]
    if kind == REGISTER:
        source = registers[value + 1]
        for lane in range(32):
            out[lane] = source[lane]
        return
    word = np.uint32(0)
    if kind == IMMEDIATE:
        word = np.uint32(value >> 32)
    elif kind == CONSTANT:
        word = constants[value + 1]
    elif kind == UNIFORM_REGISTER:
        word = uniforms[value + 1]
    for lane in range(32):
        out[lane] = word


@callee
def predicate_mask(code, predicates, uniform_predicates):
    """Return the lanes in which an encoded source predicate holds, as a bit mask."""
    index = code & 7
    if code & 16:
        mask = np.uint32(0xFFFFFFFF) if uniform_predicates[index] else np.uint32(0)
    else:
        mask = predicates[index]
    if code & 8:
        mask = np.uint32(~mask)
    return np.uint32(mask)


@callee
def commit(destination, out, mask):
    """Write the lanes of `mask` from `out` to one register's lanes."""
    if mask == np.uint32(0xFFFFFFFF):
        for lane in range(32):
            destination[lane] = out[lane]
    else:
        for lane in range(32):
            if (mask >> np.uint32(lane)) & np.uint32(1):
                destination[lane] = out[lane]


@callee
def commit_predicate(predicates, index, result, mask):
    """Write the lanes of `mask` of a predicate; PT keeps its ones."""
    if index != 7:
        predicates[index] = np.uint32((predicates[index] & ~mask) | (result & mask))

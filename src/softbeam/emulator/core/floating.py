"""Float32 on 32 lanes, jitted, and its conversions from and to 32-bit integers."""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import (
    add_bits,
    bits_from_f32,
    canonical_bits,
    f32_from_bits,
    flush,
    fma_bits,
    fma_rn,
    multiply_bits,
    round_pair_bits,
    saturate,
)
from softbeam.emulator.core.layout import (
    BOOLEAN_FLOAT,
    CANONICAL_NAN,
    FADD,
    FFMA,
    FLAGS,
    FLUSH,
    FMUL,
    NAN_TO_ZERO,
    ROUND_DOWN,
    ROUND_NEAREST,
    ROUND_UP,
    ROUND_ZERO,
    ROUNDING,
    SATURATE,
    SIGNED,
    UNORDERED,
)
from softbeam.jit import callee


@callee
def flush_operand(row, a):
    """Replace subnormal inputs by zeros in place, where the instruction says FTZ."""
    if row[FLAGS] & FLUSH:
        for lane in range(32):
            a[lane] = flush(a[lane])


@callee
def arithmetic(row, operation, a, b, c, out):
    """FADD, FMUL, FFMA with rounding, FTZ and SAT."""
    rounding = row[ROUNDING]
    if rounding == ROUND_NEAREST:
        if operation == FADD:
            for lane in range(32):
                out[lane] = canonical_bits(
                    np.float32(f32_from_bits(a[lane]) + f32_from_bits(b[lane]))
                )
        elif operation == FMUL:
            for lane in range(32):
                out[lane] = canonical_bits(
                    np.float32(f32_from_bits(a[lane]) * f32_from_bits(b[lane]))
                )
        else:
            for lane in range(32):
                out[lane] = canonical_bits(
                    fma_rn(f32_from_bits(a[lane]), f32_from_bits(b[lane]), f32_from_bits(c[lane]))
                )
    else:
        for lane in range(32):
            x, y = f32_from_bits(a[lane]), f32_from_bits(b[lane])
            if operation == FADD:
                out[lane] = add_bits(x, y, rounding)
            elif operation == FMUL:
                out[lane] = multiply_bits(x, y, rounding)
            elif operation == FFMA:
                out[lane] = fma_bits(x, y, f32_from_bits(c[lane]), rounding)
    flush_operand(row, out)
    if row[FLAGS] & SATURATE:
        for lane in range(32):
            out[lane] = saturate(out[lane])


@callee
def compare_float(row, comparison, a, b):
    """FSETP, FSET: lanes in which the comparison (bits: less, equal, greater) holds.

    An unordered comparison (LTU, NEU …) also holds where an operand is NaN.
    """
    unordered = row[FLAGS] & UNORDERED != 0
    result = np.uint32(0)
    for lane in range(32):
        x, y = f32_from_bits(a[lane]), f32_from_bits(b[lane])
        if x < y:
            holds = comparison & 1 != 0
        elif x == y:
            holds = comparison & 2 != 0
        elif x > y:
            holds = comparison & 4 != 0
        else:
            holds = unordered
        if holds:
            result |= np.uint32(1) << np.uint32(lane)
    return result


@callee
def set_from_mask(row, mask, out):
    """FSET: 1.0 (.BF) or all ones where the comparison holds, else 0."""
    one = np.uint32(0x3F800000) if row[FLAGS] & BOOLEAN_FLOAT else np.uint32(0xFFFFFFFF)
    for lane in range(32):
        out[lane] = one if (mask >> np.uint32(lane)) & np.uint32(1) else np.uint32(0)


@callee
def minimum_maximum_float(row, a, b, take_minimum, out):
    """FMNMX: the smaller or larger number; a number wins over NaN (not with .NAN), -0 < +0."""
    keeps_nan = row[FLAGS] & UNORDERED != 0
    for lane in range(32):
        x, y = f32_from_bits(a[lane]), f32_from_bits(b[lane])
        wants_less = (take_minimum >> np.uint32(lane)) & np.uint32(1) != 0
        if x != x or y != y:
            if keeps_nan or (x != x and y != y):
                out[lane] = CANONICAL_NAN
            else:
                out[lane] = b[lane] if x != x else a[lane]
        elif x == y:
            negative = a[lane] >> np.uint32(31) != 0
            out[lane] = a[lane] if negative == wants_less else b[lane]
        else:
            out[lane] = a[lane] if (x < y) == wants_less else b[lane]


@callee
def needs_slow_division(a, b):
    """FCHK: lanes in which a / b cannot be divided by the short sequence that follows FCHK.

    No manual gives the rule.  This one says yes where the sequence (reciprocal, quotient, exact
    remainder) could leave the normal range: b zero, subnormal, infinite, NaN or so large that its
    reciprocal is subnormal; a infinite, NaN or so small that the remainder loses bits; a quotient
    near overflow or underflow.  It agrees with every recorded FCHK; where both ways give the same
    quotient, only the number of executed instructions depends on it.
    """
    result = np.uint32(0)
    for lane in range(32):
        top = np.int64((a[lane] >> np.uint32(23)) & np.uint32(0xFF))
        bottom = np.int64((b[lane] >> np.uint32(23)) & np.uint32(0xFF))
        quotient = top - bottom
        if (
            bottom == 0
            or bottom > 252
            or top == 255
            or top < 25
            or quotient > 126
            or quotient < -125
        ):
            result |= np.uint32(1) << np.uint32(lane)
    return result


@callee
def float_from_integer(row, a, out):
    """I2F, I2FP: a 32-bit integer to float32 with the instruction's rounding."""
    rounding = row[ROUNDING]
    for lane in range(32):
        value = np.float64(np.int32(a[lane])) if row[FLAGS] & SIGNED else np.float64(a[lane])
        if rounding == ROUND_NEAREST or value == 0.0:
            out[lane] = bits_from_f32(np.float32(value))
        else:
            out[lane] = round_pair_bits(value, 0.0, rounding)


@callee
def round_to_integral(value, rounding):
    """Return a float64 rounded to an integral value in the given mode."""
    if rounding == ROUND_DOWN:
        return np.floor(value)
    if rounding == ROUND_UP:
        return np.ceil(value)
    if rounding == ROUND_ZERO:
        return np.trunc(value)
    return np.rint(value)


@callee
def integer_from_float(row, a, out):
    """F2I: float32 to a 32-bit integer, saturating; NaN gives 0x80000000, with .NTZ 0."""
    signed = row[FLAGS] & SIGNED
    for lane in range(32):
        value = np.float64(f32_from_bits(a[lane]))
        if value != value:
            out[lane] = np.uint32(0) if row[FLAGS] & NAN_TO_ZERO else np.uint32(0x80000000)
            continue
        whole = (
            np.float64(value)
            if math.isinf(value)
            else np.float64(round_to_integral(value, row[ROUNDING]))
        )
        if signed:
            whole = min(max(whole, -2147483648.0), 2147483647.0)
            out[lane] = np.uint32(np.int64(whole))
        else:
            whole = min(max(whole, 0.0), 4294967295.0)
            out[lane] = np.uint32(np.uint64(whole))


@callee
def float_integral(row, a, out):
    """FRND: float32 rounded to an integral float32; keeps the sign of zero."""
    for lane in range(32):
        value = f32_from_bits(a[lane])
        if value != value:
            out[lane] = CANONICAL_NAN
        elif math.isinf(value):
            out[lane] = a[lane]
        else:
            whole = np.float32(round_to_integral(np.float64(value), row[ROUNDING]))
            out[lane] = np.uint32(
                (bits_from_f32(whole) & np.uint32(0x7FFFFFFF)) | (a[lane] & np.uint32(0x80000000))
            )

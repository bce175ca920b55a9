"""Float64 on 32 lanes, jitted: DADD, DMUL, DFMA with every rounding, DSETP, and MUFU's seeds.

NaNs: the first NaN operand made quiet, or 0xfff8000000000000 where no operand is one.  That, and
which operand DSETP.MIN and .MAX take of two zeros, are inferred from the code that NVIDIA's
compiler puts around these instructions, not recorded.
"""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import (
    bits_from_f64,
    f64_from_bits,
    fma64_rn,
)
from softbeam.emulator.core.integer import combine
from softbeam.emulator.core.layout import (
    COMBINE,
    CONSTANT,
    DADD,
    DETAIL,
    DFMA,
    DMUL,
    DSETP,
    FLAGS,
    FLOAT_ABSOLUTE,
    FLOAT_NEGATE,
    FLOAT_NEGATE_ABSOLUTE,
    IMMEDIATE,
    MUFU_RCP64H,
    MUFU_RSQ64H,
    REGISTER,
    ROUND_DOWN,
    ROUND_UP,
    ROUND_ZERO,
    ROUNDING,
    UNIFORM_REGISTER,
    UNORDERED,
    A,
    B,
    C,
)
from softbeam.jit import by_address, callee

SIGN = np.uint64(1 << 63)
QUIET = np.uint64(1 << 51)
INVALID = np.uint64(0xFFF8000000000000)


@callee
def fetch_double(row, column, w, constants, lane):
    """Return one lane's float64 operand; an immediate is the high word of its bits."""
    kind, value, how = row[column], row[column + 1], row[column + 2]
    low, high = np.uint64(0), np.uint64(0)
    if kind == REGISTER:
        low, high = np.uint64(w.registers[value, lane]), np.uint64(w.registers[value + 1, lane])
    elif kind == IMMEDIATE:
        high = np.uint64(np.uint32(value))
    elif kind == UNIFORM_REGISTER:
        low, high = np.uint64(w.uniforms[value]), np.uint64(w.uniforms[value + 1])
    elif kind == CONSTANT:
        low, high = np.uint64(constants[value]), np.uint64(constants[value + 1])
    bits = (high << np.uint64(32)) | low
    if how == FLOAT_NEGATE:
        bits ^= SIGN
    elif how == FLOAT_ABSOLUTE:
        bits &= ~SIGN
    elif how == FLOAT_NEGATE_ABSOLUTE:
        bits |= SIGN
    return f64_from_bits(np.uint64(bits))


@callee
def _two_sum(a, b):
    """Return the rounded sum of two float64 and its exact error (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


@callee
def _residue(a, b, c, result):
    """Return a number with the sign of a * b + c - result, `result` being the rounded value.

    Where the product or its error could leave the normal range, everything is scaled first.
    """
    if a != 0.0 and b != 0.0:
        exponent = math.frexp(a)[1] + math.frexp(b)[1]
        scale = 1.0
        if exponent < -960:
            if exponent < -1100 or abs(c) > 2.0**600:
                # Less than half a unit in the last place of c, or of zero: it tips the scale.
                return math.copysign(1.0, a) * math.copysign(1.0, b)
            scale = 2.0**320
        elif math.isinf(a * b):
            # The sum is finite, so c is as large.
            scale = 2.0**-64
        if abs(a) < abs(b):
            a = a * scale if scale > 1.0 else a
            b = b if scale > 1.0 else b * scale
        else:
            b = b * scale if scale > 1.0 else b
            a = a if scale > 1.0 else a * scale
        c, result = c * scale, result * scale
    product = a * b
    error = fma64_rn(a, b, -product)
    total, rest = _two_sum(product, c)
    first, second = _two_sum(total - result, rest)
    third, fourth = _two_sum(first, error)
    return third if third != 0.0 else second + fourth


@callee
def _next(value, up):
    """Return the neighbour of a float64 above or below."""
    if value == 0.0:
        return 5e-324 if up else -5e-324
    bits = bits_from_f64(value)
    if up == (value > 0.0):
        return f64_from_bits(np.uint64(bits + np.uint64(1)))
    return f64_from_bits(np.uint64(bits - np.uint64(1)))


@callee
def _directed(a, b, c, result, mode):
    """Round a * b + c towards -inf (1), +inf (2) or zero (3), from the nearest `result`."""
    if math.isinf(a) or math.isinf(b) or math.isinf(c):
        return result
    if math.isinf(result):
        stays = (mode == ROUND_DOWN and result < 0.0) or (mode == ROUND_UP and result > 0.0)
        return result if stays else math.copysign(1.7976931348623157e308, result)
    residue = _residue(a, b, c, result)
    if residue == 0.0:
        product = math.copysign(1.0, a) * math.copysign(1.0, b)
        if result == 0.0 and mode == ROUND_DOWN and product != math.copysign(1.0, c):
            # x - x is -0 towards minus infinity.
            return -0.0
        return result
    if mode == ROUND_ZERO:
        if (result > 0.0 and residue < 0.0) or (result < 0.0 and residue > 0.0):
            return _next(result, result < 0.0)
        return result
    if mode == ROUND_DOWN and residue < 0.0:
        return _next(result, False)
    if mode == ROUND_UP and residue > 0.0:
        return _next(result, True)
    return result


@callee
def _quiet(value):
    return np.uint64(bits_from_f64(value) | QUIET)


@callee
def _arithmetic(operation, mode, x, y, z):
    """Return the bits of x + y, x * y or x * y + z."""
    if x != x:
        return _quiet(x)
    if y != y:
        return _quiet(y)
    if operation == DFMA and z != z:
        return _quiet(z)
    if operation == DADD:
        result = x + y
        if mode:
            result = _directed(x, 1.0, y, result, mode) if result == result else result
    elif operation == DMUL:
        result = x * y
        if mode and result == result:
            # An exact zero keeps the product's sign.
            zero = math.copysign(0.0, math.copysign(1.0, x) * math.copysign(1.0, y))
            result = _directed(x, y, zero, result, mode)
    else:
        result = fma64_rn(x, y, z)
        if mode and result == result:
            result = _directed(x, y, z, result, mode)
    return INVALID if result != result else bits_from_f64(result)


@callee
def _holds(comparison, unordered, x, y):
    if x < y:
        return comparison & 1 != 0
    if x == y:
        return comparison & 2 != 0
    if x > y:
        return comparison & 4 != 0
    return unordered


@callee
def _takes_first(take_minimum, x, y):
    """DSETP.MIN and .MAX: whether the first operand is the smaller (larger); a number beats NaN."""
    if x != x:
        return False
    if y != y:
        return True
    if x == y:
        return (bits_from_f64(x) >> np.uint64(63) != np.uint64(0)) == take_minimum
    return (x < y) == take_minimum


@callee
def _seed(operation, bits):
    """MUFU.RCP64H and .RSQ64H: the high word of 1/x or 1/sqrt(x) from the high word of x."""
    x = f64_from_bits(np.uint64(np.uint64(bits) << np.uint64(32)))
    if x != x:
        return np.uint32(0x7FFFFFFF)
    if abs(x) < 2.2250738585072014e-308:
        x = math.copysign(0.0, x)
    if x == 0.0:
        result = math.copysign(math.inf, x)
    elif operation == MUFU_RCP64H:
        result = 1.0 / x
    else:
        result = 1.0 / math.sqrt(x) if x > 0.0 else math.nan
    if result != result:
        return np.uint32(0x7FFFFFFF)
    if abs(result) < 2.2250738585072014e-308:
        result = math.copysign(0.0, result)
    return np.uint32(bits_from_f64(result) >> np.uint64(32))


@by_address
def double_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes."""
    a, out, high = w.scratch[0], w.scratch[3], w.scratch[4]
    mode = row[ROUNDING]
    first, second = np.uint32(0), np.uint32(0)
    for lane in range(32):
        bit = np.uint32(1) << np.uint32(lane)
        if operation == MUFU_RCP64H or operation == MUFU_RSQ64H:
            out[lane] = _seed(operation, a[lane])
            continue
        x = fetch_double(row, A, w, constants, lane)
        y = fetch_double(row, B, w, constants, lane)
        z = 0.0
        if operation == DFMA:
            z = fetch_double(row, C, w, constants, lane)
        if operation != DSETP:
            bits = _arithmetic(operation, mode, x, y, z)
            out[lane] = np.uint32(bits)
            high[lane] = np.uint32(bits >> np.uint64(32))
        elif row[DETAIL] >= 8:
            # MIN and MAX: which operand it is, and whether both are NaN.
            if _takes_first(row[DETAIL] == 8, x, y):
                first |= bit
            if x != x and y != y:
                second |= bit
        elif _holds(row[DETAIL], row[FLAGS] & UNORDERED != 0, x, y):
            first |= bit
    if operation == DSETP and row[DETAIL] < 8:
        second = combine(row[COMBINE], np.uint32(~first), p)
        first = combine(row[COMBINE], first, p)
    return np.uint64(first) | (np.uint64(second) << np.uint64(32))

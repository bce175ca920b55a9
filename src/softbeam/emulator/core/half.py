"""Packed half precision on 32 lanes, jitted: two float16, or two bfloat16, a word.

An operand takes both halves of its word, twice the low one, twice the high one, or is one float32
(``H1_H0``, ``H0_H0``, ``H1_H1``, ``F32``).  Each result is rounded once, NaN is 0x7fff.  A sum of
products of bfloat16 is exact in float64 but for its last bit, as one of float16 is.
"""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import (
    bits_from_f32,
    bits_from_f64,
    f32_from_bits,
    f64_from_bits,
)
from softbeam.emulator.core.integer import combine
from softbeam.emulator.core.layout import (
    BFLOAT,
    BOOLEAN_FLOAT,
    CANONICAL_NAN,
    COMBINE,
    DETAIL,
    FLAGS,
    HADD2,
    HALF_ABSOLUTE,
    HALF_NEGATE,
    HALF_TURNED,
    HFMA2,
    HIGH_HALVES,
    HMNMX2,
    HMUL2,
    HSET2,
    HSETP2,
    LOW_HALVES,
    OFFSET,
    RELU,
    ROUND_DOWN,
    ROUND_NEAREST,
    ROUND_UP,
    ROUND_ZERO,
    SATURATE,
    SIZE,
    TO_FLOAT,
    UNORDERED,
    WHOLE_FLOAT,
    XOR_SIGNS,
)
from softbeam.jit import by_address, callee


@callee
def half_to_f32(half):
    """Return the float32 of a half-precision bit pattern (uint32, low 16 bits)."""
    sign = np.uint32(half & np.uint32(0x8000)) << np.uint32(16)
    exponent = (half >> np.uint32(10)) & np.uint32(31)
    mantissa = half & np.uint32(0x3FF)
    if exponent == 31:
        return f32_from_bits(np.uint32(sign | np.uint32(0x7F800000) | (mantissa << np.uint32(13))))
    if exponent == 0:
        small = np.float32(np.float64(mantissa) * 5.9604644775390625e-08)
        return np.float32(-small) if sign else small
    return f32_from_bits(
        np.uint32(
            sign | ((exponent + np.uint32(112)) << np.uint32(23)) | (mantissa << np.uint32(13))
        )
    )


@callee
def _whole(value, mode, negative):
    """Round a non-negative float64 to an integer: nearest even, or directed by sign."""
    if mode == ROUND_NEAREST:
        return np.rint(value)
    if mode == ROUND_ZERO or (mode == ROUND_DOWN) != negative:
        return np.floor(value)
    return np.ceil(value)


@callee
def half_from_f64(value, mode):
    """Return the bits of a float64 rounded once to half precision; NaN is 0x7fff."""
    if value != value:
        return np.uint32(0x7FFF)
    negative = math.copysign(1.0, value) < 0
    sign = np.uint32(0x8000) if negative else np.uint32(0)
    size = abs(value)
    if math.isinf(size):
        return np.uint32(sign | np.uint32(0x7C00))
    if size < 6.103515625e-05:
        return np.uint32(sign | np.uint32(np.int64(_whole(size * 16777216.0, mode, negative))))
    if size >= 65536.0:
        steps, exponent = 2048.0, 16
        if (
            mode == ROUND_ZERO
            or (mode == ROUND_DOWN and not negative)
            or (mode == ROUND_UP and negative)
        ):
            return np.uint32(sign | np.uint32(0x7BFF))
        return np.uint32(sign | np.uint32(0x7C00))
    fraction, exponent = math.frexp(size)
    steps = _whole(fraction * 2048.0, mode, negative)
    return np.uint32(
        sign + (np.uint32(exponent + 13) << np.uint32(10)) + np.uint32(np.int64(steps))
    )


@callee
def half_value(half, brain):
    """Return the float64 of a float16, or of a bfloat16 (`brain`)."""
    if brain:
        return np.float64(f32_from_bits(np.uint32(half << np.uint32(16))))
    return np.float64(half_to_f32(half))


@callee
def one_half(row, word, brain):
    """Return the float64 of the half of a word that a row names, with the sign that it asks for."""
    half = (word >> np.uint32(8 * row[SIZE])) & np.uint32(0xFFFF)
    if row[OFFSET] & HALF_ABSOLUTE:
        half &= np.uint32(0x7FFF)
    if row[OFFSET] & HALF_NEGATE:
        half ^= np.uint32(0x8000)
    return half_value(half, brain)


@callee
def bfloat_from_f64(value):
    """Return the bits of a float64 rounded once to bfloat16, to nearest even; NaN is 0x7fff."""
    if value != value:
        return np.uint32(0x7FFF)
    sign = np.uint32(0x8000) if math.copysign(1.0, value) < 0 else np.uint32(0)
    size = abs(value)
    if size >= 3.4028236692093846e38:
        return np.uint32(sign | np.uint32(0x7F80))
    if size < 1.1754943508222875e-38:
        # Subnormal: whole multiples of the least number.  A step too many is the least normal one.
        return np.uint32(sign | np.uint32(np.int64(np.rint(math.ldexp(size, 133)))))
    fraction, exponent = math.frexp(size)
    steps = np.uint32(np.int64(np.rint(fraction * 256.0)))
    return np.uint32(sign + (np.uint32(exponent + 125) << np.uint32(7)) + steps)


@callee
def bfloat_from_f32(bits, mode):
    """Return the bits of a float32 rounded to bfloat16: to nearest even, or (mode 3) cut."""
    if bits & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000):
        return np.uint32(0x7FFF)
    if mode == ROUND_NEAREST:
        bits = np.uint32(bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    return np.uint32(bits >> np.uint32(16))


@callee
def _odd_sum(a, b):
    """Return a + b in float64 rounded to odd, so that a second rounding to half is exact."""
    total = a + b
    if total != total or math.isinf(total):
        return total
    back = total - a
    error = (a - (total - back)) + (b - back)
    bits = bits_from_f64(total)
    if error == 0.0 or bits & np.uint64(1):
        return total
    if (error > 0.0) == (total > 0.0):
        return f64_from_bits(np.uint64(bits + np.uint64(1)))
    return f64_from_bits(np.uint64(bits - np.uint64(1)))


@callee
def _part(word, code, part, brain):
    """Return one half of an operand as a float64, by the six bits that describe the operand."""
    which = code & 3
    if which == WHOLE_FLOAT:
        # Rounded towards zero: so the compiler converts to half on sm_75 where that is asked for.
        whole = half_from_f64(np.float64(f32_from_bits(word)), 3)
        value = np.float64(half_to_f32(whole))
    else:
        high = which == HIGH_HALVES or (part == 1 and which != LOW_HALVES)
        if code & HALF_TURNED:
            high = not high
        half = (word >> np.uint32(16)) if high else word & np.uint32(0xFFFF)
        value = half_value(half, brain)
        if code & HALF_TURNED and high:
            value = -value
    if code & HALF_ABSOLUTE:
        value = abs(value)
    return -value if code & HALF_NEGATE else value


@callee
def _arithmetic(row, operation, x, y, z):
    """Return the exact-enough float64 of one half's result."""
    if operation == HADD2:
        value = _odd_sum(x, y)
    elif operation == HMUL2:
        value = x * y
    else:
        value = _odd_sum(x * y, z)
    if row[FLAGS] & SATURATE:
        if not value > 0.0:
            return 0.0
        return min(value, 1.0)
    if row[FLAGS] & RELU and value <= 0.0:
        return 0.0
    return value


@callee
def _signed_minimum(take_minimum, keeps_nan, x, y):
    """HMNMX2.XORSIGN: of magnitudes, with the product's sign; NaN has none (PTX ISA, min)."""
    value = _smaller_or_larger(take_minimum, keeps_nan, abs(x), abs(y))
    if value == value and (math.copysign(1.0, x) < 0.0) != (math.copysign(1.0, y) < 0.0):
        return -value
    return value


@callee
def _smaller_or_larger(take_minimum, keeps_nan, x, y):
    if x != x or y != y:
        if keeps_nan or (x != x and y != y):
            return math.nan
        return y if x != x else x
    if x == y:
        return x if (math.copysign(1.0, x) < 0.0) == take_minimum else y
    return x if (x < y) == take_minimum else y


@callee
def _compare(row, x, y):
    comparison = row[OFFSET]
    if x < y:
        return comparison & 1 != 0
    if x == y:
        return comparison & 2 != 0
    if x > y:
        return comparison & 4 != 0
    return row[FLAGS] & UNORDERED != 0


@by_address
def half_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes."""
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    codes = row[DETAIL]
    code_a, code_b, code_c = codes & 63, (codes >> 6) & 63, (codes >> 12) & 63
    brain = row[FLAGS] & BFLOAT != 0
    unit = np.uint32(0x3F80 if brain else 0x3C00)
    held = w.scratch[10]
    held[0] = held[1] = np.uint32(0)
    for lane in range(32):
        bit = np.uint32(1) << np.uint32(lane)
        yes = p & bit != np.uint32(0)
        word = np.uint32(0)
        for part in range(2):
            x, y = _part(a[lane], code_a, part, brain), _part(b[lane], code_b, part, brain)
            shift = np.uint32(16 * part)
            if operation == HSET2 or operation == HSETP2:
                holds = _compare(row, x, y)
                if holds:
                    held[part] |= bit
                joined = combine(
                    row[COMBINE], np.uint32(1) if holds else np.uint32(0), np.uint32(yes)
                ) & np.uint32(1)
                one = unit if row[FLAGS] & BOOLEAN_FLOAT else np.uint32(0xFFFF)
                word |= (one if joined else np.uint32(0)) << shift
                continue
            if operation == HMNMX2 and row[FLAGS] & XOR_SIGNS:
                value = _signed_minimum(yes, row[FLAGS] & UNORDERED != 0, x, y)
            elif operation == HMNMX2:
                value = _smaller_or_larger(yes, row[FLAGS] & UNORDERED != 0, x, y)
            else:
                z = _part(c[lane], code_c, part, brain) if operation == HFMA2 else 0.0
                value = _arithmetic(row, operation, x, y, z)
            if row[FLAGS] & TO_FLOAT:
                # The low half's result, rounded to a half, as a float32; NaN is the canonical one.
                exact = half_to_f32(half_from_f64(value, 0))
                word = CANONICAL_NAN if value != value else bits_from_f32(exact)
                break
            rounded = bfloat_from_f64(value) if brain else half_from_f64(value, 0)
            word |= rounded << shift
        out[lane] = word
    first = combine(row[COMBINE], held[0], p)
    second = combine(row[COMBINE], held[1], p)
    return np.uint64(first) | (np.uint64(second) << np.uint64(32))

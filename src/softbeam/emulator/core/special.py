"""MUFU, the special function unit, jitted: reciprocal, reciprocal square root, power of two.

Each function takes and returns uint32 bits and a correction table: the recorded distance, in units
in the last place, of the hardware's result from the correctly rounded one, for every mantissa
(all 2^32 inputs were run on an H100; hardware README, "The special function unit").
:mod:`softbeam.emulator.special` loads the tables.
"""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import bits_from_f32, f32_from_bits
from softbeam.emulator.core.layout import (
    CANONICAL_NAN,
)
from softbeam.jit import callee


@callee
def mufu_rcp(bits, table):
    """Return the bits of MUFU.RCP; `table` has 2^23 int8 entries, for 1 <= input < 2."""
    sign = np.uint32(bits & np.uint32(0x80000000))
    exponent = np.int64((bits >> np.uint32(23)) & np.uint32(0xFF))
    mantissa = np.int64(bits & np.uint32(0x7FFFFF))
    if exponent == 255:
        return CANONICAL_NAN if mantissa else sign
    if exponent == 0:
        return np.uint32(sign | np.uint32(0x7F800000))
    one_to_two = np.float64(f32_from_bits(np.uint32(0x3F800000 + mantissa)))
    result = np.int64(bits_from_f32(np.float32(1.0 / one_to_two))) + np.int64(table[mantissa])
    result -= (exponent - 127) << 23
    if result < 0x800000:
        return sign
    return np.uint32(np.int64(sign) | result)


@callee
def mufu_rsq(bits, table):
    """Return the bits of MUFU.RSQ; `table` has 2^24 int8 entries, for 1 <= input < 4."""
    sign = np.uint32(bits & np.uint32(0x80000000))
    exponent = np.int64((bits >> np.uint32(23)) & np.uint32(0xFF))
    mantissa = np.int64(bits & np.uint32(0x7FFFFF))
    if exponent == 255 and mantissa:
        return CANONICAL_NAN
    if exponent == 0:
        return np.uint32(sign | np.uint32(0x7F800000))
    if sign:
        return CANONICAL_NAN
    if exponent == 255:
        return np.uint32(0)
    unbiased = exponent - 127
    entry = ((unbiased & 1) << 23) + mantissa
    one_to_four = np.float64(f32_from_bits(np.uint32(0x3F800000 + entry)))
    result = np.int64(bits_from_f32(np.float32(1.0 / math.sqrt(one_to_four))))
    return np.uint32(result + np.int64(table[entry]) - ((unbiased >> 1) << 23))


@callee
def mufu_ex2(bits, table):
    """Return the bits of MUFU.EX2; `table` has 2^23 int8 entries, for 0 <= input < 1."""
    exponent = np.int64((bits >> np.uint32(23)) & np.uint32(0xFF))
    negative = bits & np.uint32(0x80000000) != 0
    if exponent == 255 and bits & np.uint32(0x7FFFFF):
        return CANONICAL_NAN
    if exponent >= 127 + 9:
        return np.uint32(0) if negative else np.uint32(0x7F800000)
    scaled = np.int64(0)
    if exponent:
        magnitude = np.float64(f32_from_bits(np.uint32(bits & np.uint32(0x7FFFFFFF))))
        scaled = np.int64(math.floor(magnitude * 8388608.0))
    whole = scaled >> 23
    entry = scaled & 0x7FFFFF
    if negative:
        whole = -whole
        if entry:
            entry = 0x7FFFFF - entry
            whole -= 1
    power = np.float32(math.exp2(np.float64(entry) / 8388608.0))
    result = np.int64(bits_from_f32(power)) + np.int64(table[entry]) + (whole << 23)
    if result < 0x800000:
        return np.uint32(0)
    if result >= 0x7F800000:
        return np.uint32(0x7F800000)
    return np.uint32(result)

"""Conversions beyond float32 and 32-bit integers, on 32 lanes, jitted.

An integer that a floating-point type cannot hold, and a float64, are rounded once, by the
instruction's rounding; a float out of an integer type's range becomes its nearest bound; NaN
becomes 0 with .NTZ, else the most negative number's bits.
"""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import (
    bits_from_f32,
    bits_from_f64,
    f32_from_bits,
    flush,
    round_pair_bits,
)
from softbeam.emulator.core.double import fetch_double
from softbeam.emulator.core.floating import round_to_integral
from softbeam.emulator.core.half import (
    bfloat_from_f32,
    bfloat_from_f64,
    half_from_f64,
    half_to_f32,
    one_half,
)
from softbeam.emulator.core.layout import (
    BF16,
    CANONICAL_NAN,
    DETAIL,
    E4M3,
    F16,
    F32,
    F64,
    FLAGS,
    FLUSH,
    NAN_TO_ZERO,
    PACK_BYTES,
    PACK_HALVES,
    RELU,
    ROUND,
    ROUND_DOWN,
    ROUND_NEAREST,
    ROUND_ZERO,
    ROUNDING,
    S8,
    S16,
    S32,
    S64,
    SATURATE,
    SIZE,
    U8,
    U16,
    U64,
    UNPACK_BYTES,
    A,
)
from softbeam.emulator.core.operands import fetch_high
from softbeam.jit import by_address, callee


@callee
def _width(kind):
    if kind == U8 or kind == S8:
        return 8
    if kind == U16 or kind == S16:
        return 16
    if kind == U64 or kind == S64:
        return 64
    return 32


@callee
def _is_signed(kind):
    return kind == S8 or kind == S16 or kind == S32 or kind == S64


@callee
def _magnitude(kind, low, high):
    """Return the magnitude and the sign of an integer of this type."""
    bits = _width(kind)
    pair = (np.uint64(high) << np.uint64(32)) | np.uint64(low)
    if bits < 64:
        pair &= (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    if _is_signed(kind) and (pair >> np.uint64(bits - 1)) & np.uint64(1):
        if bits < 64:
            return (np.uint64(1) << np.uint64(bits)) - pair, True
        return np.uint64(0) - pair, True
    return pair, False


@callee
def _float_of_integer(magnitude, negative, precision, mode):
    """Return an integer rounded to `precision` bits, as a float64."""
    top = 0
    while top < 64 and (magnitude >> np.uint64(top)) > np.uint64(1):
        top += 1
    drop = top + 1 - precision
    if drop <= 0:
        value = np.float64(magnitude)
        return -value if negative else value
    kept = magnitude >> np.uint64(drop)
    rest = magnitude & ((np.uint64(1) << np.uint64(drop)) - np.uint64(1))
    half = np.uint64(1) << np.uint64(drop - 1)
    if mode == ROUND_NEAREST:
        up = rest > half or (rest == half and kept & np.uint64(1) != np.uint64(0))
    elif mode == ROUND_ZERO:
        up = False
    else:
        up = rest != np.uint64(0) and (mode == ROUND_DOWN) == negative
    if up:
        kept += np.uint64(1)
    value = math.ldexp(np.float64(kept), drop)
    return -value if negative else value


@callee
def _integer_of_float(value, kind, mode, to_zero):
    """Return the 64 bits of a float rounded to an integer of this type, at its bounds if beyond."""
    bits = _width(kind)
    signed = _is_signed(kind)
    if value != value:
        return np.uint64(0) if to_zero else np.uint64(1) << np.uint64(bits - 1)
    if not math.isinf(value):
        value = np.float64(round_to_integral(value, mode))
    limit = math.ldexp(1.0, bits - 1 if signed else bits)
    if value >= limit:
        return (
            (np.uint64(1) << np.uint64(bits - 1)) - np.uint64(1)
            if signed
            else (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - bits))
        )
    if signed:
        if value <= -limit:
            # All bits of a narrower result are sign-extended.
            return np.uint64(0) - (np.uint64(1) << np.uint64(bits - 1))
        return np.uint64(np.int64(value))
    if value <= 0.0:
        return np.uint64(0)
    if value >= 9223372036854775808.0:
        return np.uint64(np.int64(value - 9223372036854775808.0)) + (np.uint64(1) << np.uint64(63))
    return np.uint64(np.int64(value))


@callee
def _float32_bits(value, mode, flags):
    """Return the bits of a float64 rounded once to float32."""
    if value != value:
        return CANONICAL_NAN
    if mode == ROUND_NEAREST or value == 0.0 or math.isinf(value):
        bits = bits_from_f32(np.float32(value))
    else:
        bits = round_pair_bits(value, 0.0, mode)
    return flush(bits) if flags & FLUSH else bits


@callee
def _source_float(row, kind, w, constants, lane):
    """Return a lane's floating-point source as a float64."""
    if kind == F64:
        return fetch_double(row, A, w, constants, lane)
    word = np.uint32(w.scratch[0, lane])
    if kind == F16 or kind == BF16:
        return one_half(row, word, kind == BF16)
    return np.float64(f32_from_bits(flush(word) if row[FLAGS] & FLUSH else word))


@callee
def _put_float(row, kind, value, w, lane):
    """Write a float64, rounded to the destination's type, to a lane's result."""
    out, high = w.scratch[3], w.scratch[4]
    if row[FLAGS] & SATURATE:
        value = min(value, 1.0) if value > 0.0 else 0.0
    if kind == F64:
        bits = bits_from_f64(value)
        if value != value:
            bits = np.uint64(bits | np.uint64(1 << 51))
        out[lane] = np.uint32(bits)
        high[lane] = np.uint32(bits >> np.uint64(32))
    elif kind == F16:
        out[lane] = half_from_f64(value, row[ROUNDING])
    elif kind == BF16:
        if row[ROUNDING] == ROUND_NEAREST:
            out[lane] = bfloat_from_f64(value)
        else:
            # Cut: so is the float32.
            out[lane] = bfloat_from_f32(_float32_bits(value, ROUND_ZERO, 0), ROUND_ZERO)
    else:
        out[lane] = _float32_bits(value, row[ROUNDING], row[FLAGS])


@callee
def _clamped(magnitude, negative, kind):
    """I2I.SAT: an integer at the bounds of a narrower type, extended to a word."""
    bits = _width(kind)
    if not _is_signed(kind):
        most = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
        return np.uint32(0) if negative else np.uint32(min(magnitude, most))
    most = np.uint64(1) << np.uint64(bits - 1)
    if negative:
        return np.uint32(np.uint64(0) - min(magnitude, most))
    return np.uint32(min(magnitude, most - np.uint64(1)))


@callee
def _convert(row, source, target, w, constants):
    out, high = w.scratch[3], w.scratch[4]
    mode = row[ROUNDING]
    high_a = w.scratch[10]
    integral = source >= U8 and source <= S64
    if integral and _width(source) == 64:
        fetch_high(row, A, w.registers, w.uniforms, constants, high_a)
    for lane in range(32):
        if not integral:
            value = _source_float(row, source, w, constants, lane)
            if target == F16 or target == F32 or target == F64 or target == BF16:
                _put_float(row, target, value, w, lane)
                continue
            bits = _integer_of_float(value, target, mode, row[FLAGS] & NAN_TO_ZERO != 0)
            out[lane] = np.uint32(bits)
            high[lane] = np.uint32(bits >> np.uint64(32))
            continue
        word = np.uint32(w.scratch[0, lane] >> np.uint32(8 * row[SIZE]))
        magnitude, negative = _magnitude(source, word, high_a[lane])
        if target >= U8 and target <= S64:
            out[lane] = _clamped(magnitude, negative, target)
            continue
        precision = 24
        if target == F64 or target == F16:
            precision = 53
        elif target == BF16:
            precision = 8
        value = _float_of_integer(magnitude, negative, precision, mode)
        if target == F16:
            # Beyond 2^16 every half is infinite or the largest; below, float64 is exact.
            out[lane] = half_from_f64(value, mode)
        else:
            _put_float(row, target, value, w, lane)


@callee
def _kept_nonnegative(row, half):
    """Return a half, or zero for a negative one where .RELU asks for that; NaN has no sign."""
    return np.uint32(0) if row[FLAGS] & RELU and half & np.uint32(0x8000) else np.uint32(half)


@callee
def _byte_of_float(value, kind):
    """Return a float8 rounded to nearest even, at the largest number if beyond; NaN is 0x7f.

    E4M3 has neither infinities nor more than one NaN, so that its largest number is 448.
    """
    if value != value:
        return np.uint32(0x7F)
    mantissa, least, largest = 2, -14, np.uint32(0x7B)
    if kind == E4M3:
        mantissa, least, largest = 3, -6, np.uint32(0x7E)
    sign = np.uint32(0x80) if math.copysign(1.0, value) < 0.0 else np.uint32(0)
    size = min(abs(value), 65536.0)
    # Numbers below the least normal one have its distance; a step too many carries by itself.
    exponent = least
    if size > 0.0:
        exponent = max(math.frexp(size)[1] - 1, least)
    steps = np.uint32(np.int64(np.rint(math.ldexp(size, mantissa - exponent))))
    bits = steps + (np.uint32(exponent - least) << np.uint32(mantissa))
    return sign | min(bits, largest)


@callee
def _half_of_byte(byte, kind):
    """Return the half that has the value of a float8."""
    if kind != E4M3:
        # A half without its last byte.
        half = byte << np.uint32(8)
        return np.uint32(0x7FFF) if half & np.uint32(0x7FFF) > np.uint32(0x7C00) else half
    sign = (byte & np.uint32(0x80)) << np.uint32(8)
    size = byte & np.uint32(0x7F)
    if size == np.uint32(0x7F):
        return np.uint32(0x7FFF)
    if size >= np.uint32(8):
        return sign | ((size << np.uint32(7)) + np.uint32(8 << 10))
    return sign | half_from_f64(np.float64(size) / 512.0, ROUND_NEAREST)


@callee
def _pack_bytes(row, a, b, c, source, target, out):
    """F2FP to float8: of two float32 or two halves; above them what the low half of c has."""
    for lane in range(32):
        if source == F16:
            upper = np.float64(half_to_f32(a[lane] >> np.uint32(16)))
            lower = np.float64(half_to_f32(a[lane] & np.uint32(0xFFFF)))
        else:
            upper = np.float64(f32_from_bits(a[lane]))
            lower = np.float64(f32_from_bits(b[lane]))
        if row[FLAGS] & RELU:
            upper = 0.0 if upper <= 0.0 else upper
            lower = 0.0 if lower <= 0.0 else lower
        high, low = _byte_of_float(upper, target), _byte_of_float(lower, target)
        out[lane] = (c[lane] << np.uint32(16)) | (high << np.uint32(8)) | low


@by_address
def conversion_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes (none)."""
    a, b, out = w.scratch[0], w.scratch[1], w.scratch[3]
    source, target = row[DETAIL] & 15, row[DETAIL] >> 4
    if operation == PACK_HALVES:
        for lane in range(32):
            if target == BF16:
                upper = bfloat_from_f32(a[lane], row[ROUNDING])
                lower = bfloat_from_f32(b[lane], row[ROUNDING])
            else:
                upper = half_from_f64(np.float64(f32_from_bits(a[lane])), row[ROUNDING])
                lower = half_from_f64(np.float64(f32_from_bits(b[lane])), row[ROUNDING])
            upper, lower = _kept_nonnegative(row, upper), _kept_nonnegative(row, lower)
            out[lane] = (upper << np.uint32(16)) | lower
    elif operation == PACK_BYTES:
        _pack_bytes(row, a, b, w.scratch[2], source, target, out)
    elif operation == UNPACK_BYTES:
        for lane in range(32):
            word = a[lane] >> np.uint32(8 * row[SIZE])
            lower = _half_of_byte(word & np.uint32(0xFF), source)
            upper = _half_of_byte((word >> np.uint32(8)) & np.uint32(0xFF), source)
            upper, lower = _kept_nonnegative(row, upper), _kept_nonnegative(row, lower)
            out[lane] = (upper << np.uint32(16)) | lower
    elif operation == ROUND:
        for lane in range(32):
            value = _source_float(row, source, w, constants, lane)
            whole = value
            if value == value and not math.isinf(value):
                whole = math.copysign(np.float64(round_to_integral(value, row[ROUNDING])), value)
            _put_float(row, source, whole, w, lane)
    else:
        _convert(row, source, target, w, constants)
    return np.uint64(0)

"""Rare integer operations on 32 lanes, jitted: bit fields, small vectors, predicates as bits."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    ACCUMULATE,
    ADD_MINMAX_PARTS,
    ADD_PARTS,
    BMSK,
    BREV,
    DETAIL,
    DOT2,
    DOT4,
    FLAGS,
    HIGH,
    MINMAX3_PARTS,
    MINMAX_PARTS,
    OFFSET,
    PERMUTE_BY_MODE,
    PREDICATE_0,
    PREDICATE_1,
    PREDICATES_TO_REGISTER,
    REGISTER_TO_PREDICATES,
    RELU,
    S16,
    S32,
    SGXT,
    SIGNED,
    SIZE,
    U8,
    U16,
    UNIFORM,
    VABSDIFF,
    VABSDIFF4,
    WRAP,
)
from softbeam.jit import by_address, callee


@callee
def _reverse(x):
    x = ((x >> np.uint32(1)) & np.uint32(0x55555555)) | (
        (x & np.uint32(0x55555555)) << np.uint32(1)
    )
    x = ((x >> np.uint32(2)) & np.uint32(0x33333333)) | (
        (x & np.uint32(0x33333333)) << np.uint32(2)
    )
    x = ((x >> np.uint32(4)) & np.uint32(0x0F0F0F0F)) | (
        (x & np.uint32(0x0F0F0F0F)) << np.uint32(4)
    )
    x = ((x >> np.uint32(8)) & np.uint32(0x00FF00FF)) | (
        (x & np.uint32(0x00FF00FF)) << np.uint32(8)
    )
    return np.uint32((x >> np.uint32(16)) | (x << np.uint32(16)))


@callee
def _extend(flags, value, width):
    """SGXT: the lowest `width` bits of a word, sign- or zero-extended; .W: width modulo 32."""
    if flags & WRAP:
        width &= np.uint32(31)
    if width >= np.uint32(32):
        return np.uint32(value)
    if width == np.uint32(0):
        return np.uint32(0)
    away = np.uint32(32) - width
    if flags & SIGNED:
        return np.uint32(np.int32(np.uint32(value << away)) >> np.int32(away))
    return np.uint32(np.uint32(value << away) >> away)


@callee
def _mask(flags, position, width):
    """BMSK: `width` ones from bit `position` on; .W: both modulo 32."""
    if flags & WRAP:
        position &= np.uint32(31)
        width &= np.uint32(31)
    position = min(position, np.uint32(32))
    width = min(width, np.uint32(32))
    ones = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    return np.uint32(ones << np.uint64(position))


@callee
def _field(word, part, bits, signed):
    """Return the `part`-th field of a word as an int64."""
    value = np.int64((np.uint64(word) >> np.uint64(part * bits)) & np.uint64((1 << bits) - 1))
    if signed and value >> (bits - 1):
        value -= 1 << bits
    return value


@callee
def _absolute_differences(flags, a, b, c):
    """VABSDIFF4: the differences of four bytes, by byte; .ACC: their sum plus c."""
    signed = flags & SIGNED != 0
    word, total = np.uint32(0), np.uint32(c)
    for part in range(4):
        difference = np.uint32(abs(_field(a, part, 8, signed) - _field(b, part, 8, signed)))
        word |= (difference & np.uint32(0xFF)) << np.uint32(8 * part)
        total += difference
    return total if flags & ACCUMULATE else word


@callee
def _dot(operation, row, a, b, c):
    """IDP.4A and IDP.2A: c plus the sum of products of fields; DETAIL: signs of a and b."""
    signed_a, signed_b = row[DETAIL] & 1 != 0, row[DETAIL] & 2 != 0
    total = np.int64(c)
    if operation == DOT4:
        for part in range(4):
            total += _field(a, part, 8, signed_a) * _field(b, part, 8, signed_b)
    else:
        first = 2 if row[FLAGS] & HIGH else 0
        for part in range(2):
            total += _field(a, part, 16, signed_a) * _field(b, first + part, 8, signed_b)
    return np.uint32(total)


@callee
def _wrapped(value, bits, signed):
    """Return an integer modulo 2**bits, as a field of that width holds it."""
    value &= (np.int64(1) << np.int64(bits)) - 1
    if signed and value >> np.int64(bits - 1):
        value -= np.int64(1) << np.int64(bits)
    return value


@callee
def _by_parts(operation, row, a, b, c, take_minimum):
    """VIADD, VIMNMX, VIMNMX3 and VIADDMNMX of a word, its two 16-bit halves or its four bytes."""
    word = np.uint32(0)
    kind, signs = row[DETAIL], row[OFFSET]
    bits = 8 if kind == U8 else (16 if kind == S16 or kind == U16 else 32)
    signed = kind == S16 or kind == S32
    for part in range(32 // bits):
        x, y = _field(a, part, bits, signed), _field(b, part, bits, signed)
        z = _field(c, part, bits, signed)
        if signs:
            x = _wrapped(-x, bits, signed) if signs & 1 else x
            y = _wrapped(-y, bits, signed) if signs & 2 else y
            z = _wrapped(-z, bits, signed) if signs & 4 else z
        if operation == ADD_PARTS:
            value = x + y
        elif operation == MINMAX_PARTS:
            value = min(x, y) if take_minimum else max(x, y)
        elif operation == ADD_MINMAX_PARTS:
            x = _wrapped(x + y, bits, signed)
            value = min(x, z) if take_minimum else max(x, z)
        else:
            value = min(x, y, z) if take_minimum else max(x, y, z)
        if row[FLAGS] & RELU:
            value = max(value, 0)
        word |= np.uint32(value & ((np.int64(1) << np.int64(bits)) - 1)) << np.uint32(bits * part)
    return word


@callee
def _picks_first(row, a, b, take_minimum):
    """VIMNMX of halves: bit 0 where the result is a's low half, bit 1 where it is a's high half."""
    signed = row[DETAIL] == S16
    picked = 0
    for part in range(2):
        x, y = _field(a, part, 16, signed), _field(b, part, 16, signed)
        if (x <= y) if take_minimum else (x >= y):
            picked |= 1 << part
    return picked


@callee
def _permute(selectors, a, b, c):
    """PRMT with a mode: four bytes of {c, a}, by the selector that b's lowest two bits choose."""
    selector = np.uint64(selectors) >> np.uint64(16 * (b & np.uint32(3)))
    pair = (np.uint64(c) << np.uint64(32)) | np.uint64(a)
    word = np.uint32(0)
    for part in range(4):
        pick = (selector >> np.uint64(4 * part)) & np.uint64(7)
        word |= np.uint32((pair >> (np.uint64(8) * pick)) & np.uint64(0xFF)) << np.uint32(8 * part)
    return word


@callee
def _predicates_of(w, lane):
    word = np.uint32(0)
    for index in range(7):
        word |= ((w.predicates[index] >> np.uint32(lane)) & np.uint32(1)) << np.uint32(index)
    return word


@callee
def _uniform_predicates_of(w):
    word = np.uint32(0)
    for index in range(7):
        word |= np.uint32(w.uniform_predicates[index] & 1) << np.uint32(index)
    return word


@by_address
def bits_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes."""
    picked_low, picked_high = np.uint32(0), np.uint32(0)
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    flags = row[FLAGS]
    shift = np.uint32(row[SIZE])
    for lane in range(32):
        bit = np.uint32(1) << np.uint32(lane)
        if operation == BREV:
            out[lane] = _reverse(a[lane])
        elif operation == SGXT:
            out[lane] = _extend(flags, a[lane], b[lane])
        elif operation == BMSK:
            out[lane] = _mask(flags, a[lane], b[lane])
        elif operation == VABSDIFF:
            x, y = np.int64(a[lane]), np.int64(b[lane])
            if flags & SIGNED:
                x, y = np.int64(np.int32(a[lane])), np.int64(np.int32(b[lane]))
            out[lane] = np.uint32(abs(x - y)) + c[lane]
        elif operation == VABSDIFF4:
            out[lane] = _absolute_differences(flags, a[lane], b[lane], c[lane])
        elif operation == DOT4 or operation == DOT2:
            out[lane] = _dot(operation, row, a[lane], b[lane], c[lane])
        elif (
            operation == ADD_PARTS
            or operation == MINMAX_PARTS
            or operation == ADD_MINMAX_PARTS
            or operation == MINMAX3_PARTS
        ):
            yes = p & bit != np.uint32(0)
            out[lane] = _by_parts(operation, row, a[lane], b[lane], c[lane], yes)
            if row[PREDICATE_0] != 7 or row[PREDICATE_1] != 7:
                picked = _picks_first(row, a[lane], b[lane], yes)
                picked_low |= bit if picked & 1 else np.uint32(0)
                picked_high |= bit if picked & 2 else np.uint32(0)
        elif operation == PERMUTE_BY_MODE:
            out[lane] = _permute(row[OFFSET], a[lane], b[lane], c[lane])
        elif operation == PREDICATES_TO_REGISTER:
            # a keeps its bits outside the mask b; both are shifted to the byte that .Bn names.
            mask = b[lane] << shift
            held = _uniform_predicates_of(w) if row[UNIFORM] else _predicates_of(w, lane)
            out[lane] = (a[lane] & ~mask) | ((held << shift) & mask)
        elif operation == REGISTER_TO_PREDICATES and executed & bit:
            for index in range(7):
                if (b[lane] >> np.uint32(index)) & np.uint32(1):
                    if (a[lane] >> (shift + np.uint32(index))) & np.uint32(1):
                        w.predicates[index] |= bit
                    else:
                        w.predicates[index] &= ~bit
    return np.uint64(picked_low) | (np.uint64(picked_high) << np.uint64(32))

"""Integer, logic, shift and select operations on 32 lanes, jitted.

Each function computes all lanes from fetched operands into ``out``; the interpreter commits the
lanes that execute.  Comparisons return lane masks.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    AND,
    C_CHANGE,
    EXTENDED,
    FLAGS,
    HIGH,
    INVERT_SHIFTED,
    NEGATE,
    OR,
    OR_PREDICATE,
    SIGN_EXTEND_A,
    SIGNED,
    WIDE_SHIFT,
    WRAP,
)
from softbeam.jit import callee


@callee
def _bit(mask, lane):
    return np.uint64((mask >> np.uint32(lane)) & np.uint32(1))


@callee
def add3(row, ones, a, b, c, carry_0, carry_1, out):
    """IADD3: a + b + c (+ carries); returns carry masks, the second shifted left by 32.

    A negated operand arrives inverted and adds one of `ones`; so the carry of a subtraction says
    "no borrow".  The two carry predicates together hold the number of carries.
    """
    carries = np.uint64(0)
    extended = row[FLAGS] & EXTENDED
    for lane in range(32):
        total = np.uint64(a[lane]) + np.uint64(b[lane]) + np.uint64(c[lane]) + np.uint64(ones)
        if extended:
            total += _bit(carry_0, lane) + _bit(carry_1, lane)
        out[lane] = np.uint32(total)
        carry = total >> np.uint64(32)
        if carry >= np.uint64(1):
            carries |= np.uint64(1) << np.uint64(lane)
        if carry >= np.uint64(2):
            carries |= np.uint64(1) << np.uint64(lane + 32)
    return carries


@callee
def multiply_add(row, a, b, c, carry, out):
    """IMAD: the low word of a * b + c (+ carry)."""
    if row[FLAGS] & EXTENDED:
        for lane in range(32):
            out[lane] = a[lane] * b[lane] + c[lane] + np.uint32(_bit(carry, lane))
    else:
        for lane in range(32):
            out[lane] = a[lane] * b[lane] + c[lane]


@callee
def _product(a, b, signed):
    if signed:
        return np.uint64(np.int64(np.int32(a)) * np.int64(np.int32(b)))
    return np.uint64(a) * np.uint64(b)


@callee
def multiply_add_wide(row, a, b, c, c_high, carry, out, out_high):
    """IMAD.WIDE and IMAD.HI: a * b + the pair c (+ carry), in 64 bits; returns carry-out lanes."""
    signed = row[FLAGS] & SIGNED
    extended = row[FLAGS] & EXTENDED
    carries = np.uint64(0)
    if row[C_CHANGE] == NEGATE:
        # c is negated already; the pair is the complement of its high word, plus a carry.
        for lane in range(32):
            c_high[lane] = ~c_high[lane] + np.uint32(c[lane] == np.uint32(0))
    for lane in range(32):
        product = _product(a[lane], b[lane], signed)
        total = product + ((np.uint64(c_high[lane]) << np.uint64(32)) | np.uint64(c[lane]))
        over = total < product
        if extended:
            before = total
            total += _bit(carry, lane)
            over = over or total < before
        out[lane] = np.uint32(total)
        out_high[lane] = np.uint32(total >> np.uint64(32))
        if over:
            carries |= np.uint64(1) << np.uint64(lane)
    return carries


@callee
def load_effective(row, ones, shift, a, b, c, carry, out):
    """LEA: (a << shift) + b; LEA.HI: the high word of ({c, a} << shift) + b; returns carries."""
    carries = np.uint64(0)
    flags = row[FLAGS]
    amount = np.uint64(shift & 31)
    for lane in range(32):
        low = np.uint64(a[lane])
        if flags & HIGH:
            high = np.uint64(c[lane])
            if flags & SIGN_EXTEND_A:
                high = np.uint64(np.int64(np.int32(a[lane])) >> 63) & np.uint64(0xFFFFFFFF)
            shifted = (((high << np.uint64(32)) | low) << amount) >> np.uint64(32)
        else:
            shifted = (low << amount) & np.uint64(0xFFFFFFFF)
            if flags & INVERT_SHIFTED:
                shifted ^= np.uint64(0xFFFFFFFF)
        total = shifted + np.uint64(b[lane]) + np.uint64(ones)
        if flags & EXTENDED:
            total += _bit(carry, lane)
        out[lane] = np.uint32(total)
        if total >> np.uint64(32):
            carries |= np.uint64(1) << np.uint64(lane)
    return carries


@callee
def logic3(row, table, a, b, c, predicate, out):
    """LOP3: the bitwise function of three inputs with this look-up table; returns "not zero"."""
    results = np.uint32(0)
    for lane in range(32):
        x, y, z = a[lane], b[lane], c[lane]
        value = np.uint32(0)
        if table & 1:
            value |= ~x & ~y & ~z
        if table & 2:
            value |= ~x & ~y & z
        if table & 4:
            value |= ~x & y & ~z
        if table & 8:
            value |= ~x & y & z
        if table & 16:
            value |= x & ~y & ~z
        if table & 32:
            value |= x & ~y & z
        if table & 64:
            value |= x & y & ~z
        if table & 128:
            value |= x & y & z
        out[lane] = value
        if out[lane] != np.uint32(0):
            results |= np.uint32(1) << np.uint32(lane)
    return (
        np.uint32(results | predicate)
        if row[FLAGS] & OR_PREDICATE
        else np.uint32(results & predicate)
    )


@callee
def predicate_logic3(table, x, y, z):
    """PLOP3: the look-up table applied to three lane masks."""
    value = np.uint32(0)
    for entry in range(8):
        if (table >> entry) & 1:
            p = x if entry & 4 else np.uint32(~x)
            q = y if entry & 2 else np.uint32(~y)
            r = z if entry & 1 else np.uint32(~z)
            value |= p & q & r
    return np.uint32(value)


@callee
def funnel_shift(row, left, a, b, c, out):
    """SHF: shift the pair {c, a} by b; the high or the low word of the result."""
    flags = row[FLAGS]
    limit = np.uint32(63) if flags & WIDE_SHIFT else np.uint32(32)
    wrap = np.uint32(63) if flags & WIDE_SHIFT else np.uint32(31)
    for lane in range(32):
        pair = (np.uint64(c[lane]) << np.uint64(32)) | np.uint64(a[lane])
        amount = b[lane]
        beyond = False
        if flags & WRAP:
            amount &= wrap
        elif amount > limit:
            beyond = flags & WIDE_SHIFT != 0
            amount = limit
        count = np.uint64(amount)
        if left:
            result = np.uint64(0) if beyond else pair << count
        elif flags & SIGNED:
            result = np.uint64(np.int64(pair) >> np.int64(amount))
        else:
            result = np.uint64(0) if beyond else pair >> count
        out[lane] = np.uint32(result >> np.uint64(32)) if flags & HIGH else np.uint32(result)


@callee
def absolute(a, out):
    """IABS: |a|; of the most negative number, itself."""
    for lane in range(32):
        value = np.int32(a[lane])
        out[lane] = np.uint32(-np.int64(value)) if value < 0 else a[lane]


@callee
def minimum_maximum(row, a, b, take_minimum, out):
    """IMNMX: the minimum in the lanes of `take_minimum`, the maximum elsewhere."""
    signed = row[FLAGS] & SIGNED
    for lane in range(32):
        less = np.int32(a[lane]) < np.int32(b[lane]) if signed else a[lane] < b[lane]
        wants_less = (take_minimum >> np.uint32(lane)) & np.uint32(1) != 0
        out[lane] = a[lane] if less == wants_less else b[lane]


@callee
def add_minimum_maximum(row, a, b, c, take_minimum, out):
    """VIADDMNMX: the minimum or maximum of a + b and c."""
    for lane in range(32):
        out[lane] = a[lane] + b[lane]
    minimum_maximum(row, out, c, take_minimum, out)


@callee
def select(a, b, predicate, out):
    """SEL and FSEL: a where the predicate holds, else b."""
    for lane in range(32):
        out[lane] = a[lane] if (predicate >> np.uint32(lane)) & np.uint32(1) else b[lane]


@callee
def compare(row, comparison, a, b, lower):
    """ISETP: lanes in which the comparison (bits: less, equal, greater) holds.

    With .EX the operands are high words and `lower` holds the comparison of the low words.
    """
    signed = row[FLAGS] & SIGNED
    extended = row[FLAGS] & EXTENDED
    result = np.uint32(0)
    for lane in range(32):
        x, y = np.int64(a[lane]), np.int64(b[lane])
        if signed:
            x, y = np.int64(np.int32(a[lane])), np.int64(np.int32(b[lane]))
        holds = comparison & (1 if x < y else (2 if x == y else 4)) != 0
        if extended and x == y and comparison not in (0, 7):
            below = (lower >> np.uint32(lane)) & np.uint32(1) != 0
            holds = below
        if holds:
            result |= np.uint32(1) << np.uint32(lane)
    return result


@callee
def combine(how, result, predicate):
    """Join a comparison's lanes with its source predicate."""
    if how == AND:
        return np.uint32(result & predicate)
    if how == OR:
        return np.uint32(result | predicate)
    return np.uint32(result ^ predicate)


@callee
def population(a, out):
    """POPC: the number of ones."""
    for lane in range(32):
        x = a[lane]
        x = x - ((x >> np.uint32(1)) & np.uint32(0x55555555))
        x = (x & np.uint32(0x33333333)) + ((x >> np.uint32(2)) & np.uint32(0x33333333))
        x = (x + (x >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
        out[lane] = ((x * np.uint32(0x01010101)) >> np.uint32(24)) & np.uint32(0x3F)


@callee
def find_leading_one(row, a, out):
    """FLO: position of the leading one (.S32: of the leading bit that is not the sign), or ~0."""
    signed = row[FLAGS] & SIGNED
    as_shift = row[FLAGS] & WRAP  # .SH: the left shift that brings it to bit 31
    for lane in range(32):
        x = a[lane]
        if signed and np.int32(x) < 0:
            x = np.uint32(~x)
        position = np.int64(-1)
        while x:
            x >>= np.uint32(1)
            position += 1
        if position >= 0 and as_shift:
            position = 31 - position
        out[lane] = np.uint32(position)


@callee
def permute_bytes(a, b, c, out):
    """PRMT: pick four bytes of {c, a} by the selector b; a nibble's top bit replicates the sign."""
    for lane in range(32):
        pair = (np.uint64(c[lane]) << np.uint64(32)) | np.uint64(a[lane])
        value = np.uint32(0)
        for position in range(4):
            pick = (b[lane] >> np.uint32(4 * position)) & np.uint32(15)
            byte = np.uint32(pair >> np.uint64(8 * (pick & np.uint32(7)))) & np.uint32(0xFF)
            if pick & np.uint32(8):
                byte = np.uint32(0xFF) if byte & np.uint32(0x80) else np.uint32(0)
            value |= byte << np.uint32(8 * position)
        out[lane] = value

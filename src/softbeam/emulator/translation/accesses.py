"""Addresses and data of loads, stores and atomics, as LLVM code: what all kinds of memory share."""

from __future__ import annotations

from collections.abc import Callable

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.operation import Operation
from softbeam.emulator.translation.vectors import Value, Vectors

#: Leaves the block before the row that is being translated.
Leave = Callable[[], None]

#: Operations that multiply the base register, and whose data is a register or one word.
RARE = frozenset({k.LOAD_OTHER, k.STORE_OTHER, k.ATOMIC, k.REDUCTION})


def _scale(o: Operation) -> int:
    return o.column(k.SCALE) if o.column(k.OP) in RARE else 1


def address_words(o: Operation) -> Value:
    """Return the lanes' addresses of 32 bits, in shared or local memory."""
    builder, v, warp = o.builder, o.v, o.frame.warp
    uniform, offset, scale = o.column(k.UNIFORM_BASE), o.column(k.OFFSET), _scale(o)
    base = warp.register(o.column(k.A_VALUE)) if o.column(k.A) == k.REGISTER else v.word(0)
    if scale != 1:
        base = builder.mul(base, v.word(scale))
    if uniform != 255:
        base = builder.add(base, v.splat(warp.uniform(uniform)))
    return builder.add(base, v.word(offset)) if offset else base


def address_longs(o: Operation) -> Value:
    """Return the lanes' addresses of 64 bits, in global memory or generic."""
    builder, v, warp = o.builder, o.v, o.frame.warp
    uniform, offset, scale = o.column(k.UNIFORM_BASE), o.column(k.OFFSET), _scale(o)
    number = o.column(k.A_VALUE)
    if o.column(k.A) != k.REGISTER:
        base = v.long(0)
    elif o.column(k.WIDE_ADDRESS):
        base = v.pair(warp.register(number), warp.register(number + 1))
    else:
        base = v.wide(warp.register(number))
    if scale != 1:
        base = builder.mul(base, v.long(scale))
    if uniform != 255:
        low, high = warp.uniform(uniform), warp.uniform(uniform + 1)
        base = builder.add(base, v.splat(warp.scalars.pair(low, high)))
    return builder.add(base, v.long(offset)) if offset else base


def data_word(o: Operation, column: int, part: int) -> Value:
    """Return a word of an operand of a rare access: of a register, or one known word and zeros."""
    if o.column(column) == k.REGISTER:
        return o.frame.warp.register(o.column(column + 1) + part)
    return o.v.word(o.column(column + 1) if part == 0 else 0)


def stored_words(o: Operation, parts: int) -> tuple[Value, ...]:
    """Return the words that a store writes."""
    if o.column(k.OP) in RARE or o.column(k.B) == k.REGISTER:
        return tuple(data_word(o, k.B, part) for part in range(parts))
    return (o.b,) * parts


def narrowed(o: Operation, v: Vectors, word: Value, shift: Value) -> Value:
    """Return the byte or half word `shift` bits up in a word."""
    bits = 8 * o.column(k.SIZE)
    value = o.builder.lshr(word, shift)
    if o.has(k.SIGNED):
        away = v.word(32 - bits)
        return o.builder.ashr(o.builder.shl(value, away), away)
    return o.builder.and_(value, v.word((1 << bits) - 1))

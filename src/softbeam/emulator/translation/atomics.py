"""Atomics on words of shared and global memory, as LLVM code: lanes in ascending order.

Translated are sums, bounds, logic and exchanges of 32 bits whose lanes all lie in one segment; for
other places the block is left, and other operations call the interpreter.  The same meanings, for
it, are in :mod:`softbeam.emulator.core.other_memory`; tests compare the two.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.accesses import data_word
from softbeam.emulator.translation.floating import CANONICAL_NAN
from softbeam.emulator.translation.memory import Access
from softbeam.emulator.translation.vectors import BYTES, I32, I64, Value, Vectors


def why_called(row: NDArray[np.int64]) -> str:
    """Return why the interpreter's code for an atomic is called; empty if it is translated."""
    kinds = (k.F32,) if row[k.COMBINE] == k.F32 else (k.U32, k.S32)
    known = row[k.COMBINE] in kinds and row[k.DETAIL] <= k.ATOMIC_CAS
    if row[k.COMBINE] == k.F32 and row[k.DETAIL] != k.ATOMIC_ADD:
        known = False
    plain = row[k.PREDICATE_0] == 7 and not row[k.UNIFORM] and row[k.DESTINATIONS] <= 1
    if row[k.SIZE] != 4 or not known or not plain or row[k.SPACE] == k.LOCAL:
        return "a rare atomic"
    return ""


def _sum_of_floats(builder: ir.IRBuilder, old: Value, value: Value) -> Value:
    """Return old + value of two float32, subnormals flushed."""
    v = Vectors(builder, 1)

    def flushed(word: Value) -> Value:
        small = builder.icmp_unsigned("==", builder.and_(word, v.word(0x7F800000)), v.word(0))
        return builder.select(small, builder.and_(word, v.word(0x80000000)), word)

    total = builder.fadd(v.floats(flushed(old)), v.floats(flushed(value)))
    nan = builder.fcmp_unordered("uno", total, total)
    return flushed(builder.select(nan, v.word(CANONICAL_NAN), v.words(total)))


def _combined(
    builder: ir.IRBuilder, how: int, kind: int, old: Value, value: Value, other: Value
) -> Value:
    """Return what an atomic operation leaves: `other` is what CAS stores."""
    v = Vectors(builder, 1)
    if how == k.ATOMIC_ADD:
        return _sum_of_floats(builder, old, value) if kind == k.F32 else builder.add(old, value)
    if how == k.ATOMIC_AND:
        return builder.and_(old, value)
    if how == k.ATOMIC_OR:
        return builder.or_(old, value)
    if how == k.ATOMIC_XOR:
        return builder.xor(old, value)
    if how == k.ATOMIC_EXCH:
        return value
    if how == k.ATOMIC_CAS:
        return builder.select(builder.icmp_unsigned("==", old, value), other, old)
    if how == k.ATOMIC_INC:
        ends = builder.icmp_unsigned(">=", old, value)
        return builder.select(ends, v.word(0), builder.add(old, v.word(1)))
    if how == k.ATOMIC_DEC:
        above = builder.icmp_unsigned(">", old, value)
        ends = builder.or_(builder.icmp_unsigned("==", old, v.word(0)), above)
        return builder.select(ends, value, builder.sub(old, v.word(1)))
    compare = builder.icmp_signed if kind == k.S32 else builder.icmp_unsigned
    less = compare("<", old, value)
    return builder.select(less if how == k.ATOMIC_MIN else builder.not_(less), old, value)


def emit(access: Access, time: Value) -> Value:
    """Emit an atomic; return what was there before, in each lane."""
    o, frame, builder = access.o, access.frame, access.builder
    how, kind, shared = o.column(k.DETAIL), o.column(k.COMBINE), access.shared
    value, other = data_word(o, k.B, 0), data_word(o, k.C, 0)
    if not shared:
        access.need_room(k.LANES)
    here, word, offsets, _ = access.find()
    copying.put_together(builder, frame.buffer, (value,))
    if how == k.ATOMIC_CAS:
        copying.put_together(builder, frame.spare, (other,))

    def body(builder: ir.IRBuilder, *arguments: Value) -> None:
        base, first, places, values, others, mask, now, numbers, olds, times, counter = arguments
        words = builder.bitcast(values, I32.as_pointer())
        spares = builder.bitcast(others, I32.as_pointer())

        def visit(lane: Value) -> None:
            offset = builder.load(builder.gep(places, [lane]))
            place = builder.inttoptr(builder.add(base, offset), I32.as_pointer())
            old = builder.load(place)
            mine = builder.gep(words, [lane])
            swap = builder.load(builder.gep(spares, [lane])) if how == k.ATOMIC_CAS else old
            new = _combined(builder, how, kind, old, builder.load(mine), swap)
            if not shared:
                entry = builder.load(counter)
                number = builder.add(first, builder.lshr(offset, ir.Constant(I64, 2)))
                builder.store(number, builder.gep(numbers, [entry]))
                builder.store(old, builder.gep(olds, [entry]))
                builder.store(now, builder.gep(times, [entry]))
                builder.store(builder.add(entry, ir.Constant(I64, 1)), counter)
            builder.store(new, place)
            builder.store(old, mine)

        copying.lowest_first(builder, builder.function, mask, visit)
        builder.ret_void()

    copying.keep_offsets(frame, offsets)
    longs, ints = I64.as_pointer(), I32.as_pointer()
    kinds = [I64, I64, longs, BYTES, BYTES, I32, I64, longs, ints, longs, longs]
    name = f"atomic_{how}_{kind == k.F32}_{kind == k.S32}_{shared}"
    function = copying.shared_function(frame, name, ir.VoidType(), kinds, body)
    lanes = frame.warp.bits(o.executed)
    first = ir.Constant(I64, 0) if word is None else word
    places = [here, first, frame.offsets, frame.buffer, frame.spare, lanes, time]
    builder.call(function, [*places, *copying.log_places(frame)])
    (old,) = copying.take_apart(builder, frame.buffer, 4)
    return old

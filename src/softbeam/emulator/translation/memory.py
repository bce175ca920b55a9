"""Constant loads, and loads and stores of global and shared memory, as LLVM code.

Translated are accesses whose active lanes all lie in one segment and are aligned.  For all others
the block is left before the instruction, with nothing done yet, and the interpreter executes it:
every exception and every rare kind of memory is in :mod:`softbeam.emulator.core.memory` alone.

What a warp loads is first brought together: 32 neighbouring pieces are where they are; others are
copied to a buffer, lane by lane.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.operation import Operation, Untranslatable
from softbeam.emulator.translation.vectors import BYTES, I32, I64, Value, Vectors

#: Leaves the block before the row that is being translated.
Leave = Callable[[], None]

#: Operations whose rows are accesses that can be translated.
ACCESSES = frozenset({k.LOAD, k.STORE})


def why_called(row: NDArray[np.int64]) -> str:
    """Return why the interpreter's code for an access is called; empty if it is translated."""
    if row[k.UNIFORM] or row[k.SPACE] not in (k.GLOBAL, k.SHARED):
        return "a rare kind of memory"
    if row[k.OP] == k.STORE and row[k.SIZE] < 4:
        return "a store of less than a word"
    return ""


def load_constant(o: Operation) -> tuple[Value, ...]:
    """LDC, ULDC: words of a constant bank, at a register's byte offset where there is one."""
    builder, frame = o.builder, o.frame
    first, base = ir.Constant(I64, o.column(k.OFFSET)), o.column(k.B_VALUE)
    if o.column(k.A) == k.REGISTER:
        return _gathered_constants(o, first, base)
    v, words = frame.warp.scalars, []
    for part in range(o.column(k.DESTINATIONS)):
        offset = ir.Constant(I64, base + 4 * part)
        if o.column(k.A) == k.UNIFORM_REGISTER:
            at = builder.sext(frame.warp.uniform(o.column(k.A_VALUE)), I64)
            offset = builder.add(offset, at)
        word, inside = _constant_word(o, v, first, offset)
        loaded = builder.load(builder.gep(frame.constants, [word]))
        value = builder.select(inside, loaded, ir.Constant(I32, 0))
        if o.column(k.SIZE) < 4:
            low = builder.and_(builder.trunc(offset, I32), ir.Constant(I32, 3))
            value = _narrowed(o, v, value, builder.shl(low, ir.Constant(I32, 3)))
        words.append(o.v.splat(value))
    return tuple(words)


def _constant_word(o: Operation, v: Vectors, first: Value, offset: Value) -> tuple[Value, Value]:
    """Return a word among the constants that can be read, and whether it is the wanted one."""
    builder = o.builder
    start = v.splat(first)
    word = builder.add(start, builder.ashr(offset, v.long(2)))
    inside = builder.and_(
        builder.icmp_signed(">=", word, start),
        builder.icmp_signed("<", word, v.splat(o.frame.addresses[t.CONSTANTS])),
    )
    return builder.select(inside, word, v.long(0)), inside


def _gathered_constants(o: Operation, first: Value, base: int) -> tuple[Value, ...]:
    builder, v, frame = o.builder, o.v, o.frame
    if o.uniform:
        raise Untranslatable("a register on the uniform datapath")
    index = v.signed_wide(frame.warp.register(o.column(k.A_VALUE)))
    here = builder.ptrtoint(frame.constants, I64)
    words = []
    for part in range(o.column(k.DESTINATIONS)):
        offset = builder.add(index, v.long(base + 4 * part))
        word, inside = _constant_word(o, v, first, offset)
        copying.collect(frame, here, builder.shl(word, v.long(2)), 4)
        (loaded,) = copying.take_apart(builder, frame.buffer, 4)
        value = builder.select(inside, loaded, v.word(0))
        if o.column(k.SIZE) < 4:
            low = v.low(builder.and_(offset, v.long(3)))
            value = _narrowed(o, v, value, builder.shl(low, v.word(3)))
        words.append(value)
    return tuple(words)


def _narrowed(o: Operation, v: Vectors, word: Value, shift: Value) -> Value:
    """Return the byte or half word `shift` bits up in a word."""
    bits = 8 * o.column(k.SIZE)
    value = o.builder.lshr(word, shift)
    if o.has(k.SIGNED):
        away = v.word(32 - bits)
        return o.builder.ashr(o.builder.shl(value, away), away)
    return o.builder.and_(value, v.word((1 << bits) - 1))


class Access:
    """One load or store of a warp.

    Parameters
    ----------
    o : Operation
        The row.
    number : int
        Number of the access in the function.
    executed : ir.Value or None
        The executing lanes; None: all.
    leave : callable
        Appends code that leaves the block before the row.
    """

    def __init__(self, o: Operation, number: int, executed: Value | None, leave: Leave) -> None:
        self.o = o
        self.executed = executed
        self.builder, self.v, self.frame = o.builder, o.v, o.frame
        self._leave = leave
        self._number = number
        self.size = o.column(k.SIZE)
        self.shared = o.column(k.SPACE) == k.SHARED
        if o.column(k.SPACE) not in (k.GLOBAL, k.SHARED):
            raise Untranslatable("this space")
        if o.uniform:
            raise Untranslatable("memory on the uniform datapath")

    def _block(self, name: str) -> ir.Block:
        return self.frame.function.append_basic_block(name)

    def _first(self, vector: Value) -> Value:
        return self.builder.extract_element(vector, ir.Constant(I32, 0))

    def _addresses(self) -> Value:
        """Return the lanes' addresses: 32 bits in shared memory, else 64."""
        o, builder, v, warp = self.o, self.builder, self.v, self.frame.warp
        uniform, offset = o.column(k.UNIFORM_BASE), o.column(k.OFFSET)
        if self.shared:
            base = warp.register(o.column(k.A_VALUE)) if o.column(k.A) == k.REGISTER else v.word(0)
            if uniform != 63:
                base = builder.add(base, v.splat(warp.uniform(uniform)))
            return builder.add(base, v.word(offset)) if offset else base
        if o.column(k.A) != k.REGISTER:
            base = v.long(0)
        elif o.column(k.WIDE_ADDRESS):
            number = o.column(k.A_VALUE)
            base = v.pair(warp.register(number), warp.register(number + 1))
        else:
            base = v.wide(warp.register(o.column(k.A_VALUE)))
        if uniform != 63:
            low, high = warp.uniform(uniform), warp.uniform(uniform + 1)
            base = builder.add(base, v.splat(warp.scalars.pair(low, high)))
        return builder.add(base, v.long(offset)) if offset else base

    def _lanes(self) -> Value:
        return ir.Constant(I64, 0) if self.executed is None else self.frame.warp.bits(self.executed)

    def _all_active(self, truth: Value) -> Value:
        """Return whether something holds in all executing lanes."""
        if self.executed is not None:
            truth = self.builder.or_(truth, self.builder.not_(self.executed))
        return self.frame.warp.every(truth)

    def _find(self, addresses: Value) -> tuple[Value, Value, Value, Value]:
        """Find the segment; return (address here, its first word, offsets, whether neighbours).

        Where lanes lie elsewhere or are not aligned the block is left.
        """
        builder, v, size = self.builder, self.v, self.size
        kind = I32 if self.shared else I64
        wide = v.word if self.shared else v.long
        aligned = builder.icmp_unsigned("==", builder.and_(addresses, wide(size - 1)), wide(0))
        found, missing = self._block("found"), self._block("missing")
        if self.shared:
            room = self.frame.shared_limit(size)
            inside = builder.icmp_unsigned("<", addresses, v.splat(room))
            fits = self._all_active(builder.and_(inside, aligned))
            builder.cbranch(fits, found, missing)
            builder.position_at_end(missing)
            self._leave()
            builder.position_at_end(found)
            offsets, here, word = v.wide(addresses), self.frame.addresses[t.SHARED_AT], None
        else:
            look = self._block("look")
            slot = self.frame.element(t.SEGMENTS_AT, ir.Constant(I64, 4 * self._number))
            builder.branch(look)
            builder.position_at_end(look)
            start, room, here, word = (
                builder.load(builder.gep(slot, [ir.Constant(I64, place)])) for place in range(4)
            )
            offsets = builder.sub(addresses, v.splat(start))
            inside = builder.icmp_unsigned("<", offsets, v.splat(room))
            fits = self._all_active(builder.and_(inside, aligned))
            builder.cbranch(fits, found, missing)
            # The first active lane's segment, if it is another one than last time.
            builder.position_at_end(missing)
            first = self._first(addresses)
            if self.executed is not None:
                lane = builder.cttz(
                    self.frame.warp.bits(self.executed), ir.Constant(ir.IntType(1), 0)
                )
                first = builder.extract_element(addresses, lane)
            changed = copying.find_segment(self.frame, first, slot, ir.Constant(I64, size))
            gone = self._block("gone")
            builder.cbranch(changed, look, gone)
            builder.position_at_end(gone)
            self._leave()
            builder.position_at_end(found)
        neighbours = None
        if self.executed is None:
            steps = ir.Constant(v.of(kind), [size * lane for lane in range(k.LANES)])
            line = builder.add(v.splat(self._first(addresses)), steps)
            neighbours = self.frame.warp.every(builder.icmp_unsigned("==", addresses, line))
        return here, word, offsets, neighbours

    def load(self) -> tuple[Value, ...]:
        """Return the loaded words."""
        o, builder, v, size = self.o, self.builder, self.v, self.size
        addresses = self._addresses()
        here, _, offsets, neighbours = self._find(addresses)
        unit = max(size, 4)
        if size < 4:
            offsets = builder.and_(offsets, v.long(~3))
        collected = self._block("collected")
        scattered = self._block("scattered")
        close = builder.block
        if neighbours is None or size < 4:
            builder.branch(scattered)
            straight = None
        else:
            straight = builder.inttoptr(builder.add(here, self._first(offsets)), BYTES)
            builder.cbranch(neighbours, collected, scattered)
        builder.position_at_end(scattered)
        if self.executed is not None:
            offsets = builder.select(self.executed, offsets, v.long(0))
            # Lane 0's place is as good as any for lanes that do not load, if any lane does.
            none = builder.icmp_unsigned("==", self._lanes(), ir.Constant(I32, 0))
            here = builder.select(none, self.frame.nowhere, here)
        copying.collect(self.frame, here, offsets, unit)
        buffer = self.frame.buffer
        apart = builder.block
        builder.branch(collected)
        builder.position_at_end(collected)
        place = builder.phi(BYTES)
        place.add_incoming(buffer, apart)
        if straight is not None:
            place.add_incoming(straight, close)
        words = copying.take_apart(builder, place, unit)
        if size < 4:
            shift = (
                builder.shl(builder.and_(addresses, v.long(3)), v.long(3))
                if not self.shared
                else builder.shl(builder.and_(addresses, v.word(3)), v.word(3))
            )
            shift = shift if self.shared else v.low(shift)
            words = (_narrowed(o, v, words[0], shift),)
        return words

    def _data(self) -> tuple[Value, ...]:
        o, parts = self.o, self.size // 4
        if o.column(k.B) == k.REGISTER:
            first = o.column(k.B_VALUE)
            return tuple(self.frame.warp.register(first + part) for part in range(parts))
        return (o.b,) * parts

    def store(self, time: Value) -> None:
        """Store; `time` is the number of warp instructions by then."""
        builder, size = self.builder, self.size
        if size < 4:
            raise Untranslatable("a store of less than a word")
        addresses = self._addresses()
        data = self._data()
        log = None
        if not self.shared:
            log = copying.room_in_log(self.frame, k.LANES * size // 4)
            enough, full = self._block("enough"), self._block("full")
            builder.cbranch(log, enough, full)
            builder.position_at_end(full)
            self._leave()
            builder.position_at_end(enough)
        here, word, offsets, neighbours = self._find(addresses)
        done, scattered = self._block("done"), self._block("scattered")
        if neighbours is not None:
            close = self._block("close")
            builder.cbranch(neighbours, close, scattered)
            builder.position_at_end(close)
            offset = self._first(offsets)
            place = builder.inttoptr(builder.add(here, offset), BYTES)
            if word is not None:
                first = builder.add(word, builder.lshr(offset, ir.Constant(I64, 2)))
                copying.log_neighbours(self.frame, place, first, size, time)
            copying.put_together(builder, place, data)
            builder.branch(done)
            builder.position_at_end(scattered)
        else:
            builder.branch(scattered)
            builder.position_at_end(scattered)
        copying.put_together(builder, self.frame.buffer, data)
        lanes = self.frame.warp.bits(self.executed)
        if word is None:
            copying.spread(self.frame, here, offsets, lanes, size)
        else:
            copying.spread_and_log(self.frame, here, word, offsets, lanes, size, time)
        builder.branch(done)
        builder.position_at_end(done)

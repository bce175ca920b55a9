"""Constant loads, and loads and stores of global and shared memory, as LLVM code.

Translated are accesses whose active lanes all lie in one segment and are aligned.  For all others
the block is left before the instruction, with nothing done yet, and the interpreter executes it:
every exception and every rare kind of memory is in :mod:`softbeam.emulator.core.memory` alone.

What a warp loads is first brought together: 32 neighbouring pieces are where they are; others are
copied to a buffer, lane by lane.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.accesses import (
    RARE,
    Leave,
    address_longs,
    address_words,
    narrowed,
    stored_words,
)
from softbeam.emulator.translation.operation import Operation, Untranslatable
from softbeam.emulator.translation.vectors import BYTES, I32, I64, Value, Vectors

#: Operations whose rows are accesses that can be translated.
ACCESSES = frozenset({k.LOAD, k.STORE, k.LOAD_OTHER, k.STORE_OTHER})

LOADS = frozenset({k.LOAD, k.LOAD_OTHER})


def why_called(row: NDArray[np.int64]) -> str:
    """Return why the interpreter's code for an access is called; empty if it is translated."""
    rare = row[k.OP] in RARE
    if row[k.UNIFORM] or (not rare and row[k.SPACE] not in (k.GLOBAL, k.SHARED)):
        return "a rare kind of memory"
    return ""


def is_global(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows look for a segment of global memory."""
    known = np.isin(rows[:, k.OP], [*ACCESSES, k.ATOMIC, k.REDUCTION])
    return known & np.isin(rows[:, k.SPACE], (k.GLOBAL, k.GENERIC))


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
            value = narrowed(o, v, value, builder.shl(low, ir.Constant(I32, 3)))
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
            value = narrowed(o, v, value, builder.shl(low, v.word(3)))
        words.append(value)
    return tuple(words)


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
        if o.column(k.SPACE) == k.LOCAL:
            raise Untranslatable("this space")
        if o.uniform:
            raise Untranslatable("memory on the uniform datapath")

    def _block(self, name: str) -> ir.Block:
        return self.frame.function.append_basic_block(name)

    def _first(self, vector: Value) -> Value:
        return self.builder.extract_element(vector, ir.Constant(I32, 0))

    def _addresses(self) -> Value:
        """Return the lanes' addresses: 32 bits in shared memory, else 64."""
        return address_words(self.o) if self.shared else address_longs(self.o)

    def _lanes(self) -> Value:
        return ir.Constant(I64, 0) if self.executed is None else self.frame.warp.bits(self.executed)

    def _all_active(self, truth: Value) -> Value:
        """Return whether something holds in all executing lanes."""
        if self.executed is not None:
            truth = self.builder.or_(truth, self.builder.not_(self.executed))
        return self.frame.warp.every(truth)

    def find(self) -> tuple[Value, Value, Value, Value]:
        """Find the segment; return (address here, its first word, offsets, whether neighbours).

        Where lanes lie elsewhere or are not aligned the block is left.
        """
        builder, v, size, addresses = self.builder, self.v, self.size, self._addresses()
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
            changed = copying.find_segment(
                self.frame,
                first,
                slot,
                ir.Constant(I64, size),
                writes=self.o.column(k.OP) not in LOADS,
            )
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
        here, _, offsets, neighbours = self.find()
        addresses = self._addresses()
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
            words = (narrowed(o, v, words[0], shift),)
        return words

    def need_room(self, entries: int) -> None:
        """Leave the block if the log has no room for so many entries."""
        enough, full = self._block("enough"), self._block("full")
        self.builder.cbranch(copying.room_in_log(self.frame, entries), enough, full)
        self.builder.position_at_end(full)
        self._leave()
        self.builder.position_at_end(enough)

    def store(self, time: Value) -> None:
        """Store; `time` is the number of warp instructions by then."""
        builder, size = self.builder, self.size
        parts = max(size // 4, 1)
        data = stored_words(self.o, parts)
        if not self.shared:
            self.need_room(k.LANES * parts)
        here, word, offsets, neighbours = self.find()
        done, scattered = self._block("done"), self._block("scattered")
        if neighbours is not None and size >= 4:
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

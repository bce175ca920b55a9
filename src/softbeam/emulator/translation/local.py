"""Local memory as LLVM code: every thread's own words, which lie beside those of its neighbours.

Where all lanes access one place of their stacks, as they mostly do, it is one vector.  Translated
are accesses within the window that threads have, aligned; for all others the block is left.
"""

from __future__ import annotations

from llvmlite import ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.accesses import Leave, address_words, narrowed, stored_words
from softbeam.emulator.translation.operation import Operation
from softbeam.emulator.translation.vectors import I1, I32, I64, Value

#: Bytes of one word of all lanes.
_ROW = 4 * k.LANES


class LocalAccess:
    """One load or store of a warp's local memory.

    Parameters
    ----------
    o : Operation
        The row.
    leave : callable
        Appends code that leaves the block before the row.
    """

    def __init__(self, o: Operation, leave: Leave) -> None:
        self.o, self.builder, self.v, self.frame = o, o.builder, o.v, o.frame
        self.executed, self.warp = o.executed, o.frame.warp
        self.size = o.column(k.SIZE)
        self._find(leave)

    def _find(self, leave: Leave) -> None:
        """Find the lanes' places, and whether they are one; leave where one is outside."""
        o, builder, v, frame = self.o, self.builder, self.v, self.frame
        words = frame.addresses[t.LOCAL]
        bytes_ = builder.shl(words, ir.Constant(I64, 2))
        least = builder.sub(ir.Constant(I64, k.WINDOW_BYTES), bytes_)
        self.places = builder.sub(address_words(o), v.splat(builder.trunc(least, I32)))
        room = builder.sub(bytes_, ir.Constant(I64, self.size - 1))
        some = builder.icmp_signed(">", room, ir.Constant(I64, 0))
        room = builder.trunc(builder.select(some, room, ir.Constant(I64, 0)), I32)
        inside = builder.icmp_unsigned("<", self.places, v.splat(room))
        low = builder.and_(self.places, v.word(self.size - 1))
        fits = builder.and_(inside, o.holds("==", low, v.word(0)))
        found, missing = self._block("inside"), self._block("outside")
        builder.cbranch(self._in_all(fits), found, missing)
        builder.position_at_end(missing)
        leave()
        builder.position_at_end(found)
        slot = builder.mul(builder.load(frame.slot(t.WARP)), builder.mul(words, _long(_ROW)))
        here = builder.add(frame.addresses[t.LOCAL_AT], slot)
        lanes = self.warp.bits(self.executed)
        if self.executed is not None:
            # Where no lane does it, what is there does not matter.
            none = builder.icmp_unsigned("==", lanes, ir.Constant(I32, 0))
            here = builder.select(none, frame.nowhere, here)
            self.places = builder.select(self.executed, self.places, v.word(0))
        first = builder.and_(builder.cttz(lanes, ir.Constant(I1, 0)), ir.Constant(I32, 31))
        self.first = builder.extract_element(self.places, first)
        self.here = here
        self.together = self._in_all(o.holds("==", self.places, v.splat(self.first)))

    def _in_all(self, truth: Value) -> Value:
        if self.executed is not None:
            truth = self.builder.or_(truth, self.builder.not_(self.executed))
        return self.warp.every(truth)

    def _block(self, name: str) -> ir.Block:
        return self.frame.function.append_basic_block(name)

    def _straight(self, part: int) -> Value:
        """Return a pointer to one word of all lanes, which access one place."""
        builder = self.builder
        row = builder.lshr(builder.zext(self.first, I64), _long(2))
        at = builder.add(self.here, builder.mul(builder.add(row, _long(part)), _long(_ROW)))
        return builder.inttoptr(at, self.v.of(I32).as_pointer())

    def _offsets(self, part: int) -> Value:
        """Return each lane's byte offset of one word."""
        builder, v = self.builder, self.v
        rows = builder.add(builder.lshr(self.places, v.word(2)), v.word(part))
        lanes = builder.shl(self.o.lane_numbers(), v.word(2))
        return v.wide(builder.add(builder.mul(rows, v.word(_ROW)), lanes))

    def load(self) -> tuple[Value, ...]:
        """Return the loaded words."""
        builder, parts = self.builder, max(self.size // 4, 1)
        near, far, end = (self._block(name) for name in ("near", "far", "loaded"))
        builder.cbranch(self.together, near, far)
        builder.position_at_end(near)
        straight = [_load(builder, self._straight(part)) for part in range(parts)]
        builder.branch(end)
        builder.position_at_end(far)
        gathered: list[Value] = []
        for part in range(parts):
            copying.collect(self.frame, self.here, self._offsets(part), 4)
            gathered.extend(copying.take_apart(builder, self.frame.buffer, 4))
        last = builder.block
        builder.branch(end)
        builder.position_at_end(end)
        words = []
        for one, other in zip(straight, gathered, strict=True):
            word = builder.phi(self.v.of(I32))
            word.add_incoming(one, near)
            word.add_incoming(other, last)
            words.append(word)
        if self.size < 4:
            shift = builder.and_(self.places, self.v.word(3))
            shift = builder.shl(shift, self.v.word(3))
            words = [narrowed(self.o, self.v, words[0], shift)]
        return tuple(words)

    def store(self) -> None:
        """Store the data operand."""
        builder, parts = self.builder, max(self.size // 4, 1)
        words = stored_words(self.o, parts)
        near, far, end = (self._block(name) for name in ("near", "far", "stored"))
        if self.size < 4:
            builder.branch(far)
        else:
            builder.cbranch(self.together, near, far)
        builder.position_at_end(near)
        for part, word in enumerate(words):
            place, kept = self._straight(part), word
            if self.executed is not None:
                kept = builder.select(self.executed, word, _load(builder, place))
            builder.store(kept, place).align = 4
        builder.branch(end)
        builder.position_at_end(far)
        lanes = self.warp.bits(self.executed)
        for part, word in enumerate(words):
            offsets = self._offsets(part)
            if self.size < 4:
                low = builder.and_(self.places, self.v.word(3))
                offsets = builder.add(offsets, self.v.wide(low))
            copying.put_together(builder, self.frame.buffer, (word,))
            copying.spread(self.frame, self.here, offsets, lanes, min(self.size, 4))
        builder.branch(end)
        builder.position_at_end(end)


def _long(value: int) -> Value:
    return ir.Constant(I64, value)


def _load(builder: ir.IRBuilder, place: Value) -> Value:
    value = builder.load(place)
    value.align = 4
    return value

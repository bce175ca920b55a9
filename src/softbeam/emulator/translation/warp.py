"""The record of a warp as translated code sees it: registers and predicates, kept in a block.

Within a block a register that was read or written stays an LLVM value.  What was written goes to
the record before anything can leave the block (:meth:`WarpState.flush`), so that the interpreter
always finds the whole state there.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from softbeam.emulator.core.layout import FULL_MASK, LANES, WARP
from softbeam.emulator.translation.vectors import I1, I32, I64, Value, Vectors

_FIELDS = {name: int(place[1]) for name, place in (WARP.fields or {}).items()}

#: Registers that are held as values at a time: more would only be spilled to the stack.
HELD = 12

Key = tuple[str, int]


class WarpState:
    """Registers, predicates, uniform registers and barriers of the running warp.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where code is appended.
    record : ir.Value
        Pointer to the warp's record, as one to bytes.
    mask : ir.Value or None
        The running group's lanes, as truth values; None: all.
    """

    def __init__(self, builder: ir.IRBuilder, record: Value, mask: Value | None) -> None:
        self.builder = builder
        self.vectors, self.scalars = Vectors(builder), Vectors(builder, 1)
        self.mask = mask
        self._record = record
        self._values: dict[Key, Value] = {}
        self._unwritten: set[Key] = set()

    def at(self, field: str, offset: int, kind: ir.Type) -> Value:
        """Return a pointer into the record."""
        place = ir.Constant(I64, _FIELDS[field] + offset)
        return self.builder.bitcast(self.builder.gep(self._record, [place]), kind.as_pointer())

    def _place(self, key: Key) -> Value:
        name, index = key
        if name == "registers":
            return self.at(name, 4 * LANES * index, self.vectors.of(I32))
        if name == "uniform_predicates":
            return self.at(name, 8 * index, I64)
        return self.at(name, 4 * index, I32)

    def _load(self, key: Key) -> Value:
        place = self._place(key)
        name, index = key
        if name == "registers":
            value = self.builder.load(place)
            value.align = 4
        elif name == "predicates":
            if index == 7:
                return self.vectors.bit(True)
            value = self.builder.bitcast(self.builder.load(place), self.vectors.of(I1))
        elif name == "uniform_predicates":
            if index == 7:
                return self.scalars.bit(True)
            value = self.builder.icmp_unsigned("!=", self.builder.load(place), ir.Constant(I64, 0))
        else:
            value = self.builder.load(place)
        return value

    def _store(self, key: Key) -> None:
        value, place = self._values[key], self._place(key)
        name = key[0]
        if name == "registers":
            self.builder.store(value, place).align = 4
        elif name == "predicates":
            self.builder.store(self.builder.bitcast(value, I32), place)
        elif name == "uniform_predicates":
            self.builder.store(self.builder.zext(value, I64), place)
        else:
            self.builder.store(value, place)

    def _hold(self, key: Key, value: Value) -> None:
        """Keep a value, as the latest; the register longest unused makes room."""
        self._values.pop(key, None)
        self._values[key] = value
        registers = [held for held in self._values if held[0] == "registers"]
        if len(registers) > HELD:
            oldest = registers[0]
            if oldest in self._unwritten:
                self._store(oldest)
                self._unwritten.discard(oldest)
            del self._values[oldest]

    def _read(self, key: Key) -> Value:
        value = self._values.get(key)
        if value is None:
            value = self._load(key)
        self._hold(key, value)
        return value

    def _write(self, key: Key, value: Value) -> None:
        self._unwritten.add(key)
        self._hold(key, value)

    def forget(self) -> None:
        """Begin a block: nothing is held."""
        self._values.clear()
        self._unwritten.clear()

    def flush(self) -> None:
        """Write what the record does not have yet."""
        for key in sorted(self._unwritten):
            self._store(key)
        self._unwritten.clear()

    def register(self, index: int) -> Value:
        """Return a register's 32 words."""
        return self._read(("registers", index))

    def uniform(self, index: int) -> Value:
        """Return a uniform register's word."""
        return self._read(("uniforms", index))

    def predicate(self, index: int) -> Value:
        """Return in which lanes a predicate holds."""
        return self._read(("predicates", index))

    def uniform_predicate(self, index: int) -> Value:
        """Return whether a uniform predicate holds."""
        return self._read(("uniform_predicates", index))

    def source_predicate(self, code: int) -> Value:
        """Return in which lanes an encoded source predicate holds."""
        if code & 16:
            value = self.vectors.splat(self.uniform_predicate(code & 7))
        else:
            value = self.predicate(code & 7)
        return self.builder.not_(value) if code & 8 else value

    def uniform_source_predicate(self, code: int) -> Value:
        """Return whether an encoded source predicate holds in lane 0."""
        if code & 16:
            value = self.uniform_predicate(code & 7)
        else:
            value = self.builder.extract_element(self.predicate(code & 7), ir.Constant(I32, 0))
        return self.builder.not_(value) if code & 8 else value

    def executed(self, guard: int) -> Value | None:
        """Return the lanes that execute an instruction with this guard; None: all 32."""
        if guard == 7:
            return self.mask
        holds = self.source_predicate(guard)
        return holds if self.mask is None else self.builder.and_(self.mask, holds)

    def bits(self, lanes: Value | None) -> Value:
        """Return lanes as a word."""
        if lanes is None:
            return ir.Constant(I32, FULL_MASK)
        return self.builder.bitcast(lanes, I32)

    def any(self, lanes: Value) -> Value:
        """Return whether any lane is set."""
        return self.builder.icmp_unsigned("!=", self.bits(lanes), ir.Constant(I32, 0))

    def every(self, lanes: Value) -> Value:
        """Return whether all 32 lanes are set."""
        return self.builder.icmp_unsigned("==", self.bits(lanes), ir.Constant(I32, FULL_MASK))

    def set_register(self, index: int, value: Value, executed: Value | None) -> None:
        """Write a register in the executing lanes."""
        if executed is not None:
            value = self.builder.select(executed, value, self.register(index))
        self._write(("registers", index), value)

    def set_predicate(self, index: int, value: Value, executed: Value | None) -> None:
        """Write a predicate in the executing lanes; PT keeps its ones."""
        if index == 7:
            return
        if executed is not None:
            kept = self.builder.and_(self.predicate(index), self.builder.not_(executed))
            value = self.builder.or_(kept, self.builder.and_(value, executed))
        self._write(("predicates", index), value)

    def _uniformly(self, value: Value, old: Callable[[], Value], executed: Value | None) -> Value:
        if executed is None or executed is self.mask:
            return value
        return self.builder.select(self.any(executed), value, old())

    def set_uniform(self, index: int, value: Value, executed: Value | None) -> None:
        """Write a uniform register, if any lane executes."""
        value = self._uniformly(value, lambda: self.uniform(index), executed)
        self._write(("uniforms", index), value)

    def set_uniform_predicate(self, index: int, value: Value, executed: Value | None) -> None:
        """Write a uniform predicate, if any lane executes."""
        if index == 7:
            return
        value = self._uniformly(value, lambda: self.uniform_predicate(index), executed)
        self._write(("uniform_predicates", index), value)

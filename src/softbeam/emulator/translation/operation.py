"""One computing instruction being translated: its row, its operands, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.frame import Frame
from softbeam.emulator.translation.vectors import I32, I64, Value, Vectors


class Untranslatable(Exception):  # noqa: N818  (never leaves this package)
    """A row that is left to the interpreter."""


@dataclass(frozen=True, slots=True)
class Results:
    """What an operation gives: words of its destination registers, and its two predicates."""

    words: tuple[Value, ...] = ()
    first: Value | None = None
    second: Value | None = None


class Operation:
    """The operands of one row, fetched when they are asked for, in the width of its datapath.

    Parameters
    ----------
    frame : Frame
        The function that is being emitted.
    row : numpy.ndarray of int64
        The row.
    executed : ir.Value or None
        The executing lanes; None: all.
    """

    def __init__(
        self, frame: Frame, row: NDArray[np.int64] | list[int], executed: Value | None = None
    ) -> None:
        self.frame = frame
        self.executed = executed
        self.row = [int(value) for value in row]
        self.flags = self.row[k.FLAGS]
        self.uniform = bool(self.row[k.UNIFORM])
        self.builder = frame.builder
        self.v = Vectors(frame.builder, 1 if self.uniform else k.LANES)

    def widen(self) -> None:
        """Take operands in 32 lanes, though the result is uniform."""
        self.uniform = False
        self.v = Vectors(self.builder)

    def column(self, column: int) -> int:
        """Return one column of the row."""
        return self.row[column]

    def has(self, flag: int) -> bool:
        """Return whether a flag is set."""
        return bool(self.flags & flag)

    @property
    def writes_predicates(self) -> bool:
        """Whether it writes a predicate."""
        return (self.row[k.PREDICATE_0], self.row[k.PREDICATE_1]) != (7, 7)

    @cached_property
    def a(self) -> Value:
        """The first operand's words."""
        return self._source(k.A)

    @cached_property
    def b(self) -> Value:
        """The second operand's words."""
        return self._source(k.B)

    @cached_property
    def c(self) -> Value:
        """The third operand's words."""
        return self._source(k.C)

    @cached_property
    def p(self) -> Value:
        """Where the first source predicate holds."""
        return self._predicate(k.SOURCE_PREDICATE_0)

    @cached_property
    def q(self) -> Value:
        """Where the second source predicate holds."""
        return self._predicate(k.SOURCE_PREDICATE_1)

    @cached_property
    def r(self) -> Value:
        """Where the third source predicate holds."""
        return self._predicate(k.SOURCE_PREDICATE_2)

    def immediate(self, column: int) -> int | None:
        """Return an operand's word if it is known now."""
        if self.row[column] != k.IMMEDIATE:
            return None
        value, how = self.row[column + 1] & k.FULL_MASK, self.row[column + 2]
        changed = {
            k.NEGATE: -value,
            k.INVERT: ~value,
            k.FLOAT_NEGATE: value ^ 0x80000000,
            k.FLOAT_ABSOLUTE: value & 0x7FFFFFFF,
            k.FLOAT_NEGATE_ABSOLUTE: value | 0x80000000,
        }.get(how, value)
        return changed & k.FULL_MASK

    def _predicate(self, column: int) -> Value:
        code, warp = self.row[column], self.frame.warp
        return warp.uniform_source_predicate(code) if self.uniform else warp.source_predicate(code)

    def _source(self, column: int) -> Value:
        kind, value, how = self.row[column : column + 3]
        if kind == k.NOTHING:
            return self.v.word(0)
        known = self.immediate(column)
        if known is not None:
            return self.v.word(known)
        if kind == k.REGISTER:
            if self.uniform:
                raise Untranslatable("a register on the uniform datapath")
            return self._changed(self.v, self.frame.warp.register(value), how)
        scalar = (
            self.frame.constant(value) if kind == k.CONSTANT else self.frame.warp.uniform(value)
        )
        return self.v.splat(self._changed(self.frame.warp.scalars, scalar, how))

    def _changed(self, v: Vectors, word: Value, how: int) -> Value:
        builder = self.builder
        if how == k.NEGATE:
            return builder.sub(v.word(0), word)
        if how == k.INVERT:
            return builder.xor(word, v.word(k.FULL_MASK))
        if how == k.FLOAT_NEGATE:
            return builder.xor(word, v.word(0x80000000))
        if how == k.FLOAT_ABSOLUTE:
            return builder.and_(word, v.word(0x7FFFFFFF))
        if how == k.FLOAT_NEGATE_ABSOLUTE:
            return builder.or_(word, v.word(0x80000000))
        return word

    def high_word(self, column: int) -> Value:
        """Return the high words of a 64-bit operand; an immediate is sign-extended."""
        kind, value = self.row[column : column + 2]
        if kind == k.REGISTER:
            if self.uniform:
                raise Untranslatable("a register on the uniform datapath")
            return self.frame.warp.register(value + 1)
        if kind == k.IMMEDIATE:
            return self.v.word(value >> 32)
        if kind == k.CONSTANT:
            return self.v.splat(self.frame.constant(value + 1))
        if kind == k.UNIFORM_REGISTER:
            return self.v.splat(self.frame.warp.uniform(value + 1))
        return self.v.word(0)

    def changed_high_word(self, column: int) -> Value:
        """Return the high words of a pair of floats after the operand's sign or magnitude."""
        kind, how = self.row[column], self.row[column + 2]
        if kind not in (k.CONSTANT, k.UNIFORM_REGISTER):
            return self._changed(self.v, self.high_word(column), how)
        scalar = self.row[column + 1] + 1
        word = (
            self.frame.constant(scalar) if kind == k.CONSTANT else self.frame.warp.uniform(scalar)
        )
        return self.v.splat(self._changed(self.frame.warp.scalars, word, how))

    # Short names of what every operation needs.

    def holds(self, how: str, x: Value, y: Value, *, signed: bool = False) -> Value:
        """Compare integers."""
        compare = self.builder.icmp_signed if signed else self.builder.icmp_unsigned
        return compare(how, x, y)

    def choose(self, truth: Value, yes: Value, no: Value) -> Value:
        """Return `yes` where it holds, else `no`."""
        return self.builder.select(truth, yes, no)

    def lane_numbers(self) -> Value:
        """Return 0 to 31."""
        return ir.Constant(self.v.of(I32), list(range(k.LANES)))

    def long_count(self, truth: Value) -> Value:
        """Return 64-bit ones where it holds."""
        return self.v.count(truth, I64)

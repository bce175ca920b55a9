"""LLVM values of one warp instruction: words of 32 lanes, or one word on the uniform datapath.

Every helper works on both widths, so that an operation's meaning is written once.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from softbeam.emulator.core.layout import FULL_MASK, LANES

Value = Any  # an ir.Value; llvmlite has no type hints

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
F16, F32, F64 = ir.HalfType(), ir.FloatType(), ir.DoubleType()
BYTES = I8.as_pointer()


class Vectors:
    """Constants and arithmetic of one width, on a builder.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where code is appended.
    lanes : int
        32, or 1 for scalars.
    """

    def __init__(self, builder: ir.IRBuilder, lanes: int = LANES) -> None:
        self.builder = builder
        self.lanes = lanes

    def of(self, scalar: ir.Type) -> ir.Type:
        """Return the type of this width."""
        return scalar if self.lanes == 1 else ir.VectorType(scalar, self.lanes)

    def constant(self, scalar: ir.Type, value: float) -> Value:
        """Return a value that is the same in all lanes."""
        if self.lanes == 1:
            return ir.Constant(scalar, value)
        return ir.Constant(self.of(scalar), [value] * self.lanes)

    def word(self, value: int) -> Value:
        """Return a 32-bit constant."""
        return self.constant(I32, value & FULL_MASK)

    def long(self, value: int) -> Value:
        """Return a 64-bit constant."""
        return self.constant(I64, value & ((1 << 64) - 1))

    def bit(self, value: bool) -> Value:
        """Return a truth value."""
        return self.constant(I1, int(value))

    def splat(self, scalar: Value) -> Value:
        """Return a scalar in all lanes."""
        if self.lanes == 1:
            return scalar
        kind = ir.VectorType(scalar.type, self.lanes)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, zeros)

    def wide(self, word: Value) -> Value:
        """Zero-extend words to 64 bits."""
        return self.builder.zext(word, self.of(I64))

    def signed_wide(self, word: Value) -> Value:
        """Sign-extend words to 64 bits."""
        return self.builder.sext(word, self.of(I64))

    def low(self, long: Value) -> Value:
        """Return the low words."""
        return self.builder.trunc(long, self.of(I32))

    def high(self, long: Value) -> Value:
        """Return the high words."""
        return self.low(self.builder.lshr(long, self.long(32)))

    def pair(self, low: Value, high: Value) -> Value:
        """Return 64 bits from their two words."""
        return self.builder.or_(self.wide(low), self.builder.shl(self.wide(high), self.long(32)))

    def floats(self, word: Value) -> Value:
        """Reinterpret words as float32."""
        return self.builder.bitcast(word, self.of(F32))

    def words(self, number: Value) -> Value:
        """Reinterpret float32 as words."""
        return self.builder.bitcast(number, self.of(I32))

    def count(self, truth: Value, kind: ir.Type = I32) -> Value:
        """Return 1 where it holds, else 0."""
        return self.builder.zext(truth, self.of(kind))

    def call(self, name: str, kind: ir.Type, *values: Value) -> Value:
        """Call LLVM's intrinsic of this name on values of one type (a scalar's) and width."""
        type_ = self.of(kind)
        short = {I32: "i32", I64: "i64", F32: "f32", F64: "f64"}[kind]
        suffix = short if self.lanes == 1 else f"v{self.lanes}{short}"
        return self.intrinsic(f"llvm.{name}.{suffix}", type_, values)

    def intrinsic(self, name: str, result: ir.Type, values: tuple[Value, ...]) -> Value:
        """Call an intrinsic by its whole name."""
        module = self.builder.module
        function = module.globals.get(name)
        if function is None:
            kind = ir.FunctionType(result, [value.type for value in values])
            function = ir.Function(module, kind, name)
        return self.builder.call(function, values)

    def logic(self, table: int, x: Value, y: Value, z: Value) -> Value:
        """Return the bitwise function of three inputs with this look-up table (LOP3, PLOP3)."""
        return self._lookup(table & 0xFF, (x, y, z))

    def _ones(self, like: Value, value: int) -> Value:
        kind = like.type
        scalar = kind.element if isinstance(kind, ir.VectorType) else kind
        return self.constant(scalar, (-value) & ((1 << scalar.width) - 1))

    def _lookup(self, table: int, inputs: tuple[Value, ...]) -> Value:
        """Expand a table by its first input: where it is 1, the table's upper half holds."""
        first = inputs[0]
        half = 1 << (len(inputs) - 1)
        every = (1 << half) - 1
        low, high = table & every, table >> half
        if low == high:
            return self._ones(first, low & 1) if len(inputs) == 1 else self._lookup(low, inputs[1:])
        rest = inputs[1:]
        if low == high ^ every:
            if not rest:
                return first if high else self.builder.not_(first)
            return self.builder.xor(first, self._lookup(low, rest))
        parts = []
        for piece, side in ((high, first), (low, None)):
            if piece == 0:
                continue
            chosen = first if side is not None else self.builder.not_(first)
            if piece != every:
                chosen = self.builder.and_(chosen, self._lookup(piece, rest))
            parts.append(chosen)
        return parts[0] if len(parts) == 1 else self.builder.or_(*parts)

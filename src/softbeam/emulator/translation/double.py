"""What float64 operations and 64-bit integers in pairs of registers give, as LLVM code.

The same meanings, for the interpreter, are in :mod:`softbeam.emulator.core.double` and
:mod:`softbeam.emulator.core.wide`; tests compare the two for every operation.
"""

from __future__ import annotations

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.integer import Meaning, combined
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import F64, I64, Value

SIGN, QUIET, INVALID = 1 << 63, 1 << 51, 0xFFF8000000000000

#: The high word of the smallest normal number's and of the canonical NaN.
_SMALLEST, _NAN = 2.2250738585072014e-308, 0x7FFFFFFF

COMPARISONS = {1: "<", 2: "==", 3: "<=", 4: ">", 5: "!=", 6: ">="}


def _register_pair(o: Operation, kind: int, value: int) -> Value:
    """Return the 64 bits of two registers, uniform registers or constants, in all lanes."""
    warp, scalars = o.frame.warp, o.frame.warp.scalars
    if kind == k.REGISTER:
        if o.uniform:
            raise Untranslatable("a register on the uniform datapath")
        return o.v.pair(warp.register(value), warp.register(value + 1))
    if kind == k.UNIFORM_REGISTER:
        return o.v.splat(scalars.pair(warp.uniform(value), warp.uniform(value + 1)))
    return o.v.splat(scalars.pair(o.frame.constant(value), o.frame.constant(value + 1)))


def bits_of(o: Operation, column: int) -> Value:
    """Return the bits of a float64 operand; an immediate is the high word of its bits."""
    kind, value, how = o.row[column : column + 3]
    if kind == k.NOTHING:
        bits = o.v.long(0)
    elif kind == k.IMMEDIATE:
        bits = o.v.long((value & k.FULL_MASK) << 32)
    else:
        bits = _register_pair(o, kind, value)
    if how == k.FLOAT_NEGATE:
        return o.builder.xor(bits, o.v.long(SIGN))
    if how == k.FLOAT_ABSOLUTE:
        return o.builder.and_(bits, o.v.long(SIGN - 1))
    if how == k.FLOAT_NEGATE_ABSOLUTE:
        return o.builder.or_(bits, o.v.long(SIGN))
    return bits


def number(o: Operation, bits: Value) -> Value:
    """Reinterpret 64 bits as a float64."""
    return o.builder.bitcast(bits, o.v.of(F64))


def bits(o: Operation, value: Value) -> Value:
    """Reinterpret a float64 as 64 bits."""
    return o.builder.bitcast(value, o.v.of(I64))


def is_nan(o: Operation, value: Value) -> Value:
    """Return where a number is none."""
    return o.builder.fcmp_unordered("uno", value, value)


def words_of(o: Operation, long: Value) -> tuple[Value, Value]:
    """Return the low and the high words of 64 bits."""
    return o.v.low(long), o.v.high(long)


def _arithmetic(o: Operation) -> Results:
    """DADD, DMUL, DFMA to the nearest: the first NaN made quiet, or the invalid one."""
    if o.column(k.ROUNDING) != k.ROUND_NEAREST:
        raise Untranslatable("a directed rounding")
    operation = o.column(k.OP)
    columns = (k.A, k.B, k.C) if operation == k.DFMA else (k.A, k.B)
    operands = [bits_of(o, column) for column in columns]
    numbers = [number(o, operand) for operand in operands]
    if operation == k.DADD:
        result = o.builder.fadd(*numbers)
    elif operation == k.DMUL:
        result = o.builder.fmul(*numbers)
    else:
        result = o.v.call("fma", F64, *numbers)
    long = o.choose(is_nan(o, result), o.v.long(INVALID), bits(o, result))
    for operand, value in zip(reversed(operands), reversed(numbers), strict=True):
        quiet = o.builder.or_(operand, o.v.long(QUIET))
        long = o.choose(is_nan(o, value), quiet, long)
    return Results(words_of(o, long))


def compared(o: Operation, comparison: int, x: Value, y: Value, *, unordered: bool) -> Value:
    """Return where two floats compare so: bits 1 for less, 2 for equal, 4 for more."""
    how = COMPARISONS.get(comparison & 7)
    if how is not None:
        compare = o.builder.fcmp_unordered if unordered else o.builder.fcmp_ordered
        return compare(how, x, y)
    if comparison & 7 == 0:
        return o.builder.fcmp_unordered("uno", x, y) if unordered else o.v.bit(False)
    return o.v.bit(True) if unordered else o.builder.fcmp_ordered("ord", x, y)


def _compare(o: Operation) -> Results:
    builder, v, comparison = o.builder, o.v, o.column(k.DETAIL)
    a, b = bits_of(o, k.A), bits_of(o, k.B)
    x, y = number(o, a), number(o, b)
    if comparison < 8:
        holds = compared(o, comparison, x, y, unordered=o.has(k.UNORDERED))
        return Results((), combined(o, holds, o.p), combined(o, builder.not_(holds), o.p))
    # MIN and MAX: whether it is the first operand, and whether both are NaN.
    minimum = v.bit(comparison == 8)
    negative = o.holds("<", a, v.long(0), signed=True)
    less = builder.fcmp_ordered("<", x, y)
    same = builder.fcmp_ordered("==", x, y)
    first = builder.not_(builder.xor(o.choose(same, negative, less), minimum))
    x_nan, y_nan = is_nan(o, x), is_nan(o, y)
    first = builder.and_(builder.or_(first, y_nan), builder.not_(x_nan))
    return Results((), first, builder.and_(x_nan, y_nan))


def _seed(o: Operation) -> Results:
    """MUFU.RCP64H and .RSQ64H: the high word of 1/x or 1/sqrt(x) from the high word of x."""
    builder, v = o.builder, o.v
    long = builder.shl(v.wide(o.a), v.long(32))
    x, sign = number(o, long), builder.and_(long, v.long(SIGN))

    def flushed(value: Value, sign: Value) -> Value:
        small = builder.fcmp_ordered("<", v.call("fabs", F64, value), v.constant(F64, _SMALLEST))
        return o.choose(small, sign, bits(o, value))

    root = number(o, flushed(x, sign))
    zero = builder.fcmp_ordered("==", root, v.constant(F64, 0.0))
    one = v.constant(F64, 1.0)
    if o.column(k.OP) == k.MUFU_RCP64H:
        result = builder.fdiv(one, root)
    else:
        result = builder.fdiv(one, v.call("sqrt", F64, root))
    long = flushed(result, builder.and_(bits(o, result), v.long(SIGN)))
    infinite = builder.or_(sign, v.long(0x7FF << 52))
    word = o.choose(is_nan(o, result), v.word(_NAN), v.high(long))
    word = o.choose(zero, v.high(infinite), word)
    return Results((o.choose(is_nan(o, x), v.word(_NAN), word),))


def _whole_of(o: Operation, column: int) -> Value:
    """Return a 64-bit integer operand; an immediate is all of it, no operand is zero."""
    kind, value, how = o.row[column : column + 3]
    if kind == k.NOTHING:
        long = o.v.long(0)
    elif kind == k.IMMEDIATE:
        long = o.v.long(value)
    else:
        long = _register_pair(o, kind, value)
    if how == k.NEGATE:
        return o.builder.sub(o.v.long(0), long)
    return o.builder.xor(long, o.v.long(-1)) if how == k.INVERT else long


def _wide(o: Operation) -> Results:
    """IADD.64 and its kin."""
    builder, operation = o.builder, o.column(k.OP)
    x, y = _whole_of(o, k.A), _whole_of(o, k.B)
    signed = o.has(k.SIGNED)
    if operation == k.ISETP_64:
        holds = _integers_compared(o, x, y, signed=signed)
        return Results((), combined(o, holds, o.p), combined(o, builder.not_(holds), o.p))
    if operation == k.IADD_64:
        x = builder.add(builder.add(x, y), _whole_of(o, k.C))
    elif operation == k.SEL_64:
        x = o.choose(o.p, x, y)
    elif operation == k.IMNMX_64:
        less = o.holds("<", x, y, signed=signed)
        x = o.choose(builder.not_(builder.xor(less, o.p)), x, y)
    return Results(words_of(o, x))


def _integers_compared(o: Operation, x: Value, y: Value, *, signed: bool) -> Value:
    how = COMPARISONS.get(o.column(k.DETAIL) & 7)
    if how is None:
        return o.v.bit(o.column(k.DETAIL) & 7 == 7)
    return o.holds(how, x, y, signed=signed)


MEANINGS: dict[int, Meaning] = {
    k.DADD: _arithmetic,
    k.DMUL: _arithmetic,
    k.DFMA: _arithmetic,
    k.DSETP: _compare,
    k.MUFU_RCP64H: _seed,
    k.MUFU_RSQ64H: _seed,
    k.IADD_64: _wide,
    k.MOV_64: _wide,
    k.SEL_64: _wide,
    k.IMNMX_64: _wide,
    k.ISETP_64: _wide,
}

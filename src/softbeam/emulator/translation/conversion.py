"""What conversions beyond float32 and 32-bit integers give, as LLVM code.

Translated are those to the nearest; all others have the interpreter's meaning.  The same meanings,
for the interpreter, are in :mod:`softbeam.emulator.core.conversion`; tests compare the two.
"""

from __future__ import annotations

from llvmlite import ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.double import QUIET, bits, bits_of, is_nan, number, words_of
from softbeam.emulator.translation.floating import CANONICAL_NAN, flushed
from softbeam.emulator.translation.half import converts, from_half, to_half
from softbeam.emulator.translation.integer import Meaning
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import F32, F64, I32, I64, Value

_BITS = {k.U8: 8, k.S8: 8, k.U16: 16, k.S16: 16, k.U32: 32, k.S32: 32, k.U64: 64, k.S64: 64}
_SIGNED = frozenset({k.S8, k.S16, k.S32, k.S64})
_WHOLE = {k.ROUND_NEAREST: "rint", k.ROUND_DOWN: "floor", k.ROUND_UP: "ceil", k.ROUND_ZERO: "trunc"}


def _to_nearest(o: Operation) -> None:
    if o.column(k.ROUNDING) != k.ROUND_NEAREST:
        raise Untranslatable("a directed rounding")


def _source(o: Operation, kind: int) -> Value:
    """Return a floating-point source as a float64."""
    if kind == k.F64:
        return number(o, bits_of(o, k.A))
    if kind == k.F16:
        _check_halves()
        half = _signs_changed(o, o.builder.lshr(o.a, o.v.word(8 * (o.column(k.SIZE) & 3))))
        return o.builder.fpext(from_half(o, half), o.v.of(F64))
    if kind != k.F32:
        raise Untranslatable("this source")
    word = flushed(o, o.a) if o.has(k.FLUSH) else o.a
    return o.builder.fpext(o.v.floats(word), o.v.of(F64))


def _signs_changed(o: Operation, half: Value) -> Value:
    """Return low half words after the operand's magnitude and sign."""
    if o.column(k.OFFSET) & k.HALF_ABSOLUTE:
        half = o.builder.and_(half, o.v.word(0x7FFF))
    if o.column(k.OFFSET) & k.HALF_NEGATE:
        half = o.builder.xor(half, o.v.word(0x8000))
    return half


def _check_halves() -> None:
    if not converts():
        raise Untranslatable("halves, which this processor does not convert")


def _quieted(o: Operation, value: Value) -> tuple[Value, Value]:
    """Return a float64's words, NaN made quiet."""
    long = bits(o, value)
    quiet = o.builder.or_(long, o.v.long(QUIET))
    return words_of(o, o.choose(is_nan(o, value), quiet, long))


def _float32(o: Operation, value: Value) -> Value:
    """Return a float64 rounded to float32, as words; NaN is the canonical one."""
    word = o.v.words(o.builder.fptrunc(value, o.v.of(F32)))
    word = o.choose(is_nan(o, value), o.v.word(CANONICAL_NAN), word)
    return flushed(o, word) if o.has(k.FLUSH) else word


def _float_to_float(o: Operation, source: int, target: int) -> Results:
    value = _source(o, source)
    if target == k.F64:
        return Results(_quieted(o, value))
    _to_nearest(o)
    if target == k.F32:
        return Results((_float32(o, value),))
    if target == k.F16 and source in (k.F32, k.F16):
        # Through float32, which the value came from: one rounding.
        _check_halves()
        return Results((to_half(o, o.builder.fptrunc(value, o.v.of(F32))),))
    raise Untranslatable("this target")


def _float_to_integer(o: Operation, source: int, target: int) -> Results:
    """Round to an integer of the type, at its bounds if beyond; NaN is 0 or the sign's bit."""
    builder, v, width = o.builder, o.v, _BITS[target]
    value = _source(o, source)
    nan = is_nan(o, value)
    whole = v.call(_WHOLE[o.column(k.ROUNDING)], F64, value)
    signed = target in _SIGNED
    limit = v.constant(F64, 2.0 ** (width - 1 if signed else width))
    above = builder.fcmp_unordered(">=", whole, limit)
    if signed:
        below = builder.fcmp_ordered("<=", whole, v.constant(F64, -(2.0 ** (width - 1))))
        most, least = (1 << (width - 1)) - 1, -(1 << (width - 1))
    else:
        below = builder.fcmp_ordered("<=", whole, v.constant(F64, 0.0))
        most, least = (1 << width) - 1, 0
    inside = o.choose(builder.or_(above, below), v.constant(F64, 0.0), whole)
    convert = builder.fptosi if signed or width < 64 else builder.fptoui
    long = o.choose(above, v.long(most), convert(inside, v.of(I64)))
    long = o.choose(below, v.long(least), long)
    none = 0 if o.has(k.NAN_TO_ZERO) else 1 << (width - 1)
    return Results(words_of(o, o.choose(nan, v.long(none), long)))


def _integer(o: Operation, kind: int) -> Value:
    """Return an integer source, extended to 32 or 64 bits."""
    builder, v, width = o.builder, o.v, _BITS[kind]
    word = builder.lshr(o.a, v.word(8 * (o.column(k.SIZE) & 3))) if o.column(k.SIZE) else o.a
    if width == 64:
        return v.pair(word, o.high_word(k.A))
    if width == 32:
        return word
    away = v.word(32 - width)
    shift = builder.ashr if kind in _SIGNED else builder.lshr
    return shift(builder.shl(word, away), away)


def _directed(o: Operation, value: Value, mode: int, *, signed: bool, kind: ir.Type) -> Value:
    """Return the bits of a 64-bit integer rounded to a floating-point type in one direction.

    The nearest number is turned into an integer again, and moved by one unit where it lies on the
    other side.
    """
    builder, v = o.builder, o.v
    negative = builder.icmp_signed("<", value, v.long(0)) if signed else v.bit(False)
    size = o.choose(negative, builder.neg(value), value)
    nearest = builder.uitofp(size, v.of(kind))
    # 2 ** 64 is no integer of 64 bits, and larger than each.
    beyond = builder.fcmp_ordered("==", nearest, v.constant(kind, 2.0**64))
    back = builder.fptoui(o.choose(beyond, v.constant(kind, 0.0), nearest), v.of(I64))
    above = builder.or_(beyond, builder.icmp_unsigned(">", back, size))
    below = builder.not_(builder.or_(above, builder.icmp_unsigned("==", back, size)))
    up = {k.ROUND_UP: builder.not_(negative), k.ROUND_DOWN: negative}.get(mode, v.bit(False))
    unit = I64 if kind == F64 else I32
    word = builder.bitcast(nearest, v.of(unit))
    word = builder.add(word, v.count(builder.and_(below, up), unit))
    word = builder.sub(word, v.count(builder.and_(above, builder.not_(up)), unit))
    top = v.long(1 << 63) if kind == F64 else v.word(1 << 31)
    return o.choose(negative, builder.or_(word, top), word)


def _integer_to_float(o: Operation, source: int, target: int) -> Results:
    value, mode = _integer(o, source), o.column(k.ROUNDING)
    if mode != k.ROUND_NEAREST and _BITS[source] == 64 and target in (k.F32, k.F64):
        kind = F32 if target == k.F32 else F64
        found = _directed(o, value, mode, signed=source in _SIGNED, kind=kind)
        return Results((found,) if target == k.F32 else words_of(o, found))
    _to_nearest(o)
    convert = o.builder.sitofp if source in _SIGNED else o.builder.uitofp
    if target == k.F64:
        return Results(words_of(o, bits(o, convert(value, o.v.of(F64)))))
    if target == k.F32:
        return Results((o.v.words(convert(value, o.v.of(F32))),))
    raise Untranslatable("this target")


def _convert(o: Operation) -> Results:
    source, target = o.column(k.DETAIL) & 15, o.column(k.DETAIL) >> 4
    if o.has(k.SATURATE) or o.column(k.SIZE) not in (0, 1, 2, 3):
        raise Untranslatable("a rare form of a conversion")
    floats = (k.F16, k.F32, k.F64, k.BF16)
    if source in _BITS:
        if target in floats:
            return _integer_to_float(o, source, target)
        raise Untranslatable("an integer to an integer")
    if target in floats:
        return _float_to_float(o, source, target)
    if target not in _BITS:
        raise Untranslatable("this target")
    return _float_to_integer(o, source, target)


def _pack(o: Operation) -> Results:
    """F2FP: two float32 rounded to halves, or to bfloat16, in one word."""
    builder, v = o.builder, o.v
    if o.column(k.DETAIL) >> 4 == k.BF16:
        upper, lower = (_bfloat(o, word) for word in (o.a, o.b))
    else:
        _to_nearest(o)
        _check_halves()
        upper, lower = (to_half(o, v.floats(word)) for word in (o.a, o.b))
    if o.has(k.RELU):
        upper, lower = (_kept_nonnegative(o, half) for half in (upper, lower))
    return Results((builder.or_(builder.shl(upper, v.word(16)), lower),))


def _kept_nonnegative(o: Operation, half: Value) -> Value:
    """Return a half, or zero for a negative one."""
    signed = o.holds("!=", o.builder.and_(half, o.v.word(0x8000)), o.v.word(0))
    return o.choose(signed, o.v.word(0), half)


def _bfloat(o: Operation, word: Value) -> Value:
    builder, v = o.builder, o.v
    nan = o.holds(">", builder.and_(word, v.word(0x7FFFFFFF)), v.word(0x7F800000))
    if o.column(k.ROUNDING) == k.ROUND_NEAREST:
        odd = builder.and_(builder.lshr(word, v.word(16)), v.word(1))
        word = builder.add(builder.add(word, v.word(0x7FFF)), odd)
    return o.choose(nan, v.word(0x7FFF), builder.lshr(word, v.word(16)))


def _round(o: Operation) -> Results:
    """FRND.F64: rounded to a whole number, with the operand's sign."""
    builder, v = o.builder, o.v
    if o.column(k.DETAIL) & 15 != k.F64 or o.has(k.SATURATE):
        raise Untranslatable("a rare form of a rounding")
    value = number(o, bits_of(o, k.A))
    whole = v.call(_WHOLE[o.column(k.ROUNDING)], F64, value)
    sign = builder.and_(bits(o, value), v.long(1 << 63))
    long = builder.or_(builder.and_(bits(o, whole), v.long((1 << 63) - 1)), sign)
    return Results(_quieted(o, o.choose(is_nan(o, value), value, number(o, long))))


def _root(o: Operation) -> Results:
    """MUFU.SQRT: float32, correctly rounded; subnormals count as zero."""
    builder, v = o.builder, o.v
    root = v.call("sqrt", F32, v.floats(flushed(o, o.a)))
    word = flushed(o, v.words(root))
    nan = builder.fcmp_unordered("uno", root, root)
    return Results((o.choose(nan, v.word(CANONICAL_NAN), word),))


def _reversed_bits(o: Operation) -> Results:
    return Results((o.v.call("bitreverse", I32, o.a),))


MEANINGS: dict[int, Meaning] = {
    k.CONVERT: _convert,
    k.PACK_HALVES: _pack,
    k.ROUND: _round,
    k.MUFU_SQRT: _root,
    k.BREV: _reversed_bits,
}

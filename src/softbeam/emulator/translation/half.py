"""What packed half precision gives, as LLVM code: two float16 a word.

Sums are made in float32 and rounded to odd there, so that a second rounding to half is exact: a
product of two halves has 22 bits, and nothing over- or underflows.  Those of bfloat16, which has
float32's exponents, are made in float64.  The same meanings, for the interpreter, are in
:mod:`softbeam.emulator.core.half`; tests compare the two for every operation.
"""

from __future__ import annotations

from llvmlite import binding, ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.double import compared
from softbeam.emulator.translation.floating import CANONICAL_NAN
from softbeam.emulator.translation.integer import Meaning, combined
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import F16, F32, F64, I16, I32, I64, Value

NAN = 0x7FFF


def converts() -> bool:
    """Return whether this processor converts halves itself; else LLVM would call a library."""
    features = binding.get_host_cpu_features()
    return bool(features.get("f16c") or features.get("fullfp16") or features.get("neon"))


def from_half(o: Operation, half: Value) -> Value:
    """Return float32 from the low half words of words."""
    bits = o.builder.trunc(half, o.v.of(I16))
    return o.builder.fpext(o.builder.bitcast(bits, o.v.of(F16)), o.v.of(F32))


def to_half(o: Operation, number: Value) -> Value:
    """Return words that hold float32 rounded to half; NaN is 0x7fff."""
    half = o.builder.bitcast(o.builder.fptrunc(number, o.v.of(F16)), o.v.of(I16))
    nan = o.builder.fcmp_unordered("uno", number, number)
    return o.choose(nan, o.v.word(NAN), o.builder.zext(half, o.v.of(I32)))


def _part(o: Operation, word: Value, code: int, part: int) -> Value:
    """Return one half of an operand, by the six bits that describe the operand."""
    builder, v = o.builder, o.v
    which = code & 3
    if which == k.WHOLE_FLOAT:
        raise Untranslatable("a float32 operand of a half operation")
    high = which == k.HIGH_HALVES or (part == 1 and which != k.LOW_HALVES)
    turned = bool(code & k.HALF_TURNED)
    high = high != turned
    if o.has(k.BFLOAT):
        # A float32 without its last half.
        whole = builder.and_(word, v.word(0xFFFF0000)) if high else builder.shl(word, v.word(16))
        value = v.floats(whole)
    else:
        value = from_half(o, builder.lshr(word, v.word(16)) if high else word)
    if turned and high:
        value = builder.fneg(value)
    if code & k.HALF_ABSOLUTE:
        value = v.call("fabs", F32, value)
    return builder.fneg(value) if code & k.HALF_NEGATE else value


def _error_of_sum(o: Operation, a: Value, b: Value, total: Value) -> Value:
    """Return by how much a + b is more than what it was rounded to (Knuth)."""
    builder = o.builder
    back = builder.fsub(total, a)
    return builder.fadd(builder.fsub(a, builder.fsub(total, back)), builder.fsub(b, back))


def _odd(o: Operation, kind: ir.Type, word: Value, error: Value, negative: Value) -> Value:
    """Return the bits of a rounded number rounded to odd, by its error; `kind`: the error's."""
    builder, v = o.builder, o.v
    one, minus_one = (
        (v.word(1), v.word(-1)) if "64" not in str(word.type) else (v.long(1), v.long(-1))
    )
    zero = v.constant(kind, 0.0)
    # Of infinities and NaN the error is NaN, which compares as zero does here.
    inexact = builder.fcmp_ordered("!=", error, zero)
    even = o.holds("!=", builder.and_(word, one), one)
    outwards = builder.xor(builder.fcmp_ordered(">", error, zero), negative)
    step = o.choose(outwards, one, minus_one)
    return o.choose(builder.and_(inexact, even), builder.add(word, step), word)


def _odd_sum(o: Operation, a: Value, b: Value) -> Value:
    """Return a + b rounded to odd."""
    v = o.v
    total = o.builder.fadd(a, b)
    negative = o.builder.fcmp_ordered("<", total, v.constant(F32, 0.0))
    return v.floats(_odd(o, F32, v.words(total), _error_of_sum(o, a, b, total), negative))


def _bfloat_of_sum(o: Operation, a: Value, b: Value) -> Value:
    """Return the words of a + b, float64, rounded once to bfloat16; NaN is 0x7fff.

    Through float64 and float32 rounded to odd: neither hides on which side of a middle it was.
    """
    builder, v = o.builder, o.v
    total = builder.fadd(a, b)
    negative = builder.fcmp_ordered("<", total, v.constant(F64, 0.0))
    bits = builder.bitcast(total, v.of(I64))
    bits = _odd(o, F64, bits, _error_of_sum(o, a, b, total), negative)
    total = builder.bitcast(bits, v.of(F64))
    single = builder.fptrunc(total, v.of(F32))
    lost = builder.fsub(total, builder.fpext(single, v.of(F64)))
    return to_bfloat(o, _odd(o, F64, v.words(single), lost, negative))


def to_bfloat(o: Operation, word: Value) -> Value:
    """Return words that hold float32 rounded to bfloat16, to nearest even; NaN is 0x7fff."""
    builder, v = o.builder, o.v
    nan = o.holds(">", builder.and_(word, v.word(0x7FFFFFFF)), v.word(0x7F800000))
    odd = builder.and_(builder.lshr(word, v.word(16)), v.word(1))
    raised = builder.add(builder.add(word, v.word(0x7FFF)), odd)
    return o.choose(nan, v.word(NAN), builder.lshr(raised, v.word(16)))


def _bfloat_arithmetic(o: Operation) -> Results:
    """HADD2, HMUL2, HFMA2 of bfloat16, whose products are exact in float64."""
    builder, operation = o.builder, o.column(k.OP)
    words = []
    for part in range(2):
        x, y, z = (
            builder.fpext(_part(o, word, code, part), o.v.of(F64))
            for word, code in zip((o.a, o.b, o.c), _codes(o), strict=True)
        )
        if operation == k.HADD2:
            half = _bfloat_of_sum(o, x, y)
        else:
            # Of a product alone -0 is what leaves its sign.
            addend = z if operation == k.HFMA2 else o.v.constant(F64, -0.0)
            half = _bfloat_of_sum(o, builder.fmul(x, y), addend)
        if o.has(k.RELU):
            signed = o.holds("!=", builder.and_(half, o.v.word(0x8000)), o.v.word(0))
            half = o.choose(signed, o.v.word(0), half)
        words.append(half)
    return Results((_packed(o, *words),))


def _saturated(o: Operation, value: Value) -> Value:
    zero, one = o.v.constant(F32, 0.0), o.v.constant(F32, 1.0)
    capped = o.choose(o.builder.fcmp_ordered("<", value, one), value, one)
    return o.choose(o.builder.fcmp_ordered(">", value, zero), capped, zero)


def _smaller_or_larger(o: Operation, x: Value, y: Value) -> Value:
    """HMNMX2: the smaller where the predicate holds; a number beats NaN, or with .NAN does not."""
    builder, v = o.builder, o.v
    negative = o.holds("<", v.words(x), v.word(0), signed=True)
    same = builder.fcmp_ordered("==", x, y)
    less = builder.fcmp_ordered("<", x, y)
    takes_first = builder.not_(builder.xor(o.choose(same, negative, less), o.p))
    value = o.choose(takes_first, x, y)
    x_nan = builder.fcmp_unordered("uno", x, x)
    y_nan = builder.fcmp_unordered("uno", y, y)
    if o.has(k.UNORDERED):
        nan = v.constant(F32, float("nan"))
        return o.choose(builder.or_(x_nan, y_nan), nan, value)
    return o.choose(x_nan, y, o.choose(y_nan, x, value))


def _codes(o: Operation) -> tuple[int, int, int]:
    codes = o.column(k.DETAIL)
    return codes & 63, codes >> 6 & 63, codes >> 12 & 63


def _arithmetic(o: Operation) -> Results:
    """HADD2, HMUL2, HFMA2, HMNMX2."""
    builder, operation = o.builder, o.column(k.OP)
    if o.has(k.BFLOAT) and operation != k.HMNMX2:
        return _bfloat_arithmetic(o)
    first, second, third = _codes(o)
    words = []
    for part in range(2):
        x, y = _part(o, o.a, first, part), _part(o, o.b, second, part)
        if operation == k.HMNMX2:
            value = _smaller_or_larger(o, x, y)
        else:
            if operation == k.HADD2:
                value = _odd_sum(o, x, y)
            elif operation == k.HMUL2:
                value = builder.fmul(x, y)
            else:
                value = _odd_sum(o, builder.fmul(x, y), _part(o, o.c, third, part))
            if o.has(k.SATURATE):
                value = _saturated(o, value)
            elif o.has(k.RELU):
                zero = o.v.constant(F32, 0.0)
                value = o.choose(builder.fcmp_ordered("<=", value, zero), zero, value)
        half = to_bfloat(o, o.v.words(value)) if o.has(k.BFLOAT) else to_half(o, value)
        if o.has(k.TO_FLOAT):
            exact = o.v.words(from_half(o, half))
            nan = builder.fcmp_unordered("uno", value, value)
            return Results((o.choose(nan, o.v.word(CANONICAL_NAN), exact),))
        words.append(half)
    return Results((_packed(o, *words),))


def _packed(o: Operation, low: Value, high: Value) -> Value:
    return o.builder.or_(low, o.builder.shl(high, o.v.word(16)))


def _compare(o: Operation) -> Results:
    """HSET2, HSETP2: a comparison of each half, joined with the source predicate."""
    first, second, _ = _codes(o)
    joined = []
    for part in range(2):
        x, y = _part(o, o.a, first, part), _part(o, o.b, second, part)
        holds = compared(o, o.column(k.OFFSET), x, y, unordered=o.has(k.UNORDERED))
        joined.append(combined(o, holds, o.p))
    if o.column(k.OP) == k.HSETP2:
        return Results((), *joined)
    number = 0x3F80 if o.has(k.BFLOAT) else 0x3C00
    one = o.v.word(number if o.has(k.BOOLEAN_FLOAT) else 0xFFFF)
    words = [o.choose(holds, one, o.v.word(0)) for holds in joined]
    return Results((_packed(o, *words),), *joined)


def _where_converted(meaning: Meaning) -> Meaning:
    """Leave an operation to the interpreter where the processor does not convert halves."""

    def wrapped(o: Operation) -> Results:
        if not (converts() or o.has(k.BFLOAT)):
            raise Untranslatable("halves, which this processor does not convert")
        if o.has(k.XOR_SIGNS):
            raise Untranslatable("a rare form of a half operation")
        return meaning(o)

    return wrapped


MEANINGS: dict[int, Meaning] = {
    k.HADD2: _where_converted(_arithmetic),
    k.HMUL2: _where_converted(_arithmetic),
    k.HFMA2: _where_converted(_arithmetic),
    k.HMNMX2: _where_converted(_arithmetic),
    k.HSET2: _where_converted(_compare),
    k.HSETP2: _where_converted(_compare),
}

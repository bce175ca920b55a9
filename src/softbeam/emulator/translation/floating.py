"""What float32 operations and conversions give, as LLVM code, without fast-math.

The same meanings, for the interpreter, are in :mod:`softbeam.emulator.core.floating`; tests compare
the two for every operation.
"""

from __future__ import annotations

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.integer import Meaning, combined
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import F32, F64, I32, I64, Value

CANONICAL_NAN = 0x7FFFFFFF


def flushed(o: Operation, word: Value) -> Value:
    """Replace subnormal numbers by the zero of their sign."""
    small = o.holds("==", o.builder.and_(word, o.v.word(0x7F800000)), o.v.word(0))
    return o.choose(small, o.builder.and_(word, o.v.word(0x80000000)), word)


def _input(o: Operation, word: Value) -> Value:
    """Return an operand as float32, its subnormals flushed where the instruction says so."""
    return o.v.floats(flushed(o, word) if o.has(k.FLUSH) else word)


def _canonical(o: Operation, number: Value) -> Value:
    nan = o.builder.fcmp_unordered("uno", number, number)
    return o.choose(nan, o.v.word(CANONICAL_NAN), o.v.words(number))


def _saturated(o: Operation, word: Value) -> Value:
    number = o.v.floats(word)
    one, zero = o.v.constant(F32, 1.0), o.v.constant(F32, 0.0)
    above = o.builder.fcmp_ordered(">=", number, one)
    positive = o.builder.fcmp_ordered(">", number, zero)
    return o.choose(above, o.v.word(0x3F800000), o.choose(positive, word, o.v.word(0)))


def _next_up(o: Operation, word: Value) -> Value:
    negative = o.holds("<", word, o.v.word(0), signed=True)
    step = o.choose(negative, o.v.word(-1), o.v.word(1))
    least = o.holds("==", word, o.v.word(0x80000000))
    return o.choose(least, o.v.word(1), o.builder.add(word, step))


def _next_down(o: Operation, word: Value) -> Value:
    negative = o.holds("<", word, o.v.word(0), signed=True)
    step = o.choose(negative, o.v.word(1), o.v.word(-1))
    zero = o.holds("==", word, o.v.word(0))
    return o.choose(zero, o.v.word(0x80000001), o.builder.add(word, step))


def _is_infinite(o: Operation, number: Value) -> Value:
    kind = F64 if "double" in str(number.type) else F32
    magnitude = o.v.call("fabs", kind, number)
    return o.builder.fcmp_ordered("==", magnitude, o.v.constant(kind, float("inf")))


def _rounded_pair(o: Operation, high: Value, low: Value | None, mode: int) -> Value:
    """Round the exact sum of two float64 to float32 bits, in a directed mode."""
    builder, v = o.builder, o.v
    nearest = builder.fptrunc(high, v.of(F32))
    word = v.words(nearest)
    zero = v.constant(F64, 0.0)
    error = builder.fsub(high, builder.fpext(nearest, v.of(F64)))
    if low is not None:
        error = o.choose(builder.fcmp_ordered("==", error, zero), low, error)
    outwards = o.choose(
        builder.fcmp_ordered(">", nearest, v.constant(F32, 0.0)),
        v.constant(F64, -1.0),
        v.constant(F64, 1.0),
    )
    error = o.choose(_is_infinite(o, nearest), outwards, error)
    negative = builder.fcmp_ordered("<", high, zero)
    down = o.choose(builder.fcmp_ordered("<", error, zero), _next_down(o, word), word)
    up = o.choose(builder.fcmp_ordered(">", error, zero), _next_up(o, word), word)
    vanished = builder.and_(o.holds("==", up, v.word(0)), negative)
    up = o.choose(vanished, v.word(0x80000000), up)
    if mode == 1:
        return down
    return up if mode == 2 else o.choose(negative, up, down)


def _directed(o: Operation, x: Value, y: Value, z: Value, mode: int) -> Value:
    """Return the bits of x * y + z with one directed rounding."""
    builder, v = o.builder, o.v
    plain = v.call("fma", F32, x, y, z)
    wide = v.of(F64)
    product = builder.fmul(builder.fpext(x, wide), builder.fpext(y, wide))
    addend = builder.fpext(z, wide)
    high = builder.fadd(product, addend)
    back = builder.fsub(high, product)
    low = builder.fadd(builder.fsub(product, builder.fsub(high, back)), builder.fsub(addend, back))
    word = _rounded_pair(o, high, low, mode)
    zero = v.constant(F64, 0.0)
    nothing = builder.and_(
        builder.fcmp_ordered("==", high, zero), builder.fcmp_ordered("==", low, zero)
    )
    exact_zero = v.words(plain)
    if mode == 1:
        positive = o.holds("==", builder.bitcast(product, v.of(I64)), v.long(0))
        both = builder.and_(o.holds("==", v.words(z), v.word(0)), positive)
        exact_zero = o.choose(both, exact_zero, v.word(0x80000000))
    word = o.choose(nothing, exact_zero, word)
    infinite = builder.or_(_is_infinite(o, product), _is_infinite(o, addend))
    word = o.choose(infinite, v.words(plain), word)
    nan = builder.fcmp_unordered("uno", plain, plain)
    return o.choose(nan, v.word(CANONICAL_NAN), word)


def _directed_product(o: Operation, x: Value, y: Value, mode: int) -> Value:
    """Return the bits of x * y with one directed rounding."""
    builder, v = o.builder, o.v
    plain = builder.fmul(x, y)
    wide = v.of(F64)
    product = builder.fmul(builder.fpext(x, wide), builder.fpext(y, wide))
    word = _rounded_pair(o, product, None, mode)
    zero = builder.fcmp_ordered("==", product, v.constant(F64, 0.0))
    as_is = builder.or_(_is_infinite(o, product), zero)
    word = o.choose(as_is, v.words(plain), word)
    nan = builder.fcmp_unordered("uno", plain, plain)
    return o.choose(nan, v.word(CANONICAL_NAN), word)


def _arithmetic(o: Operation) -> Results:
    return Results((_sum_or_product(o, o.column(k.OP), o.a, o.b),))


def _scaled_product(o: Operation) -> Results:
    product = _sum_or_product(o, k.FMUL, o.a, o.b)
    return Results((_sum_or_product(o, k.FMUL, product, o.c),))


#: The operations on single numbers that those on pairs do twice.
_SINGLE = {k.FADD2: k.FADD, k.FMUL2: k.FMUL, k.FFMA2: k.FFMA}


def _pair(o: Operation) -> Results:
    """FADD2, FMUL2, FFMA2: the same of the low and of the high numbers."""
    words = []
    for part in range(2):
        a, b, c = (_number(o, place, part) for place in range(3))
        words.append(_sum_or_product(o, _SINGLE[o.column(k.OP)], a, b, c))
    return Results(tuple(words))


def _number(o: Operation, place: int, part: int) -> Value:
    """Return the low (`part` 0) or the high number of a source pair."""
    code = o.column(k.DETAIL) >> 4 * place
    if code & (k.HIGH_IS_HIGH if part else k.LOW_IS_HIGH):
        word = o.changed_high_word((k.A, k.B, k.C)[place])
    else:
        word = (o.a, o.b, o.c)[place]
    if part and code & k.HIGH_NEGATED:
        word = o.builder.xor(word, o.v.word(0x80000000))
    return word


def _sum_or_product(
    o: Operation, operation: int, a: Value, b: Value, c: Value | None = None
) -> Value:
    builder, v, mode = o.builder, o.v, o.column(k.ROUNDING)
    x, y = _input(o, a), _input(o, b)
    if mode == 0:
        if operation == k.FADD:
            number = builder.fadd(x, y)
        elif operation == k.FMUL:
            number = builder.fmul(x, y)
        else:
            number = v.call("fma", F32, x, y, _input(o, o.c if c is None else c))
        word = _canonical(o, number)
    elif operation == k.FADD:
        word = _directed(o, x, v.constant(F32, 1.0), y, mode)
    elif operation == k.FMUL:
        word = _directed_product(o, x, y, mode)
    else:
        word = _directed(o, x, y, _input(o, o.c if c is None else c), mode)
    if o.has(k.FLUSH):
        word = flushed(o, word)
    return _saturated(o, word) if o.has(k.SATURATE) else word


_COMPARISONS = {1: "<", 2: "==", 3: "<=", 4: ">", 5: "!=", 6: ">="}


def _compare(o: Operation) -> Results:
    comparison = o.column(k.DETAIL) & 7
    unordered = o.has(k.UNORDERED)
    x, y = _input(o, o.a), _input(o, o.b)
    if comparison in _COMPARISONS:
        compare = o.builder.fcmp_unordered if unordered else o.builder.fcmp_ordered
        holds = compare(_COMPARISONS[comparison], x, y)
    elif comparison == 0:
        holds = o.builder.fcmp_unordered("uno", x, y) if unordered else o.v.bit(False)
    else:
        holds = o.v.bit(True) if unordered else o.builder.fcmp_ordered("ord", x, y)
    first = combined(o, holds, o.p)
    if o.column(k.OP) == k.FSET:
        one = 0x3F800000 if o.has(k.BOOLEAN_FLOAT) else k.FULL_MASK
        return Results((o.choose(first, o.v.word(one), o.v.word(0)),))
    return Results((), first, combined(o, o.builder.not_(holds), o.p))


def _minimum_maximum(o: Operation) -> Results:
    words = [o.a, o.b, o.c] if o.column(k.OP) == k.FMNMX3 else [o.a, o.b]
    if o.has(k.FLUSH):
        words = [flushed(o, word) for word in words]
    result = words[0]
    for word in words[1:]:
        result = _smaller_or_larger(o, result, word)
    return Results((result,))


def _smaller_or_larger(o: Operation, a: Value, b: Value) -> Value:
    builder, v = o.builder, o.v
    x, y = v.floats(a), v.floats(b)
    less = builder.fcmp_ordered("<", x, y)
    negative = o.holds("<", a, v.word(0), signed=True)
    same = builder.fcmp_ordered("==", x, y)
    takes_first = builder.not_(builder.xor(o.choose(same, negative, less), o.p))
    word = o.choose(takes_first, a, b)
    x_nan = builder.fcmp_unordered("uno", x, x)
    y_nan = builder.fcmp_unordered("uno", y, y)
    word = o.choose(y_nan, a, word)
    word = o.choose(x_nan, b, word)
    none = builder.or_(x_nan, y_nan) if o.has(k.UNORDERED) else builder.and_(x_nan, y_nan)
    return o.choose(none, v.word(CANONICAL_NAN), word)


def _needs_slow_division(o: Operation) -> Results:
    builder, v = o.builder, o.v
    a, b = (flushed(o, o.a), flushed(o, o.b)) if o.has(k.FLUSH) else (o.a, o.b)
    top, bottom = (builder.and_(builder.lshr(word, v.word(23)), v.word(0xFF)) for word in (a, b))
    quotient = builder.sub(top, bottom)
    tests = (
        o.holds("==", bottom, v.word(0)),
        o.holds(">", bottom, v.word(252)),
        o.holds("==", top, v.word(255)),
        o.holds("<", top, v.word(25)),
        o.holds(">", quotient, v.word(126), signed=True),
        o.holds("<", quotient, v.word(-125), signed=True),
    )
    result = tests[0]
    for test in tests[1:]:
        result = builder.or_(result, test)
    return Results((), result)


def _float_of_integer(o: Operation) -> Results:
    builder, v, mode = o.builder, o.v, o.column(k.ROUNDING)
    convert = builder.sitofp if o.has(k.SIGNED) else builder.uitofp
    if mode == 0:
        return Results((v.words(convert(o.a, v.of(F32))),))
    exact = convert(o.a, v.of(F64))
    word = _rounded_pair(o, exact, None, mode)
    zero = o.holds("==", o.a, v.word(0))
    return Results((o.choose(zero, v.word(0), word),))


_WHOLE = {0: "rint", 1: "floor", 2: "ceil", 3: "trunc"}


def _integer_of_float(o: Operation) -> Results:
    builder, v = o.builder, o.v
    number = _input(o, o.a)
    whole = v.call(_WHOLE[o.column(k.ROUNDING)], F32, number)
    if o.has(k.SIGNED):
        # NaN and what the type cannot hold have no defined conversion.
        above = builder.fcmp_unordered(">=", whole, v.constant(F32, 2147483648.0))
        below = builder.fcmp_ordered("<", whole, v.constant(F32, -2147483648.0))
        outside = builder.or_(above, below)
        inside = builder.fptosi(o.choose(outside, v.constant(F32, 0.0), whole), v.of(I32))
        word = o.choose(above, v.word(0x7FFFFFFF), inside)
        word = o.choose(below, v.word(0x80000000), word)
    else:
        above = builder.fcmp_unordered(">=", whole, v.constant(F32, 4294967296.0))
        below = builder.fcmp_ordered("<=", whole, v.constant(F32, 0.0))
        outside = builder.or_(above, below)
        inside = builder.fptoui(o.choose(outside, v.constant(F32, 0.0), whole), v.of(I32))
        word = o.choose(above, v.word(k.FULL_MASK), inside)
        word = o.choose(below, v.word(0), word)
    nan = builder.fcmp_unordered("uno", number, number)
    none = 0 if o.has(k.NAN_TO_ZERO) else 0x80000000
    return Results((o.choose(nan, v.word(none), word),))


def _integral(o: Operation) -> Results:
    builder, v = o.builder, o.v
    word = flushed(o, o.a) if o.has(k.FLUSH) else o.a
    number = v.floats(word)
    whole = v.words(v.call(_WHOLE[o.column(k.ROUNDING)], F32, number))
    signed = builder.or_(
        builder.and_(whole, v.word(0x7FFFFFFF)), builder.and_(word, v.word(0x80000000))
    )
    nan = builder.fcmp_unordered("uno", number, number)
    return Results((o.choose(nan, v.word(CANONICAL_NAN), signed),))


def _parts_of(o: Operation) -> tuple[Value, Value, Value, Value]:
    """Return a special function's operand: its word, sign bit, exponent and mantissa."""
    builder, v = o.builder, o.v
    word = flushed(o, o.a) if o.has(k.FLUSH) else o.a
    exponent = builder.and_(builder.lshr(word, v.word(23)), v.word(0xFF))
    mantissa = builder.and_(word, v.word(0x7FFFFF))
    return word, builder.and_(word, v.word(0x80000000)), exponent, mantissa


def _reciprocal(o: Operation) -> Results:
    """MUFU.RCP: the rounded reciprocal and the recorded distance from it."""
    builder, v = o.builder, o.v
    _, sign, exponent, mantissa = _parts_of(o)
    one_to_two = v.floats(builder.or_(mantissa, v.word(0x3F800000)))
    wide = builder.fpext(one_to_two, v.of(F64))
    rounded = builder.fptrunc(builder.fdiv(v.constant(F64, 1.0), wide), v.of(F32))
    distance = copying.look_up(o.frame, t.RCP_AT, mantissa)
    result = builder.add(v.words(rounded), distance)
    scale = builder.shl(builder.sub(exponent, v.word(127)), v.word(23))
    result = builder.sub(v.signed_wide(result), v.signed_wide(scale))
    small = o.holds("<", result, v.long(0x800000), signed=True)
    word = o.choose(small, sign, builder.or_(sign, v.low(result)))
    word = o.choose(o.holds("==", exponent, v.word(0)), builder.or_(sign, v.word(0x7F800000)), word)
    nan = o.holds("!=", mantissa, v.word(0))
    beyond = o.choose(nan, v.word(CANONICAL_NAN), sign)
    return Results((o.choose(o.holds("==", exponent, v.word(255)), beyond, word),))


def _reciprocal_root(o: Operation) -> Results:
    """MUFU.RSQ: the rounded reciprocal square root and the recorded distance from it."""
    builder, v = o.builder, o.v
    _, sign, exponent, mantissa = _parts_of(o)
    unbiased = builder.sub(exponent, v.word(127))
    odd = builder.and_(unbiased, v.word(1))
    entry = builder.add(builder.shl(odd, v.word(23)), mantissa)
    one_to_four = v.floats(builder.add(entry, v.word(0x3F800000)))
    root = v.call("sqrt", F64, builder.fpext(one_to_four, v.of(F64)))
    rounded = builder.fptrunc(builder.fdiv(v.constant(F64, 1.0), root), v.of(F32))
    result = builder.add(v.words(rounded), copying.look_up(o.frame, t.RSQ_AT, entry))
    scale = builder.shl(builder.ashr(unbiased, v.word(1)), v.word(23))
    word = builder.sub(result, scale)
    none = o.holds("!=", mantissa, v.word(0))
    word = o.choose(o.holds("==", exponent, v.word(255)), v.word(0), word)
    word = o.choose(o.holds("!=", sign, v.word(0)), v.word(CANONICAL_NAN), word)
    zero = o.holds("==", exponent, v.word(0))
    word = o.choose(zero, builder.or_(sign, v.word(0x7F800000)), word)
    nan = builder.and_(o.holds("==", exponent, v.word(255)), none)
    return Results((o.choose(nan, v.word(CANONICAL_NAN), word),))


def _power_of_two(o: Operation) -> Results:
    """MUFU.EX2: the rounded power of two and the recorded distance from it."""
    builder, v = o.builder, o.v
    word, sign, exponent, mantissa = _parts_of(o)
    negative = o.holds("!=", sign, v.word(0))
    beyond = o.holds(">=", exponent, v.word(127 + 9))
    magnitude = v.floats(builder.and_(word, v.word(0x7FFFFFFF)))
    scaled = builder.fmul(builder.fpext(magnitude, v.of(F64)), v.constant(F64, 8388608.0))
    none = builder.or_(beyond, o.holds("==", exponent, v.word(0)))
    scaled = o.choose(none, v.constant(F64, 0.0), scaled)
    scaled = builder.fptosi(scaled, v.of(I64))  # positive: towards zero is down
    whole = builder.ashr(scaled, v.long(23))
    entry = builder.and_(scaled, v.long(0x7FFFFF))
    some = o.holds("!=", entry, v.long(0))
    below = builder.sub(builder.sub(v.long(0), whole), v.count(some, I64))
    turned = o.choose(some, builder.sub(v.long(0x7FFFFF), entry), entry)
    whole, entry = o.choose(negative, below, whole), v.low(o.choose(negative, turned, entry))
    fraction = builder.fdiv(builder.uitofp(entry, v.of(F64)), v.constant(F64, 8388608.0))
    power = builder.fptrunc(copying.each_lane(o.frame, "exp2", fraction), v.of(F32))
    result = v.wide(builder.add(v.words(power), copying.look_up(o.frame, t.EX2_AT, entry)))
    result = builder.add(result, builder.shl(whole, v.long(23)))
    small = o.holds("<", result, v.long(0x800000), signed=True)
    large = o.holds(">=", result, v.long(0x7F800000), signed=True)
    word = o.choose(large, v.word(0x7F800000), o.choose(small, v.word(0), v.low(result)))
    word = o.choose(beyond, o.choose(negative, v.word(0), v.word(0x7F800000)), word)
    nan = builder.and_(o.holds("==", exponent, v.word(255)), o.holds("!=", mantissa, v.word(0)))
    return Results((o.choose(nan, v.word(CANONICAL_NAN), word),))


def _checked(meaning: Meaning) -> Meaning:
    """Leave roundings that no instruction has to the interpreter."""

    def wrapped(o: Operation) -> Results:
        if not 0 <= o.column(k.ROUNDING) <= 3:
            raise Untranslatable("a rounding mode that does not exist")
        return meaning(o)

    return wrapped


SPECIAL: dict[int, Meaning] = {
    k.MUFU_RCP: _reciprocal,
    k.MUFU_RSQ: _reciprocal_root,
    k.MUFU_EX2: _power_of_two,
}

MEANINGS: dict[int, Meaning] = {
    k.FADD: _checked(_arithmetic),
    k.FMUL: _checked(_arithmetic),
    k.FFMA: _checked(_arithmetic),
    k.FMUL_SCALED: _checked(_scaled_product),
    k.FADD2: _checked(_pair),
    k.FMUL2: _checked(_pair),
    k.FFMA2: _checked(_pair),
    k.FMNMX: _minimum_maximum,
    k.FMNMX3: _minimum_maximum,
    k.FSETP: _compare,
    k.FSET: _compare,
    k.FCHK: _needs_slow_division,
    k.I2F: _checked(_float_of_integer),
    k.F2I: _checked(_integer_of_float),
    k.FRND: _checked(_integral),
    **SPECIAL,
}

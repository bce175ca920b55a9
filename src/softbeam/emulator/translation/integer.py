"""What integer, logic, move and predicate operations give, as LLVM code.

The same meanings, for the interpreter, are in :mod:`softbeam.emulator.core.integer`; tests compare
the two for every operation.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import F64, I1, I32, I64, Value

Meaning = Callable[[Operation], Results]


def _move(o: Operation) -> Results:
    return Results((o.a,))


def _add3(o: Operation) -> Results:
    builder, v, ones = o.builder, o.v, o.column(k.DETAIL)
    extended = o.has(k.EXTENDED)
    if not o.writes_predicates:
        total = builder.add(builder.add(o.a, o.b), o.c)
        if ones:
            total = builder.add(total, v.word(ones))
        if extended:
            total = builder.add(total, builder.add(v.count(o.p), v.count(o.q)))
        return Results((total,))
    total = builder.add(builder.add(v.wide(o.a), v.wide(o.b)), v.wide(o.c))
    total = builder.add(total, v.long(ones))
    if extended:
        total = builder.add(total, builder.add(v.count(o.p, I64), v.count(o.q, I64)))
    carry = v.high(total)
    first = o.holds(">=", carry, v.word(1))
    return Results((v.low(total),), first, o.holds(">=", carry, v.word(2)))


def _multiply_add(o: Operation) -> Results:
    total = o.builder.add(o.builder.mul(o.a, o.b), o.c)
    if o.has(k.EXTENDED):
        total = o.builder.add(total, o.v.count(o.p))
    return Results((total,))


def _product(o: Operation) -> Value:
    wide = o.v.signed_wide if o.has(k.SIGNED) else o.v.wide
    return o.builder.mul(wide(o.a), wide(o.b))


def _multiply_add_wide(o: Operation) -> Results:
    builder, v = o.builder, o.v
    high = o.high_word(k.C)
    if o.column(k.C_CHANGE) == k.NEGATE:
        # c is negated already; the pair is the complement of its high word, plus a carry.
        carry = v.count(o.holds("==", o.c, v.word(0)))
        high = builder.add(builder.xor(high, v.word(k.FULL_MASK)), carry)
    product = _product(o)
    total = builder.add(product, v.pair(o.c, high))
    over = o.holds("<", total, product)
    if o.has(k.EXTENDED):
        before = total
        total = builder.add(total, v.count(o.p, I64))
        over = builder.or_(over, o.holds("<", total, before))
    high = v.high(total)
    return Results((high,) if o.column(k.OP) == k.IMAD_HI else (v.low(total), high), over)


def _load_effective(o: Operation) -> Results:
    builder, v = o.builder, o.v
    amount = o.column(k.SIZE) & 31
    if o.has(k.HIGH):
        high = builder.ashr(o.a, v.word(31)) if o.has(k.SIGN_EXTEND_A) else o.c
        shifted = v.high(builder.shl(v.pair(o.a, high), v.long(amount)))
    else:
        shifted = builder.shl(o.a, v.word(amount)) if amount else o.a
        if o.has(k.INVERT_SHIFTED):
            shifted = builder.xor(shifted, v.word(k.FULL_MASK))
    ones, extended = o.column(k.DETAIL), o.has(k.EXTENDED)
    if not o.writes_predicates:
        total = builder.add(shifted, o.b)
        if ones:
            total = builder.add(total, v.word(ones))
        if extended:
            total = builder.add(total, v.count(o.p))
        return Results((total,))
    total = builder.add(builder.add(v.wide(shifted), v.wide(o.b)), v.long(ones))
    if extended:
        total = builder.add(total, v.count(o.p, I64))
    return Results((v.low(total),), o.holds("!=", v.high(total), v.word(0)))


def _logic3(o: Operation) -> Results:
    value = o.v.logic(o.column(k.DETAIL), o.a, o.b, o.c)
    if not o.writes_predicates:
        return Results((value,))
    some = o.holds("!=", value, o.v.word(0))
    join = o.builder.or_ if o.has(k.OR_PREDICATE) else o.builder.and_
    return Results((value,), join(some, o.p))


def _funnel_shift(o: Operation) -> Results:
    builder, v = o.builder, o.v
    left, wide, signed = o.column(k.DETAIL) != 0, o.has(k.WIDE_SHIFT), o.has(k.SIGNED)
    limit = 63 if wide else 32
    known = o.immediate(k.B)
    beyond = None
    amount = o.b
    if o.has(k.WRAP):
        amount = builder.and_(amount, v.word(63 if wide else 31))
    elif known is not None:
        amount = v.word(min(known, limit))
        beyond = v.bit(True) if wide and known > limit else None
    else:
        over = o.holds(">", amount, v.word(limit))
        amount = o.choose(over, v.word(limit), amount)
        beyond = over if wide else None
    count = v.wide(amount)
    pair = v.pair(o.a, o.c)
    if left:
        result = builder.shl(pair, count)
    elif signed:
        result, beyond = builder.ashr(pair, count), None
    else:
        result = builder.lshr(pair, count)
    if beyond is not None:
        result = o.choose(beyond, v.long(0), result)
    return Results((v.high(result) if o.has(k.HIGH) else v.low(result),))


def _absolute(o: Operation) -> Results:
    negative = o.holds("<", o.a, o.v.word(0), signed=True)
    return Results((o.choose(negative, o.builder.sub(o.v.word(0), o.a), o.a),))


def _least_or_most(o: Operation, x: Value, y: Value) -> Results:
    less = o.holds("<", x, y, signed=o.has(k.SIGNED))
    same = o.builder.not_(o.builder.xor(less, o.p))
    return Results((o.choose(same, x, y),))


def _minimum_maximum(o: Operation) -> Results:
    return _least_or_most(o, o.a, o.b)


def _add_minimum_maximum(o: Operation) -> Results:
    return _least_or_most(o, o.builder.add(o.a, o.b), o.c)


def _select(o: Operation) -> Results:
    return Results((o.choose(o.p, o.a, o.b),))


def combined(o: Operation, holds: Value, predicate: Value) -> Value:
    """Join a comparison's lanes with its source predicate."""
    joins = {k.AND: o.builder.and_, k.OR: o.builder.or_}
    return joins.get(o.column(k.COMBINE), o.builder.xor)(holds, predicate)


_COMPARISONS = {1: "<", 2: "==", 3: "<=", 4: ">", 5: "!=", 6: ">="}


def _compare(o: Operation) -> Results:
    comparison = o.column(k.DETAIL)
    how = _COMPARISONS.get(comparison & 7)
    if how is None:
        holds = o.v.bit(comparison & 7 == 7)
    else:
        holds = o.holds(how, o.a, o.b, signed=o.has(k.SIGNED))
    if o.has(k.EXTENDED) and comparison not in (0, 7):
        holds = o.choose(o.holds("==", o.a, o.b), o.q, holds)
    return Results((), combined(o, holds, o.p), combined(o, o.builder.not_(holds), o.p))


def _predicate_logic(o: Operation) -> Results:
    first = o.v.logic(o.column(k.DETAIL), o.p, o.q, o.r)
    return Results((), first, o.v.logic(o.column(k.OFFSET), o.p, o.q, o.r))


def _population(o: Operation) -> Results:
    return Results((o.v.call("ctpop", I32, o.a),))


def _find_leading_one(o: Operation) -> Results:
    builder, v = o.builder, o.v
    word = o.a
    if o.has(k.SIGNED):
        negative = o.holds("<", word, v.word(0), signed=True)
        word = o.choose(negative, builder.xor(word, v.word(k.FULL_MASK)), word)
    kind = v.of(I32)
    name = "llvm.ctlz.i32" if v.lanes == 1 else f"llvm.ctlz.v{v.lanes}i32"
    zeros = v.intrinsic(name, kind, (word, ir.Constant(I1, 0)))
    found = zeros if o.has(k.WRAP) else builder.sub(v.word(31), zeros)
    none = o.holds("==", word, v.word(0))
    return Results((o.choose(none, v.word(k.FULL_MASK), found),))


def _permute_bytes(o: Operation) -> Results:
    builder, v = o.builder, o.v
    selector = o.immediate(k.B)
    if selector is None:
        raise Untranslatable("PRMT by a selector that is not known")
    word = v.word(0)
    for position in range(4):
        pick = selector >> 4 * position & 15
        source = o.c if pick & 4 else o.a
        at = 8 * (pick & 3)
        if pick & 8:
            # The byte's sign in all of its bits.
            raised = builder.shl(source, v.word(24 - at)) if at < 24 else source
            byte = builder.and_(builder.ashr(raised, v.word(31)), v.word(0xFF))
        else:
            lowered = builder.lshr(source, v.word(at)) if at else source
            byte = builder.and_(lowered, v.word(0xFF))
        if position:
            byte = builder.shl(byte, v.word(8 * position))
        word = builder.or_(word, byte)
    return Results((word,))


def _special_register(o: Operation) -> Results:
    builder, v, frame = o.builder, o.v, o.frame
    which = o.column(k.DETAIL)

    def grid(index: int) -> Value:
        return builder.load(frame.element(t.GRID_BLOCK_AT, ir.Constant(I64, index)))

    if which in (k.SR_TID_X, k.SR_TID_Y, k.SR_TID_Z):
        if o.uniform:
            raise Untranslatable("a thread index on the uniform datapath")
        first = builder.trunc(builder.mul(grid(6), ir.Constant(I64, 32)), I32)
        thread = builder.add(v.splat(first), o.lane_numbers())
        x, y = (v.splat(builder.trunc(grid(index), I32)) for index in (3, 4))
        if which == k.SR_TID_X:
            return Results((_remainder(o, thread, x),))
        row = _quotient(o, thread, x)
        if which == k.SR_TID_Y:
            return Results((_remainder(o, row, y),))
        return Results((_quotient(o, row, y),))
    if k.SR_CTAID_X <= which <= k.SR_CTAID_Z:
        return Results((v.splat(builder.trunc(grid(which - k.SR_CTAID_X), I32)),))
    if which == k.SR_SHARED_WINDOW:
        return Results((v.word(k.SHARED_WINDOW >> 32),))
    by_lane = _BY_LANE.get(which)
    if by_lane is None:
        raise Untranslatable("this special register")
    if o.uniform:
        return Results((v.word(by_lane(0)),))
    words = [by_lane(lane) & k.FULL_MASK for lane in range(k.LANES)]
    return Results((ir.Constant(v.of(I32), words),))


_BY_LANE: dict[int, Callable[[int], int]] = {
    k.SR_LANEID: lambda lane: lane,
    k.SR_EQMASK: lambda lane: 1 << lane,
    k.SR_LTMASK: lambda lane: (1 << lane) - 1,
    k.SR_LEMASK: lambda lane: (2 << lane) - 1,
    k.SR_GTMASK: lambda lane: -(2 << lane),
    k.SR_GEMASK: lambda lane: -(1 << lane),
    k.SR_ZERO: lambda lane: 0,
}


def _quotient(o: Operation, x: Value, y: Value) -> Value:
    """Divide words below 2^31; float64 quotients of such words have the exact whole part."""
    builder, v = o.builder, o.v
    kind = v.of(F64)
    quotient = builder.fdiv(builder.sitofp(x, kind), builder.sitofp(y, kind))
    return builder.fptosi(quotient, v.of(I32))


def _remainder(o: Operation, x: Value, y: Value) -> Value:
    return o.builder.sub(x, o.builder.mul(_quotient(o, x, y), y))


MEANINGS: dict[int, Meaning] = {
    k.MOV: _move,
    k.IADD3: _add3,
    k.IMAD: _multiply_add,
    k.IMAD_WIDE: _multiply_add_wide,
    k.IMAD_HI: _multiply_add_wide,
    k.LEA: _load_effective,
    k.LEA_HI: _load_effective,
    k.LOP3: _logic3,
    k.SHF: _funnel_shift,
    k.IABS: _absolute,
    k.IMNMX: _minimum_maximum,
    k.ADD_MINMAX: _add_minimum_maximum,
    k.SEL: _select,
    k.ISETP: _compare,
    k.PLOP3: _predicate_logic,
    k.POPC: _population,
    k.FLO: _find_leading_one,
    k.PRMT: _permute_bytes,
    k.S2R: _special_register,
}

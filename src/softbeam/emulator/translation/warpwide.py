"""What lanes see of each other, as LLVM code: shuffles, votes, reductions.

The same meanings, for the interpreter, are in :mod:`softbeam.emulator.core.warpwide`; tests compare
the two.  An operation on the uniform datapath has sources in all lanes here.
"""

from __future__ import annotations

from llvmlite import ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation import copying
from softbeam.emulator.translation.integer import Meaning
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import I1, I32, Value

_WORDS = ir.VectorType(I32, k.LANES)


def _in_lanes(o: Operation) -> Operation:
    """Return the operation with operands of 32 lanes, also where its result is uniform."""
    if not o.uniform:
        return o
    wide = Operation(o.frame, o.row, o.executed)
    wide.widen()
    return wide


def _executing(o: Operation) -> Value:
    """Return the executing lanes as truth values."""
    return o.v.bit(True) if o.executed is None else o.executed


def _bits(o: Operation) -> Value:
    return o.frame.warp.bits(o.executed)


def _first_lane(o: Operation) -> Value:
    """Return the lowest executing lane; there is one where a result is kept."""
    lane = o.builder.cttz(_bits(o), ir.Constant(I1, 0))
    return o.builder.and_(lane, ir.Constant(I32, 31))


def _uniform_result(o: Operation, word: Value, holds: Value | None = None) -> Results:
    """Return a result that is one word, and one truth value, for the whole warp."""
    return Results((o.v.splat(word),), None if holds is None else o.v.splat(holds))


def _known_source(mode: int, lane: int, amount: int, control: int) -> tuple[int, bool]:
    """Return the lane that a shuffle reads, and whether it is within the segment."""
    clamp, segment = control & 31, control >> 8 & 31
    last = lane & segment | clamp & ~segment
    if mode == k.SHUFFLE_UP:
        source = lane - amount
        return source, source >= last
    if mode == k.SHUFFLE_DOWN:
        source = lane + amount
    elif mode == k.SHUFFLE_BUTTERFLY:
        source = lane ^ amount
    else:
        source = lane & segment | amount & ~segment
    return source, source <= last


def _shuffle(o: Operation) -> Results:
    if o.uniform:
        raise Untranslatable("a shuffle to a uniform register")
    amount, control, mode = o.immediate(k.B), o.immediate(k.C), o.column(k.DETAIL)
    builder, v = o.builder, o.v
    readable = o.choose(_executing(o), o.a, v.word(0))
    # LLVM 22.1 takes the zeros of lanes that do not execute for those of other lanes where it joins
    # the choice with a shuffle that it knows (seen with AVX-512).
    if amount is None or control is None or o.executed is not None:
        source, inside = _sources(o, mode)
        return Results((copying.permute(o.frame, readable, source),), inside)
    pairs = [_known_source(mode, lane, amount & 31, control) for lane in range(k.LANES)]
    chosen = [source if valid else lane for lane, (source, valid) in enumerate(pairs)]
    nothing = ir.Constant(_WORDS, ir.Undefined)
    word = builder.shuffle_vector(readable, nothing, ir.Constant(_WORDS, chosen))
    inside = ir.Constant(ir.VectorType(I1, k.LANES), [int(valid) for _, valid in pairs])
    return Results((word,), inside)


def _sources(o: Operation, mode: int) -> tuple[Value, Value]:
    """Return every lane's source, and whether it is within the segment."""
    builder, v = o.builder, o.v
    lane, most = o.lane_numbers(), v.word(31)
    amount, clamp = builder.and_(o.b, most), builder.and_(o.c, most)
    segment = builder.and_(builder.lshr(o.c, v.word(8)), most)
    others = builder.xor(segment, v.word(-1))
    first = builder.and_(lane, segment)
    last = builder.or_(first, builder.and_(clamp, others))
    if mode == k.SHUFFLE_UP:
        source = builder.sub(lane, amount)
        inside = o.holds(">=", source, last, signed=True)
    else:
        if mode == k.SHUFFLE_DOWN:
            source = builder.add(lane, amount)
        elif mode == k.SHUFFLE_BUTTERFLY:
            source = builder.xor(lane, amount)
        else:
            source = builder.or_(first, builder.and_(amount, others))
        inside = o.holds("<=", source, last, signed=True)
    return o.choose(inside, source, lane), inside


def _vote(o: Operation) -> Results:
    builder, mode = o.builder, o.column(k.DETAIL)
    says = o.frame.warp.source_predicate(o.column(k.SOURCE_PREDICATE_0))
    executed = _bits(o)
    ballot = builder.and_(builder.bitcast(says, I32), executed)
    every = builder.icmp_unsigned("==", ballot, executed)
    none = builder.icmp_unsigned("==", ballot, ir.Constant(I32, 0))
    if mode == k.VOTE_ALL:
        holds = every
    elif mode == k.VOTE_ANY:
        holds = builder.not_(none)
    else:
        holds = builder.or_(every, none)
    return _uniform_result(o, ballot, holds)


#: How a reduction is called by LLVM, and the word that changes nothing: signed, unsigned.
_REDUCTIONS = {
    k.REDUCE_AND: ("and", "and", k.FULL_MASK, k.FULL_MASK),
    k.REDUCE_OR: ("or", "or", 0, 0),
    k.REDUCE_XOR: ("xor", "xor", 0, 0),
    k.REDUCE_SUM: ("add", "add", 0, 0),
    k.REDUCE_MIN: ("smin", "umin", 0x7FFFFFFF, k.FULL_MASK),
    k.REDUCE_MAX: ("smax", "umax", 0x80000000, 0),
}


def _reduce(o: Operation) -> Results:
    signed, unsigned, least, most = _REDUCTIONS[o.column(k.DETAIL)]
    name, neutral = (signed, least) if o.has(k.SIGNED) else (unsigned, most)
    wide = _in_lanes(o)
    words = wide.choose(_executing(wide), wide.a, wide.v.word(neutral))
    total = wide.v.intrinsic(f"llvm.vector.reduce.{name}.v{k.LANES}i32", I32, (words,))
    return _uniform_result(o, total)


def _elect(o: Operation) -> Results:
    first = _first_lane(o)
    bit = o.builder.shl(ir.Constant(I32, 1), first)
    if o.uniform:
        holds = o.builder.icmp_unsigned("==", first, ir.Constant(I32, 0))
        return Results((first,), holds)
    return Results((o.v.splat(first),), o.builder.bitcast(bit, ir.VectorType(I1, k.LANES)))


def _of_first_lane(o: Operation) -> Results:
    return _uniform_result(o, o.builder.extract_element(_in_lanes(o).a, _first_lane(o)))


def _lanes_differ(o: Operation) -> Results:
    """R2UR with a predicate: whether the executing lanes hold more than one word."""
    word = o.v.splat(o.builder.extract_element(o.a, _first_lane(o)))
    others = o.builder.and_(_executing(o), o.holds("!=", o.a, word))
    bits = o.builder.bitcast(others, I32)
    return Results((), o.v.splat(o.holds("!=", bits, ir.Constant(I32, 0))))


def _match_any(o: Operation) -> Results:
    """MATCH.ANY: the executing lanes with the same word, or pair."""
    if o.uniform:
        raise Untranslatable("a rare form of a match")
    builder, v = o.builder, o.v
    high = o.high_word(k.A) if o.has(k.WIDE_SHIFT) else None
    same = v.word(0)
    executed = _bits(o)
    for lane in range(k.LANES):
        at = ir.Constant(I32, lane)
        holds = o.holds("==", o.a, v.splat(builder.extract_element(o.a, at)))
        if high is not None:
            other = v.splat(builder.extract_element(high, at))
            holds = builder.and_(holds, o.holds("==", high, other))
        bit = builder.and_(executed, ir.Constant(I32, 1 << lane))
        same = builder.or_(same, o.choose(holds, v.splat(bit), v.word(0)))
    return Results((same,))


#: Meanings whose sources may be registers even where the result is uniform.
MEANINGS: dict[int, Meaning] = {
    k.SHUFFLE: _shuffle,
    k.VOTE: _vote,
    k.REDUCE: _reduce,
    k.ELECT: _elect,
    k.FIRST_LANE: _of_first_lane,
    k.LANES_DIFFER: _lanes_differ,
    k.MATCH_ANY: _match_any,
}

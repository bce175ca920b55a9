"""Operations in which the lanes of a warp see each other, jitted: shuffles, votes, reductions.

The semantics are PTX's (shfl.sync, vote.sync, match.sync, redux.sync).  What a shuffle reads from
a lane that does not execute it is undefined there and not recorded; it is zero here.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    BAR_AND,
    BAR_OR,
    BARRIER,
    BARRIER_RESULT,
    BARRIER_TO_BARRIER,
    BARRIER_TO_REGISTER,
    CLOCK,
    DETAIL,
    ELECT,
    FIRST_LANE,
    FLAGS,
    LANES_DIFFER,
    MATCH_ALL,
    MATCH_ANY,
    REDUCE,
    REDUCE_AND,
    REDUCE_MIN,
    REDUCE_OR,
    REDUCE_SUM,
    REDUCE_XOR,
    REGISTER_TO_BARRIER,
    SHUFFLE,
    SHUFFLE_BUTTERFLY,
    SHUFFLE_DOWN,
    SHUFFLE_UP,
    SIGNED,
    VOTE,
    VOTE_ALL,
    VOTE_ANY,
    WIDE_SHIFT,
    A,
)
from softbeam.emulator.core.operands import fetch_high
from softbeam.jit import by_address, callee

ALL = np.uint32(0xFFFFFFFF)


@callee
def _on(mask, lane):
    return (mask >> np.uint32(lane)) & np.uint32(1) != np.uint32(0)


@callee
def _first(executed):
    for lane in range(32):
        if _on(executed, lane):
            return lane
    return 0


@callee
def _shuffle(mode, executed, a, b, c, out):
    """SHFL: copy another lane's word; returns the lanes whose source is within its segment."""
    inside = np.uint32(0)
    for lane in range(32):
        amount, clamp = np.int64(b[lane] & np.uint32(31)), np.int64(c[lane] & np.uint32(31))
        segment = np.int64((c[lane] >> np.uint32(8)) & np.uint32(31))
        last = (lane & segment) | (clamp & ~segment)
        if mode == SHUFFLE_UP:
            source = lane - amount
            valid = source >= last
        elif mode == SHUFFLE_DOWN:
            source = lane + amount
            valid = source <= last
        elif mode == SHUFFLE_BUTTERFLY:
            source = lane ^ amount
            valid = source <= last
        else:
            source = (lane & segment) | (amount & ~segment)
            valid = source <= last
        if valid:
            inside |= np.uint32(1) << np.uint32(lane)
        else:
            source = np.int64(lane)
        out[lane] = a[source] if _on(executed, source) else np.uint32(0)
    return inside


@callee
def _vote(mode, executed, p, out):
    """VOTE: the ballot of the executing lanes, and whether all, any or equally many say yes."""
    ballot = np.uint32(p & executed)
    for lane in range(32):
        out[lane] = ballot
    if mode == VOTE_ALL:
        holds = ballot == executed
    elif mode == VOTE_ANY:
        holds = ballot != np.uint32(0)
    else:
        holds = ballot == executed or ballot == np.uint32(0)
    return ALL if holds else np.uint32(0)


@callee
def _match(row, operation, executed, w, constants):
    """MATCH: the lanes with the same word (or pair); .ALL: all of them or none."""
    a, out, high = w.scratch[0], w.scratch[3], w.scratch[10]
    for lane in range(32):
        high[lane] = 0
    if row[FLAGS] & WIDE_SHIFT:
        fetch_high(row, A, w.registers, w.uniforms, constants, high)
    everywhere = True
    for lane in range(32):
        same = np.uint32(0)
        for other in range(32):
            if _on(executed, other) and a[other] == a[lane] and high[other] == high[lane]:
                same |= np.uint32(1) << np.uint32(other)
        out[lane] = same
        everywhere = everywhere and (same == executed or not _on(executed, lane))
    if operation == MATCH_ANY:
        return np.uint32(0)
    for lane in range(32):
        out[lane] = executed if everywhere else np.uint32(0)
    return ALL if everywhere else np.uint32(0)


@callee
def _reduce(row, executed, a, out):
    """REDUX: one word from those of all executing lanes."""
    how = row[DETAIL]
    signed = row[FLAGS] & SIGNED != 0
    total = np.uint32(a[_first(executed)])
    for lane in range(_first(executed) + 1, 32):
        if not _on(executed, lane):
            continue
        value = np.uint32(a[lane])
        if how == REDUCE_AND:
            total &= value
        elif how == REDUCE_OR:
            total |= value
        elif how == REDUCE_XOR:
            total ^= value
        elif how == REDUCE_SUM:
            total = np.uint32(total + value)
        else:
            less = np.int32(value) < np.int32(total) if signed else value < total
            if less == (how == REDUCE_MIN):
                total = value
    for lane in range(32):
        out[lane] = total


@callee
def _differ(executed, a):
    """R2UR with a predicate: whether the executing lanes hold more than one word."""
    word = a[_first(executed)]
    for lane in range(32):
        if _on(executed, lane) and a[lane] != word:
            return ALL
    return np.uint32(0)


@callee
def _barrier_result(w, out):
    """B2R.RESULT: the count of the last BAR.RED, and as a predicate its verdict."""
    arrived, yes, how = w.verdict[0], w.verdict[1], w.verdict[2]
    for lane in range(32):
        out[lane] = np.uint32(yes)
    holds = yes == arrived if how == BAR_AND else yes > 0
    return ALL if holds and (how == BAR_AND or how == BAR_OR) else np.uint32(0)


@by_address
def warp_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes."""
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    result = np.uint32(0)
    if operation == SHUFFLE:
        result = _shuffle(row[DETAIL], executed, a, b, c, out)
    elif operation == VOTE:
        result = _vote(row[DETAIL], executed, p, out)
    elif operation == MATCH_ANY or operation == MATCH_ALL:
        result = _match(row, operation, executed, w, constants)
    elif operation == REDUCE:
        _reduce(row, executed, a, out)
    elif operation == ELECT:
        first = _first(executed)
        result = np.uint32(1) << np.uint32(first)
        for lane in range(32):
            out[lane] = np.uint32(first)
    elif operation == FIRST_LANE:
        value = a[_first(executed)]
        for lane in range(32):
            out[lane] = value
    elif operation == LANES_DIFFER:
        result = _differ(executed, a)
    elif operation == CLOCK:
        for lane in range(32):
            # The thread's instructions up to its last branch.
            high = np.uint32(w.counts[lane] >> 32)
            out[lane] = high if row[DETAIL] else np.uint32(w.counts[lane])
            w.scratch[4, lane] = high
    elif operation == BARRIER_RESULT:
        result = _barrier_result(w, out)
    elif operation == BARRIER_TO_REGISTER:
        for lane in range(32):
            out[lane] = w.barriers[row[BARRIER], lane]
            if row[DETAIL] and _on(executed, lane):
                w.barriers[row[BARRIER], lane] = 0
    elif operation == REGISTER_TO_BARRIER:
        for lane in range(32):
            if _on(executed, lane):
                w.barriers[row[BARRIER], lane] = a[lane]
    elif operation == BARRIER_TO_BARRIER:
        source, clears = row[DETAIL] & 15, row[DETAIL] & 16 != 0
        for lane in range(32):
            if _on(executed, lane):
                w.barriers[row[BARRIER], lane] = w.barriers[source, lane]
                if clears:
                    w.barriers[source, lane] = 0
    return np.uint64(result)

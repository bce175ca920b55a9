"""Dispatch of one computing instruction (no control flow, no memory) on 32 lanes, jitted."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core import floating as f
from softbeam.emulator.core import integer as i
from softbeam.emulator.core.layout import (
    ADD_MINMAX,
    COMBINE,
    DESTINATION,
    DESTINATIONS,
    DETAIL,
    F2I,
    FADD,
    FCHK,
    FFMA,
    FIRST_FLOATING,
    FIRST_INTEGER,
    FIRST_RARE,
    FLO,
    FMNMX,
    FMNMX3,
    FMUL,
    FMUL_SCALED,
    FRND,
    FSET,
    FSETP,
    I2F,
    IABS,
    IADD3,
    IMAD,
    IMAD_HI,
    IMAD_WIDE,
    IMNMX,
    ISETP,
    LEA,
    LEA_HI,
    LOP3,
    MOV,
    MUFU_EX2,
    MUFU_RCP,
    MUFU_RSQ,
    OFFSET,
    PART,
    PART_FLOATING,
    PART_INTEGER,
    PART_MISSING,
    PLOP3,
    POPC,
    PREDICATE_0,
    PREDICATE_1,
    PRMT,
    RUNNING,
    S2R,
    SEL,
    SHARED_WINDOW,
    SHF,
    SIZE,
    SOURCE_PREDICATE_0,
    SOURCE_PREDICATE_1,
    SOURCE_PREDICATE_2,
    SR_CTAID_X,
    SR_CTAID_Z,
    SR_EQMASK,
    SR_GEMASK,
    SR_GTMASK,
    SR_LANEID,
    SR_LEMASK,
    SR_LTMASK,
    SR_SHARED_WINDOW,
    SR_TID_X,
    SR_TID_Y,
    SR_TID_Z,
    UNIFORM,
    A,
    B,
    C,
)
from softbeam.emulator.core.operands import (
    clear,
    commit,
    commit_predicate,
    fetch,
    fetch_high,
    predicate_mask,
)
from softbeam.emulator.core.signatures import call_floating, call_integer, call_rare
from softbeam.emulator.core.special import mufu_ex2, mufu_rcp, mufu_rsq
from softbeam.jit import by_address, callee


@callee
def special_register(which, grid_block, out):
    """S2R: threadIdx, blockIdx or the lane; `grid_block` is block index, block size, first warp."""
    for lane in range(32):
        thread = grid_block[6] * 32 + lane
        value = np.int64(0)
        if which == SR_TID_X:
            value = thread % grid_block[3]
        elif which == SR_TID_Y:
            value = (thread // grid_block[3]) % grid_block[4]
        elif which == SR_TID_Z:
            value = thread // (grid_block[3] * grid_block[4])
        elif SR_CTAID_X <= which <= SR_CTAID_Z:
            value = grid_block[which - SR_CTAID_X]
        elif which == SR_LANEID:
            value = lane
        elif which == SR_EQMASK:
            value = 1 << lane
        elif which == SR_LTMASK:
            value = (1 << lane) - 1
        elif which == SR_LEMASK:
            value = (2 << lane) - 1
        elif which == SR_GTMASK:
            value = -(2 << lane)
        elif which == SR_GEMASK:
            value = -(1 << lane)
        elif which == SR_SHARED_WINDOW:
            value = SHARED_WINDOW >> 32
        out[lane] = np.uint32(value)


@callee
def mufu(operation, a, rcp, rsq, ex2, out):
    """MUFU: one special function of every lane."""
    for lane in range(32):
        if operation == MUFU_RCP:
            out[lane] = mufu_rcp(a[lane], rcp)
        elif operation == MUFU_RSQ:
            out[lane] = mufu_rsq(a[lane], rsq)
        else:
            out[lane] = mufu_ex2(a[lane], ex2)


@by_address
def integer_entry(row, operation, p, q, w, constants):
    """Integer operations; returns destination predicate lanes, the second shifted by 32."""
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    if operation == ISETP:
        holds = i.compare(row, row[DETAIL], a, b, q)
        first = i.combine(row[COMBINE], holds, p)
        second = i.combine(row[COMBINE], np.uint32(~holds), p)
        return np.uint64(first) | (np.uint64(second) << np.uint64(32))
    if operation == IADD3:
        return i.add3(row, row[DETAIL], a, b, c, p, q, out)
    if operation == IMAD:
        i.multiply_add(row, a, b, c, p, out)
    elif operation == IMAD_WIDE or operation == IMAD_HI:
        high, c_high = w.scratch[4], w.scratch[5]
        fetch_high(row, C, w.registers, w.uniforms, constants, c_high)
        carries = i.multiply_add_wide(row, a, b, c, c_high, p, out, high)
        if operation == IMAD_HI:
            for lane in range(32):
                out[lane] = high[lane]
        return carries
    elif operation == LEA or operation == LEA_HI:
        return i.load_effective(row, row[DETAIL], row[SIZE], a, b, c, p, out)
    elif operation == LOP3:
        return np.uint64(i.logic3(row, row[DETAIL], a, b, c, p, out))
    elif operation == SHF:
        i.funnel_shift(row, row[DETAIL] != 0, a, b, c, out)
    elif operation == IABS:
        i.absolute(a, out)
    elif operation == IMNMX:
        i.minimum_maximum(row, a, b, p, out)
    elif operation == ADD_MINMAX:
        i.add_minimum_maximum(row, a, b, c, p, out)
    elif operation == SEL:
        i.select(a, b, p, out)
    elif operation == POPC:
        i.population(a, out)
    elif operation == FLO:
        i.find_leading_one(row, a, out)
    elif operation == PRMT:
        i.permute_bytes(a, b, c, out)
    return np.uint64(0)


@by_address
def floating_entry(row, operation, p, w, rcp, rsq, ex2):
    """Floating-point operations and conversions; returns destination predicate lanes."""
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    if operation != I2F:
        f.flush_operand(row, a)
        f.flush_operand(row, b)
        f.flush_operand(row, c)
    if operation == FSETP or operation == FSET:
        holds = f.compare_float(row, row[DETAIL], a, b)
        first = i.combine(row[COMBINE], holds, p)
        if operation == FSET:
            f.set_from_mask(row, first, out)
            return np.uint64(0)
        second = i.combine(row[COMBINE], np.uint32(~holds), p)
        return np.uint64(first) | (np.uint64(second) << np.uint64(32))
    if operation == FADD or operation == FMUL or operation == FFMA:
        f.arithmetic(row, operation, a, b, c, out)
    elif operation == FMUL_SCALED:
        # As a number, or Numba would compile it once more, for this operation.
        product = np.int64(FMUL)
        f.arithmetic(row, product, a, b, c, out)
        f.arithmetic(row, product, out, c, c, out)
    elif operation == FMNMX or operation == FMNMX3:
        f.minimum_maximum_float(row, a, b, p, out)
        if operation == FMNMX3:
            f.minimum_maximum_float(row, out, c, p, out)
    elif operation == FCHK:
        return np.uint64(f.needs_slow_division(a, b))
    elif operation == MUFU_RCP or operation == MUFU_RSQ or operation == MUFU_EX2:
        mufu(operation, a, rcp, rsq, ex2, out)
    elif operation == I2F:
        f.float_from_integer(row, a, out)
    elif operation == F2I:
        f.integer_from_float(row, a, out)
    elif operation == FRND:
        f.float_integral(row, a, out)
    return np.uint64(0)


@by_address
def compute_entry(row, operation, mask, grid_block, constants, entries, rcp, rsq, ex2, w):
    """Execute one computing instruction in the lanes of `mask`; returns a status."""
    part = np.int64(row[PART])
    if FIRST_INTEGER <= operation < FIRST_RARE:
        part = np.int64(PART_INTEGER if operation < FIRST_FLOATING else PART_FLOATING)
    if operation >= FIRST_INTEGER and entries[part] == 0:
        return np.int64(PART_MISSING)
    registers, uniforms = w.registers, w.uniforms
    predicates, uniform_predicates = w.predicates, w.uniform_predicates
    a, b, c, out = w.scratch[0], w.scratch[1], w.scratch[2], w.scratch[3]
    if row[A]:
        fetch(row, A, registers, uniforms, constants, a)
    else:
        clear(a)
    if row[B]:
        fetch(row, B, registers, uniforms, constants, b)
    else:
        clear(b)
    if row[C]:
        fetch(row, C, registers, uniforms, constants, c)
    else:
        clear(c)
    if row[DESTINATIONS] == 2:
        # So is the second word of a result that has one.
        clear(w.scratch[4])
    p = predicate_mask(row[SOURCE_PREDICATE_0], predicates, uniform_predicates)
    q = predicate_mask(row[SOURCE_PREDICATE_1], predicates, uniform_predicates)
    results = np.uint64(0)
    if operation == PLOP3:
        r = predicate_mask(row[SOURCE_PREDICATE_2], predicates, uniform_predicates)
        first = i.predicate_logic3(row[DETAIL], p, q, r)
        second = i.predicate_logic3(row[OFFSET], p, q, r)
        results = np.uint64(first) | (np.uint64(second) << np.uint64(32))
    elif operation == MOV:
        for lane in range(32):
            out[lane] = a[lane]
    elif operation == S2R:
        special_register(row[DETAIL], grid_block, out)
    elif operation < FIRST_FLOATING:
        results = call_integer(entries[part], row, operation, p, q, w, constants)
    elif operation < FIRST_RARE:
        results = call_floating(entries[part], row, operation, p, w, rcp, rsq, ex2)
    else:
        r = predicate_mask(row[SOURCE_PREDICATE_2], predicates, uniform_predicates)
        results = call_rare(
            entries[part],
            row,
            np.int64(operation),
            mask,
            p,
            q,
            r,
            w,
            constants,
        )
    _write(row, mask, np.uint32(results), np.uint32(results >> np.uint64(32)), w)
    return np.int64(RUNNING)


@callee
def _write(row, mask, first, second, w):
    """Commit an instruction's results: registers, then predicates."""
    destination = row[DESTINATION]
    if row[UNIFORM]:
        if destination != 255:
            w.uniforms[destination] = w.scratch[3, 0]
            if row[DESTINATIONS] == 2:
                w.uniforms[destination + 1] = w.scratch[4, 0]
        if row[PREDICATE_0] != 7:
            w.uniform_predicates[row[PREDICATE_0]] = np.int64(first & np.uint32(1))
        if row[PREDICATE_1] != 7:
            w.uniform_predicates[row[PREDICATE_1]] = np.int64(second & np.uint32(1))
        return
    if destination != 255:
        commit(w.registers[destination], w.scratch[3], mask)
        if row[DESTINATIONS] == 2:
            commit(w.registers[destination + 1], w.scratch[4], mask)
    commit_predicate(w.predicates, row[PREDICATE_0], first, mask)
    commit_predicate(w.predicates, row[PREDICATE_1], second, mask)

"""MUFU functions whose results no recording holds, jitted: computed, not bit-exact.

Each is the float64 function rounded once to float32, which lies within the error that NVIDIA
documents for the hardware's (CUDA C++ Programming Guide, intrinsic functions: SIN and COS 2^-20.9
absolute, LG2 2^-22 absolute, SQRT 1 ulp, TANH 2^-11 relative).  Subnormal inputs count as zero and
results below the normal range are zero, as the recorded functions of the same unit do.  Those of
halves are rounded to a half, and know subnormals (PTX ISA, tanh and ex2).
"""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.core.arithmetic import bits_from_f32, f32_from_bits, flush
from softbeam.emulator.core.half import bfloat_from_f64, half_from_f64, one_half
from softbeam.emulator.core.layout import (
    BF16,
    CANONICAL_NAN,
    DETAIL,
    MUFU_COS,
    MUFU_EX2_HALF,
    MUFU_LG2,
    MUFU_SIN,
    MUFU_SQRT,
    MUFU_TANH_HALF,
    ROUND_NEAREST,
)
from softbeam.jit import by_address, callee


@callee
def _function(operation, x):
    if operation == MUFU_SIN or operation == MUFU_COS:
        # The argument is in turns; whole turns are taken away exactly.
        if math.isinf(x):
            return math.nan
        turn = 2.0 * math.pi * (x - np.floor(x))
        return math.sin(turn) if operation == MUFU_SIN else math.cos(turn)
    if operation == MUFU_LG2:
        if x == 0.0:
            return -math.inf
        return math.log2(x) if x > 0.0 else math.nan
    if operation == MUFU_SQRT:
        return math.sqrt(x) if x >= 0.0 else math.nan
    return math.tanh(x)


@callee
def _of_half(row, operation, word):
    """Return MUFU.TANH or .EX2 of one half of a word, as a half; subnormals are numbers."""
    brain = row[DETAIL] == BF16
    x = one_half(row, word, brain)
    value = math.tanh(x) if operation == MUFU_TANH_HALF else np.exp2(x)
    return bfloat_from_f64(value) if brain else half_from_f64(value, ROUND_NEAREST)


@by_address
def approximate_entry(row, operation, executed, p, q, r, w, constants):
    """Execute one operation of this part; returns destination predicate lanes (none)."""
    a, out = w.scratch[0], w.scratch[3]
    if operation == MUFU_TANH_HALF or operation == MUFU_EX2_HALF:
        for lane in range(32):
            out[lane] = _of_half(row, operation, a[lane])
        return np.uint64(0)
    for lane in range(32):
        x = np.float64(f32_from_bits(flush(a[lane])))
        value = np.float32(_function(operation, x)) if x == x else np.float32(math.nan)
        if value != value:
            out[lane] = CANONICAL_NAN
        else:
            out[lane] = flush(bits_from_f32(value))
            if x == 0.0 and operation != MUFU_COS and operation != MUFU_LG2:
                out[lane] = a[lane] & np.uint32(0x80000000)
    return np.uint64(0)

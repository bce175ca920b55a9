"""Exact float32 and integer arithmetic of the GPU, jitted: the leaves of the interpreter.

Floats travel as float32 or as their uint32 bit patterns; every arithmetic NaN is the canonical
0x7fffffff (recorded on an H100, hardware README point 4).  Here is arithmetic only: no operand
decoding, no lanes, no memory.  The native twins of the kernels use the same functions.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from softbeam.emulator.core.layout import (
    CANONICAL_NAN,
    ROUND_DOWN,
    ROUND_NEAREST,
    ROUND_ZERO,
)
from softbeam.jit import callee


def _bitcast(source: types.Type, target: types.Type, llvm_target: ir.Type):
    """Make an intrinsic that reinterprets the bits of one scalar type as another."""

    @intrinsic
    def cast(typingctx, value):
        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], llvm_target)

        return target(source), codegen

    return cast


#: Reinterpret a float32 as the uint32 of its bits, and back.
bits_from_f32 = _bitcast(types.float32, types.uint32, ir.IntType(32))
f32_from_bits = _bitcast(types.uint32, types.float32, ir.FloatType())

#: Reinterpret a float64 as the uint64 of its bits, and back.
bits_from_f64 = _bitcast(types.float64, types.uint64, ir.IntType(64))
f64_from_bits = _bitcast(types.uint64, types.float64, ir.DoubleType())


@intrinsic
def fma_rn(typingctx, a, b, c):
    """Return a * b + c in float32 with one rounding to nearest even (LLVM's ``llvm.fma.f32``)."""

    def codegen(context, builder, signature, args):
        kind = ir.FloatType()
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind, kind, kind]), "llvm.fma.f32"
        )
        return builder.call(function, args)

    return types.float32(types.float32, types.float32, types.float32), codegen


@intrinsic
def fma64_rn(typingctx, a, b, c):
    """Return a * b + c in float64 with one rounding to nearest even (LLVM's ``llvm.fma.f64``)."""

    def codegen(context, builder, signature, args):
        kind = ir.DoubleType()
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind, kind, kind]), "llvm.fma.f64"
        )
        return builder.call(function, args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@callee
def canonical_bits(value):
    """Return the bits of a float32 result, with any NaN replaced by the canonical one."""
    if value != value:
        return CANONICAL_NAN
    return bits_from_f32(value)


@callee
def canonical(value):
    """Return a float32 result, with any NaN replaced by the canonical one."""
    if value != value:
        return f32_from_bits(CANONICAL_NAN)
    return value


@callee
def flush(bits):
    """Return the bits of a float32 with a subnormal replaced by the zero of its sign (FTZ)."""
    if bits & np.uint32(0x7F800000) == 0:
        return np.uint32(bits & np.uint32(0x80000000))
    return np.uint32(bits)


@callee
def saturate(bits):
    """Return the bits of a float32 clamped to [0, 1]; NaN and -0 become +0 (SAT)."""
    value = f32_from_bits(bits)
    if value >= np.float32(1.0):
        return np.uint32(0x3F800000)
    if value > np.float32(0.0):
        return np.uint32(bits)
    return np.uint32(0)


@callee
def _next_up(bits):
    if bits == np.uint32(0x80000000):
        return np.uint32(1)
    if bits & np.uint32(0x80000000):
        return np.uint32(bits - np.uint32(1))
    return np.uint32(bits + np.uint32(1))


@callee
def _next_down(bits):
    if bits == np.uint32(0):
        return np.uint32(0x80000001)
    if bits & np.uint32(0x80000000):
        return np.uint32(bits + np.uint32(1))
    return np.uint32(bits - np.uint32(1))


@callee
def round_pair_bits(high, low, mode):
    """Round the exact sum of two float64 (|low| at most half an ulp of high) to float32 bits.

    The sum must be finite and not zero.  `mode` is one of the ``ROUND_*`` constants except
    ``ROUND_NEAREST``, which the hardware's own instructions give without double rounding.
    """
    nearest = np.float32(high)
    bits = bits_from_f32(nearest)
    if math.isinf(nearest):
        error = -1.0 if nearest > 0 else 1.0
    else:
        error = high - np.float64(nearest)
        if error == 0.0:
            error = low
    negative = high < 0.0
    down = mode == ROUND_DOWN or (mode == ROUND_ZERO and not negative)
    if down:
        if error < 0.0:
            return _next_down(bits)
    elif error > 0.0:
        bits = _next_up(bits)
    if bits == np.uint32(0) and negative:
        return np.uint32(0x80000000)
    return bits


@callee
def fma_directed_bits(a, b, c, mode):
    """Return the bits of a * b + c (float32) with one directed rounding (``ROUND_*``).

    The product of two float32 is exact in float64; the sum is exact as a pair of float64
    (Knuth's TwoSum); the pair is then rounded once.
    """
    plain = fma_rn(a, b, c)
    if plain != plain:
        return CANONICAL_NAN
    product = np.float64(a) * np.float64(b)
    addend = np.float64(c)
    if math.isinf(product) or math.isinf(addend):
        return bits_from_f32(plain)
    high = product + addend
    back = high - product
    low = (product - (high - back)) + (addend - back)
    if high == 0.0 and low == 0.0:
        if mode == ROUND_DOWN and not (
            bits_from_f32(c) == 0 and math.copysign(1.0, product) > 0.0 and product == 0.0
        ):
            return np.uint32(0x80000000)
        return bits_from_f32(plain)
    return round_pair_bits(high, low, mode)


@callee
def fma_bits(a, b, c, mode):
    """Return the bits of a * b + c (float32) with one rounding in the given mode."""
    if mode == ROUND_NEAREST:
        return canonical_bits(fma_rn(a, b, c))
    return fma_directed_bits(a, b, c, mode)


@callee
def add_bits(a, b, mode):
    """Return the bits of a + b (float32) with one rounding in the given mode."""
    if mode == ROUND_NEAREST:
        return canonical_bits(np.float32(a + b))
    return fma_directed_bits(a, np.float32(1.0), b, mode)


@callee
def multiply_bits(a, b, mode):
    """Return the bits of a * b (float32) with one rounding in the given mode."""
    plain = np.float32(a * b)
    if mode == ROUND_NEAREST or plain != plain:
        return canonical_bits(plain)
    product = np.float64(a) * np.float64(b)
    if math.isinf(product) or product == 0.0:
        return bits_from_f32(plain)
    return round_pair_bits(product, 0.0, mode)

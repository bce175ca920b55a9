"""CUDA's powf as its machine code computes it."""

from __future__ import annotations

import math

import numpy as np

from softbeam.emulator.arithmetic import bits_from_f32, canonical, f32_from_bits, fma_rn, mufu_rcp
from softbeam.jit import callee

SMALLEST_NORMAL = np.float32(1.175494350822287508e-38)


@callee
def _constant(bits):
    return f32_from_bits(np.uint32(bits))


@callee
def _magnitude(base, y, table):
    """Return |base| ** y for a base that is neither 0, infinite nor NaN, and y not NaN.

    2 ** (y log2 |base|), the logarithm in two float32: constants and order of operations are
    those of the listing of ``pow`` (nvcc 13.0).
    """
    x = np.float32(abs(base))
    shift = np.float32(0.0)
    if x < SMALLEST_NORMAL:
        x = np.float32(x * np.float32(16777216.0))
        shift = np.float32(-24.0)
    bits = bits_from_f32(x)
    exponent = np.uint32((bits - np.uint32(0x3F3504F3)) & np.uint32(0xFF800000))
    m = f32_from_bits(np.uint32(bits - exponent))
    up = np.float32(m + np.float32(1.0))
    m = np.float32(m - np.float32(1.0))
    whole = fma_rn(np.float32(np.int32(exponent)), np.float32(1.1920928955078125e-07), shift)
    inverse = f32_from_bits(mufu_rcp(bits_from_f32(up), table))
    r = np.float32(inverse * np.float32(m + m))
    s = np.float32(r * r)
    log2e = _constant(0x3FB8AA3B)
    top = fma_rn(r, log2e, whole)
    miss = np.float32(m - r)
    miss = fma_rn(m, np.float32(-r), np.float32(miss + miss))
    miss = np.float32(inverse * miss)
    p = fma_rn(s, _constant(0x3A2C32E4), np.float32(0.0032181653659790754318))
    p = fma_rn(s, p, np.float32(0.018033718690276145935))
    p = fma_rn(s, p, np.float32(0.12022458761930465698))
    p = np.float32(s * p)
    rest = fma_rn(r, log2e, np.float32(whole - top))
    rest = fma_rn(miss, log2e, rest)
    rest = fma_rn(r, np.float32(1.9251366722983220825e-08), rest)
    rest = fma_rn(miss, np.float32(p * np.float32(3.0)), rest)
    rest = fma_rn(r, p, rest)
    high = np.float32(top + rest)
    low = np.float32(rest - np.float32(high - top))
    power = np.float32(high * y)
    if abs(power) > 152:
        return np.float32(np.inf) if power >= 0 else np.float32(0.0)
    if power != power:
        return power
    error = fma_rn(low, y, fma_rn(high, y, np.float32(-power)))
    nearest = np.float32(np.rint(power))
    f = np.float32(error + np.float32(power - nearest))
    p = fma_rn(f, _constant(0x391FCB8E), np.float32(0.0013391353422775864601))
    p = fma_rn(f, p, np.float32(0.0096188392490148544312))
    p = fma_rn(f, p, np.float32(0.055503588169813156128))
    p = fma_rn(f, p, np.float32(0.24022644758224487305))
    p = fma_rn(f, p, np.float32(0.69314718246459960938))
    p = fma_rn(f, p, np.float32(1.0))
    half = np.uint32(0) if nearest > 0 else np.uint32(0x83000000)
    scale = f32_from_bits(np.uint32((np.uint32(np.int64(nearest)) << np.uint32(23)) - half))
    return np.float32(
        np.float32(p * f32_from_bits(np.uint32(half + np.uint32(0x7F000000)))) * scale
    )


@callee
def powf(x, y, table):
    """Return x ** y, bit for bit as nvcc 13.0 compiles ``powf``; `table` is MUFU.RCP's."""
    if x == 1 or y == 0:
        return np.float32(1.0)
    if x != x or y != y:
        return canonical(np.float32(x + y))
    odd = abs(y - np.float32(2.0) * np.trunc(np.float32(y * np.float32(0.5)))) == 1
    if math.isinf(y):
        odd = False
    if x == 0 or math.isinf(x):
        bits = bits_from_f32(np.float32(x + x))
        if y < 0:
            bits ^= np.uint32(0x7F800000)
        if not odd:
            bits &= np.uint32(0x7FFFFFFF)
        return f32_from_bits(np.uint32(bits))
    if x == -1 and math.isinf(y):
        return np.float32(1.0)
    size = canonical(_magnitude(x, y, table))
    if x > 0:
        return size
    if not math.isinf(y) and np.floor(y) != y:
        return f32_from_bits(np.uint32(0x7FFFFFFF))
    return np.float32(-size) if odd else size

"""CUDA's erff and logf as their machine code computes them."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.arithmetic import (
    bits_from_f32,
    canonical,
    f32_from_bits,
    fma_rn,
    mufu_ex2,
)
from softbeam.jit import callee

SMALLEST_NORMAL = np.float32(1.175494350822287508e-38)


@callee
def _constant(bits):
    return f32_from_bits(np.uint32(bits))


@callee
def erff(x, table):
    """Return the float32 error function of `x`, bit for bit as nvcc 13.0 compiles ``erff``.

    A polynomial of x * x below 1.003, else 1 - 2^polynomial of |x|; coefficients and order are
    those of the listing of ``elementwise``.  `table` is MUFU.EX2's.
    """
    size = np.float32(abs(x))
    far = size >= np.float32(1.0029599666595458984)
    if far:
        t, s = size, np.float32(-size)
        p = fma_rn(t, _constant(0x38EB4C3A), np.float32(-_constant(0x3AAE005B)))
        p = fma_rn(t, p, _constant(0x3C09919F))
        p = fma_rn(t, p, np.float32(-_constant(0x3D24D99A)))
        p = fma_rn(t, p, _constant(0x3E235519))
        p = fma_rn(t, p, _constant(0x3F69B4F9))
        p = fma_rn(t, p, _constant(0x3F210A14))
    else:
        t, s = np.float32(x * x), x
        p = fma_rn(t, np.float32(8.4834944573231041431e-05), np.float32(-0.00082130916416645050049))
        p = fma_rn(t, p, np.float32(0.0052134888246655464172))
        p = fma_rn(t, p, np.float32(-0.026868773624300956726))
        p = fma_rn(t, p, np.float32(0.11284004896879196167))
        p = fma_rn(t, p, np.float32(-0.37612664699554443359))
        p = fma_rn(t, p, np.float32(0.12837915122509002686))
    p = canonical(fma_rn(p, s, s))
    if not far:
        return p
    rest = np.float32(np.float32(1.0) - f32_from_bits(mufu_ex2(bits_from_f32(p), table)))
    sign = bits_from_f32(x) & np.uint32(0x80000000)
    return f32_from_bits(np.uint32((bits_from_f32(rest) & np.uint32(0x7FFFFFFF)) | sign))


@callee
def logf(x):
    """Return the float32 natural logarithm of `x`, bit for bit as nvcc 13.0 compiles ``logf``.

    A polynomial of the mantissa between 2/3 and 4/3, and the exponent times log 2; coefficients
    and order are those of the listing of ``elementwise``.
    """
    shift = np.float32(0.0)
    if x < SMALLEST_NORMAL:
        x = np.float32(x * np.float32(8388608.0))
        shift = np.float32(-23.0)
    bits = bits_from_f32(x)
    if x == 0:
        return np.float32(-np.inf)
    if bits >= np.uint32(0x7F800000):
        return canonical(fma_rn(x, np.float32(np.inf), np.float32(np.inf)))
    exponent = np.uint32(np.uint32(bits - np.uint32(0x3F2AAAAB)) & np.uint32(0xFF800000))
    m = np.float32(f32_from_bits(np.uint32(bits - exponent)) - np.float32(1.0))
    p = fma_rn(m, np.float32(-_constant(0x3E055027)), np.float32(0.14084610342979431152))
    p = fma_rn(m, p, np.float32(-0.12148627638816833496))
    p = fma_rn(m, p, np.float32(0.13980610668659210205))
    p = fma_rn(m, p, np.float32(-0.16684235632419586182))
    p = fma_rn(m, p, np.float32(0.20012299716472625732))
    p = fma_rn(m, p, np.float32(-0.24999669194221496582))
    p = fma_rn(m, p, np.float32(0.33333182334899902344))
    p = fma_rn(m, p, np.float32(-0.5))
    p = np.float32(m * p)
    power = fma_rn(np.float32(np.int32(exponent)), np.float32(1.1920928955078125e-07), shift)
    return fma_rn(power, np.float32(0.69314718246459960938), fma_rn(m, p, m))

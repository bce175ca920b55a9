"""CUDA's expf as its machine code computes it."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.arithmetic import (
    bits_from_f32,
    canonical,
    canonical_bits,
    f32_from_bits,
    fma_bits,
    fma_rn,
    mufu_ex2,
    saturate,
)
from softbeam.jit import callee


@callee
def expf(x, table):
    """Return the float32 exponential of `x`, bit for bit as nvcc 13.0 compiles ``expf``.

    2^(x log2 e) is split into a whole power, found with a saturated and a rounded-down FFMA, and
    a fraction for MUFU.EX2; constants and order are those of the listing of ``softmax``.
    `table` is MUFU.EX2's.
    """
    share = f32_from_bits(
        saturate(canonical_bits(fma_rn(x, f32_from_bits(np.uint32(0x3BBB989D)), np.float32(0.5))))
    )
    whole = fma_bits(share, np.float32(252.0), np.float32(12582913.0), 1)
    shift = np.float32(f32_from_bits(whole) + np.float32(-12583039.0))
    power = f32_from_bits(np.uint32(whole << np.uint32(23)))
    rest = canonical(fma_rn(x, f32_from_bits(np.uint32(0x3FB8AA3B)), np.float32(-shift)))
    rest = canonical(fma_rn(x, f32_from_bits(np.uint32(0x32A57060)), rest))
    return canonical(np.float32(power * f32_from_bits(mufu_ex2(bits_from_f32(rest), table))))

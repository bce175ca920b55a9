"""The GPU's arithmetic as jitted functions, for native code that must leave the same bits.

Functions of floats and of their bits, and the recorded special functions; the jitted core uses the
same ones.
"""

from __future__ import annotations

from softbeam.emulator.core.arithmetic import (
    bits_from_f32,
    canonical,
    canonical_bits,
    f32_from_bits,
    fma64_rn,
    fma_bits,
    fma_rn,
    saturate,
)
from softbeam.emulator.core.special import mufu_ex2, mufu_rcp

__all__ = [
    "bits_from_f32",
    "canonical",
    "canonical_bits",
    "f32_from_bits",
    "fma64_rn",
    "fma_bits",
    "fma_rn",
    "mufu_ex2",
    "mufu_rcp",
    "saturate",
]

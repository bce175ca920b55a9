"""The corpus' integer functions, compiled for every architecture, against Python's integers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from support import exact as x
from support.cases import INTEGERS, M32, M64, pair, signed
from support.corpus import covered, each, kernels, shared_machine

#: How the operands are cast, from 64 bits.
CASTS: dict[str, Callable[[int], int]] = {
    "int": lambda v: signed(v & M32),
    "unsigned": lambda v: v & M32,
    "L": lambda v: signed(v, 64),
    "U": lambda v: v,
}


def divided(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    return a - b * divided(a, b)


def s32(value: int) -> int:
    return signed(value & M32)


def float_bits(value: int, mode: str = "RN") -> int:
    return s32(x.rounded(Fraction(value), mode)) if value else 0


def double_bits(value: int) -> int:
    return int.from_bytes(struct.pack(">d", value), "big")


def permuted(low: int, high: int, selector: int) -> int:
    data = low.to_bytes(4, "little") + high.to_bytes(4, "little")
    picked = bytes(data[selector >> 4 * position & 7] for position in range(4))
    return int.from_bytes(picked, "little")


def reversed_bits(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def first_set(value: int) -> int:
    return (value & -value).bit_length()


def turns(v: int) -> int:
    count = 0
    while v != 1 and count < 200:
        v = 3 * v + 1 if v & 1 else v >> 1
        count += 1
    return count


def halves(word: int, *, is_signed: bool = True) -> list[int]:
    """Return the low and the high half of a word."""
    parts = [word & 0xFFFF, word >> 16 & 0xFFFF]
    return [signed(part, 16) for part in parts] if is_signed else parts


def by_halves(function: Callable[..., int], *words: int, is_signed: bool = True) -> int:
    columns = zip(*(halves(word, is_signed=is_signed) for word in words), strict=True)
    low, high = (function(*column) & 0xFFFF for column in columns)
    return low | high << 16


def which_half(a: int, b: int) -> int:
    picked = [x <= y for x, y in zip(halves(a), halves(b), strict=True)]
    return by_halves(min, a, b) ^ (picked[0] + 2 * picked[1]) << 7


def c_short(value: int) -> int:
    return signed(value & 0xFFFF, 16)


MODELS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "div_s32": ("int", divided),
    "mod_s32": ("int", remainder),
    "div_u32": ("unsigned", lambda a, b: a // b),
    "mod_u32": ("unsigned", lambda a, b: a % b),
    "div_s64": ("L", divided),
    "mod_s64": ("L", remainder),
    "div_u64": ("U", lambda a, b: a // b),
    "mod_u64": ("U", lambda a, b: a % b),
    "div_by_seven": ("int", lambda a, b: divided(a, 7)),
    "mod_by_ten": ("unsigned", lambda a, b: a % 10),
    "div_by_1000": ("U", lambda a, b: a // 1000),
    "mul_s64": ("L", lambda a, b: a * b),
    "mulhi_s32": ("int", lambda a, b: a * b >> 32),
    "mulhi_u32": ("unsigned", lambda a, b: a * b >> 32),
    "mulhi_s64": ("L", lambda a, b: a * b >> 64),
    "mulhi_u64": ("U", lambda a, b: a * b >> 64),
    "mul24": ("int", lambda a, b: s32(signed(a & 0xFFFFFF, 24) * signed(b & 0xFFFFFF, 24))),
    "add_s64": ("L", lambda a, b: a + b),
    "sub_s64": ("L", lambda a, b: a - b),
    "shl_64": ("U", lambda a, b: a << (b & 63)),
    "shr_s64": ("L", lambda a, b: a >> (b & 63)),
    "shr_u64": ("U", lambda a, b: a >> (b & 63)),
    "shl_32": ("unsigned", lambda a, b: a << (b & 31) & M32),
    "shr_s32": ("int", lambda a, b: a >> (b & 31)),
    "popc": ("unsigned", lambda a, b: a.bit_count()),
    "popcll": ("U", lambda a, b: a.bit_count()),
    "clz": ("int", lambda a, b: 32 - (a & M32).bit_length()),
    "clzll": ("L", lambda a, b: 64 - (a & M64).bit_length()),
    "ffs": ("int", lambda a, b: first_set(a & M32)),
    "ffsll": ("L", lambda a, b: first_set(a & M64)),
    "brev": ("unsigned", lambda a, b: reversed_bits(a, 32)),
    "brevll": ("U", lambda a, b: reversed_bits(a, 64)),
    "byte_perm": ("unsigned", lambda a, b: permuted(a, b, 0x6240)),
    "byte_perm_y": ("unsigned", lambda a, b: permuted(a, a ^ M32, b & 0x7777)),
    "funnel_l": ("unsigned", lambda a, b: pair(a, b) << (a & 31) >> 32 & M32),
    "funnel_rc": ("unsigned", lambda a, b: pair(a, b) >> min(b, 32) & M32),
    "sad": ("int", lambda a, b: abs(a - b) + 17 & M32),
    "hadd": ("int", lambda a, b: a + b >> 1),
    "rhadd": ("unsigned", lambda a, b: a + b + 1 >> 1),
    "min_s32": ("int", min),
    "max_u32": ("unsigned", max),
    "min_s64": ("L", min),
    "max_u64": ("U", max),
    "abs_s32": ("int", lambda a, b: s32(abs(a))),
    "abs_s64": ("L", lambda a, b: abs(a)),
    "to_char": ("int", lambda a, b: signed(a & 0xFF, 8) + (b & 0xFF)),
    "to_short": ("int", lambda a, b: c_short(a) - (b & 0xFFFF)),
    "clamp": ("int", lambda a, b: min(max(s32(a + b), -1000), 1000)),
    "bit_field": ("unsigned", lambda a, b: (a >> 5 & 0x7FF) | (b & ~0x7FF)),
    "rotate": ("unsigned", lambda a, b: (a << 7 | a >> 25) & M32),
    "select": ("int", lambda a, b: a ^ b if (a < b and a & 1) or b == 0 else a | b),
    "triangle": ("unsigned", lambda a, b: (a * a % (M32 + 1) // 2 + (b >> 1) - 3 * b) & M32),
    "compare_64": (
        "L",
        lambda a, b: (a < b) + 2 * (a == b) + 4 * ((a & M64) <= (b & M64)) + 8 * (a != 0),
    ),
    "from_s64": ("L", lambda a, b: double_bits(a)),
    "float_s32": ("int", lambda a, b: float_bits(a)),
    "float_u32": ("unsigned", lambda a, b: float_bits(a)),
    "float_s64": ("L", lambda a, b: float_bits(a)),
    "float_u64": ("U", lambda a, b: float_bits(a)),
    "float_s64_up": ("L", lambda a, b: float_bits(a, "RP")),
    "double_u64": ("U", lambda a, b: double_bits(a)),
    "double_s32": ("int", lambda a, b: double_bits(a)),
    "wide": ("U", lambda a, b: a * b >> 32),
    "wide_add": ("L", lambda a, b: a + b >> 1),
    "minus_product": ("L", lambda a, b: s32(a) * s32(b) - (a ^ b)),
    "minus_product_u": ("U", lambda a, b: (a & M32) * (b & M32) - (a ^ b)),
    "minus_shifted": ("L", lambda a, b: a - (b << 5)),
    "minus_shifted_32": ("unsigned", lambda a, b: -(a << 3) & M32),
    "mulhi_least": ("L", lambda a, b: a * -(1 << 63) >> 64),
    "halves_minus": ("unsigned", lambda a, b: by_halves(lambda x, y: x - y, a, b)),
    "halves_min": ("unsigned", lambda a, b: by_halves(min, a, b, ~a)),
    "halves_max": ("unsigned", lambda a, b: by_halves(max, a, b, ~a, is_signed=False)),
    "halves_add_max": (
        "unsigned",
        lambda a, b: by_halves(lambda x, y, z: max(signed(x + y & 0xFFFF, 16), z), a, b, ~a),
    ),
    "halves_add_min": (
        "unsigned",
        lambda a, b: by_halves(lambda x, y, z: min(x + y & 0xFFFF, z), a, b, ~a, is_signed=False),
    ),
    "halves_relu": ("unsigned", lambda a, b: by_halves(lambda x, y: max(x, y, 0), a, b)),
    "add_max_relu": ("int", lambda a, b: max(s32(a + b), ~a, 0)),
    "which_half": ("unsigned", which_half),
    "gcd": ("unsigned", lambda a, b: gcd(a & 0xFFFF, b & 0xFFFF)),
    "collatz": ("unsigned", lambda a, b: turns((a & 0x3FF) + 1)),
}


def operands(count: int = 192) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of 64-bit words: edges, small and large numbers; no division that C forbids."""
    rng = np.random.default_rng(64)
    edges = np.array(INTEGERS, dtype=np.uint64)
    sides = []
    for _ in range(2):
        words = rng.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2)
        words >>= rng.integers(0, 64, count, dtype=np.uint64)
        words |= rng.integers(0, 2, count, dtype=np.uint64)
        at = rng.random(count) < 0.4
        low, high = rng.choice(edges, int(at.sum())), rng.choice(edges, int(at.sum()))
        words[at] = low | high << np.uint64(32)
        extended = rng.random(count) < 0.15
        words[extended] = words[extended].astype(np.int32).astype(np.int64).view(np.uint64)
        sides.append(words)
    a, b = sides
    b[(b & np.uint64(M32)) == 0] |= np.uint64(3)
    forbidden = (b & np.uint64(M32)) == M32
    a[forbidden & ((a & np.uint64(M32)) == 1 << 31)] += np.uint64(1)
    a[forbidden & (a == np.uint64(1 << 63))] += np.uint64(1)
    return a, b


A, B = operands()


@pytest.mark.parametrize(("kernel", "architecture"), kernels("integer"))
def test_function(kernel: str, architecture: str) -> None:
    cast, model = MODELS[kernel]
    found = each(shared_machine("integer", architecture), kernel, np.uint64, A, B).tolist()
    for a, b, result in zip(A.tolist(), B.tolist(), found, strict=True):
        first, second = CASTS[cast](a), CASTS[cast](b)
        wanted = int(model(first, second)) & M64
        assert result == wanted, f"{kernel}({first}, {second}) is {result:#x}, not {wanted:#x}"


def test_every_function_is_tested() -> None:
    covered("integer", tuple(MODELS))

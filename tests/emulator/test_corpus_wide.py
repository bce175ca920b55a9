"""The corpus' 64-bit, uniform and three-way functions against Python's integers and fractions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support import exact as x
from support.architectures import with_marks
from support.cases import FLOATS, INTEGERS, M32, M64, signed
from support.corpus import architectures, covered, each, kernels, shared_machine

MOST = (1 << 63) - 1
GOLDEN = 0x9E3779B97F4A7C15


def s64(value: int) -> int:
    return signed(value & M64, 64)


def compared(a: int, b: int) -> int:
    above = (a & M64) >> 1 > (b & M64) << 1 & M64
    # In C, | binds closer than ?:.
    return 1 if (a < b) | above else (a != -5) << 1 | (a > 0x1234567890) << 2


def compared_u(a: int, b: int) -> int:
    return (a >= b) | (a > 0xFFFFFFF0) << 1 | (a == 7) << 2 | (a <= M64 - 6) << 3


#: Of two signed (S) or unsigned (U) operands.
PAIRS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "less_one": ("S", lambda a, b: a - 1),
    "plus_word": ("S", lambda a, b: a + 0xFFFFFFF0),
    "plus_long": ("S", lambda a, b: a + 0x123456789ABC),
    "negative": ("S", lambda a, b: -a),
    "three": ("S", lambda a, b: a - b - 0x40),
    "from_constant": ("S", lambda a, b: 0x40 - a),
    "least": ("S", min),
    "most": ("S", max),
    "least_u": ("U", min),
    "most_u": ("U", max),
    "clamp": ("S", lambda a, b: min(max(a, -7), 7)),
    "clamp_long": ("S", lambda a, b: min(max(a, -0x123456789AB), 0x123456789AB)),
    "absolute": ("S", lambda a, b: abs(a)),
    "compared": ("S", compared),
    "compared_u": ("U", compared_u),
    "either": ("S", lambda a, b: a if (a < 0 and b > 3) or a == b else b),
    "first_not": ("U", lambda a, b: a if (a > b) != (a & 1) else 5),
    "mean": ("S", lambda a, b: (a & b) + ((a ^ b) >> 1)),
    "saturated": ("S", lambda a, b: min(max(a + b, -MOST - 1), MOST)),
}


def scaled(a: int, b: int, factor: int) -> int:
    return x.multiply(x.multiply(a, b), factor)


def extreme(*values: int, maximum: bool) -> int:
    first, second, third = values
    return x.minimum(x.minimum(first, second, maximum=maximum), third, maximum=maximum)


SIGN = x.SINGLE.sign

#: Of three float32.
TRIPLES: dict[str, Callable[[int, int, int], int]] = {
    "least_of_three": lambda a, b, c: extreme(a, b, c, maximum=False),
    "most_of_three": lambda a, b, c: extreme(a, b ^ SIGN, c & ~SIGN, maximum=True),
    "relu_of_two": lambda a, b, c: extreme(a, 0, b, maximum=True),
    "half_product": lambda a, b, c: scaled(a, b, 0x3F000000),
    "eighth_product": lambda a, b, c: scaled(a, b, 0x3E000000),
    "twice_product": lambda a, b, c: scaled(a, b, 0x40000000),
    "four_products": lambda a, b, c: scaled(a, b ^ SIGN, 0x40800000),
}


def shared_sum(n: int, block: int, rows: list[int]) -> int:
    s = n << 33 | block
    u = s * GOLDEN & M64
    for _ in range(0, n, 7):
        s += s64(u) - 0x40
        u ^= u << 13 & M64
    return s


def shared_choice(n: int, block: int, rows: list[int]) -> int:
    s = n << 33 | block
    u = s * GOLDEN & M64
    t = s64(u)
    s = s64(t - s) if t < s else max(s, u >> 3)
    return s + 3 if u > 1 << 62 else s


def shared_rows(n: int, block: int, rows: list[int]) -> int:
    return (n << 33 | block) + sum(s64(rows[4 * k + (k & 3)]) for k in range(n // 8))


def shared_floats(n: int, block: int, rows: list[int]) -> int:
    f = np.float32(n)
    for k in range(5):
        # Exact in float64 before it is rounded once.
        f = max(np.float32(float(f) * 0.75 + k), np.float32(2.5))
    return (n << 33 | block) + int(f)


def shared_divide(n: int, block: int, rows: list[int]) -> int:
    return (n * 7 + block) // (n - 3) + n % (block + 3)


#: Of what all threads of a block share; each adds its own number.
SHARED: dict[str, Callable[[int, int, list[int]], int]] = {
    "shared_sum": shared_sum,
    "shared_choice": shared_choice,
    "shared_rows": shared_rows,
    "shared_floats": shared_floats,
    "shared_divide": shared_divide,
}


def operands(count: int = 192) -> tuple[np.ndarray, np.ndarray]:
    """Return 64-bit words: small and large numbers, edges in each half, and equal ones."""
    rng = np.random.default_rng(120)
    sides = []
    for _ in range(2):
        words = rng.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2)
        words >>= rng.integers(0, 64, count, dtype=np.uint64)
        edge = rng.random(count) < 0.4
        low, high = (
            rng.choice(np.array(INTEGERS, dtype=np.uint64), int(edge.sum())) for _ in range(2)
        )
        words[edge] = low | high << np.uint64(32)
        small = rng.random(count) < 0.2
        words[small] = rng.integers(-9, 9, int(small.sum())).astype(np.int64).view(np.uint64)
        sides.append(words)
    a, b = sides
    same = rng.random(count) < 0.1
    b[same] = a[same]
    return a, b


A, B = operands()


def floats(count: int = 192) -> tuple[np.ndarray, np.ndarray]:
    """Return words that hold float32, two in the first of each pair."""
    rng = np.random.default_rng(100)
    words = rng.integers(0, 1 << 32, (3, count), dtype=np.uint64)
    moderate = rng.normal(0, 2, (3, count)).astype(np.float32).view(np.uint32)
    words = np.where(rng.random((3, count)) < 0.3, moderate, words)
    edge = rng.random((3, count)) < 0.4
    words[edge] = rng.choice(np.array(FLOATS, dtype=np.uint64), int(edge.sum()))
    return words[0] | words[2] << np.uint64(32), words[1]


@pytest.mark.parametrize(("kernel", "architecture"), kernels("wide", PAIRS))
def test_function_of_64_bits(kernel: str, architecture: str) -> None:
    kind, model = PAIRS[kernel]
    found = each(shared_machine("wide", architecture), kernel, np.uint64, A, B).tolist()
    for a, b, result in zip(A.tolist(), B.tolist(), found, strict=True):
        first, second = (s64(a), s64(b)) if kind == "S" else (a, b)
        wanted = int(model(first, second)) & M64
        assert result == wanted, f"{kernel}({first}, {second}) is {result:#x}, not {wanted:#x}"


@pytest.mark.parametrize(("kernel", "architecture"), kernels("wide", TRIPLES))
def test_function_of_floats(kernel: str, architecture: str) -> None:
    pairs = floats()
    found = each(shared_machine("wide", architecture), kernel, np.uint64, *pairs).tolist()
    for word, b, result in zip(*(side.tolist() for side in pairs), found, strict=True):
        a, c = word & M32, word >> 32
        wanted = TRIPLES[kernel](a, b, c)
        assert result == wanted, f"{kernel}({a:#x}, {b:#x}, {c:#x}) is {result:#x}"


@pytest.mark.parametrize(("kernel", "architecture"), kernels("wide", SHARED))
def test_function_of_what_a_block_shares(kernel: str, architecture: str) -> None:
    found = each(shared_machine("wide", architecture), kernel, np.uint64, A, B)
    for block in range(A.size // 64):
        shared = SHARED[kernel](A.size, block, B.tolist())
        own = slice(64 * block, 64 * block + 64)
        wanted = [shared + word & M64 for word in A[own].tolist()]
        assert found[own].tolist() == wanted, f"{kernel} of block {block}"


def test_every_function_is_tested() -> None:
    covered("wide", (*PAIRS, *TRIPLES, *SHARED))


@pytest.mark.parametrize(
    ("opcodes", "architecture"),
    [
        with_marks("sm_120", "IADD.64 MOV.64 SEL.64 IMNMX.S64 UIADD3.64 UMOV.64 FMUL.D2"),
        with_marks("sm_100", "FMNMX3 FMUL.D8 LDCU.64"),
    ],
)
def test_the_compiler_uses_the_instructions_that_are_tested(
    opcodes: str, architecture: str
) -> None:
    assert architecture in architectures("wide")
    functions = shared_machine("wide", architecture).kernels.values()
    names = {one.name for function in functions for one in function.instructions}
    assert set(opcodes.split()) <= names

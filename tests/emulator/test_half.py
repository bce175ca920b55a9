"""Half-precision instructions: two numbers in a word, against fractions that are rounded once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from support import exact as x
from support.cases import Case, check
from support.exact import HALF, SINGLE

WORDS = {f"R{n}": "half" for n in range(4, 10)}
SIGN = HALF.sign
CASES: list[Case] = []


def plain(line: str, function: Callable[[SimpleNamespace], int], threads: int = 400) -> None:
    """Register a model of an instruction that writes R12 only."""
    CASES.append(Case(line, lambda t: {"R12": function(t)}, WORDS, threads=threads))


def low(word: int) -> int:
    return word & 0xFFFF


def high(word: int) -> int:
    return word >> 16


def both(function: Callable[..., int], *words: int) -> int:
    """Apply a function to the low and to the high halves of words."""
    return function(*map(low, words)) | function(*map(high, words)) << 16


def add(a: int, b: int) -> int:
    return x.add(a, b, "RN", HALF)


def multiply(a: int, b: int) -> int:
    return x.multiply(a, b, "RN", HALF)


def fused(a: int, b: int, c: int) -> int:
    return x.fused(a, b, c, "RN", HALF)


def negated(word: int) -> int:
    return word ^ 0x80008000


def twice(half: int) -> int:
    return half | half << 16


plain("HADD2 R12, R4, R6", lambda t: both(add, t.R4, t.R6))
plain("HADD2 R12, R4, -R6", lambda t: both(add, t.R4, negated(t.R6)))
plain("HADD2 R12, |R4|, -RZ.H0_H0", lambda t: both(add, t.R4 & 0x7FFF7FFF, 0x80008000))
plain("HADD2 R12, R4.H0_H0, R6.H1_H1", lambda t: both(add, twice(low(t.R4)), twice(high(t.R6))))
plain("HADD2 R12, R4, 0.5, -2", lambda t: both(add, t.R4, 0x3800C000))
plain("HADD2.SAT R12, R4, R6", lambda t: both(lambda a, b: x.saturate(add(a, b), HALF), t.R4, t.R6))
plain("HADD2.F32 R12, -RZ, R4.H0_H0", lambda t: x.convert(low(t.R4), HALF, SINGLE))
plain("HADD2.F32 R12, -RZ, R4.H1_H1", lambda t: x.convert(high(t.R4), HALF, SINGLE))
CASES.append(
    Case(
        # The compiler's conversion of a float32 towards zero on sm_75; it uses the low half.
        "HADD2 R12, R4.F32, -RZ.H0_H0; LOP3.LUT R12, R12, 0xffff, RZ, 0xc0, !PT",
        lambda t: {"R12": x.convert(t.R4, SINGLE, HALF, "RZ")},
        {"R4": "float"},
        architecture="sm_75",
    )
)
plain("HMUL2 R12, R4, R6", lambda t: both(multiply, t.R4, t.R6))
plain("HMUL2 R12, R4, R6.H0_H0", lambda t: both(multiply, t.R4, twice(low(t.R6))))
plain("HMUL2.SAT R12, R4, R6",
      lambda t: both(lambda a, b: x.saturate(multiply(a, b), HALF), t.R4, t.R6))  # fmt: skip
plain("HFMA2 R12, R4, R6, R8", lambda t: both(fused, t.R4, t.R6, t.R8))
plain("HFMA2.MMA R12, R4, R6, R8", lambda t: both(fused, t.R4, t.R6, t.R8))
plain("HFMA2 R12, R4, R6.H0_H0, R8.H1_H1",
      lambda t: both(fused, t.R4, twice(low(t.R6)), twice(high(t.R8))))  # fmt: skip
plain("HFMA2 R12, R4, 2, 0.5, -R8",
      lambda t: both(fused, t.R4, 0x40003800, negated(t.R8)))  # fmt: skip
plain(
    "HFMA2.MMA.SAT R12, R4, R6, R8",
    lambda t: both(lambda a, b, c: x.saturate(fused(a, b, c), HALF), t.R4, t.R6, t.R8),
)


def least(a: int, b: int) -> int:
    return x.minimum(a, b, maximum=False, form=HALF)


def most(a: int, b: int) -> int:
    return x.minimum(a, b, maximum=True, form=HALF)


def least_or_nan(a: int, b: int) -> int:
    return x.minimum(a, b, maximum=False, keep_nan=True, form=HALF)


plain("HMNMX2 R12, R4, R6, PT", lambda t: both(least, t.R4, t.R6))
plain("HMNMX2 R12, R4, R6, !PT", lambda t: both(most, t.R4, t.R6))
plain("HMNMX2.NAN R12, R4, R6, PT", lambda t: both(least_or_nan, t.R4, t.R6))


def holds(name: str, a: int, b: int) -> bool:
    return x.compare(a, b, HALF) in x.COMPARISONS[name]


for name in ("LT", "EQ", "LE", "GT", "NE", "GE", "LTU", "EQU", "NEU", "GEU", "NUM", "NAN"):
    plain(
        f"HSET2.BF.{name}.AND R12, R4, R6, P0",
        lambda t, n=name: both(lambda a, b: 0x3C00 if holds(n, a, b) and t.P0 else 0, t.R4, t.R6),
        threads=160,
    )
    CASES.append(
        Case(
            f"HSETP2.{name}.AND P4, P5, R4, R6, P0",
            lambda t, n=name: {
                "P4": int(holds(n, low(t.R4), low(t.R6)) and t.P0),
                "P5": int(holds(n, high(t.R4), high(t.R6)) and t.P0),
            },
            WORDS,
            threads=160,
        )
    )
plain("HSET2.EQ.AND R12, R4, R6, PT",
      lambda t: both(lambda a, b: 0xFFFF if holds("EQ", a, b) else 0, t.R4, t.R6))  # fmt: skip
CASES.append(
    Case(
        "HSETP2.GT.OR P4, PT, R4.H0_H0, R6.H1_H1, P0",
        lambda t: {"P4": int(holds("GT", low(t.R4), high(t.R6)) or t.P0)},
        WORDS,
    )
)


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)

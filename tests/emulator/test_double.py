"""Float64 instructions against fractions that are rounded once."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from support import exact as x
from support.bench import execute
from support.cases import Case, check, draw_doubles, pair, split
from support.exact import DOUBLE

SIGN = DOUBLE.sign
PAIRS = {f"R{n}": "double" for n in (4, 6, 8)}
CASES: list[Case] = []


def plain(line: str, function, threads: int = 320) -> None:  # type: ignore[no-untyped-def]
    """Register a model of an instruction that writes the pair R12 from the pairs R4, R6, R8."""

    def model(t: SimpleNamespace) -> dict[str, int]:
        return split(function(pair(t.R4, t.R5), pair(t.R6, t.R7), pair(t.R8, t.R9), t))

    CASES.append(Case(line, model, PAIRS, threads=threads, any_nan=True))


for mode in ("", ".RM", ".RP", ".RZ"):
    rule = mode[1:] or "RN"
    plain(f"DADD{mode} R12, R4, R6", lambda a, b, c, t, m=rule: x.add(a, b, m, DOUBLE))
    plain(f"DMUL{mode} R12, R4, R6", lambda a, b, c, t, m=rule: x.multiply(a, b, m, DOUBLE))
    plain(f"DFMA{mode} R12, R4, R6, R8", lambda a, b, c, t, m=rule: x.fused(a, b, c, m, DOUBLE))
plain("DADD R12, R4, -R6", lambda a, b, c, t: x.add(a, b ^ SIGN, "RN", DOUBLE))
plain("DADD R12, -RZ, |R4|", lambda a, b, c, t: x.add(SIGN, a & ~SIGN, "RN", DOUBLE))
plain("DMUL R12, R4, 1.5", lambda a, b, c, t: x.multiply(a, 0x3FF8000000000000, "RN", DOUBLE))
plain("DFMA R12, -R4, R6, -R8",
      lambda a, b, c, t: x.fused(a ^ SIGN, b, c ^ SIGN, "RN", DOUBLE))  # fmt: skip
plain("DFMA R12, R4, R4, 4503599627370496",
      lambda a, b, c, t: x.fused(a, a, 0x4330000000000000, "RN", DOUBLE))  # fmt: skip
plain("@P0 DADD R12, R4, R6",
      lambda a, b, c, t: x.add(a, b, "RN", DOUBLE) if t.P0 else pair(t.R12, t.R13))  # fmt: skip

COMBINE = {
    "AND": lambda p, q: p and q,
    "OR": lambda p, q: p or q,
    "XOR": lambda p, q: p != q,
}


def comparison(name: str, combine: str):  # type: ignore[no-untyped-def]
    def model(t: SimpleNamespace) -> dict[str, int]:
        order = x.compare(pair(t.R4, t.R5), pair(t.R6, t.R7), DOUBLE)
        result = order in x.COMPARISONS[name]
        return {
            "P4": int(COMBINE[combine](result, bool(t.P0))),
            "P5": int(COMBINE[combine](not result, bool(t.P0))),
        }

    return model


for number, name in enumerate(x.COMPARISONS):
    combine = tuple(COMBINE)[number % 3]
    CASES.append(
        Case(f"DSETP.{name}.{combine} P4, P5, R4, R6, P0", comparison(name, combine), PAIRS,
             threads=256)
    )  # fmt: skip


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)


def test_reciprocals_are_near_enough_for_the_divisions_that_begin_with_them() -> None:
    """MUFU.RCP64H and .RSQ64H give the high word of an approximation: 20 bits are expected."""
    rng = np.random.default_rng(3)
    bits = draw_doubles(400, rng)
    values = bits.view(np.float64)
    usable = np.isfinite(values) & (np.abs(values) > 1e-290) & (np.abs(values) < 1e290)
    high = (bits[usable] >> np.uint64(32)).astype(np.uint32)
    words = execute("MUFU.RCP64H R12, R4", {"R4": high})["R12"].tolist()
    for word, result in zip(high.tolist(), words, strict=True):
        product = x.value(result << 32, DOUBLE) * x.value(word << 32, DOUBLE)
        assert abs(product - 1) < Fraction(1, 1 << 19), hex(word)
    positive = high[high < 1 << 31]
    words = execute("MUFU.RSQ64H R12, R4", {"R4": positive})["R12"].tolist()
    for word, result in zip(positive.tolist(), words, strict=True):
        product = x.value(result << 32, DOUBLE) ** 2 * x.value(word << 32, DOUBLE)
        assert abs(product - 1) < Fraction(1, 1 << 18), hex(word)


def test_approximate_functions_stay_within_their_documented_error() -> None:
    """PTX ISA: sin, cos 2^-20.5 from -pi to pi, lg2 2^-22 near one, tanh 2^-10.987, sqrt 2^-23."""
    rng = np.random.default_rng(4)
    angles = rng.uniform(-np.pi, np.pi, 400).astype(np.float32)
    # MUFU takes turns: the compiler multiplies by 1 / (2 pi) first.
    code = "FMUL.RZ R10, R4, 0.15915493667125701904; MUFU.{} R12, R10"
    for name, function in (("SIN", np.sin), ("COS", np.cos)):
        found = execute(code.format(name), {"R4": angles.view(np.uint32)})["R12"].view(np.float32)
        assert np.abs(found - function(angles.astype(np.float64))).max() < 2.0**-20.5
    positive = np.exp(rng.uniform(-60, 60, 400)).astype(np.float32)
    exact = positive.astype(np.float64)
    found = execute("MUFU.LG2 R12, R4", {"R4": positive.view(np.uint32)})["R12"].view(np.float32)
    assert np.abs(found - np.log2(exact)).max() < 2.0**-18
    found = execute("MUFU.SQRT R12, R4", {"R4": positive.view(np.uint32)})["R12"].view(np.float32)
    assert np.abs(found / np.sqrt(exact) - 1).max() < 2.0**-22
    found = execute("MUFU.TANH R12, R4", {"R4": angles.view(np.uint32)})["R12"].view(np.float32)
    assert np.abs(found / np.tanh(angles.astype(np.float64)) - 1).max() < 2.0**-10.987


@pytest.mark.parametrize(
    ("line", "word", "result"),
    [
        ("MUFU.LG2 R12, R4", 0x00000000, 0xFF800000),
        ("MUFU.LG2 R12, R4", 0x7F800000, 0x7F800000),
        ("MUFU.LG2 R12, R4", 0xBF800000, 0x7FFFFFFF),
        ("MUFU.SQRT R12, R4", 0x80000000, 0x80000000),
        ("MUFU.SQRT R12, R4", 0x7F800000, 0x7F800000),
        ("MUFU.SQRT R12, R4", 0xBF800000, 0x7FFFFFFF),
        ("MUFU.TANH R12, R4", 0x7F800000, 0x3F800000),
        ("MUFU.TANH R12, R4", 0xFF800000, 0xBF800000),
        ("MUFU.SIN R12, R4", 0x00000000, 0x00000000),
        ("MUFU.COS R12, R4", 0x00000000, 0x3F800000),
        ("MUFU.SIN R12, R4", 0x7F800000, 0x7FFFFFFF),
        ("MUFU.TANH R12, R4", 0x7FC00000, 0x7FFFFFFF),
    ],
)
def test_special_operands_of_approximate_functions(line: str, word: int, result: int) -> None:
    """As PTX ISA tabulates them for the .approx instructions."""
    found = execute(line, {"R4": np.array([word], dtype=np.uint32)})
    assert found["R12"].tolist() == [result]

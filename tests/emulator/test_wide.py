"""Instructions of Blackwell: 64-bit integers, three-way minima, uniform floats, scaled products.

Against Python's integers and fractions that are rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np
import pytest
from support import exact as x
from support.bench import execute
from support.cases import M32, M64, Case, check, check_uniform, pair, signed, split

from softbeam.errors import UnsupportedInstruction

SIGN = x.SINGLE.sign
FLOAT = {f"R{n}": "float" for n in range(4, 10)}
UNIFORM_FLOAT = {f"UR{n}": "float" for n in range(4, 8)}

CASES: list[Case] = []
UNIFORM: list[Case] = []
Numbers = Mapping[str, int]


def wide(line: str, function: Callable[[int, int, SimpleNamespace], int]) -> None:
    """Register an instruction that writes R12 and R13, a model of the pairs R4 and R6."""

    def model(t: SimpleNamespace) -> Numbers:
        return split(function(pair(t.R4, t.R5), pair(t.R6, t.R7), t) & M64)

    CASES.append(Case(line, model, architecture="sm_120"))


def uniform_wide(line: str, function: Callable[[int, int, SimpleNamespace], int]) -> None:
    """Register an instruction that writes UR8 and UR9, a model of the pairs UR4 and UR6."""

    def model(t: SimpleNamespace) -> Numbers:
        value = function(pair(t.UR4, t.UR5), pair(t.UR6, t.UR7), t) & M64
        return {"UR8": value & M32, "UR9": value >> 32}

    UNIFORM.append(Case(line, model, architecture="sm_120"))


def uniform_float(line: str, function: Callable[[SimpleNamespace], int]) -> None:
    UNIFORM.append(
        Case(line, lambda t: {"UR8": function(t)}, kinds=UNIFORM_FLOAT, architecture="sm_120")
    )


def s64(value: int) -> int:
    return signed(value, 64)


wide("IADD.64 R12, R4, R6", lambda a, b, t: a + b)
wide("IADD.64 R12, R4, -R6", lambda a, b, t: a - b)
wide("IADD.64 R12, -R4, R6", lambda a, b, t: b - a)
wide("IADD.64 R12, -R4, -R6", lambda a, b, t: -a - b)
wide("IADD.64 R12, R4, 0x7fffffff", lambda a, b, t: a + 0x7FFFFFFF)
wide("IADD.64 R12, R4, -0x1", lambda a, b, t: a - 1)
wide("IADD.64 R12, -R4, RZ", lambda a, b, t: -a)
wide("IADD.64 R12, R4, c[0x0][0x220]", lambda a, b, t: a)
wide("MOV.64 R12, R6", lambda a, b, t: b)
wide("MOV.64 R12, RZ", lambda a, b, t: 0)
wide("MOV.64 R12, 0x3fdc9f25c5bfedd9", lambda a, b, t: 0x3FDC9F25C5BFEDD9)
wide("MOV.64 R12, 0xfffffffffffffff8", lambda a, b, t: M64 - 7)
wide("MOV.64 R12, 0x5", lambda a, b, t: 5)
wide("SEL.64 R12, R4, R6, P0", lambda a, b, t: a if t.P0 else b)
wide("SEL.64 R12, RZ, -0x1, !P0", lambda a, b, t: M64 if t.P0 else 0)
wide("SEL.64 R12, R4, 0x7fffffff, !P1", lambda a, b, t: 0x7FFFFFFF if t.P1 else a)
wide("IMNMX.S64 PT, PT, R12, R4, R6, PT, !PT", lambda a, b, t: min(s64(a), s64(b)))
wide("IMNMX.S64 PT, PT, R12, R4, R6, P2, !PT",
     lambda a, b, t: (min if t.P2 else max)(s64(a), s64(b)))  # fmt: skip
wide("IMNMX.U64 PT, PT, R12, R4, R6, !PT, !PT", lambda a, b, t: max(a, b))
wide("IMNMX.S64 PT, PT, R12, R4, -0x7, !PT, !PT", lambda a, b, t: max(s64(a), -7))

ORDERS: dict[str, Callable[[int, int], bool]] = {
    "LT": lambda a, b: a < b,
    "LE": lambda a, b: a <= b,
    "EQ": lambda a, b: a == b,
    "NE": lambda a, b: a != b,
    "GE": lambda a, b: a >= b,
    "GT": lambda a, b: a > b,
}
JOINS: dict[str, Callable[[bool, int], int]] = {
    "AND": lambda a, b: a and b,
    "OR": lambda a, b: a or b,
    "XOR": lambda a, b: a != b,
}


def compared(name: str, kind: str, join: str) -> Callable[[SimpleNamespace], Numbers]:
    def model(t: SimpleNamespace) -> Numbers:
        a, b = pair(t.R4, t.R5), pair(t.R6, t.R7)
        if kind == "S64":
            a, b = s64(a), s64(b)
        holds = ORDERS[name](a, b)
        joined = JOINS[join]
        return {"P4": int(bool(joined(holds, t.P0))), "P5": int(bool(joined(not holds, t.P0)))}

    return model


for order in ORDERS:
    for kind in ("S64", "U64"):
        join = "AND" if kind == "S64" else ("XOR" if order == "LT" else "OR")
        CASES.append(
            Case(
                f"ISETP.{order}.{kind}.{join} P4, P5, R4, R6, P0",
                compared(order, kind, join),
                architecture="sm_120",
            )
        )
CASES.append(
    Case(
        "ISETP.GE.U64.AND P4, PT, R4, -0x7, PT",
        lambda t: {"P4": int(pair(t.R4, t.R5) >= M64 - 6)},
        architecture="sm_120",
    )
)

uniform_wide("UMOV.64 UR8, 0x4330000080000000", lambda a, b, t: 0x4330000080000000)
uniform_wide("UMOV.64 UR8, UR6", lambda a, b, t: b)
uniform_wide("UIADD3.64 UR8, UPT, UPT, UR4, UR6, URZ", lambda a, b, t: a + b)
uniform_wide("UIADD3.64 UR8, UPT, UPT, UR4, -UR6, UR4", lambda a, b, t: 2 * a - b)
uniform_wide("UIADD3.64 UR8, UPT, UPT, UR4, -0x10, URZ", lambda a, b, t: a - 16)
uniform_wide("USEL.64 UR8, UR4, 0x1, UP0", lambda a, b, t: a if t.UP0 else 1)
uniform_wide("UIMNMX.U64 UPT, UPT, UR8, UR4, UR6, !UPT, !UPT", lambda a, b, t: max(a, b))
uniform_wide("UIMNMX.S64 UPT, UPT, UR8, UR4, UR6, UPT, !UPT", lambda a, b, t: min(s64(a), s64(b)))
UNIFORM.append(
    Case(
        "UISETP.GE.S64.AND UP2, UP3, UR4, UR6, UP0",
        lambda t: {
            "UP2": int(t.UP0 and s64(pair(t.UR4, t.UR5)) >= s64(pair(t.UR6, t.UR7))),
            "UP3": int(t.UP0 and s64(pair(t.UR4, t.UR5)) < s64(pair(t.UR6, t.UR7))),
        },
        architecture="sm_120",
    )
)
UNIFORM.append(
    Case(
        "UVIMNMX.U32 UR8, UR4, UR6, UPT",
        lambda t: {"UR8": min(t.UR4, t.UR6)},
        architecture="sm_120",
    )
)

uniform_float("UFADD UR8, UR4, -UR5", lambda t: x.add(t.UR4, t.UR5 ^ SIGN))
uniform_float("UFMUL UR8, UR4, UR5", lambda t: x.multiply(t.UR4, t.UR5))
uniform_float("UFFMA UR8, -UR4, UR5, UR6", lambda t: x.fused(t.UR4 ^ SIGN, t.UR5, t.UR6))
uniform_float("UFMNMX UR8, UR4, UR5, UPT", lambda t: x.minimum(t.UR4, t.UR5, maximum=False))
uniform_float("UFSEL UR8, UR4, UR5, UP0", lambda t: t.UR4 if t.UP0 else t.UR5)
uniform_float(
    "UFSET.BF.GT.AND UR8, UR4, UR5, UPT",
    lambda t: 0x3F800000 if x.compare(t.UR4, t.UR5) == ">" else 0,
)
uniform_float(
    "UFRND.FLOOR UR8, UR4",
    lambda t: (
        x.SINGLE.nan
        if x.is_nan(t.UR4)
        else t.UR4
        if x.is_infinite(t.UR4) or x.is_zero(t.UR4)
        else x.rounded(whole)
        if (whole := x.value(t.UR4).__floor__())
        else 0
    ),
)
uniform_float(
    "UF2I.TRUNC.NTZ UR8, UR4",
    lambda t: 0 if x.is_nan(t.UR4) else x.to_integer(t.UR4, "RZ", 32, is_signed=True),
)
uniform_float("UI2FP.F32.U32 UR8, UR4", lambda t: x.rounded(t.UR4) if t.UR4 else 0)
uniform_float("UI2F.U32.RP UR8, UR4", lambda t: x.rounded(t.UR4, "RP") if t.UR4 else 0)
uniform_float("UF2F.F32.F16 UR8, UR4", lambda t: x.convert(t.UR4 & 0xFFFF, x.HALF, x.SINGLE))
uniform_float(
    "UF2FP.F16.F32.PACK_AB UR8, UR4, UR5",
    lambda t: x.convert(t.UR4, x.SINGLE, x.HALF) << 16 | x.convert(t.UR5, x.SINGLE, x.HALF),
)
UNIFORM.append(
    Case(
        "UFSETP.GEU.AND UP2, UP3, UR4, UR5, UP0",
        lambda t: {
            "UP2": int(t.UP0 and x.compare(t.UR4, t.UR5) in "=>?"),
            "UP3": int(t.UP0 and x.compare(t.UR4, t.UR5) == "<"),
        },
        kinds=UNIFORM_FLOAT,
        architecture="sm_120",
    )
)


def three(
    line: str, function: Callable[[SimpleNamespace], int], architecture: str = "sm_100"
) -> None:
    CASES.append(Case(line, lambda t: {"R12": function(t)}, kinds=FLOAT, architecture=architecture))


def least(*values: int, **facts: bool) -> int:
    first, second, third = values
    return x.minimum(x.minimum(first, second, **facts), third, **facts)


three("FMNMX3 R12, R4, R6, R8, PT", lambda t: least(t.R4, t.R6, t.R8, maximum=False))
three("FMNMX3 R12, R4, |R6|, -R8, !PT",
      lambda t: least(t.R4, t.R6 & ~SIGN, t.R8 ^ SIGN, maximum=True))  # fmt: skip
three("FMNMX3 R12, R4, RZ, R8, P0", lambda t: least(t.R4, 0, t.R8, maximum=not t.P0))
three("FMNMX3.NAN R12, R4, R6, R8, PT",
      lambda t: least(t.R4, t.R6, t.R8, maximum=False, keep_nan=True))  # fmt: skip

FACTORS = {
    "D2": 0x3F000000, "D4": 0x3E800000, "D8": 0x3E000000,
    "M2": 0x40000000, "M4": 0x40800000, "M8": 0x41000000,
}  # fmt: skip


def scaled(factor: int, flush: bool) -> Callable[[SimpleNamespace], int]:
    """Return a product that is rounded, scaled and rounded again, as C says of x * y * 0.5f."""

    def model(t: SimpleNamespace) -> int:
        keep = x.flush if flush else lambda bits: bits
        product = keep(x.multiply(keep(t.R4), keep(t.R6)))
        return keep(x.multiply(product, factor))

    return model


for name, factor in FACTORS.items():
    three(f"FMUL.{name} R12, R4, R6", scaled(factor, False), "sm_80")
three("FMUL.FTZ.D2 R12, R4, R6", scaled(FACTORS["D2"], True), "sm_75")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_instruction(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", UNIFORM, ids=str)
def test_uniform_instruction(case: Case) -> None:
    check_uniform(case)


@pytest.mark.parametrize(
    "line",
    [
        "IADD R12, R4, R6",
        "ISETP.GE.U64.AND.EX P4, PT, R4, R6, PT, P0",
        "UIADD3.64 UR8, UP0, UPT, UR4, UR6, URZ",
        "UIADD3.64 UR8, UPT, UPT, UR4, UR6, URZ, UP0",
        "IMNMX.S64 P4, PT, R12, R4, R6, PT, !PT",
        "IMNMX.S64 PT, PT, R12, R4, R6, PT, PT",
        "FMUL.SAT.D2 R12, R4, R6",
        "FMUL.RZ.D2 R12, R4, R6",
        "R2UR P0, UR8, R4",
        "R2UR.OR P0, UR8, R4",
        "LDCU.64 UR8, c[0x0][0x1f8]",
        "LDC R12, c[0x0][0x16c]",
        "IADD.64 R12, R4, c[0x0][0x1f0]",
    ],
)
def test_what_nothing_is_known_of_raises(line: str) -> None:
    with pytest.raises(UnsupportedInstruction, match="an instruction that softbeam does not know"):
        execute(line, {"R4": np.zeros(1, dtype=np.uint32)}, architecture="sm_120")

"""Conversions between integers and floats against fractions that are rounded once."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest
from support import exact as x
from support.cases import Case, check, pair, signed, split
from support.exact import BFLOAT, SINGLE

SIGN = SINGLE.sign
FLOAT = {"R4": "float"}
CASES: list[Case] = []


def plain(line: str, function, **facts: object) -> None:  # type: ignore[no-untyped-def]
    """Register a model of an instruction that writes R12 only."""
    CASES.append(
        Case(line, lambda t: {"R12": function(t)}, **{"kinds": FLOAT, "threads": 480, **facts})
    )


INTEGRAL = {"": "RN", ".FLOOR": "RM", ".CEIL": "RP", ".TRUNC": "RZ"}


def integral(bits: int, mode: str) -> int:
    """Return a float32 as the integral one; a zero keeps the sign of what became it."""
    if x.is_nan(bits):
        return SINGLE.nan
    if x.is_infinite(bits):
        return bits
    whole = x.integral(x.value(bits), mode)
    return x.rounded(Fraction(whole)) if whole else bits & SIGN


def from_float(bits: int, mode: str, *, is_signed: bool, nan: int) -> int:
    return nan if x.is_nan(bits) else x.to_integer(bits, mode, 32, is_signed=is_signed)


for suffix, mode in INTEGRAL.items():
    if suffix:
        plain(f"FRND{suffix} R12, R4", lambda t, m=mode: integral(t.R4, m))
        # PTX ISA, cvt: NaN becomes zero; .NTZ is what the compiler writes for that.
        plain(f"F2I{suffix}.NTZ R12, R4",
              lambda t, m=mode: from_float(t.R4, m, is_signed=True, nan=0))  # fmt: skip
        plain(f"F2I.U32{suffix}.NTZ R12, R4",
              lambda t, m=mode: from_float(t.R4, m, is_signed=False, nan=0))  # fmt: skip
plain("F2I.NTZ R12, R4", lambda t: from_float(t.R4, "RN", is_signed=True, nan=0))
plain("F2I.FTZ.U32.TRUNC.NTZ R12, R4",
      lambda t: from_float(x.flush(t.R4), "RZ", is_signed=False, nan=0))  # fmt: skip


def from_integer(number: int, mode: str) -> int:
    return x.rounded(Fraction(number), mode) if number else 0


for mode in ("", ".RM", ".RP", ".RZ"):
    rule = mode[1:] or "RN"
    plain(f"I2F{mode} R12, R4", lambda t, m=rule: from_integer(signed(t.R4), m), kinds={})
    plain(f"I2F.U32{mode} R12, R4", lambda t, m=rule: from_integer(t.R4, m), kinds={})
plain("I2FP.F32.S32 R12, R4", lambda t: from_integer(signed(t.R4), "RN"), kinds={})
plain("I2FP.F32.U32 R12, R4", lambda t: from_integer(t.R4, "RN"), kinds={})
plain("I2FP.F32.U32.RZ R12, R4", lambda t: from_integer(t.R4, "RZ"), kinds={})


# Types other than float32 and 32-bit integers.

HALF, DOUBLE = x.HALF, x.DOUBLE
KINDS = {"R4": "double", "R6": "half"}


def wide(line: str, function, **facts: object) -> None:  # type: ignore[no-untyped-def]
    """Register a model of an instruction that writes the pair R12."""
    nan = "F2F" in line or "FRND" in line
    CASES.append(Case(line, lambda t: split(function(t)), any_nan=nan, **{"threads": 400, **facts}))


def from_number(bits: int, mode: str, width: int, form: x.Format, *, is_signed: bool) -> int:
    """Return a number as an integer; NaN as where .NTZ is not written."""
    if x.is_nan(bits, form):
        return 1 << (width - 1)
    return x.to_integer(bits, mode, width, is_signed=is_signed, form=form)


def to_number(number: int, form: x.Format, mode: str = "RN") -> int:
    return x.rounded(Fraction(number), mode, form) if number else 0


def double_of(t: SimpleNamespace) -> int:
    return pair(t.R4, t.R5)


for sign, is_signed in (("S", True), ("U", False)):
    for suffix, mode in (("", "RN"), (".TRUNC", "RZ"), (".FLOOR", "RM"), (".CEIL", "RP")):
        wide(
            f"F2I.{sign}64{suffix} R12, R4",
            lambda t, m=mode, s=is_signed: from_number(t.R4, m, 64, SINGLE, is_signed=s),
            kinds=FLOAT,
        )
        wide(
            f"F2I.{sign}64.F64{suffix} R12, R4",
            lambda t, m=mode, s=is_signed: from_number(double_of(t), m, 64, DOUBLE, is_signed=s),
            kinds=KINDS,
        )
    name = "F2I" if is_signed else "F2I.U32"
    plain(
        f"{name}.F64.TRUNC R12, R4",
        lambda t, s=is_signed: from_number(double_of(t), "RZ", 32, DOUBLE, is_signed=s),
        kinds=KINDS,
    )
    plain(
        f"{name}.F16.TRUNC.NTZ R12, R6",
        lambda t, s=is_signed: (
            0
            if x.is_nan(t.R6 & 0xFFFF, HALF)
            else x.to_integer(t.R6 & 0xFFFF, "RZ", 32, is_signed=s, form=HALF)
        ),
        kinds=KINDS,
    )


def cast(word: int, is_signed: bool, width: int = 32) -> int:
    word &= (1 << width) - 1
    return signed(word, width) if is_signed else word


wide("I2F.F64 R12, R4", lambda t: to_number(signed(t.R4), DOUBLE))
wide("I2F.F64.U32 R12, R4", lambda t: to_number(t.R4, DOUBLE))
wide("I2F.F64.S16 R12, R4", lambda t: to_number(cast(t.R4, True, 16), DOUBLE))
for mode in ("", ".RM", ".RP", ".RZ"):
    rule = mode[1:] or "RN"
    wide(
        f"I2F.F64.S64{mode} R12, R4",
        lambda t, m=rule: to_number(signed(double_of(t), 64), DOUBLE, m),
    )
    wide(f"I2F.F64.U64{mode} R12, R4", lambda t, m=rule: to_number(double_of(t), DOUBLE, m))
    plain(
        f"I2F.S64{mode} R12, R4",
        lambda t, m=rule: to_number(signed(double_of(t), 64), SINGLE, m),
        kinds={},
    )
    plain(f"I2F.U64{mode} R12, R4", lambda t, m=rule: to_number(double_of(t), SINGLE, m), kinds={})
plain("I2F.F16 R12, R4", lambda t: to_number(signed(t.R4), HALF), kinds={})
plain("I2F.S8 R12, R4", lambda t: to_number(cast(t.R4, True, 8), SINGLE), kinds={})
plain("I2F.S16 R12, R4", lambda t: to_number(cast(t.R4, True, 16), SINGLE), kinds={})
plain("I2F.U16 R12, R4.H1", lambda t: to_number(t.R4 >> 16, SINGLE), kinds={}, architecture="sm_75")
plain(
    "I2F.U8 R12, R4.B1",
    lambda t: to_number(t.R4 >> 8 & 0xFF, SINGLE),
    kinds={},
    architecture="sm_75",
)

wide("F2F.F64.F32 R12, R4", lambda t: x.convert(t.R4, SINGLE, DOUBLE), kinds=FLOAT)
for mode in ("", ".RM", ".RP", ".RZ"):
    rule = mode[1:] or "RN"
    plain(
        f"F2F.F32.F64{mode} R12, R4",
        lambda t, m=rule: x.convert(double_of(t), DOUBLE, SINGLE, m),
        kinds=KINDS,
    )
    if mode in ("", ".RZ"):
        plain(f"F2F.F16.F32{mode} R12, R4", lambda t, m=rule: x.convert(t.R4, SINGLE, HALF, m))
        plain(
            f"F2FP.F16.F32.PACK_AB{mode} R12, R4, R6",
            lambda t, m=rule: (
                x.convert(t.R4, SINGLE, HALF, m) << 16 | x.convert(t.R6, SINGLE, HALF, m)
            ),
            kinds={"R4": "float", "R6": "float"},
        )
plain(
    "F2FP.BF16.F32.PACK_AB R12, R4, R6",
    lambda t: x.convert(t.R4, SINGLE, BFLOAT) << 16 | x.convert(t.R6, SINGLE, BFLOAT),
    kinds={"R4": "float", "R6": "float"},
)
plain("F2F.BF16.F32 R12, R4", lambda t: x.convert(t.R4, SINGLE, BFLOAT))


def whole(bits: int, form: x.Format, mode: str) -> int:
    if x.is_nan(bits, form) or x.is_infinite(bits, form):
        return form.nan if x.is_nan(bits, form) else bits
    number = x.integral(x.value(bits, form), mode)
    return x.rounded(Fraction(number), "RN", form) if number else bits & form.sign


for suffix, mode in (("", "RN"), (".FLOOR", "RM"), (".CEIL", "RP"), (".TRUNC", "RZ")):
    wide(f"FRND.F64{suffix} R12, R4", lambda t, m=mode: whole(double_of(t), DOUBLE, m), kinds=KINDS)
plain("FRND.F16.FLOOR R12, R6", lambda t: whole(t.R6 & 0xFFFF, HALF, "RM"), kinds=KINDS)


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)

"""Bfloat16, float8 and conversions of halves, against fractions that are rounded once."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace

import pytest
from support import exact as x
from support.bench import execute
from support.cases import Case, check, operands
from support.exact import BFLOAT, HALF, SINGLE

WORDS = {f"R{n}": "bfloat" for n in range(4, 10)}
HALF_WORDS = {f"R{n}": "half" for n in range(4, 10)}
NUMBERS = {f"R{n}": "float" for n in range(4, 10)}
CASES: list[Case] = []


def plain(
    line: str,
    function: Callable[[SimpleNamespace], int],
    kinds: dict[str, str] = WORDS,
    threads: int = 320,
) -> None:
    """Register a model of an instruction that writes R12 only."""
    CASES.append(Case(line, lambda t: {"R12": function(t)}, kinds, threads=threads))


def low(word: int) -> int:
    return word & 0xFFFF


def high(word: int) -> int:
    return word >> 16


def both(function: Callable[..., int], *words: int) -> int:
    """Apply a function to the low and to the high halves of words."""
    return function(*map(low, words)) | function(*map(high, words)) << 16


def twice(half: int) -> int:
    return half | half << 16


def negated(word: int) -> int:
    return word ^ 0x80008000


def fused(a: int, b: int, c: int, form: x.Format = BFLOAT) -> int:
    return x.fused(a, b, c, "RN", form)


def nonnegative(half: int, form: x.Format = BFLOAT) -> int:
    """Return a result after .RELU: NaN stays."""
    return 0 if x.negative(half, form) else half


# Arithmetic of bfloat16.

for pipe in ("", ".MMA"):
    plain(f"HFMA2{pipe}.BF16_V2 R12, R4, R6, R8", lambda t: both(fused, t.R4, t.R6, t.R8))
plain("HFMA2.BF16_V2 R12, R4, 1, 1, -R6",
      lambda t: both(fused, t.R4, twice(0x3F80), negated(t.R6)))  # fmt: skip
plain("HFMA2.BF16_V2 R12, R4, R6.H1_H1, -2, -2",
      lambda t: both(fused, t.R4, twice(high(t.R6)), twice(0xC000)))  # fmt: skip
plain("HFMA2.BF16_V2 R12, -RZ.H0_H0, RZ.H0_H0, |R6|",
      lambda t: both(fused, twice(0x8000), 0, t.R6 & 0x7FFF7FFF))  # fmt: skip
plain("HFMA2.BF16_V2.RELU R12, R4, R6, R8",
      lambda t: both(lambda *v: nonnegative(fused(*v)), t.R4, t.R6, t.R8))  # fmt: skip
plain("HFMA2.BF16_V2 R12, R4.H1_H1, R6.H0_NH1, R8",
      lambda t: both(fused, twice(high(t.R4)),
                     high(t.R6) ^ 0x8000 | low(t.R6) << 16, t.R8))  # fmt: skip
plain("HADD2.BF16_V2 R12, R4, -R6",
      lambda t: both(lambda a, b: x.add(a, b, "RN", BFLOAT), t.R4, negated(t.R6)))  # fmt: skip
plain("HMUL2.BF16_V2 R12, R4.H0_H0, 3, 3",
      lambda t: both(lambda a, b: x.multiply(a, b, "RN", BFLOAT),
                     twice(low(t.R4)), twice(0x4040)))  # fmt: skip
plain("HMUL2.BF16_V2 R12, R4, R6",
      lambda t: both(lambda a, b: x.multiply(a, b, "RN", BFLOAT), t.R4, t.R6))  # fmt: skip


def least(form: x.Format, **how: bool) -> Callable[[int, int], int]:
    """Return the minimum, or the maximum, of a format."""
    return lambda a, b: x.minimum(a, b, form=form, **{"maximum": False, **how})  # type: ignore[arg-type]


def with_sign(function: Callable[[int, int], int], form: x.Format) -> Callable[[int, int], int]:
    """Return a minimum of magnitudes with the product's sign; NaN has none."""

    def model(a: int, b: int) -> int:
        value = function(a & form.sign - 1, b & form.sign - 1)
        return value if x.is_nan(value, form) else value | (a ^ b) & form.sign

    return model


plain("HMNMX2.BF16_V2 R12, R4, R6, PT", lambda t: both(least(BFLOAT), t.R4, t.R6))
plain("HMNMX2.BF16_V2 R12, R4, 1, 1, PT", lambda t: both(least(BFLOAT), t.R4, twice(0x3F80)))
plain("HMNMX2.BF16_V2.NAN R12, R4, R6, !PT",
      lambda t: both(least(BFLOAT, maximum=True, keep_nan=True), t.R4, t.R6))  # fmt: skip
plain("HMNMX2.BF16_V2.XORSIGN R12, |R4|, |R6|, PT",
      lambda t: both(with_sign(least(BFLOAT), BFLOAT), t.R4, t.R6))  # fmt: skip
plain("HMNMX2.NAN.XORSIGN R12, |R4|, |R6|, !PT",
      lambda t: both(with_sign(least(HALF, maximum=True, keep_nan=True), HALF), t.R4, t.R6),
      HALF_WORDS)  # fmt: skip
plain("FMNMX.XORSIGN R12, |R4|, |R6|, PT",
      lambda t: with_sign(least(SINGLE), SINGLE)(t.R4, t.R6), NUMBERS)  # fmt: skip
plain("FMNMX.FTZ.NAN.XORSIGN R12, |R4|, |R6|, !PT",
      lambda t: with_sign(least(SINGLE, maximum=True, keep_nan=True), SINGLE)(
          x.flush(t.R4), x.flush(t.R6)), NUMBERS)  # fmt: skip


def holds(name: str, a: int, b: int) -> bool:
    return x.compare(a, b, BFLOAT) in x.COMPARISONS[name]


for name in ("GT", "EQU", "LEU", "NE", "NAN"):
    plain(
        f"HSET2.BF16_V2.BF.{name}.AND R12, R4, R6, P0",
        lambda t, n=name: both(lambda a, b: 0x3F80 if holds(n, a, b) and t.P0 else 0, t.R4, t.R6),
        threads=96,
    )
    CASES.append(
        Case(
            f"HSETP2.BF16_V2.{name}.AND P4, P5, R4, R6, P0",
            lambda t, n=name: {
                "P4": int(holds(n, low(t.R4), low(t.R6)) and t.P0),
                "P5": int(holds(n, high(t.R4), high(t.R6)) and t.P0),
            },
            WORDS,
            threads=96,
        )
    )
plain("HSET2.BF16_V2.GT.AND R12, R4, R6, PT",
      lambda t: both(lambda a, b: 0xFFFF if holds("GT", a, b) else 0, t.R4, t.R6))  # fmt: skip

# Arithmetic of float16 beyond the common forms.

plain("HFMA2.RELU R12, R4, R6, R8",
      lambda t: both(lambda *v: nonnegative(fused(*v, HALF), HALF), t.R4, t.R6, t.R8),
      HALF_WORDS)  # fmt: skip
plain("HFMA2 R12, R4.H1_H1, R6.H0_NH1, R8",
      lambda t: both(lambda *v: fused(*v, HALF), twice(high(t.R4)),
                     high(t.R6) ^ 0x8000 | low(t.R6) << 16, t.R8), HALF_WORDS)  # fmt: skip

# Conversions of halves.

MODES = {"": "RN", ".TRUNC": "RZ", ".FLOOR": "RM", ".CEIL": "RP"}
for kind, form, kinds in (("F16", HALF, HALF_WORDS), ("BF16", BFLOAT, WORDS)):
    for target, width in (("S32", 32), ("U32", 32), ("U16", 16), ("S16", 16), ("U8", 8)):
        mode = ".TRUNC" if width < 32 else ".CEIL"
        name = "" if target == "S32" else f".{target}"

        def whole(
            half: int,
            form: x.Format = form,
            width: int = width,
            mode: str = MODES[mode],
            signs: bool = target[0] == "S",
        ) -> int:
            if x.is_nan(half, form):
                return 0
            value = x.to_integer(half, mode, width, is_signed=signs, form=form)
            # A narrower result is extended to the word.
            return value | (0xFFFFFFFF >> width << width if signs and value >> width - 1 else 0)

        for source, pick in (
            ("R4", low),
            ("|R4.H1|", lambda word: high(word) & 0x7FFF),
            ("-R4", lambda word: low(word) ^ 0x8000),
            ("R4.H1", high),
        ):
            plain(
                f"F2I{name}.{kind}{mode}.NTZ R12, {source}",
                lambda t, w=whole, p=pick: w(p(t.R4)),
                kinds,
                threads=128,
            )


def integral(half: int, mode: str, form: x.Format) -> int:
    if x.is_nan(half, form) or x.is_infinite(half, form):
        return form.nan if x.is_nan(half, form) else half
    whole_ = x.integral(x.value(half, form), mode)
    return half & form.sign | (x.rounded(Fraction(abs(whole_)), "RN", form) if whole_ else 0)


plain("FRND.BF16 R12, R4.H1", lambda t: integral(high(t.R4), "RN", BFLOAT))
plain("FRND.BF16.FLOOR R12, R4", lambda t: integral(low(t.R4), "RM", BFLOAT))
plain("FRND.F16.CEIL R12, -R4", lambda t: integral(low(t.R4) ^ 0x8000, "RP", HALF), HALF_WORDS)


def from_integer(value: int, mode: str) -> int:
    return x.rounded(Fraction(value), mode, BFLOAT) if value else 0


def signed(word: int, bits: int) -> int:
    return word - (1 << bits) if word >> bits - 1 else word


plain("I2F.BF16 R12, R4", lambda t: from_integer(signed(t.R4, 32), "RN"), {})
plain("I2F.BF16.S16 R12, R4", lambda t: from_integer(signed(low(t.R4), 16), "RN"), {})
plain("I2F.BF16.U16.RM R12, R4", lambda t: from_integer(low(t.R4), "RM"), {})
plain("I2F.BF16.U64.RZ R12, R4", lambda t: from_integer(t.R4 | t.R5 << 32, "RZ"), {})
plain("I2F.BF16.S64 R12, R4", lambda t: from_integer(signed(t.R4 | t.R5 << 32, 64), "RN"), {})
plain("F2F.BF16.F64 R12, R4",
      lambda t: x.convert(t.R4 | t.R5 << 32, x.DOUBLE, BFLOAT), {"R4": "double"})  # fmt: skip


def near_halfway(t: SimpleNamespace) -> int:
    """Return a float64 that a rounding to float32 would take half way between two bfloat16."""
    return (t.R4 & 0x3F) << 52 | 0x3F80100000000000 | 1


CASES.append(
    Case(
        "LOP3.LUT R6, R4, 0x3f, RZ, 0xc0, !PT; SHF.L.U32 R6, R6, 0x14, RZ; "
        "LOP3.LUT R7, R6, 0x3f801000, RZ, 0xfc, !PT; MOV R6, 0x1; F2F.BF16.F64 R12, R6",
        lambda t: {"R12": x.convert(near_halfway(t), x.DOUBLE, BFLOAT)},
        threads=64,
    )
)

# Packing with .RELU.

for kind, form in (("F16", HALF), ("BF16", BFLOAT)):
    for suffix, mode in (("", "RN"), (".RZ", "RZ")):
        plain(
            f"F2FP.RELU.{kind}.F32.PACK_AB{suffix} R12, R4, R6",
            lambda t, f=form, m=mode: (
                nonnegative(x.convert(t.R4, SINGLE, f, m), f) << 16
                | nonnegative(x.convert(t.R6, SINGLE, f, m), f)
            ),
            NUMBERS,
        )
        plain(
            f"F2FP.RELU.{kind}.F32.MERGE_C{suffix} R12, R4, RZ",
            lambda t, f=form, m=mode: nonnegative(x.convert(t.R4, SINGLE, f, m), f),
            NUMBERS,
        )

# Float8.

for name in x.FLOAT8:
    for relu in ("", ".RELU"):

        def pick(byte: int, relu: str = relu) -> int:
            return 0 if relu and byte & 0x80 else byte

        plain(
            f"F2FP.SATFINITE{relu}.{name}.F32.PACK_AB_MERGE_C R12, R4, R6, R8",
            lambda t, n=name, p=pick: (
                p(x.to_float8(t.R4, n, SINGLE)) << 8
                | p(x.to_float8(t.R6, n, SINGLE))
                | low(t.R8) << 16
            ),
            NUMBERS,
            threads=256,
        )
        plain(
            f"F2FP.SATFINITE{relu}.{name}.F16.UNPACK_B_MERGE_C R12, R4, RZ",
            lambda t, n=name, p=pick: (
                p(x.to_float8(high(t.R4), n, HALF)) << 8 | p(x.to_float8(low(t.R4), n, HALF))
            ),
            HALF_WORDS,
            threads=256,
        )
        for source, shift in (("R4", 0), ("R4.H1", 16)):
            plain(
                f"F2FP{relu}.F16.{name}.UNPACK_B R12, {source}",
                lambda t, n=name, r=relu, s=shift: sum(
                    (0 if r and half & 0x8000 else half) << 16 * part
                    for part in range(2)
                    for half in [x.from_float8(t.R4 >> s + 8 * part & 0xFF, n, HALF)]
                ),
                {},
                threads=640,
            )

# What is refused: what no compiled code has.

REFUSED = (
    "HADD2.BF16_V2.F32 R12, -RZ, R4.H0_H0",
    "HFMA2.BF16_V2.SAT R12, R4, R6, R8",
    "FMNMX.XORSIGN R12, R4, R6, PT",
    "HMNMX2.XORSIGN R12, R4, |R6|, PT",
    "F2FP.RELU.F16.F32.MERGE_C R12, R4, R6",
    "F2FP.E4M3.F32.PACK_AB_MERGE_C R12, R4, R6, RZ",
    "MUFU.SIN.F16 R12, R4",
)


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str) -> None:
    from softbeam.errors import UnsupportedInstruction

    with pytest.raises(UnsupportedInstruction):
        check(Case(line, lambda t: {}))


#: PTX ISA: tanh.approx of f16 2^-10.987 and of bf16 2^-8 absolute; ex2.approx 2^-9.9 and 2^-7
#: relative.
ERRORS = {"TANH.F16": 2**-10.987, "TANH.BF16": 2**-8, "EX2.F16": 2**-9.9, "EX2.BF16": 2**-7}


@pytest.mark.parametrize("function", ERRORS)
@pytest.mark.parametrize("source", ["R4", "R4.H1", "-|R4|"])
def test_special_function(function: str, source: str) -> None:
    name, kind = function.split(".")
    form, words = (HALF, HALF_WORDS) if kind == "F16" else (BFLOAT, WORDS)
    one = Case(f"MUFU.{function} R12, {source}", lambda t: {}, words, threads=512)
    inputs = operands(one)
    found = execute(one.line, inputs)["R12"].tolist()
    for word, result in zip(inputs["R4"].tolist(), found, strict=True):
        half = high(word) if "H1" in source else low(word)
        half = half | form.sign if "-" in source else half
        if x.is_nan(half, form):
            assert result == form.nan
            continue
        value = math.inf if x.is_infinite(half, form) else float(abs(x.value(half, form)))
        value = -value if x.negative(half, form) else value
        wanted = math.tanh(value) if name == "TANH" else 2.0**value if value < 200 else math.inf
        assert not x.is_nan(result, form)
        number = math.inf if x.is_infinite(result, form) else float(x.value(result, form))
        if math.isinf(number) or wanted > float(x.value(form.infinity - 1, form)):
            assert wanted >= float(x.value(form.infinity - 1, form)) * (1 - ERRORS[function])
            continue
        least_step = float(x.value(1, form))
        scale = wanted if name == "EX2" else 1.0
        assert abs(number - wanted) <= max(ERRORS[function] * scale, least_step)

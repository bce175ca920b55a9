"""Integer, logic, shift, select and compare instructions against Python's integers."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from support.bench import execute
from support.cases import M32, M64, Case, check, check_uniform, pair, signed, split
from support.launching import HEAD, launch, store

CASES: list[Case] = []


def case(line: str, **facts: object):  # type: ignore[no-untyped-def]
    """Register a model under the instruction that it is for."""

    def register(model):  # type: ignore[no-untyped-def]
        CASES.append(Case(line, model, **facts))
        return model

    return register


def r12(function):  # type: ignore[no-untyped-def]
    """Make a model that writes R12 only."""
    return lambda t: {"R12": function(t) & M32}


def plain(line: str, function, **facts: object) -> None:  # type: ignore[no-untyped-def]
    """Register a model of an instruction that writes R12 only."""
    CASES.append(Case(line, r12(function), **facts))


# Moves, selection, bytes.

plain("MOV R12, R4", lambda t: t.R4)
plain("MOV R12, -0x46b2bead", lambda t: -0x46B2BEAD)
plain("MOV R12, RZ", lambda t: 0)
plain("SEL R12, R4, R6, P0", lambda t: t.R4 if t.P0 else t.R6)
plain("SEL R12, R4, 0x55, !P0", lambda t: t.R4 if not t.P0 else 0x55)
plain("SEL R12, RZ, 0x1, P1", lambda t: 0 if t.P1 else 1)
plain("@P0 MOV R12, R4", lambda t: t.R4 if t.P0 else t.R12)
plain("@!P1 IADD3 R12, R4, R6, R8", lambda t: t.R12 if t.P1 else t.R4 + t.R6 + t.R8)
plain("@!PT MOV R12, R4", lambda t: t.R12)
CASES.append(Case("CS2R R12, SRZ", lambda t: {"R12": 0, "R13": 0}))
CASES.append(Case("CS2R.32 R12, SRZ", lambda t: {"R12": 0}))


def permuted(low: int, selector: int, high: int) -> int:
    data = low.to_bytes(4, "little") + high.to_bytes(4, "little")
    result = 0
    for position in range(4):
        nibble = selector >> 4 * position & 15
        byte = data[nibble & 7]
        if nibble & 8:
            byte = 0xFF if byte >= 0x80 else 0
        result |= byte << 8 * position
    return result


plain("PRMT R12, R4, R6, R8", lambda t: permuted(t.R4, t.R6, t.R8))
plain("PRMT R12, R4, 0x5410, R8", lambda t: permuted(t.R4, 0x5410, t.R8))
plain("PRMT R12, R4, 0x9bdf, RZ", lambda t: permuted(t.R4, 0x9BDF, 0))

# Additions.

plain("IADD3 R12, R4, R6, R8", lambda t: t.R4 + t.R6 + t.R8)
plain("IADD3 R12, -R4, R6, RZ", lambda t: t.R6 - t.R4)
plain("IADD3 R12, R4, -R6, -R8", lambda t: t.R4 - t.R6 - t.R8)
plain("IADD3 R12, R4, 0x7fffffff, R8", lambda t: t.R4 + 0x7FFFFFFF + t.R8)
plain("IADD3 R4, R4, R4, R4; MOV R12, R4", lambda t: 3 * t.R4)
plain("VIADD R12, R4, R6", lambda t: t.R4 + t.R6)
plain("VIADD R12, R4, -R6", lambda t: t.R4 - t.R6)
plain("VIADD R12, R4, 0xffffffe0", lambda t: t.R4 - 32)
plain("IABS R12, R4", lambda t: abs(signed(t.R4)))


@case("IADD3 R12, P4, R4, R6, RZ")
def _(t: SimpleNamespace) -> dict[str, int]:
    total = t.R4 + t.R6
    return {"R12": total & M32, "P4": total >> 32}


@case("IADD3 R12, P4, P5, R4, R6, R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    total = t.R4 + t.R6 + t.R8
    return {"R12": total & M32, "P4": int(total >> 32 >= 1), "P5": int(total >> 32 >= 2)}


@case("IADD3 R12, P4, R4, -R6, RZ")
def _(t: SimpleNamespace) -> dict[str, int]:
    # The carry of a difference says that nothing was borrowed.
    return {"R12": (t.R4 - t.R6) & M32, "P4": int(t.R4 >= t.R6)}


@case("IADD3 R12, P4, -RZ, R4, RZ")
def _(t: SimpleNamespace) -> dict[str, int]:
    # Zero can always be subtracted.
    return {"R12": t.R4, "P4": 1}


@case("IADD3.X R12, R4, R6, RZ, P0, !PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    return {"R12": (t.R4 + t.R6 + t.P0) & M32}


@case("IADD3.X R12, P4, R4, ~R6, RZ, P0, !PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    total = t.R4 + (t.R6 ^ M32) + t.P0
    return {"R12": total & M32, "P4": total >> 32}


@case("IADD3.X R12, R4, R6, R8, P0, P1")
def _(t: SimpleNamespace) -> dict[str, int]:
    return {"R12": (t.R4 + t.R6 + t.R8 + t.P0 + t.P1) & M32}


@case("IADD3 R12, P3, R4, R6, RZ; IADD3.X R13, R5, R7, RZ, P3, !PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((pair(t.R4, t.R5) + pair(t.R6, t.R7)) & M64)


@case("IADD3 R12, P3, R4, -R6, RZ; IADD3.X R13, R5, ~R7, RZ, P3, !PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((pair(t.R4, t.R5) - pair(t.R6, t.R7)) & M64)


# Products.

plain("IMAD R12, R4, R6, R8", lambda t: t.R4 * t.R6 + t.R8)
plain("IMAD R12, R4, R6, -R8", lambda t: t.R4 * t.R6 - t.R8)
plain("IMAD R12, R4, -0x7, R8", lambda t: t.R4 * -7 + t.R8)
plain("IMAD.U32 R12, R4, R6, R8", lambda t: t.R4 * t.R6 + t.R8)
plain("IMAD.MOV.U32 R12, RZ, RZ, R4", lambda t: t.R4)
plain("IMAD.MOV R12, RZ, RZ, -R4", lambda t: -t.R4)
plain("IMAD.IADD R12, R4, 0x1, R6", lambda t: t.R4 + t.R6)
plain("IMAD.IADD R12, R4, 0x1, -R6", lambda t: t.R4 - t.R6)
plain("IMAD.SHL.U32 R12, R4, 0x100, RZ", lambda t: t.R4 << 8)
plain("IMAD.X R12, R4, 0x1, R6, P0", lambda t: t.R4 + t.R6 + t.P0)
plain("IMAD.HI.U32 R12, R4, R6, R8", lambda t: (t.R4 * t.R6 + pair(t.R8, t.R9)) >> 32)
plain("IMAD.HI.U32 R12, R4, 0x51eb851f, RZ", lambda t: t.R4 * 0x51EB851F >> 32)
plain(
    "IMAD.HI R12, R4, R6, R8",
    lambda t: (signed(t.R4) * signed(t.R6) + pair(t.R8, t.R9)) >> 32,
)
plain("IMAD.HI R12, R4, 0x66666667, RZ", lambda t: signed(t.R4) * 0x66666667 >> 32)
plain("IMAD.HI R12, R4, -0x7fffffff, RZ", lambda t: signed(t.R4) * -0x7FFFFFFF >> 32)


@case("IMAD.WIDE R12, R4, R6, R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((signed(t.R4) * signed(t.R6) + pair(t.R8, t.R9)) & M64)


@case("IMAD.WIDE R12, R4, -0x8, R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((signed(t.R4) * -8 + pair(t.R8, t.R9)) & M64)


@case("IMAD.WIDE R12, R4, R6, RZ")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split(signed(t.R4) * signed(t.R6) & M64)


@case("IMAD.WIDE.U32 R12, R4, R6, R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((t.R4 * t.R6 + pair(t.R8, t.R9)) & M64)


@case("IMAD.WIDE.U32 R12, P4, R4, R6, R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    total = t.R4 * t.R6 + pair(t.R8, t.R9)
    return {**split(total & M64), "P4": total >> 64}


@case("IMAD.WIDE.U32.X R12, R4, R6, R8, P0")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((t.R4 * t.R6 + pair(t.R8, t.R9) + t.P0) & M64)


# Minus a pair: how the compiler writes a * b - c in 64 bits.


@case("IMAD.WIDE R12, R4, R6, -R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((signed(t.R4) * signed(t.R6) - pair(t.R8, t.R9)) & M64)


@case("IMAD.WIDE.U32 R12, R4, 0x5, -R8")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split((t.R4 * 5 - pair(t.R8, t.R9)) & M64)


# Addresses.

for shift in (0, 1, 2, 8, 31):
    plain(f"LEA R12, R4, R6, {shift:#x}", lambda t, s=shift: (t.R4 << s) + t.R6)
    plain(
        f"LEA.HI R12, R4, R6, R8, {shift:#x}",
        lambda t, s=shift: (pair(t.R4, t.R8) << s >> 32) + t.R6,
    )
    plain(
        f"LEA.HI.X.SX32 R12, R4, R6, {shift:#x}, P0",
        lambda t, s=shift: (signed(t.R4) << s >> 32) + t.R6 + t.P0,
    )
plain("LEA R12, R4, -R6, 0x3", lambda t: (t.R4 << 3) - t.R6)
plain("LEA.HI.X R12, R4, R6, R8, 0x2, P0", lambda t: (pair(t.R4, t.R8) << 2 >> 32) + t.R6 + t.P0)
plain("LEA.HI.SX32 R12, R4, R6, 0x1e", lambda t: (signed(t.R4) << 30 >> 32) + t.R6)


@case("LEA R12, P4, R4, R6, 0x2")
def _(t: SimpleNamespace) -> dict[str, int]:
    total = (t.R4 << 2 & M32) + t.R6
    return {"R12": total & M32, "P4": total >> 32}


plain("LEA R12, -R4, R6, 0x3", lambda t: t.R6 - (t.R4 << 3))
plain("LEA R12, -R4, RZ, 0x1", lambda t: -(t.R4 << 1))


@case("LEA R12, P4, -R4, R6, 0x5; IADD3.X R13, RZ, RZ, RZ, P4, !PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    shifted = t.R4 << 5 & M32
    no_borrow = int(shifted <= t.R6)
    return {"R12": (t.R6 - shifted) & M32, "R13": no_borrow, "P4": no_borrow}


@case("LEA R12, P3, R4, R8, 0x3; LEA.HI.X R13, R4, R9, R5, 0x3, P3")
def _(t: SimpleNamespace) -> dict[str, int]:
    return split(((pair(t.R4, t.R5) << 3) + pair(t.R8, t.R9)) & M64)


# Logic.


def looked_up(table: int, a: int, b: int, c: int, width: int = 32) -> int:
    result = 0
    for bit in range(width):
        entry = (a >> bit & 1) << 2 | (b >> bit & 1) << 1 | (c >> bit & 1)
        result |= (table >> entry & 1) << bit
    return result


for table in (0x00, 0x01, 0x33, 0x3C, 0x80, 0x96, 0xAC, 0xC0, 0xCA, 0xD8, 0xE8, 0xF8, 0xFC, 0xFF):
    plain(
        f"LOP3.LUT R12, R4, R6, R8, {table:#x}, !PT",
        lambda t, k=table: looked_up(k, t.R4, t.R6, t.R8),
        threads=96,
    )


@case("LOP3.LUT P4, R12, R4, R6, RZ, 0xc0, !PT", threads=128)
def _(t: SimpleNamespace) -> dict[str, int]:
    return {"R12": t.R4 & t.R6, "P4": int(t.R4 & t.R6 != 0)}


@case("LOP3.LUT P4, RZ, R4, 0x1, RZ, 0xc0, P0", threads=128)
def _(t: SimpleNamespace) -> dict[str, int]:
    return {"P4": int(t.R4 & 1 != 0 or t.P0)}


@case("LOP3.LUT.PAND P4, RZ, R4, 0x3, RZ, 0xc0, P0", threads=128)
def _(t: SimpleNamespace) -> dict[str, int]:
    return {"P4": int(t.R4 & 3 != 0 and t.P0)}


@pytest.mark.parametrize("tables", [(first, (first * 97 + 13) % 256) for first in range(0, 256, 5)])
def test_predicate_logic(tables: tuple[int, int]) -> None:
    """All eight inputs at once, one a lane; the second table gives the second result."""
    lanes = np.arange(8)
    inputs = {f"P{n}": (lanes >> (2 - n) & 1).astype(bool) for n in range(3)}
    left = execute(f"PLOP3.LUT P4, P5, P0, P1, P2, {tables[0]:#x}, {tables[1]:#x}", inputs)
    assert left["P4"].tolist() == [tables[0] >> lane & 1 for lane in range(8)]
    assert left["P5"].tolist() == [tables[1] >> lane & 1 for lane in range(8)]
    left = execute(f"PLOP3.LUT P4, PT, P0, !P1, PT, {tables[0]:#x}, 0x0", inputs)
    wanted = [tables[0] >> (lane & 4 | (~lane & 2) | 1) & 1 for lane in range(8)]
    assert left["P4"].tolist() == wanted


# Shifts: {high, low} by a count that is clamped, or taken modulo the width with .W.

COUNT = {"R6": "count"}


def funnel_left(low: int, count: int, high: int) -> int:
    return pair(low, high) << min(count, 32) >> 32 & M32


plain("SHF.L.U32 R12, R4, R6, RZ", lambda t: t.R4 << min(t.R6, 32), kinds=COUNT)
plain("SHF.L.U32.HI R12, R4, R6, R8", lambda t: funnel_left(t.R4, t.R6, t.R8), kinds=COUNT)
plain("SHF.L.W.U32.HI R12, R4, R6, R8", lambda t: funnel_left(t.R4, t.R6 & 31, t.R8), kinds=COUNT)
plain("SHF.L.W.U32 R12, R4, R6, RZ", lambda t: t.R4 << (t.R6 & 31), kinds=COUNT)
plain("SHF.R.U32.HI R12, RZ, R6, R8", lambda t: t.R8 >> min(t.R6, 32), kinds=COUNT)
plain("SHF.R.S32.HI R12, RZ, R6, R8", lambda t: signed(t.R8) >> min(t.R6, 32), kinds=COUNT)
plain("SHF.R.U32 R12, R4, R6, R8", lambda t: pair(t.R4, t.R8) >> min(t.R6, 32), kinds=COUNT)
plain("SHF.R.W.U32 R12, R4, R6, R8", lambda t: pair(t.R4, t.R8) >> (t.R6 & 31), kinds=COUNT)
plain("SHF.L.U64.HI R12, R4, R6, R8", lambda t: pair(t.R4, t.R8) << min(t.R6, 64) >> 32,
      kinds=COUNT)  # fmt: skip
plain("SHF.R.U64 R12, R4, R6, R8", lambda t: pair(t.R4, t.R8) >> min(t.R6, 64), kinds=COUNT)
plain("SHF.R.S64 R12, R4, R6, R8", lambda t: signed(pair(t.R4, t.R8), 64) >> min(t.R6, 64),
      kinds=COUNT)  # fmt: skip
plain("SHF.R.U32.HI R12, RZ, 0x1f, R8", lambda t: t.R8 >> 31)
plain("SHF.L.U32 R12, R4, 0x20, RZ", lambda t: 0)

# Bits.

plain("POPC R12, R4", lambda t: t.R4.bit_count())
plain("FLO.U32 R12, R4", lambda t: t.R4.bit_length() - 1)
plain("FLO.U32.SH R12, R4", lambda t: 32 - t.R4.bit_length() if t.R4 else -1)
plain("FLO R12, R4", lambda t: (t.R4 ^ M32 if signed(t.R4) < 0 else t.R4).bit_length() - 1)

# Bit fields, sums of bytes, and what newer GPUs do to halves of words.

plain("BREV R12, R4", lambda t: int(f"{t.R4:032b}"[::-1], 2))
plain(
    "BMSK R12, R4, R6",
    lambda t: ((1 << min(t.R6, 32)) - 1) << min(t.R4, 32),
    kinds={"R4": "count", "R6": "count"},
)
plain(
    "BMSK.W R12, R4, R6",
    lambda t: ((1 << (t.R6 & 31)) - 1) << (t.R4 & 31),
    kinds={"R4": "count", "R6": "count"},
)


def extended(word: int, width: int, *, is_signed: bool) -> int:
    """Return the lowest bits of a word, extended; PTX ISA, szext."""
    if width >= 32:
        return word
    low = word & ((1 << width) - 1)
    return signed(low, width) if is_signed and width else low


plain("SGXT R12, R4, R6", lambda t: extended(t.R4, t.R6, is_signed=True), kinds=COUNT)
plain("SGXT.U32 R12, R4, R6", lambda t: extended(t.R4, t.R6, is_signed=False), kinds=COUNT)
plain("SGXT.W R12, R4, R6", lambda t: extended(t.R4, t.R6 & 31, is_signed=True), kinds=COUNT)
plain("SGXT R12, R4, 0x10", lambda t: extended(t.R4, 16, is_signed=True))
plain("VABSDIFF R12, R4, R6, R8", lambda t: abs(signed(t.R4) - signed(t.R6)) + t.R8)
plain("VABSDIFF.U32 R12, R4, R6, R8", lambda t: abs(t.R4 - t.R6) + t.R8)


def parts(word: int, width: int, *, is_signed: bool = False) -> list[int]:
    found = [word >> place & ((1 << width) - 1) for place in range(0, 32, width)]
    return [signed(part, width) for part in found] if is_signed else found


def joined(values: list[int], width: int) -> int:
    return sum((value & ((1 << width) - 1)) << (width * n) for n, value in enumerate(values))


def by_part(function, t: SimpleNamespace, width: int, *, is_signed: bool = False) -> int:  # type: ignore[no-untyped-def]
    pairs = zip(
        parts(t.R4, width, is_signed=is_signed),
        parts(t.R6, width, is_signed=is_signed),
        strict=True,
    )
    return joined([function(a, b) for a, b in pairs], width)


plain("VABSDIFF4.U8 R12, R4, R6, RZ", lambda t: by_part(lambda a, b: abs(a - b), t, 8))
plain(
    "VABSDIFF4.U8.ACC R12, R4, R6, R8",
    lambda t: t.R8 + sum(abs(a - b) for a, b in zip(parts(t.R4, 8), parts(t.R6, 8), strict=True)),
)
plain("VIADD.16x2 R12, R4, R6", lambda t: by_part(lambda a, b: a + b, t, 16))
plain("VIADD.16x2 R12, R4, -R6", lambda t: by_part(lambda a, b: a - b, t, 16))
plain("VIADD.U8x4 R12, R4, R6", lambda t: by_part(lambda a, b: a + b, t, 8))
plain("VIADD.U8x4 R12, R4, -R6", lambda t: by_part(lambda a, b: a - b, t, 8))
plain("VIMNMX.U8x4 R12, R4, R6, PT", lambda t: by_part(min, t, 8))
plain("VIMNMX.U8x4 R12, R4, R6, !PT", lambda t: by_part(max, t, 8))
plain("VIMNMX.S16x2 R12, R4, R6, !PT", lambda t: by_part(max, t, 16, is_signed=True))
plain("VIMNMX.U16x2 R12, R4, R6, PT", lambda t: by_part(min, t, 16))


def dpx(t: SimpleNamespace, kind: str, function) -> int:  # type: ignore[no-untyped-def]
    """Join what a function makes of the parts of R4, R6 and R8."""
    width, is_signed = (16 if "16" in kind else 32), kind[0] == "S"
    fields = [parts(word, width, is_signed=is_signed) for word in (t.R4, t.R6, t.R8)]
    return joined([function(*three) for three in zip(*fields, strict=True)], width)


def wrapped(value: int, kind: str) -> int:
    width = 16 if "16" in kind else 32
    value &= (1 << width) - 1
    return value - (value >> (width - 1) << width) if kind[0] == "S" else value


for kind, relu in itertools.product(("S16x2", "U16x2", "S32", "U32"), (False, True)):
    if relu and kind[0] == "U":
        continue
    name = ("" if kind == "S32" else f".{kind}") + ".RELU" * relu
    for predicate, pick in (("PT", min), ("!PT", max)):
        plain(
            f"VIMNMX{name} R12, R4, R6, {predicate}",
            lambda t, k=kind, p=pick, z=relu: dpx(
                t, k, lambda a, b, c: max(p(a, b), 0) if z else p(a, b)
            ),
        )
        plain(
            f"VIMNMX3{name} R12, R4, R6, R8, {predicate}",
            lambda t, k=kind, p=pick, z=relu: dpx(
                t, k, lambda a, b, c: max(p(a, b, c), 0) if z else p(a, b, c)
            ),
        )
        plain(
            f"VIADDMNMX{name} R12, R4, R6, R8, {predicate}",
            lambda t, k=kind, p=pick, z=relu: dpx(
                t,
                k,
                lambda a, b, c: max(p(wrapped(a + b, k), c), 0) if z else p(wrapped(a + b, k), c),
            ),
        )


@case("VIMNMX.S16x2 R12, P4, P5, R4, R6, PT")
def _(t: SimpleNamespace) -> dict[str, int]:
    a, b = (parts(word, 16, is_signed=True) for word in (t.R4, t.R6))
    smaller = [min(pair) for pair in zip(a, b, strict=True)]
    return {"R12": joined(smaller, 16), "P4": int(a[0] <= b[0]), "P5": int(a[1] <= b[1])}


def dot(t: SimpleNamespace, width: int, *, is_signed: bool, first: int = 0) -> int:
    a = parts(t.R4, width, is_signed=is_signed)
    b = parts(t.R6, 8, is_signed=is_signed)[first:]
    return sum(p * q for p, q in zip(a, b, strict=False)) + t.R8


plain("IDP.4A.S8.S8 R12, R4, R6, R8", lambda t: dot(t, 8, is_signed=True))
plain("IDP.4A.U8.U8 R12, R4, R6, R8", lambda t: dot(t, 8, is_signed=False))
plain("IDP.2A.LO.S16.S8 R12, R4, R6, R8", lambda t: dot(t, 16, is_signed=True))
plain("IDP.2A.HI.U16.U8 R12, R4, R6, R8", lambda t: dot(t, 16, is_signed=False, first=2))

# Minima and maxima.

for name in ("IMNMX", "VIMNMX"):
    plain(f"{name} R12, R4, R6, PT", lambda t: min(signed(t.R4), signed(t.R6)))
    plain(f"{name} R12, R4, R6, !PT", lambda t: max(signed(t.R4), signed(t.R6)))
    plain(f"{name}.U32 R12, R4, R6, PT", lambda t: min(t.R4, t.R6))
    plain(f"{name}.U32 R12, R4, R6, P0", lambda t: min(t.R4, t.R6) if t.P0 else max(t.R4, t.R6))
plain("VIADDMNMX R12, R4, R6, R8, PT",
      lambda t: min(signed((t.R4 + t.R6) & M32), signed(t.R8)))  # fmt: skip
plain("VIADDMNMX.U32 R12, R4, R6, R8, !PT", lambda t: max((t.R4 + t.R6) & M32, t.R8))

# Comparisons.

COMPARE = {
    "F": lambda x, y: False,
    "LT": lambda x, y: x < y,
    "EQ": lambda x, y: x == y,
    "LE": lambda x, y: x <= y,
    "GT": lambda x, y: x > y,
    "NE": lambda x, y: x != y,
    "GE": lambda x, y: x >= y,
    "T": lambda x, y: True,
}
COMBINE = {
    "AND": lambda p, q: p and q,
    "OR": lambda p, q: p or q,
    "XOR": lambda p, q: p != q,
}


def compared(name: str, combine: str, unsigned: bool, other: bool):  # type: ignore[no-untyped-def]
    def model(t: SimpleNamespace) -> dict[str, int]:
        x, y = (t.R4, t.R6) if unsigned else (signed(t.R4), signed(t.R6))
        holds = COMPARE[name](x, y)
        wanted = {"P4": int(COMBINE[combine](holds, bool(t.P0)))}
        if other:
            wanted["P5"] = int(COMBINE[combine](not holds, bool(t.P0)))
        return wanted

    return model


for number, name in enumerate(COMPARE):
    for unsigned in (False, True):
        combine = tuple(COMBINE)[(number + unsigned) % 3]
        suffix = ".U32" if unsigned else ""
        CASES.append(
            Case(f"ISETP.{name}{suffix}.{combine} P4, PT, R4, R6, P0",
                 compared(name, combine, unsigned, other=False), threads=256)
        )  # fmt: skip
        CASES.append(
            Case(f"ISETP.{name}{suffix}.AND P4, P5, R4, R6, P0",
                 compared(name, "AND", unsigned, other=True), threads=256)
        )  # fmt: skip


CASES += [
    Case(
        "PSETP.AND.OR P4, P5, P0, !P1, P2",
        lambda t: {
            "P4": int((t.P0 and not t.P1) or t.P2),
            "P5": int((not (t.P0 and not t.P1)) or t.P2),
        },
        threads=64,
    ),
    Case(
        "PSETP.XOR.AND P4, PT, P0, P1, P2",
        lambda t: {"P4": int((t.P0 != t.P1) and t.P2)},
        threads=64,
    ),
]


def wide_compare(name: str, unsigned: bool):  # type: ignore[no-untyped-def]
    def model(t: SimpleNamespace) -> dict[str, int]:
        x, y = pair(t.R4, t.R5), pair(t.R6, t.R7)
        if not unsigned:
            x, y = signed(x, 64), signed(y, 64)
        return {"P4": int(COMPARE[name](x, y))}

    return model


# What the compiler makes of a 64-bit comparison: low words unsigned, then high words with .EX.
for name in ("LT", "EQ", "LE", "GT", "NE", "GE"):
    for unsigned in (False, True):
        suffix = ".U32" if unsigned else ""
        CASES.append(
            Case(
                f"ISETP.{name}.U32.AND P3, PT, R4, R6, PT; "
                f"ISETP.{name}{suffix}.AND.EX P4, PT, R5, R7, PT, P3",
                wide_compare(name, unsigned),
                threads=320,
            )
        )


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)


# The uniform datapath: the same instructions on registers that the warp shares.

UNIFORM = [
    Case("UMOV UR8, UR4", lambda u: {"UR8": u.UR4}),
    Case("UMOV UR8, 0x1234", lambda u: {"UR8": 0x1234}),
    Case("USEL UR8, UR4, UR5, UP0", lambda u: {"UR8": u.UR4 if u.UP0 else u.UR5}),
    Case("UIADD3 UR8, UR4, -UR5, UR6", lambda u: {"UR8": (u.UR4 - u.UR5 + u.UR6) & M32}),
    Case(
        "UIADD3 UR8, UP2, UR4, UR5, URZ",
        lambda u: {"UR8": (u.UR4 + u.UR5) & M32, "UP2": (u.UR4 + u.UR5) >> 32},
    ),
    Case(
        "UIADD3.X UR8, UR4, UR5, URZ, UP0, !UPT", lambda u: {"UR8": (u.UR4 + u.UR5 + u.UP0) & M32}
    ),
    Case("UIMAD UR8, UR4, UR5, UR6", lambda u: {"UR8": (u.UR4 * u.UR5 + u.UR6) & M32}),
    Case(
        "UIMAD.WIDE UR8, UR4, UR5, UR6",
        lambda u: {
            "UR8": signed(u.UR4) * signed(u.UR5) + u.UR6 & M32,
            "UR9": (signed(u.UR4) * signed(u.UR5) + pair(u.UR6, u.UR7)) >> 32 & M32,
        },
    ),
    Case(
        "UIMAD.WIDE.U32 UR8, UR4, UR5, UR6",
        lambda u: {
            "UR8": (u.UR4 * u.UR5 + u.UR6) & M32,
            "UR9": (u.UR4 * u.UR5 + pair(u.UR6, u.UR7)) >> 32 & M32,
        },
    ),
    Case("ULEA UR8, UR4, UR5, 0x4", lambda u: {"UR8": ((u.UR4 << 4) + u.UR5) & M32}),
    Case(
        "ULEA.HI UR8, UR4, UR5, UR6, 0x4",
        lambda u: {"UR8": ((pair(u.UR4, u.UR6) << 4 >> 32) + u.UR5) & M32},
    ),
    Case("ULOP3.LUT UR8, UR4, UR5, UR6, 0x96, !UPT", lambda u: {"UR8": u.UR4 ^ u.UR5 ^ u.UR6}),
    Case(
        "ULOP3.LUT UP2, UR8, UR4, UR5, URZ, 0xc0, !UPT",
        lambda u: {"UR8": u.UR4 & u.UR5, "UP2": int(u.UR4 & u.UR5 != 0)},
    ),
    Case("USHF.R.S32.HI UR8, URZ, 0x1f, UR5", lambda u: {"UR8": signed(u.UR5) >> 31 & M32}),
    Case(
        "USHF.L.U32 UR8, UR4, UR5, URZ",
        lambda u: {"UR8": u.UR4 << min(u.UR5, 32) & M32},
        kinds={"UR5": "count"},
    ),
    Case(
        "USHF.L.U64.HI UR8, UR4, 0x2, UR5", lambda u: {"UR8": pair(u.UR4, u.UR5) << 2 >> 32 & M32}
    ),
    Case(
        "UP2UR UR8, UPR, UR4, 0x3",
        lambda u: {"UR8": u.UR4 & ~3 & M32 | u.UP0 | u.UP1 << 1},
    ),
    Case("UPOPC UR8, UR4", lambda u: {"UR8": u.UR4.bit_count()}),
    Case("UFLO.U32 UR8, UR4", lambda u: {"UR8": (u.UR4.bit_length() - 1) & M32}),
    Case("UPRMT UR8, UR4, 0x3654, UR5", lambda u: {"UR8": permuted(u.UR4, 0x3654, u.UR5)}),
    Case(
        "UISETP.LT.AND UP2, UP3, UR4, UR5, UP0",
        lambda u: {
            "UP2": int(signed(u.UR4) < signed(u.UR5) and u.UP0),
            "UP3": int(signed(u.UR4) >= signed(u.UR5) and u.UP0),
        },
    ),
    Case(
        "UISETP.NE.U32.OR UP2, UPT, UR4, UR5, !UP1",
        lambda u: {"UP2": int(u.UR4 != u.UR5 or not u.UP1)},
    ),
    Case("UIABS UR8, UR4", lambda u: {"UR8": abs(signed(u.UR4))}),
    Case("UIMNMX UR8, UR4, UR5, UPT", lambda u: {"UR8": min(signed(u.UR4), signed(u.UR5)) & M32}),
    Case("UIMNMX.U32 UR8, UR4, UR5, !UPT", lambda u: {"UR8": max(u.UR4, u.UR5)}),
    Case("UBREV UR8, UR4", lambda u: {"UR8": int(f"{u.UR4:032b}"[::-1], 2)}),
    Case("USGXT UR8, UR4, 0x8", lambda u: {"UR8": extended(u.UR4, 8, is_signed=True) & M32}),
    Case(
        "UBMSK UR8, URZ, UR5", lambda u: {"UR8": (1 << min(u.UR5, 32)) - 1}, kinds={"UR5": "count"}
    ),
    Case("UPSETP.AND.AND UP2, UPT, UP0, !UP1, UPT", lambda u: {"UP2": int(u.UP0 and not u.UP1)}),
    Case(
        "UPLOP3.LUT UP2, UP3, UP0, UP1, UPT, 0x80, 0x33",
        lambda u: {"UP2": u.UP0 & u.UP1, "UP3": 1 - u.UP1},
    ),
]


@pytest.mark.parametrize("one", UNIFORM, ids=str)
def test_uniform_instruction(one: Case) -> None:
    check_uniform(one)


def test_uniform_operands_reach_every_lane() -> None:
    """A general instruction reads a uniform register or a constant in each of its lanes."""
    values = np.arange(64, dtype=np.uint32)
    uniforms = {"UR4": 0xFFFFFFF0, "UP0": 1}
    left = execute("IADD3 R12, R4, UR4, RZ", {"R4": values}, uniforms=uniforms)
    assert left["R12"].tolist() == [(int(v) + 0xFFFFFFF0) & M32 for v in values]
    left = execute("IADD3 R12, R4, c[0x0][0x220], RZ", {"R4": values}, uniforms=uniforms)
    assert left["R12"].tolist() == [(int(v) + 0xFFFFFFF0) & M32 for v in values]
    left = execute("SEL R12, R4, RZ, UP0", {"R4": values}, uniforms=uniforms)
    assert left["R12"].tolist() == values.tolist()
    left = execute("@!UP0 MOV R12, R4", {"R4": values}, uniforms=uniforms)
    assert not left["R12"].any()


@pytest.mark.parametrize("engine", ["interpreter", "translator"])
def test_every_uniform_register_of_blackwell(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTBEAM_ENGINE", engine)
    code = (
        *(line.replace("c[0x0][0x0]", "c[0x0][0x360]") for line in HEAD),
        "UMOV UR254, 0x12345678",
        "UIMAD.WIDE.U32 UR62, UR254, 0x1000, URZ",  # UR63 is a register like others
        "UIADD3 UR64, UR62, UR63, URZ",
        "UMOV URZ, 0x7",
        "IADD3 R4, RZ, UR64, RZ",
        *store(),
    )
    result = launch(code, 32, architecture="sm_100")
    assert set(result.words.tolist()) == {0x45678000 + 0x123}

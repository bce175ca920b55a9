"""Fields, bytes and bounds of words, and branches that ask who is here, against plain Python."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from support import exact as x
from support.cases import M32, Case, check, signed
from support.exact import DOUBLE
from support.launching import HEAD, launch, store

from softbeam.errors import UnsupportedInstruction

CASES: list[Case] = []


def plain(line: str, function, **facts: object) -> None:  # type: ignore[no-untyped-def]
    """Register a model of an instruction that writes R12 only."""
    CASES.append(Case(line, lambda t: {"R12": function(t) & M32}, **facts))  # type: ignore[arg-type]


# Saturating conversions between integers.


def clamped(bits: int, is_signed: bool):  # type: ignore[no-untyped-def]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    return lambda t: min(max(signed(t.R4), low), high)


for bits in (8, 16):
    for letter in "SU":
        plain(f"I2I.{letter}{bits}.S32.SAT R12, R4", clamped(bits, letter == "S"))
plain("I2I.U8.U32.SAT R12, R4", lambda t: min(t.R4, 255))
plain("I2I.S16.U32.SAT R12, R4", lambda t: min(t.R4, 0x7FFF))

# PRMT's modes, from PTX's definitions.


def bytes_of(t: SimpleNamespace, places: list[int]) -> int:
    """Return the word of these bytes of {R8, R4}, lowest first."""
    pair = (t.R8 << 32 | t.R4).to_bytes(8, "little")
    return int.from_bytes(bytes(pair[place % 8] for place in places), "little")


MODES = {
    "F4E": lambda n: [n, n + 1, n + 2, n + 3],
    "B4E": lambda n: [n, n - 1, n - 2, n - 3],
    "RC8": lambda n: [n] * 4,
    "ECL": lambda n: [max(place, n) for place in range(4)],
    "ECR": lambda n: [min(place, n) for place in range(4)],
    "RC16": lambda n: [2 * (n % 2), 2 * (n % 2) + 1] * 2,
}
for mode, places in MODES.items():
    plain(f"PRMT.{mode} R12, R4, R6, R8", lambda t, p=places: bytes_of(t, p(t.R6 % 4)))

plain("VIMNMX3 R12, R4, R6, R8, PT", lambda t: min(signed(t.R4), signed(t.R6), signed(t.R8)))
plain("VIMNMX3 R12, R4, R6, 0x3, !PT", lambda t: max(signed(t.R4), signed(t.R6), 3))
plain(
    "VIMNMX3.U32 R12, R4, R6, R8, P0",
    lambda t: min(t.R4, t.R6, t.R8) if t.P0 else max(t.R4, t.R6, t.R8),
)
plain(
    "SGXT.U32 R12, R4, R6",
    lambda t: t.R4 & ((1 << min(t.R6, 32)) - 1),
    kinds={"R6": "count"},
)


@pytest.mark.parametrize("one", CASES, ids=str)
def test_instruction(one: Case) -> None:
    check(one)


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("BRA.CONV (there)", True),
        ("BRA.CONV ~URZ, (there)", True),
        ("BRA.CONV URZ, (there)", False),
        ("BRA.DIV ~URZ, (there)", False),
        ("BRA.DIV URZ, (there)", True),
    ],
)
def test_a_branch_that_asks_who_is_here(line: str, taken: bool) -> None:
    code = (*HEAD, "MOV R4, 0x1", line, "MOV R4, 0x2", "there:", "ENDCOLLECTIVE", *store())
    assert set(launch(code, 32).words.tolist()) == {1 if taken else 2}


def test_a_branch_that_asks_who_is_here_where_half_the_warp_is() -> None:
    code = (
        *HEAD,
        "MOV R4, 0x1",
        "ISETP.LT.AND P0, PT, R0, 0x10, PT",
        "@P0 BRA.CONV (there)",
        "MOV R4, 0x2",
        "there:",
        *store(),
    )
    assert launch(code, 32).words.tolist() == [2] * 32


HUGE, TINY = 0x7FE1CCF385EBC8A0, 0x0000000000000001
ROUNDED = [("RP", HUGE, TINY), ("RM", HUGE, TINY | DOUBLE.sign), ("RZ", HUGE, TINY | DOUBLE.sign)]


@pytest.mark.parametrize(("mode", "a", "b"), ROUNDED)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_huge_float64_and_the_smallest(mode: str, a: int, b: int, swapped: bool) -> None:
    first, second = (b, a) if swapped else (a, b)
    code = (
        *HEAD,
        *(
            f"MOV R{4 + n}, {word:#x}"
            for n, word in enumerate(np.array([first, second], "<u8").view("<u4"))
        ),
        f"DADD.{mode} R8, R4, R6",
        "STG.E [R2.64], R8",
        "STG.E [R2.64+0x100], R9",
        "EXIT",
    )
    words = launch(code, 128).words
    assert int(words[64]) << 32 | int(words[0]) == x.add(first, second, mode, DOUBLE)


def test_a_break_asks_its_predicate() -> None:
    # Even lanes leave the barrier, odd ones wait for each other only; all store.
    code = (
        *HEAD,
        "LOP3.LUT P0, RZ, R0, 0x1, RZ, 0xc0, !PT",
        "BSSY B0, (together)",
        "BREAK B0, !P0",
        "@!P0 BRA (alone)",
        "BSYNC B0",
        "together:",
        "MOV R4, 0x7",
        *store(),
        "alone:",
        "MOV R4, 0x8",
        *store(),
    )
    assert launch(code, 32).words.tolist() == [8, 7] * 16


def test_an_address_in_the_own_code_is_its_pc() -> None:
    code = (
        *HEAD,
        "MOV R4, 0x5",
        "MOV R20, 32@lo((bench + 0x90))",
        "MOV R21, 32@hi((bench + 0x90))",
        "RET.REL.NODEC R20, 0x0",
        "MOV R4, 0x6",  # pc 0x80
        *store(),
    )
    assert set(launch(code, 32).words.tolist()) == {5}


def test_an_address_elsewhere_is_not_known() -> None:
    with pytest.raises(UnsupportedInstruction, match="32@lo"):
        launch((*HEAD, "MOV R20, 32@lo((other + 0x90))", "EXIT"))

"""Machine code that no compiler would write must end in an outcome or an error, never in a crash.

The jitted core does not check bounds, so whatever could lead it out of its arrays has to be caught
where machine code is lowered.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.launching import launch

from softbeam.emulator import Machine
from softbeam.errors import ListingError, UnsupportedInstruction
from softbeam.kernels import KERNELS, cubin_bytes, listing_bytes
from softbeam.sass import parse_line

_NUMBERS = re.compile(r"(?<![A-Za-z0-9_])(UR|R|UP|P|B|-?0x)([0-9a-f]+)")


@cache
def _lines(name: str) -> list[str]:
    machine = Machine(cubin_bytes(name), listing_bytes(name))
    return [str(i) for i in machine.kernels[KERNELS[name].symbol].instructions]


@given(st.data())
@settings(max_examples=80)
def test_mutated_kernels_end_somehow(data: st.DataObject) -> None:
    lines = list(_lines(data.draw(st.sampled_from(["fill", "copy", "maxpool", "softmax"]))))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(lines) - 1))
        found = list(_NUMBERS.finditer(lines[place]))
        if not found:
            continue
        one = data.draw(st.sampled_from(found))
        limits = {"UR": 62, "R": 254, "UP": 6, "P": 6, "B": 15}
        if one.group(1) in limits:
            new = f"{one.group(1)}{data.draw(st.integers(0, limits[one.group(1)]))}"
        else:
            edges = st.sampled_from([0, 4, 0x10, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 24, (1 << 48) - 4])
            new = f"{data.draw(edges | st.integers(0, 1 << 34)):#x}"
        lines[place] = lines[place][: one.start()] + new + lines[place][one.end() :]
    try:
        parse_line(lines[0])
        result = launch(lines, 1024, arguments=(40, 1, 2), budget=400, shared_bytes=64)
    except (ListingError, UnsupportedInstruction):
        return
    assert result.ending


@pytest.mark.parametrize(
    "line",
    [
        "LDG.E.128 R252, [R2.64]",
        "LDG.E.128 R253, [R2.64]",
        "LDG.E.64 R254, [R2.64]",
        "STG.E.128 [R2.64], R254",
        "LDC.64 R254, c[0x0][0x0]",
        "IMAD.WIDE R254, R4, R6, R8",
        "IMAD.WIDE R4, R4, R6, R254",
        "ULDC.64 UR62, c[0x0][0x0]",
        "UIMAD.WIDE UR62, UR4, UR5, UR62",
        "MOV R4, c[0x0][0x7ffffffc]",
        "MOV R4, c[0x3][0x0]",
        "LDC R4, c[0x0][0x7ffffffc]",
        "ULDC.64 UR4, c[0x0][0xfffc]",
        "BSSY R4, 0x0",
        "BSYNC R4",
        "BRA 0x7ffffff0",
        "BRA 0x8",
        "CALL.REL.NOINC 0x7ffffff0",
        "DADD R254, R4, R6",
        "DFMA R4, R254, R254, R254",
        "LDG.E R4, [R254.64]",
        "SHF.L.U32 R4, R4, R5",
        "IADD3 R4",
        "FADD R4, R5, R6, R7, R8",
        "MUFU.RCP",
        "LOP3.LUT R4, R4, R5, R6, 0x1ff, !PT",
        "PLOP3.LUT P0, P1, P2, P3, P4, 0xfff, 0xfff",
        "SHFL.IDX PT, R4, R5, 0xffff, 0xffffffff",
        "R2UR UR62, R254",
    ],
)
def test_odd_instructions(line: str) -> None:
    code = ("MOV R2, c[0x0][0x210]", "MOV R3, c[0x0][0x214]", line, "EXIT")
    try:
        ending = launch(code, np.zeros(64, dtype=np.uint32), shared_bytes=64).ending
    except UnsupportedInstruction as error:
        ending = str(error)
    assert ending

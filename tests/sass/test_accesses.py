"""Names of what instructions read and write."""

from __future__ import annotations

import pytest

from softbeam.sass import parse_line
from softbeam.sass.accesses import accesses
from softbeam.sass.opcodes import find_opcode


@pytest.mark.parametrize(
    ("line", "reads", "writes"),
    [
        ("NOP", "", ""),
        ("@P0 EXIT", "P0", ""),
        ("@!PT EXIT", "", ""),
        ("@UP1 BRA 0x10", "UP1", ""),
        ("MOV R1, c[0x0][0x28]", "", "R1"),
        ("IMAD.WIDE R4, R2, 0x8, R8", "R2 R8-R9", "R4-R5"),
        ("FFMA R2, R3, R4, R5", "R3-R5", "R2"),
        ("IADD3.X R6, P1, R3, UR4, RZ, P2, !PT", "R3 UR4 P2", "R6 P1"),
        ("UIADD3 UR6, UP0, UR6, 0x4, URZ", "UR6", "UR6 UP0"),
        ("ULDC.64 UR36, c[0x0][0x208]", "", "UR36-UR37"),
        ("LDG.E.128 R4, desc[UR6][R2.64+0x10]", "R2-R3 UR6-UR7", "R4-R7"),
        ("LDG.E R4, [R2.64+UR8]", "R2-R3 UR8-UR9", "R4"),
        ("LDS.64 R8, [R3+UR4]", "R3 UR4", "R8-R9"),
        ("STS [UR4], R5", "R5 UR4", ""),
        ("@!P3 STG.E.64 [R2.64], R6", "R2-R3 R6-R7 P3", ""),
        ("ISETP.GT.AND P0, P1, R10, 0x3, !P2", "R10 P2", "P0 P1"),
        ("PLOP3.LUT P0, PT, P1, UP2, PT, 0x80, 0x0", "P1 UP2", "P0"),
    ],
)
def test_names(line: str, reads: str, writes: str) -> None:
    instruction = parse_line(line)
    opcode = find_opcode(instruction)
    assert opcode is not None
    found = accesses(instruction, opcode)
    assert (" ".join(found.reads), " ".join(found.writes)) == (reads, writes)

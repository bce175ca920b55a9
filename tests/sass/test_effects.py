"""Which general registers each instruction reads and writes: lines as nvdisasm wrote them."""

from __future__ import annotations

import pytest
from support.shipped import listing_of, on_all_shipped

from softbeam.kernels import KERNELS
from softbeam.sass import parse_line
from softbeam.sass.effects import read_registers, roles, written_registers
from softbeam.sass.opcodes import OPCODES, find_opcode

# line; registers read; registers written
LINES = [
    ("MOV R1, c[0x0][0x28]", (), (1,)),
    ("MOV R20, 0x190", (), (20,)),
    ("S2R R0, SR_CTAID.X", (), (0,)),
    ("S2UR UR4, SR_CTAID.X", (), ()),
    ("CS2R R2, SRZ", (), (2, 3)),
    ("CS2R.32 R5, SRZ", (), (5,)),
    ("IADD3 R6, P0, R6, UR4, RZ", (6,), (6,)),
    ("IADD3.X R6, R3, UR4, RZ, P1, !PT", (3,), (6,)),
    ("@P0 IADD3 R2, -R7, 0x20, RZ", (7,), (2,)),
    ("UIADD3 UR6, UP0, UR6, 0x4, URZ", (), ()),
    ("VIADD R1, R1, 0xffffffe0", (1,), (1,)),
    ("IMAD R0, R0, c[0x0][0x0], R3", (0, 3), (0,)),
    ("IMAD.WIDE R4, R2, 0x8, R8", (2, 8, 9), (4, 5)),
    ("IMAD.WIDE.U32 R2, R2, R9, RZ", (2, 9), (2, 3)),
    ("IMAD.WIDE.U32 R18, P0, R9, R3, R18", (3, 9, 18, 19), (18, 19)),
    ("IMAD.HI.U32 R6, R7, R5, R6", (5, 6, 7), (6,)),
    ("IMAD.HI.U32 R5, R4, 0x51eb851f, RZ", (4,), (5,)),
    ("IMAD.MOV.U32 R21, RZ, RZ, 0x0", (), (21,)),
    ("IMAD.X R7, RZ, RZ, UR5, P0", (), (7,)),
    ("LEA R2, P0, R0, c[0x0][0x168], 0x2", (0,), (2,)),
    ("LEA.HI.X R3, R0, c[0x0][0x16c], R3, 0x2, P0", (0, 3), (3,)),
    ("LEA.HI.X.SX32 R3, R0, c[0x0][0x16c], 0x1, P0", (0,), (3,)),
    ("LOP3.LUT R3, R17, 0x7c, RZ, 0xc0, !PT", (17,), (3,)),
    ("LOP3.LUT P0, R7, R7, 0x1f, RZ, 0xc0, !PT", (7,), (7,)),
    ("LOP3.LUT P1, RZ, R0, 0x1, RZ, 0xc0, !PT", (0,), ()),
    ("SHF.R.U32.HI R0, RZ, 0x17, R8", (8,), (0,)),
    ("SHF.L.U32.HI R5, R3, 0x2, R0", (0, 3), (5,)),
    ("@P0 SHF.R.U32.HI R4, RZ, R2, R5", (2, 5), (4,)),
    ("IABS R5, R2", (2,), (5,)),
    ("VIMNMX.U32 R0, R10, 0x2, PT", (10,), (0,)),
    ("ISETP.GT.AND P0, PT, R10, 0x3, PT", (10,), ()),
    ("ISETP.GE.U32.AND.EX P0, PT, R5, c[0x0][0x174], PT, P0", (5,), ()),
    ("PLOP3.LUT P0, PT, P0, P1, PT, 0x80, 0x0", (), ()),
    ("SEL R4, R4, RZ, P0", (4,), (4,)),
    ("PRMT R4, R3, 0x5410, R2", (2, 3), (4,)),
    ("POPC R0, R0", (0,), (0,)),
    ("FLO.U32 R3, R2", (2,), (3,)),
    ("FADD R3, -R3, R4", (3, 4), (3,)),
    ("FMUL.FTZ R0, R8, 0.63661974668502807617", (8,), (0,)),
    ("FFMA R2, R3, -1.5707962512969970703, R8", (3, 8), (2,)),
    ("FFMA.RM R5, R4, R6, R5", (4, 5, 6), (5,)),
    ("FMNMX R5, R4, |R6|, !PT", (4, 6), (5,)),
    ("FSEL R6, R2, -R2, !P0", (2,), (6,)),
    ("FSET.BF.GT.AND R5, R4, RZ, PT", (4,), (5,)),
    ("FSETP.GE.AND P0, PT, |R8|, 105615, PT", (8,), ()),
    ("FCHK P0, R0, R3", (0, 3), ()),
    ("MUFU.RCP R4, R3", (3,), (4,)),
    ("HFMA2.MMA R5, -RZ, RZ, 0, 0", (), (5,)),
    ("I2FP.F32.S32 R3, R0", (0,), (3,)),
    ("F2I.FTZ.U32.TRUNC.NTZ R5, R4", (4,), (5,)),
    ("FRND.FLOOR R3, R2", (2,), (3,)),
    ("LDC.64 R18, c[0x0][0x210]", (), (18, 19)),
    ("LDC R3, c[0x3][R0+0x20]", (0,), (3,)),
    ("ULDC.64 UR36, c[0x0][0x208]", (), ()),
    ("LDG.E R0, desc[UR36][R18.64]", (18, 19), (0,)),
    ("LDG.E.128 R4, desc[UR4][R2.64+0x10]", (2, 3), (4, 5, 6, 7)),
    ("LDG.E.64 R4, [R2.64]", (2, 3), (4, 5)),
    ("LDG.E.SYS R0, [R4]", (4, 5), (0,)),
    ("LDG.E.U8.CONSTANT R9, desc[UR6][R2.64]", (2, 3), (9,)),
    ("LDS R4, [R4+UR6]", (4,), (4,)),
    ("LDS.64 R8, [UR4]", (), (8, 9)),
    ("STG.E desc[UR36][R6.64], R3", (3, 6, 7), ()),
    ("STG.E.128 desc[UR4][R2.64], R8", (2, 3, 8, 9, 10, 11), ()),
    ("STG.E.SYS [R2], R5", (2, 3, 5), ()),
    ("STG.E [R2.64], RZ", (2, 3), ()),
    ("STS [R3+UR6], R0", (0, 3), ()),
    ("STS.64 [R3], R4", (3, 4, 5), ()),
    ("BRA 0x780", (), ()),
    ("@!P1 BRA !P2, 0x780", (), ()),
    ("BRX R2 -0x2f0", (2, 3), ()),
    ("BSSY B0, 0x790", (), ()),
    ("BSYNC B0", (), ()),
    ("CALL.REL.NOINC 0xe00", (), ()),
    ("RET.REL.NODEC R20 `(k)", (20, 21), ()),
    ("@P0 EXIT", (), ()),
    ("BAR.SYNC.DEFER_BLOCKING 0x0", (), ()),
    ("NOP", (), ()),
]


@pytest.mark.parametrize(("line", "reads", "writes"), LINES, ids=[line[0] for line in LINES])
def test_registers(line: str, reads: tuple[int, ...], writes: tuple[int, ...]) -> None:
    instruction = parse_line(line)
    opcode = find_opcode(instruction)
    assert opcode is not None
    assert read_registers(instruction, opcode) == set(reads)
    assert written_registers(instruction, opcode) == writes


def test_predicates_have_roles() -> None:
    def predicates(line: str) -> tuple[list[str], list[str]]:
        instruction = parse_line(line)
        opcode = find_opcode(instruction)
        assert opcode is not None
        found = roles(instruction, opcode)
        return (
            [operand.text for operand in found.destination_predicates],
            [operand.text for operand in found.source_predicates],
        )

    assert predicates("ISETP.GT.AND P0, PT, R10, 0x3, P2") == (["P0", "PT"], ["P2"])
    assert predicates("IADD3.X R6, P1, R3, UR4, RZ, P2, !PT") == (["P1"], ["P2", "!PT"])
    assert predicates("LOP3.LUT P1, RZ, R0, 0x1, RZ, 0xc0, !PT") == (["P1"], ["!PT"])
    assert predicates("SEL R4, R4, RZ, !P0") == ([], ["!P0"])
    assert predicates("FCHK P0, R0, R3") == (["P0"], [])
    assert predicates("PLOP3.LUT P0, PT, P0, P1, PT, 0x80, 0x0") == (
        ["P0", "PT"],
        ["P0", "P1", "PT"],
    )
    assert predicates("@!P1 BRA !P2, 0x780") == ([], ["!P2"])


@on_all_shipped
def test_shipped_kernels_use_known_opcodes_only(name: str, architecture: str) -> None:
    """Everything the ten kernels execute is in the table, and stays within its registers."""
    code = listing_of(KERNELS[name].file, architecture)[KERNELS[name].symbol]
    for instruction in code:
        opcode = find_opcode(instruction)
        assert opcode is not None, str(instruction)
        touched = read_registers(instruction, opcode) | set(written_registers(instruction, opcode))
        assert touched <= set(range(255)), str(instruction)
        if opcode.group in ("none", "predicate"):
            assert not written_registers(instruction, opcode), str(instruction)


def test_every_opcode_says_what_it_is() -> None:
    groups = {"fp32", "fp64", "load", "predicate", "none", "other"}
    for name, opcode in OPCODES.items():
        assert opcode.name == name
        assert opcode.summary
        assert opcode.source
        assert opcode.group in groups

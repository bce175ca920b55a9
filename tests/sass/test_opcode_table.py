from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from softbeam.emulator.lowerings import LOWERINGS
from softbeam.sass import parse_line
from softbeam.sass.opcodes import OPCODES, Immediate, Shape, find_opcode, is_bit_exact
from softbeam.sass.opcodes.modifiers import BY_OPCODE, meaning

ROOT = Path(__file__).resolve().parents[2]

GROUPS = {"fp64", "fp32", "load", "predicate", "none", "other"}
SASSIFI = {"IADD_IMUL", "FADD_FMUL", "MAD", "FMA", "SETP", "LDS", "LD", "STORE", "MISC", "none"}


def test_the_emulator_lowers_every_opcode_of_the_table_and_no_other() -> None:
    assert set(LOWERINGS) == set(OPCODES)


@pytest.mark.parametrize("name", sorted(OPCODES))
def test_a_row_is_complete(name: str) -> None:
    opcode = OPCODES[name]
    assert opcode.name == name
    assert opcode.summary
    assert opcode.source
    assert isinstance(opcode.shape, Shape)
    assert isinstance(opcode.immediate, Immediate)
    assert opcode.group in GROUPS
    assert opcode.sassifi in SASSIFI
    assert opcode.inexact <= opcode.modifiers
    assert all(meaning(opcode, modifier) for modifier in opcode.modifiers)


def test_no_meaning_is_left_over() -> None:
    for name, meanings in BY_OPCODE.items():
        assert set(meanings) <= OPCODES[name].modifiers, name


def test_an_unknown_modifier_is_an_unknown_instruction() -> None:
    assert find_opcode(parse_line("FADD.FTZ R0, R1, R2")) is OPCODES["FADD"]
    assert find_opcode(parse_line("FADD.SOMETHING R0, R1, R2")) is None
    assert find_opcode(parse_line("HMMA.16816.F32 R0, R1, R2, R3")) is None


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("MUFU.RCP R0, R1", True),
        ("MUFU.SIN R0, R1", False),
        ("MUFU.RSQ64H R0, R1", False),
        ("ATOMS.ADD RZ, [R5], R2", True),
        ("ATOMG.E.ADD.F32.FTZ.RN.STRONG.GPU PT, R0, [R12.64], R23", False),
        ("S2R R0, SR_TID.X", True),
        ("CS2R R4, SR_CLOCKLO", False),
        ("CS2R R4, SRZ", True),
    ],
)
def test_what_is_bit_exact(text: str, exact: bool) -> None:
    instruction = parse_line(text)
    opcode = find_opcode(instruction)
    assert opcode is not None
    assert is_bit_exact(instruction, opcode) is exact


def test_the_document_is_current() -> None:
    path = ROOT / "scripts" / "document_opcodes.py"
    specification = importlib.util.spec_from_file_location("document_opcodes", path)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    assert (ROOT / "docs" / "opcodes.md").read_text() == script.document()

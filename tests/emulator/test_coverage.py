"""Every opcode of the table is executed by some test here: counted, not read from their texts.

The cases of the one-instruction tests are run again and their instructions counted; what they
cannot hold (memory, control flow, what lanes do together) is in the programs below.
"""

from __future__ import annotations

import importlib.util
import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.bench import BASE, PARAMETERS, around, program
from support.cases import Case
from support.corpus import FOLDER
from support.launching import HEAD, store
from support.launching import PARAMETERS as ONE_POINTER

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.lowering import Program
from softbeam.errors import UnsupportedInstruction
from softbeam.kernels import ARCHITECTURES
from softbeam.sass.opcodes import OPCODES

#: What a case cannot hold.  R2:R3 is the address of the thread's word, R0 the thread.
PROGRAMS = {
    "memory": (
        "LDC R8, c[0x0][0x218]", "ULDC UR4, c[0x0][0x218]", "LDCU UR4, c[0x0][0x218]",
        "S2UR UR5, SR_CTAID.X",
        "IMAD.SHL.U32 R9, R0, 0x4, RZ", "LDG.E R4, [R2.64]", "STS [R9], R4", "LDS R5, [R9]",
        "MOV R1, 0xfffd00", "STL [R1], R5", "LDL R6, [R1]",
        "MOV R10, R2", "MOV R11, R3", "ST.E [R10.64], R6", "LD.E R7, [R10.64]",
        "QSPC.E.S P0, RZ, [R10.64]", "ATOMS.ADD R12, [R9], R5",
        "ATOMG.E.ADD.STRONG.GPU PT, R12, [R2.64], R4", "ATOM.E.ADD.STRONG.GPU P0, R12, [R2.64], R4",
        "LDGSTS.E [R9], [R2.64]", "RED.E.ADD.STRONG.GPU [R2.64], R4",
        "REDG.E.ADD.STRONG.GPU [R2.64], R4",
    ),
    "control": (
        "NOP", "YIELD", "NANOSLEEP 0x64", "MEMBAR.SC.GPU", "ERRBAR", "CGAERRBAR", "CCTL.IVALL",
        "FENCE.VIEW.ASYNC", "LDGDEPBAR", "DEPBAR.LE SB0, 0x0, {1}", "WARPSYNC.ALL", "ENDCOLLECTIVE",
        "ISETP.LT.AND P0, PT, R0, 0x8, PT", "BSSY B0, (join)", "@P0 BRA (join)", "BREAK B0, !P0",
        "BMOV.32 R5, B0", "join:", "@P0 BSYNC B0", "JMP (there)", "there:", "LEPC R20, (there)",
        "MOV R20, (back)", "MOV R21, RZ", "CALL.REL.NOINC (double)", "back:",
        "BAR.RED.POPC.DEFER_BLOCKING 0x0, P0", "B2R.RESULT R4", "BAR.SYNC 0x0",
        "MOV R6, RZ", "MOV R7, RZ", "BRX R6 0x0", "UMOV UR6, 0x0", "UMOV UR7, 0x0",
        "BRXU UR6 0x0", "BRA (end)",
        "double:", "RET.REL.NODEC R20, 0x0", "end:",
    ),
    "warp": (
        "S2R R4, SR_LANEID", "SHFL.IDX PT, R5, R4, 0x0, 0x1f", "VOTE.ANY R6, PT, PT",
        "VOTEU.ANY UR4, UPT, PT", "MATCH.ANY R7, R4", "REDUX.SUM UR5, R4",
        "CREDUX.MIN UR7, R4", "CS2UR UR8, SR_CLOCKLO", "ELECT P0, URZ, PT",
        "R2UR UR6, R4", "PLOP3.LUT P1, PT, P0, PT, PT, 0x80, 0x0", "P2R R8, PR, RZ, 0x7f",
        "R2P PR, R8, 0x7f", "FCHK.DIVIDE P2, R4, R5", "MUFU.RCP R9, R5",
    ),
}  # fmt: skip


class Counting(Runner):
    """A runner that notes which rows of a program were executed by a thread."""

    executed: np.ndarray

    def state(self, launch: Launch) -> Any:
        return super().state(launch)._replace(profile=self.executed)

    def opcodes(self, code: Program, arguments: list[int], shared: int = 0) -> set[str]:
        """Run a program to its end and return the opcodes that it executed."""
        self.executed = np.zeros((len(code.function.instructions), 2), dtype=np.int64)
        shape = LaunchShape((1, 1, 1), (32, 1, 1))
        pool = np.zeros(2048, dtype=np.uint32)
        memory = memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)])
        launch = Launch(code, shape, launch_constants(code, shape, arguments), memory, shared)
        assert self.run_launch(launch, budget=1000).finished
        instructions = code.function.instructions
        return {
            instructions[row].opcode for row in np.flatnonzero(self.executed.sum(axis=1)).tolist()
        }


def cases(found: Any, depth: int = 0) -> Iterator[Case]:
    """Yield the cases in whatever a module holds."""
    if isinstance(found, Case):
        yield found
    elif isinstance(found, (list, tuple)) and depth < 4:
        for one in found:
            yield from cases(one, depth + 1)


def cases_of_this_folder() -> Iterator[Case]:
    """Yield the cases of the one-instruction tests, from lists and from parameters of tests."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path == Path(__file__):
            continue
        specification = importlib.util.spec_from_file_location(f"_cases_{path.stem}", path)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        for value in list(vars(module).values()):
            yield from cases(value)
            for mark in getattr(value, "pytestmark", ()) if callable(value) else ():
                yield from cases(mark.args)


@cache
def executed() -> frozenset[str]:
    """Return the opcodes that the cases and the programs above execute."""
    runner, found = Counting(), set[str]()
    arguments = [BASE, BASE + 4096, *[0] * (len(PARAMETERS) - 2)]
    lines = {(case.line, case.architecture) for case in cases_of_this_folder()}
    for line, architecture in sorted(lines):
        named = {_opcode(part) for part in line.split("; ")}
        if named <= found:
            continue
        code = around(line, architecture)
        found |= runner.opcodes(code, arguments)
    for lines_of_one in PROGRAMS.values():
        code = program((*HEAD, *lines_of_one, *store()), parameters=ONE_POINTER, shared_bytes=256)
        found |= runner.opcodes(code, [BASE, 0, 0, 0], 256)
    return frozenset(found)


def _opcode(line: str) -> str:
    words = line.split()
    return (words[1] if words[0].startswith("@") else words[0]).split(".")[0]


def _compiled() -> set[str]:
    opcodes = set()
    for architecture in ARCHITECTURES:
        for path in (FOLDER / "machine_code" / architecture).glob("*.json.xz"):
            for function in json.loads(lzma.decompress(path.read_bytes()))[1]:
                opcodes |= {one["opcode"].split(".")[0] for one in function["sass-instructions"]}
    return opcodes


@pytest.mark.parametrize("name", OPCODES)
def test_opcode_is_executed(name: str) -> None:
    assert name in executed(), f"no case or program in tests/emulator executes {name}"


def test_an_instruction_that_is_refused_does_not_count() -> None:
    code = program((*HEAD, "HMMA.16816.F32 R4, R8, R12, R4", *store()), parameters=ONE_POINTER)
    with pytest.raises(UnsupportedInstruction):
        Counting().opcodes(code, [BASE, 0, 0, 0])


def test_the_corpus_has_no_opcode_that_the_table_lacks() -> None:
    assert _compiled() <= set(OPCODES)

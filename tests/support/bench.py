"""Run one instruction on many operands: a program around it loads them and stores what it leaves.

The program is written as the disassembler writes machine code.  Before the instruction, R4 to R15
and P0 to P5 of each thread, UR4 to UR11 and UP0 to UP3 are what the caller says; after it, R12 to
R15, P4, P5, UR8 to UR11, UP2 and UP3 are given back.  R0 to R3 and R16 on belong to the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.lowering import Program, lower
from softbeam.sass import Function, parse_line
from softbeam.sass.architectures import launch_facts

BASE = 0x7F0000000000
WORDS = 16  # of each thread, in and out

INPUTS = tuple(f"R{n}" for n in range(4, 16))
PREDICATES = tuple(f"P{n}" for n in range(6))
UNIFORMS = tuple(f"UR{n}" for n in range(4, 12))
UNIFORM_PREDICATES = tuple(f"UP{n}" for n in range(4))
OUTPUTS = ("R12", "R13", "R14", "R15", "P4", "P5", "UR8", "UR9", "UR10", "UR11", "UP2", "UP3")

PROLOGUE = (
    "S2R R0, SR_TID.X",
    "S2R R1, SR_CTAID.X",
    "IMAD R0, R1, c[0x0][0x0], R0",
    "IMAD.WIDE R2, R0, 0x40, c[0x0][0x210]",
    "LDG.E.128 R4, [R2.64]",
    "LDG.E.128 R8, [R2.64+0x10]",
    "LDG.E.128 R12, [R2.64+0x20]",
    "LDG.E R16, [R2.64+0x30]",
    *(f"LOP3.LUT P{n}, RZ, R16, {1 << n:#x}, RZ, 0xc0, !PT" for n in range(6)),
    *(f"ULDC UR{n + 4}, c[0x0][{0x220 + 4 * n:#x}]" for n in range(8)),
    "ULDC UR12, c[0x0][0x240]",
    *(f"ULOP3.LUT UP{n}, URZ, UR12, {1 << n:#x}, URZ, 0xc0, !UPT" for n in range(4)),
)
EPILOGUE = (
    "IMAD.WIDE R2, R0, 0x40, c[0x0][0x218]",
    "STG.E.128 [R2.64], R12",
    "MOV R17, 0x1",
    "SEL R16, R17, RZ, P4",
    "STG.E [R2.64+0x10], R16",
    "SEL R16, R17, RZ, P5",
    "STG.E [R2.64+0x14], R16",
    *(
        line
        for n in range(4)
        for line in (f"MOV R16, UR{8 + n}", f"STG.E [R2.64+{0x18 + 4 * n:#x}], R16")
    ),
    "SEL R16, R17, RZ, UP2",
    "STG.E [R2.64+0x28], R16",
    "SEL R16, R17, RZ, UP3",
    "STG.E [R2.64+0x2c], R16",
    "EXIT",
)

#: Two pointers, eight uniform registers, uniform predicates.
PARAMETERS = ((0, 8), (8, 8), *((16 + 4 * n, 4) for n in range(9)))


def program(
    lines: Sequence[str],
    *,
    architecture: str = "sm_90",
    parameters: tuple[tuple[int, int], ...] = PARAMETERS,
    shared_bytes: int = 0,
    constants: Mapping[int, bytes] | None = None,
    registers: int = 64,
) -> Program:
    """Return a kernel of lines as the disassembler writes them; labels are ``name:`` lines.

    An operand ``(name)`` of a branch is the label's pc.
    """
    labels: dict[str, int] = {}
    code = []
    for line in lines:
        if line.endswith(":"):
            labels[line[:-1]] = 16 * len(code)
        else:
            code.append(line)
    for name, pc in labels.items():
        code = [line.replace(f"({name})", f"{pc:#x}") for line in code]
    instructions = tuple(parse_line(line, 16 * number) for number, line in enumerate(code))
    return lower(
        Function(
            "bench",
            architecture,
            instructions,
            registers=registers,
            shared_bytes=shared_bytes,
            parameter_base=0x210,
            parameters=parameters,
            constants=dict(constants or {}),
        )
    )


def around(line: str, architecture: str) -> Program:
    """Return the program around an instruction; blockDim lies where the architecture has it."""
    code = [*PROLOGUE, *line.split("; "), *EPILOGUE]
    block = f"c[0x0][{launch_facts(architecture).block:#x}]"
    return program([one.replace("c[0x0][0x0]", block) for one in code], architecture=architecture)


_around = cache(around)


@dataclass(frozen=True)
class Left:
    """What the instruction left: arrays of uint32 by name, one entry a thread."""

    values: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]


def execute(
    line: str,
    inputs: Mapping[str, np.ndarray],
    *,
    uniforms: Mapping[str, int] | None = None,
    architecture: str = "sm_90",
) -> Left:
    """Run an instruction once in each thread.

    Parameters
    ----------
    line : str
        One instruction, or several with ``"; "`` between.
    inputs : mapping of str to array
        R4 … R15 as uint32 and P0 … P5 as bool, one entry a thread; zeros where missing.
    uniforms : mapping of str to int
        UR4 … UR11 and UP0 … UP3; zeros where missing.
    architecture : str
        What the machine code is for.
    """
    threads = max((len(array) for array in inputs.values()), default=1)
    blocks = -(-threads // 32)
    words = np.zeros((2, blocks * 32, WORDS), dtype=np.uint32)
    given = uniforms or {}
    for number, name in enumerate(INPUTS):
        if name in inputs:
            words[0, :threads, number] = inputs[name]
    for number, name in enumerate(PREDICATES):
        if name in inputs:
            words[0, :threads, 12] |= inputs[name].astype(np.uint32) << np.uint32(number)
    arguments = [BASE, BASE + 4 * words[0].size, *(given.get(name, 0) for name in UNIFORMS)]
    arguments.append(sum(given.get(n, 0) << i for i, n in enumerate(UNIFORM_PREDICATES)))
    code = _around(line, architecture)
    shape = LaunchShape((blocks, 1, 1), (min(32, threads), 1, 1))
    pool = words.reshape(-1)
    launch = Launch(
        code,
        shape,
        launch_constants(code, shape, arguments),
        memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)]),
    )
    ending = RUNNER.run_launch(launch, budget=1000)
    assert ending.finished, f"{line}: {ending.name}"
    left = ending.applied(pool).reshape(words.shape)[1, :threads]
    return Left({name: left[:, number] for number, name in enumerate(OUTPUTS)})


RUNNER = Runner()

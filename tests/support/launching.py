"""Launch a program that is written in lines, and read what it leaves in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.sass import row_of
from support.bench import BASE, RUNNER, program

#: One pointer, which the programs below use as c[0x0][0x210], and three words.
PARAMETERS = ((0, 8), (8, 4), (12, 4), (16, 4))


@dataclass(frozen=True)
class Result:
    """How a launch ended, what it left, and the row (instruction) at which it ended."""

    ending: str
    words: np.ndarray
    row: int
    instructions: int
    address: int
    reason: str | None


def launch(
    lines: Sequence[str],
    words: np.ndarray | int = 64,
    *,
    grid: tuple[int, int, int] = (1, 1, 1),
    block: tuple[int, int, int] = (32, 1, 1),
    arguments: Sequence[int] = (0, 0, 0),
    shared_bytes: int = 0,
    constants: Mapping[int, bytes] | None = None,
    budget: int = 10_000,
    segments: Sequence[tuple[int, int, int]] = (),
    architecture: str = "sm_90",
) -> Result:
    """Run a program; `words` is its memory at the pointer c[0x0][0x210], or how many zeros."""
    pool = np.zeros(words, dtype=np.uint32) if isinstance(words, int) else words.copy()
    code = program(
        lines,
        architecture=architecture,
        parameters=PARAMETERS,
        shared_bytes=shared_bytes,
        constants=constants,
    )
    shape = LaunchShape(grid, block)
    started = Launch(
        code,
        shape,
        launch_constants(code, shape, [BASE, *arguments]),
        memory_map(pool, [(BASE, BASE + 4 * pool.size, 0), *segments]),
        shared_bytes,
    )
    ending = RUNNER.run_launch(started, budget=budget)
    return Result(
        ending.name,
        ending.applied(pool),
        row_of(ending.pc),
        ending.instructions,
        ending.address or 0,
        ending.reason,
    )


#: R0 = thread of the grid (x only), R2:R3 = address of its word.
HEAD = (
    "S2R R0, SR_TID.X",
    "S2R R1, SR_CTAID.X",
    "IMAD R0, R1, c[0x0][0x0], R0",
    "IMAD.WIDE R2, R0, 0x4, c[0x0][0x210]",
)


def store(register: str = "R4") -> tuple[str, str]:
    """Return the end of a program: store a register to the thread's word, and leave."""
    return f"STG.E [R2.64], {register}", "EXIT"

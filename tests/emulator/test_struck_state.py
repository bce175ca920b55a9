"""Faults in predicates, uniform registers and shared memory, and those that stay, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.bench import BASE, program
from support.launching import PARAMETERS

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector, stuck_vector

#: Each thread stores R4 at its word.
STORE = ("IMAD.WIDE R2, R0, 0x4, c[0x0][0x210]", "STG.E [R2.64], R4", "EXIT")


def left_by(
    lines: Sequence[str], fault: FaultVector, *, threads: int = 32, shared_bytes: int = 0
) -> tuple[np.ndarray, object]:
    """Return what one block leaves with a fault, and how it ended."""
    pool = np.zeros(threads, dtype=np.uint32)
    code = program(lines, parameters=PARAMETERS, shared_bytes=shared_bytes)
    shape = LaunchShape((1, 1, 1), (threads, 1, 1))
    memory = memory_map(pool, [(BASE, BASE + 4 * threads, 0)])
    launch = Launch(
        code, shape, launch_constants(code, shape, [BASE, 0, 0, 0]), memory, shared_bytes
    )
    ending = Runner().run(launch, 0, 0, budget=1000, fault=fault)
    assert ending.finished
    return ending.applied(pool), ending


def at(lines: Sequence[str], start: str) -> int:
    return 16 * next(row for row, line in enumerate(lines) if line.startswith(start))


PREDICATED = (
    "S2R R0, SR_TID.X",
    "MOV R4, 0x1",
    "ISETP.GE.AND P3, PT, R0, 0x10, PT",
    "@P3 MOV R4, 0x2",
    "@!P3 IADD3 R4, R4, 0x10, RZ",
    *STORE,
)


@pytest.mark.parametrize("wide", [False, True])
def test_a_predicate_is_struck_before_its_own_guard(wide: bool) -> None:
    fault = fault_vector(
        Strikes.PREDICATE_BEFORE,
        thread=20,
        pc=at(PREDICATED, "@P3"),
        occurrence=0,
        register=3,
        flip=1,
        warp_wide=wide,
    )
    found, ending = left_by(PREDICATED, fault)
    expected = np.where(np.arange(32) >= 16, 2, 0x11)
    struck = slice(None) if wide else 20
    expected[struck] = np.where(np.arange(32) >= 16, 0x11, 2)[struck]
    assert found.tolist() == expected.tolist()
    assert (ending.before, ending.after, ending.fired) == (1, 0, 1)


def test_a_predicate_of_an_instruction_that_is_off_is_struck_too() -> None:
    fault = fault_vector(
        Strikes.PREDICATE_BEFORE,
        thread=5,
        pc=at(PREDICATED, "@P3"),
        occurrence=0,
        register=3,
        value=1,
    )
    found, ending = left_by(PREDICATED, fault)
    assert found[5] == 2
    assert (found[4], found[6]) == (0x11, 0x11)
    assert (ending.before, ending.after) == (0, 1)


def test_a_uniform_register_is_the_warps() -> None:
    lines = (
        "S2R R0, SR_TID.X",
        "UMOV UR6, 0x5",
        "IADD3 R4, R0, UR6, RZ",
        *STORE,
    )
    fault = fault_vector(
        Strikes.UNIFORM, thread=9, pc=at(lines, "IADD3"), occurrence=0, register=6, flip=0x100
    )
    found, ending = left_by(lines, fault)
    assert found.tolist() == [lane + 0x105 for lane in range(32)]
    assert (ending.before, ending.after, ending.fired) == (5, 0x105, 1)


@pytest.mark.parametrize("warp", [0, 1])
def test_a_word_of_shared_memory_is_the_blocks(warp: int) -> None:
    # Each thread leaves its number; behind the barrier it reads that of the thread 32 further.
    lines = (
        "S2R R0, SR_TID.X",
        "IMAD.SHL.U32 R5, R0, 0x4, RZ",
        "STS [R5], R0",
        "BAR.SYNC.DEFER_BLOCKING 0x0",
        "LOP3.LUT R5, R5, 0x80, RZ, 0x3c, !PT",
        "LDS R4, [R5]",
        *STORE,
    )
    fault = fault_vector(
        Strikes.SHARED,
        thread=32 * warp + 3,
        pc=at(lines, "LDS"),
        occurrence=0,
        register=32 * (1 - warp) + 7,
        value=0xDEAD,
    )
    found, ending = left_by(lines, fault, threads=64, shared_bytes=256)
    expected = [thread ^ 32 for thread in range(64)]
    expected[32 * warp + 7] = 0xDEAD
    assert found.tolist() == expected
    assert (ending.before, ending.after) == (32 * (1 - warp) + 7, 0xDEAD)


LOOP = (
    "S2R R0, SR_TID.X",
    "MOV R4, RZ",
    "MOV R6, RZ",
    "again:",
    "IADD3 R4, R4, 0x3, RZ",
    "IADD3 R6, R6, 0x1, RZ",
    "ISETP.LT.AND P0, PT, R6, 0x4, PT",
    "@P0 BRA (again)",
    *STORE,
)


def stuck(row: int, mask: int, value: int) -> FaultVector:
    rows = np.zeros(len(LOOP) - 1, dtype=np.bool_)
    rows[row] = True
    return stuck_vector(rows, lane=11, mask=mask, value=value, registers=64)


def chain(change) -> int:
    total = 0
    for _ in range(4):
        total = change(total + 3)
    return total


@pytest.mark.parametrize(
    ("mask", "value", "change"),
    [
        (0x4, 0x4, lambda old: old | 4),
        (0x4, 0x0, lambda old: old & ~4),
        (0x0, 0x6, lambda old: old ^ 6),
        (0xFFFFFFFF, 0x77, lambda old: 0x77),
    ],
)
def test_a_fault_that_stays_strikes_each_time_in_one_lane(mask: int, value: int, change) -> None:
    found, ending = left_by(LOOP, stuck(3, mask, value))
    expected = [12] * 32
    expected[11] = chain(change)
    assert found.tolist() == expected
    assert ending.fired == 4


def test_it_strikes_only_where_the_lane_executes() -> None:
    row = next(n for n, line in enumerate(PREDICATED) if line.startswith("@P3"))
    rows = np.zeros(len(PREDICATED), dtype=np.bool_)
    rows[row] = True
    for lane, expected in ((4, 0x11), (30, 2 | 0x800)):
        fault = stuck_vector(rows, lane=lane, mask=0x800, value=0x800, registers=64)
        found, ending = left_by(PREDICATED, fault)
        assert found[lane] == expected
        assert ending.fired == (lane >= 16)


def test_every_register_of_a_wide_result_is_struck() -> None:
    lines = (
        "S2R R0, SR_TID.X",
        "IMAD.WIDE.U32 R6, R0, 0x2, RZ",
        "IADD3 R4, R6, R7, RZ",
        *STORE,
    )
    rows = np.zeros(len(lines), dtype=np.bool_)
    rows[1] = True
    found, _ = left_by(lines, stuck_vector(rows, lane=3, mask=0x10, value=0x10, registers=64))
    assert found[3] == (6 | 0x10) + 0x10
    assert found[2] == 4

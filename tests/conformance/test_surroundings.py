"""What a struck unit meets: the other units' stores at their times, and what was left before."""

from __future__ import annotations

import numpy as np
from support.bench import BASE, program
from support.launching import HEAD, PARAMETERS

from softbeam.conformance.surroundings import run_fault_free
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector

#: Each of two blocks counts to a bound, loads the first word of block 1, stores 5 to its own word
#: and what it has loaded to the 64th word from there.
MEETING = (
    *HEAD,
    "MOV R8, 0x5",
    "MOV R9, 0x4",  # row 5: the bound
    "MOV R10, RZ",
    "again:",
    "IADD3 R10, R10, 0x1, RZ",
    "ISETP.LT.AND P0, PT, R10, R9, PT",
    "@P0 BRA (again)",
    "MOV R4, c[0x0][0x210]",
    "MOV R5, c[0x0][0x214]",
    "LDG.E R6, [R4.64+0x80]",
    "STG.E [R2.64], R8",
    "STG.E [R2.64+0x100], R6",
    "EXIT",
)
BOUND = 5


def prepared(
    lines: tuple[str, ...], block: tuple[int, int, int] = (32, 1, 1), shared_bytes: int = 0
) -> Launch:
    code = program(lines, parameters=PARAMETERS, shared_bytes=shared_bytes)
    shape = LaunchShape((2, 1, 1), block)
    words = np.zeros(1024, dtype=np.uint32)
    return Launch(
        code,
        shape,
        launch_constants(code, shape, [BASE, 0, 0, 0]),
        memory_map(words, [(BASE, BASE + 4 * words.size, 0)]),
        shared_bytes,
    )


def fault(strikes: Strikes, row: int, lane: int, register: int, value: int) -> FaultVector:
    return fault_vector(
        strikes,
        thread=lane,
        pc=16 * row,
        occurrence=0,
        registers=16,
        register=register,
        value=value,
    )


def test_others_stores_are_met_at_their_times() -> None:
    launch, runner = prepared(MEETING), Runner()
    usual = run_fault_free(runner, launch, 16)
    assert not usual.failure
    # Without fault both blocks load before either has stored.
    assert set(usual.words[64:128].tolist()) == {0}
    # A thread that counts on for long loads what block 1 has stored meanwhile.
    late = fault(Strikes.REGISTER_AFTER, BOUND, 3, 9, 100)
    ending, words = usual.struck(runner, launch, (0, 0), late)
    assert (ending.finished, ending.fired) == (True, 1)
    # So do the other lanes of its warp, which wait for it; block 1 has long been through.
    assert set(words[64:96].tolist()) == {5}
    assert not words[96:128].any()
    # One that counts less loads before that; the rest of its warp comes after it, and later.
    early = fault(Strikes.REGISTER_AFTER, BOUND, 3, 9, 0)
    words = usual.struck(runner, launch, (0, 0), early)[1]
    assert words[64:96].tolist() == [5] * 3 + [0] + [5] * 28
    assert not launch.memory.words.any()


def test_of_two_stores_to_a_word_the_later_stays() -> None:
    # Lane 3 of the struck block stores to the word of lane 3 of the other block, at the same time:
    # its block's number, which only it stores, tells whose value stayed.
    code = (*HEAD, "IADD3 R8, R1, 0x7, RZ", "STG.E [R2.64], R8", "EXIT")
    launch, runner = prepared(code), Runner()
    usual = run_fault_free(runner, launch, 16)
    assert usual.words[[3, 35]].tolist() == [7, 8]
    low = BASE & 0xFFFFFFFF
    upwards = fault(Strikes.REGISTER_BEFORE, 5, 3, 2, low + 4 * 35)
    assert usual.struck(runner, launch, (0, 0), upwards)[1][[3, 35]].tolist() == [0, 8]
    downwards = fault(Strikes.REGISTER_BEFORE, 5, 3, 2, low + 4 * 3)
    assert usual.struck(runner, launch, (1, 0), downwards)[1][[3, 35]].tolist() == [8, 0]


#: Each thread stores what it finds in R12 and in its word of shared memory, then fills both.
LEFT = (
    *HEAD,
    "SHF.L.U32 R5, R0, 0x2, RZ",
    "LOP3.LUT R5, R5, 0x1ff, RZ, 0xc0, !PT",
    "LDS R6, [R5]",
    "STG.E [R2.64], R12",
    "STG.E [R2.64+0x800], R6",
    "IADD3 R12, R0, 0x100, RZ",
    "STS [R5], R12",
    "EXIT",
)


def test_registers_and_shared_memory_are_as_the_launch_before_left_them() -> None:
    launch, runner = prepared(LEFT, block=(128, 1, 1), shared_bytes=512), Runner()
    usual = run_fault_free(runner, launch, 16)
    assert not usual.words.any()
    words = usual.struck(runner, launch, (1, 0), fault(Strikes.REGISTER_AFTER, 4, 0, 15, 0))[1]
    assert not words[:128].any()
    # Warp w finds the registers of the block's warp w + 1, the last one those of the first.
    thread = np.arange(128)
    assert words[128:256].tolist() == (0x100 + 128 + (thread + 32) % 128).tolist()
    assert words[512 + 128 : 512 + 256].tolist() == (0x100 + 128 + thread).tolist()


def test_blocks_of_one_warp_begin_with_zeros() -> None:
    launch, runner = prepared(LEFT, shared_bytes=512), Runner()
    usual = run_fault_free(runner, launch, 16)
    words = usual.struck(runner, launch, (1, 0), fault(Strikes.REGISTER_AFTER, 4, 0, 15, 0))[1]
    assert not words[:64].any()


def test_a_program_that_communicates_runs_in_order_with_its_fault() -> None:
    code = (
        *HEAD,
        "MOV R4, c[0x0][0x210]",
        "MOV R5, c[0x0][0x214]",
        "MOV R8, 0x1",
        "ATOMG.E.ADD.STRONG.GPU PT, R6, [R4.64+0x400], R8",
        "STG.E [R2.64], R6",
        "EXIT",
    )
    launch, runner = prepared(code), Runner()
    usual = run_fault_free(runner, launch, 16)
    assert usual.words[:64].tolist() == list(range(64))
    assert usual.words[256] == 64
    ending, words = usual.struck(
        runner, launch, (0, 0), fault(Strikes.REGISTER_AFTER, 6, 31, 8, 10)
    )
    assert (ending.finished, ending.fired) == (True, 1)
    assert words[256] == 73
    assert words[32:64].tolist() == list(range(41, 73))
    assert not launch.memory.words.any()

"""Whole launches: what they cost, what they leave, and the names of how they end."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from support.bench import BASE, RUNNER, program
from support.launching import HEAD, PARAMETERS, store

from softbeam.emulator import Machine
from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import EXCEPTIONS, Ending, name_of
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import Strikes, fault_vector, no_fault
from softbeam.errors import InternalError
from softbeam.kernels import cubin_bytes, listing_bytes

#: Every thread adds one to the word that block and thread have together, through an atomic.
COUNTING = (
    *HEAD,
    "MOV R4, c[0x0][0x210]",
    "MOV R5, c[0x0][0x214]",
    "MOV R8, 0x1",
    "ATOMG.E.ADD.STRONG.GPU PT, R6, [R4.64], R8",
    "EXIT",
)


def prepared(lines: tuple[str, ...], blocks: int = 2) -> Launch:
    code = program(lines, parameters=PARAMETERS)
    words = np.zeros(128, dtype=np.uint32)
    shape = LaunchShape((blocks, 1, 1), (32, 1, 1))
    constants = launch_constants(code, shape, [BASE, 0, 0, 0])
    return Launch(code, shape, constants, memory_map(words, [(BASE, BASE + 512, 0)]))


@pytest.mark.parametrize("communicates", [False, True])
def test_a_launch_gives_its_stores_and_leaves_memory_as_it_was(communicates: bool) -> None:
    lines = COUNTING if communicates else (*HEAD, "IADD3 R4, R1, 0x7, RZ", *store())
    launch = prepared(lines)
    assert launch.program.communicates is communicates
    ending = RUNNER.run_launch(launch, budget=100)
    assert ending.finished
    assert not launch.memory.words.any()
    wanted = np.zeros(128, dtype=np.uint32)
    wanted[:64] = [64] + [0] * 63 if communicates else [7] * 32 + [8] * 32
    assert ending.applied(launch.memory.words).tolist() == wanted.tolist()
    assert np.array_equal(ending.words, np.flatnonzero(wanted))


@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90"])
def test_threads_are_told_how_much_shared_memory_the_launch_asked_for(architecture: str) -> None:
    lines = (*HEAD, "MOV R4, c[0x0][0x2c]", *store())
    code = program(lines, architecture=architecture, parameters=PARAMETERS, shared_bytes=64)
    shape, words = LaunchShape((1, 1, 1), (32, 1, 1)), np.zeros(32, dtype=np.uint32)
    for total, dynamic in ((None, 0), (64, 0), (1064, 1000)):
        constants = launch_constants(code, shape, [BASE, 0, 0, 0], shared_bytes=total)
        memory = memory_map(words, [(BASE, BASE + 128, 0)])
        ending = RUNNER.run_launch(Launch(code, shape, constants, memory, 1064), budget=100)
        assert ending.applied(words).tolist() == [dynamic] * 32


def test_of_two_units_the_later_ones_value_stays() -> None:
    code = (*HEAD, "IADD3 R4, R1, 0x7, RZ", "LOP3.LUT R2, R2, 0xffffff7f, RZ, 0xc0, !PT", *store())
    ending = RUNNER.run_launch(prepared(code), budget=100)
    assert ending.words.tolist() == list(range(32))
    assert set(ending.values.tolist()) == {8}


def test_a_launch_that_does_not_finish_puts_back_what_units_saw_of_each_other() -> None:
    code = (*COUNTING[:-1], "ISETP.EQ.AND P0, PT, R1, 0x1, PT", "@P0 MOV R2, 0x3",
            "@P0 LDG.E R7, [R2.64]", "EXIT")  # fmt: skip
    launch = prepared(code)
    ending = RUNNER.run_launch(launch, budget=100)
    assert ending.name == "Misaligned Address"
    assert ending.words.tolist() == [0]
    assert ending.values.tolist() == [32]
    assert not launch.memory.words.any()


def test_what_a_launch_takes_does_not_go_by_the_memory_that_there_is() -> None:
    machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
    x = machine.allocate(4 * 96)
    machine.allocate(64 << 20)
    machine.launch("fill_kernel", 1, 96, 96, 2.5, x, 1)
    tracemalloc.start()
    try:
        for _ in range(3):
            machine.launch("fill_kernel", 1, 96, 96, 2.5, x, 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_the_log_of_stores_grows() -> None:
    few = Runner(log_words=4).run_launch(prepared((*HEAD, *store())), budget=100)
    assert few.words.tolist() == list(range(64))


def test_a_launch_checks_the_arrays_that_the_interpreter_takes() -> None:
    launch = prepared((*HEAD, *store()))
    memory = launch.memory
    for changed in (
        memory._replace(words=memory.words[::2]),
        memory._replace(words=memory.words.view(np.int32)),
        memory._replace(start=memory.start.astype(np.int32)),
    ):
        with pytest.raises(InternalError, match="cannot run on such memory"):
            Launch(launch.program, launch.shape, launch.constants, changed)


def ending(status: int, **information: int) -> Ending:
    found = np.zeros(k.INFO_FIELDS, dtype=np.int64)
    for name, value in information.items():
        found[getattr(k, f"INFO_{name}")] = value
    return Ending(status, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint32), found)


def test_endings_have_names() -> None:
    assert ending(k.FINISHED).name == "completed"
    assert ending(k.HANG).name == "hang"
    assert (ending(k.NEVER_READ).name, ending(k.NEVER_READ).ended_early) == ("never read", True)
    assert (ending(k.OVERWRITTEN).name, ending(k.HANG).ended_early) == ("overwritten", False)
    for status, name in EXCEPTIONS.items():
        assert (name_of(status), ending(status).exception) == (name, name)
    assert ending(k.FINISHED).exception is None
    assert ending(k.ILLEGAL_ADDRESS, ADDRESS=-1).address == (1 << 64) - 1
    assert ending(k.INVALID_PC, ADDRESS=5).address is None
    assert ending(k.INVALID_PC, ROW=3).pc == 0x30
    one = ending(k.RESOLVED, LANE=7, OCCURRENCE=2, FIRED=1, BEFORE=4, AFTER=5, LONGEST=6)
    assert (one.resolved, one.lane, one.occurrence, one.fired) == (True, 7, 2, 1)
    assert (one.before, one.after, one.longest) == (4, 5, 6)
    assert ending(k.FINISHED, UNRECORDED=2, UNPROBED=3).unrecorded == 5


def test_a_fault_vector_holds_what_it_is_asked_for() -> None:
    assert not no_fault().any()
    vector = fault_vector(
        Strikes.STORE_ADDRESS, thread=70, pc=0x40, occurrence=3, registers=9, flip=1 << 63
    )
    assert vector[[k.FAULT_WARP, k.FAULT_LANE, k.FAULT_ROW, k.FAULT_OCCURRENCE]].tolist() == [
        2, 6, 4, 3
    ]  # fmt: skip
    assert vector[k.FAULT_VALUE] == -(1 << 63)
    replaced = fault_vector(
        Strikes.REGISTER_AFTER, thread=0, pc=0, occurrence=0, register=5, value=(1 << 32) - 1
    )
    assert (replaced[k.FAULT_REPLACES], replaced[k.FAULT_VALUE]) == (1, (1 << 32) - 1)
    index = fault_vector(Strikes.INDEX, thread=0, pc=0, occurrence=0, flip=128, drops=True)
    assert (index[k.FAULT_INDEX_MASK], index[k.FAULT_VALUE], index[k.FAULT_DROPS]) == (128, 0, 1)

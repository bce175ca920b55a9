"""Threads that wait for each other: they take turns where a launch would hang otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from support.corpus import on_architectures, own_machine
from support.engines import ENGINES, engine
from support.launching import launch

from softbeam.emulator import Fault, Machine, Outcome
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.outcome import CountingRunner
from softbeam.emulator.whole import WholeLaunch

#: Far more than any thread of the corpus executes that need not wait.
BUDGET = 20_000

architectures = on_architectures("waiting")


@pytest.fixture(params=ENGINES)
def engines(request: pytest.FixtureRequest) -> Iterator[str]:
    with engine(request.param):
        yield request.param


def launched(
    machine: Machine,
    kernel: str,
    grid: int,
    block: int,
    arrays: Sequence[np.ndarray],
    **options: Any,
) -> tuple[Outcome, list[np.ndarray]]:
    """Launch on copies of some arrays; return the outcome and what it leaves in them."""
    addresses = [machine.allocate(array) for array in arrays]
    outcome = machine.launch(kernel, grid, block, *addresses, **{"budget": BUDGET, **options})
    return outcome, [machine.read(address) for address in addresses]


def zeros(size: int) -> np.ndarray:
    return np.zeros(size, dtype=np.int32)


@architectures
@pytest.mark.parametrize(
    ("kernel", "grid", "block", "out", "wanted"),
    [
        ("lanes_k", 1, 32, 32, [7, *range(1, 32)]),
        ("warps_k", 1, 96, 96, list(range(96))),
        ("barrier_k", 1, 32, 33, [*range(32), 7]),
        ("blocks_k", 5, 32, 160, np.repeat(np.arange(5), 32).tolist()),
    ],
)
def test_a_thread_waits_for_another_one(
    kernel: str, grid: int, block: int, out: int, wanted: list[int], architecture: str
) -> None:
    machine = own_machine("waiting", architecture)
    outcome, (_, found) = launched(machine, kernel, grid, block, [zeros(1), zeros(out)])
    assert outcome.completed, outcome
    assert found.tolist() == wanted


@architectures
def test_warps_wait_through_shared_memory_and_blocks_have_their_own(architecture: str) -> None:
    machine = own_machine("waiting", architecture)
    outcome, (found,) = launched(machine, "shared_k", 2, 96, [zeros(192)])
    assert outcome.completed, outcome
    assert found.tolist() == 2 * (5 + np.arange(96)).tolist()


@architectures
def test_threads_take_a_lock_one_after_the_other(architecture: str) -> None:
    machine = own_machine("waiting", architecture)
    arrays = [zeros(1), zeros(1)]
    outcome, (lock, count) = launched(machine, "lock_k", 3, 64, arrays, budget=10_000_000)
    assert outcome.completed, outcome
    assert (lock.tolist(), count.tolist()) == ([0], [192])


@architectures
def test_blocks_add_up_what_those_before_them_have_found(architecture: str) -> None:
    machine = own_machine("waiting", architecture)
    a = np.random.default_rng(3).integers(-99, 99, 64 * 9).astype(np.int32)
    arrays = [zeros(a.size), a, zeros(9), zeros(9)]
    outcome, (found, *_) = launched(machine, "look_back_k", 9, 64, arrays)
    assert outcome.completed, outcome
    assert found.tolist() == np.cumsum(a).tolist()


@architectures
def test_all_blocks_wait_for_all(architecture: str) -> None:
    machine = own_machine("waiting", architecture)
    outcome, (x, found, arrived) = launched(
        machine, "grid_barrier_k", 6, 64, [zeros(6), zeros(12), zeros(1)]
    )
    assert outcome.completed, outcome
    following = np.roll(np.arange(6), -1)
    assert found.tolist() == [*(100 + following), *(200 + following)]
    assert (arrived.tolist(), x.tolist()) == ([24], list(range(200, 206)))


def test_both_engines_take_the_same_turns() -> None:
    left = []
    for name in ENGINES:
        with engine(name):
            machine = own_machine("waiting", "sm_90")
            arrays = [zeros(6), zeros(12), zeros(1)]
            left.append(launched(machine, "grid_barrier_k", 6, 64, arrays, counts=True))
    (one, found), (other, same) = left
    assert one == other
    assert [array.tolist() for array in found] == [array.tolist() for array in same]
    # What is counted is the run that completed, not the one that hung before.
    assert sum(one.executed.values()) < 32 * one.warp_instructions
    assert one.longest < BUDGET


@pytest.mark.parametrize("kernel", ["never_k", "counting_k"])
@pytest.mark.usefixtures("engines")
def test_what_nobody_stores_is_waited_for_in_vain(kernel: str) -> None:
    machine = own_machine("waiting", "sm_90")
    outcome, (_, found) = launched(machine, kernel, 2, 64, [zeros(1), zeros(64)], counts=True)
    assert outcome.ending == "hang"
    assert not found.any()
    # What never recurs might end yet, for all that anybody knows.
    assert outcome.reason == ("deadlock" if kernel == "never_k" else "budget")
    assert (outcome.block, outcome.warp) == (0, 0)
    # The first warp alone, as if there were no turns.
    assert outcome.warp_instructions == BUDGET
    assert sum(outcome.executed.values()) == 32 * BUDGET


@pytest.mark.parametrize("kernel", ["blocks_k", "look_back_k", "lock_k", "counting_k"])
def test_with_a_large_budget_it_is_seen_soon_that_a_thread_waits(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a thread is once again where it was decides, for programs of every kind."""
    budgets = []
    started = WholeLaunch.__init__

    def noted(self: WholeLaunch, runner: Runner, launch: Launch, *limits: Any) -> None:
        budgets.append(limits[0])
        started(self, runner, launch, *limits)

    monkeypatch.setattr(WholeLaunch, "__init__", noted)
    machine = own_machine("waiting", "sm_100")
    arrays = [zeros(64), zeros(640), zeros(64), zeros(64)]
    arrays = arrays[: len(machine.kernels[kernel].parameters)]
    outcome, _ = launched(machine, kernel, 6, 64, arrays, budget=2_000_000)
    assert outcome.ending == ("hang" if kernel == "counting_k" else "completed")
    assert (2_000_000 in budgets) is (kernel == "counting_k")
    assert min(budgets) < 1_000_000


def test_a_long_loop_that_waits_for_nobody_is_run_as_ever() -> None:
    """It executes more than what a thread that may wait is given at first."""
    machine = own_machine("waiting", "sm_90")
    outcome, (found,) = launched(machine, "long_k", 2, 32, [zeros(64)], budget=10_000_000)
    runner, launch = CountingRunner(), machine.prepare("long_k", 2, 32, machine.allocate(zeros(64)))
    ending = runner.run_launch(launch, budget=10_000_000)
    assert (outcome.ending, ending.name) == ("completed", "completed")
    assert found.tolist() == ending.applied(launch.memory.words)[ending.words].view("i4").tolist()
    assert (outcome.warp_instructions, outcome.longest) == (runner.instructions, runner.longest)
    assert outcome.longest > 300_000


def test_more_blocks_than_a_gpu_has_room_for_cannot_wait_for_each_other() -> None:
    """As on a GPU, where the others begin when one of these ends."""
    machine = own_machine("waiting", "sm_90")
    with_room = 132 * 2
    for blocks, ending in ((with_room, "completed"), (with_room + 1, "hang")):
        arrays = [zeros(blocks), zeros(2 * blocks), zeros(1)]
        outcome, _ = launched(machine, "grid_barrier_k", blocks, 1024, arrays)
        assert outcome.ending == ending


def test_the_budget_of_the_launch_is_of_all_turns() -> None:
    machine = own_machine("waiting", "sm_90")
    arrays = [zeros(6), zeros(12), zeros(1)]
    whole, _ = launched(machine, "grid_barrier_k", 6, 64, arrays)
    assert whole.completed
    arguments = (machine, "grid_barrier_k", 6, 64, arrays)
    outcome, (x, *_) = launched(*arguments, launch_budget=BUDGET - 1)
    assert (outcome.ending, outcome.reason) == ("hang", "budget")
    assert not x.any()


def test_stores_of_many_turns_are_undone_where_the_launch_does_not_complete() -> None:
    """A lock that is never free is asked for so often that the log of the stores is shortened."""
    machine = own_machine("waiting", "sm_90")
    lock, count = np.array([5], dtype=np.int32), zeros(1)
    outcome, left = launched(machine, "lock_k", 3, 64, [lock, count], budget=300_000)
    assert outcome.ending == "hang"
    assert [array.tolist() for array in left] == [[5], [0]]


def test_a_hang_says_who_hangs_and_why() -> None:
    machine = own_machine("waiting", "sm_90")
    out = machine.allocate(zeros(4 * 32))
    few = machine.launch("long_k", 4, 32, out, budget=BUDGET)
    assert (few.reason, few.block, few.warp) == ("budget", 0, 0)
    one = machine.launch("long_k", 1, 32, out)
    rest = machine.launch("long_k", 4, 32, out, launch_budget=2 * one.warp_instructions)
    assert (rest.ending, rest.reason) == ("hang", "launch budget")
    assert (rest.block, rest.warp) == (None, None)
    # The third block stores where there is no memory.
    machine.map(1 << 40, 1 << 21)
    wild = machine.launch("long_k", 3, 32, (1 << 40) + (1 << 21) - 256)
    assert (wild.ending, wild.block, wild.warp, wild.reason) == ("Illegal Address", 2, 0, None)


def test_lanes_that_wait_for_each_other_at_two_barriers_are_a_deadlock() -> None:
    """Half of the warp waits for the other one, which waits elsewhere for all."""
    code = (
        *("S2R R0, SR_TID.X", "BSSY B0, (one)", "ISETP.LT.AND P0, PT, R0, 0x10, PT"),
        *("@P0 BRA (other)", "BSYNC B0", "one:", "EXIT", "other:", "WARPSYNC 0xffffffff", "EXIT"),
    )
    result = launch(code)
    assert (result.ending, result.reason) == ("hang", "deadlock")
    assert result.row == 4


# Faults.


def test_a_fault_strikes_threads_that_take_turns() -> None:
    machine = own_machine("waiting", "sm_90")
    code = machine.kernels["blocks_k"].instructions
    last = [one for one in code if one.opcode == "STG"][-1]
    register = str(last).split()[-1].rstrip(";")
    for block in (0, 4):
        upset = Fault(block=block, thread=3, pc=last.pc, target=register, flip=1 << 9)
        arrays = [zeros(1), zeros(160)]
        outcome, (_, found) = launched(machine, "blocks_k", 5, 32, arrays, fault=upset)
        assert (outcome.completed, outcome.struck) == (True, True)
        wanted = np.repeat(np.arange(5), 32)
        wanted[32 * block + 3] ^= 1 << 9
        assert found.tolist() == wanted.tolist()


def test_a_faults_hang_stays_one_where_nobody_waits_without_it() -> None:
    """The fault makes a thread wait for a word that another warp stores; in turns it would come."""
    machine = own_machine("waiting", "sm_90")
    flag = machine.allocate(2048)
    assert flag % 2048 == 0
    out = flag + 1024 - 4 * 64
    load = next(one for one in machine.kernels["warps_k"].instructions if one.opcode == "LDG")
    wrong = Fault(thread=0, pc=load.pc, target=f"R{load.operands[-1].index}", flip=1 << 10)
    for first, ending in ((1, "hang"), (0, "completed")):
        machine.write(flag, np.array([first] + [0] * 511, dtype=np.int32))
        outcome = machine.launch("warps_k", 1, 96, flag, out, budget=BUDGET, fault=wrong)
        assert (outcome.ending, outcome.struck) == (ending, True)

"""A whole launch, many units in one call, against its units run one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.corpus import own_machine
from support.engines import ENGINES, engine

from softbeam.emulator import Machine
from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import launch_constants
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.lowering import lower
from softbeam.emulator.outcome import CountingRunner
from softbeam.emulator.stores import last_of_each
from softbeam.emulator.vector import no_fault

BUDGET = 100_000


def prepared(machine: Machine, kernel: str, grid: Any, block: int, arguments: list[Any]) -> Launch:
    from softbeam.emulator.arguments import launch_shape, shared_memory

    function = machine.kernels[kernel]
    program, shape = lower(function), launch_shape(grid, block)
    constants = launch_constants(program, shape, arguments)
    memory = machine._heap.memory()
    return Launch(program, shape, constants, memory, shared_memory(function, 0))


def histogram(blocks: int = 6) -> Launch:
    """Return a launch whose blocks add to the same words of global memory."""
    machine = own_machine("suites", "sm_90")
    x = np.random.default_rng(2).integers(0, 256, 3000).astype(np.uint8)
    out = machine.allocate(np.arange(256, dtype=np.uint32))
    return prepared(machine, "histogram_k", blocks, 256, [out, machine.allocate(x), 3000])


def grid_of_warps(blocks: int = 9) -> Launch:
    """Return a launch of warps on their own, some of whose threads leave at once."""
    machine = own_machine("suites", "sm_90")
    return prepared(machine, "walk_k", blocks, 96, [machine.allocate(4 * 96 * blocks), 800])


def one_by_one(launch: Launch) -> tuple[np.ndarray, np.ndarray, int]:
    """Run a launch's units each by itself; return words, values and instructions."""
    runner, stored, words = Runner(), [], launch.memory.words
    before, instructions = words.copy(), 0
    for block, warp in runner.units(launch):
        ending = runner.run(launch, block, warp, budget=BUDGET, fault=no_fault())
        assert ending.finished
        instructions += ending.instructions
        if launch.program.communicates:
            words[ending.words] = ending.values
        stored.append((ending.words, ending.values))
    words[:] = before
    return *last_of_each(stored), instructions


def same(ending: Ending, words: np.ndarray, values: np.ndarray) -> None:
    np.testing.assert_array_equal(ending.words, words)
    np.testing.assert_array_equal(ending.values, values)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("made", [histogram, grid_of_warps])
def test_a_launch_is_its_units_in_order(made: Any, name: str) -> None:
    launch = made()
    before = launch.memory.words.copy()
    runner = CountingRunner()
    runner.count_from_zero(launch.program, by_instruction=True)
    with engine(name):
        words, values, instructions = one_by_one(launch)
        ending = runner.run_launch(launch, budget=BUDGET)
    assert ending.finished
    same(ending, words, values)
    assert runner.instructions == instructions
    assert sum(runner.executed.values()) > instructions
    np.testing.assert_array_equal(launch.memory.words, before)


@pytest.mark.parametrize("made", [histogram, grid_of_warps])
def test_logs_and_rooms_that_are_too_small_grow(made: Any, monkeypatch: Any) -> None:
    from softbeam.emulator import whole

    monkeypatch.setattr(whole, "_FIRST_ROOM", 40)
    launch = made()
    with engine("interpreter"):
        words, values, _ = one_by_one(launch)
        counted, other = CountingRunner(), CountingRunner()
        counted._log_words = other._log_words = 16
        for runner, by_instruction in ((counted, True), (other, False)):
            runner.count_from_zero(launch.program, by_instruction=by_instruction)
            same(runner.run_launch(launch, budget=BUDGET), words, values)
    assert counted.instructions == other.instructions
    wanted = CountingRunner()
    wanted.count_from_zero(launch.program, by_instruction=True)
    with engine("interpreter"):
        wanted.run_launch(launch, budget=BUDGET)
    assert counted.executed == wanted.executed


@pytest.mark.parametrize("made", [histogram, grid_of_warps])
def test_a_launch_whose_budget_ends_hangs_and_puts_memory_back(made: Any) -> None:
    launch = made()
    before = launch.memory.words.copy()
    with engine("interpreter"):
        *_, instructions = one_by_one(launch)
        enough = Runner().run_launch(launch, budget=BUDGET, launch_budget=instructions)
        short = Runner().run_launch(launch, budget=BUDGET, launch_budget=instructions // 2)
        thread = Runner().run_launch(launch, budget=20)
    assert enough.finished
    assert (short.status, thread.status) == (k.HANG, k.HANG)
    assert 0 < short.words.size < enough.words.size or launch.program.communicates
    np.testing.assert_array_equal(launch.memory.words, before)


def test_the_struck_unit_is_one_among_the_others() -> None:
    launch = grid_of_warps()
    runner = Runner()
    with engine("interpreter"):
        plain = runner.run_launch(launch, budget=BUDGET)
        done = runner.run(launch, 4, 1, budget=BUDGET, fault=no_fault())
        changed = Ending(done.status, done.words, done.values + 1, done.information)
        struck = runner.run_launch(launch, budget=BUDGET, struck=(4, 1), done=changed)
        failing = Ending(int(k.HANG), done.words[:0], done.values[:0], done.information)
        ended = runner.run_launch(launch, budget=BUDGET, struck=(4, 1), done=failing)
    different = plain.words[plain.values != struck.values]
    np.testing.assert_array_equal(different, done.words)
    np.testing.assert_array_equal(struck.information, done.information)
    assert ended.status == k.HANG
    assert ended.words.max() < done.words.min()


def test_the_last_value_of_a_word_stays() -> None:
    near = np.array([5, 3, 5, 4]), np.array([1, 2, 3, 4], dtype=np.uint32)
    later = np.array([3]), np.array([9], dtype=np.uint32)
    words, values = last_of_each([near, later])
    assert (words.tolist(), values.tolist()) == ([3, 4, 5], [9, 4, 3])
    far = near[0] * 10**12, near[1]
    words, values = last_of_each([far, (later[0] * 10**12, later[1])])
    assert (words.tolist(), values.tolist()) == ([3 * 10**12, 4 * 10**12, 5 * 10**12], [9, 4, 3])
    assert last_of_each([])[0].size == 0

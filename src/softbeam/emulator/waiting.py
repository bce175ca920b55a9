"""How a launch ends whose threads may wait for each other.

It is run as all launches are, one thread after the other.  Where it hangs so, because a thread
waits for another one that has not run yet, its threads take turns instead.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import prepare_tables
from softbeam.emulator.launching import Launch, run_directly, undo_stores
from softbeam.emulator.outcome import CountingRunner
from softbeam.emulator.standstill import decisive, reads_clock
from softbeam.emulator.turns import run_in_turns
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.emulator.whole import WholeLaunch

#: Instructions of a thread after which it is looked whether it waits: few threads execute as many.
_LOOK = 1 << 18

#: Instructions of the longest loop that is seen to wait.
_LONGEST_LOOP = 512


def launch_ending(
    runner: CountingRunner,
    launch: Launch,
    *,
    budget: int,
    launch_budget: int,
    fault: FaultVector | None = None,
    struck: tuple[int, int] | None = None,
) -> Ending:
    """Run a launch, whose threads take turns if it hangs otherwise, and put memory back.

    A fault's hang stays one unless the launch without the fault hangs as well: then its threads
    wait for each other, whatever the fault does.  If turns do not help, all is as if they had not
    been tried, counts included.

    Parameters
    ----------
    runner : CountingRunner
        Who counts what is executed, from zero.
    launch : Launch
        What to run.
    budget, launch_budget, fault, struck
        As for :meth:`softbeam.emulator.launching.Runner.run_launch`.
    """
    ending = None
    if fault is not None:
        ending = runner.run_launch(
            launch, budget=budget, launch_budget=launch_budget, fault=fault, struck=struck
        )
        # What all warps may execute together is used up, or one of them ran on.
        if ending.status != k.HANG or runner.instructions >= launch_budget:
            return ending
    counted = runner.counted()
    plain = _plain_ending(runner, launch, budget, launch_budget)
    if plain is not None and (plain.status != k.HANG or runner.instructions >= launch_budget):
        if ending is None:
            return plain
        runner.recount(counted)
        return ending
    if ending is None:
        ending, counted = plain, runner.counted()
    runner.forget_counts()
    found = run_in_turns(
        runner,
        launch,
        budget=budget,
        launch_budget=launch_budget,
        fault=fault,
        struck=None if struck is None else struck[0],
    )
    if found.status != k.HANG:
        return found
    if ending is None:
        runner.forget_counts()
        ending = runner.run_launch(launch, budget=budget, launch_budget=launch_budget)
    else:
        runner.recount(counted)
    # What turns show beside: that nothing can change any more.
    reason = max(ending.information[k.INFO_HANG], found.information[k.INFO_HANG])
    ending.information[k.INFO_HANG] = reason
    return ending


def _plain_ending(
    runner: CountingRunner, launch: Launch, budget: int, launch_budget: int
) -> Ending | None:
    """Return how a launch ends without fault and turns; None if a thread waits in vain in it.

    A budget decides nothing but which launches hang.  So a small one is tried first: of what waits
    it is soon known that no budget is enough.
    """
    runner.forget_counts()
    if budget > _LOOK:
        whole = WholeLaunch(runner, launch, _LOOK, launch_budget)
        units = launch.shape.blocks * (1 if launch.program.has_barrier else launch.shape.warps)
        try:
            whole.run(0, units, informs=True)
            if whole.status != k.HANG or whole.is_used_up:
                return whole.ending()
            if _waits_in_vain(runner, launch, whole.next):
                return None
        finally:
            whole.put_back()
        runner.forget_counts()
    return runner.run_launch(launch, budget=budget, launch_budget=launch_budget)


def _waits_in_vain(runner: CountingRunner, launch: Launch, unit: int) -> bool:
    """Return whether a unit that hangs is once again what it was, and so for ever.

    Parameters
    ----------
    runner, launch
        As for :func:`launch_ending`.
    unit : int
        Number of the unit; memory is as the units before it leave it.
    """
    if reads_clock(launch):
        return False
    shape = launch.shape
    block, first, end = unit, 0, shape.warps
    if not launch.program.has_barrier:
        block, first = divmod(unit, shape.warps)
        end = first + 1
    where = np.array([*shape.block_index(block), *shape.block, first, end], dtype=np.int64)
    # What is executed here is not counted.
    state = runner.state(launch)._replace(profile=np.zeros((0, 2), dtype=np.int64))
    tables, vector = prepare_tables(launch.program), no_fault()

    def hangs(budget: int) -> bool:
        return bool(
            run_directly(
                launch.program.code,
                launch.constants,
                tables,
                launch.memory,
                where,
                shape.threads,
                budget,
                vector,
                -1,
                state,
            )
            == k.HANG
        )

    try:
        if not hangs(_LOOK):
            return False
        vector[k.FAULT_RESUMES] = 1
        before = [part.copy() for part in decisive(tables, state)]
        stored = int(state.information[k.INFO_LOG])
        for more in range(1, _LONGEST_LOOP + 1):
            if not hangs(_LOOK + more):
                return False
            now = decisive(tables, state)
            same = all(np.array_equal(one, other) for one, other in zip(before, now, strict=True))
            if same and _stores_nothing_new(launch, state, stored):
                return True
        return False
    finally:
        undo_stores(launch.memory, state)


def _stores_nothing_new(launch: Launch, state: k.State, first: int) -> bool:
    """Return whether memory is what it was before an entry of the log of stores."""
    end = int(state.information[k.INFO_LOG])
    words, places = np.unique(state.log_word[first:end], return_index=True)
    return np.array_equal(launch.memory.words[words], state.log_before[first:end][places])

"""Launches whose threads wait for each other: all blocks at once, and threads that take turns.

A thread that waits for a word of memory that another thread writes needs that thread to run
meanwhile.  On a GPU since Volta it does: the threads of a warp, the warps of a block and the blocks
that fit on the GPU all make progress.  The emulator runs them one after the other, which is faster
and for nearly all kernels the same.  Only a launch that hangs so is run again here, in turns.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import (
    check_supported,
    compile_missing,
    new_state,
    prepare_tables,
)
from softbeam.emulator.launching import Launch, run_directly, undo_stores
from softbeam.emulator.outcome import CountingRunner
from softbeam.emulator.standstill import Standstill, let_pass
from softbeam.emulator.stores import distinct
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.emulator.whole import add_translated

#: Instructions of a turn, a multiple of most short loops so that one that waits is soon seen to be
#: where it was; and barriers that a block may pass in a turn.
TURN, BARRIERS = 420, 64

#: Rounds in which nothing happens after which turns become twice as long, and how often they do.
_PATIENCE, _MOST_DOUBLINGS = 16, 4

#: Stores in the log from which on it is worth shortening.
_LONG = 1 << 13

#: Blocks that run at the same time: the multiprocessors of an H100, and what each has room for.
_MULTIPROCESSORS, _BLOCKS, _WARPS, _SHARED_BYTES = 132, 32, 64, 233_472

#: Bytes that the state of all of them may take.
_STATE_BYTES = 1 << 30


class _RepeatError(Exception):
    """Something was missing that is there now: the launch is to be run again from its start."""


def resident_blocks(launch: Launch) -> int:
    """Return how many blocks of a launch run at the same time."""
    shape, local = launch.shape, launch.program.local_bytes
    shared = max(launch.shared_bytes, 1)
    room = min(_BLOCKS, _WARPS // shape.warps, _SHARED_BYTES // shared)
    block = shape.warps * (k.WARP.itemsize + k.LANES * local) + shared
    return max(1, min(_MULTIPROCESSORS * room, _STATE_BYTES // block))


class _Together:
    """The blocks of a launch that run at the same time, and what they have stored."""

    def __init__(
        self,
        runner: CountingRunner,
        launch: Launch,
        budget: int,
        fault: FaultVector | None,
        struck: int | None,
    ) -> None:
        self._runner, self._launch, self._budget = runner, launch, budget
        self._fault, self._struck = fault, struck
        self._common = runner.state(launch)
        self._entries = 0  # stores in the log, which all blocks share
        self._long = _LONG  # stores from which on the log is shortened
        self._begun = 0
        self._turn = TURN
        self._resident: dict[int, k.State] = {}
        self._free: list[k.State] = []
        self._status = int(k.FINISHED)
        self._information = np.zeros(k.INFO_FIELDS, dtype=np.int64)
        self._instructions = self._longest = 0

    def run(self, launch_budget: int) -> Ending:
        """Run the launch and put memory back."""
        launch = self._launch
        profile, tables = self._common.profile, prepare_tables(launch.program)
        counted = profile.copy()
        tables.translation.counts.fill(0)
        tables.translation.skipped.fill(0)
        try:
            self._run(launch_budget)
            words = distinct(self._common.log_word[: self._entries])
            values = launch.memory.words[words]
        except BaseException:
            profile[:] = counted
            raise
        finally:
            self._common.information[k.INFO_LOG] = self._entries
            undo_stores(launch.memory, self._common)
        if profile.size:
            add_translated(tables.translation, profile)
        self._runner.count_units(self._instructions, self._longest)
        return Ending(self._status, words, values, self._information)

    def _run(self, launch_budget: int) -> None:
        """Give turns until all blocks have ended, or one in a way that ends the launch."""
        standstill = Standstill(self._launch)
        most, blocks = resident_blocks(self._launch), self._launch.shape.blocks
        while self._status == k.FINISHED:
            # A program that has been found to run long is translated now.
            self._tables = prepare_tables(self._launch.program)
            for block in list(self._resident):
                self._take_turn(block)
            while self._begun < blocks and len(self._resident) < most:
                if self._status != k.FINISHED or self._instructions >= launch_budget:
                    break
                self._begin(self._begun)
                self._begun += 1
                self._take_turn(self._begun - 1)
            if self._status != k.FINISHED:
                return
            if not self._resident and self._begun == blocks:
                return
            stored = self._common.log_word[: self._entries]
            standstill.look(self._tables, self._resident, stored, self._instructions)
            if self._instructions >= launch_budget or standstill.idle >= self._budget:
                self._status = int(k.HANG)
            elif standstill.recurs and not let_pass(self._launch, self._resident):
                self._status = int(k.HANG)
                self._information[k.INFO_HANG] = k.HANG_DEADLOCK
            # Where nothing happens, short turns serve nobody.
            self._turn = TURN << min(_MOST_DOUBLINGS, standstill.idle_rounds // _PATIENCE)

    def _begin(self, block: int) -> None:
        """Prepare a block: with nothing to spend, the interpreter runs none of its threads."""
        launch, common = self._launch, self._common
        if self._free:
            state = self._free.pop()
        else:
            state = new_state(
                launch.shape.warps,
                shared_bytes=launch.shared_bytes,
                local_bytes=launch.program.local_bytes,
                log_words=0,
            )._replace(
                log_word=common.log_word,
                log_before=common.log_before,
                log_time=common.log_time,
                profile=common.profile,
            )
        self._call(block, state, 0, self._vector(block, resumes=False))
        state.warps["status"] = k.RUNNING
        state.information[:] = 0
        self._resident[block] = state

    def _take_turn(self, block: int) -> None:
        """Run a block on until each of its warps has had its turn."""
        if self._status != k.FINISHED:
            return
        state = self._resident[block]
        information = state.information
        information[k.INFO_LOG] = self._entries
        before = int(information[k.INFO_INSTRUCTIONS])
        status = self._call(block, state, self._budget, self._vector(block, resumes=True))
        self._entries = int(information[k.INFO_LOG])
        self._instructions += int(information[k.INFO_INSTRUCTIONS]) - before
        self._longest = max(self._longest, int(information[k.INFO_LONGEST]))
        if status == k.PAUSED:
            self._shorten_log()
            return
        if status == k.PART_MISSING:
            compile_missing(self._launch.program, state)
            raise _RepeatError
        if status == k.LOG_FULL:
            self._runner.grow_log()
            raise _RepeatError
        check_supported(self._launch.program, status, state)
        self._status = status
        if status != k.FINISHED or self._struck in (None, block):
            self._information = information.copy()
            self._information[k.INFO_BLOCK] = block
        if status == k.FINISHED:
            del self._resident[block]
            self._free.append(state)

    def _call(self, block: int, state: k.State, budget: int, vector: FaultVector) -> int:
        launch = self._launch
        shape = launch.shape
        where = [*shape.block_index(block), *shape.block, 0, shape.warps]
        return int(
            run_directly(
                launch.program.code,
                launch.constants,
                self._tables,
                launch.memory,
                np.array(where, dtype=np.int64),
                shape.threads,
                budget,
                vector,
                -1,
                state,
            )
        )

    def _vector(self, block: int, *, resumes: bool) -> FaultVector:
        given = self._fault if block == self._struck else None
        vector = no_fault() if given is None else given.copy()
        vector[k.FAULT_RESUMES] = resumes
        vector[k.FAULT_TURN], vector[k.FAULT_ROUNDS] = self._turn, BARRIERS
        return vector

    def _shorten_log(self) -> None:
        """Forget all stores to a word but the first, which says what was there before."""
        log = (self._common.log_word, self._common.log_before, self._common.log_time)
        if self._entries < self._long:
            return
        _, first = np.unique(log[0][: self._entries], return_index=True)
        first.sort()
        for column in log:
            column[: first.size] = column[first]
        self._entries = int(first.size)
        self._long = max(_LONG, 2 * self._entries)


def run_in_turns(
    runner: CountingRunner,
    launch: Launch,
    *,
    budget: int,
    launch_budget: int,
    fault: FaultVector | None = None,
    struck: int | None = None,
) -> Ending:
    """Run a launch whose threads take turns, one block with a fault, and put memory back.

    Parameters
    ----------
    runner : CountingRunner
        Who counts what is executed.
    launch : Launch
        What to run.
    budget, launch_budget : int
        Instructions that one thread, and all warps together, may execute.
    fault : numpy.ndarray of int64, optional
        Fault vector of the struck block.
    struck : int, optional
        Its number.
    """
    while True:
        try:
            return _Together(runner, launch, budget, fault, struck).run(launch_budget)
        except _RepeatError:
            continue

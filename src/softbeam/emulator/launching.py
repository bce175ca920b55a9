"""Emulate a whole launch, block by block, and gather what it stores.

Warps and blocks do not see each other's stores within a launch, and where two store to one byte
the later block's value stays (hardware README, point 3).  Kernels whose warps wait for each other
or share memory run block by block, all others warp by warp.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.interpreter import run
from softbeam.emulator.core.memory import roll_back
from softbeam.emulator.direct import Direct
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import (
    LaunchShape,
    check_supported,
    compile_missing,
    new_state,
    prepare_tables,
)
from softbeam.emulator.lowering import Program
from softbeam.emulator.stores import distinct, kept_of
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.emulator.whole import WholeLaunch, add_translated, run_example
from softbeam.errors import InternalError


@dataclass(frozen=True, slots=True)
class Launch:
    """A kernel ready to run: program, dimensions, constants and the memory that it starts from.

    Raises
    ------
    InternalError
        If an array is not as the interpreter takes it; it would not notice.
    """

    program: Program
    shape: LaunchShape
    constants: NDArray[np.uint32]
    memory: k.Memory
    shared_bytes: int = 0

    def __post_init__(self) -> None:
        """Check the arrays that change from launch to launch."""
        arrays: list[tuple[NDArray[Any], Any]] = [
            (self.constants, np.uint32),
            (self.memory.words, np.uint32),
            *((array, np.int64) for array in self.memory[1:]),
        ]
        for array, dtype in arrays:
            flags = array.flags
            if array.dtype != dtype or not (flags.c_contiguous and flags.writeable):
                raise InternalError(f"{self.program.function.name} cannot run on such memory")


def _run_example() -> tuple[Any, ...]:
    numbers, state = np.zeros(1, dtype=np.int64), new_state(1, log_words=1)
    return *run_example(), numbers, 1, 1, numbers, 1, state


def _roll_back_example() -> tuple[k.Memory, k.State]:
    return run_example()[3], new_state(1, log_words=1)


#: The interpreter, and what undoes the stores in a state's log.
run_directly = Direct(run, _run_example)
undo_stores = Direct(roll_back, _roll_back_example)


class Surroundings(NamedTuple):
    """What a unit finds when it starts, and what others store while it runs.

    Attributes
    ----------
    left_registers : numpy.ndarray of uint32, [warps, registers, 32]
        Contents of the registers; of length 0: zeros.
    left_shared : numpy.ndarray of uint32
        Contents of shared memory; of length 0: zeros.
    foreign : numpy.ndarray of int64, [stores, 3]
        Stores of other units: twice the time at which they take effect, counted in this unit's
        warp instructions (plus one if they come after this unit's own store of that time), word
        and value, sorted.
    """

    left_registers: NDArray[np.uint32]
    left_shared: NDArray[np.uint32]
    foreign: NDArray[np.int64]

    def around(self, state: k.State) -> k.State:
        """Fill a state's registers and shared memory; return it with the foreign stores."""
        registers = state.warps["registers"]
        registers[:] = 0
        if self.left_registers.size:
            registers[:, : self.left_registers.shape[1]] = self.left_registers
        state.shared[:] = self.left_shared if self.left_shared.size else 0
        return state._replace(foreign=self.foreign)


class Runner:
    """Runs single warps or blocks of launches, reusing one state.

    Parameters
    ----------
    log_words : int
        Initial length of the store log; it grows when an execution fills it.
    """

    def __init__(self, log_words: int = 1 << 16) -> None:
        self._log_words = log_words
        self._states: dict[tuple[int, int, int], k.State] = {}

    def state(self, launch: Launch) -> k.State:
        """Return the state in which units of this launch run."""
        warps = launch.shape.warps if launch.program.has_barrier else 1
        key = (warps, launch.shared_bytes, launch.program.local_bytes)
        if key not in self._states:
            self._states[key] = new_state(
                warps,
                shared_bytes=launch.shared_bytes,
                local_bytes=launch.program.local_bytes,
                log_words=self._log_words,
            )
        return self._states[key]

    def run(
        self,
        launch: Launch,
        block: int,
        warp: int,
        *,
        budget: int,
        fault: FaultVector,
        traced: int = -1,
        state: k.State | None = None,
        surroundings: Surroundings | None = None,
    ) -> Ending:
        """Run one warp (or, with barriers, its whole block) and put memory back as it was.

        Parameters
        ----------
        launch : Launch
            What to run.
        block, warp : int
            Number of the block in the grid and of the warp in the block.
        budget : int
            Instructions that one thread may execute.
        fault : numpy.ndarray of int64
            Fault vector (:func:`softbeam.emulator.vector.fault_vector`).
        traced : int
            Thread of the block to trace, or -1.
        state : State, optional
            A state with room for a profile or trace.
        surroundings : Surroundings, optional
            What it finds and meets; by default zeros, and nobody else.

        Raises
        ------
        UnsupportedInstruction
            If it reaches an instruction that the emulator does not know.
        """
        if launch.program.has_barrier:
            first, end = 0, launch.shape.warps
        else:
            first, end = warp, warp + 1
            fault = fault.copy()
            fault[k.FAULT_WARP] -= warp
        grid_block = np.array(
            [*launch.shape.block_index(block), *launch.shape.block, first, end], dtype=np.int64
        )
        while True:
            used = state if state is not None else self.state(launch)
            if used.warps.size < end - first or 4 * used.shared.size < launch.shared_bytes:
                raise InternalError(f"{launch.program.function.name} does not fit into its state")
            if surroundings is not None:
                used = surroundings.around(used)
                fault = fault.copy()
                fault[k.FAULT_KEEPS] = 1
            translated = not launch.memory.read_bits.size
            lookups = prepare_tables(launch.program, translated=translated)
            counted = used.profile.copy()
            if counted.size:
                lookups.translation.counts.fill(0)
                lookups.translation.skipped.fill(0)
            status = run_directly(
                launch.program.code,
                launch.constants,
                lookups,
                launch.memory,
                grid_block,
                launch.shape.threads,
                budget,
                fault,
                traced,
                used,
            )
            entries = int(used.information[k.INFO_LOG])
            words = distinct(used.log_word[:entries])
            values = launch.memory.words[words]
            kept = kept_of(used, words) if launch.program.stores_bytes else None
            information = used.information.copy()
            information[k.INFO_BLOCK] = block
            undo_stores(launch.memory, used)
            if counted.size and status in (k.PART_MISSING, k.LOG_FULL):
                used.profile[:] = counted
            elif counted.size:
                add_translated(lookups.translation, used.profile)
            if status == k.PART_MISSING:
                compile_missing(launch.program, used, translated=translated)
                continue
            if status == k.LOG_FULL:
                if state is not None:
                    raise InternalError("the store log of a traced execution is full")
                self.grow_log()
                continue
            check_supported(launch.program, status, used)
            return Ending(int(status), words, values, information, kept)

    def units(self, launch: Launch) -> Iterator[tuple[int, int]]:
        """Yield (block, warp) of every unit of a launch that runs on its own, in order."""
        for block in range(launch.shape.blocks):
            for warp in range(self._units_of_block(launch)):
                yield block, warp

    def run_launch(
        self,
        launch: Launch,
        *,
        budget: int,
        launch_budget: int | None = None,
        fault: FaultVector | None = None,
        struck: tuple[int, int] | None = None,
        done: Ending | None = None,
    ) -> Ending:
        """Run every block of a launch, one of its units with a fault, and put memory back.

        Where the program communicates, a unit sees what those before it have stored.  What the
        launch costs goes by what it runs and stores, not by how much memory there is.

        Parameters
        ----------
        launch : Launch
            What to run.
        budget : int
            Instructions that one thread may execute.
        launch_budget : int, optional
            Instructions that all warps may execute together: a launch that has more units to run
            then counts as hung.
        fault : numpy.ndarray of int64, optional
            Fault vector of the struck unit.
        struck : (int, int), optional
            Block and warp of the struck unit.
        done : Ending, optional
            How the struck unit ended, if it has been run already.

        Returns
        -------
        Ending
            How the first unit ended that did not finish, if there is one; the words are those that
            the launch stores until then, of two stores to one byte the later unit's.  If a
            followed fault can change nothing any more, how its unit ended, and no words.
        """
        whole = WholeLaunch(self, launch, budget, launch_budget)
        units = launch.shape.blocks * self._units_of_block(launch)
        try:
            if struck is None:
                whole.run(0, units, informs=True)
                return whole.ending()
            block, warp = struck
            number = block * self._units_of_block(launch) + warp
            if whole.run(0, number, informs=False) and whole.may_go_on():
                if done is None:
                    vector = _NO_FAULT if fault is None else fault
                    done = self.run(launch, block, warp, budget=budget, fault=vector)
                if done.ended_early:
                    return done
                if whole.add(done):
                    whole.run(number + 1, units, informs=False)
            return whole.ending()
        finally:
            whole.put_back()

    def grow_log(self) -> None:
        """Make room for more stores of a unit."""
        self._log_words *= 4
        self._states.clear()

    def count_units(self, instructions: int, longest: int) -> None:
        """Note what units executed: warp instructions, and the most of one thread."""

    @staticmethod
    def _units_of_block(launch: Launch) -> int:
        return 1 if launch.program.has_barrier else launch.shape.warps


_NO_FAULT = no_fault()

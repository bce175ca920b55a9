"""Emulate a whole launch, block by block, and gather what it stores.

Warps and blocks do not see each other's stores within a launch, and where two store to one word
the later block's value stays (hardware README, point 3).  Kernels whose warps wait for each other
or share memory run block by block, all others warp by warp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.interpreter import run
from softbeam.emulator.core.memory import roll_back
from softbeam.emulator.execution import LaunchShape, check_supported, new_state, tables
from softbeam.emulator.lowering import Program
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
        for array in (self.constants, self.memory.words):
            flags = array.flags
            if array.dtype != np.uint32 or not (flags.c_contiguous and flags.writeable):
                raise InternalError(f"{self.program.function.name} cannot run on such memory")


def distinct(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different words of a short log, ascending; ``numpy.unique`` takes longer."""
    ordered = np.sort(words)
    if ordered.size < 2:
        return ordered
    first = np.empty(ordered.size, dtype=np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


class _Direct:
    """A compiled function that is called without a look at the types of its arguments.

    Numba finds out the type of every array of every tuple at each call, which takes a third of
    the time of a short run.  Arguments must have the types of the first call, as those of
    :class:`Launch` and :func:`~softbeam.emulator.execution.new_state` have.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self._entry: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._entry is not None:
            return self._entry(*arguments)
        result = self._function(*arguments)
        compiled = list(self._function.overloads.values())
        # Of two kinds of arguments, nothing says here which was met.
        if len(compiled) == 1:
            self._entry = compiled[0].entry_point
        return result


_run, _roll_back = _Direct(run), _Direct(roll_back)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one warp or block ended.

    Attributes
    ----------
    status : int
        ``FINISHED``, an exception, ``HANG`` or a stop of :mod:`softbeam.emulator.core.layout`.
    words : numpy.ndarray of int64
        Words of the pool that it stored to, ascending.
    values : numpy.ndarray of uint32
        What it left there.
    information : numpy.ndarray of int64
        The information vector (``INFO_*``).
    """

    status: int
    words: NDArray[np.int64]
    values: NDArray[np.uint32]
    information: NDArray[np.int64]


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
        fault: NDArray[np.int64],
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
            Fault vector; its warp is counted in the block.
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
            if surroundings is not None:
                used = surroundings.around(used)
                fault = fault.copy()
                fault[k.FAULT_KEEPS] = 1
            # A state of the caller's, or foreign stores, may have arrays of other kinds.
            plain = state is None and surroundings is None
            execute: Any = _run if plain else run
            undo: Any = _roll_back if plain else roll_back
            status = execute(
                launch.program.code,
                launch.constants,
                tables(launch.program),
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
            information = used.information.copy()
            undo(launch.memory, used)
            if status == k.LOG_FULL:
                if state is not None:
                    raise InternalError("the store log of a traced execution is full")
                self._log_words *= 4
                self._states.clear()
                continue
            check_supported(launch.program, status, used)
            return Ending(int(status), words, values, information)

    def units(self, launch: Launch) -> Iterator[tuple[int, int]]:
        """Yield (block, warp) of every unit of a launch that runs on its own, in order."""
        warps = 1 if launch.program.has_barrier else launch.shape.warps
        for block in range(launch.shape.blocks):
            for warp in range(warps):
                yield block, warp

    def run_launch(
        self,
        launch: Launch,
        *,
        budget: int,
        fault: NDArray[np.int64],
        struck: tuple[int, int] | None = None,
        fault_free: NDArray[np.int64],
    ) -> tuple[int, NDArray[np.uint32], NDArray[np.int64]]:
        """Run every block of a launch, one of its units with a fault.

        Where the program communicates, a unit sees what those before it have stored.

        Parameters
        ----------
        launch : Launch
            What to run; its memory is left as it was.
        budget : int
            Instructions that one thread may execute.
        fault, fault_free : numpy.ndarray of int64
            Fault vectors of the struck unit and of the others.
        struck : (int, int), optional
            Block and warp of the struck unit.

        Returns
        -------
        status : int
            ``FINISHED``, or how the first unit that did not finish ended.
        words : numpy.ndarray of uint32
            A copy of the pool as the launch leaves it.
        information : numpy.ndarray of int64
            The information vector of the struck unit, or of the last one.
        """
        before = launch.memory.words.copy()
        after = launch.memory.words if launch.program.communicates else before.copy()
        information = np.zeros(k.INFO_FIELDS, dtype=np.int64)
        status = k.FINISHED
        try:
            for block, warp in self.units(launch):
                here = struck is not None and struck == (block, warp)
                ending = self.run(
                    launch, block, warp, budget=budget, fault=fault if here else fault_free
                )
                if here or struck is None or ending.status != k.FINISHED:
                    information = ending.information
                if ending.status in (k.OVERWRITTEN, k.NEVER_READ):
                    raise InternalError("a launch was run with the early end of a followed fault")
                if ending.status != k.FINISHED:
                    status = ending.status
                    break
                after[ending.words] = ending.values
            return status, after.copy(), information
        finally:
            launch.memory.words[:] = before

"""A block of a launch that runs from barrier to barrier, and can be kept and gone on with.

The state of the interpreter stays in this package; what others need of it has a name here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import (
    check_supported,
    compile_missing,
    memory_map,
    new_state,
    prepare_tables,
)
from softbeam.emulator.launching import Launch, run_directly, undo_stores
from softbeam.emulator.lowering import Program
from softbeam.emulator.stores import distinct, kept_of
from softbeam.emulator.vector import FaultVector, no_fault

#: Instructions that no fault-free thread executes.
PLENTY = 1 << 40

#: Stores of a block that can be undone, at first.
LOG_WORDS = 1 << 16


class RepeatError(Exception):
    """A run ended because something was missing that is there now: it is to be made again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a block holds behind a barrier."""

    warps: NDArray[np.void]
    shared: NDArray[np.uint32]
    information: NDArray[np.int64]


class BlockRun:
    """One block of a launch, run in rounds between barriers.

    Parameters
    ----------
    launch : Launch
        What runs; its memory is as it was once :meth:`ending` has been called.
    """

    def __init__(self, launch: Launch) -> None:
        rows = launch.program.code.rows.shape[0]
        self.launch = launch
        self._nothing = replace(launch, memory=memory_map(np.zeros(1, dtype=np.uint32), []))
        self.state = new_state(
            launch.shape.warps, shared_bytes=launch.shared_bytes, log_words=LOG_WORDS
        )
        #: Active and executed lanes by row, of the last run that counted: int64[rows, 2].
        self.counted = np.zeros((rows, 2), dtype=np.int64)
        self._grid_block = np.zeros(8, dtype=np.int64)
        self._status = k.FINISHED

    def begin(self, launch: Launch, block: int) -> None:
        """Take another block, of this launch or of another of the same program and shape."""
        undo_stores(self.launch.memory, self.state)
        self.launch = launch
        self._grid_block[:3] = launch.shape.block_index(block)
        self._grid_block[3:6] = launch.shape.block

    def release(self) -> None:
        """Put memory back and let go of the launch; another one has to be begun then."""
        undo_stores(self.launch.memory, self.state)
        self.launch = self._nothing

    def go(
        self,
        program: Program,
        fault: FaultVector,
        budget: int,
        *,
        rounds: int = 0,
        resume: bool = True,
        warps: slice | None = None,
        counts: bool = False,
    ) -> bool:
        """Run a program on the block.

        Parameters
        ----------
        program : Program
            The launch's own, or a skeleton of it.
        fault : numpy.ndarray of int64
            As for :meth:`softbeam.emulator.launching.Runner.run`.
        budget : int
            Instructions that one thread may execute, those before included.
        rounds : int
            Barriers to pass before it pauses; 0: it does not.
        resume : bool
            Whether to go on from what the state holds.
        warps : slice, optional
            The warps to run; all by default.
        counts : bool
            Whether to count in :attr:`counted`.

        Returns
        -------
        bool
            Whether it paused; it has ended otherwise (:meth:`ending`).

        Raises
        ------
        RepeatError
            If something was missing that is there now.
        UnsupportedInstruction
            If it reaches an instruction that the emulator does not know.
        """
        if not resume:
            undo_stores(self.launch.memory, self.state)
        first, end = (0, self.launch.shape.warps) if warps is None else (warps.start, warps.stop)
        state = self.state._replace(warps=self.state.warps[first:end])
        vector = fault.copy()
        vector[k.FAULT_WARP] -= first
        vector[k.FAULT_RESUMES], vector[k.FAULT_ROUNDS] = resume, rounds
        tables = prepare_tables(program)
        if counts:
            tables = tables._replace(translation=_for_full_masks(tables.translation))
            self.counted[:] = 0
            state = state._replace(profile=self.counted)
            tables.translation.counts.fill(0)
            tables.translation.skipped.fill(0)
        self._grid_block[6], self._grid_block[7] = first, end
        status = run_directly(
            program.code,
            self.launch.constants,
            tables,
            self.launch.memory,
            self._grid_block,
            self.launch.shape.threads,
            budget,
            vector,
            -1,
            state,
        )
        if counts and tables.translation.addresses[0]:
            translation, rows = tables.translation, self.counted.shape[0]
            active = translation.counts[translation.block[:rows]]
            self.counted[:, 0] += active
            self.counted[:, 1] += active - translation.skipped[:rows]
        if status in (k.PART_MISSING, k.LOG_FULL):
            undo_stores(self.launch.memory, self.state)
            if status == k.PART_MISSING:
                compile_missing(program, self.state)
            else:
                self._enlarge_log()
            raise RepeatError
        check_supported(program, status, self.state)
        self._status = int(status)
        return self._status == k.PAUSED

    def go_from_start(self, program: Program, *, rounds: int = 0) -> bool:
        """Run a program on the block without fault, from its beginning, as often as it takes."""
        while True:
            try:
                return self.go(program, no_fault(), PLENTY, rounds=rounds, resume=False)
            except RepeatError:
                continue

    def _enlarge_log(self) -> None:
        entries = 4 * self.state.log_word.size
        self.state = self.state._replace(
            log_word=np.zeros(entries, dtype=np.int64),
            log_before=np.zeros(entries, dtype=np.uint32),
            log_time=np.zeros(entries, dtype=np.int64),
        )

    def ending(self, *, finished: bool = False) -> Ending:
        """Return how the run ended, and put memory back as it was.

        Parameters
        ----------
        finished : bool
            Whether a run that paused counts as one that ran to its end.
        """
        memory, state = self.launch.memory, self.state
        words = distinct(state.log_word[: int(state.information[k.INFO_LOG])])
        values = memory.words[words]
        kept = kept_of(state, words) if self.launch.program.stores_bytes else None
        information = state.information.copy()
        undo_stores(memory, state)
        status = k.FINISHED if finished else self._status
        return Ending(status, words, values, information, kept)

    # What it holds.

    @property
    def fired(self) -> int:
        """How often the fault was applied."""
        return int(self.state.information[k.INFO_FIRED])

    @property
    def before(self) -> int:
        """The struck value before the fault."""
        return int(self.state.information[k.INFO_BEFORE])

    @property
    def finished(self) -> bool:
        """Whether the run ran to its end."""
        return self._status == k.FINISHED

    @property
    def has_stored(self) -> bool:
        """Whether global memory holds stores of the run."""
        return bool(self.state.information[k.INFO_LOG])

    @property
    def is_undecided(self) -> bool:
        """Whether the struck register is followed and was neither read nor overwritten yet."""
        information = self.state.information
        return bool(information[k.INFO_PENDING]) and not information[k.INFO_READ]

    def registers(self, warp: int) -> NDArray[np.uint32]:
        """Return the general registers of a warp, to be read and written: [registers, lanes]."""
        found: NDArray[np.uint32] = self.state.warps[warp]["registers"]
        return found

    def all_registers(self) -> NDArray[np.uint32]:
        """Return the general registers, to be read: [warps, registers, lanes]."""
        found: NDArray[np.uint32] = self.state.warps["registers"]
        return found

    def rows(self) -> NDArray[np.int64]:
        """Return where the first group of each warp goes on."""
        found: NDArray[np.int64] = self.state.warps["group_row"][:, 0]
        return found

    def arrivals(self, thread: int) -> int:
        """Return how often a thread has reached the fault's row."""
        warp, lane = divmod(thread, k.LANES)
        return int(self.state.warps[warp]["arrivals"][lane])

    def snapshot(self) -> Snapshot:
        """Return a copy of what the block holds."""
        state = self.state
        return Snapshot(state.warps.copy(), state.shared.copy(), state.information.copy())

    def restore(self, kept: Snapshot) -> None:
        """Put back what the block held, and memory as it was before the block."""
        undo_stores(self.launch.memory, self.state)
        self.state.warps.view(np.uint8)[:] = kept.warps.view(np.uint8)
        self.state.shared[:] = kept.shared
        self.state.information[:] = kept.information

    def forget_report(self) -> None:
        """Report nothing of what ran so far, but for stores that are to be undone."""
        stores = self.state.information[k.INFO_LOG]
        self.state.information[:] = 0
        self.state.information[k.INFO_LOG] = stores


def _for_full_masks(translation: k.Translation) -> k.Translation:
    """Return a translation whose counts are of warps that run as a whole.

    All others are interpreted then, and leave their heat.
    """
    return translation._replace(addresses=np.array([translation.addresses[0], 0]))


def completed(words: NDArray[np.int64], values: NDArray[np.uint32], like: Ending) -> Ending:
    """Return the ending of a run that completes and leaves these words, ascending."""
    return Ending(k.FINISHED, words, values, like.information)

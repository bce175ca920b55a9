"""A block that runs from barrier to barrier, and gets to a barrier without running all before it.

Where a program's way does not depend on what it loads (:mod:`softbeam.emulator.flow`), its skeleton
takes a block to any barrier in little time; what the skeleton leaves out is then made anew by
running the whole program over the last rounds between barriers.  What that cannot make, because it
is carried through all rounds, is the caller's to put in place.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import check_supported, compile_missing, new_state, prepare_tables
from softbeam.emulator.flow import flow_of, skeleton_of
from softbeam.emulator.launching import Launch, distinct, run_directly, undo_stores
from softbeam.emulator.lowering import Program
from softbeam.emulator.translation import translate_now
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector, no_fault

#: Instructions that no fault-free thread executes.
PLENTY = 1 << 40

#: Stores of a block that can be undone, at first.
LOG_WORDS = 1 << 16


class RepeatError(Exception):
    """A run ended because something was missing that is there now: it is to be made again."""


@dataclass(frozen=True, slots=True)
class Passes:
    """How often one warp passes each stretch of a program, from barrier to barrier.

    Attributes
    ----------
    leaders : numpy.ndarray of int64
        First rows of the stretches (:attr:`softbeam.emulator.flow.Flow.leader`).
    passes : numpy.ndarray of int64, [barriers + 2, stretches]
        Passes by a lane until so many barriers are passed; last: until the end.
    rows : numpy.ndarray of int64, [barriers + 1]
        Where the warp goes on behind so many barriers.
    """

    leaders: NDArray[np.int64]
    passes: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def barriers(self) -> int:
        """How many barriers of the block are passed."""
        return self.rows.size - 1

    def of(self, leader: int) -> NDArray[np.int64]:
        """Return the passes of one stretch by barriers: int64[barriers + 2]."""
        found: NDArray[np.int64] = self.passes[:, np.searchsorted(self.leaders, leader)]
        return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a block holds behind a barrier."""

    warps: NDArray[np.void]
    shared: NDArray[np.uint32]
    information: NDArray[np.int64]


class BlockRun:
    """One block of a launch, run in rounds from barrier to barrier.

    Parameters
    ----------
    launch : Launch
        What runs; its memory is put back after every run that ends (:meth:`ending`).
    """

    def __init__(self, launch: Launch) -> None:
        rows = launch.program.code.rows.shape[0]
        self.launch = launch
        self.state = new_state(
            launch.shape.warps, shared_bytes=launch.shared_bytes, log_words=LOG_WORDS
        )
        self._profile = np.zeros((rows, 2), dtype=np.int64)
        self._grid_block = np.zeros(8, dtype=np.int64)

    def begin(self, launch: Launch, block: int) -> None:
        """Take another block, of this launch or of one of the same kernel and shape."""
        self.launch = launch
        self._grid_block[:3] = launch.shape.block_index(block)
        self._grid_block[3:6] = launch.shape.block

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
    ) -> int:
        """Run a program on the block.

        Parameters
        ----------
        program : Program
            The launch's own, or its skeleton.
        fault : numpy.ndarray of int64
            As for :meth:`softbeam.emulator.launching.Runner.run`.
        budget : int
            Instructions that one thread may execute, those before included.
        rounds : int
            Barriers after which to pause; 0: none.
        resume : bool
            Whether to go on from what the state holds.
        warps : slice, optional
            The warps to run; all by default.
        counts : bool
            Whether to count in :attr:`counted`.

        Returns
        -------
        int
            The interpreter's status.

        Raises
        ------
        RepeatError
            If something was missing that is there now.
        """
        first, end = (0, self.launch.shape.warps) if warps is None else (warps.start, warps.stop)
        state = self.state._replace(warps=self.state.warps[first:end])
        vector = fault.copy()
        vector[k.FAULT_WARP] -= first
        vector[k.FAULT_RESUMES], vector[k.FAULT_ROUNDS] = resume, rounds
        tables = prepare_tables(program)
        if counts:
            tables = tables._replace(translation=_for_full_masks(tables.translation))
            self._profile[:] = 0
            state = state._replace(profile=self._profile)
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
            translation, rows = tables.translation, self._profile.shape[0]
            active = translation.counts[translation.block[:rows]]
            self._profile[:, 0] += active
            self._profile[:, 1] += active - translation.skipped[:rows]
        if status in (k.PART_MISSING, k.LOG_FULL):
            undo_stores(self.launch.memory, self.state)
            if status == k.PART_MISSING:
                compile_missing(program, self.state)
            else:
                self._enlarge_log()
            raise RepeatError
        check_supported(program, status, self.state)
        return int(status)

    @property
    def counted(self) -> NDArray[np.int64]:
        """Active and executed lanes by row, of the last run that counted: int64[rows, 2]."""
        return self._profile

    def _enlarge_log(self) -> None:
        entries = 4 * self.state.log_word.size
        self.state = self.state._replace(
            log_word=np.zeros(entries, dtype=np.int64),
            log_before=np.zeros(entries, dtype=np.uint32),
            log_time=np.zeros(entries, dtype=np.int64),
        )

    def ending(self, status: int) -> Ending:
        """Return how a run ended, and put memory back as it was."""
        memory, state = self.launch.memory, self.state
        words = distinct(state.log_word[: int(state.information[k.INFO_LOG])])
        values = memory.words[words]
        information = state.information.copy()
        undo_stores(memory, state)
        return Ending(status, words, values, information)

    def snapshot(self) -> Snapshot:
        """Return a copy of what the block holds."""
        state = self.state
        return Snapshot(state.warps.copy(), state.shared.copy(), state.information.copy())

    def restore(self, kept: Snapshot) -> None:
        """Put back what the block held."""
        self.state.warps.view(np.uint8)[:] = kept.warps.view(np.uint8)
        self.state.shared[:] = kept.shared
        self.state.information[:] = kept.information


def _for_full_masks(translation: k.Translation) -> k.Translation:
    """Return a translation whose counts are of warps that run as a whole.

    All others are interpreted then, and leave their heat.
    """
    return translation._replace(addresses=np.array([translation.addresses[0], 0]))


def no_strike(site: FaultVector) -> FaultVector:
    """Return a fault that never strikes but has arrivals at its row counted, by lane."""
    vector = no_fault()
    for field in (k.FAULT_WARP, k.FAULT_LANE, k.FAULT_ROW, k.FAULT_REGISTERS):
        vector[field] = site[field]
    vector[k.FAULT_KIND], vector[k.FAULT_OCCURRENCE] = k.FAULT_AFTER, -1
    return vector


class Skeletons:
    """The skeletons of one program: with barriers, to get to one, and without, to count."""

    def __init__(self, program: Program) -> None:
        self.program, self.flow = program, flow_of(program)
        self.waiting = skeleton_of(program, barriers=True)
        self.running = skeleton_of(program, barriers=False)
        for one in (self.waiting, self.running):
            if one is not None:
                translate_now(one)


_skeletons: dict[int, tuple[weakref.ref[NDArray[np.int64]], Skeletons]] = {}


def skeletons_of(program: Program) -> Skeletons:
    """Return the skeletons of a program, made and translated once."""
    rows = program.code.rows
    found = _skeletons.get(id(rows))
    if found is None or found[0]() is not rows:
        found = (weakref.ref(rows), Skeletons(program))
        _skeletons[id(rows)] = found
    return found[1]


def find_passes(run: BlockRun, skeletons: Skeletons, warp: int) -> Passes:
    """Run one warp of a block through its skeleton and count what it passes between barriers."""
    assert skeletons.waiting is not None and skeletons.flow is not None
    leaders = np.unique(skeletons.flow.leader)
    passes, rows = [np.zeros(leaders.size, dtype=np.int64)], [0]
    only, status, resume = slice(warp, warp + 1), k.PAUSED, False
    while status == k.PAUSED:
        status = run.go(
            skeletons.waiting,
            no_fault(),
            PLENTY,
            rounds=1,
            resume=resume,
            warps=only,
            counts=True,
        )
        passes.append(passes[-1] + run.counted[leaders, 0] // k.LANES)
        if status == k.PAUSED:
            rows.append(int(run.state.warps[warp]["group_row"][0]))
        resume = True
    return Passes(leaders, np.array(passes), np.array(rows))


def advance(
    run: BlockRun, skeletons: Skeletons, barriers: int, site: FaultVector, again: int
) -> NDArray[np.int64] | None:
    """Take a block from its beginning to behind a barrier, without all that it computes on the way.

    Parameters
    ----------
    run : BlockRun
        The block.
    skeletons : Skeletons
        Of its program.
    barriers : int
        Barriers to pass, at least one.
    site : numpy.ndarray of int64
        The fault that will strike the block: arrivals at its row are counted, lane by lane.
    again : int
        Rounds before the barrier that the whole program runs over.

    Returns
    -------
    numpy.ndarray of int64 or None
        Active lanes by row of the struck warp in the part that the skeleton ran; None if there is
        no such part, because the whole program ran all the way.
    """
    program, counting = run.launch.program, no_strike(site)
    skipped = barriers - again - 1
    if skipped <= 0:
        run.go(program, counting, PLENTY, rounds=barriers, resume=False)
        _forget(run)
        return None
    assert skeletons.waiting is not None
    run.go(program, counting, PLENTY, rounds=1, resume=False)
    struck, warps = int(site[k.FAULT_WARP]), run.launch.shape.warps
    for some in (slice(0, struck), slice(struck + 1, warps)):
        if some.start < some.stop:
            run.go(skeletons.waiting, no_fault(), PLENTY, rounds=skipped, warps=some)
    heat = prepare_tables(skeletons.waiting).translation.heat
    before = int(heat[1])
    only = slice(struck, struck + 1)
    kept = run.state.warps[only].copy()
    run.go(skeletons.waiting, no_fault(), PLENTY, rounds=skipped, warps=only, counts=True)
    counted = run.counted[:, 0].copy()
    w = run.state.warps[struck]
    if int(heat[1]) == before:
        # The warp ran as a whole: what it passed, each lane passed.
        w["arrivals"] += counted[int(site[k.FAULT_ROW])] // k.LANES
    else:
        run.state.warps[only] = kept
        run.go(skeletons.waiting, counting, PLENTY, rounds=skipped, warps=only)
    run.go(program, counting, PLENTY, rounds=again)
    _forget(run)
    return counted


def _forget(run: BlockRun) -> None:
    """Report nothing of what ran before, but for stores that are to be undone."""
    stores = run.state.information[k.INFO_LOG]
    run.state.information[:] = 0
    run.state.information[k.INFO_LOG] = stores


def find_thread(
    run: BlockRun, skeletons: Skeletons, row: int, ordinal: int, *, executed: bool
) -> tuple[int, int] | None:
    """Find the thread behind a block's n-th thread-instruction at a row.

    Places are numbered warp by warp, in each in the order of execution, lanes ascending.

    Returns
    -------
    thread, occurrence : int
        Thread in the block, and how often it reached the row before; None if there is no such
        thread-instruction.
    """
    program = skeletons.running
    assert program is not None
    for warp in range(run.launch.shape.warps):
        heat = prepare_tables(program).translation.heat
        before, only = int(heat[1]), slice(warp, warp + 1)
        run.go(program, no_fault(), PLENTY, resume=False, warps=only, counts=True)
        active, number = (int(one) for one in run.counted[row])
        number = number if executed else active
        if ordinal >= number:
            ordinal -= number
            continue
        if number == active and int(heat[1]) == before:
            occurrence, lane = divmod(ordinal, k.LANES)
            return warp * k.LANES + lane, occurrence
        search = fault_vector(
            Strikes.RESOLVE,
            thread=warp * k.LANES,
            pc=row * 16,
            occurrence=ordinal,
            executed=executed,
        )
        run.go(program, search, PLENTY, resume=False, warps=only)
        information = run.state.information
        lane, occurrence = int(information[k.INFO_LANE]), int(information[k.INFO_OCCURRENCE])
        return warp * k.LANES + lane, occurrence
    return None

"""Skeletons of programs: what decides a thread's way, its addresses and its loops, and no data.

Where a program's way does not depend on what it loads, its skeleton takes a block to any barrier in
little time; what the skeleton leaves out is then made anew by running the whole program over the
last rounds between barriers.  What that cannot make, because it is carried through all rounds, is
the caller's to put in place.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import prepare_tables
from softbeam.emulator.flow import LOADS, STORES, Flow, flow_of, predicate_bit
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program
from softbeam.emulator.resuming import PLENTY, BlockRun, RepeatError
from softbeam.emulator.rows import Row
from softbeam.emulator.translation import translate_now
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector, no_fault
from softbeam.sass.instruction import pc_of

#: The code of a destination predicate that is none.
_NO_PREDICATE = 7


def skeleton_of(program: Program, flow: Flow, *, barriers: bool) -> Program | None:
    """Return a program without its data.

    Loads, stores and everything computed from what was loaded become rows that do nothing, under
    the same guards; so each thread takes the way of the whole program, executes the same number of
    instructions, and has the same contents in every register that holds no data.  Checks of the
    program (:attr:`softbeam.emulator.lowering.Program.checks`) compare zeros instead of data.

    Parameters
    ----------
    program : Program
        The whole program.
    flow : Flow
        Its flow.
    barriers : bool
        Whether warps still wait for each other, which nothing needs them to.

    Returns
    -------
    Program or None
        None if its way depends on data.
    """
    rows = program.code.rows.copy()
    for number, one in enumerate(flow.rows):
        operation, data = int(rows[number, k.OP]), flow.data[number]
        moves = operation in (*LOADS, *STORES, k.REDUCTION)
        decides = one.reads if operation >= k.FIRST_CONTROL else 0
        if program.checks and flow.last[number]:
            if not moves and _decides(rows[number]):
                _take_zeros(rows[number], data)
                continue
        elif (decides | predicate_bit(int(rows[number, k.GUARD]))) & data:
            return None
        waits = operation == k.BAR and not barriers
        if moves or waits or (operation < k.FIRST_CONTROL and one.reads & data):
            empty = Row()
            empty[k.OP], empty[k.GUARD] = k.NOP, int(rows[number, k.GUARD])
            rows[number] = empty.values
    return replace(program, code=program.code._replace(rows=rows), has_barrier=barriers)


def _decides(row: NDArray[np.int64]) -> bool:
    """Return whether a row sets predicates, or is control flow."""
    return bool(row[k.OP] >= k.FIRST_CONTROL) or any(
        row[column] != _NO_PREDICATE for column in (k.PREDICATE_0, k.PREDICATE_1)
    )


def _take_zeros(row: NDArray[np.int64], data: int) -> None:
    """Put zeros in the place of general registers that hold data."""
    for column in (k.A, k.B, k.C):
        if row[column] == k.REGISTER and data >> int(row[column + 1]) & 1:
            row[column : column + 2] = k.IMMEDIATE, 0


@dataclass(frozen=True)
class Skeletons:
    """The skeletons of one program.

    Attributes
    ----------
    flow : Flow
        The program's flow.
    waiting : Program
        The skeleton with its barriers, which takes a block from one to another.
    running : Program
        The one without, which a warp runs through by itself.
    run, faulty, golden : BlockRun
        Runs of blocks of the program's launches: to look ahead, with a fault, and without.
    """

    flow: Flow
    waiting: Program
    running: Program
    run: BlockRun
    faulty: BlockRun
    golden: BlockRun

    def release(self) -> None:
        """Let go of the launches that the runs ran."""
        for one in (self.run, self.faulty, self.golden):
            one.release()


_Key = tuple[int, tuple[int, int, int]]

_skeletons: dict[_Key, tuple[weakref.ref[NDArray[np.int64]], Skeletons | None]] = {}


def skeletons_of(launch: Launch) -> Skeletons | None:
    """Return the skeletons of a launch's program, made and translated once for a shape of blocks.

    Returns
    -------
    Skeletons or None
        None if the program's way depends on what it loads, or is not known
        (:func:`softbeam.emulator.flow.is_followed`).
    """
    rows, block = launch.program.code.rows, launch.shape.block
    found = _skeletons.get((id(rows), block))
    if found is None or found[0]() is not rows:
        found = (weakref.ref(rows), _make_skeletons(launch))
        _skeletons[id(rows), block] = found
    return found[1]


def _make_skeletons(launch: Launch) -> Skeletons | None:
    program = launch.program
    flow = flow_of(program)
    if flow is None:
        return None
    waiting = skeleton_of(program, flow, barriers=True)
    running = skeleton_of(program, flow, barriers=False)
    if waiting is None or running is None:
        return None
    for one in (waiting, running):
        translate_now(one)
    made = Skeletons(flow, waiting, running, *(BlockRun(launch) for _ in range(3)))
    made.release()
    return made


def heat_of(program: Program) -> int:
    """Return how often groups of less than 32 lanes were interpreted at a row of the program."""
    return int(prepare_tables(program).translation.heat[1])


def arrivals_at(site: FaultVector) -> FaultVector:
    """Return a fault that never strikes, but has arrivals at a fault's row counted, by lane."""
    vector = no_fault()
    for field in (k.FAULT_WARP, k.FAULT_LANE, k.FAULT_ROW, k.FAULT_REGISTERS):
        vector[field] = site[field]
    vector[k.FAULT_KIND], vector[k.FAULT_OCCURRENCE] = k.FAULT_AFTER, -1
    return vector


def advance(
    run: BlockRun, skeletons: Skeletons, barriers: int, site: FaultVector, again: int
) -> bool:
    """Take a block from its beginning to behind a barrier, without all that it computes on the way.

    Arrivals at the row of a fault are counted, by lane, so that the fault strikes where it would.

    Parameters
    ----------
    run : BlockRun
        The block.
    skeletons : Skeletons
        Of its program.
    barriers : int
        Barriers to pass, at least one.
    site : numpy.ndarray of int64
        The fault.
    again : int
        Rounds before the barrier that the whole program runs over.

    Returns
    -------
    bool
        Whether the whole program ran all the way, so that everything is as it is then.
    """
    program, counting = run.launch.program, arrivals_at(site)
    skipped = barriers - again - 1
    if skipped <= 0:
        run.go(program, counting, PLENTY, rounds=barriers, resume=False)
        run.forget_report()
        return True
    skeleton = skeletons.waiting
    run.go(program, counting, PLENTY, rounds=1, resume=False)
    struck, warps = int(site[k.FAULT_WARP]), run.launch.shape.warps
    for some in (slice(0, struck), slice(struck + 1, warps)):
        if some.start < some.stop:
            run.go(skeleton, no_fault(), PLENTY, rounds=skipped, warps=some)
    only, heat = slice(struck, struck + 1), heat_of(skeleton)
    kept = run.state.warps[only].copy()
    run.go(skeleton, no_fault(), PLENTY, rounds=skipped, warps=only, counts=True)
    if heat_of(skeleton) == heat:
        # The warp ran as a whole: what it passed, each of its lanes passed.
        passes = run.counted[int(site[k.FAULT_ROW]), 0] // k.LANES
        run.state.warps[struck]["arrivals"] += passes
    else:
        run.state.warps[only] = kept
        run.go(skeleton, counting, PLENTY, rounds=skipped, warps=only)
    run.go(program, counting, PLENTY, rounds=again)
    run.forget_report()
    return False


def find_in_block(
    launch: Launch, block: int, row: int, ordinal: int, *, executed: bool
) -> tuple[int, int] | None:
    """Find the thread behind a block's n-th thread-instruction at a row, without its data.

    Places are numbered warp by warp, in each in the order of execution, lanes ascending.

    Parameters
    ----------
    launch : Launch
        A launch whose blocks run as a whole.
    block : int
        The block.
    row : int
        The instruction.
    ordinal : int
        Which of its thread-instructions in the block.
    executed : bool
        Whether executed ones are counted, or all.

    Returns
    -------
    thread, occurrence : int
        Thread in the block, and how often it reached the row before; None if there is no such
        thread-instruction, or if the program's way depends on what it loads.
    """
    skeletons = skeletons_of(launch)
    if skeletons is None:
        return None
    skeletons.run.begin(launch, block)
    while True:
        try:
            found = _find_thread(skeletons, row, ordinal, executed=executed)
        except RepeatError:
            continue
        skeletons.release()
        return found


def _find_thread(
    skeletons: Skeletons, row: int, ordinal: int, *, executed: bool
) -> tuple[int, int] | None:
    run, program = skeletons.run, skeletons.running
    for warp in range(run.launch.shape.warps):
        heat, only = heat_of(program), slice(warp, warp + 1)
        run.go(program, no_fault(), PLENTY, resume=False, warps=only, counts=True)
        active, number = (int(one) for one in run.counted[row])
        number = number if executed else active
        if ordinal >= number:
            ordinal -= number
            continue
        if number == active and heat_of(program) == heat:
            # The warp ran as a whole, and all its lanes executed the row each time.
            occurrence, lane = divmod(ordinal, k.LANES)
            return warp * k.LANES + lane, occurrence
        search = fault_vector(
            Strikes.RESOLVE,
            thread=warp * k.LANES,
            pc=pc_of(row),
            occurrence=ordinal,
            executed=executed,
        )
        run.go(program, search, PLENTY, resume=False, warps=only)
        found = run.ending()
        return warp * k.LANES + found.lane, found.occurrence
    return None

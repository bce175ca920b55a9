"""What the units of a launch that are not struck do, and what a struck one finds and meets.

A unit is a warp, or a block whose warps wait for each other.  All run at once and equally fast, one
instruction a step, and where two store to one word in one step, the later unit's value stays; a
fault in one of them changes nothing in the others.  So the others run once, without fault, and a
struck unit runs with their stores taking effect at their times.  That is how the recorded GPU ran
launches of a few blocks (hardware README, point 3; ``docs/conformance.md``).

Registers and shared memory are not cleared between launches.  The recorded traces begin with what
an earlier launch left: in shared memory the same block, in registers the warp of
:func:`previous_warp`, zeros where there is none.  That launch is taken to be the same one without
fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Launch, Runner, Surroundings
from softbeam.emulator.stores import in_order
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.errors import UnsupportedInstruction

#: Instructions that a thread may execute in a replay; the recorded GPU had no limit.
REPLAY_BUDGET = 4_000_000_000

Unit = tuple[int, int]


_NO_REGISTERS = np.zeros((0, 0, LANES), dtype=np.uint32)
_NO_WORDS = np.zeros(0, dtype=np.uint32)


def previous_warp(warp: int) -> int:
    """Return the warp of a block whose registers this warp of the next launch gets.

    A processor has four parts, over which the warps of a block go round; each launch begins one
    part further on.  So said the recorded traces of gemm, whose blocks have eight warps: warp 2
    began with what warp 3 had left, 4 with that of 5, 7 with that of 4.

    Examples
    --------
    >>> [previous_warp(warp) for warp in (2, 4, 7)]
    [3, 5, 4]
    """
    return warp // 4 * 4 + (warp + 1) % 4


@dataclass(frozen=True, slots=True)
class Trail:
    """What one unit does without fault.

    Attributes
    ----------
    ending : Ending
        The words that it stores.
    registers : numpy.ndarray of uint32, [warps, registers, 32]
        What it leaves in the registers allocated to it.
    shared : numpy.ndarray of uint32
        What it leaves in shared memory.
    stores : numpy.ndarray of int64, [stores, 3]
        Its stores in order: warp instructions executed by then, word, value.
    """

    ending: Ending
    registers: NDArray[np.uint32]
    shared: NDArray[np.uint32]
    stores: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FaultFree:
    """A launch without fault.

    Attributes
    ----------
    trails : dict of (int, int) to Trail
        By block and warp, in order.
    words : numpy.ndarray of uint32
        All words after the launch.
    failure : str
        Why a unit did not finish; empty if all did.
    """

    trails: dict[Unit, Trail]
    words: NDArray[np.uint32]
    failure: str

    def struck(
        self, runner: Runner, launch: Launch, unit: Unit, fault: FaultVector
    ) -> tuple[Ending, NDArray[np.uint32]]:
        """Run the launch with a fault in one unit.

        Returns
        -------
        ending : Ending
            How the struck unit ended, or the first that did not finish.
        words : numpy.ndarray of uint32
            All words after the launch.
        """
        if launch.program.communicates:
            ending = runner.run_launch(launch, budget=REPLAY_BUDGET, fault=fault, struck=unit)
            return ending, ending.applied(launch.memory.words)
        foreign = self._foreign(unit, launch)
        surroundings = Surroundings(*self._left(unit, launch), foreign)
        ending = runner.run(
            launch, *unit, budget=REPLAY_BUDGET, fault=fault, surroundings=surroundings
        )
        words = launch.memory.words.copy()
        for other, usual in self.trails.items():
            stored = ending if other == unit else usual.ending
            words[stored.words] = stored.values
        if foreign.size:
            # What it left itself and met meanwhile, then what the others stored later.
            words[ending.words] = ending.values
            late = foreign[ending.foreign :]
            words[late[:, 1]] = late[:, 2]
        return ending, words

    def _left(self, unit: Unit, launch: Launch) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return what a unit finds in registers and in shared memory."""
        block, first = unit
        warps = range(launch.shape.warps) if launch.program.has_barrier else (first,)
        registers = []
        for warp in warps:
            previous = previous_warp(warp)
            trail = self.trails.get((block, 0 if launch.program.has_barrier else previous))
            if trail is None:
                return _NO_REGISTERS, _NO_WORDS
            place = previous if launch.program.has_barrier else 0
            exists = place < trail.registers.shape[0]
            registers.append(trail.registers[place] if exists else 0 * trail.registers[0])
        shared = self.trails[unit].shared if unit in self.trails else _NO_WORDS
        return np.array(registers), shared

    def _foreign(self, unit: Unit, launch: Launch) -> NDArray[np.int64]:
        """Return the other units' stores, by the time at which this one meets them.

        The times of a block's several warps are not those of one: there, none are met.
        """
        if launch.program.has_barrier:
            return np.zeros((0, 3), dtype=np.int64)
        parts = [np.zeros((0, 3), dtype=np.int64)]
        for other, trail in self.trails.items():
            if other != unit:
                stores = trail.stores.copy()
                stores[:, 0] = 2 * stores[:, 0] + int(other > unit)
                parts.append(stores)
        together = np.concatenate(parts)
        return together[np.argsort(together[:, 0], kind="stable")]


def run_fault_free(runner: Runner, launch: Launch, registers: int) -> FaultFree:
    """Run every unit of a launch without fault, until one does not finish.

    Parameters
    ----------
    runner : Runner
        Runs single units.
    launch : Launch
        What to run.
    registers : int
        General registers allocated to a thread.
    """
    trails: dict[Unit, Trail] = {}
    failure = ""
    words = launch.memory.words.copy()
    try:
        if launch.program.communicates:
            whole = runner.run_launch(launch, budget=REPLAY_BUDGET)
            return FaultFree(trails, whole.applied(words), "" if whole.finished else whole.name)
        for unit in runner.units(launch):
            ending = runner.run(launch, *unit, budget=REPLAY_BUDGET, fault=no_fault())
            if not ending.finished:
                failure = ending.name
                break
            state = runner.state(launch)
            words[ending.words] = ending.values
            trails[unit] = Trail(
                ending,
                state.warps["registers"][:, :registers].copy(),
                state.shared.copy(),
                in_order(state, ending),
            )
    except UnsupportedInstruction as error:
        failure = f"unsupported: {error}"
    return FaultFree(trails, words, failure)

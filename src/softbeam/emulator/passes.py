"""How often a warp passes each stretch of a program, from barrier to barrier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import LANES
from softbeam.emulator.resuming import PLENTY, BlockRun
from softbeam.emulator.skeletons import Skeletons
from softbeam.emulator.vector import no_fault


@dataclass(frozen=True, slots=True)
class Passes:
    """The way of one warp through a block.

    Attributes
    ----------
    leaders : numpy.ndarray of int64
        First rows of the stretches (:attr:`softbeam.emulator.flow.Flow.leader`).
    passes : numpy.ndarray of int64, [barriers + 2, stretches]
        Passes by a lane until so many barriers are passed; last: until the end.  Where not all
        lanes pass a stretch it is a guess at what those do that do.
    rows : numpy.ndarray of int64, [barriers + 1]
        Where the warp goes on behind so many barriers.
    """

    leaders: NDArray[np.int64]
    passes: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def barriers(self) -> int:
        """How many barriers of the block the warp passes."""
        return self.rows.size - 1

    def barrier_before(self, leader: int, occurrence: int) -> int:
        """Return how many barriers are passed when a lane reaches a stretch for the n-th time."""
        reached = self.passes[1:-1, np.searchsorted(self.leaders, leader)]
        return int(np.searchsorted(reached, occurrence, side="right"))

    def untouched_until(self, leaders: NDArray[np.int64], barrier: int) -> int:
        """Return the last barrier, from one on, before which none of some stretches is passed."""
        at = self.passes[:-1, np.searchsorted(self.leaders, leaders)]
        same = (at[barrier:] == at[barrier]).all(axis=1)
        return barrier + int(np.flatnonzero(same)[-1])


def find_passes(run: BlockRun, skeletons: Skeletons, warp: int) -> Passes:
    """Run one warp of a block through its skeleton and count what it passes between barriers."""
    leaders = np.unique(skeletons.flow.leader)
    passes, rows = [np.zeros(leaders.size, dtype=np.int64)], [0]
    only, paused, resume = slice(warp, warp + 1), True, False
    while paused:
        paused = run.go(
            skeletons.waiting,
            no_fault(),
            PLENTY,
            rounds=1,
            resume=resume,
            warps=only,
            counts=True,
        )
        passes.append(passes[-1] + -(-run.counted[leaders, 0] // LANES))
        if paused:
            rows.append(int(run.rows()[warp]))
        resume = True
    return Passes(leaders, np.array(passes), np.array(rows))


def total_passes(run: BlockRun, skeletons: Skeletons, warp: int) -> NDArray[np.int64]:
    """Return the active lanes of one warp at each stretch, until its end."""
    only = slice(warp, warp + 1)
    run.go(skeletons.running, no_fault(), PLENTY, resume=False, warps=only, counts=True)
    found: NDArray[np.int64] = run.counted[np.unique(skeletons.flow.leader), 0]
    return found

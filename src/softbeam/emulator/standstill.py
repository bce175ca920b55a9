"""Whether threads that take turns stand still, and which of them may go on then."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.translated import REGISTERS
from softbeam.emulator.launching import Launch
from softbeam.emulator.stores import distinct

#: What decides how a warp goes on, beside its general registers.
_DECISIVE = (
    *("predicates", "uniforms", "uniform_predicates", "barriers"),
    *("group_mask", "group_row", "group_wait", "groups"),
    *("status", "arrivals", "voted", "verdict"),
)


def reads_clock(launch: Launch) -> bool:
    """Return whether a program reads a clock, which no state shows."""
    return bool(np.any(launch.program.code.rows[:, k.OP] == k.CLOCK))


def decisive(tables: k.Tables, state: k.State) -> list[NDArray[Any]]:
    """Return views of all that decides how a block goes on, but for memory and its budget."""
    registers = int(tables.translation.context[REGISTERS])
    warps = state.warps
    parts = [warps["registers"][:, :registers], state.shared, state.local]
    return parts + [warps[name] for name in _DECISIVE]


class Standstill:
    """What becomes of blocks from round to round.

    Parameters
    ----------
    launch : Launch
        A program that reads a clock is never as it was.

    Attributes
    ----------
    recurs : bool
        Whether all is as it was after an earlier round, and so will be for ever.
    idle : int
        Warp instructions since memory has changed, or a warp or block has ended.
    idle_rounds : int
        Rounds since then.
    """

    def __init__(self, launch: Launch) -> None:
        self._words = launch.memory.words
        self._clock = reads_clock(launch)
        self.recurs, self.idle, self.idle_rounds = False, 0, 0
        self._executed, self._done = 0, b""
        self._forget()

    def _forget(self) -> None:
        self._rounds, self._next, self._seen = 0, 2, b""

    def look(
        self,
        tables: k.Tables,
        resident: dict[int, k.State],
        stored: NDArray[np.int64],
        executed: int,
    ) -> None:
        """See how things stand after a round.

        Parameters
        ----------
        tables : Tables
            What the interpreter looked up.
        resident : dict of int to State
            The blocks that run, by their numbers.
        stored : numpy.ndarray of int64
            Words that have been stored to.
        executed : int
            Warp instructions of all blocks so far.
        """
        words, states = distinct(stored), resident.values()
        parts: list[NDArray[Any]] = [words, self._words[words]]
        parts.append(np.array(list(resident), dtype=np.int64))
        for state in states:
            parts += [state.shared, state.warps["status"] == k.FINISHED]
        done = _digest(parts)
        same = done == self._done
        self.idle = self.idle + executed - self._executed if same else 0
        self.idle_rounds = self.idle_rounds + 1 if same else 0
        self._executed, self._done = executed, done
        self._rounds += 1
        self.recurs = False
        if self._clock or self._rounds == 1:
            return
        found = done + _digest([part for state in states for part in decisive(tables, state)])
        if found == self._seen:
            self.recurs = True
            self._forget()
        elif self._rounds >= self._next:
            # What is compared with is kept for longer and longer, so that a long cycle is found.
            self._seen, self._next = found, 2 * self._next


def _digest(parts: list[NDArray[Any]]) -> bytes:
    summary = blake2b(digest_size=16)
    for part in parts:
        summary.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    return summary.digest()


def let_pass(launch: Launch, resident: dict[int, k.State]) -> bool:
    """Let lanes pass a convergence barrier at which they wait for lanes that wait for them.

    CUDA promises every thread that it goes on, whatever the others of its warp do.  The compiler
    relies on it: it lets the lane that has a lock wait for those that ask for it, in a loop with
    YIELD.  So where nothing can change any more, lanes need not wait for others in such a loop.

    Returns
    -------
    bool
        Whether there are such lanes.
    """
    loops = _yielding_loops(launch)
    found = False
    for state in resident.values():
        for w in state.warps:
            number = int(w["groups"])
            rows, waits = w["group_row"][:number], w["group_wait"][:number]
            ready = rows[waits == k.READY]
            spins = ready.size > 0 and all(
                any(first <= row <= last for first, last in loops) for row in ready
            )
            held = np.flatnonzero((waits >= 0) & (waits != k.WARPSYNC_BARRIER))
            if spins and held.size:
                _release(w, int(waits[held[-1]]), int(rows[held[-1]]))
                found = True
    return found


def _yielding_loops(launch: Launch) -> list[tuple[int, int]]:
    """Return first and last rows of the loops that have a YIELD."""
    rows, instructions = launch.program.code.rows, launch.program.function.instructions
    yields = [row for row, one in enumerate(instructions) if one.opcode == "YIELD"]
    back = np.flatnonzero((rows[:, k.OP] == k.BRA) & (rows[:, k.TARGET] <= np.arange(len(rows))))
    loops = [(int(rows[row, k.TARGET]), int(row)) for row in back]
    return [(first, last) for first, last in loops if any(first <= y <= last for y in yields)]


def _release(w: np.void, barrier: int, row: int) -> None:
    """Make one ready group of those that wait at a barrier, for which nobody waits any longer."""
    number = int(w["groups"])
    masks, rows, waits = (w[name][:number] for name in ("group_mask", "group_row", "group_wait"))
    there = (waits == barrier) & (rows == row)
    released = np.bitwise_or.reduce(masks[there])
    left = number - int(there.sum())
    for array, last in ((masks, released), (rows, row), (waits, k.READY)):
        array[:left] = array[~there]
        array[left] = last
    w["groups"] = left + 1
    w["barriers"][barrier] &= ~released

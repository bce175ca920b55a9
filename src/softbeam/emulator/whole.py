"""A whole launch: its units in order, many at a time, and what they store together.

What one unit does is in :mod:`softbeam.emulator.launching`; the loop over units that have no fault
is jitted (:mod:`softbeam.emulator.core.units`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.units import (
    ENOUGH,
    INSTRUCTIONS,
    LONGEST,
    NEXT,
    PROGRESSES,
    STORED,
    STORES_FULL,
    run_units,
)
from softbeam.emulator.direct import Direct
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import (
    check_supported,
    compile_missing,
    new_state,
    prepare_tables,
)
from softbeam.emulator.stores import Stores, filled, joined
from softbeam.emulator.translation import untranslated
from softbeam.emulator.vector import no_fault
from softbeam.errors import InternalError

if TYPE_CHECKING:
    from softbeam.emulator.launching import Launch, Runner

#: Units of the first call, which grow, so that a program that is found to run long is translated
#: soon; warp instructions after which a call ends, so that Ctrl-C is heard.
_FIRST_UNITS, _MOST_INSTRUCTIONS = 4, 1 << 24

#: Stores that the first call gathers.
_FIRST_ROOM, _MOST_ROOM = 1 << 12, 1 << 22

_NO_FAULT = no_fault()


def run_example() -> tuple[Any, ...]:
    """Return what every run of a program is given, of the types that it has."""
    words, numbers = np.zeros(1, dtype=np.uint32), np.zeros(1, dtype=np.int64)
    small, bits = np.zeros(1, dtype=np.int8), np.zeros((1, 4), dtype=np.uint64)
    code = k.Code(np.zeros((1, k.COLUMNS), dtype=np.int64), bits, bits)
    lookups = k.Tables(small, small, small, numbers, untranslated())
    memory = k.Memory(words, *[numbers] * 5)
    return code, words, lookups, memory


def _units_example() -> tuple[Any, ...]:
    words, numbers = np.zeros(1, dtype=np.uint32), np.zeros(1, dtype=np.int64)
    sizes = numbers, numbers, numbers, True, True, 1, 1, 1
    state = new_state(1, log_words=1)
    return *run_example(), *sizes, numbers, state, numbers, words, numbers, numbers


_run_units = Direct(run_units, _units_example)


class WholeLaunch:
    """The units of a launch that have been run, and their stores.

    Parameters
    ----------
    runner : Runner
        Whose state the units use, and who counts what they execute.
    launch : Launch
        What is run.
    budget : int
        Instructions that one thread may execute.
    launch_budget : int or None
        Warp instructions that all units may execute together.
    """

    def __init__(
        self, runner: Runner, launch: Launch, budget: int, launch_budget: int | None
    ) -> None:
        self.runner, self.launch, self.budget = runner, launch, budget
        self._left = launch_budget
        self._communicates = launch.program.communicates
        # What units that communicate store is in memory, where a word holds the bytes of all.
        self._by_bytes = launch.program.stores_bytes and not self._communicates
        #: Stores of units that do not communicate; words before those of units that do.
        self._stored: list[Stores] = []
        self._room = _FIRST_ROOM
        self.status = int(k.FINISHED)
        #: The unit that comes next, or the one that did not finish.
        self.next = 0
        #: Whether a unit was not begun because the budget of the launch was used up.
        self.is_used_up = False
        self.information = np.zeros(k.INFO_FIELDS, dtype=np.int64)

    def add(self, ending: Ending) -> bool:
        """Add a unit that was run by itself; return whether the launch goes on."""
        if ending.ended_early:
            raise InternalError("a launch was run with the early end of a followed fault")
        self.information = ending.information
        if self._left is not None:
            self._left -= ending.instructions
        if not ending.finished:
            self.status = ending.status
            return False
        if self._communicates:
            words = self.launch.memory.words
            self._stored.append(Stores(ending.words, words[ending.words]))
            words[ending.words] = ending.values
        else:
            self._stored.append(Stores.of(ending))
        return True

    def may_go_on(self) -> bool:
        """Return whether the budget allows another unit; a launch that it does not hangs."""
        if self._left is not None and self._left <= 0:
            self.status, self.is_used_up = int(k.HANG), True
        return self.status == k.FINISHED

    def run(self, first: int, last: int, *, informs: bool) -> bool:
        """Run units without fault; return whether the launch goes on.

        Parameters
        ----------
        first, last : int
            Numbers of the first unit and of the one after the last.
        informs : bool
            Whether the last unit's report is the launch's, even if it finishes.
        """
        number, step = first, _FIRST_UNITS
        while number < last:
            if not self.may_go_on():
                self.information[k.INFO_HANG] = k.HANG_LAUNCH
                return False
            number, state = self._batch(number, min(last, number + step))
            self.next = number
            step = min(2 * step, last)
            if informs or self.status != k.FINISHED:
                self.information = state.information.copy()
                units = 1 if self.launch.program.has_barrier else self.launch.shape.warps
                self.information[k.INFO_BLOCK] = number // units
            if self.status != k.FINISHED:
                return False
        return True

    def _batch(self, first: int, last: int) -> tuple[int, k.State]:
        """Run units in one call, or several where something is missing; return the next unit."""
        launch, progress = self.launch, np.zeros(PROGRESSES, dtype=np.int64)
        progress[NEXT] = first
        most = _MOST_INSTRUCTIONS if self._left is None else min(_MOST_INSTRUCTIONS, self._left)
        while True:
            state, lookups = self.runner.state(launch), prepare_tables(launch.program)
            counted, before, kept = state.profile.copy(), progress.copy(), len(self._stored)
            if counted.size:
                lookups.translation.counts.fill(0)
                lookups.translation.skipped.fill(0)
            words = np.empty(self._room, dtype=np.int64)
            values = np.empty(self._room, dtype=np.uint32)
            kept_bytes = np.empty(self._room if self._by_bytes else 0, dtype=np.int64)
            try:
                status = _run_units(
                    launch.program.code,
                    launch.constants,
                    lookups,
                    launch.memory,
                    np.array(launch.shape.grid, dtype=np.int64),
                    np.array(launch.shape.block, dtype=np.int64),
                    np.zeros(8, dtype=np.int64),
                    launch.program.has_barrier,
                    self._communicates,
                    last,
                    self.budget,
                    most,
                    _NO_FAULT,
                    state,
                    words,
                    values,
                    kept_bytes,
                    progress,
                )
            finally:
                self._keep((words, values, kept_bytes), int(progress[STORED]))
            progress[STORED] = 0
            in_vain = status in (k.PART_MISSING, k.LOG_FULL, STORES_FULL)
            if counted.size and in_vain:
                # The unit that has been run in vain was counted too: all are run again.
                state.profile[:], progress = counted, before
                self._forget(kept)
            elif counted.size:
                add_translated(lookups.translation, state.profile)
            if status == k.PART_MISSING:
                compile_missing(launch.program, state)
            elif status == k.LOG_FULL:
                self.runner.grow_log()
            elif status == STORES_FULL:
                self._room = max(2 * self._room, min(4 * self._room, _MOST_ROOM))
            else:
                break
        check_supported(launch.program, status, state)
        executed, longest = int(progress[INSTRUCTIONS]), int(progress[LONGEST])
        if status not in (k.FINISHED, ENOUGH):
            self.status = int(status)
            executed += int(state.information[k.INFO_INSTRUCTIONS])
            longest = max(longest, int(state.information[k.INFO_LONGEST]))
        self.runner.count_units(executed, longest)
        if self._left is not None:
            self._left -= executed
        return int(progress[NEXT]), state

    def _keep(self, room: tuple[NDArray[Any], ...], number: int) -> None:
        if number:
            words, values, kept = (part[:number].copy() for part in room)
            self._stored.append(Stores(words, values, kept if self._by_bytes else None))
            if not self._communicates and number > _FIRST_ROOM:
                self._stored[-1] = joined(self._stored[-1:])

    def ending(self) -> Ending:
        """Return how the launch ended; to be called before :meth:`put_back`."""
        words, values = filled(joined(self._stored), self.launch.memory.words)
        if self._communicates:
            values = self.launch.memory.words[words]
        return Ending(self.status, words, values, self.information)

    def put_back(self) -> None:
        """Make memory what it was before the launch."""
        self._forget(0)

    def _forget(self, kept: int) -> None:
        """Forget all stores but the first calls', and undo those that are in memory."""
        if self._communicates:
            for words, before, _ in reversed(self._stored[kept:]):
                # Where a word is there several times the value assigned last stays: the first.
                self.launch.memory.words[words[::-1]] = before[::-1]
        del self._stored[kept:]


def add_translated(translation: k.Translation, profile: NDArray[np.int64]) -> None:
    """Add what translated code counted to a profile, which the interpreter counts in."""
    if not translation.addresses.any():
        return
    rows = profile.shape[0]
    active = translation.counts[translation.block[:rows]]
    profile[:, 0] += active
    profile[:, 1] += active - translation.skipped[:rows]

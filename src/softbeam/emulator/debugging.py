"""A debugger of one launch: stop, look, change, go on; hooks on places, accesses and barriers.

It follows one unit of a launch, the warp of a thread or its whole block where warps wait for each
other, instruction by instruction with the interpreter itself; the other units run at full speed
when the launch is finished.  An instruction takes some 0.1 ms here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.interpreter import run
from softbeam.emulator.core.stepping import go_on, pass_together
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import check_supported, new_state, tables_for
from softbeam.emulator.launching import Launch
from softbeam.emulator.outcome import Outcome
from softbeam.emulator.protection import forbids, opened
from softbeam.emulator.registers import Registers
from softbeam.emulator.stops import Access, Stop, addresses_of
from softbeam.emulator.stores import kept_of
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.errors import InternalError
from softbeam.sass.instruction import pc_of, row_of

#: Stores of the followed unit that can be taken back.
LOG_WORDS = 1 << 20

_LOADS = (k.LOAD, k.LOAD_OTHER, k.COPY_TO_SHARED, k.ATOMIC)
_STORES = (k.STORE, k.STORE_OTHER, k.ATOMIC, k.REDUCTION)
_BARRIERS = (k.BAR, k.NAMED_BARRIER, k.BSYNC, k.WARPSYNC)

#: Stores of others at a time that never comes: with them nothing runs but the interpreter.
_NEVER = np.array([[1 << 62, 0, 0]], dtype=np.int64)


Hook = Callable[[Stop], object]
AccessHook = Callable[[Access], object]


class Debugger:
    """One unit of a launch, under control.  Made by :meth:`softbeam.emulator.Machine.debug`.

    Parameters
    ----------
    launch : Launch
        What runs; stores go to its memory at once.
    block, warp : int
        The followed unit.
    fault : numpy.ndarray of int64, optional
        A fault in it.
    budget : int
        Instructions that one thread may execute before the unit counts as hung.
    finish : callable
        Runs the rest of the launch, given how the followed unit ended.

    Attributes
    ----------
    breakpoints : set of int
        Pcs before which :meth:`run` stops.
    ending : Ending or None
        How the unit ended; None before it has.
    """

    def __init__(
        self,
        launch: Launch,
        block: int,
        warp: int,
        fault: FaultVector | None,
        budget: int,
        finish: Callable[[Ending], Outcome],
    ) -> None:
        self.breakpoints: set[int] = set()
        self.ending: Ending | None = None
        self._launch, self._budget, self._rest = launch, budget, finish
        self._block = block
        self._first, self._end = warp, warp + 1
        if launch.program.has_barrier:
            self._first, self._end = 0, launch.shape.warps
        self._fault = no_fault() if fault is None else fault.copy()
        self._fault[k.FAULT_WARP] -= self._first
        rows = launch.program.code.rows.shape[0]
        self._state = new_state(
            self._end - self._first,
            shared_bytes=launch.shared_bytes,
            local_bytes=launch.program.local_bytes,
            log_words=LOG_WORDS,
        )._replace(foreign=_NEVER)
        # All rows stop the interpreter but the one that is to be executed.
        stops = np.zeros_like(launch.program.code.rows)
        stops[:, k.GUARD] = 7
        self._stops = launch.program.code._replace(rows=stops)
        self._grid_block = np.array(
            [
                *launch.shape.block_index(block),
                *launch.shape.block,
                self._first,
                self._end,
            ],
            dtype=np.int64,
        )
        self._executed = np.zeros(rows, dtype=np.int64)
        self._hooks: list[tuple[Callable[[int], bool], Hook]] = []
        self._unsupported: Hook | None = None
        self._violation: AccessHook | None = None
        # With nothing to spend, the interpreter prepares the warps and runs none.
        self._call(
            run,
            launch.program.code,
            launch.shape.threads,
            0,
            no_fault(),
            launch.program.code.rows[0],
            launch.memory,
        )
        self._state.information[:] = 0
        self._state.warps["status"] = k.RUNNING

    # Where it stands.

    @property
    def stop(self) -> Stop | None:
        """The instruction that comes next; None once the unit has ended."""
        warp = self._current()
        if self.ending is not None or warp is None:
            return None
        group, w = self._group(warp), self._state.warps[warp]
        row, mask = int(w["group_row"][group]), int(w["group_mask"][group])
        if not 0 <= row < self._executed.size:
            # The interpreter says what becomes of a jump out of the function.
            self._advance(warp, row)
            return None
        guard = int(self._launch.program.code.rows[row, k.GUARD])
        executing = mask & self._holds(w, guard)
        return Stop(
            pc_of(row),
            self._launch.program.function.instructions[row],
            self._first + warp,
            self._threads(warp, mask),
            self._threads(warp, executing),
        )

    @property
    def executed(self) -> dict[int, int]:
        """How often threads of the unit executed each instruction so far, by pc."""
        rows = np.flatnonzero(self._executed).tolist()
        return {pc_of(row): int(self._executed[row]) for row in rows}

    def registers(self, thread: int) -> Registers:
        """Return the registers of a thread, to be read and set by name.

        Raises
        ------
        LaunchError
            If the thread is not of the followed unit.
        """
        return Registers(self._state.warps, thread, self._first, self._launch.shape.threads)

    # What is to be done on the way.

    def on_pc(self, pc: int, hook: Hook) -> None:
        """Call a function whenever the instruction at a pc comes next."""
        self._hooks.append((lambda row: row == row_of(pc), hook))

    def on_load(self, hook: AccessHook) -> None:
        """Call a function with every load of memory, and every atomic, that comes next."""
        self._hooks.append((self._is_one_of(_LOADS), lambda stop: hook(self._access(stop))))

    def on_store(self, hook: AccessHook) -> None:
        """Call a function with every store to memory, and every atomic, that comes next."""
        self._hooks.append((self._is_one_of(_STORES), lambda stop: hook(self._access(stop))))

    def on_barrier(self, hook: Hook) -> None:
        """Call a function whenever threads come to a barrier of the block or of the warp."""
        self._hooks.append((self._is_one_of(_BARRIERS), hook))

    def on_violation(self, hook: AccessHook) -> None:
        """Call `hook` before an access that a protection forbids; if it says True, it is made.

        It is asked for the followed unit alone.
        """
        self._violation = hook

    def on_unsupported(self, hook: Hook) -> None:
        """Call a function in the place of every instruction that softbeam does not execute.

        It sets what the instruction would; the threads go on behind it.
        """
        self._unsupported = hook

    def _is_one_of(self, operations: tuple[int, ...]) -> Callable[[int], bool]:
        rows = self._launch.program.code.rows
        return lambda row: int(rows[row, k.OP]) in operations

    # Going on.

    def step(self) -> Stop | None:
        """Execute one instruction of one warp.

        Returns
        -------
        Stop or None
            Where the unit stands then; None once it has ended.

        Raises
        ------
        UnsupportedInstruction
            If softbeam does not execute the instruction and nobody does it instead.
        """
        here = self.stop
        if here is None:
            return None
        row = row_of(here.pc)
        self._executed[row] += len(here.executing)
        for wanted, hook in self._hooks:
            if wanted(row):
                hook(here)
        warp = self._current()
        if warp is None:
            raise InternalError("a unit that stands somewhere has no warp that runs")
        let_pass = self._violation is not None and self._is_let_pass(here)
        unknown = int(self._launch.program.code.rows[row, k.OP]) == k.UNSUPPORTED
        if unknown and here.executing and self._unsupported is not None:
            self._unsupported(here)
            self._state.warps[warp]["group_row"][self._group(warp)] += 1
        else:
            self._advance(warp, row, let_pass=let_pass)
        return self.stop

    def _is_let_pass(self, stop: Stop) -> bool:
        """Ask the hook whether an access that a protection forbids is made all the same."""
        if not self._is_one_of((*_LOADS, *_STORES))(row_of(stop.pc)) or not stop.executing:
            return False
        access = self._access(stop)
        writes = self._is_one_of(_STORES)(row_of(stop.pc))
        last = access.size - 1
        touched = {one + more for one in access.addresses.values() for more in (0, last)}
        memory = self._launch.memory
        if access.space not in ("global", "generic") or not any(
            forbids(memory, address, writes=writes) for address in touched
        ):
            return False
        return self._violation is not None and bool(self._violation(access))

    def run(self) -> Stop | None:
        """Execute up to the next breakpoint.

        Returns
        -------
        Stop or None
            Where the unit stands; None once it has ended.
        """
        here = self.step()
        while here is not None and here.pc not in self.breakpoints:
            here = self.step()
        return here

    def steps(self) -> Iterator[Stop]:
        """Yield every stop from here on, executing one instruction after each."""
        here = self.stop
        while here is not None:
            yield here
            here = self.step()

    # The interpreter.

    def _advance(self, warp: int, row: int, *, let_pass: bool = False) -> None:
        """Execute the row that a warp's running group stands at, and see how it goes on."""
        w, information = self._state.warps[warp], self._state.information
        code, rows = self._launch.program.code, self._stops.rows
        fault = self._fault if row == int(self._fault[k.FAULT_ROW]) else no_fault()
        mask, counts = int(w["group_mask"][self._group(warp)]), w["counts"].copy()
        inside = 0 <= row < rows.shape[0]
        if inside:
            rows[row] = code.rows[row]
        before = int(information[k.INFO_INSTRUCTIONS])
        executed = code.rows[row if inside else 0]
        memory = opened(self._launch.memory) if let_pass else self._launch.memory
        status = self._call(go_on, self._stops, warp, 1 << 62, fault, executed, memory)
        if inside:
            rows[row] = 0
            rows[row, k.GUARD] = 7
        reached = int(information[k.INFO_ROW])
        goes_on = status == k.UNSUPPORTED_REACHED and (reached != row or not self._unknown(row))
        if goes_on:
            # The stop itself was counted as an instruction.
            information[k.INFO_INSTRUCTIONS] -= 1
            if int(information[k.INFO_INSTRUCTIONS]) == before:
                raise InternalError(f"the instruction at pc {pc_of(row):#x} was not executed")
            w["group_row"][self._group(warp)] = reached
            status = k.RUNNING
        if not np.any(w["counts"] != counts):
            w["counts"] += np.array([mask >> lane & 1 for lane in range(k.LANES)])
        if goes_on and int(w["counts"].max()) > self._budget:
            status, information[k.INFO_ROW] = k.HANG, reached
        w["status"] = status
        information[k.INFO_WARP] = self._first + warp
        self._settle(status)

    def _unknown(self, row: int) -> bool:
        return int(self._launch.program.code.rows[row, k.OP]) == k.UNSUPPORTED

    def _settle(self, status: int) -> None:
        """See whether the unit has ended, or its warps pass the barrier that they wait at."""
        statuses = self._state.warps["status"]
        if status not in (k.RUNNING, k.FINISHED, k.AT_BARRIER):
            self._finish(status)
        elif not np.any(statuses == k.RUNNING):
            if np.all(statuses == k.FINISHED):
                self._finish(k.FINISHED)
            else:
                pass_together(self._state.warps)

    def _finish(self, status: int) -> None:
        check_supported(self._launch.program, status, self._state)
        number = int(self._state.information[k.INFO_LOG])
        words = np.unique(self._state.log_word[:number])
        values = self._launch.memory.words[words]
        kept = kept_of(self._state, words) if self._launch.program.stores_bytes else None
        self._state.information[k.INFO_BLOCK] = self._block
        self._state.information[k.INFO_LONGEST] = int(self._state.warps["counts"].max())
        self.ending = Ending(status, words, values, self._state.information.copy(), kept)

    def finish(self) -> Outcome:
        """Run the unit to its end and then the rest of the launch.

        Returns
        -------
        Outcome
            As of :meth:`softbeam.emulator.Machine.launch`; memory is as that leaves it.
        """
        while self.ending is None:
            self.step()
        self._roll_back()
        return self._rest(self.ending)

    def _roll_back(self) -> None:
        """Put memory back as it was before the unit."""
        number = int(self._state.information[k.INFO_LOG])
        for entry in range(number - 1, -1, -1):
            word = self._state.log_word[entry]
            self._launch.memory.words[word] = self._state.log_before[entry]
        self._state.information[k.INFO_LOG] = 0

    def _call(
        self,
        function: Any,
        code: k.Code,
        what: int,
        budget: int,
        fault: FaultVector,
        row: NDArray[np.int64],
        memory: k.Memory,
    ) -> int:
        grid_block = self._grid_block.copy()
        if function is go_on:
            grid_block[6] = self._first + what
        return int(
            function(
                code,
                self._launch.constants,
                tables_for(row),
                memory,
                grid_block,
                what,
                budget,
                fault,
                -1,
                self._state,
            )
        )

    # Facts of the state.

    def _current(self) -> int | None:
        running = np.flatnonzero(self._state.warps["status"] == k.RUNNING)
        return int(running[0]) if running.size else None

    def _group(self, warp: int) -> int:
        """Return the group that runs next: the last that is ready."""
        w = self._state.warps[warp]
        ready = np.flatnonzero(w["group_wait"][: int(w["groups"])] == k.READY)
        return int(ready[-1])

    def _holds(self, w: Any, guard: int) -> int:
        """Return the lanes in which a guard holds."""
        index = guard & 7
        if guard & 16:
            mask = k.FULL_MASK if int(w["uniform_predicates"][index]) else 0
        else:
            mask = int(w["predicates"][index])
        return mask ^ k.FULL_MASK if guard & 8 else mask

    def _threads(self, warp: int, mask: int) -> tuple[int, ...]:
        first = k.LANES * (self._first + warp)
        return tuple(first + lane for lane in range(k.LANES) if mask >> lane & 1)

    def _access(self, stop: Stop) -> Access:
        row = self._launch.program.code.rows[row_of(stop.pc)]
        warp = stop.warp - self._first
        w = self._state.warps[warp]
        lanes = [thread % k.LANES for thread in stop.executing]
        addresses = dict(zip(stop.executing, addresses_of(row, w, lanes), strict=True))
        spaces = {k.GLOBAL: "global", k.SHARED: "shared", k.LOCAL: "local", k.GENERIC: "generic"}
        return Access(stop, spaces[int(row[k.SPACE])], int(row[k.SIZE]), addresses)

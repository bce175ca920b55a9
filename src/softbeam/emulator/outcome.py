"""How a launch of :class:`softbeam.emulator.machine.Machine` ended: a fact, no exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core.layout import HANG_LAUNCH
from softbeam.emulator.ending import COMPLETED, REASONS, Ending
from softbeam.emulator.execution import State
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.lowering import Program
from softbeam.sass.instruction import pc_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a launch ended.

    Attributes
    ----------
    ending : str
        ``completed``, ``hang``, or the GPU's own name of the exception that ended it: Illegal
        Address, Misaligned Address, Out-of-range Address, Invalid Address Space, Illegal
        Instruction or Invalid PC.
    pc : int or None
        Where it ended, if it did not complete.
    block, warp : int or None
        Number of the block, and of the warp in it, that ended so; None if the launch completed, or
        no warp is to blame.
    reason : str or None
        Why it hangs: ``budget``, as a thread has executed all that it may; ``launch budget``, as
        all warps together have; ``deadlock``, as threads wait for each other and nothing can
        change any more.  None for other endings.
    address : int or None
        The address of an access that raised an exception.
    warp_instructions : int
        Instructions that its warps executed.
    longest : int
        Most instructions that one thread executed.
    inexact : tuple of int
        Pcs of executed instructions that are emulated to their documented error, not bit for bit:
        special functions of which nothing is recorded, and atomic sums of floats, whose order is
        the hardware's.  Empty where all results are the GPU's own bits.
    struck : bool
        Whether the fault was applied: False without one, and where its place was never reached.
    before, after : int or None
        The struck value before and after the change, or the index; None if nothing was struck.
    executed : mapping of int to int
        How often threads executed each instruction, by pc; empty unless it was asked for.
    """

    ending: str
    pc: int | None
    address: int | None
    warp_instructions: int
    longest: int
    inexact: tuple[int, ...] = ()
    struck: bool = False
    before: int | None = None
    after: int | None = None
    executed: Mapping[int, int] = field(default_factory=dict)
    block: int | None = None
    warp: int | None = None
    reason: str | None = None

    @property
    def completed(self) -> bool:
        """Whether the launch ran to its end."""
        return self.ending == COMPLETED


class CountingRunner(Runner):
    """Runs units and adds up what they executed since the last :meth:`count_from_zero`."""

    def __init__(self) -> None:
        super().__init__()
        self.count_from_zero(None)

    def count_from_zero(self, program: Program | None, *, by_instruction: bool = False) -> None:
        """Forget what was executed; what runs next is of one program."""
        self._by_instruction = by_instruction
        self.instructions = self.longest = 0
        self._inexact = program.inexact if program is not None else ()
        # Counts by instruction cost time, and only say which of the inexact ones were executed.
        wanted = program is not None and (by_instruction or bool(self._inexact))
        rows = len(program.function.instructions) if program is not None and wanted else 0
        self._executed = np.zeros((rows, 2), dtype=np.int64)

    def counted(self) -> tuple[int, int, NDArray[np.int64]]:
        """Return what is counted so far, for :meth:`recount`."""
        return self.instructions, self.longest, self._executed.copy()

    def recount(self, counted: tuple[int, int, NDArray[np.int64]]) -> None:
        """Make the counts what they were."""
        self.instructions, self.longest, self._executed = counted

    def forget_counts(self) -> None:
        """Make the counts zero, for another run of the same launch."""
        self.recount((0, 0, np.zeros_like(self._executed)))

    @property
    def inexact(self) -> tuple[int, ...]:
        """Pcs of the inexact instructions that were executed."""
        return tuple(pc_of(row) for row in self._inexact if self._executed[row, 1])

    @property
    def counts(self) -> NDArray[np.int64]:
        """Active and executed threads by instruction: int64[rows, 2]; no rows if not counted."""
        return self._executed

    @property
    def executed(self) -> dict[int, int]:
        """How often threads executed each instruction, by pc, if that is counted."""
        counts = self._executed[:, 1] if self._by_instruction else self._executed[:0, 1]
        return {pc_of(int(row)): int(counts[row]) for row in np.flatnonzero(counts)}

    def count(self, ending: Ending) -> None:
        """Add what a unit executed."""
        self.count_units(ending.instructions, ending.longest)

    def count_units(self, instructions: int, longest: int) -> None:
        """Add what several units executed."""
        self.instructions += instructions
        self.longest = max(self.longest, longest)

    def state(self, launch: Launch) -> State:
        """Return the state in which units of this launch run, with the runner's counts."""
        return super().state(launch)._replace(profile=self._executed)

    def run(self, *arguments: Any, **options: Any) -> Ending:
        """Run a unit, as :meth:`softbeam.emulator.launching.Runner.run` does."""
        ending = super().run(*arguments, **options)
        self.count(ending)
        return ending


def outcome_of(ending: Ending, runner: CountingRunner, *, valued: bool) -> Outcome:
    """Return what a launch's ending says.

    Parameters
    ----------
    ending : Ending
        Of the launch.
    runner : CountingRunner
        What ran the launch.
    valued : bool
        Whether its fault, if it has one, changes a value or an index.
    """
    struck = bool(ending.fired)
    nobody = ending.finished or ending.reason == REASONS[HANG_LAUNCH]
    block, warp = (None, None) if nobody else ending.place
    return Outcome(
        ending=ending.name,
        pc=None if ending.finished else ending.pc,
        address=ending.address,
        warp_instructions=runner.instructions,
        longest=runner.longest,
        inexact=runner.inexact,
        executed=runner.executed,
        block=block,
        warp=warp,
        reason=ending.reason,
        struck=struck,
        before=ending.before if struck and valued else None,
        after=ending.after if struck and valued else None,
    )

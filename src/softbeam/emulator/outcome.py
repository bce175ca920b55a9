"""How a launch of :class:`softbeam.emulator.machine.Machine` ended: a fact, no exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import EXCEPTIONS
from softbeam.emulator.launching import Ending, Launch, Runner
from softbeam.emulator.lowering import Program
from softbeam.sass.instruction import INSTRUCTION_BYTES

_ADDRESSED = (
    k.ILLEGAL_ADDRESS,
    k.MISALIGNED_ADDRESS,
    k.OUT_OF_RANGE_ADDRESS,
    k.INVALID_ADDRESS_SPACE,
)


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

    @property
    def completed(self) -> bool:
        """Whether the launch ran to its end."""
        return self.ending == "completed"


class CountingRunner(Runner):
    """Runs units of one program and adds up what they executed.

    Parameters
    ----------
    program : Program
        What every launch runs.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.instructions = self.longest = 0
        self._inexact = program.inexact
        # Counts by instruction cost time, and only say which of the inexact ones were executed.
        rows = len(program.function.instructions) if program.inexact else 0
        self._executed = np.zeros((rows, 2), dtype=np.int64)

    @property
    def inexact(self) -> tuple[int, ...]:
        """Pcs of the inexact instructions that were executed."""
        return tuple(row * INSTRUCTION_BYTES for row in self._inexact if self._executed[row, 1])

    def state(self, launch: Launch) -> k.State:
        """Return the state in which units of this launch run, with the runner's counts."""
        return super().state(launch)._replace(profile=self._executed)

    def run(self, *arguments: Any, **options: Any) -> Ending:
        """Run a unit, as :meth:`softbeam.emulator.launching.Runner.run` does."""
        ending = super().run(*arguments, **options)
        self.instructions += int(ending.information[k.INFO_INSTRUCTIONS])
        self.longest = max(self.longest, int(ending.information[k.INFO_LONGEST]))
        return ending


def outcome_of(
    status: int, information: NDArray[np.int64], runner: CountingRunner, *, valued: bool
) -> Outcome:
    """Return what a launch's status and information vector say.

    Parameters
    ----------
    status : int
        Of :mod:`softbeam.emulator.core.layout`.
    information : numpy.ndarray of int64
        Of the struck unit, or of the one that did not finish.
    runner : CountingRunner
        What ran the launch.
    valued : bool
        Whether its fault, if it has one, changes a value or an index.
    """
    finished = status == k.FINISHED
    struck = bool(information[k.INFO_FIRED])
    return Outcome(
        ending="completed" if finished else EXCEPTIONS.get(status, "hang"),
        pc=None if finished else int(information[k.INFO_ROW]) * INSTRUCTION_BYTES,
        address=int(information[k.INFO_ADDRESS]) % (1 << 64) if status in _ADDRESSED else None,
        warp_instructions=runner.instructions,
        longest=runner.longest,
        inexact=runner.inexact,
        struck=struck,
        before=int(information[k.INFO_BEFORE]) if struck and valued else None,
        after=int(information[k.INFO_AFTER]) if struck and valued else None,
    )

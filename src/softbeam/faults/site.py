"""Fault sites: where and when a fault strikes, and what it changes; drawn before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.vector import FaultVector, Strikes, fault_vector, stuck_vector
from softbeam.faults.models import Change
from softbeam.faults.modes import target_of
from softbeam.faults.stratum import WHOLE_NETWORK, Stratum

#: What the emulator calls a mode's targets (:class:`softbeam.faults.modes.Target`).
_STRIKES = {
    "before": Strikes.REGISTER_BEFORE,
    "after": Strikes.REGISTER_AFTER,
    "predicate": Strikes.PREDICATE_BEFORE,
    "uniform": Strikes.UNIFORM,
    "shared": Strikes.SHARED,
    "index": Strikes.INDEX,
    "store": Strikes.STORE_ADDRESS,
}


@dataclass(frozen=True, slots=True)
class FaultSite:
    """A fault in one thread of one launch, at one execution of one instruction.

    Attributes
    ----------
    mode, model : str
        See :mod:`softbeam.faults.modes` and :mod:`softbeam.faults.models`.
    launch : int
        Number of the launch in the plan.
    block, thread : int
        Numbers of the block in the grid and of the thread in its block, x fastest.
    pc : int
        Byte offset of the instruction in its kernel.
    occurrence : int
        How often the thread reached the pc before.
    target : str
        The name of one of the mode's targets, such as ``register``.
    register : int or None
        The general register, predicate, uniform register or word of shared memory; for an index
        the first destination register.
    change : Change
        What happens to the value, the index or the address.
    registers : int
        General registers allocated to a thread.
    """

    mode: str
    model: str
    launch: int
    block: int
    thread: int
    pc: int
    occurrence: int
    target: str
    register: int | None
    change: Change
    registers: int

    def vector(self, *, neutral: bool = False, follow: bool = True) -> FaultVector:
        """Return the fault as the interpreter takes it.

        Parameters
        ----------
        neutral : bool
            The same site with a change that changes nothing: the witness of the fault-free value.
        follow : bool
            Whether a fault before the instruction is followed, so that its run ends once it can
            change nothing any more.
        """
        target, change = target_of(self.mode, self.target), self.change
        strikes = _STRIKES[target.kind]
        in_register = strikes not in (Strikes.INDEX, Strikes.STORE_ADDRESS)
        return fault_vector(
            strikes,
            thread=self.thread,
            pc=self.pc,
            occurrence=self.occurrence,
            registers=self.registers,
            register=(self.register or 0) if in_register else 0,
            flip=0 if neutral else change.value,
            value=change.value if in_register and change.replaces and not neutral else None,
            warp_wide=change.wide,
            # A witness of a lost store stores; one of an index is lost where the fault would be.
            drops=change.drops and not (neutral and strikes == Strikes.STORE_ADDRESS),
            follow=follow and not neutral and strikes == Strikes.REGISTER_BEFORE,
        )


@dataclass(frozen=True, slots=True)
class MemorySite:
    """A fault in one word of global memory, just before a launch.

    Attributes
    ----------
    mode, model, target, change
        As in :class:`FaultSite`.
    launch : int
        The launch before which the word changes.
    cell : Stratum
        The layer that the word belongs to, and the buffer's own name.
    buffer : str
        The buffer.
    word : int
        Which of its words.
    """

    mode: str
    model: str
    target: str
    change: Change
    launch: int
    cell: Stratum
    buffer: str
    word: int


@dataclass(frozen=True, slots=True)
class UnitSite:
    """A fault that stays: all results of one opcode in one lane of one multiprocessor.

    Attributes
    ----------
    mode, model, target, change
        As in :class:`FaultSite`.
    opcode : str
        Without modifiers.
    multiprocessor, multiprocessors : int
        Which one, of how many.
    lane : int
        Which lane of every warp there.
    """

    mode: str
    model: str
    target: str
    change: Change
    opcode: str
    multiprocessor: int
    multiprocessors: int
    lane: int

    @property
    def cell(self) -> Stratum:
        """What stands for its layer and kernel: it is in no layer."""
        return Stratum(WHOLE_NETWORK, self.opcode)

    def vector(self, rows: NDArray[np.bool_], registers: int) -> FaultVector:
        """Return the fault as the interpreter takes it, in a program in which it strikes `rows`."""
        change = self.change
        mask = 0
        if change.replaces:
            mask = (1 << 32) - 1 if change.mask is None else change.mask
        return stuck_vector(
            rows, lane=self.lane, mask=mask, value=change.value, registers=registers
        )


Site = FaultSite | MemorySite | UnitSite

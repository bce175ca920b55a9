"""A fault site: where and when a fault strikes, and what it changes; drawn before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from softbeam.emulator.vector import FaultVector, Strikes, fault_vector
from softbeam.faults.models import Change
from softbeam.faults.modes import target_of

#: What the emulator calls a mode's targets (:class:`softbeam.faults.modes.Target`).
_STRIKES = {
    "before": Strikes.REGISTER_BEFORE,
    "after": Strikes.REGISTER_AFTER,
    "predicate": Strikes.PREDICATE,
    "index": Strikes.INDEX,
    "store": Strikes.STORE_ADDRESS,
}


@dataclass(frozen=True, slots=True)
class FaultSite:
    """One fault.

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
        The general register; for an index the first destination register.
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

"""A fault site: where and when a fault strikes, and what it changes; drawn before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import no_fault
from softbeam.faults.models import Change
from softbeam.faults.modes import target_of

#: The interpreter's numbers of what a mode's targets are (:class:`softbeam.faults.modes.Target`).
_KINDS = {
    "before": k.FAULT_BEFORE,
    "after": k.FAULT_AFTER,
    "predicate": k.FAULT_PREDICATE,
    "index": k.FAULT_INDEX,
    "store": k.FAULT_STORE,
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

    def vector(self, *, neutral: bool = False) -> NDArray[np.int64]:
        """Return the fault as the interpreter takes it.

        Parameters
        ----------
        neutral : bool
            The same site with a change that changes nothing: the witness of the fault-free value.
        """
        vector = no_fault()
        kind = target_of(self.mode, self.target).kind
        vector[k.FAULT_KIND] = _KINDS[kind]
        value = 0 if neutral else self.change.value
        if kind == "index":
            vector[k.FAULT_INDEX_MASK] = value
            vector[k.FAULT_DROPS] = self.change.drops
        elif kind == "store":
            vector[k.FAULT_VALUE] = np.array([value], dtype=np.uint64).view(np.int64)[0]
            vector[k.FAULT_DROPS] = self.change.drops and not neutral
        else:
            vector[k.FAULT_REGISTER] = self.register or 0
            vector[k.FAULT_REPLACES] = self.change.replaces and not neutral
            vector[k.FAULT_VALUE] = value
            vector[k.FAULT_TRACK] = kind == "before" and not neutral
        vector[k.FAULT_WARP] = self.thread // k.LANES
        vector[k.FAULT_LANE] = self.thread % k.LANES
        vector[k.FAULT_ROW] = self.pc // 16
        vector[k.FAULT_OCCURRENCE] = self.occurrence
        vector[k.FAULT_REGISTERS] = self.registers
        vector[k.FAULT_WARP_WIDE] = self.change.wide
        return vector

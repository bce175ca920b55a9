"""The fault space of functional units: an opcode, a multiprocessor and a lane.

A place is a unit that computes one opcode in one lane of one multiprocessor.  A fault there stays
for a whole inference: all results that the unit gives are wrong, in every launch in scope.  On
which multiprocessor a block runs is a rule of softbeam's (:func:`multiprocessor_of`).  The rules
are in ``docs/methods.md``, section 1.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import LANES
from softbeam.emulator.lowering import Program
from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES
from softbeam.faults.space import in_groups
from softbeam.faults.stratum import WHOLE_NETWORK, Stratum
from softbeam.kernels import MULTIPROCESSORS
from softbeam.network.device import Device
from softbeam.network.profile import LaunchProfile


def multiprocessors(architecture: str, chosen: int | None) -> int:
    """Return among how many multiprocessors blocks are dealt: as chosen, else the GPU's own."""
    return MULTIPROCESSORS[architecture] if chosen is None else chosen


def multiprocessor_of(block: int, multiprocessors: int) -> int:
    """Return on which multiprocessor a block of a launch runs: in turns, from 0."""
    return block % multiprocessors


def struck_rows(program: Program, opcode: str) -> NDArray[np.bool_]:
    """Return which instructions of a program a unit computes: those of an opcode with a result."""
    names = [instruction.opcode for instruction in program.function.instructions]
    of_opcode = np.array([name == opcode for name in names], dtype=np.bool_)
    return np.logical_and(program.general, of_opcode)


class UnitSpace:
    """The units that a mode draws from, numbered from 0: by opcode, multiprocessor, lane.

    Parameters
    ----------
    device : Device
        Whose launches are struck.
    profiles : mapping of int to LaunchProfile
        By number of the launch.
    mode : str
        A mode that strikes units.
    launches : iterable of int
        The launches in scope.
    groups : iterable of str, optional
        Groups of opcodes in scope; all if not given.
    stratum : str
        The part of the space that is one opcode; all if empty.
    multiprocessors : int
        Among how many blocks are dealt.

    Raises
    ------
    CampaignError
        If no instruction in scope that is executed has a result.
    """

    #: Units that nothing uses are places too: none is left out.
    unread = 0

    def __init__(
        self,
        device: Device,
        profiles: Mapping[int, LaunchProfile],
        mode: str,
        launches: Iterable[int],
        groups: Iterable[str] | None = None,
        stratum: str = "",
        multiprocessors: int = 1,
    ) -> None:
        self.mode = mode
        self.multiprocessors = multiprocessors
        places = MODES[mode].places
        opcodes: set[str] = set()
        for number in launches:
            program = device.launch(number).program
            wanted = profiles[number].totals[:, 1] > 0
            if places is not None:
                wanted &= places(program)
            if groups is not None:
                wanted &= in_groups(program, frozenset(groups))
            instructions = program.function.instructions
            opcodes.update(instructions[row].opcode for row in np.flatnonzero(wanted).tolist())
        #: The opcodes, by name.
        self.opcodes = tuple(
            sorted(one for one in opcodes if stratum in ("", str(Stratum(WHOLE_NETWORK, one))))
        )
        #: Number of places.
        self.size = len(self.opcodes) * multiprocessors * LANES
        if self.size == 0:
            raise CampaignError(
                f"nothing to strike: no executed instruction in scope has a result for {mode}"
            )

    def cells(self) -> dict[Stratum, int]:
        """Return the number of places of each opcode; they belong to no layer."""
        return {
            Stratum(WHOLE_NETWORK, opcode): self.multiprocessors * LANES for opcode in self.opcodes
        }

    def locate(self, rank: int) -> tuple[str, int, int]:
        """Return the opcode, the multiprocessor and the lane of the place with this number."""
        rank, lane = divmod(rank, LANES)
        number, multiprocessor = divmod(rank, self.multiprocessors)
        return self.opcodes[number], multiprocessor, lane

"""The fault space of functional units: an opcode, a multiprocessor and a lane.

A place is a unit that computes one opcode in one lane of one multiprocessor, which gets a block of
a launch that executes the opcode.  A fault there stays for a whole inference: all results that the
unit gives are wrong, in every launch in scope.  On which multiprocessor a block runs is a rule of
softbeam's (:func:`multiprocessor_of`).  The rules are in ``docs/methods.md``, section 1.6.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate

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


def blocks_on(multiprocessor: int, multiprocessors: int, blocks: int) -> range:
    """Return which of a launch's blocks run on a multiprocessor, ascending.

    Examples
    --------
    >>> list(blocks_on(1, 3, 8))
    [1, 4, 7]
    """
    return range(multiprocessor, blocks, multiprocessors)


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
        used: dict[str, int] = {}
        for number in launches:
            launch = device.launch(number)
            program, blocks = launch.program, min(launch.shape.blocks, multiprocessors)
            wanted = profiles[number].totals[:, 1] > 0
            if places is not None:
                wanted &= places(program)
            if groups is not None:
                wanted &= in_groups(program, frozenset(groups))
            instructions = program.function.instructions
            for opcode in {instructions[row].opcode for row in np.flatnonzero(wanted).tolist()}:
                used[opcode] = max(used.get(opcode, 0), blocks)
        #: By opcode, how many multiprocessors get a block that executes it: the first ones.
        self.used = {
            one: used[one]
            for one in sorted(used)
            if stratum in ("", str(Stratum(WHOLE_NETWORK, one)))
        }
        self._ends = list(accumulate(number * LANES for number in self.used.values()))
        #: Number of places.
        self.size = self._ends[-1] if self._ends else 0
        #: Units of the same opcodes whose multiprocessor gets no block that executes it.
        self.unread = len(self.used) * multiprocessors * LANES - self.size
        if self.size == 0:
            raise CampaignError(
                f"nothing to strike: no executed instruction in scope has a result for {mode}"
            )

    def cells(self) -> dict[Stratum, int]:
        """Return the number of places of each opcode; they belong to no layer."""
        return {
            Stratum(WHOLE_NETWORK, opcode): number * LANES for opcode, number in self.used.items()
        }

    def locate(self, rank: int) -> tuple[str, int, int]:
        """Return the opcode, the multiprocessor and the lane of the place with this number."""
        position = bisect_right(self._ends, rank)
        rank -= self._ends[position - 1] if position else 0
        return list(self.used)[position], *divmod(rank, LANES)

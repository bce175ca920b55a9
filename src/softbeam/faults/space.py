"""The fault space: all places where a fault of one mode can strike, counted by the profile."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.lowering import Program
from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES
from softbeam.faults.stratum import Stratum
from softbeam.network.device import Device
from softbeam.network.profile import LaunchProfile
from softbeam.sass.opcodes import find_opcode

#: Units that are counted together.
STRETCH = 256


@dataclass(frozen=True, slots=True)
class FaultSpaceSize:
    """How many places a mode has in one kernel of one layer, with one of a campaign's inputs."""

    image: int
    mode: str
    layer: int
    kernel: str
    size: int


def in_groups(program: Program, groups: frozenset[str]) -> NDArray[np.bool_]:
    """Return for each instruction of a program whether its opcode is in one of some groups."""
    opcodes = (find_opcode(instruction) for instruction in program.function.instructions)
    return np.array([opcode is not None and opcode.group in groups for opcode in opcodes])


class FaultSpace:
    """The dynamic thread-instructions that a mode draws from, numbered from 0.

    Which instructions have places, and whether predicated-off ones have, the mode says
    (:mod:`softbeam.faults.modes`).

    Parameters
    ----------
    device : Device
        Whose launches are struck.
    profiles : mapping of int to LaunchProfile
        By number of the launch.
    mode : str
        One of :data:`softbeam.faults.modes.MODES`.
    launches : iterable of int
        The launches in scope.
    groups : iterable of str, optional
        Groups of opcodes in scope; all if not given.

    Raises
    ------
    CampaignError
        If the scope holds nothing to strike.
    """

    #: Places that are known to change nothing and are left out: none.
    unread = 0

    def __init__(
        self,
        device: Device,
        profiles: Mapping[int, LaunchProfile],
        mode: str,
        launches: Iterable[int],
        groups: Iterable[str] | None = None,
    ) -> None:
        self.mode = mode
        self._plan = device.plan
        self._profiles = profiles
        self._executed = int(MODES[mode].executed)
        self._launches = sorted(launches)
        self._histograms: dict[int, NDArray[np.int64]] = {}
        self._rows = []
        sizes = []
        for number in self._launches:
            program = device.launch(number).program
            places = MODES[mode].places
            wanted = places(program) if places is not None else np.zeros(0, dtype=np.bool_)
            if groups is not None:
                wanted = wanted & in_groups(program, frozenset(groups))
            counts = profiles[number].totals[:, self._executed] * wanted
            self._rows.append(list(accumulate(counts.tolist())))
            sizes.append(int(counts.sum()))
        self._ends = list(accumulate(sizes))
        #: Number of places.
        self.size = self._ends[-1] if sizes else 0
        if self.size == 0:
            raise CampaignError(
                f"nothing to strike: no instruction of the launches in scope is a place for {mode}"
                f"{MODES[mode].lacking}"
            )

    @property
    def values(self) -> int:
        """How many values can be struck: one at each place."""
        return self.size

    def sizes(self) -> dict[int, int]:
        """Return the number of places in each launch."""
        starts = [0, *self._ends[:-1]]
        return {
            number: end - start
            for number, start, end in zip(self._launches, starts, self._ends, strict=True)
        }

    def cells(self) -> dict[Stratum, int]:
        """Return the number of places in each kernel of each layer."""
        cells: dict[Stratum, int] = {}
        for number, size in self.sizes().items():
            launch = self._plan.launches[number]
            cell = Stratum(launch.layer, launch.kernel)
            cells[cell] = cells.get(cell, 0) + size
        return cells

    def locate(self, rank: int) -> tuple[int, int, int, int]:
        """Return where the place with this number is.

        Returns
        -------
        launch : int
            Number of the launch.
        row : int
            Instruction.
        unit : int
            Warp (or block) of the launch.
        ordinal : int
            Which of the unit's thread-instructions at this row, in the order of execution, lanes
            ascending.
        """
        position = bisect_right(self._ends, rank)
        rank -= self._ends[position - 1] if position else 0
        ends = self._rows[position]
        row = bisect_right(ends, rank)
        rank -= ends[row - 1] if row else 0
        number = self._launches[position]
        return number, row, *self._unit(number, row, rank)

    def _unit(self, number: int, row: int, rank: int) -> tuple[int, int]:
        """Return the unit of a launch's place at a row, and which of its places that is."""
        profile = self._profiles[number]
        counts = profile.classes[:, row, self._executed].astype(np.int64)
        if number not in self._histograms:
            self._histograms[number] = _histogram(profile)
        # Units are searched in two steps, stretches first: a launch has up to 25,000.
        stretches = (self._histograms[number] @ counts).cumsum()
        stretch = int(stretches.searchsorted(rank, side="right"))
        rank -= int(stretches[stretch - 1]) if stretch else 0
        first = STRETCH * stretch
        ends = counts[profile.class_of_unit[first : first + STRETCH]].cumsum()
        unit = int(ends.searchsorted(rank, side="right"))
        rank -= int(ends[unit - 1]) if unit else 0
        return first + unit, rank


def _histogram(profile: LaunchProfile) -> NDArray[np.int64]:
    """Return how many units of each class every stretch of units has: int64[stretches, classes]."""
    units, classes = profile.class_of_unit, profile.classes.shape[0]
    stretch = np.arange(units.size) // STRETCH
    flat = np.bincount(stretch * classes + units, minlength=(int(stretch[-1]) + 1) * classes)
    return flat.reshape(-1, classes)

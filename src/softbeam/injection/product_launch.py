"""A launch of a product as strikes need it: the ways that its blocks take, found out and checked.

Nothing here is known of a kernel beforehand.  What blocks of one way have in common is found by
running one of them, and what is derived from it is compared with that block emulated from its
beginning, in every register and every word of shared memory, before any strike relies on it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.comparing import same_block
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Launch
from softbeam.emulator.passes import Passes, find_passes, total_passes
from softbeam.emulator.resuming import BlockRun
from softbeam.emulator.skeletons import Skeletons, advance, skeletons_of
from softbeam.emulator.vector import FaultVector
from softbeam.injection.product import ProductTile
from softbeam.injection.sums import SumPlaces, Trials
from softbeam.kernels.products import tile_of
from softbeam.network.device import Device

_LOG = logging.getLogger("softbeam")

#: Rounds before a barrier that may have to be emulated, until both halves of shared memory and all
#: that was loaded from them have been made anew.
MOST_AGAIN = 6

#: Barrier, after those, at which what is derived is compared with what is emulated; and the last.
_CHECKED = 3


class UnknownBlockError(Exception):
    """What a block does cannot be said without emulating it as a whole."""


@dataclass(frozen=True)
class Way:
    """What blocks of a launch that take one way have in common.

    Attributes
    ----------
    passes : Passes
        Of a warp, by barriers.
    again : int
        Rounds to emulate before a barrier, so that all but the sums is as it should be.
    sums : mapping of int to SumPlaces
        By row at which blocks go on behind barriers.
    """

    passes: Passes
    again: int
    sums: dict[int, SumPlaces]

    def sums_behind(self, barrier: int) -> SumPlaces | None:
        """Return which registers hold sums behind a barrier; None behind the first."""
        return self.sums.get(int(self.passes.rows[barrier])) if barrier > 1 else None


class ProductLaunch:
    """A launch of a product, as far as it is known.

    It keeps the launch's memory, but not the device, with which it is forgotten.

    Parameters
    ----------
    device : Device
        The golden memory.
    number : int
        The launch.

    Raises
    ------
    UnknownBlockError
        If the program's way depends on what it loads.
    """

    def __init__(self, device: Device, number: int) -> None:
        self.launch: Launch = device.launch(number)
        skeletons = skeletons_of(self.launch)
        if skeletons is None:
            raise UnknownBlockError
        self.number = number
        tile = tile_of(device.plan.launches[number].kernel)
        assert tile is not None
        self._tile = tile
        self.skeletons: Skeletons = skeletons
        self._ways: list[tuple[NDArray[np.int64], Way | None]] = []
        self._touching: dict[int, NDArray[np.int64]] = {}

    def touching(self, register: int) -> NDArray[np.int64]:
        """Return the first rows of the stretches that read or write a general register."""
        if register not in self._touching:
            flow = self.skeletons.flow
            named = [bool((one.reads | one.writes) >> register & 1) for one in flow.rows]
            self._touching[register] = np.unique(flow.leader[named])
        return self._touching[register]

    def way_of(self, device: Device, block: int, site: FaultVector, thread: int) -> Way:
        """Return the way that a block takes; the runs of the skeletons are left anywhere.

        Raises
        ------
        UnknownBlockError
            If it has to be emulated as a whole.
        """
        run, warp = self.skeletons.run, thread // LANES
        run.begin(self.launch, block)
        total = total_passes(run, self.skeletons, warp)
        way = next((way for known, way in self._ways if np.array_equal(known, total)), None)
        if way is None:
            if any(np.array_equal(known, total) for known, _ in self._ways):
                raise UnknownBlockError
            try:
                way = self._find_way(device, block, site, warp)
            except UnknownBlockError:
                self._ways.append((total, None))
                _LOG.warning(
                    "blocks of launch %d (%s) are emulated as a whole when they are struck",
                    self.number,
                    self.launch.program.function.name,
                )
                raise
            self._ways.append((total, way))
        return way

    def _find_way(self, device: Device, block: int, site: FaultVector, warp: int) -> Way:
        passes = find_passes(self.skeletons.run, self.skeletons, warp)
        arguments = device.plan.launches[self.number].arguments
        trials = Trials(self.launch, arguments, self.launch.shape.block_index(block)[2])
        sums: dict[int, SumPlaces] = {}
        for barrier in range(2, passes.barriers + 1):
            row = int(passes.rows[barrier])
            if row in sums:
                continue
            same = np.flatnonzero(passes.rows[barrier + 1 :] == row)
            later = barrier + 1 + int(same[0]) if same.size else None
            found = trials.sums(barrier, later, row)
            if found is None or not self._is_plain(row, found, arguments.K):
                raise UnknownBlockError
            sums[row] = found
        tile = ProductTile(device, self.number, block)
        for again in range(1, MOST_AGAIN):
            way = Way(passes, again, sums)
            if self._is_right(way, tile, block, site):
                return way
        raise UnknownBlockError

    def _is_plain(self, row: int, places: SumPlaces, k: int) -> bool:
        """Return whether each element is summed in one register, which is no more than that.

        Other registers may hold its sum of some steps before; they are not read any more.  Where a
        tile is computed twice, one more may hold the finished sum of the first pass.  What a sum is
        must reach nothing but what its own lane stores, and checks.

        Parameters
        ----------
        row : int
            Where the block goes on.
        places : SumPlaces
            The sums that registers hold there.
        k : int
            Steps of a whole sum.
        """
        flow, finished = self.skeletons.flow, places.finished(k)
        live = np.array([bool(flow.live[row] >> one & 1) for one in places.registers.tolist()])
        passes = [live & finished, live & ~finished]
        if not self.launch.program.checks:
            passes = [live]
        held = [self._held_once(places, one) for one in passes if one.any()]
        steering = flow.steering[row]
        plain = not any(steering >> one & 1 for one in places.registers.tolist())
        return plain and bool(held) and all(held)

    def _held_once(self, places: SumPlaces, some: NDArray[np.bool_]) -> bool:
        """Return whether some registers hold the sum of each element of the tile once."""
        held = (places.rows >= 0) & some[:, None]
        elements = places.rows[held] * (1 + places.columns.max()) + places.columns[held]
        expected = self._tile.rows * self._tile.columns
        return bool(elements.size == expected and np.unique(elements).size == expected)

    def _is_right(self, way: Way, tile: ProductTile, block: int, site: FaultVector) -> bool:
        """Compare what is derived behind two barriers, the last one too, with what is emulated."""
        emulated, derived = self.skeletons.faulty, self.skeletons.golden
        last = way.passes.barriers
        for barrier in sorted({min(last, way.again + 1 + _CHECKED), last}):
            if barrier < 1:
                continue
            for run in (emulated, derived):
                run.begin(self.launch, block)
            paused = emulated.go_from_start(self.launch.program, rounds=barrier)
            if not paused or emulated.has_stored:
                emulated.ending()
                return False
            if not advance(derived, self.skeletons, barrier, site, way.again):
                self.put_all_sums(way, tile, derived, barrier)
                for one in range(self.launch.shape.warps):
                    self.put_sums(way, tile, derived, barrier, one, np.arange(LANES), range(256))
            if not same_block(emulated, derived):
                return False
        return True

    def put_sums(
        self,
        way: Way,
        tile: ProductTile,
        run: BlockRun,
        barrier: int,
        warp: int,
        lanes: NDArray[np.int64],
        others: Iterable[int],
    ) -> None:
        """Compute sums of a fault-free block behind a barrier, and put them into its registers.

        Those of some lanes of a warp that are read later; and of before, in other registers.

        Parameters
        ----------
        way : Way
            The block's.
        tile : ProductTile
            What it computes.
        run : BlockRun
            The block.
        barrier : int
            Barriers that it has passed.
        warp, lanes : int, numpy.ndarray of int64
            Whose sums.
        others : iterable of int
            Registers whose contents matter though nothing reads them.
        """
        places = way.sums_behind(barrier)
        if places is None:
            return
        live = self.live(way, barrier, places.registers) | np.isin(places.registers, [*others])
        rows, columns = places.rows[warp][:, lanes], places.columns[warp][:, lanes]
        held = (rows >= 0) & live[:, None]
        register, lane = np.nonzero(held)
        last = places.steps(barrier)[register]
        nothing = np.zeros(last.size, dtype=np.uint32)
        elements = tile.elements(rows[held], columns[held])
        sums = tile.extend(elements, np.zeros_like(last), last, nothing)
        run.registers(warp)[places.registers[register], lanes[lane]] = sums

    def put_all_sums(self, way: Way, tile: ProductTile, run: BlockRun, barrier: int) -> None:
        """Compute what all lanes have summed of what they will store, and put it there."""
        places = way.sums_behind(barrier)
        if places is None:
            return
        is_live = self.live(way, barrier, places.registers)
        steps, all_registers = places.steps(barrier), run.all_registers()
        for number in np.unique(steps[is_live]).tolist():
            sums = tile.sums_after(number)
            for slot in np.flatnonzero((steps == number) & is_live).tolist():
                rows, columns = places.rows[:, slot], places.columns[:, slot]
                held = (rows >= 0) & (rows < sums.shape[0]) & (columns < sums.shape[1])
                warp, lane = np.nonzero(held)
                all_registers[warp, places.registers[slot], lane] = sums[rows[held], columns[held]]

    def live(self, way: Way, barrier: int, registers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which general registers are read behind a barrier before they are written."""
        live = self.skeletons.flow.live[int(way.passes.rows[barrier])]
        return np.array([bool(live >> one & 1) for one in registers.tolist()])


_launches: WeakKeyDictionary[Device, dict[int, ProductLaunch | None]] = WeakKeyDictionary()


def product_launch(device: Device, number: int) -> ProductLaunch | None:
    """Return a launch of a product, made once; None if its blocks are emulated as a whole."""
    kept = _launches.setdefault(device, {})
    if number not in kept:
        kept[number] = None
        if tile_of(device.plan.launches[number].kernel) is not None:
            with suppress(UnknownBlockError):
                kept[number] = ProductLaunch(device, number)
    return kept[number]

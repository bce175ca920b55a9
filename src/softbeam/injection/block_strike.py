"""Strikes in matrix products: the block around the fault, between two barriers, and no more of it.

A block of a product executes millions of instructions, and nearly all of what they do is known
without executing them.  Before the fault: the block's skeleton takes it to the barrier before the
fault (:mod:`softbeam.emulator.resuming`), and its sums are chains that are computed natively.
Behind it: as soon as faulty and fault-free block differ in nothing but sums and registers that are
never read again, the sums' chains are gone on with natively.  A fault that keeps an address or a
loop wrong is emulated for as long as it does, to the end if need be.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.flow import PREDICATES, UNIFORM_PREDICATES, UNIFORMS, Flow
from softbeam.emulator.launching import Launch
from softbeam.emulator.resuming import (
    PLENTY,
    BlockRun,
    Passes,
    RepeatError,
    Skeletons,
    Snapshot,
    advance,
    find_passes,
    skeletons_of,
)
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.errors import InternalError
from softbeam.faults.modes import target_of
from softbeam.faults.site import FaultSite
from softbeam.injection.product import Elements, ProductTile
from softbeam.injection.sums import SumPlaces, Trials
from softbeam.kernels.products import TILES
from softbeam.network.device import Device
from softbeam.sass.instruction import row_of

#: Rounds before the barrier of departure that are emulated, at most: until both halves of shared
#: memory and all that is loaded from it have been made anew.
MOST_AGAIN = 6

#: Barriers behind the fault at which faulty and fault-free block are compared.
COMPARED = 4

Changed = dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]


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
        By row at which blocks stand behind barriers.
    """

    passes: Passes
    again: int
    sums: dict[int, SumPlaces]


@dataclass(frozen=True, slots=True)
class Struck:
    """How a struck block ended.

    Attributes
    ----------
    ending : Ending
        Of the block with the fault; if it was finished natively, as it stood then.
    changed : mapping of str to (indexes, values), or None
        Words that the fault left different; None: those of `ending` and `golden` differ.
    golden : Ending or None
        The fault-free block's, where the struck one ran to its end.
    """

    ending: Ending
    changed: Changed | None = None
    golden: Ending | None = None


class Block:
    """The struck block of a product, twice: with the fault and without it."""

    def __init__(self, known: ProductLaunch, site: FaultSite, budget: int, longest: int) -> None:
        self.known, self.site = known, site
        self.budget, self.longest = budget, longest
        self.launch = known.launch
        self.flow: Flow = known.flow
        self.tile = ProductTile(known.device, site.launch, site.block)
        self.vector, self.neutral = site.vector(), site.vector(neutral=True)
        self.faulty, self.golden = known.runs
        for run in (self.faulty, self.golden):
            run.begin(self.launch, site.block)
        self.warp, lane = divmod(site.thread, k.LANES)
        self.lanes = np.arange(k.LANES) if site.change.wide else np.array([lane])
        self.way = known.way_of(self.tile, self.golden, site)

    # From the block's beginning to the barrier before the fault.

    def departure(self) -> int:
        """Return how many barriers are passed before the fault strikes."""
        passes = self.way.passes.of(int(self.flow.leader[row_of(self.site.pc)]))
        return int(np.searchsorted(passes[1:-1], self.site.occurrence, side="right"))

    def depart(self, barrier: int) -> Snapshot | None:
        """Take the fault-free block to a barrier; return what it holds there, None at its start."""
        run = self.golden
        if barrier == 0:
            return None
        counted = advance(run, self.known.skeletons, barrier, self.vector, self.way.again)
        lane = self.site.thread % k.LANES
        if int(run.state.warps[self.warp]["arrivals"][lane]) > self.site.occurrence:
            raise InternalError(f"the block is past the drawn site {self.site}")
        if counted is not None:
            self.put_sums(barrier, self.warp, self.lanes)
        return run.snapshot()

    def sums_at(self, barrier: int) -> SumPlaces:
        """Return which registers hold sums behind a barrier."""
        return self.way.sums[int(self.way.passes.rows[barrier])]

    def put_sums(self, barrier: int, warp: int, lanes: NDArray[np.int64]) -> None:
        """Compute the sums of lanes of a warp, and put them into the fault-free block."""
        places = self.sums_at(barrier)
        rows, columns = places.rows[warp][:, lanes], places.columns[warp][:, lanes]
        held = rows >= 0
        elements = self.tile.elements(rows[held], columns[held])
        steps = np.broadcast_to(places.steps(barrier)[:, None], held.shape)[held]
        zeros = np.zeros(steps.size, dtype=np.uint32)
        sums = self.tile.extend(elements, np.zeros_like(steps), steps, zeros)
        register, lane = np.nonzero(held)
        registers = self.golden.state.warps[warp]["registers"]
        registers[places.registers[register], lanes[lane]] = sums

    def put_all_sums(self, barrier: int) -> None:
        """Compute all sums of the tile, and put them into the fault-free block."""
        for warp in range(self.launch.shape.warps):
            self.put_sums(barrier, warp, np.arange(k.LANES))

    # The fault, and what it reaches.

    def is_confined(self) -> bool:
        """Return whether the fault can change nothing but values in registers of its own lanes.

        And what these lanes store to global memory.
        """
        site, row = self.site, row_of(self.site.pc)
        target = target_of(site.mode, site.target)
        reached = 0
        if target.kind in ("before", "after"):
            reached = 1 << (site.register or 0)
        elif target.kind == "index":
            written = self.launch.program.destinations[row]
            for register in written:
                reached |= 1 << register
            first = (site.register or 0) ^ (site.change.value & 0xFF)
            reached |= sum(1 << (first + part) for part in range(len(written)))
        else:
            return False
        steering = (
            self.flow.steering[row] if target.kind == "before" else self.flow.steering_after(row)
        )
        return not reached & steering

    def strike(self) -> Struck:
        """Emulate the block around its fault."""
        barrier = self.departure()
        start = self.depart(barrier)
        if self.is_confined():
            return self._confined(barrier, start)
        found = self._astray(barrier, start)
        if found is not None:
            return found
        return self._spread(barrier, start)

    def _begin(self, start: Snapshot | None) -> None:
        if start is not None:
            self.faulty.restore(start)
            self.golden.restore(start)

    def _go(self, run: BlockRun, vector: FaultVector, rounds: int, *, resume: bool) -> int:
        program = self.launch.program
        return run.go(program, vector, self.budget, rounds=rounds, resume=resume)

    def _confined(self, barrier: int, start: Snapshot | None) -> Struck:
        """A fault that stays in its lanes, until only sums differ or the block has ended."""
        self._begin(start)
        resume = start is not None
        here = barrier
        while True:
            status = self._go(self.faulty, self.vector, 1, resume=resume)
            if status == k.FINISHED:
                faulty = self.faulty.ending(status)
                status = self._go(self.golden, self.neutral, 0, resume=resume)
                golden = self.golden.ending(status)
                return Struck(faulty, self._stored(faulty, golden), golden)
            if status != k.PAUSED:
                return Struck(self.faulty.ending(status))
            if self._go(self.golden, self.neutral, 1, resume=resume) != k.PAUSED:
                raise InternalError(f"the fault-free block ends before the struck one at {self.site}")
            resume = True
            here += 1
            if not self.faulty.state.information[k.INFO_FIRED]:
                continue
            found = self._only_sums(here)
            if found is None:
                continue
            if self._is_undecided():
                row = int(self.faulty.state.warps[self.warp]["group_row"][0])
                if self.flow.live[row] >> (self.site.register or 0) & 1:
                    continue
                return self._fate()
            return self._finished(here, found, confined=True)

    def _astray(self, barrier: int, start: Snapshot | None) -> Struck | None:
        """A fault that decides more than values: where it ends in an exception, soon.

        Sums of other lanes are not needed for that: no address and no way depends on them.
        """
        self._begin(start)
        status, resume = k.PAUSED, start is not None
        for _ in range(COMPARED):
            status = self._go(self.faulty, self.vector, 1, resume=resume)
            resume = True
            if status != k.PAUSED:
                break
        ending = self.faulty.ending(status)
        if status in (k.PAUSED, k.FINISHED):
            return None
        return Struck(ending)

    def _spread(self, barrier: int, start: Snapshot | None) -> Struck:
        """A fault that may reach the whole block."""
        if start is not None:
            self.golden.restore(start)
            if barrier > self.way.again + 1:
                self.put_all_sums(barrier)
            start = self.golden.snapshot()
        self._begin(start)
        resume, here = start is not None, barrier
        for _ in range(COMPARED):
            status = self._go(self.faulty, self.vector, 1, resume=resume)
            if status != k.PAUSED:
                return self._to_the_end(status, start)
            if self.faulty.state.information[k.INFO_LOG]:
                break
            if self._go(self.golden, self.neutral, 1, resume=resume) != k.PAUSED:
                self.golden.ending(k.FINISHED)
                resume = True
                break
            resume = True
            here += 1
            if not self.faulty.state.information[k.INFO_FIRED]:
                continue
            found = self._only_sums(here)
            if found is not None and not self._is_undecided():
                return self._finished(here, found, confined=False)
        status = self._go(self.faulty, self.vector, 0, resume=resume)
        return self._to_the_end(status, start)

    def _to_the_end(self, status: int, start: Snapshot | None) -> Struck:
        """Return how a block ended that ran to its end; the fault-free one then runs on too."""
        faulty = self.faulty.ending(status)
        if not faulty.finished:
            return Struck(faulty)
        if start is not None:
            self.golden.restore(start)
        # The fault-free block is needed up to its fault alone: what it leaves is known.
        rounds = 1
        status = self._go(self.golden, self.neutral, rounds, resume=start is not None)
        while status == k.PAUSED and not self.golden.state.information[k.INFO_FIRED]:
            status = self._go(self.golden, self.neutral, rounds, resume=True)
        golden = self.golden.ending(status)
        if status == k.PAUSED:
            golden = self._native_ending(golden)
        return Struck(faulty, None, golden)

    def _native_ending(self, paused: Ending) -> Ending:
        """Return how the fault-free block ends that was left at a barrier."""
        tile = self.tile.all_stored()
        words = self.known.pool_words(self.tile, tile)
        values, order = self.tile.after(tile), np.argsort(words)
        return Ending(k.FINISHED, words[order], values[order], paused.information)

    def _is_undecided(self) -> bool:
        """Return whether the struck register is followed and has not been read or written yet."""
        information = self.faulty.state.information
        return bool(information[k.INFO_PENDING]) and not information[k.INFO_READ]

    def _fate(self) -> Struck:
        """Find out whether the thread overwrites a register that it never reads."""
        skeleton = self.known.skeletons.waiting
        assert skeleton is not None
        only = slice(self.warp, self.warp + 1)
        status = self.faulty.go(skeleton, self.vector, self.budget, warps=only)
        if status == k.FINISHED:
            raise InternalError(f"the followed register has no fate at {self.site}")
        return Struck(self.faulty.ending(status))

    # What differs.

    def _only_sums(self, barrier: int) -> NDArray[np.int64] | None:
        """Return the warps, registers and lanes whose sums differ, if nothing else does."""
        faulty, golden = self.faulty.state, self.golden.state
        ours, theirs = faulty.warps, golden.warps
        if not np.array_equal(faulty.shared, golden.shared):
            return None
        groups = int(max(ours["groups"].max(), theirs["groups"].max()))
        for name in ("groups", "status", "barriers"):
            if not np.array_equal(ours[name], theirs[name]):
                return None
        for name in ("group_mask", "group_row", "group_wait"):
            if not np.array_equal(ours[name][:, :groups], theirs[name][:, :groups]):
                return None
        if int(ours["counts"].max()) + self.longest > self.budget:
            return None
        live = [self._live(w) for w in theirs]
        for name, first, count in (
            ("predicates", PREDICATES, 7),
            ("uniforms", UNIFORMS, 63),
            ("uniform_predicates", UNIFORM_PREDICATES, 7),
        ):
            for warp, place in np.argwhere(ours[name][:, :count] != theirs[name][:, :count]):
                if live[warp] >> (first + int(place)) & 1:
                    return None
        differ = np.argwhere(ours["registers"] != theirs["registers"])
        sums = self.way.sums.get(int(self.way.passes.rows[barrier]))
        holds = np.zeros(256, dtype=np.bool_)
        if sums is not None:
            holds[sums.registers] = True
        kept = []
        for warp, register, lane in differ.tolist():
            if not live[warp] >> register & 1:
                continue
            if not holds[register]:
                return None
            kept.append((warp, register, lane))
        return np.array(kept, dtype=np.int64).reshape(-1, 3)

    def _live(self, w: np.void) -> int:
        """Return what the groups of a warp may read before they write it."""
        found = 0
        for group in range(int(w["groups"])):
            row = int(w["group_row"][group])
            found |= self.flow.live[row] if 0 <= row < len(self.flow.live) else 0
        return found

    def _finished(self, barrier: int, differ: NDArray[np.int64], *, confined: bool) -> Struck:
        """Go on natively with the sums that differ; check the fault-free ones of the struck lanes."""
        ending = self.faulty.ending(k.FINISHED)
        self._check_value(ending)
        if barrier == 1 or not differ.size:
            return Struck(ending, {}, None)
        warps, registers, lanes = differ.T
        places = self.sums_at(barrier)
        slot = np.searchsorted(places.registers, registers)
        rows, columns = places.rows[warps, slot, lanes], places.columns[warps, slot, lanes]
        if np.any(rows < 0):
            raise InternalError(f"a sum that nobody knows differs at {self.site}")
        elements = self.tile.elements(rows, columns)
        steps = places.steps(barrier)[slot]
        inside = self.tile.stored(elements)
        elements, steps = elements[inside], steps[inside]
        at = (warps[inside], registers[inside], lanes[inside])
        golden = self.golden.state.warps["registers"][at]
        after = self.tile.after(elements)
        if not np.array_equal(self.tile.finished(elements, steps, golden), after):
            raise InternalError(f"the fault-free sums do not end as the golden run's at {self.site}")
        left = self.tile.finished(elements, steps, self.faulty.state.warps["registers"][at])
        words, differs = self.tile.words(elements), left != after
        order = np.argsort(words[differs])
        if not differs.any():
            return Struck(ending, {}, None)
        changed = {self.tile.buffer: (words[differs][order], left[differs][order])}
        return Struck(ending, changed, None)

    def _check_value(self, faulty: Ending) -> None:
        golden = self.golden.state.information
        if golden[k.INFO_FIRED] != 1:
            raise InternalError(f"the fault-free run does not pass the drawn site {self.site}")
        if faulty.before != int(golden[k.INFO_BEFORE]):
            raise InternalError(f"the struck value differs from the fault-free run at {self.site}")

    def _stored(self, faulty: Ending, golden: Ending) -> Changed | None:
        """Return what the struck lanes left different, of a block that ran to its end.

        Sums of other lanes are not computed where a fault is confined to its own.
        """
        if not np.array_equal(faulty.words, golden.words):
            raise InternalError(f"a fault that stays in its lanes stores elsewhere at {self.site}")
        differs = faulty.values != golden.values
        if not differs.any():
            return {}
        words, values = faulty.words[differs], faulty.values[differs]
        ((buffer, _, indexes),) = self.known.device.locate(self.site.launch, words)
        after = self.known.device.golden.words_at(buffer, self.site.launch + 1, indexes)
        if not np.array_equal(after, golden.values[differs]):
            raise InternalError(f"the fault-free block does not end as the golden run's at {self.site}")
        return {buffer: (indexes, values)}


class ProductLaunch:
    """The blocks of one launch of a product, as far as they are known.

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
        skeletons = skeletons_of(self.launch.program)
        if skeletons.waiting is None or skeletons.running is None or skeletons.flow is None:
            raise UnknownBlockError
        self.device, self.number, self.skeletons = device, number, skeletons
        self.flow = skeletons.flow
        self.runs = (BlockRun(self.launch), BlockRun(self.launch))
        self._ways: list[tuple[NDArray[np.int64], Way]] = []
    def pool_words(self, product: ProductTile, elements: Elements) -> NDArray[np.int64]:
        """Return the words of the pool that hold elements of C before the launch."""
        words = product.words(elements)
        places = np.empty_like(words)
        for first, place, count in self.device.golden.runs(product.buffer, self.number):
            inside = (words >= first) & (words < first + count)
            places[inside] = words[inside] + (place - first)
        return places

    def way_of(self, product: ProductTile, run: BlockRun, site: FaultSite) -> Way:
        """Return the way that a block takes."""
        warp = site.thread // k.LANES
        only = slice(warp, warp + 1)
        assert self.skeletons.running is not None
        run.go(
            self.skeletons.running, no_fault(), PLENTY, resume=False, warps=only, counts=True
        )
        total = run.counted[self._leaders, 0].copy()
        for known, way in self._ways:
            if np.array_equal(known, total):
                return way
        way = self._find_way(product, run, site, warp)
        self._ways.append((total, way))
        return way

    @property
    def _leaders(self) -> NDArray[np.int64]:
        return np.unique(self.flow.leader)

    def _find_way(self, product: ProductTile, run: BlockRun, site: FaultSite, warp: int) -> Way:
        passes = find_passes(run, self.skeletons, warp)
        arguments = self.device.plan.launches[self.number].arguments
        batch = self.launch.shape.block_index(site.block)[2]
        trials, sums = Trials(self.launch, arguments, batch), {}
        for barrier in range(2, passes.barriers + 1):
            row = int(passes.rows[barrier])
            if row not in sums:
                same = np.flatnonzero(passes.rows[barrier + 1 :] == row)
                later = barrier + 1 + int(same[0]) if same.size else None
                found = trials.sums(barrier, later, row)
                if found is None:
                    raise UnknownBlockError
                sums[row] = found
        return Way(passes, 2, sums)


_launches: WeakKeyDictionary[Device, dict[int, ProductLaunch | None]] = WeakKeyDictionary()


def product_launch(device: Device, number: int) -> ProductLaunch | None:
    """Return a launch of a product, made once; None if its blocks are emulated as a whole."""
    kept = _launches.setdefault(device, {})
    if number not in kept:
        known = None
        if device.plan.launches[number].kernel in TILES:
            with suppress(UnknownBlockError):
                known = ProductLaunch(device, number)
        kept[number] = known
    return kept[number]


def strike_block(device: Device, site: FaultSite, budget: int, longest: int) -> Struck | None:
    """Strike a block of a product; None if it has to be emulated as a whole."""
    known = product_launch(device, site.launch)
    if known is None:
        return None
    while True:
        try:
            return Block(known, site, budget, longest).strike()
        except RepeatError:
            continue
        except UnknownBlockError:
            return None

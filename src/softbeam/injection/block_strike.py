"""Strikes in matrix products: the block around the fault, between two barriers, and no more of it.

A block of a product executes millions of instructions, and nearly all of what they do is known
without executing them.  Before the fault: the block's skeleton takes it to the barrier before the
fault (:mod:`softbeam.emulator.skeletons`), and its sums are chains that are computed natively.
Behind it: as soon as faulty and fault-free block differ in nothing but sums and registers that are
never read again, the sums' chains are gone on with natively.  A fault that keeps an address or a
loop wrong is emulated for as long as it does, to the end if need be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.comparing import differing_registers
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LANES
from softbeam.emulator.resuming import BlockRun, RepeatError, Snapshot, completed
from softbeam.emulator.skeletons import advance
from softbeam.errors import InternalError
from softbeam.faults.modes import target_of
from softbeam.faults.site import FaultSite
from softbeam.injection.product import ProductTile
from softbeam.injection.product_launch import ProductLaunch, UnknownBlockError, product_launch
from softbeam.network.device import Device
from softbeam.sass.instruction import row_of

#: Barriers behind the fault at which faulty and fault-free block are compared; a fault that is
#: still in more than sums then keeps an address or a loop wrong, as a rule.
COMPARED = 4

Changed = dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]


@dataclass(frozen=True, slots=True)
class Struck:
    """How a struck block ended.

    Attributes
    ----------
    ending : Ending
        Of the block with the fault; if it was finished natively, as it stood then.
    golden : Ending or None
        The fault-free block's; None where the end of the struck one says all.
    changed : mapping of str to (indexes, values), or None
        Words that the fault left different; None: those in which the two endings differ.
    """

    ending: Ending
    golden: Ending | None = None
    changed: Changed | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a fault has left at a barrier, put into the fault-free block at a later one.

    Attributes
    ----------
    differ : numpy.ndarray of int64, [registers, 3]
        Warps, registers and lanes that it has left different.
    values : numpy.ndarray of uint32
        What they hold.
    report : Ending
        What is said of the strike.
    """

    differ: NDArray[np.int64]
    values: NDArray[np.uint32]
    report: Ending

    @classmethod
    def of(cls, run: BlockRun, differ: NDArray[np.int64]) -> Left:
        """Return what is different in a run."""
        values = run.all_registers()[tuple(differ.T)].copy()
        return cls(differ, values, run.ending())

    def plant(self, run: BlockRun) -> None:
        """Put what was left into a fault-free block."""
        run.all_registers()[tuple(self.differ.T)] = self.values
        run.state.information[:] = self.report.information

    def reported(self, golden: Ending) -> Ending:
        """Return an ending of the fault-free block that says of its site what was seen there."""
        return replace(golden, information=self.report.information)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where both blocks go on from.

    Attributes
    ----------
    barrier : int
        The barriers that they have passed.
    start : Snapshot or None
        What the fault-free block holds; None at its beginning.
    complete : bool
        Whether it holds the sums of all lanes, and not of the struck ones alone.
    left : Left or None
        What the fault has left different, if it has struck before.
    """

    barrier: int
    start: Snapshot | None
    complete: bool
    left: Left | None = None


class BlockStrike:
    """The struck block of a product, twice: with the fault and without it.

    Parameters
    ----------
    device : Device
        The golden memory.
    known : ProductLaunch
        The struck launch.
    site : FaultSite
        The fault.
    budget : int
        Instructions that a thread may execute before it counts as hung.  Those that the skeleton
        ran over count as executed, so that a fault hangs where it would if all were emulated.
    longest : int
        Most instructions of any fault-free thread.

    Raises
    ------
    UnknownBlockError
        If the block has to be emulated as a whole.
    """

    def __init__(
        self, device: Device, known: ProductLaunch, site: FaultSite, budget: int, longest: int
    ) -> None:
        self._device, self._known, self._site = device, known, site
        self._budget, self._most = budget, budget - longest
        self._flow, self._program = known.skeletons.flow, known.launch.program
        self._vector, self._neutral = site.vector(), site.vector(neutral=True)
        self._way = known.way_of(device, site.block, self._vector, site.thread)
        self._tile = ProductTile(device, site.launch, site.block)
        self._faulty, self._golden = known.skeletons.faulty, known.skeletons.golden
        #: Whether what is stored is compared before, and what becomes of sums is to be emulated.
        self._checks = self._program.checks
        for run in (self._faulty, self._golden):
            run.begin(known.launch, site.block)
        self._row, (self._warp, lane) = row_of(site.pc), divmod(site.thread, LANES)
        kind = target_of(site.mode, site.target).kind
        #: Whether one register is struck, or one address; and not a predicate, of which it depends
        #: whether registers are read that no fault-free thread reads.
        self._plain = kind in ("before", "after", "index", "store")
        self._lanes = np.array([lane])
        if site.change.wide or not self._plain:
            self._lanes = np.arange(LANES)

    def strike(self) -> Struck:
        """Emulate the block around its fault."""
        leader = int(self._flow.leader[self._row])
        barrier = self._way.passes.barrier_before(leader, self._site.occurrence)
        departure = self._depart(barrier)
        while barrier and self._golden.arrivals(self._site.thread) > self._site.occurrence:
            # Not every lane passes the row as often as the warp's busiest.
            barrier //= 2
            departure = self._depart(barrier)
        if self._is_confined():
            return self._strike_confined(departure)
        return self._strike_spreading(departure)

    # From the block's beginning to a barrier, and from one to another.

    def _depart(self, barrier: int) -> Departure:
        """Take the fault-free block to a barrier, with the sums of the struck lanes."""
        if barrier == 0:
            return Departure(0, None, True)
        run, known = self._golden, self._known
        complete = advance(run, known.skeletons, barrier, self._vector, self._way.again)
        if not complete:
            # What is struck may be a sum of before; and one that is not overwritten is read.
            others = {self._site.register or 0, *self._program.destinations[self._row]}
            others = others if self._plain else set(range(256))
            known.put_sums(self._way, self._tile, run, barrier, self._warp, self._lanes, others)
            if self._checks:
                # Every lane compares what it has.
                known.put_all_sums(self._way, self._tile, run, barrier)
                complete = True
        return Departure(barrier, run.snapshot(), complete)

    def _with_all_sums(self, departure: Departure) -> Departure:
        """Return a departure with the sums of all lanes."""
        if departure.complete or departure.start is None:
            return departure
        self._golden.restore(departure.start)
        self._known.put_all_sums(self._way, self._tile, self._golden, departure.barrier)
        return replace(departure, start=self._golden.snapshot(), complete=True)

    def _begin(self, departure: Departure) -> bool:
        """Put both blocks where they depart; return whether they are to be gone on with."""
        if departure.start is None:
            return False
        self._golden.restore(departure.start)
        self._faulty.restore(departure.start)
        if departure.left is not None:
            departure.left.plant(self._faulty)
        return True

    def _skip(
        self, departure: Departure, barrier: int, differ: NDArray[np.int64]
    ) -> Departure | None:
        """Return the last barrier before which no row touches what differs, or what is followed.

        But for sums, which are gone on with natively.  None if that is no later one.
        """
        sums = self._way.sums_behind(barrier)
        is_sum = np.zeros(len(differ), dtype=np.bool_)
        if sums is not None and not self._faulty.is_undecided:
            is_sum = np.isin(differ[:, 1], sums.registers)
        registers = set(differ[~is_sum, 1].tolist())
        if self._faulty.is_undecided:
            # It is looked after also where it was struck into the value that it had.
            registers.add(self._site.register or 0)
        leaders = [leader for one in registers for leader in self._known.touching(one).tolist()]
        last = self._way.passes.untouched_until(np.unique(leaders).astype(np.int64), barrier)
        if last == barrier or (is_sum.any() and self._way.sums_behind(last) is not sums):
            return None
        if departure.left is None:
            self._check_value()
        left = Left.of(self._faulty, differ)
        if is_sum.any():
            left.values[is_sum] = self._extended(differ[is_sum], barrier, last, left.values[is_sum])
        return replace(self._depart(last), left=left)

    def _extended(
        self, differ: NDArray[np.int64], barrier: int, last: int, values: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        """Go on with sums from one barrier to another where they are held in the same registers."""
        places = self._way.sums_behind(barrier)
        assert places is not None
        warps, registers, lanes = differ.T
        slot = np.searchsorted(places.registers, registers)
        elements = self._tile.elements(
            places.rows[warps, slot, lanes], places.columns[warps, slot, lanes]
        )
        first, then = places.steps(barrier)[slot], places.steps(last)[slot]
        return self._tile.extend(elements, first, then, values)

    def _strike_once(self, rounds: int, *, resume: bool) -> bool:
        """Go on with the struck block; return whether it paused."""
        return self._faulty.go(
            self._program, self._vector, self._budget, rounds=rounds, resume=resume
        )

    def _witness(self, rounds: int, *, resume: bool) -> bool:
        """Go on with the fault-free block; return whether it paused."""
        return self._golden.go(
            self._program, self._neutral, self._budget, rounds=rounds, resume=resume
        )

    # A fault in values of its own lanes.

    def _is_confined(self) -> bool:
        """Return whether the fault can change nothing but values in registers of its own lanes.

        And, of global memory, what these lanes store where they store it without fault.
        """
        site, row = self._site, self._row
        kind, register = target_of(site.mode, site.target).kind, site.register or 0
        if kind == "before":
            return not self._flow.steering[row] >> register & 1
        if kind == "after":
            return not self._flow.steering_after(row) >> register & 1
        if kind != "index":
            return False
        parts = range(len(self._program.destinations[row]))
        wrong = register ^ (site.change.value & 0xFF)
        steering = self._flow.steering_after(row)
        return not any(
            steering >> (first + part) & 1 for first in (register, wrong) for part in parts
        )

    def _strike_confined(self, departure: Departure) -> Struck:
        """Go on until only sums differ or the block has ended.

        Sums of other lanes are any numbers meanwhile: nothing depends on them.
        """
        resume, barrier = self._begin(departure), departure.barrier
        while True:
            if not self._strike_once(1, resume=resume):
                return self._ended_confined(departure, resume=resume)
            if not self._witness(1, resume=resume):
                raise InternalError(f"the fault-free block ends too early at {self._site}")
            resume, barrier = True, barrier + 1
            if not self._faulty.fired:
                continue
            differ = self._differ(barrier)
            if differ is None:
                continue
            if self._only_sums(barrier, differ):
                finished = self._finish(departure, barrier, differ)
                if finished is not None:
                    return finished
                continue
            later = self._skip(departure, barrier, differ)
            if later is not None:
                departure, barrier = later, later.barrier
                self._begin(later)

    def _ended_confined(self, departure: Departure, *, resume: bool) -> Struck:
        if self._checks:
            return self._ended(departure)
        finished = self._faulty.finished
        faulty = self._faulty.ending()
        if not finished:
            return Struck(faulty)
        self._witness(0, resume=resume)
        golden = self._golden.ending()
        if departure.left is not None:
            golden = departure.left.reported(golden)
        if not np.array_equal(faulty.words, golden.words):
            raise InternalError(f"a fault in its own lanes stores elsewhere at {self._site}")
        differs = faulty.values != golden.values
        changed: Changed = {}
        for buffer, places, indexes in self._device.locate(
            self._site.launch, faulty.words[differs]
        ):
            after = self._device.golden.words_at(buffer, self._site.launch + 1, indexes)
            if not np.array_equal(golden.values[differs][places], after):
                raise InternalError(f"the fault-free block ends otherwise at {self._site}")
            changed[buffer] = indexes, faulty.values[differs][places]
        return Struck(faulty, golden, changed)

    # A fault that may reach the whole block.

    def _strike_spreading(self, departure: Departure) -> Struck:
        while True:
            later = self._go_together(departure)
            if isinstance(later, Struck):
                return later
            if later is not None:
                departure = later
                continue
            found = None
            if not departure.complete:
                departure = self._with_all_sums(departure)
                found = self._go_together(departure)
            if isinstance(found, Struck):
                return found
            if found is None:
                self._strike_once(0, resume=True)
                return self._ended(departure)
            departure = found

    def _go_together(self, departure: Departure) -> Struck | Departure | None:
        """Go on with both blocks for some rounds.

        Where the departure has not the sums of all lanes, the struck block can be found to end in
        an exception, for no address and no way depends on sums, but not to leave words different.

        Returns
        -------
        Struck
            If it has ended, or if only sums differ.
        Departure
            Where to go on, if what differs sleeps until a later barrier.
        None
            If more is needed: the sums of all lanes or, with them, the way to the end.
        """
        resume, barrier = self._begin(departure), departure.barrier
        for _ in range(COMPARED):
            if not self._strike_once(1, resume=resume):
                return self._ended(departure) if departure.complete else self._ended_early()
            if self._faulty.has_stored:
                break
            together = self._witness(1, resume=resume)
            resume, barrier = True, barrier + 1
            if not together:
                self._golden.ending()
                break
            differ = self._differ(barrier) if self._faulty.fired else None
            if differ is None:
                continue
            if self._only_sums(barrier, differ) and departure.complete:
                finished = self._finish(departure, barrier, differ)
                if finished is not None:
                    return finished
            if self._only_sums(barrier, differ) or self._in_block(differ) > departure.complete:
                continue
            later = self._skip(departure, barrier, differ)
            if later is not None:
                return later
        if not departure.complete:
            self._faulty.ending()
        return None

    def _in_block(self, differ: NDArray[np.int64]) -> bool:
        """Return whether registers of other lanes than the struck ones differ."""
        inside = (differ[:, 0] == self._warp) & np.isin(differ[:, 2], self._lanes)
        return not inside.all()

    def _ended_early(self) -> Struck | None:
        """Return how the struck block ended; None if it ran to its end."""
        finished = self._faulty.finished
        faulty = self._faulty.ending()
        return None if finished else Struck(faulty)

    def _ended(self, departure: Departure) -> Struck:
        """Return how a block ended; the fault-free one then runs until it has passed the fault."""
        finished = self._faulty.finished
        faulty = self._faulty.ending()
        if not finished:
            return Struck(faulty)
        resume = departure.start is not None
        if departure.start is not None:
            self._golden.restore(departure.start)
        passed = departure.left is not None
        paused = self._witness(1, resume=resume)
        while paused and not self._golden.fired and not passed:
            paused = self._witness(1, resume=True)
        golden = self._golden.ending()
        if paused:
            # What the rest of it leaves is known.
            words = self._tile.pool_words()
            order, after = np.argsort(words), self._tile.after(self._tile.all_stored())
            golden = completed(words[order], after[order], golden)
        if departure.left is not None:
            golden = departure.left.reported(golden)
        return Struck(faulty, golden)

    # What differs behind a barrier.

    def _differ(self, barrier: int) -> NDArray[np.int64] | None:
        """Return warp, register and lane of what differs; None if more than registers does."""
        followed = self._site.register if self._faulty.is_undecided else None
        return differing_registers(
            self._faulty, self._golden, self._flow, most=self._most, followed=followed
        )

    def _only_sums(self, barrier: int, differ: NDArray[np.int64]) -> bool:
        """Return whether all that differs are sums, and the fault is decided."""
        if self._faulty.is_undecided:
            return False
        if not differ.size:
            return True
        sums = self._way.sums_behind(barrier)
        return sums is not None and bool(np.isin(differ[:, 1], sums.registers).all())

    def _check_value(self) -> None:
        """Check that the fault struck what the fault-free block has there."""
        if self._golden.fired != 1:
            raise InternalError(f"the fault-free run does not pass the drawn site {self._site}")
        if self._golden.before != self._faulty.before:
            raise InternalError(f"the struck value differs from the fault-free run at {self._site}")

    def _finish(
        self, departure: Departure, barrier: int, differ: NDArray[np.int64]
    ) -> Struck | None:
        """Go on natively with the sums that differ, faulty and fault-free.

        None if checks are to be emulated and it is not known what they compare.
        """
        if self._checks and differ.size:
            return self._finish_checked(departure, barrier, differ)
        faulty = self._faulty.ending(finished=True)
        golden = self._golden.ending(finished=True)
        if departure.left is not None:
            golden = departure.left.reported(golden)
        places = self._way.sums_behind(barrier)
        if places is None or not differ.size:
            return Struck(faulty, golden, {})
        tile, (warps, registers, lanes) = self._tile, differ.T
        slot = np.searchsorted(places.registers, registers)
        rows, columns = places.rows[warps, slot, lanes], places.columns[warps, slot, lanes]
        if np.any(rows < 0):
            raise InternalError(f"a sum that nobody knows differs at {self._site}")
        elements = tile.elements(rows, columns)
        stored = np.flatnonzero(tile.stored(elements))
        elements, steps = elements[stored], places.steps(barrier)[slot][stored]
        at = warps[stored], registers[stored], lanes[stored]
        after = tile.after(elements)
        if not np.array_equal(tile.finished(elements, steps, self._held(self._golden, at)), after):
            raise InternalError(f"the fault-free sums end otherwise at {self._site}")
        left = tile.finished(elements, steps, self._held(self._faulty, at))
        differs = np.flatnonzero(left != after)
        if not differs.size:
            return Struck(faulty, golden, {})
        words, order = tile.words(elements)[differs], np.argsort(tile.words(elements)[differs])
        return Struck(faulty, golden, {tile.buffer: (words[order], left[differs][order])})

    def _finish_checked(
        self, departure: Departure, barrier: int, differ: NDArray[np.int64]
    ) -> Struck | None:
        """Go on natively with the sums that differ until the last barrier, and emulate the rest."""
        last = self._way.passes.barriers
        if barrier < last:
            left = self._carried(barrier, last, differ)
            if left is None:
                return None
            if departure.left is None:
                self._check_value()
            departure = replace(self._depart(last), left=left)
            self._begin(departure)
        self._strike_once(0, resume=True)
        return self._ended(departure)

    def _carried(self, barrier: int, last: int, differ: NDArray[np.int64]) -> Left | None:
        """Return what sums that differ behind a barrier leave behind the last one."""
        here, there = self._way.sums_behind(barrier), self._way.sums_behind(last)
        if here is None or there is None:
            return None
        live = self._known.live(self._way, last, there.registers)
        then = here.followers(differ, there, live, self._tile.steps)
        if then is None:
            return None
        warps, registers, lanes = differ.T
        slot = np.searchsorted(here.registers, registers)
        elements = self._tile.elements(
            here.rows[warps, slot, lanes], here.columns[warps, slot, lanes]
        )
        begin = here.steps(barrier)[slot]
        end = there.steps(last)[np.searchsorted(there.registers, then[:, 1])]
        held = self._held(self._faulty, (warps, registers, lanes))
        values = self._tile.extend(elements, begin, end, held)
        return Left(then, values, self._faulty.ending())

    def _held(self, run: BlockRun, at: tuple[NDArray[np.int64], ...]) -> NDArray[np.uint32]:
        found: NDArray[np.uint32] = run.all_registers()[at]
        return found


def strike_block(device: Device, site: FaultSite, budget: int, longest: int) -> Struck | None:
    """Strike a block of a product; None if it has to be emulated as a whole.

    Raises
    ------
    InternalError
        If what is derived of the fault-free block does not lead to the golden run's memory.
    """
    known = product_launch(device, site.launch)
    if known is None:
        return None
    # Where copies are compared, shared memory holds slices of two passes: what a struck word of it
    # held is known from the block as a whole alone.
    if site.mode == "shared" and known.launch.program.checks:
        return None
    try:
        while True:
            try:
                return BlockStrike(device, known, site, budget, longest).strike()
            except RepeatError:
                known.skeletons.release()
    except UnknownBlockError:
        return None
    finally:
        known.skeletons.release()

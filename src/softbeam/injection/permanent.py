"""A fault that stays: the whole inference with one functional unit that gives wrong results.

Launch by launch, what differs so far is carried on natively, as behind any other fault; then the
blocks that run on the struck multiprocessor are emulated from the memory as it really is, with the
fault and without it, and where the two differ memory gets what the fault left.  Every block sees
what earlier launches left wrong, words that are dead for the network too: a wrong address can lie
anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import COMPLETED, Ending
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Launch as EmulatedLaunch
from softbeam.emulator.launching import Runner
from softbeam.emulator.stores import last_of_each
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.faults.site import UnitSite
from softbeam.faults.units import blocks_on, struck_rows
from softbeam.injection.changes import Bits, BufferChange, difference, overlaid
from softbeam.injection.liveness import Live, any_live, in_spans
from softbeam.injection.propagation import advance, answer
from softbeam.injection.regions import RULES, RegionRule
from softbeam.injection.reports import NOTHING, report
from softbeam.injection.strike import hang_budget, owner_of
from softbeam.network.device import Device
from softbeam.network.plan import Plan

#: Is told of every launch what differs after it.
Watch = Callable[[int, Mapping[str, BufferChange]], None]


@dataclass(slots=True)
class Permanent:
    """What a fault that stays did.

    Attributes
    ----------
    ending : str
        How the inference ended, as of :attr:`softbeam.emulator.ending.Ending.name`.
    launch : int or None
        The launch that did not end.
    output : numpy.ndarray of uint32
        The network's answer; empty where there is none.
    changed_words : int
        Words that struck launches left otherwise than they would without the fault in them.
    live : bool
        Whether any of these is read later.
    report : numpy.ndarray of uint32, [2]
        What a hardened network's checks report.
    propagated : int
        Launches that had to be computed since they read wrong words.
    unrecorded, instructions : int
        As of :class:`softbeam.injection.strike.Strike`, over all struck blocks.
    """

    ending: str = COMPLETED
    launch: int | None = None
    output: Bits = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    report: Bits = field(default_factory=NOTHING.copy)
    changed_words: int = 0
    live: bool = False
    propagated: int = 0
    unrecorded: int = 0
    instructions: int = 0


def everything(plan: Plan) -> Live:
    """Return all words of all buffers, as if something read each of them later."""
    return {name: ((0, buffer.words),) for name, buffer in plan.buffers.items()}


def endure(
    device: Device,
    runner: Runner,
    site: UnitSite,
    launches: frozenset[int],
    longest: Callable[[int], int],
    live: list[Live],
    watch: Watch = lambda launch, changes: None,
    rules: Mapping[str, RegionRule] = RULES,
) -> Permanent:
    """Run the network with a unit that gives wrong results.

    Parameters
    ----------
    device : Device
        The golden memory; it is left as it was.
    runner : Runner
        Runs single warps or blocks.
    site : UnitSite
        The fault.
    launches : frozenset of int
        The launches in which the unit is wrong: those in scope.
    longest : callable
        From a launch to the most instructions of any of its threads without fault.
    live : list of dict
        :func:`softbeam.injection.liveness.live_words` of the plan.
    watch : callable
        Is told of every launch what differs after it.
    rules : mapping of str to RegionRule
        As in :func:`softbeam.injection.propagation.propagate`.
    """
    golden, plan = device.golden, device.plan
    whole = everything(plan)
    changes: dict[str, BufferChange] = {}
    found = Permanent()
    for launch in plan.launches:
        number = launch.index
        wrong: dict[str, tuple[NDArray[np.int64], Bits]] = {}
        if number in launches:
            program = device.launch(number).program
            rows = struck_rows(program, site.opcode)
            if rows.any():
                vector = site.vector(rows, program.function.registers)
                budget = hang_budget(longest(number))
                blocks, wrong = _struck(device, runner, site, number, changes, vector, budget)
                found.unrecorded += blocks.unrecorded
                found.instructions += blocks.instructions
                if blocks.ended is not None:
                    found.ending, found.launch = blocks.ended.name, number
                    return found
        found.propagated += advance(golden, whole, launch, changes, rules, forgets=False)
        for buffer, (indexes, values) in wrong.items():
            change, differs = overlaid(
                changes.get(buffer), indexes, values, golden.view(buffer, number + 1)
            )
            if change is None:
                changes.pop(buffer, None)
            else:
                changes[buffer] = change
            found.changed_words += differs.size
            found.live = found.live or any_live(live[number], buffer, differs)
        watch(number, changes)
    found.output, found.report = answer(golden, changes), report(golden, changes)
    return found


def _struck(
    device: Device,
    runner: Runner,
    site: UnitSite,
    number: int,
    changes: Mapping[str, BufferChange],
    vector: FaultVector,
    budget: int,
) -> tuple[_Blocks, dict[str, tuple[NDArray[np.int64], Bits]]]:
    """Run the struck blocks of a launch; return them, and the words that they leave wrong.

    They see the buffers of the launch alone at first, as they are.  Where one of them looks
    elsewhere, or does not end, all is done again with the whole memory as it is.
    """
    own = device.golden.touched[number] | {*filter(None, [device.plan.report])}

    def attempt(
        launch: EmulatedLaunch, seen: Iterable[str]
    ) -> tuple[_Blocks, dict[str, tuple[NDArray[np.int64], Bits]]]:
        with in_place(device, number, {name: changes[name] for name in seen}):
            blocks = _Blocks(runner, launch, site, budget)
            blocks.run(vector)
            stored = {} if blocks.ended is not None else blocks.stored
            return blocks, wrong_words(device, number, stored)

    found = attempt(device.among(number, own), own & changes.keys())
    if found[0].ended is not None or found[0].strayed:
        found = attempt(device.launch(number), changes)
    return found


@contextmanager
def in_place(device: Device, number: int, changes: Mapping[str, BufferChange]) -> Iterator[None]:
    """Put what differs before a launch into the golden pool, and afterwards what was there."""
    golden = device.golden
    kept: list[tuple[Any, Bits]] = []
    try:
        for buffer, change in changes.items():
            contents = golden.view(buffer, number)
            if np.shares_memory(contents, golden.words):
                kept.append((contents, contents.copy()))
                change.put(contents)
                continue
            wrong = contents.copy()
            change.put(wrong)
            differs = difference(wrong, contents)
            if differs is not None:
                places = golden.places_at(buffer, number, differs.indexes)
                kept.append((places, golden.words[places]))
                golden.words[places] = differs.values
        yield
    finally:
        for where, values in kept:
            if where.dtype == np.uint32:
                where[:] = values
            else:
                golden.words[where] = values


class _Blocks:
    """The blocks of a launch that run on the struck multiprocessor, with the fault and without."""

    def __init__(self, runner: Runner, launch: EmulatedLaunch, site: UnitSite, budget: int) -> None:
        self._runner, self.launch, self._budget = runner, launch, budget
        together = launch.program.has_barrier
        self._units = [
            (block, warp)
            for block in blocks_on(site.multiprocessor, site.multiprocessors, launch.shape.blocks)
            for warp in range(1 if together else launch.shape.warps)
        ]
        self.unrecorded = self.instructions = 0
        #: Whether any of them, with the fault or without, went to memory that is not recorded.
        self.strayed = False
        #: How the first ended that did not run to its end.
        self.ended: Ending | None = None
        #: What each unit stores with the fault and without it, where it strikes.
        self.stored: dict[tuple[int, int], tuple[Ending, Ending]] = {}

    def run(self, fault: FaultVector) -> None:
        """Run them with the fault and, where it strikes, without it."""
        for unit in self._units:
            faulty = self._one(unit, fault)
            self.unrecorded += faulty.unrecorded
            self.strayed |= faulty.unrecorded > 0
            self.instructions += faulty.instructions
            if not faulty.finished:
                self.ended = faulty
                return
            if faulty.fired:
                golden = self._one(unit, no_fault())
                self.strayed |= golden.unrecorded > 0
                self.stored[unit] = faulty, golden

    def _one(self, unit: tuple[int, int], fault: FaultVector) -> Ending:
        return self._runner.run(self.launch, *unit, budget=self._budget, fault=fault)


def wrong_words(
    device: Device, number: int, stored: Mapping[tuple[int, int], tuple[Ending, Ending]]
) -> dict[str, tuple[NDArray[np.int64], Bits]]:
    """Return the words that struck units leave otherwise than without the fault, and their values.

    Of two units that store to one word the later one's value stays.  A word that a struck unit no
    longer stores keeps what it held before the launch, which has to be in place.

    Parameters
    ----------
    device : Device
        The golden memory, with what differs in place.
    number : int
        The launch.
    stored : mapping of (block, warp) to (Ending, Ending)
        What each struck unit stores with its fault and without it, in ascending order.
    """
    if all(np.array_equal(faulty.words, golden.words) for faulty, golden in stored.values()):
        return _own_words(device, number, stored)
    right: dict[int, int] = {}
    last: dict[int, tuple[int, tuple[int, int]]] = {}
    for unit, (faulty, golden) in stored.items():
        if np.array_equal(faulty.words, golden.words):
            differs = faulty.values != golden.values
            pairs = zip(
                faulty.words[differs].tolist(), faulty.values[differs].tolist(), strict=True
            )
            right.update(
                zip(golden.words[differs].tolist(), golden.values[differs].tolist(), strict=True)
            )
        else:
            pairs = zip(faulty.words.tolist(), faulty.values.tolist(), strict=True)
            right.update(zip(golden.words.tolist(), golden.values.tolist(), strict=True))
        last.update((word, (value, unit)) for word, value in pairs)
    pool = device.golden.words
    candidates = np.array(sorted(right.keys() | last.keys()), dtype=np.int64)
    values = np.array(
        [last[word][0] if word in last else int(pool[word]) for word in candidates.tolist()],
        dtype=np.uint32,
    )
    found = {}
    for buffer, places, indexes in device.locate(number, candidates) if candidates.size else ():
        written = in_spans(
            (span for span in device.plan.launches[number].writes if span.buffer == buffer), indexes
        )
        kept = [
            place
            for place, index, inside in zip(
                places.tolist(), indexes.tolist(), written.tolist(), strict=True
            )
            if _stays(device, number, buffer, index, inside, int(candidates[place]), right, last)
        ]
        if kept:
            where = dict(zip(places.tolist(), indexes.tolist(), strict=True))
            found[buffer] = np.array([where[place] for place in kept]), values[kept]
    return found


def _own_words(
    device: Device, number: int, stored: Mapping[tuple[int, int], tuple[Ending, Ending]]
) -> dict[str, tuple[NDArray[np.int64], Bits]]:
    """Return the wrong words where every unit stores to the words that it always stores to."""
    # In the order of the units, so that of two values of a word the later one's is kept.
    wrong: dict[str, tuple[list[NDArray[np.int64]], list[Bits]]] = {}
    for faulty, golden in stored.values():
        differs = faulty.values != golden.values
        if differs.any():
            values = faulty.values[differs]
            for buffer, places, indexes in device.locate(number, faulty.words[differs]):
                own = wrong.setdefault(buffer, ([], []))
                own[0].append(indexes)
                own[1].append(values[places])
    return {
        buffer: last_of_each(list(zip(indexes, values, strict=True)))
        for buffer, (indexes, values) in wrong.items()
    }


def _stays(
    device: Device,
    number: int,
    buffer: str,
    index: int,
    written: bool,
    word: int,
    right: Mapping[int, int],
    last: Mapping[int, tuple[int, tuple[int, int]]],
) -> bool:
    """Return whether what a struck unit leaves in a word, or no longer stores there, stays."""
    if word in right or not written:
        return True
    # A store to a word of a unit that is not struck: the later one's stays.
    block, warp = last[word][1]
    launch = device.launch(number)
    warps = launch.shape.warps
    owner = owner_of(device, number, buffer, index) // LANES
    if launch.program.has_barrier:
        return owner // warps < block
    return owner < block * warps + warp

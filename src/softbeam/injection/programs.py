"""Carry a change through the rest of a program: run again the units that read a changed word.

A program has no native twins.  A unit whose fault-free run reads no changed word runs as it did,
instruction by instruction; every other one is emulated on the changed memory.  A changed word that
no later unit reads without fault is kept all the same while others are changed: a unit that has
gone astray may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import Ending
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.injection.strike import hang_budget, is_within
from softbeam.network.device import Device
from softbeam.program.accesses import LaunchAccesses, Words, expanded
from softbeam.program.description import Check, Copy
from softbeam.program.planning import ProgramPlan

Bits = NDArray[np.uint32]

#: How a program ends where a check of its host finds the error.
DETECTED = "detected"


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """What became of a program behind an error.

    Attributes
    ----------
    output : numpy.ndarray of uint32
        Its answer, as :attr:`softbeam.network.golden.GoldenRun.answer`; empty where it did not come
        to its end.
    executed : int
        Steps that ran differently.
    ending : str
        Empty if it came to its end; else how a launch ended, as of
        :attr:`softbeam.emulator.ending.Ending.name`, or :data:`DETECTED`.
    """

    output: Bits
    executed: int
    ending: str = ""


@dataclass(slots=True)
class _Memory:
    """The words that differ from the fault-free memory, numbered from the program's first on."""

    words: Words = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    values: Bits = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))

    def at(self, words: Words, otherwise: Bits) -> Bits:
        """Return what some words hold; `otherwise` is what they hold without fault."""
        if not self.words.size:
            return otherwise
        place = np.searchsorted(self.words, words)
        place[place == self.words.size] = 0
        return np.where(self.words[place] == words, self.values[place], otherwise)


class ProgramPropagation:
    """Runs again what an error changes of a program.

    Parameters
    ----------
    device : Device
        Its golden run, whose plan is a :class:`~softbeam.program.planning.ProgramPlan`.
    runner : Runner
        Runs units.
    """

    def __init__(self, device: Device, runner: Runner) -> None:
        assert isinstance(device.plan, ProgramPlan)
        self._device, self._runner = device, runner
        self._plan: ProgramPlan = device.plan
        self._golden = device.golden
        self._starts = {name: self._plan.first_word(name) for name in self._plan.buffers}
        self._names = sorted(self._starts, key=lambda name: self._starts[name])
        self._firsts = np.array([self._starts[name] for name in self._names], dtype=np.int64)
        self._written: dict[int, Words] = {}
        self._last_read = self._last_reads()

    def _last_reads(self) -> dict[str, int]:
        """Return the last step that reads each buffer; outputs are read at the end."""
        last: dict[str, int] = {}
        for launch in self._plan.launches:
            for span in launch.reads:
                last[span.buffer] = launch.index
        return last | dict.fromkeys(self._plan.outputs, len(self._plan.launches))

    def run(
        self,
        launch: int,
        changed: Mapping[str, tuple[Words, Bits]],
        watch: Callable[[int, Words, Bits], None] = lambda step, words, values: None,
    ) -> Ended:
        """Put changed words into memory after a launch and run what follows.

        Parameters
        ----------
        launch : int
            The struck launch.
        changed : mapping of str to (indexes, values)
            Words that differ after it, by buffer.
        watch : callable
            Called behind every step, the struck one too, with its number and the words that differ
            then, numbered from the program's first on, and what they hold.
        """
        memory = self._of_buffers(changed)
        watch(launch, memory.words, memory.values)
        executed = 0
        for number in range(launch + 1, len(self._plan.launches)):
            if not memory.words.size or self._all_dead(memory, number):
                break
            step = self._plan.steps.get(number)
            if isinstance(step, Check):
                if self._is_detected(step, number, memory):
                    return Ended(np.zeros(0, np.uint32), executed + 1, DETECTED)
            elif isinstance(step, Copy):
                memory = self._copy(step, number, memory)
            else:
                ran, ending = self._launch(number, memory)
                executed += ran
                if ending:
                    return Ended(np.zeros(0, np.uint32), executed, ending)
            watch(number, memory.words, memory.values)
        return Ended(self._answer(memory), executed)

    def _of_buffers(self, changed: Mapping[str, tuple[Words, Bits]]) -> _Memory:
        words = [self._starts[name] + indexes for name, (indexes, _) in changed.items()]
        values = [values for _, values in changed.values()]
        return _sorted(np.concatenate(words), np.concatenate(values))

    def _all_dead(self, memory: _Memory, number: int) -> bool:
        """Return whether no later step reads any changed buffer without fault."""
        owners = np.unique(np.searchsorted(self._firsts, memory.words, side="right") - 1)
        return all(self._last_read.get(self._names[one], -1) < number for one in owners)

    def _by_buffer(self, words: Words) -> list[tuple[str, NDArray[np.bool_], Words]]:
        """Return the buffers of words, which of the words are theirs, and their numbers there."""
        owners = np.searchsorted(self._firsts, words, side="right") - 1
        return [
            (self._names[one], owners == one, words[owners == one] - self._firsts[one])
            for one in np.unique(owners)
        ]

    def _golden_words(self, words: Words, launch: int) -> Bits:
        """Return what words hold before a launch without fault."""
        found = np.zeros(words.size, dtype=np.uint32)
        for name, here, indexes in self._by_buffer(words):
            found[here] = self._golden.words_at(name, launch, indexes)
        return found

    def _pool_places(self, words: Words, launch: int) -> Words:
        places = np.zeros(words.size, dtype=np.int64)
        for name, here, indexes in self._by_buffer(words):
            places[here] = self._golden.places_at(name, launch, indexes)
        return places

    def _is_detected(self, step: Check, number: int, memory: _Memory) -> bool:
        buffer = self._plan.program.buffers[step.buffer]
        first = self._starts[step.buffer]
        words = np.arange(first, first + -(-buffer.nbytes // 4), dtype=np.int64)
        golden = self._golden_words(words, number)
        found = memory.at(words, golden)
        size = buffer.nbytes
        if step.equals is None:
            return bool((found.view(np.uint8)[:size] != golden.view(np.uint8)[:size]).any())
        content = found.view(np.uint8)[:size].view(buffer.dtype)
        return bool((content != step.equals).any())

    def _copy(self, step: Copy, number: int, memory: _Memory) -> _Memory:
        count = step.nbytes // 4
        source = self._starts[step.source.buffer] + step.source.offset // 4
        target = self._starts[step.target.buffer] + step.target.offset // 4
        kept = (memory.words < target) | (memory.words >= target + count)
        moved = (memory.words >= source) & (memory.words < source + count)
        words = np.concatenate((memory.words[kept], memory.words[moved] - source + target))
        values = np.concatenate((memory.values[kept], memory.values[moved]))
        return self._differing(_sorted(words, values), number)

    def _differing(self, memory: _Memory, number: int) -> _Memory:
        """Return the words that differ from the fault-free ones after a step."""
        differs = memory.values != self._golden_words(memory.words, number + 1)
        return _Memory(memory.words[differs], memory.values[differs])

    def _launch(self, number: int, memory: _Memory) -> tuple[int, str]:
        """Run a launch on changed memory; return whether anything ran, and how it ended.

        `memory` is afterwards what differs behind it.
        """
        accesses = self._plan.accesses[number]
        units = accesses.reads.meeting(memory.words)
        whole = accesses.whole and bool(
            units.size or np.isin(memory.words, self._written_words(number)).any()
        )
        endings = [] if whole else self._run_units(number, memory, accesses, units)
        if whole or self._share_words(number, accesses, units, endings):
            whole, endings = True, self._run_whole(number, memory, accesses)
            units = np.arange(accesses.reads.first.size - 1)
        for ending in endings:
            if not ending.finished:
                return 1, ending.name
        self._settle(number, memory, accesses, units, endings, whole=whole)
        return int(units.size > 0), ""

    def _share_words(
        self, number: int, accesses: LaunchAccesses, units: Words, endings: list[Ending]
    ) -> bool:
        """Return whether units that store bytes have left the words that are theirs alone.

        Of a word of several units it matters who stores which byte; each of them may have run
        astray, so all units are run then.
        """
        return self._device.launch(number).program.stores_bytes and not all(
            is_within(np.sort(self._numbered(number, ending.words)), accesses.writes.of_unit(unit))
            for unit, ending in zip(units.tolist(), endings, strict=False)
        )

    def _written_words(self, number: int) -> Words:
        if number not in self._written:
            self._written[number] = expanded(*self._plan.accesses[number].writes.union)
        return self._written[number]

    def _run_whole(self, number: int, memory: _Memory, accesses: LaunchAccesses) -> list[Ending]:
        places = self._pool_places(memory.words, number)
        pool = self._golden.words
        before = pool[places].copy()
        pool[places] = memory.values
        try:
            budget = hang_budget(accesses.longest)
            return [self._runner.run_launch(self._device.launch(number), budget=budget)]
        finally:
            pool[places] = before

    def _run_units(
        self, number: int, memory: _Memory, accesses: LaunchAccesses, units: Words
    ) -> list[Ending]:
        """Run units on changed memory, in order, up to the first that does not finish."""
        if not units.size:
            return []
        launch = self._device.launch(number)
        warps = 1 if launch.program.has_barrier else launch.shape.warps
        budget = hang_budget(accesses.longest)
        places = self._pool_places(memory.words, number)
        pool = self._golden.words
        before = pool[places].copy()
        pool[places] = memory.values
        endings: list[Ending] = []
        try:
            for unit in units.tolist():
                block, warp = divmod(unit, warps)
                endings.append(
                    self._runner.run(launch, block, warp, budget=budget, fault=no_fault())
                )
                if not endings[-1].finished:
                    break
        finally:
            pool[places] = before
        return endings

    def _settle(
        self,
        number: int,
        memory: _Memory,
        accesses: LaunchAccesses,
        units: Words,
        endings: list[Ending],
        *,
        whole: bool,
    ) -> None:
        """Make `memory` what differs behind a launch, of which some units ran again."""
        stored = [self._numbered(number, ending.words) for ending in endings]
        again = np.concatenate([np.zeros(0, np.int64), *stored])
        values = np.concatenate([np.zeros(0, np.uint32), *(one.values for one in endings)])
        if whole:
            by = np.zeros(again.size, dtype=np.int64)
        else:
            by = np.repeat(units, [one.size for one in stored])
        # Words whose value is in question: changed before, stored now, or stored without fault.
        if whole:
            usual = [self._written_words(number)]
        else:
            usual = [accesses.writes.of_unit(unit) for unit in units.tolist()]
        asked = np.unique(np.concatenate([memory.words, again, *usual]))
        before = memory.at(asked, self._golden_words(asked, number))
        after = self._golden_words(asked, number + 1)
        # Who stores a word without fault and did not run again stores the same.
        final, owner = before, np.full(asked.size, -1, dtype=np.int64)
        if not whole:
            writer = self._writers(number, accesses, asked)
            same = (writer >= 0) & ~np.isin(writer, units)
            final = np.where(same, after, before)
            owner[same] = writer[same]
        # Of several stores to a word the later unit's stays.
        place = np.searchsorted(asked, again)
        wins = by >= owner[place]
        order = np.argsort(by[wins], kind="stable")
        final[place[wins][order]] = values[wins][order]
        differs = final != after
        memory.words, memory.values = asked[differs], final[differs]

    def _numbered(self, number: int, places: Words) -> Words:
        """Return the program's numbers of words of the pool before a launch."""
        words = np.zeros(places.size, dtype=np.int64)
        for name, here, indexes in self._device.locate(number, places):
            words[here] = self._starts[name] + indexes
        return words

    def _writers(self, number: int, accesses: LaunchAccesses, words: Words) -> Words:
        """Return which unit writes each word without fault, -1 for none; no word has several."""
        sets = accesses.writes
        order = np.argsort(sets.starts, kind="stable")
        at = np.searchsorted(sets.starts[order], words, side="right") - 1
        found = np.full(words.size, -1, dtype=np.int64)
        inside = at >= 0
        runs = order[at[inside]]
        holds = words[inside] < sets.ends[runs]
        unit_of_run = np.repeat(np.arange(sets.first.size - 1), np.diff(sets.first))
        found[np.flatnonzero(inside)[holds]] = unit_of_run[runs[holds]]
        return found

    def _answer(self, memory: _Memory) -> Bits:
        parts = []
        for name in self._plan.outputs:
            output = self._golden.view(name, len(self._plan.launches)).copy()
            first = self._starts[name]
            inside = (memory.words >= first) & (memory.words < first + output.size)
            output[memory.words[inside] - first] = memory.values[inside]
            parts.append(output)
        return np.concatenate(parts)


def _sorted(words: Words, values: Bits) -> _Memory:
    order = np.argsort(words, kind="stable")
    return _Memory(words[order], values[order])

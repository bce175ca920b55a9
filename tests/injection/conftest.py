"""Brute force: a whole network in emulated machine code, every thread of every launch.

It shares with the injector only the emulator, and a library's products; memory is one flat array
that is carried from launch to launch, and what a launch left there is all that the next one knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import FaultVector, no_fault
from softbeam.faults.site import FaultSite, MemorySite, UnitSite
from softbeam.kernels import program
from softbeam.kernels.families import compute
from softbeam.network.plan import Plan, Pointer

#: Instructions that a fault-free thread of these tiny launches never reaches.
PLENTY = 1_000_000


@dataclass(frozen=True)
class Aftermath:
    """What a fault did, by brute force.

    Attributes
    ----------
    ending : str
        How the struck launch ended.
    after : numpy.ndarray of uint32 or None
        All memory after the struck launch.
    output : numpy.ndarray of uint32 or None
        The network's answer.
    before_value, after_value : int or None
        The struck value.
    report : tuple of int
        What a hardened network says that it detected and corrected.
    """

    ending: str
    after: np.ndarray | None
    output: np.ndarray | None
    before_value: int | None
    after_value: int | None
    report: tuple[int, int] = (0, 0)


class BruteForce:
    """Emulates a network from its plan, weights and image."""

    def __init__(
        self, plan: Plan, weights: dict[str, np.ndarray], image: np.ndarray, architecture: str
    ) -> None:
        self.plan = plan
        self.runner = Runner()
        self.place: dict[str, slice] = {}
        size = 0
        # An odd beginning, so that nothing is aligned as it is elsewhere.
        for buffer in sorted(plan.buffers.values(), key=lambda one: -one.address):
            self.place[buffer.name] = slice(size + 3, size + 3 + buffer.words)
            size += 3 + buffer.words
        self.memory = np.zeros(size, dtype=np.uint32)
        for name, values in {**weights, plan.input: image}.items():
            self.memory[self.place[name]] = values.view(np.uint32)
        segments = [(b.address, b.end, self.place[b.name].start) for b in plan.buffers.values()]
        for pages, kind in (
            (plan.zero_pages, -1),
            (plan.unprobed_pages, -2),
            (plan.other_space_pages, -3),
        ):
            segments += [(start, end, kind) for start, end in pages]
        memory = memory_map(self.memory, segments)
        self.launches: list[Launch | None] = []
        for launch in plan.launches:
            if launch.library:
                self.launches.append(None)
                continue
            code = program(launch.kernel, architecture)
            shape = LaunchShape(launch.grid, launch.block)
            arguments = [
                plan.buffers[a.buffer].address + 4 * a.word if isinstance(a, Pointer) else a
                for a in launch.arguments
            ]
            constants = launch_constants(code, shape, arguments)
            shared = code.function.shared_bytes
            self.launches.append(Launch(code, shape, constants, memory, shared))
        #: Most instructions of a thread, by launch, and all memory before each launch.
        self.longest: list[int] = []
        self.snapshots: list[np.ndarray] = []
        for number, launch in enumerate(self.launches):
            self.snapshots.append(self.memory.copy())
            self.longest.append(0 if launch is None else self._longest(launch))
            self.step(number)
        self.snapshots.append(self.memory.copy())
        self.live = self._live()

    def _live(self) -> list[np.ndarray]:
        """Return for each launch which words are read after it before they are written again."""
        live = np.zeros(self.memory.size, dtype=np.bool_)
        for output in self.plan.read_at_end:
            live[self.place[output]] = True
        after = []
        for launch in reversed(self.plan.launches):
            after.append(live.copy())
            for span in launch.writes:
                live[self.place[span.buffer]][span.start : span.end] = False
            for span in launch.reads:
                live[self.place[span.buffer]][span.start : span.end] = True
        return after[::-1]

    def _longest(self, launch: Launch) -> int:
        return max(
            self.runner.run(launch, block, warp, budget=PLENTY, fault=no_fault()).longest
            for block, warp in self.runner.units(launch)
        )

    def step(self, number: int, site: FaultSite | None = None) -> Ending:
        """Run one launch on the memory as it is."""
        launch = self.launches[number]
        if launch is None:
            planned = self.plan.launches[number]
            *sizes, a, b, c = planned.arguments
            views = [
                self.memory[self.place[p.buffer]][p.word :].view(np.float32) for p in (a, b, c)
            ]
            compute(planned.kernel, (*sizes, *views))
            nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint32)
            return Ending(k.FINISHED, *nothing, np.zeros(k.INFO_FIELDS, dtype=np.int64))
        fault, struck, budget = no_fault(), None, PLENTY
        if site is not None:
            # Nothing ends early: what is never read must be seen to change nothing.
            fault = site.vector(follow=False)
            # Where warps wait for each other the block runs as a whole.
            together = launch.program.has_barrier
            struck = (site.block, 0 if together else site.thread // 32)
            budget = max(10_000, 10 * self.longest[number])
        if launch.program.communicates:
            return self._unit_by_unit(launch, budget, fault, struck)
        ending = self.runner.run_launch(launch, budget=budget, fault=fault, struck=struck)
        self.memory[ending.words] = ending.values
        return ending

    def _unit_by_unit(
        self, launch: Launch, budget: int, fault: FaultVector, struck: tuple[int, int] | None
    ) -> Ending:
        """Run a launch whose checks report by atomics: run at once, its warps would see each other.

        Of Darknet's kernels none sees another's stores before the launch is over, and of two stores
        to a word the later warp's stays.
        """
        seen, stores = None, []
        for unit in self.runner.units(launch):
            given = fault if unit == struck else no_fault()
            ending = self.runner.run(launch, *unit, budget=budget, fault=given)
            seen = ending if unit == struck or seen is None else seen
            if not ending.finished:
                return ending
            stores.append((ending.words, ending.values))
        for words, values in stores:
            self.memory[words] = values
        assert seen is not None
        return seen

    def strike(self, site: FaultSite) -> Aftermath:
        """Run the network with one fault in its launch.

        The launches before it have no fault and are the same each time: their memory is kept.
        """
        self.memory[:] = self.snapshots[site.launch]
        struck = self.step(site.launch, site)
        assert struck.fired == 1, f"the fault did not strike at {site}"
        values = struck.before, struck.after
        if not struck.finished:
            return Aftermath(struck.name, None, None, *values)
        after = self.memory.copy()
        for number in range(site.launch + 1, len(self.launches)):
            later = self.step(number)
            assert later.finished, f"launch {number} died of an earlier one's fault: {site}"
        return Aftermath(struck.name, after, self.output(self.memory), *values, self.report())

    def strike_all(self, sites: list) -> tuple[str, np.ndarray, int]:  # type: ignore[type-arg]
        """Run the network with several faults, unit by unit.

        Returns how it ended, its answer, and how many faults struck.
        """
        first = min((site.launch for site in sites), default=0)
        self.memory[:] = self.snapshots[first]
        struck = 0
        for number in range(first, len(self.launches)):
            here = [site for site in sites if site.launch == number]
            for site in here:
                if isinstance(site, MemorySite):
                    words = self.memory[self.place[site.buffer]]
                    words[site.word] = site.change.of(int(words[site.word]))
                    struck += 1
            launch, faults = self.launches[number], {}
            if launch is None:
                self.step(number)
                continue
            for site in here:
                if isinstance(site, FaultSite):
                    warp = 0 if launch.program.has_barrier else site.thread // 32
                    faults[site.block, warp] = site.vector(follow=False)
            budget, stores = max(10_000, 10 * self.longest[number]), []
            for unit in self.runner.units(launch):
                fault = faults.get(unit, no_fault())
                ending = self.runner.run(launch, *unit, budget=budget, fault=fault)
                struck += unit in faults and ending.fired
                if not ending.finished:
                    return ending.name, self.memory[:0], struck
                stores.append((ending.words, ending.values))
            for words, values in stores:
                self.memory[words] = values
        return "completed", self.output(self.memory).copy(), struck

    def upset(self, site: MemorySite) -> Aftermath:
        """Run the network with one word of memory changed before a launch."""
        self.memory[:] = self.snapshots[site.launch]
        word = self.place[site.buffer].start + site.word
        before = int(self.memory[word])
        change = site.change
        after = change.value if change.replaces else before ^ change.value
        self.memory[word] = after
        changed = self.memory.copy()
        for number in range(site.launch, len(self.launches)):
            assert self.step(number).finished
        output = self.output(self.memory)
        return Aftermath("completed", changed, output, before, after, self.report())

    def endure(self, site: UnitSite) -> Aftermath:
        """Run the network with a unit that gives wrong results, every block that it computes."""
        self.memory[:] = self.snapshots[0]
        for number, launch in enumerate(self.launches):
            if launch is None:
                self.step(number)
                continue
            instructions = launch.program.function.instructions
            rows = [
                one.opcode == site.opcode and bool(launch.program.destinations[row])
                for row, one in enumerate(instructions)
            ]
            vector = site.vector(np.array(rows), launch.program.function.registers)
            budget = max(10_000, 10 * self.longest[number])
            stored: dict[int, int] = {}
            for block, warp in self.runner.units(launch):
                struck = block % site.multiprocessors == site.multiprocessor
                fault = vector if struck else no_fault()
                ending = self.runner.run(launch, block, warp, budget=budget, fault=fault)
                if not ending.finished:
                    return Aftermath(ending.name, None, None, None, None)
                # Nobody sees it before the launch is over; the later of two stores stays.
                stored.update(zip(ending.words.tolist(), ending.values.tolist(), strict=True))
            self.memory[list(stored)] = list(stored.values())
        output = self.output(self.memory)
        return Aftermath("completed", self.memory.copy(), output, None, None, self.report())

    def report(self) -> tuple[int, int]:
        """What a hardened network reports, as it stands in memory."""
        if not self.plan.report:
            return (0, 0)
        detected, corrected = self.memory[self.place[self.plan.report]].tolist()
        return detected, corrected

    @property
    def golden_output(self) -> np.ndarray:
        """The network's answer without fault."""
        return self.output(self.snapshots[-1])

    def output(self, memory: np.ndarray) -> np.ndarray:
        """The network's answer as it stands in memory."""
        return np.concatenate([memory[self.place[name]] for name in self.plan.outputs])


@pytest.fixture(scope="session")
def make_brute_force(make_example) -> Callable[..., BruteForce]:
    """Return a function that makes the brute force of an example and an architecture."""

    @cache
    def make(name: str, architecture: str = "sm_90", harden: str = "") -> BruteForce:
        example = make_example(name, architecture, harden=harden)
        return BruteForce(example.plan, example.weights, example.image, architecture)

    return make

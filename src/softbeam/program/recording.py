"""The fault-free run of a program, and what each of its launches reads, writes and leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import noting_reads, take_reads
from softbeam.emulator.launching import Launch as ReadyLaunch
from softbeam.emulator.outcome import CountingRunner
from softbeam.emulator.stores import Stores, filled, joined
from softbeam.emulator.vector import no_fault
from softbeam.errors import ProgramError
from softbeam.program.accesses import LaunchAccesses, Words, WordSets
from softbeam.program.checking import place
from softbeam.program.description import Check, Copy, Launch, Step
from softbeam.program.loading import Loaded

#: Instructions that one thread of the fault-free run may execute before it counts as hung.
BUDGET = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often the units of a launch execute its instructions.

    Attributes
    ----------
    classes : numpy.ndarray of int32, [classes, rows, 2]
        The different counts of active and of executed threads by instruction that units have.
    class_of_unit : numpy.ndarray of int32
        For each unit its class.
    """

    classes: NDArray[np.int32]
    class_of_unit: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class StepRecord:
    """What one step did.

    Attributes
    ----------
    step : int
        Its number in the program.
    words : numpy.ndarray of int64
        The words of memory that it wrote, ascending.
    values : numpy.ndarray of uint32
        What it left there.
    accesses : LaunchAccesses or None
        Of a launch, by unit.
    counts : Counts or None
        Of a launch, how often each unit executed each instruction.
    instructions : int
        Warp instructions that it executed.
    """

    step: int
    words: Words
    values: NDArray[np.uint32]
    accesses: LaunchAccesses | None = None
    counts: Counts | None = None
    instructions: int = 0


def record(
    loaded: Loaded, progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[StepRecord]:
    """Run a program without fault, in its memory, and yield what each step did.

    Parameters
    ----------
    loaded : Loaded
        The program; its memory is afterwards as the program leaves it.
    progress : callable
        Called with the steps done and all steps.

    Raises
    ------
    ProgramError
        If a launch does not complete, or a check finds an error.
    UnsupportedInstruction
        If a launch reaches an instruction that the emulator does not know.
    """
    memory = loaded.memory
    steps = loaded.description.steps
    noting = noting_reads(next(iter(loaded.launches.values())).memory)
    for number, step in enumerate(steps):
        if isinstance(step, Launch):
            launch = replace(loaded.launches[number], memory=noting)
            found = _record_launch(launch, number, step)
        elif isinstance(step, Copy):
            found = _record_copy(loaded, number, step)
        else:
            _check(loaded, number, step)
            found = StepRecord(number, np.zeros(0, np.int64), np.zeros(0, np.uint32))
        memory[found.words] = found.values
        yield found
        progress(number + 1, len(steps))


def _record_launch(launch: ReadyLaunch, number: int, step: Step) -> StepRecord:
    runner = CountingRunner()
    classes: dict[bytes, int] = {}
    class_of_unit: list[int] = []
    memory, exchanges = launch.memory, launch.program.communicates
    before = memory.words
    reads: list[Words] = []
    writes: list[Words] = []
    stored: list[Stores] = []
    undone: list[tuple[Words, NDArray[np.uint32]]] = []
    instructions = longest = 0
    take_reads(memory)
    for block, warp in runner.units(launch):
        runner.count_from_zero(launch.program, by_instruction=True)
        ending = runner.run(launch, block, warp, budget=BUDGET, fault=no_fault())
        if not ending.finished:
            raise ProgramError(
                f"{place(number, step)} does not complete without a fault: {ending.name} at pc "
                f"{ending.pc:#x} in block {block}"
            )
        counted = runner.counts.astype(np.int32).tobytes()
        class_of_unit.append(classes.setdefault(counted, len(classes)))
        reads.append(take_reads(memory))
        writes.append(ending.words)
        stored.append(Stores(ending.words, ending.values, None if exchanges else ending.kept))
        instructions += ending.instructions
        longest = max(longest, ending.longest)
        if exchanges:
            undone.append((ending.words, before[ending.words]))
            before[ending.words] = ending.values
    for words, old in reversed(undone):
        before[words] = old
    words, left = filled(joined(stored), before)
    shared = _written_twice(writes)
    accesses = LaunchAccesses(WordSets.of(reads), WordSets.of(writes), shared, exchanges, longest)
    counts = Counts(
        np.frombuffer(b"".join(classes), dtype=np.int32).reshape(len(classes), -1, 2),
        np.array(class_of_unit, dtype=np.int32),
    )
    return StepRecord(number, words, left, accesses, counts, instructions)


def _written_twice(writes: list[Words]) -> Words:
    """Return the words that more than one unit writes, ascending."""
    words = np.sort(np.concatenate(writes))
    return np.unique(words[1:][words[1:] == words[:-1]])


def _record_copy(loaded: Loaded, number: int, step: Copy) -> StepRecord:
    places = loaded.first_words
    count = step.nbytes // 4
    source = places[step.source.buffer] + step.source.offset // 4
    target = places[step.target.buffer] + step.target.offset // 4
    words = np.arange(target, target + count, dtype=np.int64)
    return StepRecord(number, words, loaded.memory[source : source + count].copy())


def _check(loaded: Loaded, number: int, step: Check) -> None:
    if step.equals is None:
        return
    content = contents(loaded, step.buffer)
    wrong = np.flatnonzero(content.reshape(-1) != step.equals)
    if wrong.size:
        raise ProgramError(
            f"{place(number, step)} finds an error without a fault: element {wrong[0]} of "
            f"{step.buffer!r} is {content.reshape(-1)[wrong[0]]}, not {step.equals}"
        )


def contents(loaded: Loaded, name: str) -> NDArray[np.generic]:
    """Return a copy of a buffer's contents."""
    buffer = loaded.description.buffers[name]
    first = 4 * loaded.first_words[name]
    data = loaded.memory.view(np.uint8)[first : first + buffer.nbytes]
    found: NDArray[np.generic] = data.copy().view(buffer.dtype).reshape(buffer.shape)
    return found

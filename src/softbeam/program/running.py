"""One run of a program without fault, as a person wants to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from softbeam.program.accesses import Words, expanded, joined
from softbeam.program.checking import place
from softbeam.program.description import Description, Launch
from softbeam.program.loading import Loaded, load
from softbeam.program.recording import StepRecord, contents, record


@dataclass(frozen=True, slots=True)
class LaunchRun:
    """What one launch executed and touched.

    Attributes
    ----------
    step : int
        Number of the step.
    stage, kernel : str
        As of the launch.
    units : int
        Warps, or blocks whose warps wait for each other.
    warp_instructions : int
        Instructions that its warps executed.
    read_words, written_words : int
        Different words that it read and wrote.
    exchanges : bool
        Whether its units see each other's stores, through atomics.
    """

    step: int
    stage: str
    kernel: str
    units: int
    warp_instructions: int
    read_words: int
    written_words: int
    exchanges: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a program.

    Attributes
    ----------
    outputs : mapping of str to numpy.ndarray
        The program's answer, by buffer.
    launches : tuple of LaunchRun
        In order.
    warnings : tuple of str
        What is allowed and looks like a mistake, a sentence each.
    """

    outputs: Mapping[str, NDArray[np.generic]] = field(repr=False)
    launches: tuple[LaunchRun, ...]
    warnings: tuple[str, ...]


def run(program: Description, progress: Callable[[int, int], None] = lambda done, of: None) -> Run:
    """Run a program without fault.

    Parameters
    ----------
    program : Description
        The program.
    progress : callable
        Called with the steps done and all steps.

    Raises
    ------
    ProgramError
        As :func:`softbeam.program.loading.load` and :func:`softbeam.program.recording.record`.
    UnsupportedInstruction
        If a launch reaches an instruction that the emulator does not know.
    """
    loaded = load(program)
    written = _Written(loaded)
    launches, warnings = [], []
    for found in record(loaded, progress):
        step = program.steps[found.step]
        if isinstance(step, Launch) and found.accesses is not None:
            launches.append(_launch_run(step, found))
            for name in written.unwritten_of(found):
                warnings.append(
                    f"{place(found.step, step)} reads {name!r} where nothing has written; a GPU "
                    "has there what was left by others"
                )
        written.add(found)
    for name in program.outputs:
        if not written.any_of(name):
            warnings.append(f"no launch writes the output {name!r}")
    outputs = {name: contents(loaded, name) for name in program.outputs}
    return Run(outputs, tuple(launches), tuple(dict.fromkeys(warnings)))


def _launch_run(step: Launch, found: StepRecord) -> LaunchRun:
    accesses = found.accesses
    assert accesses is not None
    starts, ends = accesses.reads.union
    return LaunchRun(
        step=found.step,
        stage=step.stage or step.kernel,
        kernel=step.kernel,
        units=accesses.reads.first.size - 1,
        warp_instructions=found.instructions,
        read_words=int((ends - starts).sum()),
        written_words=found.words.size,
        exchanges=accesses.exchanges,
    )


class _Written:
    """Which words have contents that the program or its host gave them."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._given = np.zeros(loaded.memory.size, dtype=np.bool_)
        self._stored = np.zeros(loaded.memory.size, dtype=np.bool_)
        buffers = loaded.description.buffers
        for one in loaded.allocations:
            if one.name not in buffers or buffers[one.name].content is not None:
                first = loaded.first_words[one.name]
                self._given[first : first + one.words] = True

    def unwritten_of(self, found: StepRecord) -> list[str]:
        """Return the buffers of which a launch reads a word that has no contents yet."""
        assert found.accesses is not None
        words = expanded(*joined(*found.accesses.reads.union))
        # What a launch writes itself it may read: an accumulator that it has cleared, or a part.
        without = words[~self._given[words]]
        without = np.setdiff1d(without, found.words, assume_unique=True)
        return self._names(without)

    def _names(self, words: Words) -> list[str]:
        starts = list(self._loaded.first_words.values())
        numbers = np.unique(np.searchsorted(starts, words, side="right") - 1)
        return [self._loaded.allocations[number].name for number in numbers]

    def add(self, found: StepRecord) -> None:
        """Note what a step wrote."""
        self._given[found.words] = True
        self._stored[found.words] = True

    def any_of(self, name: str) -> bool:
        """Return whether any word of a buffer was written by a step."""
        (one,) = (one for one in self._loaded.allocations if one.name == name)
        first = self._loaded.first_words[name]
        return bool(self._stored[first : first + one.words].any())

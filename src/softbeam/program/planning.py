"""A program that has been run, as a plan: what strikes, propagates and counts takes plans.

A plan of a program has no native twins.  Instead it knows which words each unit of each launch
reads and writes, so that what follows from a changed word is what the units that read it leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from softbeam.emulator.launching import Runner
from softbeam.emulator.lowering import Program, lower
from softbeam.emulator.pages import OTHER_SPACE
from softbeam.errors import InternalError
from softbeam.intervals import Range, Ranges
from softbeam.kernels.signatures import Arguments
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun
from softbeam.network.plan import Answer, Buffer, Launch, Plan, Span
from softbeam.network.profile import LaunchProfile
from softbeam.program.accesses import LaunchAccesses, Words, joined
from softbeam.program.description import Check, Copy, Description
from softbeam.program.description import Launch as LaunchStep
from softbeam.program.left import Left, Values
from softbeam.program.loading import Loaded
from softbeam.program.recording import BUDGET, StepRecord
from softbeam.sass.instruction import Function

#: The kernels of steps that launch none: the host's own, never struck.
COPY, CHECK = "copy (host)", "check (host)"

#: Runs of words by which a launch's reads or writes of a buffer are told; more are joined.
_MOST_SPANS = 64


class Parameters(Arguments):
    """What the parameters of a kernel hold, as whole numbers of their size; they have no names."""

    __slots__ = ()

    kernel: ClassVar[str] = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as what it is: there is no kernel of softbeam's to look names up in."""
        return Parameters, (tuple(self),)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a layer is in a network: a label of launches.

    Parameters
    ----------
    index
        Its number, by first launch.
    title
        Its name.
    """

    index: int
    title: str

    #: No stage is a detector's head, or leaves a map that can be drawn.
    is_head: ClassVar[bool] = False
    has_map: ClassVar[bool] = False

    #: What a layer's buffers hold always; a program's buffers say it themselves.
    constants: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    @property
    def name(self) -> str:
        """Number and name."""
        return f"{self.index} {self.title}"


class ProgramBuffer(Buffer):
    """A buffer of a program, which stages share and whose name is its own."""

    __slots__ = ()

    @property
    def own_name(self) -> str:
        """Its name."""
        return self.name

    @property
    def layer(self) -> int:
        """-1: it belongs to no stage."""
        return -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramPlan(Plan):
    """The plan of a program, with what its fault-free run touches.

    Attributes
    ----------
    functions : mapping of int to (Function, int)
        The machine code of each launch, and the bytes of shared memory of its blocks.
    accesses : mapping of int to LaunchAccesses
        What each launch touches, by unit; words count from the program's first byte on.
    base : int
        The byte address of the program's first word.
    steps : mapping of int to Copy or Check
        The host's steps among the launches.
    program : Description
        The program, without its buffers' contents.
    left : Left
        What the run left behind each launch, in the process that ran it.
    """

    functions: Mapping[int, tuple[Function, int]] = field(repr=False)
    accesses: Mapping[int, LaunchAccesses] = field(repr=False)
    base: int
    steps: Mapping[int, Copy | Check]
    program: Description
    left: Left = field(repr=False)

    native: ClassVar[bool] = False

    def trained(self) -> Iterable[str]:
        """Return the buffers that the host fills, or nothing does, and that no launch writes."""
        written = {span.buffer for launch in self.launches for span in launch.writes}
        read = {span.buffer for launch in self.launches for span in launch.reads}
        return [name for name in self.buffers if name in read - written]

    def code(self, launch: Launch, architecture: str) -> tuple[Program, int]:
        """Return a launch's lowered machine code, and the bytes of shared memory of its blocks."""
        function, shared_bytes = self.functions[launch.index]
        return _lowered(function), shared_bytes

    def leave(self, launch: Launch, golden: GoldenRun) -> None:
        """Fill what a launch leaves into the pool of a golden run.

        It is known where the plan was made; elsewhere the launch is emulated again.

        Raises
        ------
        InternalError
            If it does not end as it did when the plan was made.
        """
        now, then = launch.index, launch.index + 1
        for span in launch.writes:
            for number in golden.layout.covered(span):
                golden.piece(number, then)[:] = golden.piece(number, now)
        step = self.steps.get(now)
        if isinstance(step, Copy):
            words = np.arange(step.nbytes // 4, dtype=np.int64)
            golden.put(
                step.target.buffer,
                then,
                words + step.target.offset // 4,
                golden.words_at(step.source.buffer, now, words + step.source.offset // 4),
            )
        if step is not None:
            return
        known = self.left.behind(now, golden)
        if known is not None:
            self._put(golden, then, *known)
            return
        device = Device(golden)
        ending = Runner().run_launch(device.launch(now), budget=BUDGET)
        if not ending.finished:
            raise InternalError(f"launch {now} ({launch.kernel}) does not complete again")
        for buffer, places, indexes in device.locate(now, ending.words):
            golden.put(buffer, then, indexes, ending.values[places])

    def _put(self, golden: GoldenRun, launch: int, words: Words, values: Values) -> None:
        """Fill in words, counted from the program's first and ascending, before a launch."""
        for name, buffer in self.buffers.items():
            first = self.first_word(name)
            begin, end = np.searchsorted(words, (first, first + buffer.words))
            if begin < end:
                golden.put(name, launch, words[begin:end] - first, values[begin:end])

    def first_word(self, buffer: str) -> int:
        """Return the first word of a buffer, counted from the program's first."""
        return (self.buffers[buffer].address - self.base) // 4

    def writer(self, launch: int, buffer: str, word: int) -> int:
        """Return the last unit of a launch that writes a word of a buffer, -1 if none does."""
        return self.accesses[launch].last_writer(self.first_word(buffer) + word)


_programs: dict[int, tuple[Function, Program]] = {}


def _lowered(function: Function) -> Program:
    """Return a function's rows; one that was lowered before is not lowered again."""
    known = _programs.get(id(function))
    if known is None or known[0] is not function:
        known = _programs[id(function)] = (function, lower(function))
    return known[1]


def plan_of(loaded: Loaded, records: Sequence[StepRecord]) -> ProgramPlan:
    """Return the plan of a program that has been run.

    Parameters
    ----------
    loaded : Loaded
        The program.
    records : sequence of StepRecord
        What each of its steps did, in order.
    """
    program, places = loaded.description, _Places(loaded)
    stages: dict[str, int] = {}
    launches = []
    for number, (step, found) in enumerate(zip(program.steps, records, strict=True)):
        stage = step.stage if not isinstance(step, Check) else ""
        kernel = kernel_name(loaded, number)
        title = stage or kernel
        layer = stages.setdefault(title, len(stages))
        if isinstance(step, LaunchStep):
            assert found.accesses is not None
            ready = loaded.launches[number]
            reads, writes = places.touched(found)
            shape = (ready.shape.grid, ready.shape.block)
            arguments: tuple[int, ...] = loaded.arguments[number]
        else:
            shape, arguments = ((0, 0, 0), (0, 0, 0)), ()
            if isinstance(step, Copy):
                reads = (_span(step.source.buffer, step.source.offset, step.nbytes),)
                writes = (_span(step.target.buffer, step.target.offset, step.nbytes),)
            else:
                words = -(-program.buffers[step.buffer].nbytes // 4)
                reads = (Span(step.buffer, words),)
                writes = ()
        launches.append(Launch(number, layer, kernel, *shape, Parameters(arguments), reads, writes))
    buffers = {
        one.name: ProgramBuffer(one.name, one.words, one.address) for one in loaded.allocations
    }
    return ProgramPlan(
        network=program.name,
        layers=tuple(Stage(index, title) for title, index in stages.items()),  # type: ignore[misc]
        buffers=buffers,
        launches=tuple(launches),
        input=loaded.allocations[0].name,
        outputs=program.outputs,
        zero_pages=(),
        unprobed_pages=(),
        other_space_pages=(OTHER_SPACE,),
        answers=tuple(
            Answer(name, name, program.buffers[name].shape, program.buffers[name].dtype.str)
            for name in program.outputs
        ),
        functions={
            number: (ready.program.function, ready.shared_bytes)
            for number, ready in loaded.launches.items()
        },
        accesses={found.step: found.accesses for found in records if found.accesses is not None},
        base=loaded.base,
        steps={
            number: step
            for number, step in enumerate(program.steps)
            if not isinstance(step, LaunchStep)
        },
        program=program.without_contents(),
        left=Left.of(program, records),
    )


def kernel_name(loaded: Loaded, number: int) -> str:
    """Return what a step's kernel is called in tables."""
    step = loaded.description.steps[number]
    if isinstance(step, LaunchStep):
        return step.kernel
    return COPY if isinstance(step, Copy) else CHECK


def _span(buffer: str, offset: int, nbytes: int) -> Span:
    return Span(buffer, nbytes // 4, offset // 4)


class _Places:
    """Which buffer holds a word of the program's memory."""

    def __init__(self, loaded: Loaded) -> None:
        self._names = list(loaded.first_words)
        self._starts = np.array(list(loaded.first_words.values()), dtype=np.int64)
        self._ends = self._starts + np.array([one.words for one in loaded.allocations])

    def touched(self, found: StepRecord) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Return what a launch reads and writes.

        Where writes are so scattered that they are told by runs with gaps, these runs are read too:
        a word in a gap is kept.
        """
        assert found.accesses is not None
        accesses = found.accesses
        reads = self._runs(*accesses.reads.union)
        writes = self._runs(*accesses.writes.union)
        told = {name: _fewer(runs) for name, runs in writes.items()}
        for name, runs in told.items():
            if runs != writes[name] or accesses.whole:
                reads.setdefault(name, []).extend(runs)
        return (
            tuple(_spans({name: _fewer(_merged(runs)) for name, runs in reads.items()})),
            tuple(_spans(told)),
        )

    def _runs(self, starts: Words, ends: Words) -> dict[str, list[Range]]:
        """Return runs of memory as runs of buffers."""
        found: dict[str, list[Range]] = {}
        for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
            start, at = begin, int(np.searchsorted(self._starts, begin, side="right")) - 1
            while start < end:
                until = min(end, int(self._ends[at]))
                first = int(self._starts[at])
                found.setdefault(self._names[at], []).append((start - first, until - first))
                start, at = until, at + 1
        return found


def _merged(runs: Iterable[Range]) -> list[Range]:
    both = np.array(list(runs), dtype=np.int64).reshape(-1, 2)
    starts, ends = joined(both[:, 0], both[:, 1])
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _fewer(runs: list[Range]) -> list[Range]:
    """Return ascending runs with the smallest gaps closed until there are few."""
    if len(runs) <= _MOST_SPANS:
        return runs
    both = np.array(runs, dtype=np.int64)
    gaps = both[1:, 0] - both[:-1, 1]
    kept = np.sort(np.argsort(-gaps, kind="stable")[: _MOST_SPANS - 1])
    starts = np.concatenate((both[:1, 0], both[kept + 1, 0]))
    ends = np.concatenate((both[kept, 1], both[-1:, 1]))
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _spans(runs: Mapping[str, Ranges | list[Range]]) -> Iterable[Span]:
    for name, ranges in runs.items():
        for start, end in ranges:
            yield Span(name, end - start, start)


def profiles_of_records(records: Sequence[StepRecord]) -> dict[int, LaunchProfile]:
    """Return how often each launch's instructions were executed, by its number."""
    return {
        found.step: LaunchProfile(
            found.step, found.counts.classes, found.counts.class_of_unit, found.accesses.longest
        )
        for found in records
        if found.counts is not None and found.accesses is not None
    }


__all__ = [
    "CHECK",
    "COPY",
    "ProgramPlan",
    "Stage",
    "plan_of",
    "profiles_of_records",
]

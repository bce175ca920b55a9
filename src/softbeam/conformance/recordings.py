"""Read a folder of hardware recordings: scenarios, golden memory, traces and faults.

The format is described in the README of the recordings, its records are in
:mod:`softbeam.conformance.recorded`; how they are replayed is in
:mod:`softbeam.conformance.replay`.  A folder may lack traces, faults or outside.tsv.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softbeam.conformance.recorded import (
    Buffer,
    FaultRecord,
    ScenarioRecord,
    TraceRecord,
    read_record,
)
from softbeam.emulator.arguments import MOST_SHARED, launch_shape
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program, lower
from softbeam.emulator.pages import OTHER_SPACE, PAGE
from softbeam.errors import LaunchError, ListingError, RecordingError
from softbeam.files import read_file, regular_file
from softbeam.sass import Function, link, read_cubin, read_listing, read_variables, row_of
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE
from softbeam.sass.variables import Variables

#: Bytes of one file.
_MOST = 1 << 30

#: Where a cubin's own variables are put, tables of the compiler's functions for the most part;
#: nothing recorded says where they were.
_VARIABLES = 0x7FF000000000

#: Warps of a launch, each of which is kept with all that it stores.
_MOST_WARPS = 1 << 16


@dataclass(frozen=True, slots=True)
class Scenario:
    """One recorded launch.

    Attributes
    ----------
    name : str
        Its name in ``scenarios.json``.
    launch : Launch
        Program, dimensions, constants and the arena before the launch.
    registers : int
        General registers that the GPU allocated to a thread.
    words : int
        Words of the arena; the pool of the launch's memory begins with them.
    """

    name: str
    launch: Launch
    registers: int
    words: int


class Recordings:
    """A folder of recordings.

    Parameters
    ----------
    folder : Path
        Where ``scenarios.json`` lies.

    Raises
    ------
    RecordingError
        If the folder or a file in it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._functions: dict[str, dict[str, Function]] = {}
        self._variables: dict[str, Variables] = {}
        self._programs: dict[tuple[str, str], Program] = {}
        path = folder / "scenarios.json"
        try:
            facts = json.loads(_bytes(path))
        except ValueError as error:
            raise RecordingError(f"{path}: not JSON ({error})") from None
        if not isinstance(facts, dict):
            raise RecordingError(f"{path}: not a set of named scenarios")
        outside = self._outside()
        self.scenarios = {}
        for name, entry in facts.items():
            place = f"{path}, scenario '{name}'"
            record = read_record(ScenarioRecord, json.dumps(entry), place=place)
            self.scenarios[name] = self._scenario(name, record, outside, place)

    def _program(self, stem: str, kernel: str) -> Program:
        if stem not in self._functions:
            self._functions[stem] = self._read_functions(stem)
        if (stem, kernel) not in self._programs:
            if kernel not in self._functions[stem]:
                raise RecordingError(
                    f"{self.folder}: the listing of {stem} has no kernel '{kernel}'"
                )
            self._programs[stem, kernel] = lower(self._functions[stem][kernel])
        return self._programs[stem, kernel]

    def _read_functions(self, stem: str) -> dict[str, Function]:
        listings = sorted(self.folder.glob(f"{stem}.sm_*.json"))
        if not listings:
            raise RecordingError(f"{self.folder}: no listing {stem}.sm_*.json")
        preferred = [
            path for path in listings if path.name == f"{stem}.{DEFAULT_ARCHITECTURE}.json"
        ]
        listing = (preferred or listings)[-1]
        cubin = listing.with_suffix(".cubin")
        try:
            functions = link(
                read_listing(_bytes(listing), origin=str(listing)),
                read_cubin(_bytes(cubin), origin=str(cubin)),
                origin=str(listing),
            )
            self._variables[stem] = read_variables(_bytes(cubin), origin=str(cubin))
            return {
                name: self._variables[stem].linked(function, _VARIABLES)
                for name, function in functions.items()
            }
        except ListingError as error:
            raise RecordingError(str(error)) from None

    def _outside(self) -> list[tuple[int, str]]:
        path = self.folder / "outside.tsv"
        if not path.exists():
            return []
        found = []
        for number, line in enumerate(_bytes(path).decode(errors="replace").splitlines(), 1):
            fields = line.split("\t")
            if number == 1 or not line.strip():
                continue
            try:
                found.append((int(fields[0], 16), fields[2].strip()))
            except (ValueError, IndexError):
                raise RecordingError(
                    f"{path}, line {number}: not an address, an offset and an answer"
                ) from None
        return found

    def _arena(self, name: str, record: ScenarioRecord) -> NDArray[np.uint32]:
        arena = np.zeros(record.arena.bytes // 4, dtype=np.uint32)
        for label, buffer in record.buffers.items():
            first = buffer.offset // 4
            if first + buffer.words > arena.size:
                raise RecordingError(
                    f"{self.folder / 'scenarios.json'}: buffer '{label}' of scenario '{name}' "
                    "ends outside the arena"
                )
            if buffer.initial is not None:
                path = self.folder / buffer.initial
                content = _words(path)
                if content.size != buffer.words:
                    raise RecordingError(
                        f"{path}: {content.size} words where scenario '{name}' says {buffer.words}"
                    )
                arena[first : first + content.size] = content
        return arena

    def _scenario(
        self, name: str, record: ScenarioRecord, outside: list[tuple[int, str]], place: str
    ) -> Scenario:
        program = self._program(record.cubin, record.kernel)
        arena = self._arena(name, record)
        base = int(record.arena.address, 16)
        arguments = [_argument(text, base, record.buffers, place) for text in record.arguments]
        try:
            shape = launch_shape(record.grid, record.block)
            constants = launch_constants(program, shape, arguments)
        except (ValueError, LaunchError) as error:
            raise RecordingError(f"{place}: {error}") from None
        if shape.blocks * shape.warps > _MOST_WARPS:
            raise RecordingError(
                f"{place}: a launch of {shape.blocks * shape.warps} warps; up to {_MOST_WARPS} are "
                "replayed"
            )
        segments = [(base, base + 4 * arena.size, 0), *_pages(base, arena.size * 4, outside)]
        words = arena
        image = self._variables[record.cubin].loaded(_VARIABLES)
        if image:
            padded = np.frombuffer(image + bytes(-len(image) % 4), dtype="<u4")
            segments.append((_VARIABLES, _VARIABLES + 4 * padded.size, arena.size))
            words = np.concatenate([arena, padded.astype(np.uint32)])
        function = program.function
        shared = function.shared_bytes if record.shared_bytes is None else record.shared_bytes
        if shared > MOST_SHARED:
            raise RecordingError(f"{place}: no GPU has {shared} bytes of shared memory for a block")
        launch = Launch(program, shape, constants, memory_map(words, segments), shared)
        return Scenario(name, launch, record.registers or function.registers, arena.size)

    def count(self) -> int:
        """Return the number of golden memories, traces and faults in the folder."""
        number = 0
        for name in self.scenarios:
            number += (self.folder / "golden" / f"{name}.bin").exists()
            path = self._existing(f"traces/{name}.jsonl")
            number += sum(1 for _ in _lines(path)) if path else 0
        path = self._existing("faults.jsonl")
        return number + (sum(1 for _ in _lines(path)) if path else 0)

    def _existing(self, name: str) -> Path | None:
        """Return a file of the folder, compressed or not; None if there is neither."""
        paths = (self.folder / name, self.folder / f"{name}.xz")
        return next((path for path in paths if path.exists()), None)

    def golden(self, name: str) -> NDArray[np.uint32] | None:
        """Return the arena after a scenario's fault-free launch; None if it was not recorded."""
        path = self.folder / "golden" / f"{name}.bin"
        if not path.exists():
            return None
        pairs = _words(path)
        scenario = self.scenarios[name]
        arena = scenario.launch.memory.words[: scenario.words].copy()
        if pairs.size % 2 or np.any(pairs[0::2] >= arena.size):
            raise RecordingError(f"{path}: not pairs of a word of the arena and its value")
        arena[pairs[0::2]] = pairs[1::2]
        return arena

    def traces(self, name: str) -> Iterator[TraceRecord]:
        """Yield the recorded threads of a scenario."""
        shape = self.scenarios[name].launch.shape
        path = self._existing(f"traces/{name}.jsonl")
        for number, line in _lines(path) if path else ():
            place = f"{path}, line {number}"
            trace = read_record(TraceRecord, line, place=place)
            _check_place(shape, trace.block, trace.thread, place)
            yield trace

    def faults(self) -> Iterator[FaultRecord]:
        """Yield the recorded faults in order."""
        path = self._existing("faults.jsonl")
        for number, line in _lines(path) if path else ():
            yield self._fault(line, f"{path}, line {number}")

    def _fault(self, line: str, place: str) -> FaultRecord:
        fault = read_record(FaultRecord, line, place=place)
        if fault.scenario not in self.scenarios:
            raise RecordingError(f"{place}: scenario '{fault.scenario}' is not in scenarios.json")
        scenario = self.scenarios[fault.scenario]
        launch = scenario.launch
        _check_place(launch.shape, fault.block, fault.thread, place)
        if row_of(fault.pc) >= len(launch.program.function.instructions):
            raise RecordingError(f"{place}: pc {fault.pc} is not in {launch.program.function.name}")
        instruction = launch.program.function.at(fault.pc)
        row = row_of(fault.pc)
        if fault.target == "destination_index" and not launch.program.destinations[row]:
            raise RecordingError(
                f"{place}: '{instruction}' has no destination whose index is struck"
            )
        if fault.target == "store_address" and not launch.program.stores[row]:
            raise RecordingError(f"{place}: '{instruction}' is no store")
        if fault.target[0] == "R" and int(fault.target[1:]) > 254:
            raise RecordingError(f"{place}: {fault.target} is not a register that can be struck")
        if any(word >= scenario.words for word, _, _ in fault.memory or ()):
            raise RecordingError(f"{place}: a word of memory outside the arena")
        return fault


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path, _MOST)
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be read ({error.strerror}); a folder of recordings holds "
            "scenarios.json, the listings and cubins that it names, golden/, traces/ and "
            "faults.jsonl"
        ) from None


def _words(path: Path) -> NDArray[np.uint32]:
    content = _bytes(path)
    if len(content) % 4:
        raise RecordingError(f"{path}: {len(content)} bytes are not whole 32-bit words")
    return np.frombuffer(content, dtype="<u4").astype(np.uint32)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        packed = path.suffix == ".xz"
        with (
            regular_file(path) as (file, _),
            TextIOWrapper(lzma.LZMAFile(file) if packed else file, encoding="utf-8") as stream,
        ):
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, line
    except (OSError, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({error})") from None


_INTEGERS = ("int32", "uint32", "int64", "uint64", "int16", "uint16", "int8", "uint8")


def _argument(text: str, base: int, buffers: dict[str, Buffer], place: str) -> int | float:
    """Return an argument from ``buffer:NAME``, ``float32:1.5``, ``int32:7`` and the like."""
    kind, _, value = text.partition(":")
    try:
        if kind == "buffer":
            return base + buffers[value].offset
        if kind in ("float32", "float64"):
            return float(value)
        if kind in _INTEGERS:
            number, bits = int(value, 0), int(kind.removeprefix("u").removeprefix("int"))
            if -(1 << bits - 1) <= number < 1 << bits:
                return number
    except (KeyError, ValueError):
        pass
    raise RecordingError(f"{place}: '{text}' is not an argument such as int32:7 or buffer:NAME")


def _check_place(
    shape: LaunchShape, block: tuple[int, ...], thread: tuple[int, ...], place: str
) -> None:
    for index, extent, what in ((block, shape.grid, "block"), (thread, shape.block, "thread")):
        if any(value >= limit for value, limit in zip(index, extent, strict=True)):
            raise RecordingError(f"{place}: {what} {list(index)} is not in the launch")


def _pages(base: int, size: int, outside: list[tuple[int, str]]) -> list[tuple[int, int, int]]:
    """Return the segments outside the arena: readable pages, and those of another space."""
    pages = set()
    for address, answer in outside:
        start = address // PAGE * PAGE
        inside = base <= start < base + size
        if answer.startswith("readable") and not inside:
            pages.add((start, start + PAGE, -1))
        elif answer == "Invalid Address Space" and not (
            OTHER_SPACE[0] <= start < OTHER_SPACE[1] or inside
        ):
            pages.add((start, start + PAGE, -3))
    if not OTHER_SPACE[0] <= base < OTHER_SPACE[1]:
        pages.add((*OTHER_SPACE, -3))
    return sorted(pages)

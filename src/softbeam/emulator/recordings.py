"""Read a folder of hardware recordings: scenarios, golden memory, traces and faults.

The format is described in the README of the recordings; how they are replayed is in
:mod:`softbeam.emulator.conformance`.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program, lower
from softbeam.errors import ListingError, RecordingError
from softbeam.sass import link, read_cubin, read_listing

#: The 4 GiB in which the recorded GPU answered Invalid Address Space (hardware README, point 5).
_OTHER_SPACE = (0x7FFE00000000, 0x7FFF00000000)
_PAGE = 1 << 21


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
    """

    name: str
    launch: Launch
    registers: int


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be read ({error.strerror}); a folder of recordings holds "
            "scenarios.json, golden/, traces/ and faults.jsonl"
        ) from None
    except ValueError as error:
        raise RecordingError(f"{path}: not JSON ({error})") from None


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, json.loads(line)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise RecordingError(f"{path}: cannot be read ({error})") from None
    except ValueError as error:
        raise RecordingError(f"{path}: a line is not JSON ({error})") from None


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
        self._programs: dict[tuple[str, str], Program] = {}
        facts = _read_json(folder / "scenarios.json")
        if not isinstance(facts, dict):
            raise RecordingError(f"{folder / 'scenarios.json'}: not a set of named scenarios")
        outside = self._outside()
        self.scenarios = {}
        for name, entry in facts.items():
            try:
                self.scenarios[name] = self._scenario(name, entry, outside)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise RecordingError(
                    f"{folder / 'scenarios.json'}: scenario '{name}' cannot be used "
                    f"({type(error).__name__}: {error})"
                ) from None

    def _program(self, stem: str, kernel: str) -> Program:
        key = (stem, kernel)
        if key not in self._programs:
            listings = sorted(self.folder.glob(f"{stem}.sm_*.json"))
            if not listings:
                raise RecordingError(f"{self.folder}: no listing {stem}.sm_*.json")
            listing, cubin = listings[-1], listings[-1].with_suffix(".cubin")
            try:
                functions = link(
                    read_listing(listing.read_bytes(), origin=str(listing)),
                    read_cubin(cubin.read_bytes(), origin=str(cubin)),
                    origin=str(listing),
                )
            except OSError as error:
                raise RecordingError(f"{error.filename}: {error.strerror}") from None
            except ListingError as error:
                raise RecordingError(str(error)) from None
            for name, function in functions.items():
                self._programs[stem, name] = lower(function)
            if key not in self._programs:
                raise RecordingError(f"{listing}: no kernel '{kernel}'")
        return self._programs[key]

    def _outside(self) -> list[tuple[int, str]]:
        path = self.folder / "outside.tsv"
        if not path.exists():
            return []
        rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
        return [(int(row[0], 16), row[2]) for row in rows if len(row) > 2]

    def _scenario(
        self, name: str, entry: Mapping[str, Any], outside: list[tuple[int, str]]
    ) -> Scenario:
        program = self._program(entry.get("cubin", "kernels"), entry["kernel"])
        base = int(entry["arena"]["address"], 16)
        arena = np.zeros(entry["arena"]["bytes"] // 4, dtype=np.uint32)
        for buffer in entry["buffers"].values():
            if buffer["initial"] is not None:
                path = self.folder / buffer["initial"]
                if not path.exists():
                    raise RecordingError(f"{path}: missing; scenario '{name}' starts from it")
                content = np.fromfile(path, dtype="<u4")
                arena[buffer["offset"] // 4 :][: content.size] = content
        arguments: list[int | float] = []
        for argument in entry["arguments"]:
            kind, value = argument.split(":", 1)
            if kind == "buffer":
                arguments.append(base + entry["buffers"][value]["offset"])
            elif kind.startswith("float"):
                arguments.append(float(value))
            else:
                arguments.append(int(value, 0))
        shape = LaunchShape(tuple(entry["grid"]), tuple(entry["block"]))
        segments = [(base, base + 4 * arena.size, 0), *_pages(base, arena.size * 4, outside)]
        return Scenario(
            name,
            Launch(
                program,
                shape,
                launch_constants(program, shape, arguments),
                memory_map(arena, segments),
                entry["shared_bytes"],
            ),
            entry["registers"],
        )

    def golden(self, name: str) -> NDArray[np.uint32] | None:
        """Return the arena after a scenario's fault-free launch; None if it was not recorded."""
        path = self.folder / "golden" / f"{name}.bin"
        if not path.exists():
            return None
        pairs = np.fromfile(path, dtype="<u4").reshape(-1, 2)
        arena = self.scenarios[name].launch.memory.words.copy()
        arena[pairs[:, 0]] = pairs[:, 1]
        return arena

    def traces(self, name: str) -> Iterator[Mapping[str, Any]]:
        """Yield the recorded threads of a scenario."""
        for suffix in (".jsonl.xz", ".jsonl"):
            path = self.folder / "traces" / f"{name}{suffix}"
            if path.exists():
                for _, trace in _lines(path):
                    yield trace
                return

    def faults(self) -> Iterator[Mapping[str, Any]]:
        """Yield the recorded faults in order."""
        path = self.folder / "faults.jsonl"
        if not path.exists():
            return
        for number, fault in _lines(path):
            if not isinstance(fault, dict) or fault.get("scenario") not in self.scenarios:
                raise RecordingError(f"{path}, line {number}: not a fault of a known scenario")
            yield fault


def _pages(base: int, size: int, outside: list[tuple[int, str]]) -> list[tuple[int, int, int]]:
    """Return the segments outside the arena: readable pages, and those of another space."""
    pages = set()
    for address, answer in outside:
        start = address // _PAGE * _PAGE
        inside = base <= start < base + size
        if answer.startswith("readable") and not inside:
            pages.add((start, start + _PAGE, -1))
        elif answer == "Invalid Address Space" and not (
            _OTHER_SPACE[0] <= start < _OTHER_SPACE[1] or inside
        ):
            pages.add((start, start + _PAGE, -3))
    if not _OTHER_SPACE[0] <= base < _OTHER_SPACE[1]:
        pages.add((*_OTHER_SPACE, -3))
    return sorted(pages)

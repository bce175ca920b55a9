"""The names of a network's layers and classes beside a campaign's results.

They move no result and are for reading alone; without them both have their numbers.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from softbeam.files import read_file, whole_file

CLASSES = "classes.txt"
"""In the campaign's folder, a name a line; only where the user gave them."""

LAYERS = "layers.txt"
"""In the campaign's folder, a line for each layer: its number and its name."""

#: Bytes of either file.
_MOST = 8 << 20


def write_classes(folder: Path, names: Sequence[str]) -> None:
    """Keep the names of classes in a campaign's folder, all or none."""
    _write(folder / CLASSES, names)


def write_layers(folder: Path, names: Mapping[int, str]) -> None:
    """Keep the names of layers, by number, in a campaign's folder, all or none."""
    _write(
        folder / LAYERS, [f"{number} {' '.join(name.split())}" for number, name in names.items()]
    )


def read_classes(folder: Path) -> tuple[str, ...]:
    """Return the names of classes in a campaign's folder, none if there are none to be read."""
    return tuple(_lines(folder / CLASSES))


def read_layers(folder: Path) -> dict[int, str]:
    """Return the names of layers, by number, none if there are none to be read."""
    names = {}
    for line in _lines(folder / LAYERS):
        number, _, name = line.partition(" ")
        if number.isdecimal():
            names[int(number)] = name
    return names


def copy_names(source: Path, target: Path) -> None:
    """Copy the names that one campaign's folder has to another's."""
    for name in (CLASSES, LAYERS):
        with suppress(FileNotFoundError):
            shutil.copyfile(source / name, target / name)


def _write(path: Path, lines: Sequence[str]) -> None:
    with whole_file(path) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def _lines(path: Path) -> list[str]:
    try:
        return read_file(path, _MOST).decode().splitlines()
    except (OSError, UnicodeDecodeError):
        return []

"""The names of a network's classes beside a campaign's results, where the user gave them.

They move no result and are for reading alone; without them classes have their numbers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

FILE = "classes.txt"
"""In the campaign's folder, a name a line."""


def write_names(folder: Path, names: Sequence[str]) -> None:
    """Keep names in a campaign's folder, all or none."""
    half = folder / f".{FILE}.{os.getpid()}"
    half.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    half.replace(folder / FILE)


def read_names(folder: Path) -> tuple[str, ...]:
    """Return the names in a campaign's folder, none if there are none to be read."""
    try:
        return tuple((folder / FILE).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()

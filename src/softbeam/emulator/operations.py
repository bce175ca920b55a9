"""The interpreter's operations in words, for whoever documents or translates them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from softbeam.emulator.core.operations import OPERATIONS, PART_NAMES


class OperationFacts(NamedTuple):
    """An operation: its name, its kind, the part that executes it, and what it may write."""

    name: str
    kind: str
    part: str
    writes: str


def operations() -> Iterator[OperationFacts]:
    """Yield the facts of every operation, in the order of their numbers."""
    for one in OPERATIONS.values():
        part = PART_NAMES[one.part] if one.part else ""
        yield OperationFacts(one.name, one.kind.name.lower(), part, one.writes.value)

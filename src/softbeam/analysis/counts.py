"""How many injections fell where and ended how: counts that add up.

Counting is all that is done to single records; every factor is computed from counts, so results
of several machines or files need only be added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from softbeam.analysis.design import Design, Stratum
from softbeam.injection.record import InjectionRecord

#: The detail of a fault in a register that the thread does not read again.
NEVER_READ = "never read"


class Stream(NamedTuple):
    """The injections of one mode and one bit-flip model; factors never mix two of them."""

    mode: str
    model: str


class Cell(NamedTuple):
    """What injections have in common that are counted together."""

    stream: Stream
    layer: int
    kernel: str
    outcome: str
    detail: str
    not_finite: bool
    unrecorded: bool
    image: int = 0

    @classmethod
    def of(cls, record: InjectionRecord) -> Cell:
        """Return the cell in which a record is counted."""
        return cls(
            stream=Stream(record.mode, record.model),
            layer=record.layer,
            kernel=record.kernel,
            outcome=record.outcome,
            detail=record.detail,
            not_finite=record.not_finite,
            unrecorded=record.unrecorded > 0,
            image=record.image,
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of injections by cell; ``+`` adds them, ``Counts()`` is its zero.

    Parameters
    ----------
    cells : mapping of Cell to int
        Injections counted in each cell.
    design : Design
        How they were drawn; counts of different designs do not add up.

    Examples
    --------
    >>> Counts() + Counts() == Counts()
    True
    """

    cells: Mapping[Cell, int] = field(default_factory=dict)
    design: Design = field(default_factory=Design)

    def __post_init__(self) -> None:
        positive = {cell: count for cell, count in self.cells.items() if count}
        object.__setattr__(self, "cells", MappingProxyType(positive))

    @classmethod
    def of(cls, records: Iterable[InjectionRecord], design: Design | None = None) -> Counts:
        """Count records that were drawn by a design; uniformly for one input if not given."""
        return cls(Counter(map(Cell.of, records)), design or Design())

    def __add__(self, other: Counts) -> Counts:
        if not (self.cells and other.cells):
            return self if self.cells else other
        if self.design != other.design:
            raise ValueError("injections of different designs do not add up")
        total = Counter(self.cells)
        total.update(other.cells)
        return Counts(total, self.design)

    @property
    def n(self) -> int:
        """How many injections were counted."""
        return sum(self.cells.values())

    def streams(self) -> tuple[Stream, ...]:
        """Return the streams that were counted, in alphabetical order."""
        return tuple(sorted({cell.stream for cell in self.cells}))

    def undrawn(self, stream: Stream) -> dict[Stratum, float]:
        """Return the strata from which nothing was drawn yet, with their shares of the space.

        Empty without strata, and once a campaign is done: each of its strata gets injections.
        Until then shares "of all" are of the others.
        """
        if not self.design.stratified:
            return {}
        drawn = {(cell.layer, cell.kernel) for cell in self.cells if cell.stream == stream}
        shares = self.design.weights.get(stream.mode, {})
        return {one: share for one, share in shares.items() if share and one not in drawn}

    def where(self, condition: Callable[[Cell], bool]) -> Counts:
        """Return the counts of the cells for which a condition holds."""
        chosen = {cell: count for cell, count in self.cells.items() if condition(cell)}
        return Counts(chosen, self.design)

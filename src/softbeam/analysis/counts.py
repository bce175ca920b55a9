"""How many injections fell where and ended how: counts that add up, as columns.

Counting is all that is done to single records; every factor is computed from counts, so results
of several machines or files need only be added.  A row of the columns is what injections have in
common that are counted together; a share is asked for with masks over the rows, such as
``counts["outcome"] == "SDC"``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.design import Design, Place, Stratum
from softbeam.faults.modes import of_code
from softbeam.injection.record import InjectionRecord

#: The detail of a fault in a register that the thread does not read again.
NEVER_READ = "never read"

#: Which rows are meant: bool[rows].
Mask = NDArray[np.bool_]

#: What injections are counted by, and how it is told from a record.
COLUMNS: Mapping[str, Callable[[InjectionRecord], Hashable]] = {
    "mode": lambda record: record.mode,
    "model": lambda record: record.model,
    "layer": lambda record: record.layer,
    "kernel": lambda record: record.kernel,
    "outcome": lambda record: record.outcome,
    "detail": lambda record: record.detail,
    "not_finite": lambda record: record.not_finite,
    "unrecorded": lambda record: record.unrecorded > 0,
    "image": lambda record: record.image,
}

_TYPES = {"layer": np.int64, "image": np.int64, "not_finite": np.bool_, "unrecorded": np.bool_}


class Stream(NamedTuple):
    """The injections of one mode and one bit-flip model; factors never mix two of them."""

    mode: str
    model: str


@dataclass(frozen=True, eq=False)
class Counts:
    """Numbers of injections; ``+`` adds them, ``Counts()`` is its zero.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        By name of :data:`COLUMNS`, and further ones that were asked for, the value of each row.
    numbers : numpy.ndarray of int64
        Injections counted in each row.
    design : Design
        How they were drawn; counts of different designs do not add up.

    Examples
    --------
    >>> Counts() + Counts() == Counts()
    True
    """

    columns: Mapping[str, NDArray[Any]] = field(default_factory=lambda: _columns(COLUMNS, ()))
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    design: Design = field(default_factory=Design)

    def __post_init__(self) -> None:
        # Views, so that what the caller has can still be written to.
        columns = {name: values.view() for name, values in self.columns.items()}
        numbers = self.numbers.view()
        for values in (numbers, *columns.values()):
            values.flags.writeable = False
        object.__setattr__(self, "columns", MappingProxyType(columns))
        object.__setattr__(self, "numbers", numbers)

    @classmethod
    def of(
        cls,
        records: Iterable[InjectionRecord],
        design: Design | None = None,
        **more: Callable[[InjectionRecord], Hashable],
    ) -> Counts:
        """Count records that were drawn by a design; uniformly for one input if not given.

        Parameters
        ----------
        records : iterable of InjectionRecord
            The injections.
        design : Design, optional
            How they were drawn.
        **more : callable
            Further columns, and how each is told from a record.
        """
        known = {**COLUMNS, **more}
        tell = tuple(known.values())
        rows = Counter(tuple(one(record) for one in tell) for record in records)
        return cls.of_rows(rows, design, tuple(known))

    @classmethod
    def of_rows(
        cls,
        rows: Mapping[tuple[Any, ...], int],
        design: Design | None = None,
        names: Sequence[str] = tuple(COLUMNS),
    ) -> Counts:
        """Return counts from rows, each the values of the named columns, and their numbers."""
        kept = {row: number for row, number in rows.items() if number}
        columns = _columns(names, tuple(zip(*kept, strict=True)))
        numbers = np.array(list(kept.values()), dtype=np.int64)
        return cls(columns, numbers, design or Design())

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __add__(self, other: Counts) -> Counts:
        if not (self.numbers.size and other.numbers.size):
            return self if self.numbers.size else other
        if self.design != other.design:
            raise ValueError("injections of different designs do not add up")
        columns = {
            name: np.concatenate([values, other.columns[name]])
            for name, values in self.columns.items()
        }
        return Counts(columns, np.concatenate([self.numbers, other.numbers]), self.design)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        # The zero is that of every design.
        same = self.design == other.design or not (self.n or other.n)
        return same and self.rows() == other.rows()

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> Counter[tuple[Any, ...]]:
        """Return the number of injections by the values of the columns."""
        found: Counter[tuple[Any, ...]] = Counter()
        values = zip(*(column.tolist() for column in self.columns.values()), strict=True)
        for row, number in zip(values, self.numbers.tolist(), strict=True):
            found[row] += number
        return found

    @property
    def n(self) -> int:
        """How many injections were counted."""
        return int(self.numbers.sum())

    def everywhere(self) -> Mask:
        """Return a mask of all rows."""
        return np.ones(self.numbers.size, dtype=np.bool_)

    def streams(self) -> tuple[Stream, ...]:
        """Return the streams that were counted, in alphabetical order."""
        pairs = zip(self["mode"].tolist(), self["model"].tolist(), strict=True)
        return tuple(sorted({Stream(*pair) for pair in pairs}))

    def of_stream(self, stream: Stream) -> Counts:
        """Return the counts of one stream."""
        return self.where((self["mode"] == stream.mode) & (self["model"] == stream.model))

    def of_code(self) -> Counts:
        """Return the counts of the modes that strike instructions."""
        modes = self["mode"].tolist()
        return self.where(np.array([of_code(mode) for mode in modes], dtype=np.bool_))

    def strata(self) -> list[Stratum]:
        """Return the kernel in a layer of each row."""
        return list(zip(self["layer"].tolist(), self["kernel"].tolist(), strict=True))

    def inside(self, place: Place) -> Mask:
        """Return the rows whose injections fell in a place."""
        here = self.everywhere()
        if place.layers is not None:
            here &= np.isin(self["layer"], place.layers)
        if place.kernels is not None:
            here &= np.isin(self["kernel"], place.kernels)
        return here

    def undrawn(self, stream: Stream) -> dict[Stratum, float]:
        """Return the strata from which nothing was drawn yet, with their shares of the space.

        Empty without strata, and once a campaign is done: each of its strata gets injections.
        Until then shares "of all" are of the others.
        """
        if not self.design.stratified:
            return {}
        drawn = set(self.of_stream(stream).strata())
        shares = self.design.weights.get(stream.mode, {})
        return {one: share for one, share in shares.items() if share and one not in drawn}

    def where(self, mask: Mask) -> Counts:
        """Return the counts of some of the rows."""
        columns = {name: values[mask] for name, values in self.columns.items()}
        return Counts(columns, self.numbers[mask], self.design)


def _columns(names: Iterable[str], values: Sequence[Sequence[Any]]) -> dict[str, NDArray[Any]]:
    given = values or [()] * len(tuple(names))
    return {
        name: np.array(column, dtype=_TYPES.get(name, np.object_))
        for name, column in zip(names, given, strict=True)
    }

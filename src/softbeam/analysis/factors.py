"""Layer and kernel vulnerability factors (LVF, KVF), joint and conditional.

The joint factor of layer L and outcome o is the paper's: injections in L that ended in o, among
all injections of the stream.  It mixes how much of the computation is in L with how sensitive L
is.  The conditional factor is the same number among the injections in L, and is about sensitivity
alone.  A kernel's factor, and that of a kernel within a layer, are defined likewise.

A register-file fault that is never read has a layer like any other, but the paper (Y. Ibrahim,
H. Wang and K. Adam, "Analyzing the Reliability of Convolutional Neural Networks on GPUs: GoogLeNet
as a Case Study", its figure 1) shows such faults as a bar of their own, N-R.  Each table can be
had both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from softbeam.analysis.counts import NEVER_READ, Cell, Counts, Stream
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import OUTCOMES


class By(Enum):
    """What a table has a row for."""

    LAYER = "layer"
    KERNEL = "kernel"
    LAYER_AND_KERNEL = "layer and kernel"


class NeverRead(Enum):
    """Where register-file faults that are never read are counted."""

    IN_PLACE = "in place"
    APART = "apart"


class Key(NamedTuple):
    """The layer, the kernel or both that a row is about; None for what is summed over."""

    layer: int | None = None
    kernel: str | None = None

    @classmethod
    def of(cls, cell: Cell, by: By) -> Key:
        """Return the key of the row to which a cell belongs."""
        return cls(
            layer=None if by is By.KERNEL else cell.layer,
            kernel=None if by is By.LAYER else cell.kernel,
        )

    @property
    def order(self) -> tuple[int, str]:
        """What rows are sorted by."""
        return (-1 if self.layer is None else self.layer, self.kernel or "")


@dataclass(frozen=True, slots=True)
class FactorRow:
    """The factors of one layer, of one kernel, or of one kernel in one layer.

    Attributes
    ----------
    key : Key
        What the row is about; empty for the whole stream.
    n : int
        Injections that fell there: what the conditional factors are shares of.
    never_read : int
        Injections that fell there and were never read; a part of `n`, and of Masked, only where
        the table counts them in place.
    joint, conditional : mapping of str to Proportion
        By outcome: the share among the stream's injections, and among this row's.
    """

    key: Key
    n: int
    never_read: int
    joint: Mapping[str, Proportion]
    conditional: Mapping[str, Proportion]


@dataclass(frozen=True, slots=True)
class FactorTable:
    """The factors of one stream.

    Attributes
    ----------
    stream : Stream
        Mode and bit-flip model.
    by : By
        What the rows are about.
    never_read : NeverRead
        Where faults that are never read are counted.
    n : int
        Injections of the stream: what the joint factors are shares of.
    rows : tuple of FactorRow
        By layer, then by kernel.
    never_read_row : FactorRow or None
        The paper's bar N-R, where such faults are counted apart.
    total : FactorRow
        All `rows` together; the bar N-R is no part of it.
    """

    stream: Stream
    by: By
    never_read: NeverRead
    n: int
    rows: tuple[FactorRow, ...]
    never_read_row: FactorRow | None
    total: FactorRow


def factor_table(
    counts: Counts,
    stream: Stream,
    by: By,
    never_read: NeverRead = NeverRead.IN_PLACE,
    keys: Iterable[Key] = (),
) -> FactorTable:
    """Compute the factors of one stream.

    Parameters
    ----------
    counts : Counts
        Counted injections, of other streams too.
    stream : Stream
        The stream that the table is about.
    by : By
        Whether a row is a layer, a kernel, or a kernel in a layer.
    never_read : NeverRead
        Whether faults that are never read count in their layer and kernel, or apart.
    keys : iterable of Key
        Rows to have even where no injection fell; their factors are 0 of n, an upper bound.

    Returns
    -------
    FactorTable
        A row for every key that an injection fell on, and for `keys`.
    """
    chosen = counts.where(lambda cell: cell.stream == stream)
    unread = chosen.where(_is_never_read)
    placed = chosen
    if never_read is NeverRead.APART:
        placed = chosen.where(lambda cell: not _is_never_read(cell))
    n = chosen.n
    struck = {Key.of(cell, by) for cell in chosen.cells} | set(keys)
    here, unread_here = _grouped(placed, by), _grouped(unread, by)
    empty = Counts()
    return FactorTable(
        stream=stream,
        by=by,
        never_read=never_read,
        n=n,
        rows=tuple(
            _row(key, here.get(key, empty), unread_here.get(key, empty).n, n)
            for key in sorted(struck, key=lambda key: key.order)
        ),
        never_read_row=(
            _row(Key(), unread, unread.n, n) if never_read is NeverRead.APART else None
        ),
        total=_row(Key(), placed, unread.n, n),
    )


def _is_never_read(cell: Cell) -> bool:
    return cell.detail == NEVER_READ


def _grouped(counts: Counts, by: By) -> dict[Key, Counts]:
    cells: dict[Key, dict[Cell, int]] = {}
    for cell, count in counts.cells.items():
        cells.setdefault(Key.of(cell, by), {})[cell] = count
    return {key: Counts(of_key) for key, of_key in cells.items()}


def _row(key: Key, here: Counts, never_read: int, n: int) -> FactorRow:
    ended = dict.fromkeys(OUTCOMES, 0)
    for cell, count in here.cells.items():
        ended[cell.outcome] += count
    return FactorRow(
        key=key,
        n=here.n,
        never_read=never_read,
        joint={outcome: Proportion(count, n) for outcome, count in ended.items()},
        conditional={outcome: Proportion(count, here.n) for outcome, count in ended.items()},
    )

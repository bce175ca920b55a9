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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from softbeam.analysis.counts import NEVER_READ, Cell, Counts, Stream
from softbeam.analysis.estimation import Condition, Estimator, Share, everywhere
from softbeam.injection.outcomes import OUTCOMES

#: What stands for the layer and the kernel of faults that are never read: the paper's bar.
NEVER_READ_LABEL = "N-R"


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

    def by(self, by: By) -> Key:
        """Return the key of the row to which a kernel in a layer belongs."""
        return Key(
            layer=None if by is By.KERNEL else self.layer,
            kernel=None if by is By.LAYER else self.kernel,
        )

    @classmethod
    def of(cls, cell: Cell, by: By) -> Key:
        """Return the key of the row to which a cell belongs."""
        return cls(cell.layer, cell.kernel).by(by)

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
    joint, conditional : mapping of str to Share
        By outcome: the share among the stream's injections, and among this row's.
    joint_split, conditional_split : mapping of str to Share
        The same for the two parts of Masked: ``N-R`` (never read) and ``Masked`` (the rest),
        never-read faults being counted in place.
    """

    key: Key
    n: int
    never_read: int
    joint: Mapping[str, Share]
    conditional: Mapping[str, Share]
    joint_split: Mapping[str, Share]
    conditional_split: Mapping[str, Share]


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
    whole = counts.where(lambda cell: cell.stream == stream)
    rows = _Rows(whole, by, never_read)
    struck = {Key.of(cell, by) for cell in whole.cells} | set(keys)
    return FactorTable(
        stream=stream,
        by=by,
        never_read=never_read,
        n=whole.n,
        rows=tuple(rows.of_key(key) for key in sorted(struck, key=lambda key: key.order)),
        never_read_row=rows.unread() if never_read is NeverRead.APART else None,
        total=rows.row(Key(), everywhere),
    )


def is_never_read(cell: Cell) -> bool:
    """Return whether the injections of a cell were never read."""
    return cell.detail == NEVER_READ


ShareOf = Callable[[Condition], Share]


class _Rows:
    """Makes the rows of one table."""

    def __init__(self, whole: Counts, by: By, never_read: NeverRead) -> None:
        self._whole, self._by = whole, by
        self._apart = never_read is NeverRead.APART
        self._estimator = Estimator(whole)

    def _counted(self, cell: Cell) -> bool:
        return not (self._apart and is_never_read(cell))

    def _ended(self, placed: Condition, share: ShareOf) -> dict[str, Share]:
        """Return the share of each outcome within `placed`."""
        shares = {}
        for outcome in OUTCOMES:

            def ends(cell: Cell, outcome: str = outcome) -> bool:
                return cell.outcome == outcome and placed(cell)

            shares[outcome] = share(ends)
        return shares

    def _split(self, within: Condition, share: ShareOf) -> dict[str, Share]:
        """Return the shares of the two parts of Masked."""

        def unread(cell: Cell) -> bool:
            return is_never_read(cell) and within(cell)

        def read(cell: Cell) -> bool:
            return cell.outcome == "Masked" and not is_never_read(cell) and within(cell)

        return {NEVER_READ_LABEL: share(unread), "Masked": share(read)}

    def of_key(self, key: Key) -> FactorRow:
        """Return the row of a layer, a kernel, or both."""
        layer, kernel = key

        def within(cell: Cell) -> bool:
            return layer in (None, cell.layer) and kernel in (None, cell.kernel)

        return self.row(key, within)

    def row(self, key: Key, within: Condition) -> FactorRow:
        """Return the row of the cells that meet a condition."""
        here = self._whole.where(within)

        def placed(cell: Cell) -> bool:
            return self._counted(cell) and within(cell)

        def joint(numerator: Condition) -> Share:
            return self._estimator.joint(numerator, within)

        def conditional(of: Condition) -> ShareOf:
            return lambda numerator: self._estimator.share(numerator, of)

        return FactorRow(
            key=key,
            n=here.where(self._counted).n,
            never_read=here.where(is_never_read).n,
            joint=self._ended(placed, joint),
            conditional=self._ended(placed, conditional(placed)),
            joint_split=self._split(within, joint),
            conditional_split=self._split(within, conditional(within)),
        )

    def unread(self) -> FactorRow:
        """Return the paper's bar N-R."""
        n = self._whole.where(is_never_read).n
        share = self._estimator.share
        joint = self._ended(is_never_read, lambda numerator: share(numerator, everywhere))
        conditional = self._ended(is_never_read, lambda numerator: share(numerator, is_never_read))
        return FactorRow(Key(), n, n, joint, conditional, {}, {})

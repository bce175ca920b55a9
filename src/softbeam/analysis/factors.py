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

from softbeam.analysis.counts import NEVER_READ, Counts, Mask, Stream
from softbeam.analysis.design import Place
from softbeam.analysis.estimation import Estimator, Share
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


class Item(NamedTuple):
    """The layer, the kernel or both that a row is about; None for what is summed over."""

    layer: int | None = None
    kernel: str | None = None

    def by(self, by: By) -> Item:
        """Return the item to which a kernel in a layer belongs."""
        return Item(
            layer=None if by is By.KERNEL else self.layer,
            kernel=None if by is By.LAYER else self.kernel,
        )

    @property
    def place(self) -> Place:
        """What it stands for."""
        return Place(
            None if self.layer is None else (self.layer,),
            None if self.kernel is None else (self.kernel,),
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
    item : Item
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

    item: Item
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
    items: Iterable[Item] = (),
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
    items : iterable of Item
        Rows to have even where no injection fell; their factors are 0 of n, an upper bound.

    Returns
    -------
    FactorTable
        A row for every item that an injection fell on, and for `items`.
    """
    whole = counts.of_stream(stream)
    rows = _Rows(whole, never_read)
    struck = {Item(*place).by(by) for place in whole.strata()} | set(items)
    return FactorTable(
        stream=stream,
        by=by,
        never_read=never_read,
        n=whole.n,
        rows=tuple(rows.row(item) for item in sorted(struck, key=lambda item: item.order)),
        never_read_row=rows.unread() if never_read is NeverRead.APART else None,
        total=rows.row(Item()),
    )


def is_never_read(counts: Counts) -> Mask:
    """Return the rows whose injections were never read."""
    found: Mask = counts["detail"] == NEVER_READ
    return found


class _Rows:
    """Makes the rows of one table."""

    def __init__(self, whole: Counts, never_read: NeverRead) -> None:
        self._whole, self._estimator = whole, Estimator(whole)
        self._unread = is_never_read(whole)
        apart = never_read is NeverRead.APART
        self._counted = ~self._unread if apart else whole.everywhere()
        self._ended = {outcome: whole["outcome"] == outcome for outcome in OUTCOMES}
        masked = self._ended["Masked"] & ~self._unread
        self._split = {NEVER_READ_LABEL: self._unread, "Masked": masked}

    def row(self, item: Item) -> FactorRow:
        """Return the row of a layer, a kernel, both, or everything."""
        within = self._whole.inside(item.place)
        placed = within & self._counted

        def joint(numerator: Mask) -> Share:
            return self._estimator.joint(numerator, item.place)

        def share(of: Mask) -> Callable[[Mask], Share]:
            return lambda numerator: self._estimator.share(numerator, of)

        counted = {name: rows & self._counted for name, rows in self._ended.items()}
        return FactorRow(
            item=item,
            n=self._whole.where(placed).n,
            never_read=self._whole.where(within & self._unread).n,
            joint=_each(counted, joint),
            conditional=_each(self._ended, share(placed)),
            joint_split=_each(self._split, joint),
            conditional_split=_each(self._split, share(within)),
        )

    def unread(self) -> FactorRow:
        """Return the paper's bar N-R."""
        n, share = self._whole.where(self._unread).n, self._estimator.share
        ended = {name: rows & self._unread for name, rows in self._ended.items()}
        joint = _each(ended, share)
        conditional = _each(ended, lambda numerator: share(numerator, self._unread))
        return FactorRow(Item(), n, n, joint, conditional, {}, {})


def _each(rows: Mapping[str, Mask], share: Callable[[Mask], Share]) -> dict[str, Share]:
    return {name: share(numerator) for name, numerator in rows.items()}

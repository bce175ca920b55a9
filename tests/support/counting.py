"""Counts written down by hand: rows with names, and masks from questions about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from softbeam.analysis.counts import COLUMNS, Counts, Mask, Stream
from softbeam.analysis.design import Design
from softbeam.injection.record import InjectionRecord


class Row(NamedTuple):
    """What injections have in common that are counted together."""

    stream: Stream
    layer: int
    kernel: str
    outcome: str
    detail: str = ""
    not_finite: bool = False
    unrecorded: bool = False
    image: int = 0

    @classmethod
    def of(cls, record: InjectionRecord) -> Row:
        """Return the row in which a record is counted."""
        (row,) = rows_of(Counts.of([record]))
        return row


Condition = Callable[[Row], bool]


def counted(rows: Mapping[Row, int], design: Design | None = None) -> Counts:
    """Return counts of rows with their numbers."""
    return Counts.of_rows({(*row.stream, *row[1:]): n for row, n in rows.items()}, design)


def rows_of(counts: Counts) -> list[Row]:
    """Return the rows of counts."""
    columns = zip(*(counts[name].tolist() for name in COLUMNS), strict=True)
    return [Row(Stream(*values[:2]), *values[2:]) for values in columns]


def mask(counts: Counts, condition: Condition) -> Mask:
    """Return the rows for which a condition holds."""
    return np.array([condition(row) for row in rows_of(counts)], dtype=np.bool_)

"""Injections as columns, for other programs: what an exported table holds.

The columns are those of a results file and what follows from them.  One more that follows from a
record is one more entry here; what is written into which kind of file is
:mod:`softbeam.analysis.export`'s, and ``docs/results.md`` is made from these declarations.
"""

from __future__ import annotations

from collections.abc import Iterable

from softbeam.analysis.categories import sassifi_category
from softbeam.injection.columns import Column
from softbeam.injection.record import STORED_COLUMNS, InjectionRecord

#: The columns of an exported table, in its order.
COLUMNS = (
    *STORED_COLUMNS,
    Column(
        name="sassifi_category",
        kind="string",
        meaning="the outcome in SASSIFI's words, see below",
        value=lambda record: sassifi_category(record.detail),
    ),
)


def in_order(records: Iterable[InjectionRecord]) -> list[InjectionRecord]:
    """Return injections in the order of exported tables: mode, model, stratum, index."""
    return sorted(
        records, key=lambda record: (record.mode, record.model, record.stratum, record.index)
    )

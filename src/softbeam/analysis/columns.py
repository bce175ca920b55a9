"""Injections as columns, for other programs: what an exported table holds.

The columns are those of a results file and what follows from them.  One more that follows from a
record is one more entry here; :mod:`softbeam.analysis.export` writes files of them, and
``docs/results.md`` is made from these declarations.

SASSIFI sees a program from outside: its exit, its output, its time.  Which of its categories an
outcome falls into therefore depends on the program around the network; assumed is one that ends
when a kernel raises an exception, as Darknet does, and that writes all scores into a file which
is compared bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable

from softbeam.injection.columns import Column
from softbeam.injection.outcomes import sassifi_category
from softbeam.injection.record import STORED_COLUMNS, InjectionRecord

#: The columns of an exported table, in its order.
COLUMNS = (
    *STORED_COLUMNS,
    Column(
        name="sassifi_category",
        kind="string",
        meaning="the outcome in SASSIFI's words, see below",
        value=lambda record: sassifi_category(record.outcome, record.detail),
    ),
)


def in_order(records: Iterable[InjectionRecord]) -> list[InjectionRecord]:
    """Return injections in the order of exported tables: mode, model, stratum, index."""
    return sorted(
        records, key=lambda record: (record.mode, record.model, record.stratum, record.index)
    )

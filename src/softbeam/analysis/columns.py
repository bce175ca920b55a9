"""Injections as columns, for other programs: names, types and values of an exported table.

``docs/results.md`` says what each column means.  What is written into which kind of file is
:mod:`softbeam.analysis.export`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from softbeam.analysis.categories import sassifi_category
from softbeam.injection.record import InjectionRecord

#: Columns that are unsigned and can need all 64 bits.
UNSIGNED = ("before", "after")

#: Types of columns by the annotation of the record's field: a kind, and whether it can be absent.
_KINDS = {
    "int": ("int64", False),
    "int | None": ("int64", True),
    "str": ("string", False),
    "bool": ("bool", False),
    "float | None": ("float64", True),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an exported table.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        ``int64``, ``uint64``, ``float64``, ``bool`` or ``string``.
    optional : bool
        Whether it can be empty.
    value : callable
        From a record to the column's value.
    """

    name: str
    kind: str
    optional: bool
    value: Callable[[InjectionRecord], Any]


def _of_field(name: str, annotation: str) -> Column:
    kind, optional = _KINDS[annotation]
    if name in UNSIGNED:
        kind = "uint64"
    return Column(name, kind, optional, lambda record: getattr(record, name))


#: The columns: the record's fields in their order, and SASSIFI's category.
COLUMNS = (
    *(_of_field(field.name, str(field.type)) for field in fields(InjectionRecord)),
    Column("sassifi_category", "string", False, lambda record: sassifi_category(record.detail)),
)


def in_order(records: Iterable[InjectionRecord]) -> list[InjectionRecord]:
    """Return injections in the order of exported tables: mode, model, stratum, index."""
    return sorted(
        records, key=lambda record: (record.mode, record.model, record.stratum, record.index)
    )

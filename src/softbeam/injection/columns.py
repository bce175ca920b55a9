"""What a column of the results is: name, type, unit, meaning, and where its values come from.

The columns that a results file holds are declared as the fields of
:class:`softbeam.injection.record.InjectionRecord`, those that follow from them for other programs
in :mod:`softbeam.analysis.columns`.  Whatever else knows columns (the file's tables, CSV, Parquet,
pandas, ``docs/results.md``) is made from these declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from softbeam.injection.record import Injection

Kind = Literal["int64", "uint64", "float64", "bool", "string"]

#: Kinds of values, and whether they can be absent, by the annotation of a record's field.
_KINDS: dict[str, tuple[Kind, bool]] = {
    "bool": ("bool", False),
    "float | None": ("float64", True),
    "int": ("int64", False),
    "int | None": ("int64", True),
    "str": ("string", False),
    "str | None": ("string", True),
}


def one_of(words: Iterable[str]) -> str:
    """Return words that a column can have, as its meaning.

    Examples
    --------
    >>> one_of(["rf", "ioa", "rf", "iov"])
    '`rf`, `ioa` or `iov`'
    """
    *others, last = (f"`{word}`" for word in dict.fromkeys(words))
    return f"{', '.join(others)} or {last}" if others else last


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the results.

    Attributes
    ----------
    name : str
        Its name, in the file and in every export.
    kind : {"int64", "uint64", "float64", "bool", "string"}
        Type of its values.
    meaning : str
        What a value says: one Markdown sentence without its full stop.
    value : callable
        From an :class:`~softbeam.injection.record.InjectionRecord` to the value.
    optional : bool
        Whether a value can be absent.
    unit : str
        What is counted or measured; empty where nothing is.
    since : int
        The schema of the first results files that hold it; files of an older schema are read with
        the default of the record's field.
    optional_since : int
        The schema from which on its value can be absent, where it can be.
    """

    name: str
    kind: Kind
    meaning: str
    value: Callable[[Any], Any]
    optional: bool = False
    unit: str = ""
    since: int = 1
    optional_since: int = 1

    def optional_in(self, schema: int) -> bool:
        """Return whether a value can be absent in files of a schema."""
        return self.optional and schema >= self.optional_since


@dataclass(frozen=True, slots=True)
class _Stored:
    meaning: str
    measure: Callable[[Injection], Any]
    unit: str
    kind: Kind | None
    since: int
    optional_since: int


def stored(
    meaning: str,
    measure: Callable[[Injection], Any],
    *,
    unit: str = "",
    kind: Kind | None = None,
    since: int = 1,
    optional_since: int = 1,
) -> Mapping[str, Any]:
    """Return the metadata of a record's field that says what its column is.

    Parameters
    ----------
    meaning, unit, since, optional_since
        See :class:`Column`; a field that is newer than schema 1 needs a default.
    measure : callable
        From an injection that is over to the column's value.
    kind : str, optional
        See :class:`Column`; by default what the field's annotation says.
    """
    return {"column": _Stored(meaning, measure, unit, kind, since, optional_since)}


def columns_of(record: Any) -> tuple[Column, ...]:
    """Return the columns that the fields of a record's class declare, in their order.

    Raises
    ------
    TypeError
        If a field is newer than schema 1 and has no default for older files.
    """
    found = []
    for field in fields(record):
        said: _Stored = field.metadata["column"]
        kind, optional = _KINDS[str(field.type)]
        if said.since > 1 and field.default is MISSING:
            raise TypeError(f"{field.name} needs a default, for results of older schemas")
        found.append(
            Column(
                name=field.name,
                kind=said.kind or kind,
                meaning=said.meaning,
                value=attrgetter(field.name),
                optional=optional,
                unit=said.unit,
                since=said.since,
                optional_since=said.optional_since,
            )
        )
    return tuple(found)


def measured(record: Any, injection: Injection) -> dict[str, Any]:
    """Return the values of a record's fields for an injection, by name."""
    return {field.name: field.metadata["column"].measure(injection) for field in fields(record)}

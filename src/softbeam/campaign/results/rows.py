"""How an injection becomes a row of a results file, and a row an injection.

Which columns there are is said by the fields of
:class:`softbeam.injection.record.InjectionRecord`; when and where rows are written is
in :mod:`softbeam.campaign.results.store`.  Nothing here touches a file.
"""

from __future__ import annotations

import operator
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from softbeam.campaign.results.schema import stored_columns
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.columns import Column
from softbeam.injection.outcomes import check_detail
from softbeam.injection.record import InjectionRecord
from softbeam.text import visible

#: Rows that are read at a time: no lock is held while a caller works on them.
CHUNK = 4096


class DamagedRow(ValueError):  # noqa: N818  (what it is)
    """A row that is not as it was written."""


class RowFormat:
    """The rows of injections in files of one schema.

    Parameters
    ----------
    schema : int
        The schema.
    own_details : bool
        Whether a function of a user's own gave the details of outcomes.

    Attributes
    ----------
    insert : str
        The statement that adds a row.
    following : str
        The query for the next :data:`CHUNK` rows behind a mode, model, stratum and index.
    """

    def __init__(self, schema: int, own_details: bool = False) -> None:
        self._own_details = own_details
        columns = stored_columns(schema)
        self._names = tuple(column.name for column in columns)
        self._writers = [_writer(column) for column in columns]
        self._readers = [_reader(column, schema) for column in columns]
        quoted = ", ".join(f'"{name}"' for name in (*self._names, "checksum"))
        places = ", ".join("?" * (len(columns) + 1))
        self.insert = f"INSERT INTO injections ({quoted}) VALUES ({places})"
        self.following = (
            f'SELECT {quoted} FROM injections WHERE (mode, model, stratum, "index") > (?, ?, ?, ?) '
            f'ORDER BY mode, model, stratum, "index" LIMIT {CHUNK}'
        )

    def to_row(self, record: InjectionRecord) -> tuple[Any, ...]:
        """Return the row of an injection.

        Raises
        ------
        TypeError, ValueError
            If a field does not hold what :class:`InjectionRecord` says.
        """
        values = (getattr(record, name) for name in self._names)
        self._check_words(record)
        return with_checksum(
            tuple(
                None if value is None else write(value)
                for write, value in zip(self._writers, values, strict=True)
            )
        )

    def to_record(self, row: tuple[Any, ...]) -> InjectionRecord:
        """Return the injection of a row, the same to the last bit.

        Raises
        ------
        DamagedRow
            If it is not as it was written, or softbeam never writes such a row.
        """
        values = checked(row)
        try:
            arguments = {
                name: read(value)
                for name, read, value in zip(self._names, self._readers, values, strict=True)
            }
            record = InjectionRecord(**arguments)
            self._check_words(record)
        except (TypeError, ValueError) as error:
            raise DamagedRow(_named(values)) from error
        return record

    def _check_words(self, record: InjectionRecord) -> None:
        check_detail(record.outcome, record.detail, own=self._own_details)
        if record.mode not in MODES or record.model not in MODELS:
            raise ValueError(f"no injection is of {record.mode!r}, {record.model!r}")
        if record.stratum:
            Stratum.read(record.stratum)


@cache
def row_format(schema: int, own_details: bool = False) -> RowFormat:
    """Return how injections are kept in files of a schema; parameters as of :class:`RowFormat`."""
    return RowFormat(schema, own_details)


def with_checksum(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row's values, as SQLite gives them back, with their checksum (CRC-32) behind."""
    return (*values, zlib.crc32(repr(values).encode()))


def checked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values of a row of :func:`with_checksum`.

    Raises
    ------
    DamagedRow
        If one of them has changed.
    """
    values = row[:-1]
    if with_checksum(values) != row:
        raise DamagedRow(_named(values))
    return values


def _named(values: tuple[Any, ...]) -> str:
    """Return what the first values of a row are, in short: they may be anything."""
    return " ".join(str(value)[:40] for value in values[:4])


def to_size(row: tuple[Any, ...]) -> FaultSpaceSize:
    """Return the size of a part of the fault space, of a row of it.

    Raises
    ------
    DamagedRow
        If it is not as it was written, or softbeam never writes such a row.
    """
    values = checked(row)
    try:
        image, mode, layer, kernel, size = values
        found = FaultSpaceSize(
            _whole(image), _text(mode), _whole(layer), _text(kernel), _whole(size)
        )
    except (TypeError, ValueError) as error:
        raise DamagedRow(_named(values)) from error
    if mode not in MODES or size < 1 or visible(kernel) != kernel:
        raise DamagedRow(_named(values))
    return found


def _unsigned(value: int) -> int:
    value = operator.index(value)
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{value} is no 64-bit unsigned integer")
    return value if value < 1 << 63 else value - (1 << 64)


def _real(value: float) -> float | bytes:
    value = float(value)
    return value if value == value else struct.pack("<d", value)


# How values are written.  NumPy's scalars would be written as blobs, hence the conversions.
_WRITERS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda value: int(bool(value)),
    "float64": _real,
    "int64": operator.index,
    "string": str,
    "uint64": _unsigned,
}


def _writer(column: Column) -> Callable[[Any], Any]:
    return _WRITERS[column.kind]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _flag(value: Any) -> bool:
    if _whole(value) not in (0, 1):
        raise ValueError("neither true nor false")
    return bool(value)


def _float(value: Any) -> float:
    if isinstance(value, bytes) and len(value) == 8:
        return float(struct.unpack("<d", value)[0])
    if not isinstance(value, float):
        raise TypeError("no number")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": _flag,
    "float64": _float,
    "int64": _whole,
    "string": _text,
    "uint64": lambda value: _whole(value) % (1 << 64),
}


def _reader(column: Column, schema: int) -> Callable[[Any], Any]:
    read = _READERS[column.kind]
    if not column.optional_in(schema):
        return read
    return lambda value: None if value is None else read(value)

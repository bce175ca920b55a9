"""How an injection becomes a row of a results file, and a row an injection.

Which columns there are is said by the fields of
:class:`softbeam.injection.record.InjectionRecord`; when and where rows are written is
in :mod:`softbeam.campaign.results.store`.  Nothing here touches a file.
"""

from __future__ import annotations

import operator
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from softbeam.campaign.results.schema import KEYS, stored_columns
from softbeam.faults.load import Load
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.columns import Column
from softbeam.injection.inference import INFERENCE_COLUMNS, InferenceRecord
from softbeam.injection.outcomes import check_detail
from softbeam.injection.record import InjectionRecord
from softbeam.text import visible

#: Rows that are read at a time: no lock is held while a caller works on them.
CHUNK = 4096


class DamagedRow(ValueError):  # noqa: N818  (what it is)
    """A row that is not as it was written."""


Record = TypeVar("Record", bound=InjectionRecord | InferenceRecord)


class RowFormat(Generic[Record]):
    """The rows of a table of records in files of one schema.

    Parameters
    ----------
    table : str
        Its name.
    record : type
        What a row is.
    columns : sequence of Column
        Its columns.
    schema : int
        The schema.
    check : callable
        Raises ValueError where the words of a record are none.

    Attributes
    ----------
    insert : str
        The statement that adds a row.
    following : str
        The query for the next :data:`CHUNK` rows behind a key.
    first : tuple
        A key before all others.
    """

    def __init__(
        self,
        table: str,
        record: type[Record],
        columns: Sequence[Column],
        schema: int,
        check: Callable[[Record], None],
    ) -> None:
        self._record = record
        self._check = check
        self._names = tuple(column.name for column in columns)
        self._writers = [_writer(column) for column in columns]
        self._readers = [_reader(column, schema) for column in columns]
        self._key = KEYS[table]
        quoted = ", ".join(f'"{name}"' for name in (*self._names, "checksum"))
        places = ", ".join("?" * (len(columns) + 1))
        key = ", ".join(f'"{name}"' for name in self._key)
        self.insert = f"INSERT INTO {table} ({quoted}) VALUES ({places})"
        self.following = (
            f"SELECT {quoted} FROM {table} WHERE ({key}) > (?, ?, ?, ?) "
            f"ORDER BY {key} LIMIT {CHUNK}"
        )
        self.first = ("", "", "", -1)

    def key(self, record: Record) -> tuple[Any, ...]:
        """Return what tells a record apart in its table."""
        return tuple(getattr(record, name) for name in self._key)

    def to_row(self, record: Record) -> tuple[Any, ...]:
        """Return the row of a record.

        Raises
        ------
        TypeError, ValueError
            If a field does not hold what the record's class says.
        """
        values = (getattr(record, name) for name in self._names)
        self._check(record)
        return with_checksum(
            tuple(
                None if value is None else write(value)
                for write, value in zip(self._writers, values, strict=True)
            )
        )

    def to_record(self, row: tuple[Any, ...]) -> Record:
        """Return the record of a row, the same to the last bit.

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
            record: Record = self._record(**arguments)
            self._check(record)
        except (TypeError, ValueError) as error:
            raise DamagedRow(_named(values)) from error
        return record


@cache
def row_format(schema: int, own_details: bool = False) -> RowFormat[InjectionRecord]:
    """Return how injections are kept in files of a schema.

    Parameters
    ----------
    schema : int
        The schema.
    own_details : bool
        Whether a function of a user's own gave the details of outcomes.
    """

    def check(record: InjectionRecord) -> None:
        _check_ending(record, own_details)
        if record.stratum:
            Stratum.read(record.stratum)

    return RowFormat("injections", InjectionRecord, stored_columns(schema), schema, check)


@cache
def inference_format(schema: int, own_details: bool = False) -> RowFormat[InferenceRecord]:
    """Return how inferences with several faults are kept; parameters as of :func:`row_format`."""

    def check(record: InferenceRecord) -> None:
        _check_ending(record, own_details)
        load = Load.read(record.load)
        if not (0 <= record.struck <= record.faults and load.faults in (0, record.faults)):
            raise ValueError(f"no inference gets {record.struck} of {record.faults} faults")

    return RowFormat("inferences", InferenceRecord, INFERENCE_COLUMNS, schema, check)


def _check_ending(record: InjectionRecord | InferenceRecord, own_details: bool) -> None:
    check_detail(record.outcome, record.detail, own=own_details)
    if record.mode not in MODES or record.model not in MODELS:
        raise ValueError(f"no injection is of {record.mode!r}, {record.model!r}")


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

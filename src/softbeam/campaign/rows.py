"""The columns of a results file, and how an injection becomes a row and a row an injection.

When and where rows are written is :mod:`softbeam.campaign.store`'s concern; nothing here touches
a file.
"""

from __future__ import annotations

import operator
import struct
import zlib
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from softbeam.injection.record import InjectionRecord

#: What SQLite's header says of a file that is softbeam's: "sbea".
APPLICATION_ID = 0x73626561

#: Rows that :data:`NEXT` reads at a time: no lock is held while a caller works on them.
CHUNK = 4096

# History of the schema; its version is softbeam.campaign.specification.RESULTS_SCHEMA.
# 1  softbeam 0.1: first version.
#
# "before" and "after" are uint64 written as the int64 of the same bits, as SQLite has no
# unsigned integers: below 2**63, so for every register, they read as they are.
# "largest_change" has no declared type, for SQLite would turn 1.0 into an integer and NaN into
# NULL; a NaN is the blob of its eight bytes, little-endian.
# "checksum" is that of the row's other values: SQLite itself finds damage to its own structure
# only, and a bit that flips in a value would go unseen.
SCHEMA = """
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE campaign (campaign_id TEXT NOT NULL, specification TEXT NOT NULL);
CREATE TABLE sessions (
    session INTEGER PRIMARY KEY, softbeam TEXT NOT NULL, environment TEXT NOT NULL
);
CREATE TABLE fault_space (
    image INTEGER NOT NULL, mode TEXT NOT NULL, layer INTEGER NOT NULL, kernel TEXT NOT NULL,
    size INTEGER NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (image, mode, layer, kernel)
) WITHOUT ROWID;
CREATE TABLE notes (note INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE injections (
    "index" INTEGER NOT NULL CHECK ("index" >= 0),
    mode TEXT NOT NULL,
    model TEXT NOT NULL,
    stratum TEXT NOT NULL,
    image INTEGER NOT NULL,
    launch INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    kernel TEXT NOT NULL,
    arch TEXT NOT NULL,
    block_x INTEGER NOT NULL,
    block_y INTEGER NOT NULL,
    block_z INTEGER NOT NULL,
    thread_x INTEGER NOT NULL,
    thread_y INTEGER NOT NULL,
    thread_z INTEGER NOT NULL,
    pc INTEGER NOT NULL,
    opcode TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    target TEXT NOT NULL,
    register INTEGER,
    bit INTEGER,
    before INTEGER,
    after INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('Masked', 'SDC', 'DUE')),
    detail TEXT NOT NULL,
    propagated INTEGER NOT NULL CHECK (propagated IN (0, 1)),
    changed_words INTEGER NOT NULL,
    not_finite INTEGER NOT NULL CHECK (not_finite IN (0, 1)),
    unrecorded INTEGER NOT NULL,
    instructions INTEGER NOT NULL,
    top1 INTEGER,
    largest_change CHECK (typeof(largest_change) IN ('real', 'blob', 'null')),
    checksum INTEGER NOT NULL,
    PRIMARY KEY (mode, model, stratum, "index")
) WITHOUT ROWID;
"""

_COLUMNS = tuple(field.name for field in fields(InjectionRecord))
_QUOTED = ", ".join(f'"{name}"' for name in (*_COLUMNS, "checksum"))
INSERT = f"INSERT INTO injections ({_QUOTED}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"
NEXT = (
    f'SELECT {_QUOTED} FROM injections WHERE (mode, model, stratum, "index") > (?, ?, ?, ?) '
    f'ORDER BY mode, model, stratum, "index" LIMIT {CHUNK}'
)


def _unsigned(value: int) -> int:
    value = operator.index(value)
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{value} is no 64-bit unsigned integer")
    return value if value < 1 << 63 else value - (1 << 64)


def _real(value: float) -> float | bytes:
    value = float(value)
    return value if value == value else struct.pack("<d", value)


# How the values of each annotation of InjectionRecord are written and read back.  NumPy's scalars
# would be written as blobs, hence the conversions.
_WRITERS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda value: int(bool(value)),
    "int": operator.index,
    "int | None": operator.index,
    "str": str,
    "float | None": _real,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "float | None": lambda value: (
        struct.unpack("<d", value)[0] if isinstance(value, bytes) else value
    ),
}
_WRITE = [_WRITERS[str(field.type)] for field in fields(InjectionRecord)]
_READ = [_READERS.get(str(field.type), lambda value: value) for field in fields(InjectionRecord)]
for _name in ("before", "after"):
    _WRITE[_COLUMNS.index(_name)] = _unsigned
    _READ[_COLUMNS.index(_name)] = lambda value: value % (1 << 64)


class DamagedRow(ValueError):  # noqa: N818  (what it is)
    """A row that is not as it was written."""


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
        raise DamagedRow(" ".join(map(str, values[:4])))
    return values


def to_row(record: InjectionRecord) -> tuple[Any, ...]:
    """Return the values of :data:`INSERT` for an injection.

    Raises
    ------
    TypeError, ValueError
        If a field does not hold what :class:`InjectionRecord` says.
    """
    values = (getattr(record, name) for name in _COLUMNS)
    return with_checksum(
        tuple(
            None if value is None else write(value)
            for write, value in zip(_WRITE, values, strict=True)
        )
    )


def to_record(row: tuple[Any, ...]) -> InjectionRecord:
    """Return the injection of a row of :data:`NEXT`, the same to the last bit.

    Raises
    ------
    DamagedRow
        If it is not as it was written.
    """
    values = (
        None if value is None else read(value)
        for read, value in zip(_READ, checked(row), strict=True)
    )
    arguments: dict[str, Any] = dict(zip(_COLUMNS, values, strict=True))
    return InjectionRecord(**arguments)

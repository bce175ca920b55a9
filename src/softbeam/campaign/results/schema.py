"""The tables of a results file, by the version of their schema, and how they are kept whole.

The version is that of the *file*: which tables and columns it has.  It does not enter the
campaign's id.  Every version that ever was is known here: files of older ones are read as they
are, those of newer ones name the softbeam that reads them.

What is in the tables is said in :mod:`softbeam.campaign.results.rows` and
:mod:`softbeam.campaign.results.facts`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from softbeam.injection.columns import Column
from softbeam.injection.inference import INFERENCE_COLUMNS
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import STORED_COLUMNS

#: What SQLite's header says of a file that is softbeam's: "sbea".
APPLICATION_ID = 0x73626561

# History of the schema:
# 1  softbeam 0.1.
# 2  Facts of what was struck; rows and digest of every table; the softbeam that made the file.
# 3  Faults in memory and faults that stay: what was struck there, and no thread or instruction;
#    inferences with several faults.
_TABLES_SINCE = _INFERENCES_SINCE = 3

#: The schema of new files: the newest that tables or columns were added in.
SCHEMA = max(
    _TABLES_SINCE, *(max(column.since, column.optional_since) for column in STORED_COLUMNS)
)

#: What tells a row apart, of the tables that grow with a campaign.
KEYS = {
    "injections": ("mode", "model", "stratum", "index"),
    "inferences": ("mode", "model", "load", "index"),
}

#: Tables that are small, and so are checked as a whole whenever a file is opened.
SMALL_TABLES = ("schema_version", "campaign", "sessions", "fault_space", "notes", "facts")

_TYPES = {"int64": "INTEGER", "uint64": "INTEGER", "bool": "INTEGER", "string": "TEXT"}


def stored_columns(schema: int) -> tuple[Column, ...]:
    """Return the columns of injections in files of a schema, in their order."""
    return tuple(column for column in STORED_COLUMNS if column.since <= schema)


@cache
def tables(schema: int) -> dict[str, str]:
    """Return for each table of a schema the statement that makes it, in one line.

    "before" and "after" are uint64 written as the int64 of the same bits, as SQLite has no
    unsigned integers: below 2**63, so for every register, they read as they are.  Floats have no
    declared type, for SQLite would turn 1.0 into an integer and NaN into NULL; a NaN is the blob of
    its eight bytes, little-endian.  "checksum" is that of the row's other values: SQLite itself
    finds damage to its own structure only, and a bit that flips in a value would go unseen.
    """
    made_by = "" if schema == 1 else ", softbeam TEXT NOT NULL"
    found = {
        "schema_version": f"(version INTEGER NOT NULL{made_by})",
        "campaign": "(campaign_id TEXT NOT NULL, specification TEXT NOT NULL)",
        "sessions": "( session INTEGER PRIMARY KEY, softbeam TEXT NOT NULL, "
        "environment TEXT NOT NULL )",
        "fault_space": "( image INTEGER NOT NULL, mode TEXT NOT NULL, layer INTEGER NOT NULL, "
        "kernel TEXT NOT NULL, size INTEGER NOT NULL, checksum INTEGER NOT NULL, "
        "PRIMARY KEY (image, mode, layer, kernel) ) WITHOUT ROWID",
        "notes": "(note INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        "injections": _records("injections", stored_columns(schema), schema),
    }
    if schema > 1:
        found["facts"] = "(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
        found["contents"] = (
            "(name TEXT PRIMARY KEY, rows INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID"
        )
    if schema >= _INFERENCES_SINCE:
        found["inferences"] = _records("inferences", INFERENCE_COLUMNS, schema)
    return {name: f"CREATE TABLE {name} {rest}" for name, rest in found.items()}


def growing(schema: int) -> tuple[str, ...]:
    """Return the tables that grow with a campaign."""
    return tuple(name for name in tables(schema) if name in KEYS)


def _records(table: str, columns: tuple[Column, ...], schema: int) -> str:
    declared = ", ".join(_declared(column, schema) for column in columns)
    key = ", ".join(f'"{name}"' if name == "index" else name for name in KEYS[table])
    return f"( {declared}, checksum INTEGER NOT NULL, PRIMARY KEY ({key}) ) WITHOUT ROWID"


def _declared(column: Column, schema: int) -> str:
    name = '"index"' if column.name == "index" else column.name
    if column.kind == "float64":
        kinds = "'real', 'blob', 'null'" if column.optional_in(schema) else "'real', 'blob'"
        return f"{name} CHECK (typeof({name}) IN ({kinds}))"
    check = ""
    if column.name == "index":
        check = f" CHECK ({name} >= 0)"
    elif column.kind == "bool":
        check = f" CHECK ({name} IN (0, 1))"
    elif column.name == "outcome" and schema == 1:
        check = f" CHECK ({name} IN ({', '.join(map(repr, OUTCOMES[:3]))}))"
    null = "" if column.optional_in(schema) else " NOT NULL"
    return f"{name} {_TYPES[column.kind]}{null}{check}"


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows a table has, and a digest of them that their order does not change.

    The digest is the sum, modulo 2**256, of the SHA-256 of each row (M. Bellare and D. Micciancio,
    "A new paradigm for collision-free hashing", EUROCRYPT 1997, doi:10.1007/3-540-69053-0_13).  So
    rows can be added in any batches and in any order, and the same rows have the same digest.  A
    row that is missing, doubled or changed changes it.  It is no signature: who sets out to forge
    results can compute it too.

    Attributes
    ----------
    rows : int
        How many.
    digest : int
        Of all of them.

    Examples
    --------
    >>> one, other = (1, "fill", 0.5), (2, "copy", None)
    >>> Contents().plus([one, other]) == Contents().plus([other]).plus([one])
    True
    """

    rows: int = 0
    digest: int = 0

    def plus(self, rows: Iterable[tuple[Any, ...]]) -> Contents:
        """Return the contents with more rows."""
        number, digest = self.rows, self.digest
        for row in rows:
            number += 1
            digest += int.from_bytes(hashlib.sha256(repr(row).encode()).digest())
        return Contents(number, digest % (1 << 256))

    @property
    def stored(self) -> tuple[int, str]:
        """The values of the columns ``rows`` and ``digest``."""
        return self.rows, f"{self.digest:064x}"

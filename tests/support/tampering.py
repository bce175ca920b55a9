"""Ways to spoil a results file: its bytes, and what SQL can make of it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

from softbeam.campaign.results.database import Connection
from softbeam.campaign.results.file import FILE_NAME
from support.results import reseal

TABLES = (
    "schema_version",
    "campaign",
    "sessions",
    "fault_space",
    "notes",
    "injections",
    "inferences",
    "facts",
    "contents",
)

#: What a value is replaced with.
ODD: tuple[Any, ...] = (
    *(None, -1, 0, 1, 2, 99, 2**62, -(2**63), 2**63 - 1, 0.5, float("inf"), -0.0),
    *("", "x", "N/A", "'", "\x1b[2J", "\u202e", "26/softmax", "rf", "SDC", "[]", "{}", "null", "5"),
    *('{"a": 5}', '{"a": "b"}', "[" * 5000, '{"a":' * 5000, "é" * 5000, b"", b"\0", b"\xff" * 99),
)

#: Things that no results file has.
FOREIGN = (
    "CREATE TABLE extra (a)",
    "CREATE TABLE 'x\x1b[31m' (a)",
    "CREATE VIEW extra AS SELECT 1",
    "CREATE TRIGGER extra AFTER INSERT ON injections BEGIN DELETE FROM notes; END",
    "CREATE TRIGGER extra AFTER UPDATE ON contents BEGIN DELETE FROM injections; END",
    "CREATE INDEX extra ON injections (kernel)",
    "CREATE INDEX extra ON injections (abs(pc))",
    "CREATE VIRTUAL TABLE extra USING fts5 (a)",
    "CREATE VIRTUAL TABLE extra USING rtree (a, b, c)",
    "ALTER TABLE injections ADD COLUMN extra",
    "ALTER TABLE injections ADD COLUMN extra AS (hex(zeroblob(100000000)))",
    "ALTER TABLE injections RENAME COLUMN pc TO cp",
    "ALTER TABLE notes RENAME TO extra",
    "ANALYZE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 7",
    "PRAGMA application_id = 7",
)

ENDLESS = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, n, n FROM c",
    "SELECT a.pc, b.pc, c.pc FROM was a, was b, was c, was d, was e, was f",
    "SELECT hex(zeroblob(500000000)), 1, 1",
)


def spoil_bytes(data: bytes, random: Random) -> bytes:
    """Return a file with some of its bytes changed."""
    spoilt = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 40))):
        size = max(len(spoilt), 1)
        # Headers, of the file and of pages, more often than what lies behind.
        start = random.choice(
            (
                random.randrange(size),
                random.randrange(min(size, 100)),
                min(random.randrange(0, size, 4096) + random.randrange(16), size - 1),
            )
        )
        end = min(size, start + random.choice((1, 1, 2, 4, 64, 4096)))
        how = random.randrange(8)
        if how < 2 and spoilt:
            spoilt[start] ^= 1 << random.randrange(8)
        elif how == 2:
            spoilt[start:end] = random.randbytes(end - start)
        elif how == 3:
            spoilt[start:end] = random.choice((b"\0", b"\xff", b"\x7f")) * (end - start)
        elif how == 4:
            del spoilt[random.choice((start, end)) :]
        elif how == 5:
            spoilt[start:start] = random.randbytes(random.choice((1, 4096)))
        else:
            # A page in the place of another one.
            one, other = (4096 * random.randrange(size // 4096 + 1) for _ in range(2))
            spoilt[one : one + 4096] = data[other : other + 4096]
    return bytes(spoilt)


def spoil_rows(folder: Path, random: Random) -> str:
    """Change what a results file holds by SQL; return what was done."""
    done = []
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.create_function("chosen", 1, lambda of: random.randrange(of) == 0)
        for _ in range(random.choice((1, 1, 1, 3))):
            statement, values = random.choice(_WAYS)(connection, random)
            with suppress(sqlite3.Error, OverflowError):
                connection.execute(statement, values)
                done.append(f"{statement[:120]} {values!r:.80}")
    return "; ".join(done)


def make_sums_fit(folder: Path) -> None:
    """Make checksums and digests fit what a file holds now, as a forger would."""
    with (
        suppress(sqlite3.Error, OverflowError, ValueError),
        closing(
            sqlite3.connect(folder / FILE_NAME, isolation_level=None, factory=Connection)
        ) as connection,
    ):
        connection.execute("PRAGMA synchronous = OFF")
        connection.bound(folder / FILE_NAME)
        for table in ("injections", "inferences", "fault_space"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            connection.execute(f"DELETE FROM {table}")
            for row in rows:
                fitting = (*row[:-1], zlib.crc32(repr(row[:-1]).encode()))
                places = ", ".join("?" * len(row))
                connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", fitting)
    with suppress(sqlite3.Error, ValueError):
        reseal(folder)


Way = Callable[[sqlite3.Connection, Random], tuple[str, tuple[Any, ...]]]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    with suppress(sqlite3.Error):
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] or ["1"]
    return ["1"]


def _some_rows(random: Random) -> str:
    return random.choice(("1", "chosen(2)", "chosen(9)"))


def _delete(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    return f"DELETE FROM {random.choice(TABLES)} WHERE {_some_rows(random)}", ()


def _update(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    table = random.choice(TABLES)
    column = random.choice(_columns(connection, table))
    statement = f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {_some_rows(random)}'
    return statement, (random.choice(ODD),)


def _exchange(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    table = random.choice(TABLES)
    one, other = (random.choice(_columns(connection, table)) for _ in range(2))
    return f'UPDATE OR IGNORE {table} SET "{one}" = "{other}" WHERE {_some_rows(random)}', ()


def _insert(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    table = random.choice(TABLES)
    values = tuple(random.choice(ODD) for _ in _columns(connection, table))
    return f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values


def _copy(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    index = random.choice((1, 7, 10**6, 2**62))
    names = _columns(connection, "injections")
    chosen = ", ".join(f'"index" + {index}' if one == "index" else f'"{one}"' for one in names)
    return f"INSERT OR IGNORE INTO injections SELECT {chosen} FROM injections", ()


def _drop(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    return f"DROP TABLE {random.choice(TABLES)}", ()


def _foreign(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    return random.choice(FOREIGN), ()


def _view(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    """Put a view in the place of a table: what was there, or what never ends."""
    table = random.choice(TABLES)
    with suppress(sqlite3.Error):
        connection.execute(f"ALTER TABLE {table} RENAME TO was")
    body = random.choice(("SELECT * FROM was", *ENDLESS))
    return f"CREATE VIEW {table} AS {body}", ()


def _rewrite(connection: sqlite3.Connection, random: Random) -> tuple[str, tuple[Any, ...]]:
    """Change the text of the schema itself."""
    connection.execute("PRAGMA writable_schema = ON")
    column, value = random.choice(
        (
            ("sql", "CREATE TABLE x (a, b AS (zeroblob(99999999)))"),
            ("sql", None),
            ("sql", "nonsense"),
            ("sql", 5),
            ("rootpage", 1),
            ("rootpage", 2),
            ("rootpage", 10**6),
            ("rootpage", "x"),
            ("type", "view"),
            ("type", "index"),
            ("type", "nonsense"),
            ("name", "injections"),
            ("tbl_name", "notes"),
            ("name", b"\xff"),
        )
    )
    table = random.choice(TABLES)
    return f"UPDATE sqlite_master SET {column} = ? WHERE name = '{table}'", (value,)


_WAYS: tuple[Way, ...] = (
    *(_delete, _update, _update, _update, _update, _exchange, _insert, _insert, _copy),
    *(_drop, _foreign, _view, _rewrite),
)

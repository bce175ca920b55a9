"""One SQLite file: connecting, transactions, and errors as one sentence that names the file.

The file may come from anyone.  A connection therefore does no more than reading and writing rows:
no view, no trigger, no function of the file's own choice, no more memory than
:data:`LARGEST_VALUE` for a value, and no more steps than a file of its size can need.

What is in the file is in :mod:`softbeam.campaign.results.file`.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from softbeam.errors import ResultsError
from softbeam.text import visible

#: Seconds to wait for a reader or writer of the same file before giving up.
PATIENCE = 60.0

#: Bytes of the largest value and of the largest row: a campaign's facts with all its pictures.
LARGEST_VALUE = 64 << 20

#: Instructions of SQLite's machine between two looks at the budget, and the budget of a call in
#: such stretches: so many for each byte of the file, and for a small file at least so many.
STRETCH, PER_BYTE, AT_LEAST = 10_000, 0.005, 10_000

#: What to do, by the kind of error.
ADVICE = {
    sqlite3.SQLITE_AUTH: "it asks for more than results need; restore a copy",
    sqlite3.SQLITE_BUSY: "another program is using it",
    sqlite3.SQLITE_CANTOPEN: "is its folder writable?",
    sqlite3.SQLITE_CONSTRAINT: "does another campaign write to it at the same time?",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a copy or begin anew",
    sqlite3.SQLITE_FULL: "make room and run the same command again to continue",
    sqlite3.SQLITE_INTERRUPT: "the file is damaged: reading it does not end; restore a copy",
    sqlite3.SQLITE_IOERR: "is the disk full or gone? what was written before is kept",
    sqlite3.SQLITE_NOTADB: "it is not a softbeam results file",
    sqlite3.SQLITE_READONLY: "it, or its folder, is write-protected",
    sqlite3.SQLITE_TOOBIG: "the file is damaged; restore a copy or begin anew",
}

_LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COLUMN: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 4,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 4,
    sqlite3.SQLITE_LIMIT_LENGTH: LARGEST_VALUE,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 500,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_READING = {
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_PRAGMA,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_TRANSACTION,
}
_WRITING = _READING | {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE}
_FUNCTIONS = {"count", "typeof"}
_PRAGMAS = {"application_id", "integrity_check"}


class Connection(sqlite3.Connection):
    """A connection whose calls end: each has a budget of steps, which its file's size sets."""

    _size = 0
    _left = float(AT_LEAST)

    def bound(self, path: Path) -> None:
        """Bound what statements may cost from now on."""
        self._size = path.stat().st_size
        for limit, value in _LIMITS.items():
            self.setlimit(limit, value)
        self.set_progress_handler(self._spend, STRETCH)

    def allow(self, actions: set[int]) -> None:
        """Let statements do these actions of :func:`sqlite3.Connection.set_authorizer` only."""

        def decide(action: int, first: str | None, second: str | None, *_: str | None) -> int:
            allowed = action in actions
            if action == sqlite3.SQLITE_FUNCTION:
                allowed = second in _FUNCTIONS
            elif action == sqlite3.SQLITE_PRAGMA:
                allowed = first in _PRAGMAS
            return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

        self.set_authorizer(decide)

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows that answer a query."""
        with self._budgeted():
            return self.execute(query, values).fetchall()

    def each(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that answer a query, one by one."""
        with self._budgeted():
            yield from self.execute(query)

    def write(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute a statement for each of some rows of values."""
        with self._budgeted():
            self.executemany(statement, rows)

    @contextmanager
    def _budgeted(self) -> Iterator[None]:
        self._left = AT_LEAST + PER_BYTE * self._size
        try:
            yield
        except sqlite3.OperationalError as error:
            # Ctrl-C within the progress handler ends the statement, too.
            interrupted = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
            if interrupted and self._left > 0:
                raise KeyboardInterrupt from None
            raise

    def _spend(self) -> bool:
        self._left -= 1
        return self._left <= 0


def connect(path: Path, *, writing: bool = True) -> Connection:
    """Open a file that is there.

    A rollback journal, not WAL: the results are always this one file, which can be copied, and lie
    on a network drive.

    Parameters
    ----------
    path : Path
        The file.
    writing : bool
        Whether rows may be added; where not, the file stays as it is.
    """
    # Not "ro": after a kill SQLite must first roll the unfinished transaction back.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        factory=Connection,
    )
    try:
        connection.bound(path)
        if sys.version_info >= (3, 12):
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA mmap_size = 0")
        if writing:
            # With EXTRA the file and, when the journal goes, its folder are synced before COMMIT
            # returns, so that a loss of power can neither undo nor damage it; a commit every few
            # hundred injections makes that cheap.
            connection.execute("PRAGMA synchronous = EXTRA")
        else:
            connection.execute("PRAGMA query_only = ON")
        connection.allow(_WRITING if writing else _READING)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do what is within wholly or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has itself rolled back where the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the queries within see one state of the file, whoever writes to it."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the system raise into one sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # Only what SQLite itself said has a code, whose low byte is the kind of error.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = ADVICE.get(kind)
        said = printable(str(error)) + (f" ({advice})" if advice else "")
        raise ResultsError(f"cannot {doing} {path}: {said}") from error
    except UnicodeDecodeError as error:
        raise ResultsError(f"{path} is damaged ({error.reason}); restore a copy of it") from error
    except OSError as error:
        raise ResultsError(f"cannot {doing} {path}: {error.strerror or error}") from error


def printable(text: str) -> str:
    r"""Return what a file says in one short line in which every character can be seen.

    Examples
    --------
    >>> print(printable("no such\n table: \x1b[1m"))
    no such table: \x1b[1m
    """
    return visible(" ".join(text.split())[:300])

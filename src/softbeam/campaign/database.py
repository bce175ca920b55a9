"""One SQLite file: connecting, transactions, and errors as one sentence that names the file.

What is in the file is :mod:`softbeam.campaign.results_file`'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from softbeam.errors import ResultsError

#: Seconds to wait for a reader or writer of the same file before giving up.
PATIENCE = 60.0

#: What to do, by the kind of error.
ADVICE = {
    sqlite3.SQLITE_BUSY: "another program is using it",
    sqlite3.SQLITE_CANTOPEN: "is its folder writable?",
    sqlite3.SQLITE_CONSTRAINT: "does another campaign write to it at the same time?",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a copy or begin anew",
    sqlite3.SQLITE_FULL: "make room and run the same command again to continue",
    sqlite3.SQLITE_IOERR: "is the disk full or gone? what was written before is kept",
    sqlite3.SQLITE_NOTADB: "it is not a softbeam results file",
    sqlite3.SQLITE_READONLY: "it, or its folder, is write-protected",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there, for reading and writing.

    A rollback journal, not WAL: the results are always this one file, which can be copied, and lie
    on a network drive.
    """
    # Not "ro": after a kill SQLite must first roll the unfinished transaction back.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
    )
    try:
        # With EXTRA the file and, when the journal goes, its folder are synced before COMMIT
        # returns, so that a loss of power can neither undo nor damage it; a commit every few
        # hundred injections makes that cheap.
        connection.execute("PRAGMA synchronous = EXTRA")
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
def errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the system raise into one sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # Only what SQLite itself said has a code, whose low byte is the kind of error.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = ADVICE.get(kind)
        said = f"{error} ({advice})" if advice else str(error)
        raise ResultsError(f"cannot {doing} {path}: {said}") from error
    except UnicodeDecodeError as error:
        raise ResultsError(f"{path} is damaged ({error.reason}); restore a copy of it") from error
    except OSError as error:
        raise ResultsError(f"cannot {doing} {path}: {error.strerror or error}") from error

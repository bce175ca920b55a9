"""The results of a campaign: one SQLite file, and the only code that reads and writes it.

A campaign's folder holds ``results.sqlite``; reports are put beside it by others.  The file says
what it is (application id, schema version), what it is of (the campaign's specification), what
computed it (a line for every session that wrote to it) and holds a row for every injection.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from softbeam.campaign.rows import (
    APPLICATION_ID,
    INSERT,
    NEXT,
    SCHEMA,
    DamagedRow,
    checked,
    to_record,
    to_row,
    with_checksum,
)
from softbeam.campaign.specification import (
    RESULTS_SCHEMA,
    CampaignSpecification,
    first_difference,
    merged,
)
from softbeam.errors import CampaignError, ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

FILE_NAME = "results.sqlite"

#: Seconds to wait for a reader or writer of the same file before giving up.
PATIENCE = 60.0


def environment() -> dict[str, str]:
    """Return what computes here, for the record; none of it enters a campaign's id."""
    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }


class Ending(NamedTuple):
    """Where an injection struck and how it ended."""

    layer: int
    kernel: str
    outcome: str
    image: int


class ResultsStore:
    """The results file of one campaign, open; a context manager that closes it.

    One process writes, any number read.  :meth:`append` is atomic and durable: what it returned
    from is still there after a kill or a loss of power, what it did not return from is there
    either wholly or not at all.  Use :meth:`create`, :meth:`open` or :meth:`resume`.

    Attributes
    ----------
    path : Path
        The SQLite file.
    specification : CampaignSpecification
        The campaign whose results it holds.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, specification: CampaignSpecification
    ) -> None:
        self.path = path
        self.specification = specification
        self._connection = connection

    @classmethod
    def create(
        cls,
        folder: Path,
        specification: CampaignSpecification,
        session: Mapping[str, str] | None = None,
    ) -> ResultsStore:
        """Make the results file of a new campaign and open it for writing.

        Parameters
        ----------
        folder : Path
            The campaign's folder; made where it does not exist.
        specification : CampaignSpecification
            The campaign.
        session : mapping of str to str, optional
            What computes; by default :func:`environment`.

        Returns
        -------
        ResultsStore
            An empty store.

        Raises
        ------
        ResultsError
            If there is a results file already, or none can be written.
        """
        path = folder / FILE_NAME
        if path.exists():
            raise ResultsError(f"{path} exists already; continue it or choose another folder")
        # Under its own name the file is complete from the first moment on.
        unfinished = folder / f".{FILE_NAME}.{os.getpid()}.new"
        with _errors(path, "create"):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
                    _initialise(connection, specification)
                os.replace(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
        store = cls.open(folder)
        store._begin_session(session)
        return store

    @classmethod
    def open(cls, folder: Path) -> ResultsStore:
        """Open the results of a campaign, for reading or writing.

        Parameters
        ----------
        folder : Path
            The campaign's folder, or the file itself.

        Returns
        -------
        ResultsStore
            The checked file.

        Raises
        ------
        ResultsError
            If there is none, it is not softbeam's, of another schema version, or damaged.
        """
        path = folder if folder.is_file() else folder / FILE_NAME
        if not path.is_file():
            raise ResultsError(
                f"there are no results in {folder}: no file {FILE_NAME} "
                "(softbeam campaign NETWORK --out FOLDER makes one)"
            )
        with _errors(path, "read"):
            # Not "ro": after a kill SQLite must first roll the unfinished transaction back.
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=PATIENCE,
                isolation_level=None,
            )
            try:
                # A rollback journal, not WAL: the results are always this one file, which can be
                # copied, and lie on a network drive.  With EXTRA the file and, when the journal
                # goes, its folder are synced before COMMIT returns, so that a loss of power can
                # neither undo nor damage it; a commit every few hundred injections makes that
                # cheap.
                connection.execute("PRAGMA synchronous = EXTRA")
                return cls(path, connection, _checked_specification(path, connection))
            except BaseException:
                connection.close()
                raise

    @classmethod
    def resume(
        cls,
        folder: Path,
        specification: CampaignSpecification,
        session: Mapping[str, str] | None = None,
    ) -> ResultsStore:
        """Open a campaign's results to add to them; make them where there are none.

        Parameters
        ----------
        folder, specification, session
            As for :meth:`create`.

        Returns
        -------
        ResultsStore
            The store; its specification also asks for what was asked for before.

        Raises
        ------
        CampaignError
            If the file holds the results of another campaign.
        ResultsError
            As for :meth:`create` and :meth:`open`.
        """
        if not (folder / FILE_NAME).exists():
            return cls.create(folder, specification, session)
        store = cls.open(folder)
        try:
            difference = first_difference(store.specification, specification)
            if difference is not None:
                raise CampaignError(
                    f"{store.path} holds another campaign: its {difference.field} is "
                    f"{difference.first!r}, this one's {difference.second!r}; choose another "
                    "folder for this one, or give the same options to continue that one"
                )
            store._ask(merged(store.specification, specification))
            store._begin_session(session)
        except BaseException:
            store.close()
            raise
        return store

    def append(self, records: Iterable[InjectionRecord]) -> None:
        """Add injections, all or none.

        Parameters
        ----------
        records : iterable of InjectionRecord
            Injections that the store does not hold yet, in any order.

        Raises
        ------
        ResultsError
            If they cannot be written, or the store holds one of them; it is then as before.
        """
        rows = [to_row(record) for record in records]
        with self._transaction("write"):
            self._connection.executemany(INSERT, rows)

    def note(self, text: str) -> None:
        """Add a remark for whoever reads the results."""
        with self._transaction("write"):
            self._connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))

    def notes(self) -> tuple[str, ...]:
        """Return the remarks, oldest first."""
        return tuple(text for (text,) in self._read("SELECT text FROM notes ORDER BY note"))

    def sessions(self) -> tuple[dict[str, str], ...]:
        """Return what computed the results, a mapping for each session, oldest first."""
        rows = self._read("SELECT softbeam, environment FROM sessions ORDER BY session")
        try:
            return tuple({"softbeam": name, **json.loads(facts)} for name, facts in rows)
        except ValueError as error:
            raise ResultsError(
                f"{self.path} is damaged: what computed it cannot be read; restore a copy of it"
            ) from error

    def add_history(self, other: ResultsStore) -> None:
        """Add the sessions and remarks of another store, part of whose results this one holds."""
        sessions = other._read("SELECT softbeam, environment FROM sessions ORDER BY session")
        notes = other._read("SELECT text FROM notes ORDER BY note")
        with self._transaction("write"):
            self._connection.executemany(
                "INSERT INTO sessions (softbeam, environment) VALUES (?, ?)", sessions
            )
            self._connection.executemany("INSERT INTO notes (text) VALUES (?)", notes)

    def done(self, mode: str, model: str, stratum: str = "") -> set[int]:
        """Return the indexes of a stream's injections that the store holds."""
        query = 'SELECT "index" FROM injections WHERE mode = ? AND model = ? AND stratum = ?'
        return {index for (index,) in self._read(query, (mode, model, stratum))}

    def size(self) -> int:
        """Return how many injections the store holds."""
        ((number,),) = self._read("SELECT count(*) FROM injections")
        return int(number)

    def outcomes(self, mode: str, model: str, stratum: str, below: int) -> Counter[Ending]:
        """Return how a stream's first injections ended, by layer, kernel and input."""
        query = (
            "SELECT layer, kernel, outcome, image, count(*) FROM injections WHERE mode = ? "
            'AND model = ? AND stratum = ? AND "index" < ? GROUP BY layer, kernel, outcome, image'
        )
        rows = self._read(query, (mode, model, stratum, below))
        return Counter({Ending(*ending): number for *ending, number in rows})

    def add_fault_space(self, sizes: Iterable[FaultSpaceSize]) -> None:
        """Keep the sizes of the fault spaces that the campaign draws from."""
        with self._transaction("write"):
            self._connection.executemany(
                "INSERT OR REPLACE INTO fault_space VALUES (?, ?, ?, ?, ?, ?)",
                [
                    with_checksum((one.image, one.mode, one.layer, one.kernel, one.size))
                    for one in sizes
                ],
            )

    def fault_space(self) -> tuple[FaultSpaceSize, ...]:
        """Return the sizes of the fault spaces, by image, mode, layer and kernel."""
        rows = self._read(
            "SELECT image, mode, layer, kernel, size, checksum FROM fault_space ORDER BY 1, 2, 3, 4"
        )
        with self._undamaged("fault space"):
            return tuple(FaultSpaceSize(*checked(row)) for row in rows)

    def records(self) -> Iterator[InjectionRecord]:
        """Yield all injections, ordered by mode, model, stratum and index."""
        after = ("", "", "", -1)
        while rows := self._read(NEXT, after):
            for row in rows:
                with self._undamaged("injection"):
                    record = to_record(row)
                after = (record.mode, record.model, record.stratum, record.index)
                yield record

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def discard_if_empty(self) -> None:
        """Close the file and, where it holds no injection, remove it and its empty folder."""
        empty = self.size() == 0
        self.close()
        if empty:
            self.path.unlink(missing_ok=True)
            with suppress(OSError):
                self.path.parent.rmdir()

    def __enter__(self) -> ResultsStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, specification: CampaignSpecification) -> None:
        if specification != self.specification:
            with self._transaction("write"):
                self._connection.execute(
                    "UPDATE campaign SET specification = ?", (specification.to_json(),)
                )
            self.specification = specification

    def _begin_session(self, facts: Mapping[str, str] | None) -> None:
        text = json.dumps(dict(environment() if facts is None else facts))
        with self._transaction("write"):
            self._connection.execute(
                "INSERT INTO sessions (softbeam, environment) VALUES (?, ?)",
                (version("softbeam"), text),
            )

    @contextmanager
    def _undamaged(self, what: str) -> Iterator[None]:
        try:
            yield
        except DamagedRow as error:
            raise ResultsError(
                f"{self.path} is damaged: the row of {what} {error} is not as it was written; "
                "restore a copy of it"
            ) from error

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with _errors(self.path, "read"):
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        with _errors(self.path, doing), _transaction(self._connection):
            yield


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
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
def _errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the system raise into one sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # Only what SQLite itself said has a code, whose low byte is the kind of error.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = _ADVICE.get(kind)
        said = f"{error} ({advice})" if advice else str(error)
        raise ResultsError(f"cannot {doing} {path}: {said}") from error
    except UnicodeDecodeError as error:
        raise ResultsError(f"{path} is damaged ({error.reason}); restore a copy of it") from error
    except OSError as error:
        raise ResultsError(f"cannot {doing} {path}: {error.strerror or error}") from error


_ADVICE = {
    sqlite3.SQLITE_BUSY: "another program is using it",
    sqlite3.SQLITE_CANTOPEN: "is its folder writable?",
    sqlite3.SQLITE_CONSTRAINT: "does another campaign write to it at the same time?",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a copy or begin anew",
    sqlite3.SQLITE_FULL: "make room and run the same command again to continue",
    sqlite3.SQLITE_IOERR: "is the disk full or gone? what was written before is kept",
    sqlite3.SQLITE_NOTADB: "it is not a softbeam results file",
    sqlite3.SQLITE_READONLY: "it, or its folder, is write-protected",
}


def _initialise(connection: sqlite3.Connection, specification: CampaignSpecification) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    with _transaction(connection):
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", (RESULTS_SCHEMA,))
        connection.execute(
            "INSERT INTO campaign VALUES (?, ?)",
            (specification.campaign_id, specification.to_json()),
        )


def _checked_specification(path: Path, connection: sqlite3.Connection) -> CampaignSpecification:
    """Return the specification in a file that has been found whole, and of this version."""
    (application,) = _only_row(path, connection, "PRAGMA application_id")
    if application != APPLICATION_ID:
        raise ResultsError(f"{path} is not a softbeam results file")
    (schema,) = _only_row(path, connection, "SELECT version FROM schema_version")
    if schema != RESULTS_SCHEMA:
        raise ResultsError(
            f"{path} has results schema {schema}, this softbeam reads {RESULTS_SCHEMA}; "
            "use the softbeam that wrote it"
        )
    (found,) = _only_row(path, connection, "PRAGMA integrity_check(1)")
    if found != "ok":
        raise ResultsError(f"{path} is damaged ({' '.join(found.split())}); restore a copy of it")
    campaign_id, text = _only_row(
        path, connection, "SELECT campaign_id, specification FROM campaign"
    )
    try:
        specification = CampaignSpecification.from_json(text)
    except CampaignError as error:
        raise ResultsError(f"{path} cannot be used: {error}") from error
    if specification.campaign_id != campaign_id:
        raise ResultsError(f"{path} was changed: its specification does not have its campaign id")
    return specification


def _only_row(path: Path, connection: sqlite3.Connection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    if row is None:
        raise ResultsError(f"{path} is damaged: nothing answers {query!r}; restore a copy of it")
    return row

"""The results of a campaign: one SQLite file, and the only code that writes to it.

A campaign's folder holds ``results.sqlite``; reports are put beside it by others.  The file holds
the campaign's specification, what computed it (a line for every session that wrote to it), facts
about what was struck, and a row for every injection.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

from softbeam.campaign.results.database import errors, transaction
from softbeam.campaign.results.facts import Facts
from softbeam.campaign.results.file import FILE_NAME, contents_of, make_file, seal, set_contents
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.rows import with_checksum
from softbeam.campaign.results.schema import SCHEMA
from softbeam.campaign.specification import CampaignSpecification, first_difference, merged
from softbeam.errors import CampaignError, ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.files import whole_path
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.record import InjectionRecord

#: Records that are copied at a time from one file to another.
BATCH = 5000


def environment() -> dict[str, str]:
    """Return what computes here, for the record; none of it enters a campaign's id."""
    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }


class ResultsStore(ResultsReader):
    """The results of one campaign, open for reading and writing.

    One process writes, any number read.  :meth:`append` is atomic and durable: what it returned
    from is still there after a kill or a loss of power, what it did not return from is there
    either wholly or not at all.  Use :meth:`create`, :meth:`open` or :meth:`resume`.

    Attributes
    ----------
    former : Path or None
        Where the file of an older schema is kept whose results were copied to be continued.
    """

    _writing = True
    former: Path | None = None

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
        return cls.create_file(folder / FILE_NAME, specification, session)

    @classmethod
    def create_file(
        cls,
        path: Path,
        specification: CampaignSpecification,
        session: Mapping[str, str] | None = None,
    ) -> ResultsStore:
        """Do as :meth:`create` does, for a file of any name."""
        make_file(path, specification)
        store = cls.open(path)
        store._begin_session(session)
        return store

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open results to add to them.

        Raises
        ------
        ResultsError
            As for :meth:`ResultsReader.open`, or if the file is of an older schema:
            :meth:`resume` continues it.
        """
        store = super().open(folder)
        if store.schema != SCHEMA:
            store.close()
            raise ResultsError(
                f"{store.path} has results schema {store.schema}; it can be read, and continued by "
                "the command that made it, but not changed"
            )
        return store

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
            The store; its specification also asks for what was asked for before.  A file of an
            older schema is copied into one of this schema, and kept beside it.

        Raises
        ------
        CampaignError
            If the file holds the results of another campaign.
        ResultsError
            As for :meth:`create` and :meth:`open`.
        """
        if not (folder / FILE_NAME).exists():
            return cls.create(folder, specification, session)
        with ResultsReader.open(folder) as held:
            difference = first_difference(held.specification, specification)
            if difference is not None:
                was, wanted = difference.values
                raise CampaignError(
                    f"{held.path} holds another campaign: its {difference.named} is "
                    f"{was}, this one's {wanted}; choose another "
                    "folder for this one, or give the same options to continue that one"
                )
            # Whoever continues believes what is there, so it is looked at, row by row.
            for _ in chain(held.records(), held.inferences()):
                pass
            former = None if held.schema == SCHEMA else cls._renew(held)
        store = cls.open(folder)
        store.former = former
        try:
            store._ask(merged(store.specification, specification))
            store._begin_session(session)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def _renew(cls, held: ResultsReader) -> Path:
        """Put a copy in this schema in the place of a file; return where that is kept."""
        path = held.path
        former = path.with_name(f"{path.stem}.schema-{held.schema}{path.suffix}")
        if former.exists():
            raise ResultsError(f"{former} is in the way of the file that is kept; move it away")
        with errors(path, "copy"), whole_path(path) as unfinished:
            make_file(unfinished, held.specification)
            with cls.open(unfinished) as copy:
                copy.add_fault_space(held.fault_space())
                copy.add_history(held)
                copy.keep_facts(held.facts())
                copy.add_all(held.records(), held.inferences())
                copied = copy.size()
                copy.note(
                    f"copied from a file of results schema {held.schema}, kept as {former.name}"
                )
            if held.size() != copied:
                raise ResultsError(f"another program writes to {path}; wait until it is done")
            with whole_path(former) as kept:
                shutil.copyfile(path, kept)
        return former

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
        rows = [self._format.to_row(record) for record in records]
        self._append("injections", self._format.insert, rows)

    def append_inferences(self, records: Iterable[InferenceRecord]) -> None:
        """Add inferences with several faults; as :meth:`append`."""
        rows = [self._inferences.to_row(record) for record in records]
        self._append("inferences", self._inferences.insert, rows)

    def _append(self, table: str, insert: str, rows: list[tuple[Any, ...]]) -> None:
        with self._transaction("write"):
            self._connection.write(insert, rows)
            held = contents_of(self._connection, table)
            set_contents(self._connection, table, held.plus(rows))

    def add_all(
        self, records: Iterator[InjectionRecord], inferences: Iterator[InferenceRecord]
    ) -> None:
        """Add injections and inferences in several batches, each all or none."""
        while batch := list(islice(records, BATCH)):
            self.append(batch)
        while some := list(islice(inferences, BATCH)):
            self.append_inferences(some)

    def note(self, text: str) -> None:
        """Add a remark for whoever reads the results."""
        with self._changing("notes"):
            self._connection.write("INSERT INTO notes (text) VALUES (?)", [(text,)])

    def add_history(self, other: ResultsReader) -> None:
        """Add the sessions and remarks of another store, part of whose results this one holds."""
        sessions = other._read("SELECT softbeam, environment FROM sessions ORDER BY session")
        notes = other._read("SELECT text FROM notes ORDER BY note")
        with self._changing("sessions", "notes"):
            self._connection.write(
                "INSERT INTO sessions (softbeam, environment) VALUES (?, ?)", sessions
            )
            self._connection.write("INSERT INTO notes (text) VALUES (?)", notes)

    def add_fault_space(self, sizes: Iterable[FaultSpaceSize]) -> None:
        """Keep the sizes of the fault spaces that the campaign draws from."""
        with self._changing("fault_space"):
            self._connection.write(
                "INSERT OR REPLACE INTO fault_space VALUES (?, ?, ?, ?, ?, ?)",
                [
                    with_checksum((one.image, one.mode, one.layer, one.kernel, one.size))
                    for one in sizes
                ],
            )

    def keep_facts(self, facts: Facts) -> None:
        """Keep what is known of what is struck, in the place of what was known before."""
        with self._changing("facts"):
            self._connection.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.rows())

    def discard_if_empty(self) -> None:
        """Close the file and, where it holds no injection, remove it and its empty folder."""
        empty = self.size() == 0
        self.close()
        if empty:
            self.path.unlink(missing_ok=True)
            with suppress(OSError):
                self.path.parent.rmdir()

    def _ask(self, specification: CampaignSpecification) -> None:
        if specification != self.specification:
            with self._changing("campaign"):
                self._connection.write(
                    "UPDATE campaign SET specification = ?", [(specification.to_json(),)]
                )
            self.specification = specification

    def _begin_session(self, facts: Mapping[str, str] | None) -> None:
        text = json.dumps(dict(environment() if facts is None else facts))
        with self._changing("sessions"):
            self._connection.write(
                "INSERT INTO sessions (softbeam, environment) VALUES (?, ?)",
                [(version("softbeam"), text)],
            )

    @contextmanager
    def _changing(self, *tables: str) -> Iterator[None]:
        """Change small tables, wholly or not at all."""
        with self._transaction("write"):
            yield
            for table in tables:
                seal(self._connection, table)

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        with errors(self.path, doing), transaction(self._connection):
            yield

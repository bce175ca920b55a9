"""The results of a campaign: one SQLite file, and the only code that writes to it.

A campaign's folder holds ``results.sqlite``; reports are put beside it by others.  The file holds
the campaign's specification, what computed it (a line for every session that wrote to it) and a row
for every injection.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from softbeam.campaign.database import errors, transaction
from softbeam.campaign.reading import ResultsReader
from softbeam.campaign.results_file import FILE_NAME, make_file
from softbeam.campaign.rows import INSERT, to_row, with_checksum
from softbeam.campaign.specification import CampaignSpecification, first_difference, merged
from softbeam.errors import CampaignError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord


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
    """

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
        make_file(folder / FILE_NAME, specification)
        store = cls.open(folder)
        store._begin_session(session)
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
                held, wanted = difference.values
                raise CampaignError(
                    f"{store.path} holds another campaign: its {difference.named} is "
                    f"{held}, this one's {wanted}; choose another "
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

    def add_history(self, other: ResultsReader) -> None:
        """Add the sessions and remarks of another store, part of whose results this one holds."""
        sessions = other._read("SELECT softbeam, environment FROM sessions ORDER BY session")
        notes = other._read("SELECT text FROM notes ORDER BY note")
        with self._transaction("write"):
            self._connection.executemany(
                "INSERT INTO sessions (softbeam, environment) VALUES (?, ?)", sessions
            )
            self._connection.executemany("INSERT INTO notes (text) VALUES (?)", notes)

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
    def _transaction(self, doing: str) -> Iterator[None]:
        with errors(self.path, doing), transaction(self._connection):
            yield

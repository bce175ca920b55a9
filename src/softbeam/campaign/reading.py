"""Reading a campaign's results: injections, fault spaces, remarks, what computed them.

How they are written is :mod:`softbeam.campaign.store`'s.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from softbeam.campaign.database import errors
from softbeam.campaign.results_file import FILE_NAME, open_file
from softbeam.campaign.rows import NEXT, DamagedRow, checked, to_record
from softbeam.campaign.specification import CampaignSpecification
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord


class Ending(NamedTuple):
    """Where an injection struck and how it ended."""

    layer: int
    kernel: str
    outcome: str
    image: int


class ResultsReader:
    """The results of one campaign, open for reading; a context manager that closes the file.

    Any number of processes read while one writes.

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
    def open(cls, folder: Path) -> Self:
        """Open the results of a campaign.

        Parameters
        ----------
        folder : Path
            The campaign's folder, or the file itself.

        Returns
        -------
        ResultsReader
            Of the class that was asked, over the checked file.

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
        connection, specification = open_file(path)
        return cls(path, connection, specification)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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
        with errors(self.path, "read"):
            return self._connection.execute(query, values).fetchall()

"""Reading a campaign's results: injections, fault spaces, remarks, what computed them.

How they are written is in :mod:`softbeam.campaign.results.store`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from softbeam.campaign.results.database import errors, printable
from softbeam.campaign.results.facts import Facts, facts_beside
from softbeam.campaign.results.file import FILE_NAME, OpenFile, contents_of, open_file
from softbeam.campaign.results.rows import (
    DamagedRow,
    Record,
    RowFormat,
    inference_format,
    row_format,
    to_size,
)
from softbeam.campaign.results.schema import Contents, growing
from softbeam.campaign.specification import CampaignSpecification
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.record import InjectionRecord

_LOG = logging.getLogger(__name__)

#: What a session says of itself.
_SESSION = TypeAdapter(dict[str, str])


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
    schema : int
        The version of the file's tables, this softbeam's or an older one.
    """

    #: Whether the file is opened for writing.
    _writing = False

    def __init__(self, path: Path, file: OpenFile) -> None:
        self.path = path
        self.specification: CampaignSpecification = file.specification
        self.schema = file.schema
        self._connection = file.connection
        own = file.specification.judge_sha256 is not None
        self._format = row_format(file.schema, own)
        self._inferences = inference_format(file.schema, own)

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
            If there is none, it is not softbeam's, of a newer schema, or damaged.
        """
        path = folder if folder.is_file() else folder / FILE_NAME
        if not path.is_file():
            raise ResultsError(
                f"there are no results in {folder}: no file {FILE_NAME} "
                "(softbeam campaign NETWORK --out FOLDER makes one)"
            )
        reader = cls(path, open_file(path, writing=cls._writing))
        _LOG.debug(
            "opened %s: results schema %d, campaign %s",
            path,
            reader.schema,
            reader.specification.campaign_id[:12],
        )
        return reader

    def notes(self) -> tuple[str, ...]:
        """Return the remarks, oldest first."""
        return tuple(str(text) for (text,) in self._read("SELECT text FROM notes ORDER BY note"))

    def sessions(self) -> tuple[dict[str, str], ...]:
        """Return what computed the results, a mapping for each session, oldest first."""
        rows = self._read("SELECT softbeam, environment FROM sessions ORDER BY session")
        try:
            return tuple(
                {"softbeam": str(name), **_SESSION.validate_json(facts)} for name, facts in rows
            )
        except ValidationError as error:
            raise self._damage("what computed it cannot be read") from error

    def facts(self) -> Facts:
        """Return what is known of what was struck; little, of a file of schema 1."""
        if self.schema == 1:
            return facts_beside(self.path.parent)
        try:
            return Facts.of_rows(self._read("SELECT name, value FROM facts"))
        except ValueError as error:
            raise self._damage(str(error)) from error

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
            return tuple(map(to_size, rows))

    def records(self) -> Iterator[InjectionRecord]:
        """Yield all injections, ordered by mode, model, stratum and index.

        Raises
        ------
        ResultsError
            If one of them, or their whole, is not as it was written.
        """
        places = self._places()
        for record in self._all(self._format, "injections"):
            if places and (record.mode, record.layer, record.kernel) not in places:
                raise self._damage(
                    f"an injection strikes {record.kernel} in layer {record.layer}, where its "
                    "fault space has no place"
                )
            yield record

    def inferences(self) -> Iterator[InferenceRecord]:
        """Yield all inferences with several faults, ordered by mode, model, load and index.

        Raises
        ------
        ResultsError
            As of :meth:`records`.
        """
        if "inferences" in growing(self.schema):
            yield from self._all(self._inferences, "inferences")

    def done_inferences(self, mode: str, model: str, load: str) -> set[int]:
        """Return the indexes of the inferences of a load that the store holds."""
        query = 'SELECT "index" FROM inferences WHERE mode = ? AND model = ? AND load = ?'
        return {index for (index,) in self._read(query, (mode, model, load))}

    def _all(self, kept: RowFormat[Record], table: str) -> Iterator[Record]:
        before, found, after = self._contents(table), Contents(), kept.first
        while rows := self._read(kept.following, after):
            found = found.plus(rows)
            for row in rows:
                with self._undamaged(table.removesuffix("s")):
                    record = kept.to_record(row)
                after = kept.key(record)
                yield record
        # Where another process adds rows meanwhile, nobody can say which of them must be here.
        if before is not None and found != before and self._contents(table) == before:
            raise self._damage(f"{table} are missing, added or changed")

    def _places(self) -> set[tuple[str, int, str]]:
        """Return mode, layer and kernel of every stratum; none where nothing is stratified."""
        if self.specification.sampling != "stratified":
            return set()
        return {(one.mode, one.layer, one.kernel) for one in self.fault_space()}

    def _contents(self, table: str) -> Contents | None:
        """Return what the file says that a table holds."""
        if self.schema == 1:
            return None
        try:
            with errors(self.path, "read"):
                return contents_of(self._connection, table)
        except ValueError as error:
            raise self._damage(str(error)) from error

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

    def _damage(self, how: str) -> ResultsError:
        return ResultsError(f"{self.path} is damaged: {printable(how)}; restore a copy of it")

    @contextmanager
    def _undamaged(self, what: str) -> Iterator[None]:
        try:
            yield
        except DamagedRow as error:
            raise self._damage(f"the row of {what} {error} is not as it was written") from error

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with errors(self.path, "read"):
            return self._connection.rows(query, values)

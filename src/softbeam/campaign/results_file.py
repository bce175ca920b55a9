"""The file that holds a campaign's results: what makes it one, and whether it is whole.

It says what it is (application id, schema version) and what it is of (the campaign's
specification); its columns are :mod:`softbeam.campaign.rows`'.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from softbeam.campaign.database import connect, errors, transaction
from softbeam.campaign.rows import APPLICATION_ID, SCHEMA
from softbeam.campaign.specification import RESULTS_SCHEMA, CampaignSpecification
from softbeam.errors import CampaignError, ResultsError

#: Its name in the campaign's folder.
FILE_NAME = "results.sqlite"


def make_file(path: Path, specification: CampaignSpecification) -> None:
    """Make the results file of a campaign; under its name it is complete from the first moment on.

    Raises
    ------
    ResultsError
        If there is one already, or none can be written.
    """
    if path.exists():
        raise ResultsError(f"{path} exists already; continue it or choose another folder")
    unfinished = path.with_name(f".{FILE_NAME}.{os.getpid()}.new")
    with errors(path, "create"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
                _initialise(connection, specification)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def open_file(path: Path) -> tuple[sqlite3.Connection, CampaignSpecification]:
    """Open a results file that is whole and of this version.

    Returns
    -------
    connection : sqlite3.Connection
        For reading and writing.
    specification : CampaignSpecification
        The campaign.

    Raises
    ------
    ResultsError
        If it is not softbeam's, of another schema version, or damaged.
    """
    with errors(path, "read"):
        connection = connect(path)
        try:
            return connection, _checked_specification(path, connection)
        except BaseException:
            connection.close()
            raise


def _initialise(connection: sqlite3.Connection, specification: CampaignSpecification) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    with transaction(connection):
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

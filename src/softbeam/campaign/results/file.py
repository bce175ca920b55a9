"""The file that holds a campaign's results: what makes it one, and whether it is whole.

It says what it is (application id, schema version) and what it is of (the campaign's
specification); its tables are in :mod:`softbeam.campaign.results.schema`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from softbeam.campaign.results.database import (
    Connection,
    connect,
    errors,
    printable,
    snapshot,
    transaction,
)
from softbeam.campaign.results.schema import (
    APPLICATION_ID,
    SCHEMA,
    SMALL_TABLES,
    Contents,
    growing,
    tables,
)
from softbeam.campaign.specification import CampaignSpecification
from softbeam.errors import CampaignError, ResultsError
from softbeam.files import whole_path

#: Its name in the campaign's folder.
FILE_NAME = "results.sqlite"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A results file that was found whole.

    Attributes
    ----------
    connection : Connection
        To its contents.
    specification : CampaignSpecification
        The campaign.
    schema : int
        The version of its tables, this softbeam's or an older one.
    """

    connection: Connection
    specification: CampaignSpecification
    schema: int


def make_file(path: Path, specification: CampaignSpecification) -> None:
    """Make the results file of a campaign; under its name it is complete from the first moment on.

    Raises
    ------
    ResultsError
        If there is one already, or none can be written.
    """
    if path.exists():
        raise ResultsError(f"{path} exists already; continue it or choose another folder")
    with errors(path, "create"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            whole_path(path) as unfinished,
            closing(
                sqlite3.connect(unfinished, isolation_level=None, factory=Connection)
            ) as connection,
        ):
            _initialise(connection, specification)


def open_file(path: Path, *, writing: bool) -> OpenFile:
    """Open a results file that is whole, of this schema or an older one.

    Raises
    ------
    ResultsError
        If it is not softbeam's, of a newer schema, or damaged.
    """
    with errors(path, "read"):
        connection = connect(path, writing=writing)
        try:
            with snapshot(connection):
                schema = _checked_schema(path, connection)
                specification = _checked_specification(path, connection)
                if schema > 1:
                    _check_contents(path, connection, schema)
                return OpenFile(connection, specification, schema)
        except BaseException:
            connection.close()
            raise


def contents_of(connection: Connection, table: str) -> Contents:
    """Return what a file says that a table holds.

    Raises
    ------
    ValueError
        If it says nothing, or nonsense.
    """
    found = connection.rows("SELECT rows, digest FROM contents WHERE name = ?", (table,))
    if not found or type(found[0][0]) is not int or not isinstance(found[0][1], str):
        raise ValueError(f"what {table} holds is not said")
    return Contents(found[0][0], int(found[0][1], 16))


def seal(connection: Connection, table: str) -> None:
    """Write down what a small table holds, after a change of it."""
    held = Contents().plus(connection.each(f"SELECT * FROM {table}"))
    set_contents(connection, table, held)


def set_contents(connection: Connection, table: str, held: Contents) -> None:
    """Write down what a table holds."""
    connection.write(
        "UPDATE contents SET rows = ?, digest = ? WHERE name = ?", [(*held.stored, table)]
    )


def _initialise(connection: Connection, specification: CampaignSpecification) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    with transaction(connection):
        for statement in tables(SCHEMA).values():
            connection.execute(statement)
        connection.execute(
            "INSERT INTO schema_version VALUES (?, ?)", (SCHEMA, version("softbeam"))
        )
        connection.execute(
            "INSERT INTO campaign VALUES (?, ?)",
            (specification.campaign_id, specification.to_json()),
        )
        nothing = Contents().stored
        connection.write(
            "INSERT INTO contents VALUES (?, ?, ?)",
            [(name, *nothing) for name in (*SMALL_TABLES, *growing(SCHEMA))],
        )
        for name in ("schema_version", "campaign"):
            seal(connection, name)


def _damaged(path: Path, how: str) -> ResultsError:
    return ResultsError(f"{path} is damaged: {how}; restore a copy of it")


def _checked_schema(path: Path, connection: Connection) -> int:
    """Return the version of the schema of a file whose tables, and their pages, are whole."""
    (application,) = _only_row(path, connection, "PRAGMA application_id")
    if application != APPLICATION_ID:
        raise ResultsError(f"{path} is not a softbeam results file")
    found: dict[str, str] = {}
    for kind, name, statement in connection.rows("SELECT type, name, sql FROM sqlite_master"):
        # Nothing of the file's own may run: a view or trigger could stand for anything.
        if kind != "table":
            raise _damaged(path, f"it holds {_article(kind)} {printable(repr(name))}")
        found[str(name)] = " ".join(str(statement).split())
    schema = _schema_version(path, connection, found)
    expected = tables(schema)
    for name in found.keys() - expected.keys():
        raise _damaged(path, f"it holds a table {printable(repr(name))}, which is not softbeam's")
    for name, statement in expected.items():
        if name not in found:
            raise _damaged(path, f"it lacks the table {name}")
        if found[name] != statement:
            raise _damaged(path, f"its table {name} is not as softbeam makes it")
    (whole,) = _only_row(path, connection, "PRAGMA integrity_check(1)")
    if whole != "ok":
        raise _damaged(path, printable(str(whole)))
    return schema


def _article(kind: object) -> str:
    return f"{'an' if kind == 'index' else 'a'} {printable(str(kind))}"


def _schema_version(path: Path, connection: Connection, found: Mapping[str, str]) -> int:
    if "schema_version" not in found:
        raise _damaged(path, "it lacks the table schema_version")
    schema, *made_by = _only_row(path, connection, "SELECT * FROM schema_version")
    if type(schema) is not int or schema < 1:
        raise _damaged(path, "the version of its schema is none")
    if schema > SCHEMA:
        who = printable(str(made_by[0])) if made_by else "a newer softbeam"
        reads = f"softbeam {who}" if made_by else who
        raise ResultsError(
            f"{path} has results schema {schema}, which {reads} and later read; this is softbeam "
            f"{version('softbeam')}, which reads up to schema {SCHEMA}; install that one"
        )
    return schema


def _check_contents(path: Path, connection: Connection, schema: int) -> None:
    """Raise unless every row is there that was written, and no other.

    Of injections, and inferences, only the number is looked at; whoever reads them all looks at
    each.
    """
    try:
        for name in SMALL_TABLES:
            held = Contents().plus(connection.each(f"SELECT * FROM {name}"))
            if held != contents_of(connection, name):
                raise _damaged(path, f"rows of its table {name} are missing, added or changed")
        wanted = {name: contents_of(connection, name).rows for name in growing(schema)}
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    for name, number in wanted.items():
        (rows,) = _only_row(path, connection, f"SELECT count(*) FROM {name}")
        if rows != number:
            raise _damaged(path, f"{number:,} {name} were written, but it holds {rows:,}")


def _checked_specification(path: Path, connection: Connection) -> CampaignSpecification:
    """Return the specification in a file that has been found whole."""
    campaign_id, text = _only_row(
        path, connection, "SELECT campaign_id, specification FROM campaign"
    )
    if not isinstance(text, str):
        raise _damaged(path, "its specification is no text")
    try:
        specification = CampaignSpecification.from_json(text)
    except CampaignError as error:
        raise ResultsError(f"{path} cannot be used: {printable(str(error))}") from error
    if specification.campaign_id != campaign_id:
        raise ResultsError(f"{path} was changed: its specification does not have its campaign id")
    return specification


def _only_row(path: Path, connection: Connection, query: str) -> tuple[Any, ...]:
    rows = connection.rows(query)
    if len(rows) != 1:
        raise _damaged(path, f"{len(rows) or 'nothing'} answers {query!r}")
    return rows[0]

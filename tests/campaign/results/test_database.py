"""Connections, transactions and errors of one SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from softbeam.campaign.results import database
from softbeam.campaign.results.database import connect, errors, transaction
from softbeam.errors import ResultsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with one table of one number."""
    path = tmp_path / "numbers.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1);")
    return path


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [number for (number,) in connection.execute("SELECT a FROM t ORDER BY a")]


def add_and_fail(connection: sqlite3.Connection, error: type[BaseException]) -> None:
    with transaction(connection):
        connection.execute("INSERT INTO t VALUES (3)")
        raise error


def test_only_a_file_that_is_there_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="is its folder writable"), errors(tmp_path, "read"):
        connect(tmp_path / "nothing.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_commits_are_synced_to_the_disk(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.set_authorizer(None)
        # 3 is EXTRA.
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_transaction_is_done_wholly_or_not_at_all(path: Path, error: type[BaseException]) -> None:
    with closing(connect(path)) as connection:
        with transaction(connection):
            connection.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(error):
            add_and_fail(connection, error)
        assert numbers(connection) == [1, 2]
        # The next one is as good as any.
        with transaction(connection):
            connection.execute("INSERT INTO t VALUES (4)")
    with closing(connect(path)) as connection:
        assert numbers(connection) == [1, 2, 4]


def test_an_error_is_one_sentence_with_the_file_and_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    with closing(connect(path)) as first, closing(connect(path)) as second:
        with (
            transaction(first),
            pytest.raises(ResultsError) as caught,
            errors(path, "write"),
            transaction(second),
        ):
            raise AssertionError("nothing is done while another writes")
        assert str(caught.value) == (
            f"cannot write {path}: database is locked (another program is using it)"
        )
        with pytest.raises(ResultsError) as caught, errors(path, "write"), transaction(first):
            first.execute("INSERT INTO t VALUES (1)")
        assert str(caught.value) == (
            f"cannot write {path}: UNIQUE constraint failed: t.a "
            "(does another campaign write to it at the same time?)"
        )
    with pytest.raises(ResultsError, match=r"cannot read .*: Is a directory"), errors(path, "read"):
        raise IsADirectoryError(21, "Is a directory")
    with pytest.raises(ResultsError, match=r"is damaged .*restore a copy"), errors(path, "read"):
        b"\xff".decode()

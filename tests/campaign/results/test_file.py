"""What makes a file one of results, and what of it is found out when it is spoilt."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from support.results import SPECIFICATION, execute

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.store import ResultsStore
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]


def test_folder_holds_the_file_and_nothing_else(hundred: Path) -> None:
    assert [path.name for path in hundred.iterdir()] == [FILE_NAME]


def test_path_may_hold_any_character(tmp_path: Path) -> None:
    with ResultsStore.create(tmp_path / "50% of 2? #1 ü", SPECIFICATION) as store:
        assert store.path.is_file()


def test_results_are_not_overwritten(hundred: Path) -> None:
    with pytest.raises(ResultsError, match="exists already"):
        ResultsStore.create(hundred, SPECIFICATION)


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, b"SQLite format 3\0" * 64])
def test_what_is_no_results_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ResultsError, match=FILE_NAME):
        ResultsStore.open(tmp_path)


def test_other_database_is_not_results(tmp_path: Path) -> None:
    execute(tmp_path, "CREATE TABLE t (a)")
    with pytest.raises(ResultsError, match="not a softbeam results file"):
        ResultsStore.open(tmp_path)


def test_other_schema_version_is_named(hundred: Path) -> None:
    execute(hundred, "UPDATE schema_version SET version = 99")
    with pytest.raises(ResultsError, match="schema 99"):
        ResultsStore.open(hundred)


@pytest.mark.parametrize("table", ["schema_version", "campaign"])
@pytest.mark.parametrize("action", ["DELETE FROM", "DROP TABLE"])
def test_file_without_its_facts_is_damaged(hundred: Path, table: str, action: str) -> None:
    execute(hundred, f"{action} {table}")
    with pytest.raises(ResultsError, match=FILE_NAME):
        ResultsStore.open(hundred)


def test_truncated_file_is_damaged(hundred: Path) -> None:
    path = hundred / FILE_NAME
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(ResultsError, match=FILE_NAME):
        ResultsStore.open(hundred)


def test_overwritten_page_is_damaged(hundred: Path) -> None:
    path = hundred / FILE_NAME
    with path.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xa5" * 4096)
    with pytest.raises(ResultsError, match=FILE_NAME):
        ResultsStore.open(hundred)


def test_changed_specification_is_noticed(hundred: Path) -> None:
    execute(
        hundred,
        "UPDATE campaign SET specification = replace(specification, '\"seed\": 1', '\"seed\": 2')",
    )
    with pytest.raises(ResultsError, match="was changed"):
        ResultsStore.open(hundred)


def test_invalid_specification_is_named(hundred: Path) -> None:
    execute(hundred, "UPDATE campaign SET specification = '{}'")
    with pytest.raises(ResultsError, match="network"):
        ResultsStore.open(hundred)


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="file"):
        ResultsStore.create(tmp_path / "file", SPECIFICATION)
    with pytest.raises(ResultsError, match="file"):
        ResultsStore.create(tmp_path / "file" / "run", SPECIFICATION)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ResultsError, match="results"):
            ResultsStore.create(tmp_path, SPECIFICATION)
        assert list(tmp_path.iterdir()) == []
    finally:
        tmp_path.chmod(0o700)


def test_unfinished_transaction_is_rolled_back(hundred: Path, tmp_path: Path) -> None:
    """A copy taken in the middle of a transaction is what a loss of power leaves behind."""
    connection = sqlite3.connect(hundred / FILE_NAME, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE injections SET kernel = printf('%.3000c', 'x')")
    copy = tmp_path / "copy"
    shutil.copytree(hundred, copy)
    assert {path.name for path in copy.iterdir()} == {FILE_NAME, f"{FILE_NAME}-journal"}
    connection.execute("ROLLBACK")
    connection.close()
    with ResultsStore.open(copy) as store:
        assert {record.kernel for record in store.records()} == {"im2col"}
        assert len(list(store.records())) == 100


def test_any_flipped_bit_is_found_or_harmless(hundred: Path, make_record: MakeRecord) -> None:
    path = hundred / "new" / FILE_NAME
    records = [make_record(index=n, pc=16 * n, largest_change=n / 7) for n in range(60)]
    sizes = (FaultSpaceSize(0, "rf", 0, "im2col", 12345), FaultSpaceSize(0, "rf", 1, "fill", 99))
    with ResultsStore.create(hundred / "new", SPECIFICATION) as store:
        store.append(records)
        store.add_fault_space(sizes)
    whole = path.read_bytes()
    random, found = Random(4), Counter[str]()
    for _ in range(150):
        broken = bytearray(whole)
        broken[random.randrange(len(whole))] ^= 1 << random.randrange(8)
        path.write_bytes(broken)
        try:
            with ResultsStore.open(path) as store:
                same = list(store.records()) == records and store.fault_space() == sizes
        except ResultsError as error:
            found["refused"] += str(path) in str(error)
        else:
            # Free room, or what merely says who computed.
            assert same
            found["harmless"] += 1
    assert sum(found.values()) == 150
    assert min(found.values()) > 10

"""Which tables a results file has, by the version of its schema; none changes in silence."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.results import SPECIFICATION

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.schema import SCHEMA, SMALL_TABLES, Contents, stored_columns, tables
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import RESULTS_SCHEMA

#: Folders with results of schema 1.
OLDER = sorted((Path(__file__).parent / "schema_1").glob("*/"))

#: SHA-256 of what :func:`said` says of the columns of each schema.
#:
#: When this fails and a column was added: give it ``since``, the next schema, and a line here.
#: When a column was renamed, or means something else: that is another column; results that were
#: made before would lie.  When its words were only made clearer: put the new digest here.
COLUMNS = {
    1: "52bf99d3154e04ff2caf22a643ceb4ce32f4295f43cdbb7d23171c3af66413e6",
    2: "52bf99d3154e04ff2caf22a643ceb4ce32f4295f43cdbb7d23171c3af66413e6",
    3: "7b9c7a593959f2624a3b75fc5260df7fe3882d6785834dd9f4f1f7f999fb04de",
}


def said(schema: int) -> str:
    """Return names, types, units and meanings of the columns of a schema."""
    absent = {True: " or nothing", False: ""}
    return "\n".join(
        f"{one.name}: {one.kind}{absent[one.optional_in(schema)]}, {one.unit}, {one.meaning}"
        for one in stored_columns(schema)
    )


def test_columns_keep_their_names_types_and_meanings() -> None:
    found = {n: hashlib.sha256(said(n).encode()).hexdigest() for n in range(1, SCHEMA + 1)}
    assert found == COLUMNS


def statements(folder: Path) -> dict[str, str]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows}


@pytest.mark.parametrize("folder", OLDER, ids=lambda one: one.name)
def test_tables_of_schema_1_are_those_of_its_files(folder: Path) -> None:
    assert statements(folder) == tables(1)


def test_tables_of_new_files(tmp_path: Path) -> None:
    ResultsStore.create(tmp_path, SPECIFICATION).close()
    assert statements(tmp_path) == tables(SCHEMA)
    assert {*SMALL_TABLES, "injections", "inferences", "contents"} == set(tables(SCHEMA))


def test_the_schema_of_the_file_is_not_in_the_campaigns_id() -> None:
    assert SCHEMA > RESULTS_SCHEMA == SPECIFICATION.results_schema == 1
    assert SPECIFICATION.campaign_id == (
        "531b3f17f5d4f7219a9bd4aae9b8701f9a8d4212ef8296f290da0f0dbebaf41b"
    )


rows = st.lists(st.tuples(st.integers(), st.text(), st.none() | st.floats()), max_size=8)


@given(rows=rows, cut=st.integers(0, 8), seed=st.integers())
def test_contents_do_not_depend_on_order_or_batches(
    rows: list[tuple[object, ...]], cut: int, seed: int
) -> None:
    shuffled = list(rows)
    Random(seed).shuffle(shuffled)
    whole = Contents().plus(rows)
    assert whole.rows == len(rows)
    assert Contents().plus(shuffled[:cut]).plus(shuffled[cut:]) == whole
    if rows:
        # One missing, one doubled, one changed.
        assert Contents().plus(rows[1:]).digest != whole.digest
        assert Contents().plus([*rows, rows[0]]).digest != whole.digest
        assert Contents().plus([*rows[1:], (*rows[0], 0)]).digest != whole.digest

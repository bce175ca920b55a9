from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from softbeam.campaign.rows import INSERT, SCHEMA, DamagedRow, to_record, to_row
from softbeam.campaign.specification import RESULTS_SCHEMA
from softbeam.injection.outcomes import DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]


@pytest.fixture
def connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return connection


def test_columns_are_the_fields_of_a_record(connection: sqlite3.Connection) -> None:
    columns = connection.execute("PRAGMA table_info(injections)").fetchall()
    names = [field.name for field in fields(InjectionRecord)]
    assert [name for _, name, *_ in columns] == [*names, "checksum"]
    connection.close()


def test_columns_do_not_change_without_a_new_version() -> None:
    # When this fails, raise RESULTS_SCHEMA, add a line to its history and a set here.
    columns = {1: 32}
    assert len(fields(InjectionRecord)) == columns[RESULTS_SCHEMA]


def test_values_can_be_read_by_anyone_with_sqlite(
    connection: sqlite3.Connection, make_record: MakeRecord
) -> None:
    connection.execute(INSERT, to_row(make_record(before=0xFFFFFFFF, largest_change=0.25)))
    found = connection.execute("SELECT kernel, before, largest_change, top1 FROM injections")
    assert found.fetchone() == ("im2col", 0xFFFFFFFF, 0.25, None)
    connection.close()


def test_numpy_scalars_become_numbers(make_record: MakeRecord) -> None:
    record = make_record(
        pc=np.int64(0x120),
        before=np.uint64(2**64 - 1),
        after=np.uint32(7),
        propagated=np.bool_(True),
        largest_change=np.float32(0.1),
    )
    plain = make_record(
        pc=0x120, before=2**64 - 1, after=7, propagated=True, largest_change=float(np.float32(0.1))
    )
    assert to_row(record) == to_row(plain)
    assert to_record(to_row(record)) == plain
    assert all(isinstance(value, int | float | str | None) for value in to_row(record))


@pytest.mark.parametrize("value", [-1, 2**64])
def test_register_value_out_of_range_is_refused(make_record: MakeRecord, value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        to_row(make_record(before=value))


def test_real_number_is_no_count(make_record: MakeRecord) -> None:
    with pytest.raises(TypeError):
        to_row(make_record(pc=1.0))


def test_schema_knows_the_outcomes(connection: sqlite3.Connection, make_record: MakeRecord) -> None:
    assert set(DETAILS) == set(OUTCOMES)
    for index, outcome in enumerate(OUTCOMES):
        connection.execute(INSERT, to_row(make_record(index=index, outcome=outcome)))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(INSERT, to_row(make_record(index=9, outcome="masked")))
    connection.close()


def test_a_value_that_has_changed_is_found(make_record: MakeRecord) -> None:
    row = to_row(make_record(largest_change=0.5, top1=3))
    assert to_record(row) == make_record(largest_change=0.5, top1=3)
    for place, value in enumerate(row):
        for other in (None, 12345, "other", 0.25, b"other"):
            if other != value:
                with pytest.raises(DamagedRow):
                    to_record((*row[:place], other, *row[place + 1 :]))

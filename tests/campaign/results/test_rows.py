"""How injections become rows and rows injections, to the last bit, and what is no row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import numpy as np
import pytest

from softbeam.campaign.results.rows import DamagedRow, row_format, with_checksum
from softbeam.campaign.results.schema import SCHEMA, tables
from softbeam.injection.outcomes import DETAIL, OUTCOMES
from softbeam.injection.record import STORED_COLUMNS, InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

FORMAT = row_format(SCHEMA)
to_row, to_record = FORMAT.to_row, FORMAT.to_record


@pytest.fixture
def connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(tables(SCHEMA)["injections"])
    return connection


def test_values_can_be_read_by_anyone_with_sqlite(
    connection: sqlite3.Connection, make_record: MakeRecord
) -> None:
    connection.execute(FORMAT.insert, to_row(make_record(before=0xFFFFFFFF, largest_change=0.25)))
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


@pytest.mark.parametrize(
    "words",
    [
        {"outcome": "masked"},
        {"outcome": "Masked", "detail": "criticall"},
        {"detail": ""},
    ],
)
def test_outcome_that_no_injection_has_is_refused(
    make_record: MakeRecord, words: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="no injection ends"):
        to_row(make_record(**words))


@pytest.mark.parametrize(
    "words", [{"mode": "pr"}, {"model": "triple-bit"}, {"stratum": "im2col"}, {"stratum": "x/y"}]
)
def test_stream_that_no_injection_has_is_refused(
    make_record: MakeRecord, words: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"no injection is of|is no stratum"):
        to_row(make_record(**words))


def test_every_outcome_and_detail_can_be_kept(make_record: MakeRecord) -> None:
    assert {detail.outcome for detail in DETAIL.values()} == set(OUTCOMES)
    for detail in DETAIL.values():
        record = make_record(outcome=detail.outcome, detail=detail.name)
        assert to_record(to_row(record)) == record


def test_details_of_a_users_own_are_kept_where_a_user_judged(make_record: MakeRecord) -> None:
    record = make_record(outcome="Masked", detail="within a metre")
    own = row_format(SCHEMA, True)
    row = own.to_row(record)
    assert own.to_record(row) == record
    with pytest.raises(ValueError, match="no injection ends 'Masked', 'within a metre'"):
        to_row(record)
    with pytest.raises(DamagedRow):
        to_record(row)
    for outcome, detail in (("Masked", "hang"), ("SDC", "\u202etxet"), ("Fine", "x")):
        with pytest.raises(ValueError, match=r"no injection ends|one of DUE|can be seen"):
            own.to_row(make_record(outcome=outcome, detail=detail))


def test_a_row_that_softbeam_never_writes_is_damage_whatever_its_checksum(
    make_record: MakeRecord,
) -> None:
    row = to_row(make_record(largest_change=0.5, top1=3))[:-1]
    kinds = (None, b"12345678", "text", 0.25, 7)
    for place, value in enumerate(row):
        for other in kinds:
            if type(other) is not type(value):
                forged = with_checksum((*row[:place], other, *row[place + 1 :]))
                try:
                    record = to_record(forged)
                except DamagedRow:
                    continue
                # What can be absent can be, and be there; a NaN is a blob.
                absent = value is None and STORED_COLUMNS[place].optional
                assert other is None or absent or (value == 0.5 and other == b"12345678")
                assert to_row(record) == forged or other == b"12345678"
    place = [column.name for column in STORED_COLUMNS].index("propagated")
    with pytest.raises(DamagedRow):
        to_record(with_checksum((*row[:place], 2, *row[place + 1 :])))


def test_a_value_that_has_changed_is_found(make_record: MakeRecord) -> None:
    row = to_row(make_record(largest_change=0.5, top1=3))
    assert to_record(row) == make_record(largest_change=0.5, top1=3)
    for place, value in enumerate(row):
        for other in (None, 12345, "other", 0.25, b"other"):
            if other != value:
                with pytest.raises(DamagedRow):
                    to_record((*row[:place], other, *row[place + 1 :]))

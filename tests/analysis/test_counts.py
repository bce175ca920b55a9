from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.counts import Cell, Counts, Stream
from softbeam.injection.record import DETAILS, InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

cells = st.builds(
    Cell,
    stream=st.sampled_from([Stream("rf", "single-bit"), Stream("iov", "random-value")]),
    layer=st.integers(0, 2),
    kernel=st.sampled_from(["fill", "im2col"]),
    outcome=st.sampled_from(sorted(DETAILS)),
    detail=st.sampled_from(["absorbed", "never read"]),
    not_finite=st.booleans(),
    unrecorded=st.booleans(),
)
counts = st.builds(Counts, st.dictionaries(cells, st.integers(0, 5)))


@given(counts, counts, counts)
def test_counts_are_a_commutative_monoid(a: Counts, b: Counts, c: Counts) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Counts() == a


@given(counts, counts)
def test_sizes_add_up(a: Counts, b: Counts) -> None:
    assert (a + b).n == a.n + b.n


@given(st.lists(cells), st.lists(cells))
def test_counting_parts_is_counting_the_whole(a: list[Cell], b: list[Cell]) -> None:
    def count(drawn: list[Cell]) -> Counts:
        return sum((Counts({cell: 1}) for cell in drawn), start=Counts())

    assert count(a) + count(b) == count(a + b)
    assert count(a + b).n == len(a) + len(b)


def test_records_are_counted_by_what_they_share(make_record: MakeRecord) -> None:
    one, two = make_record(index=0, pc=0x10), make_record(index=1, pc=0x20, instructions=9)
    wild = make_record(index=2, unrecorded=7)
    nan = make_record(index=3, outcome="SDC", detail="critical", not_finite=True)
    found = Counts.of([one, two, wild, nan])
    assert found.cells[Cell.of(one)] == 2
    assert found.cells[Cell.of(wild)] == 1
    assert found.where(lambda cell: cell.unrecorded).n == 1
    assert found.where(lambda cell: cell.not_finite).n == 1
    assert found.n == 4


def test_streams_differ_in_mode_and_in_model(make_record: MakeRecord) -> None:
    found = Counts.of(
        [
            make_record(mode="rf"),
            make_record(mode="iov", model="zero-value"),
            make_record(mode="iov", model="random-value"),
        ]
    )
    assert found.streams() == (("iov", "random-value"), ("iov", "zero-value"), ("rf", "single-bit"))


def test_counts_cannot_be_changed(make_record: MakeRecord) -> None:
    found = Counts.of([make_record()])
    with pytest.raises(TypeError):
        found.cells[Cell.of(make_record())] = 3  # type: ignore[index]

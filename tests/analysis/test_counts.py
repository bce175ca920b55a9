from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.counting import Row, counted, rows_of

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.injection.outcomes import DETAILS
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

rows = st.builds(
    Row,
    stream=st.sampled_from([Stream("rf", "single-bit"), Stream("iov", "random-value")]),
    layer=st.integers(0, 2),
    kernel=st.sampled_from(["fill", "im2col"]),
    outcome=st.sampled_from(sorted(DETAILS)),
    detail=st.sampled_from(["absorbed", "never read"]),
    not_finite=st.booleans(),
    unrecorded=st.booleans(),
    image=st.integers(0, 2),
)
counts = st.builds(counted, st.dictionaries(rows, st.integers(0, 5)))


@given(counts, counts, counts)
def test_counts_are_a_commutative_monoid(a: Counts, b: Counts, c: Counts) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Counts() == a


@given(counts, counts)
def test_sizes_add_up(a: Counts, b: Counts) -> None:
    assert (a + b).n == a.n + b.n


@given(st.lists(rows), st.lists(rows))
def test_counting_parts_is_counting_the_whole(a: list[Row], b: list[Row]) -> None:
    def count(drawn: list[Row]) -> Counts:
        return sum((counted({row: 1}) for row in drawn), start=Counts())

    assert count(a) + count(b) == count(a + b)
    assert count(a + b).n == len(a) + len(b)


def test_records_are_counted_by_what_they_share(make_record: MakeRecord) -> None:
    one, two = make_record(index=0, pc=0x10), make_record(index=1, pc=0x20, instructions=9)
    wild = make_record(index=2, unrecorded=7)
    nan = make_record(index=3, outcome="SDC", detail="critical", not_finite=True)
    found = Counts.of([one, two, wild, nan])
    assert found.numbers.tolist() == [2, 1, 1]
    assert rows_of(found)[:2] == [Row.of(one), Row.of(wild)]
    assert found.where(found["unrecorded"]).n == 1
    assert found.where(found["not_finite"]).n == 1
    assert found.n == 4


def test_strata_that_were_never_drawn_from_are_known(make_record: MakeRecord) -> None:
    stream = Stream("rf", "single-bit")
    shares = {(0, "fill"): 0.25, (0, "im2col"): 0.5, (3, "maxpool"): 0.25, (9, "copy"): 0.0}
    design = Design(stratified=True, weights={"rf": shares})
    own = {"mode": "rf", "model": "single-bit"}
    drawn = [make_record(layer=0, kernel="im2col", **own)]
    found = Counts.of(drawn, design)
    assert found.undrawn(stream) == {(0, "fill"): 0.25, (3, "maxpool"): 0.25}
    # An injection of another stream is none of this one's.
    other = make_record(**{**own, "mode": "iov"}, layer=0, kernel="fill")
    assert len(Counts.of([*drawn, other], design).undrawn(stream)) == 2
    rest = [make_record(layer=layer, kernel=kernel, **own) for layer, kernel in shares]
    assert Counts.of(rest, design).undrawn(stream) == {}
    assert Counts.of(drawn).undrawn(stream) == {}


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
        found.columns["layer"] = found.numbers  # type: ignore[index]
    for values in (found.numbers, found["layer"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 3

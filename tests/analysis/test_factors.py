from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.counting import Row, counted

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.factors import By, FactorTable, Item, NeverRead, factor_table
from softbeam.analysis.proportion import Proportion
from softbeam.injection.outcomes import DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

RF = Stream("rf", "single-bit")
IOV = Stream("iov", "random-value")


@st.composite
def rows(draw: st.DrawFn) -> Row:
    outcome = draw(st.sampled_from(OUTCOMES))
    return Row(
        stream=draw(st.sampled_from([RF, IOV])),
        layer=draw(st.integers(0, 3)),
        kernel=draw(st.sampled_from(["fill", "im2col", "softmax"])),
        outcome=outcome,
        detail=draw(st.sampled_from(DETAILS[outcome])),
        not_finite=False,
        unrecorded=draw(st.booleans()),
    )


many = st.builds(counted, st.dictionaries(rows(), st.integers(1, 9)))


@pytest.fixture
def example(make_record: MakeRecord) -> Counts:
    """Return ten register-file faults in two layers and kernels, and one fault of another mode."""
    sdc = {"outcome": "SDC", "detail": "tolerable"}
    due = {"outcome": "DUE", "detail": "hang"}
    unread = {"outcome": "Masked", "detail": "never read"}
    return Counts.of(
        [
            make_record(layer=0, kernel="im2col", **sdc),
            make_record(layer=0, kernel="im2col", **sdc),
            make_record(layer=0, kernel="im2col", **due),
            make_record(layer=0, kernel="fill"),
            make_record(layer=0, kernel="fill", **unread),
            make_record(layer=0, kernel="im2col", **unread),
            make_record(layer=9, kernel="im2col", **sdc),
            make_record(layer=9, kernel="im2col"),
            make_record(layer=9, kernel="fill", **unread),
            make_record(layer=9, kernel="fill", **unread),
            make_record(mode="iov", model="random-value", layer=0, **due),
        ]
    )


def shares(table: FactorTable, key: Item, kind: str) -> dict[str, tuple[int, int]]:
    (row,) = [row for row in table.rows if row.item == key]
    found: dict[str, Proportion] = getattr(row, kind)
    return {outcome: (share.successes, share.n) for outcome, share in found.items()}


def test_lvf_by_hand(example: Counts) -> None:
    table = factor_table(example, RF, By.LAYER)
    assert table.n == 10
    assert [row.item for row in table.rows] == [Item(layer=0), Item(layer=9)]
    assert shares(table, Item(layer=0), "joint") == {
        "Masked": (3, 10),
        "SDC": (2, 10),
        "DUE": (1, 10),
    }
    assert shares(table, Item(layer=0), "conditional") == {
        "Masked": (3, 6),
        "SDC": (2, 6),
        "DUE": (1, 6),
    }
    assert table.never_read_row is None


def test_kvf_by_hand(example: Counts) -> None:
    table = factor_table(example, RF, By.KERNEL)
    assert [row.item for row in table.rows] == [Item(kernel="fill"), Item(kernel="im2col")]
    assert shares(table, Item(kernel="im2col"), "conditional") == {
        "Masked": (2, 6),
        "SDC": (3, 6),
        "DUE": (1, 6),
    }


def test_kernels_by_layer_by_hand(example: Counts) -> None:
    table = factor_table(example, RF, By.LAYER_AND_KERNEL)
    assert [row.item for row in table.rows] == [
        Item(0, "fill"),
        Item(0, "im2col"),
        Item(9, "fill"),
        Item(9, "im2col"),
    ]
    assert shares(table, Item(9, "im2col"), "joint")["SDC"] == (1, 10)
    assert shares(table, Item(9, "im2col"), "conditional")["SDC"] == (1, 2)


def test_never_read_apart_is_the_papers_bar(example: Counts) -> None:
    table = factor_table(example, RF, By.LAYER, NeverRead.APART)
    # A joint factor stays a share of all injections; a conditional one is of those that are read.
    assert shares(table, Item(layer=0), "joint")["Masked"] == (1, 10)
    assert shares(table, Item(layer=0), "conditional")["SDC"] == (2, 4)
    assert table.never_read_row is not None
    assert table.never_read_row.joint["Masked"] == Proportion(4, 10)
    assert table.never_read_row.joint["SDC"] == Proportion(0, 10)
    assert [row.never_read for row in table.rows] == [2, 2]
    assert table.total.n == 6


def test_layer_of_which_nothing_is_read_keeps_its_row(make_record: MakeRecord) -> None:
    counts = Counts.of([make_record(layer=4, detail="never read")])
    table = factor_table(counts, RF, By.LAYER, NeverRead.APART)
    (row,) = table.rows
    assert (row.n, row.never_read) == (0, 1)
    assert row.conditional["SDC"] == Proportion(0, 0)


def test_row_can_be_asked_for_where_no_injection_fell(example: Counts) -> None:
    table = factor_table(example, RF, By.LAYER, items=[Item(layer=26), Item(layer=0)])
    assert [row.item.layer for row in table.rows] == [0, 9, 26]
    assert shares(table, Item(layer=26), "joint")["SDC"] == (0, 10)
    assert shares(table, Item(layer=26), "conditional")["SDC"] == (0, 0)


def test_stream_without_injections_has_no_rows() -> None:
    table = factor_table(Counts(), RF, By.LAYER)
    assert table.rows == ()
    assert table.total.joint["DUE"] == Proportion(0, 0)


@given(many, st.sampled_from(By), st.sampled_from(NeverRead), st.sampled_from([RF, IOV]))
def test_every_injection_is_in_exactly_one_row(
    counts: Counts, by: By, never_read: NeverRead, stream: Stream
) -> None:
    table = factor_table(counts, stream, by, never_read)
    of_stream = counts.of_stream(stream)
    rows = list(table.rows)
    if table.never_read_row is not None:
        rows.append(table.never_read_row)
    assert table.n == of_stream.n == sum(row.n for row in rows)
    for outcome in OUTCOMES:
        ended = of_stream.where(of_stream["outcome"] == outcome).n
        assert sum(row.joint[outcome].successes for row in rows) == ended
    for row in rows:
        assert sum(share.successes for share in row.conditional.values()) == row.n
        assert all(share.n == table.n for share in row.joint.values())


@given(many, st.sampled_from(By))
def test_ways_to_count_never_read_faults_differ_by_them_alone(counts: Counts, by: By) -> None:
    within = factor_table(counts, RF, by, NeverRead.IN_PLACE)
    apart = factor_table(counts, RF, by, NeverRead.APART)
    assert [row.item for row in within.rows] == [row.item for row in apart.rows]
    for one, other in zip(within.rows, apart.rows, strict=True):
        assert one.never_read == other.never_read == one.n - other.n
        assert one.joint["SDC"] == other.joint["SDC"]
        assert one.joint["DUE"] == other.joint["DUE"]


@given(many, many, st.sampled_from(By))
def test_tables_of_added_counts_add_up(a: Counts, b: Counts, by: By) -> None:
    def sdc(counts: Counts) -> dict[Item, int]:
        table = factor_table(counts, RF, by)
        return {row.item: row.joint["SDC"].successes for row in table.rows}

    one, other, both = sdc(a), sdc(b), sdc(a + b)
    assert both == {key: one.get(key, 0) + other.get(key, 0) for key in one.keys() | other.keys()}

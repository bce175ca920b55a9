from __future__ import annotations

from collections.abc import Callable

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.outcomes import NOT_FINITE, UNRECORDED, outcome_rows
from softbeam.injection.outcomes import DETAILS, DETECTION_DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

RF = Stream("rf", "single-bit")


def test_details_divide_their_outcome(make_record: MakeRecord) -> None:
    counts = Counts.of(
        [
            make_record(outcome=outcome, detail=detail)
            for outcome in OUTCOMES
            for repeat, detail in enumerate(DETAILS[outcome])
            for _ in range(repeat + 1)
        ]
    )
    rows = outcome_rows(counts, RF)
    for outcome in OUTCOMES:
        (whole,) = [row for row in rows if row.kind == "outcome" and row.outcome == outcome]
        parts = [row for row in rows if row.kind == "detail" and row.outcome == outcome]
        assert [row.detail for row in parts] == list(DETAILS[outcome])
        assert [row.share.successes for row in parts] == list(range(1, len(parts) + 1))
        assert whole.share.successes == sum(row.share.successes for row in parts)
        assert {row.share.n for row in (whole, *parts)} == {counts.n}


def test_what_never_occurred_is_listed_as_zero_of_n(make_record: MakeRecord) -> None:
    rows = outcome_rows(Counts.of([make_record()]), RF)
    shares = {row.detail: row.share for row in rows if row.kind == "detail"}
    assert shares["absorbed"].successes == 1
    assert (shares["hang"].successes, shares["hang"].n) == (0, 1)


def test_flags_are_beside_the_outcomes(make_record: MakeRecord) -> None:
    counts = Counts.of(
        [
            make_record(outcome="SDC", detail="critical", not_finite=True, unrecorded=3),
            make_record(unrecorded=1),
            make_record(),
        ]
    )
    flags = {
        row.detail: row.share.successes for row in outcome_rows(counts, RF) if row.kind == "flag"
    }
    assert flags == {NOT_FINITE: 1, UNRECORDED: 2}


def test_detail_that_is_not_known_is_not_dropped(make_record: MakeRecord) -> None:
    counts = Counts.of([make_record(outcome="DUE", detail="trap"), make_record()])
    rows = outcome_rows(counts, RF)
    assert [row.share.successes for row in rows if row.detail == "trap"] == [1]
    assert [row.share.successes for row in rows if row.kind == "outcome"] == [1, 0, 1]


def test_other_streams_do_not_count(make_record: MakeRecord) -> None:
    counts = Counts.of([make_record(), make_record(model="double-bit")])
    assert {row.share.n for row in outcome_rows(counts, RF)} == {1}


def test_a_detectors_sdcs_are_divided_by_their_boxes(make_record: MakeRecord) -> None:
    """The same rows in every stream, those without any box that changed too."""
    iov = Stream("iov", "single-bit")
    counts = Counts.of(
        [
            make_record(outcome="SDC", detail="box number"),
            make_record(outcome="SDC", detail="tolerable"),
            make_record(mode="iov"),
        ]
    )
    for stream, number in ((RF, 1), (iov, 0)):
        rows = [row for row in outcome_rows(counts, stream) if row.outcome == "SDC"]
        details = {row.detail: row.share.successes for row in rows if row.kind == "detail"}
        assert tuple(details) == DETECTION_DETAILS
        assert details["box number"] == number

from __future__ import annotations

from collections.abc import Callable

import pytest

from softbeam.analysis.counts import Counts
from softbeam.analysis.factors import By
from softbeam.analysis.proportion import Proportion
from softbeam.analysis.tabular import (
    OUTCOME_COLUMNS,
    factor_columns,
    factor_lines,
    outcome_lines,
)
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]


@pytest.fixture
def counts(make_record: MakeRecord) -> Counts:
    return Counts.of(
        [
            make_record(layer=2, outcome="SDC", detail="tolerable"),
            make_record(layer=2),
            make_record(layer=2, detail="never read"),
        ]
    )


@pytest.mark.parametrize("by", list(By))
def test_every_line_has_every_column(counts: Counts, by: By) -> None:
    assert {len(line) for line in factor_lines(counts, by)} == {len(factor_columns(by))}


def test_numbers_are_exact(counts: Counts) -> None:
    columns = factor_columns(By.LAYER)
    lines = [dict(zip(columns, line, strict=True)) for line in factor_lines(counts, By.LAYER)]
    (sdc,) = [
        line
        for line in lines
        if line["outcome"] == "SDC" and line["layer"] == "2" and line["never_read"] == "apart"
    ]
    joint, conditional = Proportion(1, 3), Proportion(1, 2)
    assert (sdc["injections"], sdc["joint_n"], sdc["conditional_n"]) == ("1", "3", "2")
    assert float(sdc["joint"]) == joint.estimate
    assert float(sdc["joint_low"]) == joint.low
    assert float(sdc["joint_high"]) == joint.high
    assert float(sdc["conditional"]) == conditional.estimate
    assert float(sdc["conditional_low"]) == conditional.low
    assert float(sdc["conditional_high"]) == conditional.high


def test_never_read_faults_have_a_line_where_they_are_apart(counts: Counts) -> None:
    columns = factor_columns(By.LAYER_AND_KERNEL)
    lines = [
        dict(zip(columns, line, strict=True)) for line in factor_lines(counts, By.LAYER_AND_KERNEL)
    ]
    labelled = [line for line in lines if line["layer"] == "N-R"]
    assert {(line["never_read"], line["kernel"]) for line in labelled} == {("apart", "N-R")}
    assert [line["injections"] for line in labelled] == ["1", "0", "0"]


def test_share_of_nothing_is_empty(make_record: MakeRecord) -> None:
    counts = Counts.of([make_record(layer=7, detail="never read")])
    columns = factor_columns(By.LAYER)
    lines = [dict(zip(columns, line, strict=True)) for line in factor_lines(counts, By.LAYER)]
    (line,) = [
        line
        for line in lines
        if line["never_read"] == "apart" and line["layer"] == "7" and line["outcome"] == "SDC"
    ]
    assert line["conditional_n"] == "0"
    assert line["conditional"] == line["conditional_low"] == line["conditional_high"] == ""


def test_outcome_lines_have_every_column(counts: Counts) -> None:
    lines = list(outcome_lines(counts))
    assert {len(line) for line in lines} == {len(OUTCOME_COLUMNS)}
    first = dict(zip(OUTCOME_COLUMNS, lines[0], strict=True))
    assert (first["kind"], first["outcome"], first["injections"], first["n"]) == (
        "outcome",
        "Masked",
        "2",
        "3",
    )

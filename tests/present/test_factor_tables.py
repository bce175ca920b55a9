from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.factors import By, factor_table
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import InjectionRecord
from softbeam.present.csv import write_csv
from softbeam.present.factor_tables import (
    FIRST,
    factors_table,
    flat_factors,
    flat_outcomes,
    layer_names,
    shares_shown,
)

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


def lines(table_of: Callable[[Path], Path], folder: Path) -> list[dict[str, str]]:
    with table_of(folder / "t.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_numbers_are_exact(counts: Counts, tmp_path: Path) -> None:
    flat = flat_factors(counts, By.LAYER)
    (sdc,) = [
        line
        for line in lines(lambda path: write_csv(path, flat), tmp_path)
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


def test_never_read_faults_have_a_line_where_they_are_apart(counts: Counts, tmp_path: Path) -> None:
    flat = flat_factors(counts, By.LAYER_AND_KERNEL)
    labelled = [
        line
        for line in lines(lambda path: write_csv(path, flat), tmp_path)
        if line["layer"] == "N-R"
    ]
    assert [line["outcome"] for line in labelled] == ["Masked", "SDC", "DUE"]
    assert {line["kernel"] for line in labelled} == {"N-R"}
    assert {line["never_read"] for line in labelled} == {"apart"}
    assert labelled[0]["injections"] == "1"


def test_a_share_of_nothing_is_an_empty_field(make_record: MakeRecord, tmp_path: Path) -> None:
    unread = Counts.of([make_record(detail="never read")])
    flat = flat_factors(unread, By.LAYER)
    apart = [
        line
        for line in lines(lambda path: write_csv(path, flat), tmp_path)
        if line["never_read"] == "apart" and line["layer"] != "N-R"
    ]
    assert {line["conditional"] for line in apart} == {""}
    assert {line["conditional_n"] for line in apart} == {"0"}


def test_outcomes_add_up(counts: Counts) -> None:
    table = flat_outcomes(counts)
    kinds, injections = table.column("kind"), table.column("injections")
    assert sum(n for kind, n in zip(kinds, injections, strict=True) if kind == "outcome") == 3
    assert sum(n for kind, n in zip(kinds, injections, strict=True) if kind == "detail") == 3


def test_most_damage_comes_first_and_the_rest_waits(make_record: MakeRecord) -> None:
    records = [
        make_record(index=100 * layer + index, layer=layer, outcome="DUE", detail="hang")
        for layer in range(30)
        for index in range(layer)
    ]
    stream = Stream(records[0].mode, records[0].model)
    table = factor_table(Counts.of(records), stream, By.LAYER)
    shown = factors_table(table, shares_shown(table), "t", "LVF", by_damage=True)
    assert shown.column("layer") == sorted(range(1, 30), reverse=True)
    assert shown.first == FIRST < len(shown.rows)
    dues = [share.successes for share in shown.column("joint-DUE")]
    assert dues == shown.column("n") == shown.column("layer")
    (foot,) = shown.foot
    assert foot.values[:2] == ("all", sum(range(30)))


def test_layers_have_names_only_where_they_are_known() -> None:
    table = layer_names({0: "conv1", 1: "relu", 2: "fc"}, [2, 0, 3])
    assert table is not None
    assert table.column("layer") == [0, 2]
    assert table.column("name") == ["conv1", "fc"]
    assert layer_names({}, [0, 1]) is None

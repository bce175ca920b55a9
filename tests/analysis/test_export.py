from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas
import pyarrow.parquet
import pytest

from softbeam.analysis import export
from softbeam.analysis.columns import COLUMNS, in_order
from softbeam.analysis.results import Results, load
from softbeam.errors import ResultsError
from softbeam.injection.outcomes import DETAILS, EVERY_DETAIL, SASSIFI_CATEGORIES
from softbeam.injection.record import InjectionRecord

ROOT = Path(__file__).resolve().parents[2]
NAMES = [column.name for column in COLUMNS]

MakeRecord = Callable[..., InjectionRecord]


@pytest.fixture
def records(make_record: MakeRecord) -> list[InjectionRecord]:
    """Return injections out of order, with values at the ends of their ranges."""
    return [
        make_record(index=10),
        make_record(index=9, register=None, bit=63, before=None, after=None),
        make_record(index=1, stratum="0/fill", before=2**64 - 1, after=0),
        make_record(
            index=0, mode="iov", model="random-value", outcome="SDC", detail="critical", top1=7,
            largest_change=math.inf, not_finite=True,
        ),
        make_record(
            index=1, mode="iov", model="random-value", outcome="SDC", detail="tolerable", top1=7,
            largest_change=0.1,
        ),
        make_record(index=2, mode="ioa", outcome="DUE", detail="hang", bit=None),
    ]  # fmt: skip


def expected(records: list[InjectionRecord], name: str) -> list[object]:
    (column,) = [column for column in COLUMNS if column.name == name]
    return [column.value(record) for record in in_order(records)]


def test_columns_are_the_records_fields_and_the_category() -> None:
    assert [field.name for field in fields(InjectionRecord)] + ["sassifi_category"] == NAMES


def test_the_order_is_mode_model_stratum_index(records: list[InjectionRecord]) -> None:
    order = [(one.mode, one.stratum, one.index) for one in in_order(records)]
    assert order == [
        ("ioa", "", 2),
        ("iov", "", 0),
        ("iov", "", 1),
        ("rf", "", 9),
        ("rf", "", 10),
        ("rf", "0/fill", 1),
    ]


def test_every_detail_has_a_category() -> None:
    assert set(SASSIFI_CATEGORIES) == EVERY_DETAIL
    for outcome, details in DETAILS.items():
        assert all(SASSIFI_CATEGORIES[detail].startswith(f"{outcome}: ") for detail in details)


def test_csv_holds_every_digit(
    records: list[InjectionRecord], results_of: Results, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    export.write_csv(records, results_of.specification, path)
    assert b"\r" not in path.read_bytes()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == NAMES
    for name in NAMES:
        for text, value in zip([row[name] for row in rows], expected(records, name), strict=True):
            if value is None:
                assert text == ""
            elif isinstance(value, bool):
                assert text == str(int(value))
            elif isinstance(value, float):
                assert float(text) == value
            else:
                assert text == str(value)


def test_parquet_holds_the_same(
    records: list[InjectionRecord], results_of: Results, tmp_path: Path
) -> None:
    path = tmp_path / "x.parquet"
    export.write_parquet(records, results_of.specification, path)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == NAMES
    for column in COLUMNS:
        assert table[column.name].to_pylist() == expected(records, column.name)
        assert str(table.schema.field(column.name).type).replace("double", "float64") == column.kind
        assert table.schema.field(column.name).nullable == column.optional
    held = table.schema.metadata[b"softbeam.campaign_id"].decode()
    assert held == results_of.specification.campaign_id


def test_groups_of_rows_are_put_together(
    records: list[InjectionRecord],
    results_of: Results,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "ROWS", 4)
    path = tmp_path / "x.parquet"
    export.write_parquet(records, results_of.specification, path)
    file = pyarrow.parquet.ParquetFile(path)
    assert file.num_row_groups == 2
    assert file.read()["index"].to_pylist() == expected(records, "index")


def test_a_frame_knows_absence_and_types(records: list[InjectionRecord]) -> None:
    frame = export.frame(records)
    assert list(frame.columns) == NAMES
    assert frame["after"].dtype == pandas.UInt64Dtype()
    assert frame["register"].isna().tolist() == [v is None for v in expected(records, "register")]
    assert frame["before"].dropna().max() == 2**64 - 1
    assert frame["not_finite"].dtype == bool
    assert frame["largest_change"].dropna().tolist() == [math.inf, 0.1]
    assert frame.loc[frame["mode"] == "ioa", "sassifi_category"].tolist() == ["DUE: Timeout"]


def test_an_empty_campaign_has_columns(results_of: Results, tmp_path: Path) -> None:
    assert list(export.frame([]).columns) == NAMES
    export.write_csv([], results_of.specification, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == ",".join(NAMES) + "\n"
    export.write_parquet([], results_of.specification, tmp_path / "x.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").num_rows == 0


@pytest.fixture
def results_of(made_up_run: Path) -> Results:
    return load(made_up_run)


def test_a_campaign_is_loaded_in_one_call(made_up_run: Path) -> None:
    import softbeam

    results = softbeam.load(str(made_up_run))
    frame = results.injections()
    assert len(frame) == len(results.records) == 360
    assert frame.groupby("mode").size().to_dict() == {"ioa": 120, "iov": 120, "rf": 120}
    assert int((frame["outcome"] == "SDC").sum()) == sum(
        record.outcome == "SDC" for record in results.records
    )


@pytest.mark.parametrize(("module", "extra"), [("pandas", "data"), ("pyarrow", "parquet")])
def test_what_is_not_installed_is_named(
    module: str,
    extra: str,
    results_of: Results,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(export, "import_module", missing)
    uses: dict[str, Callable[[], object]] = {
        "pandas": results_of.injections,
        "pyarrow": lambda: export.write_parquet([], results_of.specification, tmp_path / "x"),
    }
    with pytest.raises(ResultsError, match=rf"needs {module}.*softbeam\[{extra}\]"):
        uses[module]()
    assert list(tmp_path.iterdir()) == []


def test_the_document_describes_every_column() -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    table = text.split("## Columns", 1)[1].split("<!-- End of the columns. -->", 1)[0]
    described = {}
    for names, kind in re.findall(r"^\| (`.*?`) \| (.*?) \|", table, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            described[name] = kind
    wanted = {
        column.name: column.kind + (", optional" if column.optional else "") for column in COLUMNS
    }
    assert described == wanted
    categories = text.split("## SASSIFI's categories", 1)[1]
    assert all(f"| {category} |" in categories for category in set(SASSIFI_CATEGORIES.values()))

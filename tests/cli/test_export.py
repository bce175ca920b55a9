from __future__ import annotations

from pathlib import Path

import pyarrow.parquet
import pytest

from softbeam.cli import main

Capture = pytest.CaptureFixture[str]


def test_the_ending_tells_the_format(made_up_run: Path, tmp_path: Path, capsys: Capture) -> None:
    text, table = tmp_path / "x.csv", tmp_path / "x.parquet"
    assert main(["export", str(made_up_run), "--out", str(text)]) == 0
    assert capsys.readouterr().out == f"wrote 360 injections to {text}\n"
    # As it was called first.
    assert main(["export", str(made_up_run), "--output", str(table)]) == 0
    assert text.read_text().count("\n") == 361
    assert pyarrow.parquet.read_table(table).num_rows == 360
    other = tmp_path / "no-ending"
    assert main(["export", str(made_up_run), "--format", "csv", "--out", str(other)]) == 0
    assert other.read_bytes() == text.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [["--out", "x.xlsx"], ["--format", "csv"], [], ["--out", "x.csv", "--output", "y.csv"]],
)
def test_wrong_usage_is_status_two(
    made_up_run: Path, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(made_up_run), *arguments]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(
    made_up_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "none" / "x.csv"
    assert main(["export", str(made_up_run), "--out", str(path)]) == 2
    printed = capsys.readouterr()
    wanted = f"softbeam: error: cannot read or write {path}: No such file or directory\n"
    assert printed.err == wanted

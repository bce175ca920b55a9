from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import results

from softbeam.analysis.proportion import Proportion
from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import StreamRequest
from softbeam.cli import main
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord
from softbeam.present.digits import percent

MakeRecord = Callable[..., InjectionRecord]
Capture = pytest.CaptureFixture[str]

SPECIFICATION = results.SPECIFICATION.model_copy(
    update={
        "seed": 5,
        "streams": (
            StreamRequest(mode="rf", model="single-bit", injections=1000),
            StreamRequest(mode="iov", model="random-value", injections=10),
        ),
    }
)

SDC = {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": 0.5}
DUE = {"outcome": "DUE", "detail": "illegal address"}
UNREAD = {"outcome": "Masked", "detail": "never read"}


@pytest.fixture
def run(tmp_path: Path, make_record: MakeRecord) -> Path:
    """Return a campaign of 1,000 RF and 10 IOV injections, with round numbers."""
    ends = [
        *[{"layer": 0, "kernel": "im2col", **SDC}] * 123,
        *[{"layer": 0, "kernel": "activate_array", **DUE}] * 77,
        *[{"layer": 0, "kernel": "im2col", **UNREAD}] * 500,
        *[{"layer": 18, "kernel": "im2col"}] * 300,
    ]
    with ResultsStore.create(tmp_path / "run", SPECIFICATION) as store:
        store.append(make_record(index=index, **end) for index, end in enumerate(ends))
        store.append(
            make_record(index=index, mode="iov", model="random-value", layer=26, **SDC)
            for index in range(10)
        )
    return tmp_path / "run"


def table(printed: str, title: str) -> dict[str, list[str]]:
    """Return the rows of the table below a title, by the word that each begins with."""
    lines = printed.split("\n" + title + "\n", 1)[1].splitlines()
    rows = {}
    for line in lines[2:]:
        if re.match(r"\w.*: ", line):
            break
        if line.strip():
            first, *rest = re.split(r" {2,}", line.strip())
            rows[first] = rest
    return rows


def test_factors_are_printed(run: Path, capsys: Capture) -> None:
    assert main(["tables", str(run)]) == 0
    printed = capsys.readouterr().out
    assert "extraction, sm_90, seed 5: 1010 injections" in printed
    rf = "RF, register file, single-bit"
    assert table(printed, f"{rf}: LVF, joint") == {
        "0": ["700", "50.0 [46.9, 53.1]", "0.0 [0.0, 0.4]", "12.3 [10.4, 14.5]", "7.7 [6.2, 9.5]"],
        "18": ["300", "0.0 [0.0, 0.4]", "30.0 [27.2, 32.9]", "0.0 [0.0, 0.4]", "0.0 [0.0, 0.4]"],
        "all": [
            "1000",
            "50.0 [46.9, 53.1]",
            "30.0 [27.2, 32.9]",
            "12.3 [10.4, 14.5]",
            "7.7 [6.2, 9.5]",
        ],
    }
    without = table(printed, f"{rf}: LVF, conditional, without never-read faults")
    assert without["0"] == ["200", *map(percent_of, ((0, 200), (123, 200), (77, 200)))]
    assert without["all"] == ["500", *map(percent_of, ((300, 500), (123, 500), (77, 500)))]
    kernels = table(printed, f"{rf}: KVF, conditional")
    assert kernels["activate_array"] == ["77", *map(percent_of, [(0, 77)] * 3 + [(77, 77)])]
    iov = table(printed, "IOV, instruction output value, random-value: LVF, joint")
    assert iov["26"] == ["10", *map(percent_of, ((0, 10), (10, 10), (0, 10)))]


def percent_of(share: tuple[int, int]) -> str:
    return percent(Proportion(*share), nothing="-")


def test_outcomes_are_printed(run: Path, capsys: Capture) -> None:
    main(["tables", str(run)])
    rows = table(capsys.readouterr().out, "RF, register file, single-bit: outcomes")
    assert rows["Masked"] == ["800", "80.0 [77.4, 82.4]"]
    assert rows["never read"] == ["500", "50.0 [46.9, 53.1]"]
    assert rows["hang"] == ["0", "0.0 [0.0, 0.4]"]
    assert rows["(touched unrecorded memory)"] == ["0", "0.0 [0.0, 0.4]"]


def test_kernels_by_layer_are_printed_on_demand(run: Path, capsys: Capture) -> None:
    main(["tables", str(run)])
    assert "kernels by layer" not in capsys.readouterr().out
    main(["tables", str(run), "--layer-kernel"])
    assert "kernels by layer" in capsys.readouterr().out


def test_lines_fit_a_hundred_columns_and_lose_nothing(run: Path, capsys: Capture) -> None:
    main(["tables", str(run), "--layer-kernel"])
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert "…" not in printed
    assert "\x1b" not in printed


def test_csv_agrees_with_the_counts(run: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "deep" / "csv"
    assert main(["tables", str(run), "--csv", str(folder)]) == 0
    names = ["kvf.csv", "lvf.csv", "lvf_kvf.csv", "outcomes.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    printed = capsys.readouterr().out
    assert all(f"wrote {folder / name}" in printed for name in names)
    with (folder / "lvf.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = [
        row
        for row in rows
        if (row["mode"], row["never_read"], row["layer"], row["outcome"])
        == ("rf", "in place", "0", "SDC")
    ]
    share = Proportion(123, 1000)
    assert (row["injections"], row["joint_n"], row["conditional_n"]) == ("123", "1000", "700")
    assert (float(row["joint_low"]), float(row["joint_high"])) == (share.low, share.high)
    with (folder / "outcomes.csv").open(newline="") as file:
        outcomes = [row for row in csv.DictReader(file) if row["kind"] == "outcome"]
    assert sum(int(row["injections"]) for row in outcomes) == 1010


def test_a_stratified_campaign_that_was_stopped_says_what_it_lacks(
    tmp_path: Path, make_record: MakeRecord, capsys: Capture
) -> None:
    specification = SPECIFICATION.model_copy(update={"sampling": "stratified"})
    sizes = (
        FaultSpaceSize(0, "rf", 0, "fill", 100),
        FaultSpaceSize(0, "rf", 0, "im2col", 600),
        FaultSpaceSize(0, "rf", 1, "maxpool", 300),
    )
    record = {"layer": 0, "kernel": "im2col", "mode": "rf", "model": "single-bit"}
    lacking = (
        "Not complete: RF single-bit has no injection yet in 2 of 3 kernels in layers, 40.0 % of "
        "its fault space."
    )
    with ResultsStore.create(tmp_path, specification) as store:
        store.add_fault_space(sizes)
        store.append([make_record(index=n, stratum="0/im2col", **record) for n in range(10)])
    assert main(["tables", str(tmp_path)]) == 0
    assert lacking in capsys.readouterr().out
    with ResultsStore.open(tmp_path) as store:
        for layer, kernel in ((0, "fill"), (1, "maxpool")):
            own = {**record, "layer": layer, "kernel": kernel, "stratum": f"{layer}/{kernel}"}
            store.append([make_record(index=0, **own)])
    assert main(["tables", str(tmp_path)]) == 0
    assert "Not complete" not in capsys.readouterr().out


def test_empty_campaign_says_so(tmp_path: Path, capsys: Capture) -> None:
    ResultsStore.create(tmp_path, SPECIFICATION).close()
    assert main(["tables", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "No injection has been made yet" in printed
    assert "0 injections of 1,010 asked for (campaign" in printed


def test_a_campaign_that_is_done_is_not_short_of_any(run: Path, capsys: Capture) -> None:
    assert main(["tables", str(run)]) == 0
    assert "1010 injections (campaign" in capsys.readouterr().out


def test_missing_run_is_one_sentence(tmp_path: Path, capsys: Capture) -> None:
    assert main(["tables", str(tmp_path / "none")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"softbeam: error: there are no results in .*none.*\n", printed.err)


def test_damaged_run_is_one_sentence(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / FILE_NAME).write_text("no database")
    assert main(["tables", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_csv_folder_that_cannot_be_made_is_named(
    run: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["tables", str(run), "--csv", str(tmp_path / "file")]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("softbeam: error: ")
    assert str(tmp_path / "file") in printed.err


def test_csv_that_cannot_be_finished_is_not_begun(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device", "lvf.csv")

    monkeypatch.setattr("softbeam.files.os.replace", failing)
    assert main(["tables", str(run), "--csv", str(tmp_path / "csv")]) == 2
    assert list((tmp_path / "csv").iterdir()) == []


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"softbeam \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["frobnicate"], ["tables"], ["tables", "--frobnicate"]])
def test_wrong_usage_is_status_two(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_interruption_is_status_130(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ResultsReader, "open", interrupted)
    assert main(["tables", str(run)]) == 130


def test_error_of_ours_is_not_hidden(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ResultsReader, "open", wrong)
    with pytest.raises(ZeroDivisionError):
        main(["tables", str(run)])


def test_help_imports_nothing_heavy() -> None:
    check = (
        "import sys; from softbeam.cli import main; assert main(['--help']) == 0; "
        "heavy = {'numpy', 'numba', 'scipy', 'pydantic', 'matplotlib', 'skimage', 'sqlite3'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "tables" in done.stdout

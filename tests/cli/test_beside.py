"""A hardened network's campaign beside the unhardened one's, on the command line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hardened_runs import AFTER, BEFORE, write_run
from support.made_up import made_up_effects

from softbeam.analysis.results import Results
from softbeam.campaign.effects.file import write_effects
from softbeam.cli import main
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def runs(tmp_path: Path, make_record: MakeRecord) -> tuple[Path, Path]:
    before = write_run(tmp_path / "before", make_record, BEFORE)
    after = write_run(tmp_path / "after", make_record, AFTER, plan_sha256="5" * 64)
    return before, after


def test_rates_and_costs_are_printed_with_their_intervals(
    runs: tuple[Path, Path], capsys: Capture
) -> None:
    before, after = runs
    assert main(["tables", str(after), "--beside", str(before), "--gpu", "h100"]) == 0
    printed = capsys.readouterr().out
    assert "Of the rate of critical SDCs at least 8" in printed
    assert "none was seen" in printed
    assert (
        "It executes 80.00 % more thread-instructions, and asks for 80.00 % more bytes" in printed
    )
    assert "Rates relative to the unhardened network" in printed
    assert "1.8000" in printed
    assert "roofline estimate" in printed
    assert "estimate from peak figures" in printed
    # Kernels go by the name of the kernel; a kernel that only checks has no rate before.
    lines = [line.split() for line in printed.splitlines()]
    assert ["check_product", "-", "-"] in [line[:3] for line in lines]
    assert ["check_product", "0", "100", "new", "0", "600", "new"] in lines
    assert ["maxpool", "600", "900", "+50.00", "3,600", "5,400", "+50.00"] in lines


def test_a_campaign_is_not_compared_with_itself(runs: tuple[Path, Path], capsys: Capture) -> None:
    for command in ("tables", "report"):
        assert main([command, str(runs[0]), "--beside", str(runs[0])]) == 2
        assert "this is the same campaign" in " ".join(capsys.readouterr().err.split())


def test_files_hold_every_rate_and_cost(runs: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = runs
    folder = tmp_path / "csv"
    assert main(["tables", str(after), "--beside", str(before), "--csv", str(folder)]) == 0
    with (folder / "relative.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (whole,) = [row for row in rows if row["by"] == "all" and row["event"] == "sdc"]
    assert (whole["before_seen"], whole["before_n"]) == ("120", "1000")
    assert (whole["after_seen"], whole["after_n"]) == ("60", "1000")
    # Twice as few, among 1.8 times as many places.
    assert float(whole["relative"]) == pytest.approx(1.8 * 60 / 120)
    assert float(whole["relative_low"]) < 0.9 < float(whole["relative_high"])
    layers = [row for row in rows if row["by"] == "layer" and row["event"] == "sdc"]
    assert sum(float(row["before"]) for row in layers) == pytest.approx(1.0)
    assert sum(float(row["after"]) for row in layers) == pytest.approx(0.9)
    kernels = {row["kernel"]: row for row in rows if row["by"] == "kernel"}
    assert set(kernels) == {"maxpool", "normalize", "check_product"}
    assert kernels["check_product"]["relative"] == ""
    with (folder / "costs.csv").open(newline="") as file:
        costs = {row["kernel"]: row for row in csv.DictReader(file)}
    assert float(costs["maxpool"]["before_loaded"]) == 2400
    assert float(costs["maxpool"]["after_loaded"]) == 3600
    assert float(costs["check_product"]["before_launches"]) == 0


def test_the_page_opens_with_what_hardening_removed(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    before, after = runs
    out = tmp_path / "page"
    argv = ["report", str(after), "--beside", str(before), "--gpu", "orin", "--out", str(out)]
    assert main(argv) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="beside"' in page
    assert page.index('id="beside"') < page.index('id="method"')
    assert "Of the rate of critical SDCs at least 8" in page
    assert "Jetson AGX Orin" in page
    assert "figure-M1" not in page
    # What was measured on the unhardened network takes the place of the model behind the square.
    write_effects(before, made_up_effects(Results.load(before)))
    assert main(argv) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "figure-M1-measured-critical" in page
    assert "is not measured yet" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": "googlenet"}, "network is"),
        ({"weights_sha256": "9" * 64}, "weights_sha256 (weights) is"),
        ({"inputs_sha256": ("8" * 64,)}, "inputs_sha256 (inputs) is"),
    ],
)
def test_campaigns_on_something_else_are_refused(
    tmp_path: Path, make_record: MakeRecord, capsys: Capture, changes: dict[str, object], said: str
) -> None:
    before = write_run(tmp_path / "before", make_record, BEFORE)
    after = write_run(tmp_path / "after", make_record, AFTER, **changes)
    assert main(["tables", str(after), "--beside", str(before)]) == 2
    assert f"the two campaigns cannot be compared: {said}" in capsys.readouterr().err


def test_campaigns_without_a_mode_in_common_are_refused(
    tmp_path: Path, make_record: MakeRecord, capsys: Capture
) -> None:
    before = write_run(tmp_path / "before", make_record, BEFORE)
    after = write_run(
        tmp_path / "after", make_record, AFTER, (("iov", "random-value"),), plan_sha256="5" * 64
    )
    assert main(["tables", str(after), "--beside", str(before)]) == 2
    printed = capsys.readouterr().err
    assert "iov random-value here, rf single-bit in the unhardened one" in " ".join(printed.split())


def test_a_gpu_without_figures_and_one_for_nothing_are_refused(
    runs: tuple[Path, Path], capsys: Capture
) -> None:
    before, after = map(str, runs)
    assert main(["tables", after, "--beside", before, "--gpu", "voodoo"]) == 2
    assert "no peak figures of 'voodoo'" in capsys.readouterr().err
    assert main(["tables", after, "--gpu", "h100"]) == 2
    assert "--beside" in capsys.readouterr().err


def test_results_of_before_costs_were_counted_still_have_rates(
    tmp_path: Path, make_record: MakeRecord, capsys: Capture
) -> None:
    before = write_run(tmp_path / "before", make_record, BEFORE, counted=False)
    after = write_run(tmp_path / "after", make_record, AFTER, plan_sha256="5" * 64)
    argv = ["tables", str(after), "--beside", str(before), "--gpu", "h100"]
    assert main([*argv, "--csv", str(tmp_path / "csv")]) == 0
    printed = capsys.readouterr().out
    assert "of before costs were counted" in printed
    assert "What an inference costs" not in printed
    assert "Rates relative to the unhardened network" in printed
    assert not (tmp_path / "csv" / "costs.csv").exists()

"""Every mode from the command line to the page: campaign, tables, report, export, replay, plan."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from softbeam.analysis.results import Results
from softbeam.cli import main
from softbeam.faults.modes import MODES

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

OTHERS = tuple(mode for mode in MODES if mode not in ("rf", "ioa", "iov"))


@pytest.fixture(scope="module")
def run(network_files: Any, tmp_path_factory: pytest.TempPathFactory, session_cache: Path) -> Path:
    """Return a stratified campaign of the modes that are not the paper's."""
    folder = tmp_path_factory.mktemp("runs") / "modes"
    arguments = [
        "campaign", *network_files.options, "--image", str(network_files.images[0]), "--mode",
        ",".join(OTHERS), "--injections", "12", "--stratified", "--multiprocessors", "2",
        "--workers", "1", "--out", str(folder),
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTBEAM_CACHE_DIR", str(session_cache))
        assert main(arguments) == 0
    return folder


@pytest.fixture
def options(network_files: Any) -> list[str]:
    """Return the options that a campaign on the tiny network has."""
    return [*network_files.options, "--image", str(network_files.images[0]), "--workers", "1"]


@pytest.mark.slow
def test_every_mode_reaches_tables_page_and_export(
    run: Path, tmp_path: Path, capsys: Capture
) -> None:
    results = Results.load(run)
    assert {record.mode for record in results.records} == set(OTHERS)
    assert {one.mode for one in results.sizes} == {*OTHERS, "rf", "ioa", "iov"}
    assert main(["tables", str(run), "--layer-kernel", "--csv", str(tmp_path / "csv")]) == 0
    printed = capsys.readouterr().out
    for words in (
        "weights: drawn from the ",
        "activations: drawn from the ",
        "permanent: drawn from the ",
        "factors of buffers, joint",
        "factors of opcodes, joint",
        "buffers by layer",
    ):
        assert words in printed
    assert "PERMANENT, permanent fault of a unit, single-bit: LVF" not in printed
    assert main(["report", str(run)]) == 0
    page = (run / "report" / "report.html").read_text()
    for words in (
        "Factors of buffers, WEIGHTS",
        "Factors of opcodes, PERMANENT",
        "Kernels in layers, SHARED",
        "block b is on multiprocessor b modulo their number",
    ):
        assert words in page
    path = tmp_path / "all.csv"
    assert main(["export", str(run), "--out", str(path)]) == 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        space = MODES[row["mode"]].space
        assert (row["pc"] == "") == (space != "instructions")
        assert (row["buffer"] != "") == (space == "memory")
        assert (row["word"] != "") == (space == "memory" or row["mode"] == "shared")
        assert (row["lane"] != "") == (row["multiprocessor"] != "") == (space == "units")
        assert (row["launch"] == "") == (space == "units")


@pytest.mark.slow
@pytest.mark.parametrize("mode", OTHERS)
def test_an_injection_of_every_mode_is_replayed(
    run: Path, network_files: Any, mode: str, capsys: Capture
) -> None:
    records = [record for record in Results.load(run).records if record.mode == mode]
    for outcome in ("Masked", "SDC", "DUE"):
        record = next((one for one in records if one.outcome == outcome), None)
        if record is None:
            continue
        arguments = [
            "replay", str(run), str(record.index), "--mode", mode, "--stratum", record.stratum,
            "--network", str(network_files.cfg), "--weights", str(network_files.weights),
            "--image", str(network_files.images[0]),
        ]  # fmt: skip
        assert main(arguments) == 0
        printed = capsys.readouterr().out
        assert f"{record.outcome}, {record.detail}" in printed
        if mode == "weights":
            assert f"word {record.word} of {record.buffer} before the launch" in printed
        if mode == "permanent":
            assert f"all results of {record.opcode} in lane {record.lane} of " in printed


@pytest.mark.slow
def test_advice_is_about_code(run: Path, capsys: Capture) -> None:
    assert main(["advise", str(run), "--brief"]) == 0
    capsys.readouterr()
    assert main(["advise", str(run), "--mode", "weights"]) == 2
    assert "mode weights (weights in memory) strikes no instruction" in capsys.readouterr().err


@pytest.mark.slow
def test_a_precision_can_be_planned_for_memory(
    options: list[str], tmp_path: Path, capsys: Capture
) -> None:
    arguments = ["plan", *options, "--mode", "weights", "--margin", "0.1", "--per", "layer"]
    assert main(arguments) == 0
    assert "weights" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            ["--mode", "shared", "--gemm", "library"],
            "nothing to strike: no instruction of the launches in scope is a place for shared: "
            "none of the kernels has shared memory",
        ),
        (["--mode", "weights", "--kernels", "fill"], "mode weights strikes memory, which belongs"),
        (["--mode", "activations", "--groups", "load"], "mode activations strikes memory, which"),
        (["--mode", "weights", "--layers", "1"], "nothing to strike: no word of the scope"),
        (["--mode", "permanent", "--groups", "fp64"], "nothing to strike: no executed instruction"),
        (["--mode", "rf", "--multiprocessors", "4"], "multiprocessors is about faults that stay"),
        (["--mode", "permanent", "--multiprocessors", "0"], "--multiprocessors 0 is not possible"),
        (["--mode", "rf", "--bits", "33"], "--bits 33 is not possible"),
        (["--mode", "ioa", "--bits", "9"], "mode ioa (instruction output address) takes no 9-bit"),
        (["--mode", "rf", "--model", "stuck-at-0"], "mode rf (register file) takes no stuck-at-0"),
        (["--mode", "weights", "--semantics", "sassifi"], "the rules of sassifi have no mode"),
        (["--paper", "--bits", "3"], "paper names its own modes and models"),
    ],
)
def test_a_mode_without_a_place_is_one_sentence_and_leaves_nothing(
    options: list[str], wrong: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "run"
    arguments = ["campaign", *options, *wrong, "--injections", "2", "--out", str(out)]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f"softbeam: error: {message}" in said
    assert not out.exists()


def test_bits_are_models(options: list[str], tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "run"
    arguments = ["campaign", *options, "--mode", "weights", "--bits", "1,4", "--injections", "3"]
    assert main([*arguments, "--out", str(out)]) == 0
    records = Results.load(out).records
    assert {record.model for record in records} == {"single-bit", "4-bit"}
    for record in records:
        bits = 4 if record.model == "4-bit" else 1
        assert (record.before or 0) ^ (record.after or 0) == ((1 << bits) - 1) << (record.bit or 0)

"""Programs on the command line: run, struck, shown and replayed like networks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.programs import PROGRAMS

from softbeam import load
from softbeam.cli import main
from softbeam.program.folder import write_program

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a program with atomics and a check."""
    path = tmp_path_factory.mktemp("programs") / "counting"
    write_program(PROGRAMS["counting"](), path)
    return path


def test_run_shows_launches_and_writes_outputs(folder: Path, tmp_path: Path, capsys: Capture):
    assert main(["run", str(folder), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert re.search(r"histogram_k +histogram_k +3 ", shown.out)
    assert "warning" not in shown.err
    assert np.load(tmp_path / "out" / "data.npy").dtype == np.uint8
    assert np.load(tmp_path / "out" / "found.npy").shape == (64,)


def test_what_is_no_program_is_one_sentence(tmp_path: Path, capsys: Capture):
    assert main(["run", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("softbeam: error: cannot read the program")
    assert len(said.splitlines()) == 1


def test_a_program_has_no_weights_or_images(folder: Path, tmp_path: Path, capsys: Capture):
    assert main(["profile", str(folder), "--image", str(tmp_path / "x.png")]) == 2
    assert "is a program, with its inputs in it; leave --image out" in capsys.readouterr().err
    assert main(["profile", str(folder), "--arch", "sm_80"]) == 2
    assert "is for sm_90; leave --arch sm_80 out" in capsys.readouterr().err


def test_profile_counts_every_stage(folder: Path, capsys: Capture):
    assert main(["profile", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^ +0 +bytes_k +bytes_k +1 ", shown, re.MULTILINE)
    assert re.search(r"^ +4 +again +bytes_k +1 ", shown, re.MULTILINE)


def test_disasm_prints_the_kernels_that_a_program_launches(folder: Path, capsys: Capture):
    assert main(["disasm", str(folder)]) == 0
    shown = capsys.readouterr().out
    for kernel in ("bytes_k", "histogram_k", "count_k"):
        assert re.search(rf"^{kernel} sm_90", shown, re.MULTILINE)
    assert main(["disasm", str(folder), "--kernel", "reduce_k"]) == 2
    assert "launches no kernel reduce_k" in capsys.readouterr().err


@pytest.mark.slow
def test_memory_of_a_program_is_struck_and_shown(folder: Path, tmp_path: Path, capsys: Capture):
    results = str(tmp_path / "memory")
    streams = ["--mode", "weights", "--mode", "activations", "--model", "single-bit"]
    given = ["campaign", str(folder), *streams, "--injections", "60", "--out", results]
    assert main([*given, "--workers", "1"]) == 0
    found = load(results)
    assert {one.buffer for one in found.records} == {"numbers", "data", "looked", "bins", "found"}
    assert any(one.detail == "detected" for one in found.records)
    for command in ("tables", "report"):
        assert main([command, results]) == 0
    index = str(next(one.index for one in found.records if one.mode == "weights"))
    replayed = ["replay", results, index, "--mode", "weights", "--model", "single-bit"]
    capsys.readouterr()
    assert main([*replayed, "--network", str(folder)]) == 0
    assert "numbers" in capsys.readouterr().out


def test_what_programs_cannot_do_is_one_sentence(folder: Path, tmp_path: Path, capsys: Capture):
    given = ["campaign", str(folder), "--injections", "4", "--out", str(tmp_path / "no")]
    assert main([*given, "--mode", "permanent", "--model", "stuck-at-0"]) == 2
    said = capsys.readouterr().err
    assert "the mode permanent strikes networks alone" in said
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_a_plan_speaks_of_the_program_s_inputs(folder: Path, capsys: Capture):
    given = ["plan", str(folder), "--mode", "iov", "--pilot", "4", "--margin", "0.1"]
    assert main(given) == 0
    shown = capsys.readouterr().out
    assert "counting with the inputs that it holds" in shown
    assert "--image" not in shown


@pytest.mark.slow
def test_a_campaign_is_shown_advised_and_replayed(folder: Path, tmp_path: Path, capsys: Capture):
    results = tmp_path / "results"
    given = ["campaign", str(folder), "--paper", "--injections", "60", "--out", str(results)]
    assert main([*given, "--workers", "2"]) == 0
    found = load(results)
    assert len(found.records) == 180
    assert {one.kernel for one in found.records} <= {"bytes_k", "histogram_k", "count_k"}
    again = tmp_path / "again"
    assert main([*given[:-1], str(again), "--workers", "1"]) == 0
    assert load(again).records == found.records
    for command in ("tables", "advise", "report"):
        assert main([command, str(results)]) == 0
    assert main(["disasm", str(folder), "--kernel", "bytes_k", "--run", str(results)]) == 0
    assert "rf single-bit" in capsys.readouterr().out.lower()
    for outcome in ("SDC", "DUE", "Masked"):
        record = next(one for one in found.records if one.outcome == outcome)
        command = ["replay", str(results), str(record.index), "--mode", record.mode]
        assert main([*command, "--network", str(folder)]) == 0
        shown = capsys.readouterr().out
        assert re.search(rf"^outcome +{outcome}, {record.detail}$", shown, re.MULTILINE)


@pytest.mark.slow
def test_a_host_s_check_makes_an_error_detected(folder: Path, tmp_path: Path, capsys: Capture):
    results = tmp_path / "results"
    assert (
        main(
            [
                *("campaign", str(folder), "--mode", "iov", "--injections", "200"),
                *("--kernels", "histogram_k", "--out", str(results), "--workers", "1"),
            ]
        )
        == 0
    )
    details = [one.detail for one in load(results).records]
    assert "detected" in details
    assert main(["tables", str(results)]) == 0
    assert re.search(r"^ +detected +\d+ ", capsys.readouterr().out, re.MULTILINE)

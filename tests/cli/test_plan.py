"""``softbeam plan``: numbers and times before a campaign, and nothing kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.networks import NetworkFiles

from softbeam.analysis.planning import injections_needed
from softbeam.cli import main
from softbeam.jit import cache_home

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

TIME = r"\d+(\.\d+)? (s|min|h)"


def rows(printed: str) -> dict[str, list[str]]:
    """Return the table's rows by mode, their columns being two spaces or more apart."""
    found = {}
    for line in printed.splitlines():
        cells = re.split(r" {2,}", line.strip())
        if cells[0] in ("rf", "iov", "ioa", "all"):
            found[cells[0]] = cells[1:]
    return found


@pytest.fixture
def command(
    network_files: NetworkFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return the beginning of the command, run in a folder that is empty."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return ["plan", *network_files.options, "--image", str(network_files.images[0]), "--pilot", "8"]


def test_a_number_of_injections(command: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main([*command, "--paper", "--injections", "2000", "--workers", "3"]) == 0
    printed, said = capsys.readouterr()
    assert said == ""
    found = rows(printed)
    assert list(found) == ["ioa", "iov", "rf", "all"]
    for mode in ("ioa", "iov", "rf"):
        model, cells, expected, most, each, about, longest = found[mode]
        assert model == ("random-value" if mode == "iov" else "single-bit")
        assert (cells, expected, most) == ("1", "2,000", "2,000")
        assert float(each) > 0
        assert re.fullmatch(TIME, about)
        assert about == longest
    assert found["all"][:3] == ["3", "6,000", "6,000"]
    assert printed.splitlines()[-1].startswith("Times are for 3 workers on this machine")
    # Nothing is kept but the profile.
    assert list((tmp_path / "here").iterdir()) == []
    assert list((cache_home() / "profiles").iterdir())


def test_a_margin_in_every_cell(command: list[str], capsys: Capture) -> None:
    arguments = ["--mode", "rf", "--margin", "0.1", "--per", "layer"]
    assert main([*command, *arguments]) == 0
    model, cells, expected, most, *_ = rows(capsys.readouterr().out)["rf"]
    assert (model, cells) == ("single-bit", "5")
    # Each layer's, a tenth for the last round, and what strata get in the first one.
    least = 5 * injections_needed(0.5, 0.1, 0.95)
    assert 1.1 * least <= int(most.replace(",", "")) < 3 * least
    assert 0 < int(expected.replace(",", "")) <= int(most.replace(",", ""))


def test_a_margin_with_several_inputs(
    command: list[str], network_files: NetworkFiles, capsys: Capture
) -> None:
    arguments = ["--image", str(network_files.images[1]), "--mode", "rf", "--margin", "0.1"]
    assert main([*command, *arguments]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 inputs take 42.0 times the injections of one" in printed
    assert "13 inputs take 1.2 times: give 13 or more." in printed
    assert "The 2 inputs are clusters. The numbers hold if they are alike" in printed
    # 0.1 over Student's quantile 12.706, times the root of 2.
    assert "standard deviation over them is above 1.1 points, no number of injections" in printed
    assert main([*command, "--mode", "rf", "--margin", "0.1"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "clusters" not in printed
    assert "give 13 or more (--image): 2 take 42 times as many injections" in printed


def test_bad_input_is_one_sentence(command: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main([*command, "--mode", "rf", "--layers", "9"]) == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said.startswith("softbeam: error: tiny has no layer 9 to strike; it has 0, 1, 2, 3, 4")
    assert said.count("\n") == 1

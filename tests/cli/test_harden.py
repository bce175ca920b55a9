"""From a campaign to a hardened network that is struck again, on a tiny network."""

from __future__ import annotations

import csv
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import softbeam
from softbeam.analysis.hardening.measured import measuring
from softbeam.analysis.hardening.measured.gathering import Drawn
from softbeam.analysis.hardening.measured.measuring import Files, Given
from softbeam.analysis.results import Results
from softbeam.campaign import again
from softbeam.campaign.effects.file import EFFECTS, read_effects
from softbeam.campaign.file import read_request
from softbeam.campaign.request import Request
from softbeam.campaign.setup import load_requested
from softbeam.cli import main
from softbeam.errors import CampaignError, ResultsError
from softbeam.injection.choices import BoxRule
from softbeam.present.hardening_folder import check_free, request_again, whole_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(network_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a campaign on a tiny network with two inputs."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    arguments = [
        "campaign", *network_files.options, "--mode", "rf,iov", "--injections", "150",
        "--workers", "1", "--out", str(folder),
    ]  # fmt: skip
    for image in network_files.images[:2]:
        arguments += ["--image", str(image)]
    assert main(arguments) == 0
    return folder


@pytest.fixture(scope="module")
def given(network_files: Any) -> list[str]:
    """Return the options that tell what the campaign struck."""
    options = ["--network", str(network_files.cfg), "--weights", str(network_files.weights)]
    for image in network_files.images[:2]:
        options += ["--image", str(image)]
    return options


@pytest.fixture(scope="module")
def measured(run: Path, given: list[str]) -> Path:
    """Return the same campaign with the effects of techniques measured."""
    arguments = ["advise", str(run), "--technique", "measured", *given, "--of", "all", "--brief"]
    assert main([*arguments, "--strikes", "2", "--workers", "1"]) == 0
    return run


@pytest.mark.slow
def test_measured_effects_answer_without_the_network(
    measured: Path, capsys: Capture, tmp_path: Path
) -> None:
    assert read_effects(measured) is not None
    capsys.readouterr()
    assert main(["advise", str(measured), "--of", "all", "--coverage", "0.5"]) == 0
    printed = capsys.readouterr().out
    assert "Of all SDCs, crashes and hangs, seen or not, it is predicted to remove" in printed
    assert "--harden '" in printed
    arguments = ["advise", str(measured), "--of", "sdc", "--among", "range,lean"]
    assert main([*arguments, "--out", str(tmp_path / "advice")]) == 0
    with (tmp_path / "advice" / "front.csv").open(newline="") as file:
        front = list(csv.DictReader(file))
    assert all("duplication" not in row["rules"] for row in front)
    costs = [float(row["cost"]) for row in front]
    assert costs == sorted(costs)
    assert {one.name for one in (tmp_path / "advice").iterdir()} == {
        "items.csv", "front.csv", "front.png", "front.pdf",
    }  # fmt: skip


@pytest.mark.slow
def test_what_was_chosen_is_written_struck_and_held_beside(
    measured: Path, given: list[str], tmp_path: Path, capsys: Capture
) -> None:
    before = (measured / EFFECTS).read_bytes()
    out = tmp_path / "hardened"
    arguments = ["harden", str(measured), *given, "--of", "all", "--coverage", "0.6"]
    arguments += ["--workers", "1", "--injections", "40", "--out", str(out)]
    capsys.readouterr()
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "predicted" in printed
    assert "measured" in printed
    assert (measured / EFFECTS).read_bytes() == before
    for name in ("README.md", "hardening.toml", "hardening.h", "launches.csv", "cuda"):
        assert (out / name).exists()
    after = Results.load(out / "campaign")
    assert len(after.records) == 80
    # The campaign file strikes the very same hardened network.
    _, specification = load_requested(read_request(out / "hardening.toml"))
    assert specification.campaign_id == after.specification.campaign_id
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.slow
def test_python_chooses_and_writes_what_the_command_line_does(
    measured: Path, network_files: Any, given: list[str], tmp_path: Path, capsys: Capture
) -> None:
    before = (measured / EFFECTS).read_bytes()
    files = {
        "weights": network_files.weights,
        "images": [str(one) for one in network_files.images[:2]],
    }
    found = softbeam.measure(measured, network=str(network_files.cfg), **files)
    assert (measured / EFFECTS).read_bytes() == before
    answer = found.choose(softbeam.Aim(coverage=0.6), of="all")
    assert str(answer.remedies[0]).partition("=")[2] in answer.rules
    out = softbeam.write_hardening(found, answer, tmp_path / "python")
    arguments = ["harden", str(measured), *given, "--of", "all", "--coverage", "0.6"]
    assert main([*arguments, "--injections", "0", "--out", str(tmp_path / "command")]) == 0
    written = {one.relative_to(out) for one in out.rglob("*")}
    assert written == {
        one.relative_to(tmp_path / "command") for one in (tmp_path / "command").rglob("*")
    }
    for name in written:
        if (out / name).is_file():
            assert (out / name).read_bytes() == (tmp_path / "command" / name).read_bytes()
    assert set(found.predict(answer)) == {"critical", "sdc", "due", "all"}
    with pytest.raises(ResultsError, match="is there already"):
        softbeam.write_hardening(found, answer, out)
    with pytest.raises(CampaignError, match="there is no kind of damage 'noise' here"):
        found.choose(softbeam.Aim(coverage=0.6), of="noise")
    for aim, said in (
        (softbeam.Aim(budget=-1.0), "a budget of -1.0 is no share of instructions"),
        (softbeam.Aim(coverage=3.0), "a coverage of 3.0 is no share of the damage"),
        (softbeam.Aim(coverage=0.5, budget=0.1), "not both"),
    ):
        with pytest.raises(CampaignError, match=said):
            found.choose(aim)
    # Fewer techniques are among those that were measured.
    fewer = found.choose(softbeam.Aim(coverage=0.6), of="sdc", among=["range"], modes=["rf"])
    assert {one.technique for one in fewer.remedies} <= {("range",)}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"among": ["prayer"]}, "there is no technique 'prayer' here"),
        ({"strikes": 0}, "strikes is 0; give at least 1"),
        ({"pictures": ["a.png"]}, "there is no option 'pictures' here; give one of .* images"),
        ({"images": ["nowhere.png"]}, "nowhere.png"),
    ],
)
def test_what_python_cannot_measure_is_told(
    made_up_run: Path, how: dict[str, Any], said: str
) -> None:
    with pytest.raises(softbeam.SoftbeamError, match=said):
        softbeam.measure(made_up_run, **how)


@pytest.mark.slow
def test_a_hardened_campaign_is_not_measured_again(
    measured: Path, given: list[str], tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "hardened"
    arguments = ["harden", str(measured), *given, "--of", "all", "--coverage", "0.3"]
    assert main([*arguments, "--workers", "1", "--injections", "5", "--out", str(out)]) == 0
    capsys.readouterr()
    assert main(["advise", str(out / "campaign"), "--technique", "measured", *given]) == 2
    assert "give the campaign of the unhardened one" in capsys.readouterr().err


@pytest.mark.slow
def test_who_stops_it_is_told_how_to_go_on(
    measured: Path,
    given: list[str],
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    before = (measured / EFFECTS).read_bytes()
    out = tmp_path / "hardened"
    arguments = ["harden", str(measured), *given, "--of", "all", "--coverage", "0.6"]
    arguments += ["--workers", "1", "--injections", "7", "--out", str(out)]
    with monkeypatch.context() as patched:
        patched.setattr("softbeam.cli.campaign.make_injections", stopped)
        assert main(arguments) == 130
    said = capsys.readouterr().err
    strike, compare = re.findall(r"^  softbeam (.*)$", said, re.MULTILINE)
    assert main(shlex.split(strike)) == 0
    assert len(Results.load(out / "campaign").records) == 14
    assert main(shlex.split(compare)) == 0
    capsys.readouterr()
    with monkeypatch.context() as patched:
        name = "softbeam.analysis.hardening.measured.measuring.measure_effects"
        patched.setattr(name, stopped)
        arguments = ["advise", str(measured), "--technique", "measured", "--of", "all", *given]
        assert main([*arguments, "--limit-margin", "0.25"]) == 130
    assert f"What was measured is kept in {measured}; go on with" in capsys.readouterr().err
    assert main([*arguments, "--strikes", "2"]) == 0
    assert (measured / EFFECTS).read_bytes() == before


@pytest.mark.slow
def test_what_was_measured_with_other_limits_is_not_lost(
    measured: Path, given: list[str], capsys: Capture
) -> None:
    before = (measured / EFFECTS).read_bytes()
    arguments = ["advise", str(measured), "--technique", "measured", "--of", "all", "--brief"]
    arguments += [*given, "--strikes", "2", "--workers", "1"]
    assert main([*arguments, "--limit-margin", "0.5", "--among", "range"]) == 0
    wider = (measured / EFFECTS).read_bytes()
    assert wider != before
    capsys.readouterr()
    assert main(arguments) == 0
    assert (measured / EFFECTS).read_bytes() == before
    assert [one.read_bytes() for one in measured.glob("effects-*.json")] == [wider]


def test_a_folder_that_holds_something_is_refused(
    made_up_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")
    assert main(["harden", str(made_up_run), "--budget", "0.05", "--out", str(out)]) == 2
    assert "is there already and is not an empty folder" in capsys.readouterr().err
    assert (out / "mine").read_text() == "kept"


def files_of(network: str, judge: str | None = None) -> Given:
    files = Files.from_options({} if judge is None else {"judge": judge})
    return Given(Path("run"), network, files, files, files, None, None)


def test_the_campaign_file_names_files_in_full(made_up_run: Path) -> None:
    results = Results.load(made_up_run)
    changed = results.specification.model_copy(
        update={"judge": "my.py:steering", "judge_sha256": "0" * 64}
    )
    found = request_again(
        replace(results, specification=changed), files_of("net.onnx", "my.py:steering")
    )
    assert found["judge"] == f"{Path.cwd() / 'my.py'}:steering"
    assert found["network"] == str(Path.cwd() / "net.onnx")


def test_the_campaign_file_keeps_strata_and_the_rule_of_the_judge(made_up_run: Path) -> None:
    results = Results.load(made_up_run)
    usual = request_again(results, files_of("net.onnx"))
    assert "stratified" not in usual
    assert "box_head" not in usual
    assert [] not in usual.values()
    rule = BoxRule(threshold=0.3, head="yolov5")
    changed = results.specification.model_copy(
        update={"sampling": "stratified", "judge": "boxes", "boxes": rule}
    )
    found = request_again(replace(results, specification=changed), files_of("net.onnx"))
    assert found["stratified"] is True
    request = Request.from_options(found)
    assert request.judge == "boxes"
    assert request.boxes == rule


def test_a_folder_that_cannot_be_made_is_refused_at_once(
    made_up_run: Path, capsys: Capture
) -> None:
    out = "/proc/of/softbeam"
    assert main(["harden", str(made_up_run), "--budget", "0.05", "--out", out]) == 2
    written = capsys.readouterr()
    assert written.err.startswith("softbeam: error: cannot write to /proc (")
    assert written.out == ""


@pytest.mark.parametrize("command", ["harden", "advise"])
def test_too_little_damage_is_said_before_anything_is_measured(
    made_up_run: Path, tmp_path: Path, capsys: Capture, monkeypatch: Any, command: str
) -> None:
    monkeypatch.setattr(Drawn, "damaging", lambda self, of: 9)
    monkeypatch.setattr(measuring, "limits_of", lambda given, workload: None)
    monkeypatch.setattr(measuring, "kept_within", lambda *parts: None)
    monkeypatch.setattr(again, "workload_again", lambda *parts: None)
    options = ["--out", str(tmp_path / "out")] if command == "harden" else ["--technique=measured"]
    assert main([command, str(made_up_run), "--budget", "0.05", *options]) == 2
    assert "9 critical SDCs were seen, and with fewer than 10" in capsys.readouterr().err


def test_half_written_folders_do_not_stay(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"

    def half() -> None:
        with whole_folder(out) as folder:
            (folder / "half").write_text("x")
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        half()
    assert list((tmp_path / "deep").iterdir()) == []
    with whole_folder(out) as folder:
        (folder / "whole").write_text("x")
        assert not out.exists()
    assert (out / "whole").read_text() == "x"
    with pytest.raises(ResultsError):
        check_free(out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--of", "noise"], "'noise' is not one of critical, sdc, due, all"),
        (["--among", "prayer"], "'prayer' is not one of"),
        (["--budget", "0.1", "--coverage", "0.9"], "not both"),
    ],
)
def test_wrong_options_are_named(
    made_up_run: Path, tmp_path: Path, capsys: Capture, options: list[str], said: str
) -> None:
    arguments = ["harden", str(made_up_run), "--out", str(tmp_path / "out"), *options]
    assert main(arguments) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--technique", "measured", "--by", "kernel"], "chosen for kernels in layers"),
        (["--technique", "duplication", "--among", "range"], "give --technique measured"),
        (["--technique", "measured", "--of", "noise"], "'noise' is not one of"),
    ],
)
def test_wrong_options_of_measured_advice_are_named(
    made_up_run: Path, capsys: Capture, options: list[str], said: str
) -> None:
    assert main(["advise", str(made_up_run), *options]) == 2
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())

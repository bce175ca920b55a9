"""``--harden``: campaigns of hardened networks from rules to replays, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.networks import NetworkFiles

from softbeam.analysis.results import Results
from softbeam.cli import main
from softbeam.network.hardening.limits import Limits, read_limits
from softbeam.network.workload import load_workload

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

RULES = "maxpool=range, add_bias@0=duplication, add_bias@2=triplication, lean"


def options(files: NetworkFiles, number: int = 60) -> list[str]:
    """Return what is struck, how often and how it is hardened, without calibration images."""
    return [
        *files.options, "--image", str(files.images[0]), "--mode", "iov", "--workers", "1",
        "--injections", str(number), "--kernels",
        "add_bias+duplication,add_bias+triplication,maxpool+range", "--harden", RULES,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def run(network_files: NetworkFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a campaign on a hardened network."""
    folder = tmp_path_factory.mktemp("runs") / "hardened"
    given = ["--faults", "2", "--inferences", "20"]
    calibrated = ["--calibration", *map(str, network_files.images[2:])]
    arguments = ["campaign", *options(network_files), *given, *calibrated, "--out", str(folder)]
    assert main(arguments) == 0
    return folder


def test_what_checks_report_is_in_results_and_tables(run: Path, capsys: Capture) -> None:
    results = Results.load(run)
    ended = {(one.outcome, one.detail) for one in results.records}
    assert {("DUE", "detected"), ("Masked", "corrected")} <= ended
    for record in results.records:
        if record.detail == "detected":
            assert record.kernel in ("add_bias+duplication", "add_bias+triplication")
        if record.detail == "corrected":
            assert record.kernel == "add_bias+triplication"
    assert {one.detail for one in results.inferences} & {"detected", "corrected"}
    kernels = {one.name for layer in results.facts.layers for one in layer.kernels}
    assert {"maxpool+range", "add_bias+duplication"} <= kernels
    assert "copy" not in kernels
    assert main(["tables", str(run)]) == 0
    printed = capsys.readouterr().out
    assert f"The network is hardened: {results.specification.harden}." in printed
    assert "Limits are those of 1 calibration image." in printed
    for detail in ("detected", "corrected"):
        assert re.search(rf"^ +{detail} +\d", printed, re.MULTILINE)


def test_it_is_replayed_without_calibration_images(
    run: Path, network_files: NetworkFiles, capsys: Capture
) -> None:
    given = ["--network", str(network_files.cfg), "--weights", str(network_files.weights)]
    given += ["--image", str(network_files.images[0])]
    records = Results.load(run).records
    for detail in ("detected", "corrected", "absorbed"):
        record = next(one for one in records if one.detail == detail)
        assert main(["replay", str(run), str(record.index), *given]) == 0
        printed = capsys.readouterr().out
        assert re.search(rf"^outcome +{record.outcome}, {detail}$", printed, re.MULTILINE)


def test_it_goes_on_without_calibration_images(
    run: Path, network_files: NetworkFiles, capsys: Capture
) -> None:
    before = Results.load(run)
    assert main(["campaign", *options(network_files, 62), "--out", str(run)]) == 0
    assert "2 injections made" in capsys.readouterr().err
    after = Results.load(run)
    assert after.specification.campaign_id == before.specification.campaign_id
    assert after.facts.limits == before.facts.limits


def test_other_limits_are_another_campaign(
    run: Path, network_files: NetworkFiles, capsys: Capture
) -> None:
    other = ["--calibration", str(network_files.images[1])]
    assert main(["campaign", *options(network_files), *other, "--out", str(run)]) == 2
    assert "plan_sha256 (buffers and launches)" in capsys.readouterr().err
    wider = ["--calibration", str(network_files.images[2]), "--limit-margin", "0.1"]
    assert main(["campaign", *options(network_files), *wider, "--out", str(run)]) == 2


def test_a_file_of_limits_takes_the_place_of_images(
    run: Path, network_files: NetworkFiles, tmp_path: Path
) -> None:
    results = Results.load(run)
    path = tmp_path / "limits.json"
    path.write_text(results.facts.limits)
    assert read_limits(path) == results.facts.known_limits
    file = tmp_path / "campaign.toml"
    file.write_text(
        f"network = '{network_files.cfg}'\nweights = '{network_files.weights}'\n"
        f"images = ['{network_files.images[0]}']\nmodes = ['iov']\ninjections = 60\n"
        "kernels = 'add_bias+duplication,add_bias+triplication,maxpool+range'\n"
        # Written otherwise, and the same.
        "harden = 'lean,add_bias@2=triplication,maxpool = range,add_bias@0=duplication'\n"
        "limits = 'limits.json'\n"
    )
    assert main(["campaign", str(file), "--workers", "1", "--out", str(run)]) == 0
    assert Results.load(run).specification.campaign_id == results.specification.campaign_id


def test_profile_and_classify_know_the_hardened_network(
    network_files: NetworkFiles, capsys: Capture
) -> None:
    given = [*network_files.options, "--image", str(network_files.images[0])]
    assert main(["classify", *given]) == 0
    plain = capsys.readouterr().out
    assert main(["classify", *given, "--harden", RULES]) == 0
    assert capsys.readouterr().out == plain
    assert main(["profile", *given, "--harden", RULES]) == 0
    printed = capsys.readouterr().out
    assert "maxpool+range" in printed
    assert "add_bias+triplication" in printed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--harden", "softmax=checksum"], "softmax in layer 4 has no checksum"),
        (["--harden", "maxpool@9=range"], "tiny has no layer 9; its layers are 0 to 4"),
        (["--harden", "copy=range, copy@0=bounds"], "say different things of copy in layer 0"),
        (["--harden", "maxpool"], "'maxpool' is no rule"),
        (["--harden", "maxpool=range", "--calibration", "EMPTY"], "holds no image"),
        (["--harden", "maxpool=range", "--limits", "OTHER"], "with other weights"),
        (["--harden", "maxpool=range", "--limits", "MISSING"], "cannot read the limits"),
        (["--limit-margin", "0.5"], "give harden too"),
        (
            ["--harden", "maxpool=range", "--limits", "OTHER", "--limit-margin", "1"],
            "give limits, or calibration images with their margin, not both",
        ),
        (
            ["--harden", "lean", "--limit-margin", "-1"],
            "--limit-margin -1 is not possible",
        ),
    ],
)
def test_bad_input_is_a_sentence(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture, given: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    plan = load_workload(str(network_files.cfg), weights=network_files.weights).plan
    other = Limits("tiny", plan.sha256, "0" * 64, ("1" * 64,), ((0.0, 1.0),) * len(plan.launches))
    (tmp_path / "other.json").write_text(other.to_json())
    places = {
        "EMPTY": str(tmp_path / "empty"),
        "OTHER": str(tmp_path / "other.json"),
        "MISSING": str(tmp_path / "missing.json"),
    }
    arguments = [places.get(one, one) for one in given]
    out = tmp_path / "run"
    command = ["campaign", *network_files.options, "--mode", "rf", *arguments, "--out", str(out)]
    assert main(command) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert not out.exists()


def test_a_program_refuses_it(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "program.toml").write_text("")
    assert main(["profile", str(tmp_path), "--harden", "lean"]) == 2
    assert "is a program, whose kernels are its own; leave --harden out" in capsys.readouterr().err

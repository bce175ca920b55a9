"""Campaigns on a detector of the user's own: class names, thresholds for boxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softbeam.analysis.results import Results
from softbeam.campaign.preparation import prepare
from softbeam.campaign.specification import CampaignSpecification
from softbeam.cli import main
from softbeam.injection.judging import judge_for
from softbeam.injection.outcomes import DETECTION_DETAILS
from softbeam.injection.record import InjectionRecord
from softbeam.jit import cache_home
from softbeam.network import load_network
from softbeam.network.darknet.weights import write_weights
from softbeam.network.weights import random_weights
from softbeam.network.workload import load_workload

pytestmark = pytest.mark.usefixtures("own_cache")

CFG = """
[net]
height=12
width=12
channels=3
[convolutional]
filters=8
size=3
pad=1
activation=leaky
[maxpool]
size=2
stride=2
[convolutional]
filters=14
size=1
activation=linear
[yolo]
classes=2
num=2
anchors=3,4, 5,6
"""


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return a detector that finds something, as the command line names it."""
    folder = tmp_path_factory.mktemp("detector")
    cfg, weights, names = (folder / f"own.{ending}" for ending in ("cfg", "weights", "names"))
    cfg.write_text(CFG)
    names.write_text("cup\nspoon\n")
    layers = load_network(str(cfg)).layers
    values = random_weights(layers, 4)
    values["2.weights"] *= np.float32(4)
    values["2.biases"][[4, 5]] = 3
    write_weights(weights, layers, values)
    return [str(cfg), "--weights", str(weights), "--names", str(names)]


#: Above this score hardly a box is, by default half of them are.
THRESHOLD = 0.99


@pytest.fixture(scope="module")
def runs(
    detector: list[str], session_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Return the same injections, judged as by default and with :data:`THRESHOLD`."""
    folder = tmp_path_factory.mktemp("runs")
    command = ["campaign", *detector, "--mode", "iov", "--model", "random-value"]
    few = [*command, "--gemm", "library", "--injections", "150", "--workers", "1"]
    usual, other = folder / "usual", folder / "other"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(cache_home() / "compiled"))
        patch.setenv("SOFTBEAM_CACHE_DIR", str(session_cache))
        assert main([*few, "--out", str(usual)]) == 0
        assert main([*few, "--box-threshold", str(THRESHOLD), "--out", str(other)]) == 0
    return usual, other


@pytest.mark.slow
def test_an_error_is_judged_by_the_boxes_it_changes(runs: tuple[Path, Path]) -> None:
    strict, lax = (Results.load(folder) for folder in runs)
    details = [Counter(one.detail for one in each.records) for each in (strict, lax)]
    sdc = {one.detail for one in strict.records if one.outcome == "SDC"}
    assert "box number" in sdc
    assert sdc <= set(DETECTION_DETAILS)
    # Hardly a box is above so high a threshold, so that hardly one can be lost.
    assert details[1]["box number"] < details[0]["box number"]
    assert strict.classes == lax.classes == ("cup", "spoon")
    assert strict.specification.campaign_id != lax.specification.campaign_id
    assert lax.specification.boxes is not None
    assert (lax.specification.boxes.threshold, lax.specification.boxes.overlap) == (THRESHOLD, 0.5)


@pytest.mark.slow
def test_tables_and_report_of_a_detector(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", str(runs[0])]) == 0
    printed = capsys.readouterr().out
    assert all(detail in printed for detail in DETECTION_DETAILS)
    assert "top-5" not in printed
    layers = [" ".join(line.split()) for line in printed.splitlines()[-4:]]
    assert layers == ["0 conv 8 3x3/1", "1 max 2x2/2", "2 conv 14 1x1/1", "3 yolo"]
    assert main(["report", str(runs[0]), "--out", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "report.html").read_text()
    assert "SDC, box number" in page
    assert all(layer.split(maxsplit=1)[1] in page for layer in layers)
    capsys.readouterr()
    assert main(["advise", str(runs[0]), "--of", "sdc"]) == 0
    assert re.search(r"^ *2 +conv 14 1x1/1 ", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.slow
def test_a_replay_judges_boxes_as_its_campaign_did(
    detector: list[str], runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    cfg, _, weights, *_ = detector
    other = Results.load(runs[1])
    by_default = details_by_default(other.specification, cfg, weights, runs[1])
    record = next(one for one in other.records if by_default(one) != one.detail)
    command = ["replay", str(runs[1]), str(record.index), "--network", cfg, "--weights", weights]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert f"SDC, {record.detail}\n" in printed
    names = {0: "conv 8 3x3/1", 1: "max 2x2/2", 2: "conv 14 1x1/1", 3: "yolo"}
    assert f"{record.kernel} of layer {record.layer} {names[record.layer]}, sm_90\n" in printed
    assert re.search(r"^ +3  yolo  +\d+  504 ", printed, re.MULTILINE)
    assert main(command[:3]) == 2
    assert "the campaign is of 'own', a network of your own; give its file" in (
        capsys.readouterr().err
    )


def test_a_profile_names_layers(detector: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", detector[0]]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ +2  conv 14 1x1/1  fill ", printed, re.MULTILINE)
    assert printed.count("conv 14 1x1/1") == 1


def test_a_detector_says_what_it_finds(
    detector: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", *detector]) == 0
    *listed, last = capsys.readouterr().out.splitlines()
    assert len(listed) == 20
    assert re.fullmatch(r" 1  0\.\d{6}  (cup|spoon) at [\d., ]+ × [\d.]+", listed[0])
    assert re.fullmatch(r"\d+ objects with a score above 0.5, the best 20 above", last)


def details_by_default(
    specification: CampaignSpecification, cfg: str, weights: str, folder: Path
) -> Callable[[InjectionRecord], str]:
    """Return the function from a record to the detail that its fault has by the default rule."""
    workload = load_workload(cfg, weights=Path(weights), choices=specification)
    setup = prepare(workload, specification, folder, folder)
    assert specification.boxes is not None
    (injector,) = setup.injectors()
    injector.rule = judge_for(setup.plan)
    return lambda one: injector.inject(one.mode, one.model, one.index, one.stratum).detail


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--box-threshold", "1.5"], "--box-threshold 1.5 is not possible"),
        (["--box-overlap", "0"], "--box-overlap 0 is not possible"),
    ],
)
def test_thresholds_that_are_none(
    detector: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options, reason
) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    assert main(["campaign", *detector, "--mode", "rf", *options, "--out", str(out)]) == 2
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_a_classifier_has_no_boxes(
    network_files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    command = ["campaign", *network_files.options, "--mode", "rf", "--box-overlap", "0.4"]
    assert main([*command, "--out", str(out)]) == 2
    assert "tiny has no head that finds boxes" in capsys.readouterr().err
    assert not out.exists()


def test_names_that_cannot_be_read(
    detector: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["campaign", *detector[:-1], str(tmp_path / "no.names"), "--mode", "rf"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "cannot read the class names" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

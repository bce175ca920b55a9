"""Accuracy under faults on the command line: from a labelled folder to the page."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from support.networks import NetworkFiles, write_network

import softbeam
from softbeam.cli import main

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

IMAGES, CLASSES = 12, 7


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> NetworkFiles:
    return write_network(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, files: NetworkFiles) -> tuple[Path, Path]:
    """Return a folder of images and a table in which the golden answer is right for most."""
    from skimage.io import imsave

    from softbeam.network.golden import golden_run
    from softbeam.network.workload import load_workload

    folder = tmp_path_factory.mktemp("labelled") / "val"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(IMAGES):
        pixels = rng.integers(0, 256, (10, 10, 3), dtype=np.uint8)
        imsave(folder / f"{number:02}.png", pixels, check_contrast=False)
    workload = load_workload(str(files.cfg), weights=files.weights, images=[folder])
    lines = ["file,label"]
    for number, image in enumerate(workload.images):
        first = int(golden_run(workload.plan, workload.weights, image).scores.argmax())
        lines.append(f"{number:02}.png,{first if number % 4 else (first + 1) % CLASSES}")
    table = folder.parent / "labels.csv"
    table.write_text("\n".join(lines))
    return folder, table


def campaign(files: NetworkFiles, labelled: tuple[Path, Path], run: Path, *more: str) -> list[str]:
    folder, table = labelled
    return [
        "campaign", *files.options, "--images", str(folder), "--labels", str(table), "--mode",
        "iov", "--injections", "48", "--workers", "1", "--out", str(run), *more,
    ]  # fmt: skip


LOADS = ("--faults", "1,2,8", "--bit-error-rate", "1e-7,1e-6", "--inferences", "36")


@pytest.mark.slow
def test_accuracy_from_campaign_to_page(
    files: NetworkFiles, labelled: tuple[Path, Path], tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    assert main(campaign(files, labelled, run, *LOADS)) == 0
    assert "144 inferences with several faults made" in capsys.readouterr().err
    results = softbeam.load(run)
    assert len(results.records) == 48
    loads = {one.load for one in results.inferences}
    assert loads == {"2", "8", "1e-07", "1e-06"}
    assert all(one.image == one.index % IMAGES for one in results.inferences)
    # Again: nothing is missing. Longer: only what is missing is made.
    assert main(campaign(files, labelled, run, *LOADS)) == 0
    assert "0 inferences with several faults made" in capsys.readouterr().err
    again = tmp_path / "again"
    assert main(campaign(files, labelled, again, "--faults", "2", "--inferences", "10")) == 0
    assert main(campaign(files, labelled, again)) == 0
    assert "asked for more before, and goes on to that: 10 inferences of iov single-bit with the " \
        "load 2" in capsys.readouterr().err  # fmt: skip
    assert main(campaign(files, labelled, again, *LOADS)) == 0
    assert softbeam.load(again).inferences == results.inferences
    assert main(["tables", str(run), "--csv", str(tmp_path / "csv")]) == 0
    printed = capsys.readouterr().out
    assert "accuracy and several faults" in printed
    with (tmp_path / "csv" / "accuracy.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["load"] for row in rows] == ["0", "1", "2", "8", "1e-07", "1e-06"]
    assert float(rows[0]["accuracy"]) == 9 / 12
    assert int(rows[0]["n"]) == IMAGES
    for row in rows:
        low, middle, high = (float(row[f"accuracy{end}"]) for end in ("_low", "", "_high"))
        assert low <= middle <= high
        assert low < high
    assert float(rows[1]["accuracy"]) > float(rows[3]["accuracy"])
    assert main(["report", str(run)]) == 0
    page = (run / "report" / "report.html").read_text()
    assert "Without a fault 9 of 12 inputs are answered right: 75.0 [46.8, 91.1] %." in page
    assert "Accuracy against the faults in an inference" in page
    assert "; right is class " in page
    capsys.readouterr()
    folder, table = labelled
    arguments = ["classify", *files.options, "--images", str(folder), "--labels", str(table)]
    assert main(arguments) == 0
    assert "right: 9 of 12, 75.0 [46.8, 91.1] %" in capsys.readouterr().out


@pytest.mark.slow
def test_parts_join_and_workers_do_not_matter(
    files: NetworkFiles, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert main([*campaign(files, labelled, whole, *LOADS), "--workers", "2"][:-2]) == 0
    parts = [tmp_path / "one", tmp_path / "two"]
    for number, part in enumerate(parts, start=1):
        more = (*LOADS, "--part", f"{number}/2")
        assert main(campaign(files, labelled, part, *more)) == 0
    assert main(["merge", *map(str, parts), "--out", str(out)]) == 0
    assert softbeam.load(out).inferences == softbeam.load(whole).inferences
    assert softbeam.load(out).records == softbeam.load(whole).records


def test_several_faults_without_labels(
    files: NetworkFiles, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    arguments = [
        "campaign", *files.options, "--mode", "weights,rf", "--injections", "10", "--faults", "3",
        "--workers", "1", "--out", str(run),
    ]  # fmt: skip
    assert main(arguments) == 0
    capsys.readouterr()
    assert main(["tables", str(run)]) == 0
    printed = capsys.readouterr().out
    assert "several faults" in printed
    assert "accuracy" not in printed
    assert main(["report", str(run)]) == 0
    assert "Critical errors against the faults" in (run / "report" / "report.html").read_text()


def test_a_folder_for_each_class(
    files: NetworkFiles, labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, _ = labelled
    for number, file in enumerate(sorted(folder.iterdir())):
        place = tmp_path / "val" / str(number % CLASSES)
        place.mkdir(parents=True, exist_ok=True)
        (place / file.name).write_bytes(file.read_bytes())
    run = tmp_path / "run"
    arguments = [
        "campaign", *files.options, "--images", str(tmp_path / "val"), "--mode", "iov",
        "--injections", "12", "--workers", "1", "--out", str(run),
    ]  # fmt: skip
    assert main(arguments) == 0
    inputs = softbeam.load(run).facts.inputs
    assert [one.label for one in inputs] == sorted(number % CLASSES for number in range(IMAGES))
    assert inputs[0].file == "0/00.png"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--judge", "values"), "labels say which class is right, and the answers are taken for"),
        (("--faults", "0"), "--faults 0 is not possible"),
        (("--faults", "10001"), "--faults 10001 is not possible"),
        (("--bit-error-rate", "0"), "--bit-error-rate 0 is not possible"),
        (("--bit-error-rate", "0.01"), "faults of iov in an inference; give one of at most"),
        (
            ("--bit-error-rate", "1e-9", "--model", "double-bit"),
            "is of model single-bit",
        ),
        (("--inferences", "9"), "inferences are given, but neither faults nor bit_error_rate"),
        (("--mode", "ioa", "--bit-error-rate", "1e-9"), "mode ioa strikes no values of one width"),
        (("--mode", "permanent", "--faults", "2"), "stays for a whole inference"),
    ],
)
def test_what_is_refused(
    files: NetworkFiles,
    labelled: tuple[Path, Path],
    tmp_path: Path,
    capsys: Capture,
    more: tuple[str, ...],
    message: str,
) -> None:
    run = tmp_path / "run"
    assert main(campaign(files, labelled, run, *more)) == 2
    assert message in capsys.readouterr().err
    assert not run.exists()


def test_a_changed_inference_is_damage(
    files: NetworkFiles, labelled: tuple[Path, Path], tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    assert main(campaign(files, labelled, run, "--faults", "2", "--inferences", "6")) == 0
    capsys.readouterr()
    with sqlite3.connect(run / "results.sqlite") as connection:
        connection.execute("UPDATE inferences SET outcome = 'Masked', struck = 1")
    assert main(["tables", str(run)]) == 2
    assert "is damaged: the row of inference" in capsys.readouterr().err

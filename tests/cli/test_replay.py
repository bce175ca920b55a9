from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from softbeam.analysis.results import Results
from softbeam.cli import main
from softbeam.injection.record import InjectionRecord

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(network_files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a campaign on a tiny network with two inputs."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    arguments = [
        "campaign", *network_files.options, "--paper", "--injections", "60", "--workers", "1",
        "--out", str(folder),
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


def find(run: Path, **wanted: object) -> InjectionRecord:
    """Return the first record whose fields are as wanted."""
    return next(
        record
        for record in Results.load(run).records
        if all(getattr(record, name) == value for name, value in wanted.items())
    )


def name(record: InjectionRecord) -> list[str]:
    return [str(record.index), "--mode", record.mode, "--model", record.model]


def test_it_prints_what_happened(run: Path, given: list[str], capsys: Capture) -> None:
    record = find(run, outcome="SDC", image=1)
    assert main(["replay", str(run), *name(record), *given]) == 0
    printed = capsys.readouterr().out
    assert re.search(rf"^outcome +SDC, {record.detail}$", printed, re.MULTILINE)
    assert re.search(r"^input +1$", printed, re.MULTILINE)
    assert f"{record.pc:#06x}  →       " in printed
    for title in (
        f"Instructions of {record.kernel} around the struck one",
        "Registers of the struck thread before and after the instruction",
        "Words of memory that are wrong after the launch",
        "Values that differ behind each layer",
        "The five best classes",
    ):
        assert title in printed
    assert "c[0x0]" in printed or "R" in printed
    assert "\x1b" not in printed


def test_an_exception_has_its_place(run: Path, given: list[str], capsys: Capture) -> None:
    record = find(run, detail="illegal address")
    assert main(["replay", str(run), *name(record), *given]) == 0
    printed = capsys.readouterr().out
    assert re.search(
        r"^reason +The launch ends with the exception illegal address at pc 0x[0-9a-f]{4}, "
        r"accessing address 0x[0-9a-f]+\.$",
        printed,
        re.MULTILINE,
    )
    assert "Values that differ" not in printed


@pytest.mark.slow
def test_the_page_has_pictures(
    run: Path, given: list[str], tmp_path: Path, capsys: Capture
) -> None:
    record = find(run, outcome="SDC", propagated=True)
    page = tmp_path / "replay.html"
    assert main(["replay", str(run), *name(record), *given, "--html", str(page)]) == 0
    text = page.read_text()
    assert text.count("data:image/png;base64,") >= 3
    assert "How it spread" in text
    assert f"wrote {page}" in capsys.readouterr().out
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)


def test_the_record_is_what_counts(
    run: Path, given: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    record = find(run, outcome="Masked")
    loaded = Results.load(run)
    wrong = tuple(
        replace(one, instructions=one.instructions + 1) if one == record else one
        for one in loaded.records
    )
    monkeypatch.setattr(Results, "load", lambda folder: replace(loaded, records=wrong))
    assert main(["replay", str(run), *name(record), *given]) == 2
    error = capsys.readouterr().err
    assert f"the replay's instructions is {record.instructions}" in error


def test_another_workload_is_named(run: Path, given: list[str], capsys: Capture) -> None:
    record = find(run)
    fewer = given[:-2]
    assert main(["replay", str(run), *name(record), *fewer]) == 2
    error = capsys.readouterr().err
    assert error.startswith("softbeam: error: this is not what the campaign struck: its inputs_")
    assert error.count("\n") == 1
    swapped = [*given[:4], *given[6:8], *given[4:6]]
    assert main(["replay", str(run), *name(record), *swapped]) == 2
    assert "inputs_sha256" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["0"], "several streams"),
        (["0", "--mode", "rf", "--model", "double-bit"], "no injections of --mode rf"),
        (["60", "--mode", "rf"], "no injection 60 of rf single-bit"),
        (["0", "--mode", "rf", "--stratum", "0/fill"], "of stratum 0/fill"),
    ],
)
def test_an_injection_that_is_not_there(
    run: Path, arguments: list[str], said: str, capsys: Capture
) -> None:
    assert main(["replay", str(run), *arguments]) == 2
    assert said in capsys.readouterr().err

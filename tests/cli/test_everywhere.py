"""What holds for every command: help, options given once, interruptions, ``--debug``."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.networks import NetworkFiles

from softbeam.cli import COMMANDS, main

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_short_h_is_help(command: str, capsys: Capture) -> None:
    assert main([command, "-h"]) == 0
    short = capsys.readouterr().out
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out == short
    assert "--debug" in short


def test_summaries_are_whole_sentences(capsys: Capture) -> None:
    assert main(["-h"]) == 0
    _, printed = capsys.readouterr().out.split("Commands:\n")
    assert "..." not in printed
    assert "…" not in printed
    for command in COMMANDS:
        summary = re.search(rf"^  {command} +(.+?)(?=^  \w|\Z)", printed, re.MULTILINE | re.DOTALL)
        assert summary is not None
        assert summary[1].rstrip().endswith(".")


def test_help_says_what_its_words_mean(capsys: Capture) -> None:
    assert main(["campaign", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in (
        "register file", "instruction output address", "instruction output value", "SASSIFI",
        "every outcome's share", "fp32, fp64, load, none, other, predicate",
    ):  # fmt: skip
        assert words in printed


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["campaign", "extraction", "--seed", "1", "--seed", "2"], "--seed"),
        (["profile", "extraction", "--arch", "sm_80", "--arch", "sm_75"], "--arch"),
        (["tables", "run", "--csv", "a", "--csv", "b"], "--csv"),
        (["emulate", "--grid", "1", "--grid", "2"], "--grid"),
    ],
)
def test_an_option_of_one_value_is_not_given_two(
    arguments: list[str], option: str, capsys: Capture
) -> None:
    assert main(arguments) == 2
    assert f"{option} is given twice" in capsys.readouterr().err


@pytest.mark.slow
def test_every_image_is_classified(network_files: NetworkFiles, capsys: Capture) -> None:
    images = [option for image in network_files.images[:2] for option in ("--image", str(image))]
    found = []
    for given in (images[:2], images[2:], images):
        assert main(["classify", *network_files.options, *given]) == 0
        found.append(capsys.readouterr().out)
    first, second, both = found
    names = [image.name for image in network_files.images[:2]]
    assert first != second
    assert both == f"{names[0]}:\n{first}{names[1]}:\n{second}"
    assert main(["profile", *network_files.options, *images]) == 2
    assert "2 images are given; counts are of one of them" in capsys.readouterr().err


@pytest.mark.slow
def test_names_are_never_printed_raw(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture
) -> None:
    names = tmp_path / "classes.names"
    names.write_text("\x1b[31mred\n" + "\u202ereversed\n" * 40, encoding="utf-8")
    image = str(network_files.images[0])
    command = [*network_files.options, "--names", str(names), "--image", image]
    assert main(["classify", *command]) == 0
    printed = capsys.readouterr().out
    run = str(tmp_path / "run")
    assert main(["campaign", *command, "--mode", "iov", "--injections", "4", "--out", run]) == 0
    for index in range(4):
        replay = ["replay", run, str(index), *command[1:3], *command[-2:], "--network", command[0]]
        assert main(replay) == 0
    printed += capsys.readouterr().out
    assert "\\u202ereversed" in printed
    assert not set("\x1b\u202e") & set(printed)


#: Says so once the interruption can be handled, then starts.
STARTED = """
import sys
from softbeam.cli import main
print("started", flush=True)
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", [["--help"], ["campaign", "extraction", "--paper"]])
def test_an_early_interruption_is_no_traceback(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    statuses = set()
    for step in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", STARTED, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(0.02 * step)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
        assert "Traceback" not in said
        statuses.add(process.returncode)
    # What was done before the signal came was done; at its very end Python handles none.
    assert statuses <= {0, 130, -signal.SIGINT}
    assert 130 in statuses


@pytest.mark.slow
def test_debug_says_what_is_done_and_nothing_else_does(
    network_files: NetworkFiles, tmp_path: Path
) -> None:
    image = str(network_files.images[0])
    command = [
        sys.executable, "-c", "from softbeam.cli import main; raise SystemExit(main())",
        "campaign", *network_files.options, "--image", image, "--mode", "rf",
        "--injections", "3", "--workers", "1",
    ]  # fmt: skip

    def said(name: str, *options: str, **environment: str) -> str:
        done = subprocess.run(
            [*command, "--out", str(tmp_path / name), *options],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == ""
        return done.stderr

    said("first")
    silent = said("silent")
    assert silent.count("\n") == 1
    for one in (said("option", "--debug"), said("variable", SOFTBEAM_DEBUG="1")):
        assert "softbeam.network.profile_cache: read the profile of input 0 from" in one
        assert "softbeam.network.golden: golden run of" in one
        assert re.search(r"softbeam\.campaign\.setup: rf single-bit 2: \w+ pc 0x", one)
        assert "a round of 3 injections, of which 3 are missing" in one


def test_too_little_room_for_the_libraries_is_said() -> None:
    # With so little OpenBLAS asks for memory for ever.
    code = "import sys; from softbeam.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "classify", "nothing.cfg"]

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (512_000_000, 512_000_000))

    done = subprocess.run(command, check=False, preexec_fn=few, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(
        r"softbeam: error: softbeam itself needs 600\.0 MB of memory, and [0-9.]+ MB are "
        r"available; raise the limit \(ulimit -v\)\n",
        done.stderr,
    )

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from softbeam.cli import main

Capture = pytest.CaptureFixture[str]
MakeRecordings = Callable[..., Path]

STRUCK = {
    "scenario": "fill",
    "block": [0, 0, 0],
    "thread": [3, 0, 0],
    "pc": 0x110,
    "occurrence": 0,
}
VALUE = STRUCK | {"mode": "RF", "target": "R7", "after": 0, "outcome": "completed"}
WILD = STRUCK | {"mode": "RF", "target": "R3", "after": 0x1234, "outcome": "exception"}
FAULTS = [
    VALUE | {"id": "right", "memory": [[259, 0, 0x3F000000]]},
    VALUE | {"id": "wrong", "memory": []},
    WILD | {"id": "named", "exception": "Illegal Address"},
    WILD | {"id": "misnamed", "exception": "Invalid PC"},
]


def test_counts_and_disagreements_as_json(make_recordings: MakeRecordings, capsys: Capture) -> None:
    assert main(["conform", str(make_recordings(faults=FAULTS)), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "golden": [1, 1],
        "traces": [0, 0],
        "faults": [3, 4],
        "disagreements": ["wrong"],
    }


def test_table_and_every_disagreement(make_recordings: MakeRecordings, capsys: Capture) -> None:
    folder = str(make_recordings(faults=FAULTS))
    assert main(["conform", folder]) == 0
    table = capsys.readouterr().out
    (row,) = [line for line in table.splitlines() if "fill" in line]
    assert row.split() == ["fill", "1/1", "-", "3/4", "-", "-", "-", "3/4", "1/2"]
    assert "wrong" not in table
    assert main(["conform", folder, "--verbose"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "fault wrong RF disagrees: recorded completed, emulated completed: 1 words differ, "
        "first word 259: recorded 0x3f000000, emulated 0x0"
    ) in lines
    assert (
        "fault misnamed RF agrees but for the exception's name: recorded Invalid PC, "
        "emulated Illegal Address"
    ) in lines
    assert not any("fault right" in line or "fault named" in line for line in lines)


def test_a_folder_that_is_none_is_told_in_one_sentence(tmp_path: Path, capsys: Capture) -> None:
    assert main(["conform", str(tmp_path / "none")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    assert "scenarios.json" in streams.err


def test_a_malformed_record_is_told_in_one_sentence(
    make_recordings: MakeRecordings, capsys: Capture
) -> None:
    folder = make_recordings(faults=FAULTS)
    with (folder / "faults.jsonl").open("a") as stream:
        stream.write("{")
    assert main(["conform", str(folder), "--json"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    (line,) = [line for line in streams.err.splitlines() if "error" in line]
    assert "faults.jsonl, line 5" in line

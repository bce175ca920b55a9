"""``softbeam profile``: bytes, and an estimate of time where a GPU is named."""

from __future__ import annotations

import json
import re

import pytest
from support.networks import NetworkFiles

from softbeam.analysis.roofline import LAUNCH
from softbeam.cli import main

Capture = pytest.CaptureFixture[str]


def test_bytes_and_estimated_times_are_counted(
    network_files: NetworkFiles, capsys: Capture
) -> None:
    options = ["profile", *network_files.options]
    assert main([*options, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert "estimated_seconds" not in plain[0]
    fill = next(row for row in plain if row["kernel"] == "fill")
    assert fill["loaded_bytes"] == 0
    assert fill["stored_bytes"] == 4 * fill["stores"]

    assert main([*options, "--json", "--gpu", "t4"]) == 0
    timed = json.loads(capsys.readouterr().out)
    assert all(0.0 < row["estimated_seconds"] < 1e-3 for row in timed)
    assert [{**row, "estimated_seconds": 0} for row in plain] == [
        {**row, "estimated_seconds": 0} for row in timed
    ]

    assert main([*options, "--gpu", "t4"]) == 0
    printed = capsys.readouterr().out
    launches = sum(row["launches"] for row in plain)
    (said,) = re.findall(r"On T4: ([0-9.]+) ms by a roofline estimate", printed)
    whole = sum(row["estimated_seconds"] for row in timed)
    assert float(said) == pytest.approx(1e3 * whole, abs=6e-4)
    assert (
        f"between its {launches} launches, not in it, about {1e3 * launches * LAUNCH:.3f} ms"
        in (printed)
    )
    assert "µs, estimate" in printed
    assert "not a measurement" in printed


def test_a_gpu_without_peak_figures_is_refused(
    network_files: NetworkFiles, capsys: Capture
) -> None:
    assert main(["profile", *network_files.options, "--gpu", "h1000"]) == 2
    assert "no peak figures of 'h1000' are known" in capsys.readouterr().err

"""Debian's Darknet run as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from softbeam.network.darknet.weights import write_weights
from softbeam.network.layers import Layer

Predict = Callable[
    [Path, tuple[Layer, ...], Mapping[str, np.ndarray], np.ndarray], list[np.ndarray]
]


@pytest.fixture
def predict(darknet: Path, tmp_path: Path) -> Predict:
    """Return a function that runs Darknet and returns the output of every layer."""

    def run(
        cfg: Path, layers: tuple[Layer, ...], weights: Mapping[str, np.ndarray], image: np.ndarray
    ) -> list[np.ndarray]:
        write_weights(tmp_path / "a.weights", layers, weights)
        np.save(tmp_path / "pixels.npy", image)
        program = Path(__file__).parent / "darknet_layers.py"
        files = (cfg, tmp_path / "a.weights", tmp_path / "pixels.npy", tmp_path / "outputs.npz")
        done = subprocess.run(
            [sys.executable, program, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        (tmp_path / "a.weights").unlink()
        with np.load(tmp_path / "outputs.npz") as outputs:
            return [outputs[name] for name in sorted(outputs, key=int)]

    return run

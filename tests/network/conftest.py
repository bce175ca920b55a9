"""Debian's Darknet as a fixture: installed where apt can do it, else the test is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from softbeam.network.layers import Layer
from softbeam.network.weights import write_weights

LIBRARY = Path("/usr/lib/darknet/libdarknet.so")
INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "darknet")


@pytest.fixture(scope="session")
def darknet() -> Path:
    """Return the folder of Darknet's own ``.cfg`` files; the package is installed if it can be."""
    if not LIBRARY.is_file():
        _install()
    return Path("/usr/share/darknet/cfg")


def _install() -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("no apt here to install Debian's package darknet with")
    if os.geteuid() != 0:
        pytest.skip("Debian's package darknet is not installed, and only root can install it")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (INSTALL, ("apt-get", "update"), INSTALL):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if LIBRARY.is_file():
            return
    pytest.skip(f"apt could not install darknet: {done.stderr.strip().splitlines()[-1:]}")


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

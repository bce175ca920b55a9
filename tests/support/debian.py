"""Debian's Darknet, an oracle that is no Python package: installed only when asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

#: Debian's Darknet.
LIBRARY = Path("/usr/lib/darknet/libdarknet.so")
INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "darknet")

#: Set to 1 it allows tests to install Debian packages.
ASKED = "SOFTBEAM_INSTALL"


def install_darknet() -> None:
    """Install Debian's package darknet, or skip the test that wants it."""
    if os.environ.get(ASKED) != "1":
        pytest.skip(f"Debian's package darknet is not installed; with {ASKED}=1 root installs it")
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

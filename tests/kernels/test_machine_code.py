"""The shipped machine code is what the CUDA sources compile to, and what the manifest says."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.shipped import on_all_shipped

import softbeam
from softbeam.kernels import (
    ARCHITECTURES,
    KERNELS,
    cubin_bytes,
    listing_bytes,
    manifest,
    program,
    source,
    source_lines,
)
from softbeam.kernels.hardened import base_of
from softbeam.sass.toolchain import find_tool

PACKAGE = Path(softbeam.__file__).parent / "kernels"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_kernels.py"


def source_of(name: str) -> str:
    """Return where the source of a kernel lies, without what its name ends with."""
    return base_of(KERNELS[name].file)


def test_the_manifest_names_every_shipped_file_as_it_is() -> None:
    files = manifest()["files"]

    def sha256(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    # One kernel of each file stands for all of them.
    for kernel in {kernel.file: kernel for kernel in KERNELS.values()}.values():
        name = kernel.name
        assert files[f"cuda/{source_of(name)}.cu"] == sha256(source(name).encode())
        for architecture in ARCHITECTURES:
            cubin, listing = cubin_bytes(name, architecture), listing_bytes(name, architecture)
            assert files[f"{architecture}/{kernel.file}.cubin"] == sha256(cubin)
            assert files[f"{architecture}/{kernel.file}.json"] == sha256(listing)
    headers = [name for name in files if name.endswith(".cuh")]
    sources = {source_of(name) for name in KERNELS}
    compiled = {kernel.file for kernel in KERNELS.values()}
    # variants.cu includes the hardened sources and has no machine code of its own.
    assert len(files) == len(sources) + 1 + 2 * len(compiled) * len(ARCHITECTURES) + len(headers)


@on_all_shipped
def test_every_instruction_has_its_source_line(name: str, architecture: str) -> None:
    lines = source_lines(name, architecture)
    assert len(lines) == len(program(name, architecture).function.instructions)
    assert max(lines) <= len(source(name).splitlines())
    assert min(lines) >= 0
    assert any(lines)


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("nvcc") is None or find_tool("nvdisasm") is None,
    reason="nvcc and nvdisasm are not installed (pip install 'softbeam[cuda]')",
)
@pytest.mark.parametrize(
    "chosen",
    [
        # To compile all takes an hour: all plain sources for one architecture, and some for each.
        [*(path.stem for path in sorted((PACKAGE / "cuda").glob("*.cu"))), "--arch", "sm_90"],
        ["activate_array", "sgemm", "--arch", *ARCHITECTURES],
        ["hardened/maxpool", "hardened/normalize", "--arch", "sm_75", "sm_90"],
        ["hardened/sgemm+duplication", "--arch", "sm_90", "sm_120"],
    ],
    ids=["plain", "architectures", "hardened", "products"],
)
def test_recompiling_gives_the_shipped_files(chosen: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(softbeam.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check", *chosen],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "files as in the manifest" in done.stdout

"""NVIDIA's tools: found or asked for, and what they say when they refuse."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from softbeam.errors import ToolchainError
from softbeam.kernels import cubin_bytes, listing_bytes
from softbeam.sass import read_cubin, read_listing
from softbeam.sass.toolchain import compile_source, disassemble, find_tool, run_tool

has_tools = pytest.mark.skipif(
    find_tool("nvcc") is None or find_tool("nvdisasm") is None,
    reason="nvcc and nvdisasm are not installed (pip install 'softbeam[cuda]')",
)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a Python without NVIDIA's packages and an empty PATH; return the folder on PATH."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _tool(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_a_missing_tool_is_named_with_the_remedy(nowhere: Path) -> None:
    with pytest.raises(
        ToolchainError, match=r"nvdisasm is needed to disassemble x.cubin .*softbeam\[cuda\]"
    ):
        disassemble(b"", origin="x.cubin")
    with pytest.raises(ToolchainError, match="nvcc is needed to compile"):
        compile_source(nowhere / "x.cu", "sm_90")


def test_the_python_packages_come_before_the_path(nowhere: Path) -> None:
    _tool(nowhere / "nvdisasm", "echo path")
    assert run_tool("nvdisasm", purpose="to test") == "path\n"
    _tool(nowhere / "purelib" / "nvidia" / "cu13" / "bin" / "nvdisasm", "echo package")
    assert run_tool("nvdisasm", purpose="to test") == "package\n"


def test_what_a_tool_says_when_it_fails_reaches_the_user(nowhere: Path) -> None:
    _tool(nowhere / "nvdisasm", "echo 'nvdisasm fatal : bad file' >&2; exit 1")
    with pytest.raises(
        ToolchainError, match=r"^nvdisasm failed to disassemble x: nvdisasm fatal : bad file$"
    ):
        disassemble(b"", origin="x")
    (nowhere / "nvcc").write_bytes(b"\x7fELF no program")
    (nowhere / "nvcc").chmod(0o755)
    with pytest.raises(ToolchainError, match="cannot be run"):
        compile_source(nowhere / "x.cu", "sm_90")


@has_tools
def test_disassembling_a_shipped_cubin_gives_its_listing() -> None:
    again = read_listing(disassemble(cubin_bytes("fill"), origin="fill"), origin="again")
    assert again == read_listing(listing_bytes("fill"), origin="shipped")


@has_tools
def test_compiling_a_source_and_one_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "own.cuh").write_text("#define TWO 2.f\n")
    good = tmp_path / "good.cu"
    good.write_text('#include "own.cuh"\nextern "C" __global__ void k(float *x) { *x *= TWO; }\n')
    architecture, kernels = read_cubin(compile_source(good, "sm_80"), origin="good")
    assert (architecture, list(kernels)) == ("sm_80", ["k"])
    bad = tmp_path / "bad.cu"
    bad.write_text("__global__ void k() { nonsense; }\n")
    with pytest.raises(ToolchainError, match=r"nvcc failed to compile .*bad\.cu: .*nonsense"):
        compile_source(bad, "sm_90")
    with pytest.raises(ToolchainError, match="nvdisasm failed to disassemble text"):
        disassemble(b"text", origin="text")

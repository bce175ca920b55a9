"""NVIDIA's compiler and disassembler, where they are installed: for code that is not shipped.

Softbeam's own kernels need neither.  Here are processes and temporary files; what the tools write
is read by :mod:`softbeam.sass.reader` and :mod:`softbeam.sass.cubin`.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from softbeam.errors import ToolchainError
from softbeam.files import read_file
from softbeam.sass.instruction import MOST_BYTES

_ADVICE = "pip install 'softbeam[cuda]' installs it"


def find_tool(name: str) -> Path | None:
    """Return one of NVIDIA's tools: from this Python's packages, else from PATH.

    Parameters
    ----------
    name : str
        ``nvcc`` or ``nvdisasm``.
    """
    packages = Path(sysconfig.get_path("purelib")) / "nvidia"
    for found in sorted(packages.glob(f"*/bin/{name}")):
        return found
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def run_tool(name: str, *arguments: object, purpose: str, folder: Path | None = None) -> str:
    """Run one of NVIDIA's tools and return what it printed.

    Parameters
    ----------
    name : str
        ``nvcc`` or ``nvdisasm``.
    *arguments : object
        Its arguments; paths in them are relative to `folder`.
    purpose : str
        What it is needed for, for the error message: ``to disassemble x.cubin``.
    folder : Path, optional
        Where it runs.

    Raises
    ------
    ToolchainError
        If it is not installed, or fails.
    """
    tool = find_tool(name)
    if tool is None:
        raise ToolchainError(f"{name} is needed {purpose} and is not installed: {_ADVICE}")
    command = [str(tool), *(str(argument) for argument in arguments)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise ToolchainError(f"{tool}, needed {purpose}, cannot be run: {error.strerror}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise ToolchainError(f"{name} failed {purpose}: {said[:500] or 'it says nothing'}")
    return done.stdout


def disassemble(cubin: bytes, *, origin: str) -> str:
    """Return the listing (``nvdisasm -json``) of a cubin.

    Parameters
    ----------
    cubin : bytes
        The machine code.
    origin : str
        Where it came from, for the error message.

    Raises
    ------
    ToolchainError
        If nvdisasm is not installed or refuses the cubin.
    """
    with tempfile.TemporaryDirectory(prefix="softbeam-") as name:
        path = Path(name) / "code.cubin"
        path.write_bytes(cubin)
        return run_tool("nvdisasm", "-json", path, purpose=f"to disassemble {origin}")


def read_code(
    path: Path, listing: Path | None, architecture: str, options: Sequence[str] = ()
) -> tuple[bytes, bytes | None]:
    """Return a cubin, compiled where a CUDA source (``.cu``) is named, and its listing, if any.

    Parameters
    ----------
    path : Path
        A cubin, or a CUDA source.
    listing : Path or None
        The cubin's listing by ``nvdisasm -json``.
    architecture, options
        As for :func:`compile_source`.

    Raises
    ------
    ToolchainError
        If a source cannot be compiled.
    OSError
        If a file cannot be read.
    """
    if path.suffix == ".cu":
        path.open().close()
        cubin = compile_source(path, architecture, options)
    else:
        cubin = read_file(path, MOST_BYTES)
    return cubin, None if listing is None else read_file(listing, MOST_BYTES)


def compile_source(source: Path, architecture: str, options: Sequence[str] = ()) -> bytes:
    """Return the cubin of a CUDA source file.

    Parameters
    ----------
    source : Path
        The ``.cu`` file; what it includes is looked for beside it.
    architecture : str
        E.g. ``sm_90``.
    options : sequence of str
        Further options of nvcc.

    Raises
    ------
    ToolchainError
        If nvcc is not installed or cannot compile the source.
    """
    with tempfile.TemporaryDirectory(prefix="softbeam-") as name:
        target = Path(name) / "code.cubin"
        run_tool(
            "nvcc",
            *("-cubin", f"-arch={architecture}", *options, "-o", target, source.name),
            purpose=f"to compile {source}",
            folder=source.resolve().parent,
        )
        return target.read_bytes()

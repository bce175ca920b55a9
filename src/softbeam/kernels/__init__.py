"""The GPU kernels of a Darknet inference: sources, shipped machine code, and their signatures.

The CUDA sources are in ``cuda/``, what NVIDIA's compiler and disassembler made of them in
``machine_code/`` (``scripts/build_kernels.py``).  A kernel's parameters are read from its source
(:mod:`softbeam.kernels.signatures`).  What it computes, on the host and bit for bit, which thread
stores a word, and how a change travels through it stand together in
:mod:`softbeam.kernels.families`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from softbeam.kernels.hardened import FOLDER, base_of, compares, techniques_of
from softbeam.kernels.signatures import (
    KERNELS,
    LIBRARY,
    Arguments,
    Kernel,
    Parameter,
    arguments,
    signature,
)
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from softbeam.emulator.lowering import Program
    from softbeam.sass import Function

#: Architectures whose machine code is shipped, with the GPUs that run it.
GPUS = MappingProxyType(
    {
        "sm_75": "Turing",
        "sm_80": "Ampere A100",
        "sm_86": "Ampere",
        "sm_87": "Jetson Orin",
        "sm_89": "Ada",
        "sm_90": "Hopper",
        "sm_100": "Blackwell B200",
        "sm_120": "Blackwell",
    }
)

#: Multiprocessors of a GPU of each architecture, from NVIDIA's data sheets: T4, A100, A40, Jetson
#: AGX Orin, L40, H100 SXM, B200, GeForce RTX 5090.
MULTIPROCESSORS = MappingProxyType(
    {
        "sm_75": 40,
        "sm_80": 108,
        "sm_86": 84,
        "sm_87": 16,
        "sm_89": 142,
        "sm_90": 132,
        "sm_100": 148,
        "sm_120": 170,
    }
)

#: Their names, oldest first; :data:`softbeam.sass.architectures.DEFAULT_ARCHITECTURE` is the
#: default.
ARCHITECTURES = tuple(GPUS)

__all__ = [
    "ARCHITECTURES",
    "GPUS",
    "KERNELS",
    "LIBRARY",
    "MULTIPROCESSORS",
    "Arguments",
    "Kernel",
    "Parameter",
    "arguments",
    "cubin_bytes",
    "listing_bytes",
    "machine_code_sha256",
    "manifest",
    "program",
    "signature",
    "source",
    "source_files",
    "source_lines",
]


def _file(*names: str) -> bytes:
    return resources.files(__name__).joinpath(*names).read_bytes()


def _machine_code(file: str, architecture: str, suffix: str) -> bytes:
    """Return a file of machine code; those of hardened kernels are packed."""
    if file.startswith(f"{FOLDER}/"):
        return gzip.decompress(_file("machine_code", architecture, f"{file}{suffix}.gz"))
    return _file("machine_code", architecture, f"{file}{suffix}")


def cubin_bytes(name: str, architecture: str = DEFAULT_ARCHITECTURE) -> bytes:
    """Return the shipped cubin that holds a kernel."""
    return _machine_code(KERNELS[name].file, architecture, ".cubin")


def listing_bytes(name: str, architecture: str = DEFAULT_ARCHITECTURE) -> bytes:
    """Return the shipped listing (``nvdisasm -json``) that holds a kernel."""
    return _machine_code(KERNELS[name].file, architecture, ".json")


def manifest() -> dict[str, Any]:
    """Return the manifest: compiler, disassembler, flags, SHA-256 of sources and files."""
    document: dict[str, Any] = json.loads(_file("machine_code", "manifest.json"))
    return document


def machine_code_sha256(names: Iterable[str], architecture: str) -> str:
    """Return one SHA-256 over the cubins and listings of some kernels."""
    digest = hashlib.sha256()
    for name in sorted(names):
        for content in (cubin_bytes(name, architecture), listing_bytes(name, architecture)):
            digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def source(name: str) -> str:
    """Return the CUDA source that holds a kernel."""
    return _file("cuda", _source_of(name)).decode()


def _source_of(name: str) -> str:
    """Return the path of the source that holds a kernel: of a variant that of all variants."""
    return f"{base_of(KERNELS[name].file)}.cu"


def source_files(name: str) -> dict[str, str]:
    """Return what a kernel is compiled from: its source and all that it includes.

    Returns
    -------
    dict
        Text by path below the folder of the sources, the kernel's source first.

    Examples
    --------
    >>> list(source_files("reduce+range"))
    ['hardened/reduce.cu', 'hardened/harden.cuh', 'reduce.cu', 'thread_index.cuh']
    """
    found: dict[str, str] = {}
    wanted = [_source_of(name)]
    while wanted:
        path = wanted.pop(0)
        if path in found:
            continue
        found[path] = _file("cuda", path).decode()
        included = re.findall(r'^#include "(.+)"', found[path], re.MULTILINE)
        wanted += [posixpath.normpath(posixpath.join(path, "..", one)) for one in included]
    return found


@cache
def source_lines(name: str, architecture: str = DEFAULT_ARCHITECTURE) -> tuple[int, ...]:
    """Return the line of the CUDA source of each instruction, 0 for none."""
    lines = json.loads(_machine_code(KERNELS[name].file, architecture, ".lines.json"))
    return tuple(lines[KERNELS[name].symbol])


@cache
def program(name: str, architecture: str = DEFAULT_ARCHITECTURE) -> Program:
    """Return a shipped kernel, lowered for the emulator.

    Parameters
    ----------
    name : str
        Short name of a kernel of :data:`KERNELS`.
    architecture : str
        One of :data:`ARCHITECTURES`.
    """
    from dataclasses import replace

    from softbeam.emulator.lowering import lower
    from softbeam.kernels.products import tile_of

    made = lower(_functions(KERNELS[name].file, architecture)[KERNELS[name].symbol])
    checks = compares(techniques_of(name)) and tile_of(name) is not None
    return replace(made, checks=checks)


@cache
def _functions(file: str, architecture: str) -> Mapping[str, Function]:
    """Return the functions of a file of machine code by their symbols."""
    from softbeam.sass import link, read_cubin, read_listing

    origin = f"the shipped {architecture} code of {file}"
    return link(
        read_listing(_machine_code(file, architecture, ".json"), origin=origin),
        read_cubin(_machine_code(file, architecture, ".cubin"), origin=origin),
        origin=origin,
    )

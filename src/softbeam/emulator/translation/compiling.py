"""From LLVM code to machine code of this processor, kept on disk.

A translation is kept as an object file whose name is a hash over the program's rows, the sources of
the translator, the versions of llvmlite and LLVM, and the processor.  A file is there whole or not
at all, and begins with a checksum of itself; one that is damaged is made again.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import llvmlite
import numpy as np
from llvmlite import binding, ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout, operations, translated
from softbeam.files import whole_file
from softbeam.jit import cache_home, own_folder

_CHECKSUM = 32


@cache
def _versions() -> bytes:
    """Return a hash over everything but the program that machine code depends on."""
    digest = hashlib.sha256()
    version = ".".join(str(number) for number in binding.llvm_version_info)
    features = binding.get_host_cpu_features().flatten()
    facts = (llvmlite.__version__, version, binding.get_host_cpu_name(), features)
    digest.update(repr(facts).encode())
    sources = [*Path(__file__).parent.glob("*.py")]
    sources += [Path(str(module.__file__)) for module in (layout, operations, translated)]
    for path in sorted(sources):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.digest()


def fingerprint(rows: NDArray[np.int64], kind: str) -> str:
    """Return the name under which a translation is kept."""
    digest = hashlib.sha256(_versions())
    digest.update(kind.encode())
    digest.update(rows.tobytes())
    return digest.hexdigest()


@cache
def _machine() -> binding.TargetMachine:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    if "+avx512f" in features:
        # Some processors are taken to be slower with their widest vectors; not at this.
        features += ",-prefer-256-bit"
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=2, codemodel="jitdefault", jit=True
    )


def new_module(name: str) -> ir.Module:
    """Return an empty module for this processor."""
    module = ir.Module(name)
    machine = _machine()
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    return module


def object_code(module: ir.Module) -> bytes:
    """Compile a module."""
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    return bytes(_machine().emit_object(parsed))


class Loaded:
    """Machine code in memory, for as long as this object lives."""

    def __init__(self, code: bytes) -> None:
        machine = _machine()
        empty = binding.parse_assembly("")
        empty.triple = machine.triple
        target = binding.Target.from_default_triple()
        own = target.create_target_machine(codemodel="jitdefault", jit=True)
        # All sections in one piece of memory: distances between them have 32 bits.
        self._engine = binding.create_mcjit_compiler(empty, own, use_lmm=True)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Return a function's address."""
        return int(self._engine.get_function_address(name))


@cache
def _folder() -> Path:
    """Return the folder, which only this user can write: what lies there is executed."""
    return own_folder(cache_home() / "translated")


def kept(name: str) -> bytes | None:
    """Return the object file of a fingerprint, if there is a sound one."""
    try:
        data = (_folder() / f"{name}.o").read_bytes()
    except OSError:
        return None
    checksum, code = data[:_CHECKSUM], data[_CHECKSUM:]
    return code if hashlib.sha256(code).digest() == checksum else None


def keep(name: str, code: bytes) -> None:
    """Keep an object file; where the disk does not take it, it is made again next time."""
    try:
        with whole_file(_folder() / f"{name}.o") as file:
            file.write(hashlib.sha256(code).digest() + code)
    except OSError:
        return

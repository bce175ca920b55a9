"""Compile and disassemble the corpus: what ``test_corpus_*.py`` emulate, for all architectures.

Needs NVIDIA's tools (``pip install 'softbeam[cuda]'``); the tests need neither.  Where the compiler
makes the same instructions of a source for a later architecture as for an earlier one, they are
kept once.

    python tests/emulator/corpus/build.py
"""

from __future__ import annotations

import hashlib
import json
import lzma
from pathlib import Path

from softbeam.kernels import ARCHITECTURES
from softbeam.sass.toolchain import compile_source, disassemble, run_tool

CORPUS = Path(__file__).parent
MACHINE_CODE = CORPUS / "machine_code"
#: Options of nvcc, and those of single sources.
OPTIONS = ("-w",)
MORE_OPTIONS = {"programs": ("-fmad=false",)}


def build(source: Path, architecture: str) -> dict[str, bytes]:
    """Return what a source becomes: cubin and listing, by their names."""
    options = (*OPTIONS, *MORE_OPTIONS.get(source.stem, ()))
    cubin = compile_source(source, architecture, options)
    listing = json.loads(disassemble(cubin, origin=source.name))
    text = json.dumps(listing, separators=(",", ":")).encode()
    return {f"{source.stem}.cubin": cubin, f"{source.stem}.json": text}


def sha256(data: bytes) -> str:
    """Return the hash by which the manifest knows a file."""
    return hashlib.sha256(data).hexdigest()


def instructions(listing: bytes) -> str:
    """Return the hash of a listing's functions; its header names the architecture."""
    functions = sorted(json.loads(listing)[1], key=lambda one: str(one["function-name"]))
    return sha256(json.dumps(functions).encode())


def main() -> None:
    """Write ``machine_code/ARCHITECTURE/NAME.cubin.xz``, ``NAME.json.xz`` and the manifest."""
    files = {path.name: sha256(path.read_bytes()) for path in sorted(CORPUS.glob("*.[ch]*"))}
    kept: dict[str, str] = {}
    same = {}
    for architecture in ARCHITECTURES:
        target = MACHINE_CODE / architecture
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted(CORPUS.glob("*.cu")):
            built = build(source, architecture)
            code = instructions(built[f"{source.stem}.json"])
            if code in kept:
                same[f"{architecture}/{source.stem}"] = kept[code]
                continue
            kept[code] = architecture
            for name, data in built.items():
                (target / f"{name}.xz").write_bytes(lzma.compress(data, preset=9))
                files[f"{architecture}/{name}"] = sha256(data)
    versions = {
        role: run_tool(tool, "--version", purpose="to name its version").splitlines()[-1]
        for role, tool in (("compiler", "nvcc"), ("disassembler", "nvdisasm"))
    }
    facts = {
        **versions,
        "flags": OPTIONS,
        "flags of sources": MORE_OPTIONS,
        "the same instructions": same,
        "files": files,
    }
    (MACHINE_CODE / "manifest.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()

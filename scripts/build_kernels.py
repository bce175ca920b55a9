"""Compile the CUDA sources of softbeam.kernels and disassemble them into the package.

For each source and architecture it writes a cubin, the listing (``nvdisasm -json``) and the source
line of each instruction; a manifest names the tools and the SHA-256 of every file.  Running
softbeam needs none of this.  The tools come from PyPI (``pip install softbeam[cuda]``) or PATH.

    python scripts/build_kernels.py            build into the package
    python scripts/build_kernels.py sgemm …    build these sources only, the others stay
    python scripts/build_kernels.py --check    build elsewhere and compare with the manifest
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from softbeam.errors import ToolchainError
from softbeam.kernels import ARCHITECTURES
from softbeam.kernels.hardened import COMBINATIONS
from softbeam.sass.toolchain import compile_source, disassemble, run_tool

KERNELS = Path(__file__).parent.parent / "src" / "softbeam" / "kernels"


def source_lines(text: str) -> dict[str, list[int]]:
    """Return the source line of each instruction of each function of ``nvdisasm -g -c``.

    A line 0 is code of no source line; only the function's own file counts.
    """
    lines: dict[str, list[int]] = {}
    function, current = "", 0
    for row in text.splitlines():
        if match := re.match(r"\.text\.(\S+):", row):
            function, current = match.group(1), 0
            lines[function] = []
        elif match := re.search(r'//## File "([^"]*)", line (\d+)( inlined at.*)?', row):
            if match.group(1).endswith(".cu"):
                current = int(match.group(2))
        elif function and re.match(r"\s*/\*[0-9a-f]{4,}\*/", row):
            lines[function].append(current)
    return lines


@dataclass(frozen=True)
class Unit:
    """What becomes one cubin: a source, and the definitions that it is compiled with.

    Parameters
    ----------
    source
        The CUDA source.
    techniques
        Those of a hardened variant, each a definition; none for a kernel as it is.
    """

    source: Path
    techniques: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """What its files are called."""
        return "+".join((self.source.stem, *self.techniques))

    @property
    def options(self) -> list[str]:
        """The compiler's options."""
        return [f"-D{one.upper()}" for one in self.techniques]

    @property
    def packed(self) -> str:
        """What the names of its files end with: those of variants are packed."""
        return ".gz" if self.techniques else ""


def units() -> list[Unit]:
    """Return what is compiled."""
    cuda = KERNELS / "cuda"
    found = [Unit(source) for source in sorted(cuda.glob("*.cu"))]
    for file, combinations in COMBINATIONS.items():
        found += [Unit(cuda / "hardened" / f"{file}.cu", one) for one in combinations]
    return found


def _build_one(unit: Unit, architecture: str, folder: Path, *, lines: bool) -> None:
    """Build one source for one architecture."""
    target = folder / architecture
    target.mkdir(parents=True, exist_ok=True)
    cubin = compile_source(unit.source, architecture, unit.options)
    listing = json.loads(disassemble(cubin, origin=unit.stem))
    _write(target / f"{unit.stem}.cubin{unit.packed}", cubin)
    _write(target / f"{unit.stem}.json{unit.packed}", _text(listing))
    if lines:
        found = _text(_lines(unit, architecture, listing))
        _write(target / f"{unit.stem}.lines.json{unit.packed}", found)


def _files(unit: Unit, architecture: str, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what was built of a source for an architecture, before packing."""
    found = {}
    for suffix in (".cubin", ".json"):
        content = (folder / architecture / f"{unit.stem}{suffix}{unit.packed}").read_bytes()
        content = gzip.decompress(content) if unit.packed else content
        found[f"{architecture}/{unit.stem}{suffix}"] = hashlib.sha256(content).hexdigest()
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(folder: Path, *, lines: bool, names: Sequence[str] = ()) -> dict[str, object]:
    """Build kernels into `folder` and return the manifest.

    Parameters
    ----------
    folder
        Where the files go, by architecture.
    lines
        Whether to write the source lines too.
    names
        Stems of the sources to build, those of the others being there; by default all.
    """
    cuda, wanted = KERNELS / "cuda", units()
    sources = sorted(path for path in cuda.rglob("*") if path.is_file())
    files = {f"cuda/{path.relative_to(cuda).as_posix()}": _sha256(path) for path in sources}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = [
            pool.submit(_build_one, unit, architecture, folder, lines=lines)
            for architecture in ARCHITECTURES
            for unit in wanted
            if not names or unit.stem in names
        ]
        for future in built:
            future.result()
    for architecture in ARCHITECTURES:
        for unit in wanted:
            files |= _files(unit, architecture, folder)
    return {
        "compiler": _version("nvcc"),
        "disassembler": _version("nvdisasm"),
        "flags": ["-cubin"],
        "files": files,
    }


def _version(tool: str) -> str:
    return run_tool(tool, "--version", purpose="to name its version").strip().splitlines()[-1]


def _lines(unit: Unit, architecture: str, listing: list[object]) -> dict[str, list[int]]:
    """Compile once more with line numbers, which hold this machine's paths, and read them."""
    cubin = compile_source(unit.source, architecture, ["-lineinfo", *unit.options])
    again = json.loads(disassemble(cubin, origin=unit.stem))
    if again[1] != listing[1]:
        sys.exit(f"{unit.stem}: the machine code depends on -lineinfo")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "lines.cubin"
        path.write_bytes(cubin)
        return source_lines(run_tool("nvdisasm", "-g", "-c", path, purpose="to find source lines"))


def _text(content: object) -> bytes:
    return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    # No time in what is packed, so that the same content makes the same file.
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def main() -> None:
    """Build, or check the shipped files against a build of now."""
    parser = argparse.ArgumentParser(description="build the machine code that softbeam ships")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("sources", nargs="*", help="stems of the sources to build; all by default")
    given = parser.parse_args()
    shipped = KERNELS / "machine_code"
    if not given.check:
        manifest = build(shipped, lines=True, names=given.sources)
        (shipped / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        return
    with tempfile.TemporaryDirectory() as name:
        files = build(Path(name), lines=False)["files"]
    wanted = json.loads((shipped / "manifest.json").read_text())["files"]
    wrong = sorted(name for name in wanted | files if wanted.get(name) != files.get(name))
    if wrong:
        sys.exit("differs from the manifest: " + ", ".join(wrong))
    print(f"{len(files)} files as in the manifest")


if __name__ == "__main__":
    try:
        main()
    except ToolchainError as error:
        sys.exit(str(error))

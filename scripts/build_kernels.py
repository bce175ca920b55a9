"""Compile the CUDA sources of softbeam.kernels and disassemble them into the package.

For each source and architecture it writes a cubin, the listing (``nvdisasm -json``) and the source
line of each instruction; a manifest names the tools and the SHA-256 of every file.  Of a hardened
source one cubin holds all variants, but for those of sgemm, and its files are packed.  Running
softbeam needs none of this.  The tools come from PyPI (``pip install softbeam[cuda]``) or PATH.

    python scripts/build_kernels.py            build into the package
    python scripts/build_kernels.py sgemm hardened/sgemm …
                                               build these sources only, the others stay
    python scripts/build_kernels.py --check    build elsewhere and compare with the manifest; with
                                               sources or --arch these alone (all take an hour)
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
from softbeam.kernels import ARCHITECTURES, KERNELS
from softbeam.kernels.hardened import APART, FOLDER, WITHOUT_RANGE, base_of, techniques_of
from softbeam.sass.toolchain import compile_source, disassemble, run_tool

PACKAGE = Path(__file__).parent.parent / "src" / "softbeam" / "kernels"
SOURCES = PACKAGE / "cuda"


@dataclass(frozen=True)
class Unit:
    """What becomes one cubin.

    Parameters
    ----------
    name
        Path of its source, without ``.cu``, below the folder of the sources.
    """

    name: str

    @property
    def source(self) -> Path:
        """The source that is compiled."""
        if self.hardened and not techniques_of(self.name):
            return SOURCES / FOLDER / "variants.cu"
        if self.hardened:
            return SOURCES / f"{base_of(self.name)}.cu"
        return SOURCES / f"{self.name}.cu"

    @property
    def hardened(self) -> bool:
        """Whether it holds hardened variants."""
        return self.name.startswith(f"{FOLDER}/")

    @property
    def packed(self) -> str:
        """What the names of its files end with."""
        return ".gz" if self.hardened else ""

    @property
    def options(self) -> list[str]:
        """The compiler's further options."""
        if not self.hardened:
            return []
        if techniques_of(self.name):
            return [f"-D{one.upper()}" for one in techniques_of(self.name)]
        file = self.name.removeprefix(f"{FOLDER}/")
        bases = [one for one in KERNELS.values() if one.file == file]
        renamed = [f"-D{one.symbol}=NAMED({one.symbol})" for one in bases]
        bare = ["-DWITHOUT_RANGE"] if WITHOUT_RANGE & {one.name for one in bases} else []
        return [f'-DSOURCE="{file}.cu"', *renamed, *bare]


def units() -> list[Unit]:
    """Return all that is compiled."""
    plain = [path.stem for path in sorted(SOURCES.glob("*.cu"))]
    hardened = [path.stem for path in sorted((SOURCES / FOLDER).glob("*.cu"))]
    together = [one for one in hardened if one != "variants" and one not in APART]
    apart = ["+".join((file, *each)) for file in APART for each in APART[file]]
    return [Unit(stem) for stem in plain] + [
        Unit(f"{FOLDER}/{stem}") for stem in (*together, *apart)
    ]


def source_lines(text: str, file: str) -> dict[str, list[int]]:
    """Return the source line of each instruction of each function of ``nvdisasm -g -c``.

    A line 0 is code of no source line; only lines of `file`, a path's end, count.
    """
    lines: dict[str, list[int]] = {}
    function, current = "", 0
    for row in text.splitlines():
        if match := re.match(r"\.text\.(\S+):", row):
            function, current = match.group(1), 0
            lines[function] = []
        elif match := re.search(r'//## File "([^"]*)", line (\d+)( inlined at.*)?', row):
            if match.group(1).endswith(f"/{file}"):
                current = int(match.group(2))
        elif function and re.match(r"\s*/\*[0-9a-f]{4,}\*/", row):
            lines[function].append(current)
    return lines


def _build_one(unit: Unit, architecture: str, folder: Path, *, lines: bool) -> None:
    """Build one unit for one architecture."""
    target = folder / architecture
    cubin = compile_source(unit.source, architecture, unit.options)
    listing = json.loads(disassemble(cubin, origin=unit.name))
    _write(target / f"{unit.name}.cubin{unit.packed}", cubin)
    _write(target / f"{unit.name}.json{unit.packed}", _text(listing))
    if lines:
        content = _text(_lines(unit, architecture, listing))
        _write(target / f"{unit.name}.lines.json{unit.packed}", content)


def _files(unit: Unit, architecture: str, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what was built of a unit for an architecture, before it was packed."""
    found = {}
    for suffix in (".cubin", ".json"):
        content = (folder / architecture / f"{unit.name}{suffix}{unit.packed}").read_bytes()
        content = gzip.decompress(content) if unit.packed else content
        found[f"{architecture}/{unit.name}{suffix}"] = hashlib.sha256(content).hexdigest()
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(
    folder: Path,
    *,
    lines: bool,
    names: Sequence[str] = (),
    architectures: Sequence[str] = ARCHITECTURES,
    alone: bool = False,
) -> dict[str, object]:
    """Build kernels into `folder` and return the manifest.

    Parameters
    ----------
    folder
        Where the files go, by architecture.
    lines
        Whether to write the source lines too.
    names
        The units to build, the others' files being there; by default all.
    architectures
        Those to build for, likewise.
    alone
        Whether nothing else is there, so that the manifest is of what is built.
    """
    files = {
        f"cuda/{path.relative_to(SOURCES).as_posix()}": _sha256(path)
        for path in sorted(SOURCES.rglob("*.cu*"))
    }
    chosen = [
        (unit, architecture)
        for architecture in architectures
        for unit in units()
        if not names or unit.name in names
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = [pool.submit(_build_one, *one, folder, lines=lines) for one in chosen]
        for future in built:
            future.result()
    every = [(unit, architecture) for architecture in ARCHITECTURES for unit in units()]
    for unit, architecture in chosen if alone else every:
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
    cubin = compile_source(unit.source, architecture, [*unit.options, "-lineinfo"])
    again = json.loads(disassemble(cubin, origin=unit.name))
    if again[1] != listing[1]:
        sys.exit(f"{unit.name}: the machine code depends on -lineinfo")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "lines.cubin"
        path.write_bytes(cubin)
        text = run_tool("nvdisasm", "-g", "-c", path, purpose="to find source lines")
    return source_lines(text, f"{base_of(unit.name)}.cu")


def _text(content: object) -> bytes:
    return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(content, mtime=0) if path.suffix == ".gz" else content
    path.write_bytes(packed)


def main() -> None:
    """Build, or check the shipped files against a build of now."""
    parser = argparse.ArgumentParser(description="build the machine code that softbeam ships")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--arch", nargs="*", default=ARCHITECTURES, help="build for these only")
    parser.add_argument("sources", nargs="*", help="the sources to build; all by default")
    given = parser.parse_args()
    shipped = PACKAGE / "machine_code"
    if not given.check:
        manifest = build(shipped, lines=True, names=given.sources, architectures=given.arch)
        (shipped / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        return
    with tempfile.TemporaryDirectory() as name:
        files = build(
            Path(name), lines=False, names=given.sources, architectures=given.arch, alone=True
        )["files"]
    wanted = json.loads((shipped / "manifest.json").read_text())["files"]
    if given.sources or tuple(given.arch) != ARCHITECTURES:
        wanted = {name: one for name, one in wanted.items() if name in files}
    wrong = sorted(name for name in wanted | files if wanted.get(name) != files.get(name))
    if wrong:
        sys.exit("differs from the manifest: " + ", ".join(wrong))
    print(f"{len(files)} files as in the manifest")


if __name__ == "__main__":
    try:
        main()
    except ToolchainError as error:
        sys.exit(str(error))

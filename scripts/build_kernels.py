"""Compile the CUDA sources of softbeam.kernels and disassemble them into the package.

For each source and architecture it writes a cubin, the listing (``nvdisasm -json``) and the source
line of each instruction; a manifest names the tools and the SHA-256 of every file.  Running
softbeam needs none of this.  The tools come from PyPI (``pip install softbeam[cuda]``) or PATH.

    python scripts/build_kernels.py            build into the package
    python scripts/build_kernels.py --check    build elsewhere and compare with the manifest
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ARCHITECTURES = ("sm_90", "sm_80", "sm_75")
FLAGS = ("-cubin",)
KERNELS = Path(__file__).parent.parent / "src" / "softbeam" / "kernels"


def find_tool(name: str) -> Path | None:
    """Return one of NVIDIA's tools: from this Python's packages, else from PATH."""
    packages = Path(sysconfig.get_path("purelib")) / "nvidia"
    for found in sorted(packages.glob(f"*/bin/{name}")):
        return found
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def _run(*command: object, folder: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _version(tool: Path) -> str:
    return _run(tool, "--version", folder=KERNELS).strip().splitlines()[-1]


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


def build(folder: Path, *, lines: bool) -> dict[str, object]:
    """Build every kernel into `folder` and return the manifest; `lines`: source lines too."""
    nvcc, nvdisasm = find_tool("nvcc"), find_tool("nvdisasm")
    if nvcc is None or nvdisasm is None:
        sys.exit("nvcc and nvdisasm are needed: pip install 'softbeam[cuda]'")
    files = {}
    sources = sorted((KERNELS / "cuda").iterdir())
    for source in sources:
        files[f"cuda/{source.name}"] = hashlib.sha256(source.read_bytes()).hexdigest()
    for architecture in ARCHITECTURES:
        target = folder / architecture
        target.mkdir(parents=True, exist_ok=True)
        for source in sources:
            if source.suffix != ".cu":
                continue
            cubin = (target / f"{source.stem}.cubin").resolve()
            command = (nvcc, *FLAGS, f"-arch={architecture}")
            _run(*command, "-o", cubin, source.name, folder=source.parent)
            listing = json.loads(_run(nvdisasm, "-json", cubin, folder=target))
            _write(target / f"{source.stem}.json", listing)
            if lines:
                _write(
                    target / f"{source.stem}.lines.json",
                    _lines(command, nvdisasm, source, listing),
                )
            for suffix in (".cubin", ".json"):
                file = target / f"{source.stem}{suffix}"
                files[f"{architecture}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return {
        "compiler": _version(nvcc),
        "disassembler": _version(nvdisasm),
        "flags": list(FLAGS),
        "files": files,
    }


def _lines(
    command: tuple[object, ...], nvdisasm: Path, source: Path, listing: list[object]
) -> dict[str, list[int]]:
    """Compile once more with line numbers, which hold this machine's paths, and read them."""
    with tempfile.TemporaryDirectory() as name:
        cubin = Path(name) / "lines.cubin"
        _run(*command, "-lineinfo", "-o", cubin, source.name, folder=source.parent)
        again = json.loads(_run(nvdisasm, "-json", cubin, folder=source.parent))
        if again[1] != listing[1]:
            sys.exit(f"{source.name}: the machine code depends on -lineinfo")
        return source_lines(_run(nvdisasm, "-g", "-c", cubin, folder=source.parent))


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")


def main() -> None:
    """Build, or check the shipped files against a build of now."""
    parser = argparse.ArgumentParser(description="build the machine code that softbeam ships")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    shipped = KERNELS / "machine_code"
    if not check:
        manifest = build(shipped, lines=True)
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
    main()

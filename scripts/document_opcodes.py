"""Write docs/opcodes.md from the opcode table (softbeam.sass.opcodes) and the operations.

What each architecture has is read from the shipped kernels and the corpus of the tests.

python scripts/document_opcodes.py            write the file
python scripts/document_opcodes.py --check    exit with status 1 if it is not current
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from softbeam.emulator.operations import operations
from softbeam.kernels import GPUS, KERNELS, listing_bytes
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE
from softbeam.sass.opcodes import OPCODES, Opcode, Shape
from softbeam.sass.opcodes.modifiers import meaning

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "opcodes.md"
CORPUS = ROOT / "tests" / "emulator" / "corpus" / "machine_code"
_OPCODE = re.compile(rb'"opcode":"([A-Z][\w.]*)"')

HEAD = """# Opcodes that softbeam executes

Generated from the opcode table `src/softbeam/sass/opcodes/` by `scripts/document_opcodes.py`; do
not edit. Anything that is not here, and every form of an opcode that the lowering does not accept,
raises `UnsupportedInstruction` when it is reached. Not supported on purpose: tensor cores, textures
and surfaces, TMA, mbarriers, clusters of several blocks, calls of the driver (`printf`, `malloc`).

**Reads and writes.** Registers are 32 bits wide. A float64, a 64-bit integer and the address of
global memory are pairs; `.WIDE` and `.64` results and the addend of `IMAD.WIDE` and `.HI` are too,
`.128` is four. The order of the operands is one of:

"""

BETWEEN = """
**Groups.** NVBitFI's, and after the stroke SASSIFI's.

**Bit-exact.** "yes" means that the emulator gives the hardware's very bits; where it says "not",
the modifiers named give a result within the documented error, or one that depends on an order or
time that the hardware does not fix. `softbeam conform` and `Program.inexact` point such
instructions out. `S2R`, `S2UR` and `CS2R` of a clock or of a place (SM, warp slot) are not exact
either.

| opcode | does | operands | group | bit-exact | source |
|---|---|---|---|---|---|
"""


OPERATIONS = """
## Operations of the interpreter

What an instruction becomes (`src/softbeam/emulator/core/operations.py`). A part is compiled when a
program needs it. An instruction that names destinations which its operation does not write is not
supported.

| operation | kind | part | writes |
|---|---|---|---|
"""

ARCHITECTURES_HEAD = """
## Architectures

One GPU was recorded, an H100 (sm_90). What is known of the other architectures is inferred: an
opcode does there what it does on sm_90, and memory, exceptions, divergence, the initial stack
pointer and the tables of special functions are the H100's everywhere. Where a launch's dimensions
and the windows of local and shared memory lie in constant bank 0 was recorded for sm_90 and read
from compiled code for sm_100 and sm_120; words of bank 0 of which neither says anything raise on
those two. Everything that NVIDIA's compiler makes of the kernels and of the tests' corpus was
compared with a host, on every architecture: kernels with their native twins, functions with
Python's integers and fractions, random programs with a C++ compiler.

| column | of the opcodes in that architecture's code |
|---|---|
| recorded | an H100 was recorded executing it; elsewhere taken to be the same |
| inferred | known from the manual or from the code around it, and in sm_90's code too |
| compared only | forms that sm_90's code does not have: only compared with a host |

| architecture | GPU | recorded | inferred | compared only |
|---|---|---|---|---|
"""


def _names(architecture: str) -> frozenset[str]:
    """Return the opcodes, with modifiers, in the kernels and the corpus of an architecture."""
    files = {kernel.file: name for name, kernel in KERNELS.items()}
    texts = [listing_bytes(name, architecture) for name in files.values()]
    same = json.loads((CORPUS / "manifest.json").read_text())["the same instructions"]
    for source in sorted(CORPUS.parent.glob("*.cu")):
        folder = same.get(f"{architecture}/{source.stem}", architecture)
        texts.append(lzma.decompress((CORPUS / folder / f"{source.stem}.json.xz").read_bytes()))
    return frozenset(name.decode() for text in texts for name in _OPCODE.findall(text))


def _forms(names: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Return each opcode with each modifier that it has, and without."""
    parts = (name.split(".") for name in names)
    return frozenset((opcode, one) for opcode, *rest in parts for one in ("", *rest))


def _architectures() -> Iterator[str]:
    recorded = _forms(_names(DEFAULT_ARCHITECTURE))
    for architecture, gpu in GPUS.items():
        forms = _forms(_names(architecture))
        known = {opcode for opcode, _ in forms & recorded}
        by_recording = {name for name in known if OPCODES[name].source.startswith("recorded")}
        others: dict[str, list[str]] = {}
        for opcode, modifier in sorted(forms - recorded):
            others.setdefault(opcode, []).append(modifier)
        listed = ", ".join(
            f"`{opcode}`" if "" in found else f"`{opcode}` " + " ".join(f"`.{m}`" for m in found)
            for opcode, found in others.items()
        )
        columns = (
            f"{architecture} | {gpu} | {len(by_recording)} | {len(known - by_recording)} | "
            f"{listed or 'none'}"
        )
        yield f"| {columns} |\n"


def _rows() -> Iterator[str]:
    for name in sorted(OPCODES):
        opcode = OPCODES[name]
        exact = "yes"
        if opcode.inexact:
            exact = "not " + ", ".join(f"`.{modifier}`" for modifier in sorted(opcode.inexact))
        yield (
            f"| `{name}` | {_cell(opcode.summary)} | {opcode.shape.name.lower()} "
            f"| {opcode.group} / {opcode.sassifi} | {exact} | {_cell(opcode.source)} |\n"
        )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _modifiers(opcode: Opcode) -> str:
    meanings = (
        f"`.{modifier}` {_cell(meaning(opcode, modifier))}" for modifier in sorted(opcode.modifiers)
    )
    return f"| `{opcode.name}` | {'; '.join(meanings)} |\n"


def document() -> str:
    """Return the text of docs/opcodes.md."""
    shapes = "".join(f"- *{shape.name.lower()}*: {shape.value}\n" for shape in Shape)
    modifiers = "".join(
        _modifiers(OPCODES[name]) for name in sorted(OPCODES) if OPCODES[name].modifiers
    )
    return (
        HEAD
        + shapes
        + BETWEEN
        + "".join(_rows())
        + ARCHITECTURES_HEAD
        + "".join(_architectures())
        + "\n## Modifiers\n\n| opcode | modifiers |\n|---|---|\n"
        + modifiers
        + OPERATIONS
        + "".join(
            f"| `{one.name}` | {one.kind} | {one.part} | {one.writes} |\n" for one in operations()
        )
    )


def main() -> None:
    """Write the document, or compare it."""
    parser = argparse.ArgumentParser(description="write docs/opcodes.md from the opcode table")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if parser.parse_args().check:
        if not FILE.exists() or FILE.read_text() != document():
            sys.exit(f"{FILE.name} is not current: run scripts/document_opcodes.py")
        return
    FILE.write_text(document())


if __name__ == "__main__":
    main()

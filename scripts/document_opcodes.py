"""Write docs/opcodes.md from the opcode table (softbeam.sass.opcodes) and the operations.

python scripts/document_opcodes.py            write the file
python scripts/document_opcodes.py --check    exit with status 1 if it is not current
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from softbeam.emulator.operations import operations
from softbeam.sass.opcodes import OPCODES, Opcode, Shape
from softbeam.sass.opcodes.modifiers import meaning

FILE = Path(__file__).parent.parent / "docs" / "opcodes.md"

HEAD = """# Opcodes that softbeam executes

Generated from the opcode table `src/softbeam/sass/opcodes/` by `scripts/document_opcodes.py`; do
not edit. Anything that is not here, and every form of an opcode that the lowering does not accept,
raises `UnsupportedInstruction` when it is reached. Not supported on purpose: tensor cores, textures
and surfaces, TMA, clusters.

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

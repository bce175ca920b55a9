"""The one opcode table: what softbeam knows of each SASS opcode.

For each opcode: what it does, the shape of its operands, the type of its immediates, its groups,
the modifiers that softbeam knows, whether the emulator computes the very bits that the hardware
computes, and where that knowledge comes from.  An opcode or modifier that is not here is
unsupported; nothing is guessed.  How an opcode is executed is in :mod:`softbeam.emulator`.

The table's rows are in the modules of this package, by family; what each modifier means is in
:mod:`softbeam.sass.opcodes.modifiers`.  ``docs/opcodes.md`` is generated from all of it.
"""

from __future__ import annotations

from types import MappingProxyType

from softbeam.sass.instruction import Instruction
from softbeam.sass.opcodes import control, double, floating, half, integer, memory, warp
from softbeam.sass.opcodes.opcode import Immediate, Opcode, Shape
from softbeam.sass.opcodes.table import Table

__all__ = ["OPCODES", "Immediate", "Opcode", "Shape", "find_opcode", "is_bit_exact"]


def _table() -> dict[str, Opcode]:
    table = Table()
    for family in (integer, floating, double, half, warp, memory, control):
        family.add_to(table)
    return table.rows


#: The opcode table, by name.
OPCODES = MappingProxyType(_table())

#: Special registers whose value no recording or manual fixes: counters and places.
_UNFIXED = ("CLOCK", "GLOBALTIMER", "VIRTUALSMID", "VIRTID", "SMID", "WARPID", "SWINHI")


def find_opcode(instruction: Instruction) -> Opcode | None:
    """Return the table's entry for an instruction; None if anything of it is unknown."""
    opcode = OPCODES.get(instruction.opcode)
    if (
        opcode is None
        or not instruction.known
        or not opcode.modifiers.issuperset(instruction.modifiers)
    ):
        return None
    return opcode


def is_bit_exact(instruction: Instruction, opcode: Opcode) -> bool:
    """Return whether the emulator gives an instruction's very bits.

    Not so for special functions that were never recorded, for what depends on the time or place
    of execution, and for sums of floats whose order the hardware does not fix.
    """
    if opcode.inexact.intersection(instruction.modifiers):
        return False
    return not any(part in operand.text for operand in instruction.operands for part in _UNFIXED)

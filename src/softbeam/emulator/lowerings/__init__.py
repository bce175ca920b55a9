"""How each opcode of the table is lowered: operation, operands and flags of its row.

An opcode whose sources go to the operands of one operation in order says so in the table
(``executes``).  What depends on modifiers or operands is in the modules here, one a family;
:data:`LOWERINGS` joins both.  What a row's columns are is in
:mod:`softbeam.emulator.core.layout`.
"""

from __future__ import annotations

from types import MappingProxyType

from softbeam.emulator.lowerings import control, floating, integer, memory, warp
from softbeam.emulator.lowerings.form import Form, Lowering, Unsupported, declared
from softbeam.sass.opcodes import OPCODES

__all__ = ["LOWERINGS", "Form", "Lowering", "Unsupported"]


def _lowerings() -> dict[str, Lowering]:
    """Join what the table declares with what the modules here say.

    Raises
    ------
    ValueError
        If an opcode has no lowering, or one that the table does not know, or two.
    """
    written: dict[str, Lowering] = {}
    for family in (integer, floating, memory, warp, control):
        twice = written.keys() & family.LOWERINGS.keys()
        if twice:
            raise ValueError(f"more than one lowering: {', '.join(sorted(twice))}")
        written.update(family.LOWERINGS)
    plainly = {name: declared(one.executes) for name, one in OPCODES.items() if one.executes}
    odd = (written.keys() & plainly.keys()) | (OPCODES.keys() ^ (written.keys() | plainly.keys()))
    if odd:
        raise ValueError(f"not exactly one lowering: {', '.join(sorted(odd))}")
    return {**written, **plainly}


#: The lowering of every opcode of the table.
LOWERINGS = MappingProxyType(_lowerings())

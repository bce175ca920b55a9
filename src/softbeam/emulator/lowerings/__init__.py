"""How each opcode of the table is lowered: operation, operands and flags of its row.

One module a family; :data:`LOWERINGS` joins them.  What a row's columns are is in
:mod:`softbeam.emulator.core.layout`.
"""

from __future__ import annotations

from types import MappingProxyType

from softbeam.emulator.lowerings import control, floating, integer, memory, warp
from softbeam.emulator.lowerings.form import Form, Lowering, Unsupported

__all__ = ["LOWERINGS", "Form", "Lowering", "Unsupported"]

#: The lowering of every opcode that the emulator executes.
LOWERINGS = MappingProxyType(
    {
        **integer.LOWERINGS,
        **floating.LOWERINGS,
        **memory.LOWERINGS,
        **warp.LOWERINGS,
        **control.LOWERINGS,
    }
)

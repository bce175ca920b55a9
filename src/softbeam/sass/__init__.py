"""Machine code as data: listings and cubins in, instructions and their effects out.

No execution here (:mod:`softbeam.emulator`) and no files: callers pass text and bytes.
"""

from softbeam.sass.cubin import CubinFacts, link, read_cubin
from softbeam.sass.instruction import (
    INSTRUCTION_BYTES,
    Function,
    Guard,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.reader import parse_operand, read_listing

__all__ = [
    "INSTRUCTION_BYTES",
    "CubinFacts",
    "Function",
    "Guard",
    "Instruction",
    "Operand",
    "OperandKind",
    "link",
    "parse_operand",
    "read_cubin",
    "read_listing",
]

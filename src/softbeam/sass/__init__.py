"""Machine code as data: listings and cubins in, instructions and their effects out.

No execution here (:mod:`softbeam.emulator`) and, but for NVIDIA's own tools in
:mod:`softbeam.sass.toolchain`, no files: callers pass text and bytes.
"""

from softbeam.sass.cubin import CubinFacts, link, read_cubin
from softbeam.sass.instruction import (
    INSTRUCTION_BYTES,
    MOST_BYTES,
    Function,
    Guard,
    Instruction,
    Operand,
    OperandKind,
    pc_of,
    row_of,
)
from softbeam.sass.reader import parse_line, parse_operand, read_listing
from softbeam.sass.variables import Variables, read_variables

__all__ = [
    "INSTRUCTION_BYTES",
    "MOST_BYTES",
    "CubinFacts",
    "Function",
    "Guard",
    "Instruction",
    "Operand",
    "OperandKind",
    "Variables",
    "link",
    "parse_line",
    "parse_operand",
    "pc_of",
    "read_cubin",
    "read_listing",
    "read_variables",
    "row_of",
]

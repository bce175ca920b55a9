"""SASS instructions as frozen facts: operands, guards, instructions, functions.

Nothing here knows what an opcode does (:mod:`softbeam.sass.opcodes`) or how text is read
(:mod:`softbeam.sass.reader`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

#: Bytes of a cubin or a listing that are read; those of ten kernels have about 100,000.
MOST_BYTES = 64 << 20

#: Bytes of one instruction on Volta and newer GPUs; pcs are multiples of it.
INSTRUCTION_BYTES = 16


def pc_of(row: int) -> int:
    """Return the byte offset of the instruction with this number in its function."""
    return INSTRUCTION_BYTES * row


def row_of(pc: int) -> int:
    """Return the number in its function of the instruction at a byte offset."""
    return pc // INSTRUCTION_BYTES


#: The register that reads as zero and loses what is written to it, as an index.
ZERO_REGISTER = 255

#: The same of the uniform datapath.  Blackwell has 255 other uniform registers, the architectures
#: before it 63, and URZ is the last of either; here it has one index.
UNIFORM_ZERO_REGISTER = 255

#: The predicate that is always true, as an index.
TRUE_PREDICATE = 7


class OperandKind(StrEnum):
    """What an operand names."""

    REGISTER = "register"
    UNIFORM_REGISTER = "uniform register"
    PREDICATE = "predicate"
    UNIFORM_PREDICATE = "uniform predicate"
    BARRIER = "convergence barrier"
    SPECIAL = "special register"
    CONSTANT = "constant"
    ADDRESS = "address"
    INTEGER = "integer"
    FLOAT = "float"
    SYMBOL = "symbol"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand of an instruction, as the disassembler writes it.

    Attributes
    ----------
    kind : OperandKind
        What the operand names.
    text : str
        The operand's own text, without ``.reuse``.
    index : int
        Register, predicate or barrier number; RZ and URZ are 255, PT and UPT 7.
        For an address or constant: the general base register, 255 for none.
    value : int or float
        An immediate's value, or the byte offset of an address or constant.
    bank : int
        Constant bank.
    uniform : int
        The uniform register that an address or constant adds, 255 for none.
    wide : bool
        Whether the base register of an address is a 64-bit pair (``.64``).
    scale : int
        Factor of the base register of a shared-memory address (``.X4``, ``.X8``, ``.X16``).
    negated, inverted, absolute : bool
        ``-x``; ``~x`` or ``!P``; ``|x|``.
    selector : str
        Suffix that selects a part of the register, e.g. ``H0_H0`` or ``B1``; empty for none.
    bits : int or None
        Of an immediate written in decimals: the word in the machine code, None where only the
        text is known.
    """

    kind: OperandKind
    text: str
    index: int = ZERO_REGISTER
    value: int | float = 0
    bank: int = 0
    uniform: int = UNIFORM_ZERO_REGISTER
    wide: bool = False
    scale: int = 1
    negated: bool = False
    inverted: bool = False
    absolute: bool = False
    selector: str = ""
    bits: int | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """The predicate under which an instruction executes; PT, not negated, where none is written."""

    index: int = TRUE_PREDICATE
    negated: bool = False
    uniform: bool = False

    def __str__(self) -> str:
        if self.index == TRUE_PREDICATE and not self.negated:
            return ""
        name = "PT" if self.index == TRUE_PREDICATE else f"P{self.index}"
        return f"@{'!' if self.negated else ''}{'U' if self.uniform else ''}{name}"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a function.

    Attributes
    ----------
    pc : int
        Byte offset from the start of the function.
    guard : Guard
        Predicate under which it executes.
    name : str
        The opcode with its modifiers, e.g. ``IMAD.WIDE.U32``.
    operands : tuple of Operand
        In the order of the listing: destinations first.
    known : bool
        Whether softbeam can read all of it: its operands in the listing, and what kind of
        instruction its machine code is.  One that is not known is never executed.
    """

    pc: int
    guard: Guard
    name: str
    operands: tuple[Operand, ...]
    known: bool = True

    @property
    def opcode(self) -> str:
        """The opcode without modifiers, e.g. ``IMAD``."""
        return self.name.split(".", 1)[0]

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The opcode's modifiers in order, e.g. ``("WIDE", "U32")``."""
        return tuple(self.name.split(".")[1:])

    def __str__(self) -> str:
        operands = ", ".join(operand.text for operand in self.operands)
        return f"{self.guard} {self.name} {operands}".strip()


@dataclass(frozen=True, slots=True)
class Function:
    """A kernel's machine code with the facts of the cubin that holds it.

    Attributes
    ----------
    name : str
        Symbol of the kernel.
    architecture : str
        E.g. ``sm_90``.
    instructions : tuple of Instruction
        Consecutive; instruction i has the pc ``pc_of(i)``.  Subroutines (``$__internal_…``)
        follow the kernel's own code in the same section.
    registers : int
        General registers allocated to a thread.
    shared_bytes : int
        Static shared memory of a block.
    parameter_base : int
        Where parameters begin in constant bank 0 (0x210 on sm_90, 0x160 before, 0x380 after).
    parameters : tuple of (int, int)
        Offset and size in bytes of each parameter.
    symbols : mapping of str to int
        Byte offsets of the symbols in the function's section.
    constants : mapping of int to bytes
        Contents of constant banks that the cubin initialises, by bank.
    clustered : bool
        Whether the cubin says how many blocks a cluster of them has.
    """

    name: str
    architecture: str
    instructions: tuple[Instruction, ...]
    registers: int
    shared_bytes: int
    parameter_base: int
    parameters: tuple[tuple[int, int], ...]
    symbols: dict[str, int] = field(default_factory=dict)
    constants: dict[int, bytes] = field(default_factory=dict)
    clustered: bool = False

    def at(self, pc: int) -> Instruction:
        """Return the instruction at byte offset `pc`."""
        return self.instructions[row_of(pc)]

"""What all lowerings share: the instruction with its roles, operands, flags and destinations."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.operations import OPERATIONS
from softbeam.emulator.rows import Row
from softbeam.sass.architectures import is_blackwell, launch_facts
from softbeam.sass.effects import Roles, conversion_types, destination_words
from softbeam.sass.instruction import (
    UNIFORM_ZERO_REGISTER,
    ZERO_REGISTER,
    Function,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.opcodes import Immediate, Opcode

#: A source operand as three columns: kind, value, change.
Source = tuple[int, int, int]

#: Words reserved for constant bank 0: 0x210 bytes of facts and 4 KiB of parameters.
BANK_0_WORDS = 2048

ZERO: Source = (k.IMMEDIATE, 0, k.AS_IS)


class Unsupported(Exception):  # noqa: N818  (never leaves this package)
    """A form of a known opcode that softbeam does not execute."""


@dataclass(frozen=True, slots=True)
class Form:
    """One instruction that is being lowered.

    Attributes
    ----------
    instruction, opcode, roles, function
        The instruction, its entry in the table, its operands by role, and where it stands.
    starts : mapping of int to int
        First word of each constant bank among the constants.
    """

    instruction: Instruction
    opcode: Opcode
    roles: Roles
    function: Function
    starts: Mapping[int, int]

    @property
    def modifiers(self) -> frozenset[str]:
        """The instruction's modifiers."""
        return frozenset(self.instruction.modifiers)

    def sources(self, number: int | None = None) -> list[Source]:
        """Return all source operands; `number`: how many there must be."""
        found = [self.source(operand) for operand in self.roles.sources]
        if number is not None and len(found) != number:
            raise Unsupported(f"{len(found)} sources")
        return found

    def source(self, operand: Operand, *, part: bool = False) -> Source:
        """Return one source operand; `part`: the caller sees to the part that it selects."""
        how = self._change(operand)
        if operand.selector and not part:
            raise Unsupported(f"a part of a register, {operand.text}")
        if operand.kind in _IMMEDIATES:
            return k.IMMEDIATE, self._immediate(operand), k.AS_IS
        if operand.kind is OperandKind.REGISTER:
            return (
                (k.IMMEDIATE, 0, how) if operand.index == 255 else (k.REGISTER, operand.index, how)
            )
        if operand.kind is OperandKind.UNIFORM_REGISTER:
            if operand.index == UNIFORM_ZERO_REGISTER:
                return k.IMMEDIATE, 0, how
            return k.UNIFORM_REGISTER, operand.index, how
        if operand.kind is OperandKind.CONSTANT:
            return k.CONSTANT, self.constant_word(operand), how
        if operand.kind is OperandKind.SYMBOL:
            return k.IMMEDIATE, self._own_address(operand), k.AS_IS
        raise Unsupported(f"an operand {operand.text}")

    def constant_word(self, operand: Operand) -> int:
        """Return the word of a constant that no register indexes."""
        indexed = (operand.index, operand.uniform) != (ZERO_REGISTER, UNIFORM_ZERO_REGISTER)
        if indexed or operand.bank not in self.starts:
            raise Unsupported(f"an indexed constant {operand.text}")
        if int(operand.value) % 4:
            raise Unsupported(f"a constant that is not a word, {operand.text}")
        word = int(operand.value) // 4
        content = self.function.constants.get(operand.bank, b"")
        words = (len(content) + 3) // 4 if operand.bank else BANK_0_WORDS
        if not 0 <= word < words:
            raise Unsupported(f"a constant beyond its bank, {operand.text}")
        self.check_known(operand, word)
        return self.starts[operand.bank] + word

    def check_known(self, operand: Operand, word: int) -> None:
        """Refuse a word of constant bank 0 below the parameters of which nothing is known.

        Not on the architectures up to sm_90, where such a word has always been zero.  Of clusters
        of more than one block nothing is executed, so that what a launch tells of them is unknown.
        """
        function = self.function
        told = launch_facts(function.architecture).cluster
        if function.clustered and operand.bank == 0 and told and 4 * word in told.words:
            raise Unsupported(f"a fact of a cluster of blocks, {operand.text}")
        if operand.bank == 0 and is_blackwell(function.architecture):
            places = launch_facts(function.architecture).known
            if 4 * word < function.parameter_base and 4 * word not in places:
                raise Unsupported(f"a constant of unknown meaning, {operand.text}")

    def _own_address(self, operand: Operand) -> int:
        """Return one word of an address in the function's own code, which begins at address 0."""
        match = _OWN_ADDRESS.match(operand.text)
        if match is None or match.group(2) != self.function.name:
            raise Unsupported(f"an address that only a linker knows, {operand.text}")
        address = int(match.group(3), 16)
        return address & 0xFFFFFFFF if match.group(1) == "lo" else address >> 32

    def _immediate(self, operand: Operand) -> int:
        if self.opcode.immediate is Immediate.DOUBLE or self._reads_double():
            return double_high_bits(operand)
        if self.opcode.immediate is Immediate.FLOAT:
            return float_bits(operand)
        if operand.kind is OperandKind.FLOAT:
            raise Unsupported(f"a float immediate {operand.text}")
        return int(operand.value)

    def _reads_double(self) -> bool:
        """Return whether an opcode that mostly reads float32 reads a float64 here."""
        if self.instruction.opcode == "MUFU":
            return bool({"RCP64H", "RSQ64H"} & self.modifiers)
        return self.instruction.opcode.removeprefix("U") in ("F2F", "F2I", "FRND") and (
            conversion_types(self.instruction)[0] == "F64"
        )

    def _change(self, operand: Operand) -> int:
        floating = self.opcode.immediate is not Immediate.INTEGER
        if operand.absolute:
            if not floating:
                raise Unsupported(f"an absolute value {operand.text}")
            return k.FLOAT_NEGATE_ABSOLUTE if operand.negated else k.FLOAT_ABSOLUTE
        if operand.negated:
            return k.FLOAT_NEGATE if floating else k.NEGATE
        return k.INVERT if operand.inverted else k.AS_IS

    def destinations(self, row: Row) -> None:
        """Fill the columns of the destination registers and predicates."""
        target = self.roles.destination
        if target is not None:
            row[k.UNIFORM] = int(target.kind is OperandKind.UNIFORM_REGISTER)
            row[k.DESTINATION] = target.index
            row[k.DESTINATIONS] = destination_words(self.instruction, self.opcode)
        written = self.roles.destination_predicates
        if len(written) > 2:
            raise Unsupported("more than two destination predicates")
        for column, operand in zip((k.PREDICATE_0, k.PREDICATE_1), written, strict=False):
            if operand.kind is OperandKind.UNIFORM_PREDICATE:
                row[k.UNIFORM] = 1
            row[column] = operand.index
        if row[k.UNIFORM] and target is None:
            row[k.DESTINATION] = UNIFORM_ZERO_REGISTER

    def source_predicates(self, row: Row) -> None:
        """Fill the columns of the source predicates."""
        columns = (k.SOURCE_PREDICATE_0, k.SOURCE_PREDICATE_1, k.SOURCE_PREDICATE_2)
        if len(self.roles.source_predicates) > len(columns):
            raise Unsupported("more than three source predicates")
        for column, operand in zip(columns, self.roles.source_predicates, strict=False):
            row[column] = predicate_code(operand)

    def flags(self) -> int:
        """Return the flags that the modifiers name."""
        flags = 0
        for modifier in self.instruction.modifiers:
            flags |= _FLAGS.get(modifier, 0)
        return flags

    def signed(self) -> int:
        """Return the flag of signed integers, which is what is meant where nothing is named."""
        return 0 if {"U32", "U64", "U8", "U16"} & self.modifiers else k.SIGNED

    def rounding(self) -> int:
        """Return the rounding mode, to nearest where nothing is named."""
        for modifier in self.instruction.modifiers:
            if modifier in _ROUNDINGS:
                return _ROUNDINGS[modifier]
        return k.ROUND_NEAREST


Lowering = Callable[[Row, Form], None]

#: E.g. ``32@lo((kernel + 0x850))``.
_OWN_ADDRESS = re.compile(r"32@(lo|hi)\(\(([^ ()]+) \+ 0x([0-9a-f]+)\)\)\Z")
_IMMEDIATES = (OperandKind.INTEGER, OperandKind.FLOAT)
_ROUNDINGS = {
    "RN": k.ROUND_NEAREST,
    "RM": k.ROUND_DOWN,
    "RP": k.ROUND_UP,
    "RZ": k.ROUND_ZERO,
    "FLOOR": k.ROUND_DOWN,
    "CEIL": k.ROUND_UP,
    "TRUNC": k.ROUND_ZERO,
}
_FLAGS = {
    "FTZ": k.FLUSH,
    "SAT": k.SATURATE,
    "X": k.EXTENDED,
    "EX": k.EXTENDED,
    "HI": k.HIGH,
    "W": k.WRAP,
    "SH": k.WRAP,
    "BF": k.BOOLEAN_FLOAT,
    "NAN": k.UNORDERED,
    "SX32": k.SIGN_EXTEND_A,
    "NTZ": k.NAN_TO_ZERO,
    "RELU": k.RELU,
    "XORSIGN": k.XOR_SIGNS,
    "BF16_V2": k.BFLOAT,
    "ACC": k.ACCUMULATE,
}


def predicate_code(operand: Operand) -> int:
    """Return the encoding of a source predicate operand."""
    uniform = operand.kind is OperandKind.UNIFORM_PREDICATE
    return operand.index | (8 if operand.inverted else 0) | (16 if uniform else 0)


def float_bits(operand: Operand) -> int:
    """Return the float32 bits of an immediate of a floating-point instruction."""
    if operand.bits is not None:
        return operand.bits
    if "0x" in operand.text:
        return int(operand.value) & 0xFFFFFFFF
    if "NAN" in operand.text.upper():
        return 0xFFC00000 if operand.text.strip().startswith("-") else 0x7FC00000
    if abs(operand.value) > np.finfo(np.float32).max and not np.isinf(operand.value):
        raise Unsupported(f"a float32 immediate {operand.text}")
    return int(np.float32(operand.value).view(np.uint32))


def double_high_bits(operand: Operand) -> int:
    """Return the high word of a float64 immediate, whose low word is zero."""
    if operand.bits is not None:
        return operand.bits
    if "0x" in operand.text:
        raise Unsupported(f"a float64 immediate in hexadecimal, {operand.text}")
    if "NAN" in operand.text.upper():
        return 0xFFF80000 if operand.text.strip().startswith("-") else 0x7FF80000
    bits = int(np.float64(operand.value).view(np.uint64))
    # The decimal digits that are printed may miss the value by less than half a word.
    return (bits + 0x80000000) >> 32


def half_bits(high: Operand, low: Operand, *, brain: bool = False) -> int:
    """Return the word of the two immediates of a pair of halves; `brain`: they are bfloat16."""
    if high.bits is not None:
        return high.bits
    if brain:
        return float_bits(high) & 0xFFFF0000 | float_bits(low) >> 16
    return _half_bits(high) << 16 | _half_bits(low)


def _half_bits(operand: Operand) -> int:
    if "0x" in operand.text:
        return int(operand.value) & 0xFFFF
    if "NAN" in operand.text.upper():
        return 0xFE00 if operand.text.strip().startswith("-") else 0x7E00
    return int(struct.unpack("<H", struct.pack("<e", float(operand.value)))[0])


def declared(executes: str) -> Lowering:
    """Make the lowering that an opcode's entry in the table declares, e.g. ``IMNMX a b signed``.

    Raises
    ------
    ValueError
        If there is no such operation or operand.
    """
    name, *words = executes.split()
    numbers = {operation.name: number for number, operation in OPERATIONS.items()}
    columns = {"a": k.A, "b": k.B, "c": k.C}
    signed = words[-1:] == ["signed"]
    operands = words[:-1] if signed else words
    if name not in numbers or not set(operands) <= set(columns):
        raise ValueError(f"'{executes}' is no operation with its operands")
    return plain(numbers[name], *(columns[operand] for operand in operands), signed=signed)


def plain(operation: int, *columns: int, signed: bool = False) -> Lowering:
    """Make the lowering of an opcode whose sources go to `columns` in order."""

    def lowering(row: Row, form: Form) -> None:
        row[k.OP] = operation
        for column, source in zip(columns, form.sources(len(columns)), strict=True):
            row.set_source(column, source)
        form.destinations(row)
        form.source_predicates(row)
        row[k.FLAGS] = form.flags() | (form.signed() if signed else 0)
        row[k.ROUNDING] = form.rounding()

    return lowering

"""Lowering: from a function's instructions to the rows that the jitted interpreter executes.

Here an opcode of the table (:mod:`softbeam.sass.opcodes`) meets the operation that executes it.
An instruction that softbeam does not know becomes a row that raises only when it is reached.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.operations import LOWERINGS, Unsupported
from softbeam.emulator.rows import Row
from softbeam.sass.effects import read_registers, roles, written_registers
from softbeam.sass.instruction import Function, Instruction, Operand, OperandKind
from softbeam.sass.opcodes import Immediate, Opcode, find_opcode

#: Words reserved for constant bank 0: 0x210 bytes of facts and 4 KiB of parameters.
BANK_0_WORDS = 2048


@dataclass(frozen=True, slots=True)
class Program:
    """A function ready for the interpreter.

    Attributes
    ----------
    function : Function
        The machine code.
    code : Code
        Rows and register bit sets, one row an instruction.
    banks : tuple of (int, bytes)
        First word and contents of the constant banks after bank 0.
    has_barrier : bool
        Whether its blocks must run as a whole, because warps wait for each other or share memory.
    general : numpy.ndarray of bool
        Per row: writes a general register.
    stores : numpy.ndarray of bool
        Per row: stores to memory.
    """

    function: Function
    code: k.Code
    banks: tuple[tuple[int, bytes], ...]
    has_barrier: bool
    general: NDArray[np.bool_]
    stores: NDArray[np.bool_]


def _bank_starts(function: Function) -> dict[int, int]:
    starts, position = {0: 0}, BANK_0_WORDS
    for bank, content in sorted(function.constants.items()):
        starts[bank] = position
        position += (len(content) + 3) // 4
    return starts


def float_bits(operand: Operand) -> int:
    """Return the float32 bits of an immediate of a floating-point instruction."""
    text = operand.text.strip()
    if "0x" in text:
        return int(operand.value) & 0xFFFFFFFF
    if "NAN" in text.upper():
        return 0xFFC00000 if text.startswith("-") else 0x7FC00000
    return int(np.float32(operand.value).view(np.uint32))


def half_bits(operand: Operand) -> int:
    """Return the half-precision bits of one immediate of a pair."""
    if "0x" in operand.text:
        return int(operand.value) & 0xFFFF
    return int(struct.unpack("<H", struct.pack("<e", float(operand.value)))[0])


def _immediate(operand: Operand, kind: Immediate) -> int:
    if kind is Immediate.FLOAT:
        return float_bits(operand)
    if operand.kind is OperandKind.FLOAT:
        raise Unsupported(f"a float immediate {operand.text}")
    return int(operand.value)


def _guard_code(index: int, negated: bool, uniform: bool) -> int:
    return index | (8 if negated else 0) | (16 if uniform else 0)


def predicate_code(operand: Operand) -> int:
    """Return the encoding of a source predicate operand."""
    return _guard_code(
        operand.index, operand.inverted, operand.kind is OperandKind.UNIFORM_PREDICATE
    )


def _change(operand: Operand, kind: Immediate) -> int:
    floating = kind is not Immediate.INTEGER
    if operand.absolute:
        if not floating:
            raise Unsupported(f"an absolute value {operand.text}")
        return k.FLOAT_NEGATE_ABSOLUTE if operand.negated else k.FLOAT_ABSOLUTE
    if operand.negated:
        return k.FLOAT_NEGATE if floating else k.NEGATE
    return k.INVERT if operand.inverted else k.AS_IS


def _source(operand: Operand, opcode: Opcode, starts: dict[int, int]) -> tuple[int, int, int]:
    """Return the kind, value and change of one source operand."""
    how = _change(operand, opcode.immediate)
    if operand.selector:
        raise Unsupported(f"a part of a register, {operand.text}")
    if operand.kind is OperandKind.REGISTER:
        if operand.index == 255:
            return k.IMMEDIATE, 0, how
        return k.REGISTER, operand.index, how
    if operand.kind is OperandKind.UNIFORM_REGISTER:
        return (
            (k.IMMEDIATE, 0, how)
            if operand.index == 63
            else (k.UNIFORM_REGISTER, operand.index, how)
        )
    if operand.kind in (OperandKind.INTEGER, OperandKind.FLOAT):
        return k.IMMEDIATE, _immediate(operand, opcode.immediate), k.AS_IS
    if operand.kind is OperandKind.CONSTANT:
        if operand.index != 255 or operand.uniform != 63 or operand.bank not in starts:
            raise Unsupported(f"an indexed constant {operand.text}")
        return k.CONSTANT, starts[operand.bank] + int(operand.value) // 4, how
    raise Unsupported(f"an operand {operand.text}")


def _sources(
    operands: tuple[Operand, ...], opcode: Opcode, starts: dict[int, int]
) -> list[tuple[int, int, int]]:
    """Return all source operands; two adjacent half immediates are one word, high half first."""
    result, position = [], 0
    immediates = (OperandKind.INTEGER, OperandKind.FLOAT)
    while position < len(operands):
        operand = operands[position]
        if opcode.immediate is Immediate.HALF and operand.kind in immediates:
            if position + 1 >= len(operands) or operands[position + 1].kind not in immediates:
                raise Unsupported(f"a single half immediate {operand.text}")
            word = half_bits(operand) << 16 | half_bits(operands[position + 1])
            result.append((k.IMMEDIATE, word, k.AS_IS))
            position += 2
            continue
        if opcode.immediate is Immediate.HALF and operand.negated:
            if operand.kind is not OperandKind.REGISTER or operand.index != 255:
                raise Unsupported(f"a negated half operand {operand.text}")
            result.append((k.IMMEDIATE, 0x80008000, k.AS_IS))
        else:
            result.append(_source(operand, opcode, starts))
        position += 1
    return result


def _lower_instruction(
    instruction: Instruction, function: Function, starts: dict[int, int]
) -> tuple[list[int], frozenset[int], tuple[int, ...]]:
    """Return an instruction's row and the general registers that it reads and writes."""
    opcode = find_opcode(instruction)
    row = Row()
    guard = instruction.guard
    row[k.GUARD] = _guard_code(guard.index, guard.negated, guard.uniform)
    if opcode is None:
        return row.values, frozenset(), ()
    try:
        LOWERINGS[instruction.opcode](
            row,
            instruction,
            function,
            roles(instruction, opcode),
            lambda operands: _sources(operands, opcode, starts),
            starts,
        )
    except Unsupported:
        row[k.OP] = k.UNSUPPORTED
        return row.values, frozenset(), ()
    return (
        row.values,
        read_registers(instruction, opcode),
        written_registers(instruction, opcode),
    )


def lower(function: Function) -> Program:
    """Lower a function for the interpreter.

    Parameters
    ----------
    function : Function
        A kernel's machine code.

    Returns
    -------
    Program
        One row an instruction.  Unsupported instructions have the operation ``UNSUPPORTED``.
    """
    starts = _bank_starts(function)
    number = len(function.instructions)
    rows = np.zeros((number, k.COLUMNS), dtype=np.int64)
    reads = np.zeros((number, 4), dtype=np.uint64)
    writes = np.zeros((number, 4), dtype=np.uint64)
    general = np.zeros(number, dtype=np.bool_)
    for position, instruction in enumerate(function.instructions):
        row, read, written = _lower_instruction(instruction, function, starts)
        rows[position] = row
        for bits, registers in ((reads, read), (writes, written)):
            for register in registers:
                bits[position, register >> 6] |= np.uint64(1 << (register & 63))
        general[position] = bool(written)
    banks = tuple((starts[bank], content) for bank, content in sorted(function.constants.items()))
    operations = rows[:, k.OP]
    return Program(
        function=function,
        code=k.Code(rows, reads, writes),
        banks=banks,
        has_barrier=bool(
            np.any(operations == k.BAR)
            or np.any(
                rows[(operations == k.LOAD) | (operations == k.STORE)][:, k.SPACE] == k.SHARED
            )
        ),
        general=general,
        stores=operations == k.STORE,
    )

"""What a kernel's machine code does with its parameters, as far as that tells their kind.

A cubin says how long a parameter is and not what it is.  Arithmetic does: what is compared or added
as an integer, and by no instruction of floats, is one.
"""

from __future__ import annotations

from softbeam.sass.effects import destination_words, roles
from softbeam.sass.instruction import (
    UNIFORM_ZERO_REGISTER,
    Function,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.opcodes import Immediate, Opcode, find_opcode

_REGISTERS = (OperandKind.REGISTER, OperandKind.UNIFORM_REGISTER)

#: Opcodes that only copy their operands; IMAD.MOV is one too.
_COPIES = frozenset(("MOV", "UMOV", "LDC", "ULDC", "LDCU", "SEL", "USEL", "R2UR"))

#: Opcodes that compute with integers, whatever the compiler uses them for.
_INTEGERS = frozenset(
    ("IADD", "IADD3", "IMAD", "ISETP", "LEA", "IMNMX", "VIADD", "VIMNMX", "IABS", "I2F", "I2FP")
)


def integer_parameters(function: Function) -> frozenset[int]:
    """Return the numbers of the parameters that are integers or addresses by all of their uses.

    Registers are followed in the order of the code, so that a value which only a jump brings to
    its use is not seen; a parameter of unknown use is not named.
    """
    words = {
        function.parameter_base + offset + 4 * part: number
        for number, (offset, size) in enumerate(function.parameters)
        for part in range((size + 3) // 4)
    }
    held: dict[tuple[OperandKind, int], int] = {}
    integers: set[int] = set()
    floats: set[int] = set()
    for instruction in function.instructions:
        opcode = find_opcode(instruction)
        if opcode is None:
            continue
        found = roles(instruction, opcode)
        read = [_parameter(operand, words, held) for operand in found.sources]
        named = {number for number in read if number is not None}
        copies = _copies(instruction)
        if opcode.immediate is not Immediate.INTEGER:
            floats |= named
        elif not copies and instruction.opcode.removeprefix("U") in _INTEGERS:
            integers |= named
        copied = found.sources[0] if copies and found.sources else None
        _write(instruction, opcode, found.destination, copied, words, held)
    return frozenset(integers - floats)


def _copies(instruction: Instruction) -> bool:
    return instruction.opcode in _COPIES or "MOV" in instruction.modifiers


def _parameter(
    operand: Operand,
    words: dict[int, int],
    held: dict[tuple[OperandKind, int], int],
    part: int = 0,
) -> int | None:
    """Return the parameter that a word of an operand is or holds."""
    if operand.kind is OperandKind.CONSTANT:
        plain = (
            operand.bank == 0 and operand.index == 255 and operand.uniform == UNIFORM_ZERO_REGISTER
        )
        return words.get(int(operand.value) + 4 * part) if plain else None
    if operand.kind in _REGISTERS:
        return held.get((operand.kind, operand.index + part))
    return None


def _write(
    instruction: Instruction,
    opcode: Opcode,
    target: Operand | None,
    copied: Operand | None,
    words: dict[int, int],
    held: dict[tuple[OperandKind, int], int],
) -> None:
    if target is None or target.kind not in _REGISTERS:
        return
    for part in range(destination_words(instruction, opcode)):
        key = (target.kind, target.index + part)
        number = None if copied is None else _parameter(copied, words, held, part)
        held.pop(key, None)
        if number is not None:
            held[key] = number

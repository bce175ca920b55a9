"""What an instruction reads and writes: general registers and predicates, in operand terms.

The same facts serve the lowering, the fault space (which registers an instruction writes) and the
masking analysis (whether a struck register is read before it is overwritten).
"""

from __future__ import annotations

from dataclasses import dataclass

from softbeam.sass.instruction import ZERO_REGISTER, Instruction, Operand, OperandKind
from softbeam.sass.opcodes import Opcode, Shape

_PREDICATES = (OperandKind.PREDICATE, OperandKind.UNIFORM_PREDICATE)
_REGISTERS = (OperandKind.REGISTER, OperandKind.UNIFORM_REGISTER)


@dataclass(frozen=True, slots=True)
class Roles:
    """An instruction's operands by their role.

    Attributes
    ----------
    destination : Operand or None
        The destination register.
    destination_predicates, sources, source_predicates : tuple of Operand
        The others, in order.
    """

    destination: Operand | None
    destination_predicates: tuple[Operand, ...]
    sources: tuple[Operand, ...]
    source_predicates: tuple[Operand, ...]


def roles(instruction: Instruction, opcode: Opcode) -> Roles:
    """Return an instruction's operands by role, by the shape of its opcode."""
    operands = instruction.operands
    if opcode.shape in (Shape.COMPARE, Shape.CHECK):
        count = 2 if opcode.shape is Shape.COMPARE else 1
        rest = operands[count:]
        return Roles(
            None,
            operands[:count],
            tuple(o for o in rest if o.kind not in _PREDICATES),
            tuple(o for o in rest if o.kind in _PREDICATES),
        )
    if opcode.shape in (Shape.STORE, Shape.CONTROL):
        return Roles(
            None,
            (),
            tuple(o for o in operands if o.kind not in _PREDICATES),
            tuple(o for o in operands if o.kind in _PREDICATES),
        )
    position, predicates = 0, []
    while position < len(operands) and operands[position].kind in _PREDICATES:
        predicates.append(operands[position])
        position += 1
    destination = operands[position] if position < len(operands) else None
    position += 1
    while position < len(operands) and operands[position].kind in _PREDICATES:
        predicates.append(operands[position])
        position += 1
    rest = operands[position:]
    return Roles(
        destination,
        tuple(predicates),
        tuple(o for o in rest if o.kind not in _PREDICATES),
        tuple(o for o in rest if o.kind in _PREDICATES),
    )


def _words(instruction: Instruction) -> int:
    if "128" in instruction.modifiers:
        return 4
    return 2 if "64" in instruction.modifiers else 1


def destination_words(instruction: Instruction, opcode: Opcode) -> int:
    """Return the number of consecutive registers that an instruction writes (0: none)."""
    target = roles(instruction, opcode).destination
    if target is None or target.kind not in _REGISTERS:
        return 0
    if opcode.shape is Shape.LOAD:
        return _words(instruction)
    if instruction.opcode == "CS2R":
        return 1 if "32" in instruction.modifiers else 2
    return 2 if "WIDE" in instruction.modifiers else 1


def written_registers(instruction: Instruction, opcode: Opcode) -> tuple[int, ...]:
    """Return the general registers that an instruction writes, RZ and uniform ones left out."""
    target = roles(instruction, opcode).destination
    if target is None or target.kind is not OperandKind.REGISTER or target.index == ZERO_REGISTER:
        return ()
    return tuple(target.index + part for part in range(destination_words(instruction, opcode)))


def read_registers(instruction: Instruction, opcode: Opcode) -> frozenset[int]:
    """Return the general registers whose value an executed instruction uses."""
    registers: set[int] = set()
    for number, operand in enumerate(roles(instruction, opcode).sources):
        words = 0
        if operand.kind is OperandKind.REGISTER and operand.index != ZERO_REGISTER:
            words = 1
            if opcode.shape is Shape.STORE:
                words = _words(instruction)
            elif instruction.opcode in ("IMAD", "UIMAD") and number == 2:
                words = 2 if {"WIDE", "HI"} & set(instruction.modifiers) else 1
            elif instruction.opcode in ("RET", "BRX"):
                words = 2
        elif (
            operand.kind in (OperandKind.ADDRESS, OperandKind.CONSTANT)
            and operand.index != ZERO_REGISTER
        ):
            words = 2 if wide_address(instruction, operand) else 1
        registers.update(operand.index + part for part in range(words))
    return frozenset(registers)


def wide_address(instruction: Instruction, operand: Operand) -> bool:
    """Return whether an address's base register is a 64-bit pair.

    sm_80 and newer write ``.64``; sm_75 says it with the opcode's ``.E``.
    """
    if operand.kind is not OperandKind.ADDRESS:
        return False
    return operand.wide or ("E" in instruction.modifiers and ".U32" not in operand.text)

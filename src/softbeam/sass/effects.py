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
        return _roles(None, operands[:count], operands[count:])
    if opcode.shape in (Shape.STORE, Shape.CONTROL):
        return _roles(None, (), operands)
    if opcode.shape is Shape.VOTE:
        written, source = operands[:-1], operands[-1:]
        registers = [operand for operand in written if operand.kind in _REGISTERS]
        predicates = tuple(operand for operand in written if operand.kind in _PREDICATES)
        return _roles(registers[0] if registers else None, predicates, source)
    position, found = 0, []
    while position < len(operands) and operands[position].kind in _PREDICATES:
        found.append(operands[position])
        position += 1
    destination = operands[position] if position < len(operands) else None
    if destination is not None and destination.kind is OperandKind.ADDRESS:
        # ATOMS.CAST on Blackwell: predicates only.
        return _roles(None, tuple(found), operands[position:])
    position += 1
    while position < len(operands) and operands[position].kind in _PREDICATES:
        found.append(operands[position])
        position += 1
    return _roles(destination, tuple(found), operands[position:])


def _roles(
    destination: Operand | None, written: tuple[Operand, ...], read: tuple[Operand, ...]
) -> Roles:
    return Roles(
        destination,
        written,
        tuple(operand for operand in read if operand.kind not in _PREDICATES),
        tuple(operand for operand in read if operand.kind in _PREDICATES),
    )


def access_words(instruction: Instruction) -> int:
    """Return the number of registers that a load, store or atomic moves."""
    names = set(instruction.modifiers)
    if "128" in names:
        return 4
    return 2 if names & {"64", "U64", "S64", "F64"} else 1


_DOUBLES = ("DADD", "DMUL", "DFMA", "DSETP")
_ATOMICS = ("ATOM", "ATOMG", "ATOMS", "RED", "REDG")
_FLOATS = ("F16", "BF16", "F32", "F64")
_CONVERSIONS = ("I2F", "F2I", "F2F", "FRND")
_FLOAT_PAIRS = ("FADD2", "FMUL2", "FFMA2")
_WIDE = ("IADD", "IADD3", "IMNMX", "ISETP", "MOV", "SEL")


def is_wide(instruction: Instruction) -> bool:
    """Return whether an instruction works on integers of 64 bits in pairs (``IADD.64``)."""
    return instruction.opcode.removeprefix("U") in _WIDE and bool(
        {"64", "U64", "S64"} & set(instruction.modifiers)
    )


def conversion_types(instruction: Instruction) -> tuple[str, str]:
    """Return the types that a conversion reads and writes, e.g. ``("F32", "S64")``.

    Examples
    --------
    >>> from softbeam.sass.reader import parse_instruction
    >>> conversion_types(parse_instruction(0, {"opcode": "F2I.S64.TRUNC", "operands": "R6, R0"}))
    ('F32', 'S64')
    """
    floats = [name for name in instruction.modifiers if name in _FLOATS]
    integers = [
        name
        for name in instruction.modifiers
        if name[:1] in ("U", "S") and name[1:] in ("8", "16", "32", "64")
    ]
    name = instruction.opcode.removeprefix("U")
    if name == "F2F":
        return (floats[1], floats[0]) if len(floats) == 2 else ("F32", "F32")
    if name == "I2I":
        return (integers[1], integers[0]) if len(integers) == 2 else ("S32", "S32")
    if name == "F2FP":
        bytes_ = [name for name in instruction.modifiers if name in ("E4M3", "E5M2")]
        if bytes_:
            halves = next((name for name in floats if name in ("F16", "F32")), "F32")
            order = [name for name in instruction.modifiers if name in (*bytes_, halves)]
            return (order[1], order[0]) if len(order) == 2 else ("F32", bytes_[0])
        return "F32", "BF16" if "BF16" in floats else "F16"
    real = floats[0] if floats else "F32"
    whole = integers[0] if integers else "S32"
    if name == "FRND":
        return real, real
    return (real, whole) if name == "F2I" else (whole, real)


def _type_words(name: str) -> int:
    return 2 if name.endswith("64") else 1


def destination_words(instruction: Instruction, opcode: Opcode) -> int:
    """Return the number of consecutive registers that an instruction writes (0: none)."""
    target = roles(instruction, opcode).destination
    if target is None or target.kind not in _REGISTERS:
        return 0
    name = instruction.opcode
    if opcode.shape is Shape.LOAD:
        return access_words(instruction)
    if name in _ATOMICS:
        # ATOMS.CAST.64 answers with a pair too.
        return access_words(instruction)
    if name in ("CS2R", "CS2UR"):
        return 1 if "32" in instruction.modifiers else 2
    if name.removeprefix("U") in _CONVERSIONS:
        return _type_words(conversion_types(instruction)[1])
    if is_wide(instruction):
        return 2
    pairs = (*_DOUBLES, *_FLOAT_PAIRS, "LEPC")
    return 2 if "WIDE" in instruction.modifiers or name in pairs else 1


def written_registers(instruction: Instruction, opcode: Opcode) -> tuple[int, ...]:
    """Return the general registers that an instruction writes, RZ and uniform ones left out."""
    target = roles(instruction, opcode).destination
    if target is None or target.kind is not OperandKind.REGISTER or target.index == ZERO_REGISTER:
        return ()
    return tuple(target.index + part for part in range(destination_words(instruction, opcode)))


def source_words(instruction: Instruction, opcode: Opcode, number: int) -> int:
    """Return the number of consecutive registers that a source register stands for."""
    name = instruction.opcode
    if opcode.shape is Shape.STORE or (name in _ATOMICS and number > 0):
        return access_words(instruction)
    if name in ("IMAD", "UIMAD"):
        return 2 if number == 2 and {"WIDE", "HI"} & set(instruction.modifiers) else 1
    if name.removeprefix("U") in _CONVERSIONS:
        return _type_words(conversion_types(instruction)[0])
    if is_wide(instruction):
        return 2
    if name == "MATCH":
        return 2 if "U64" in instruction.modifiers else 1
    if name in _FLOAT_PAIRS:
        # One number, twice, where the operand says .F32.
        return 1 if roles(instruction, opcode).sources[number].selector == "F32" else 2
    return 2 if name in (*_DOUBLES, "RET", "BRX", "BRXU", "CALL") else 1


def read_registers(instruction: Instruction, opcode: Opcode) -> frozenset[int]:
    """Return the general registers whose value an executed instruction uses."""
    registers: set[int] = set()
    for number, operand in enumerate(roles(instruction, opcode).sources):
        words = 0
        if operand.index != ZERO_REGISTER:
            if operand.kind is OperandKind.REGISTER:
                words = source_words(instruction, opcode, number)
            elif operand.kind in (OperandKind.ADDRESS, OperandKind.CONSTANT):
                words = 2 if wide_address(instruction, operand) else 1
        registers.update(operand.index + part for part in range(words))
    return frozenset(registers)


def wide_address(instruction: Instruction, operand: Operand) -> bool:
    """Return whether an address's base register is a 64-bit pair.

    sm_80 and newer write ``.64``; sm_75 says it with the opcode's ``.E``.
    """
    if operand.kind is not OperandKind.ADDRESS:
        return False
    if instruction.opcode == "LDGSTS":
        # One of its two addresses is of shared memory; it is newer than sm_75.
        return operand.wide
    return operand.wide or ("E" in instruction.modifiers and ".U32" not in operand.text)

"""The parts of an instruction's machine code that a listing must agree with.

NVIDIA documents no encoding.  What stands here was read from the 220,000 instructions of the
shipped kernels, the recorded ones and the corpus of the tests, on all architectures from sm_75 to
sm_120, and holds for every one of them; a test repeats that.  An opcode that none of them has is
checked by its guard and its constants alone.

What stands here is not all that there is.  A number that no opcode has here, and what the opcode
table lacks, say nothing of the listing: only that the instruction cannot be executed.
"""

from __future__ import annotations

from softbeam.sass.architectures import is_blackwell
from softbeam.sass.effects import roles
from softbeam.sass.instruction import (
    INSTRUCTION_BYTES,
    UNIFORM_ZERO_REGISTER,
    ZERO_REGISTER,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.opcodes import Opcode, Shape, find_opcode

#: Bits 0 to 8 of each opcode; some have several, by operand or modifier.
_CODES: dict[str, tuple[int, ...]] = {
    "ATOM": (0x18A, 0x18B, 0x1A2),
    "ATOMG": (0x1A3, 0x1A8, 0x1A9),
    "ATOMS": (0x18C, 0x18D),
    "B2R": (0x11C,),
    "BAR": (0x11D,),
    "BMOV": (0x155, 0x156),
    "BRA": (0x147,),
    "BREAK": (0x142,),
    "BREV": (0x101,),
    "BRX": (0x149,),
    "BRXU": (0x158,),
    "BSSY": (0x145,),
    "BSYNC": (0x141,),
    "CALL": (0x143, 0x144),
    "CCTL": (0x18F,),
    "CGAERRBAR": (0x1AB,),
    "CREDUX": (0x0CC,),
    "CS2R": (0x005,),
    "CS2UR": (0x0CB,),
    "DADD": (0x029,),
    "DEPBAR": (0x11A,),
    "DFMA": (0x02B,),
    "DMUL": (0x028,),
    "DSETP": (0x02A,),
    "ELECT": (0x02F,),
    "ERRBAR": (0x1AB,),
    "EXIT": (0x14D,),
    "F2F": (0x104, 0x110),
    "F2FP": (0x03E,),
    "F2I": (0x105, 0x111),
    "FADD": (0x021,),
    "FADD2": (0x04B,),
    "FCHK": (0x102,),
    "FFMA": (0x023,),
    "FFMA2": (0x049,),
    "FLO": (0x100,),
    "FMNMX": (0x009,),
    "FMNMX3": (0x076,),
    "FMUL": (0x020,),
    "FMUL2": (0x04A,),
    "FRND": (0x107, 0x113),
    "FSEL": (0x008,),
    "FSET": (0x00A,),
    "FSETP": (0x00B,),
    "HADD2": (0x030,),
    "HFMA2": (0x031, 0x035),
    "HMUL2": (0x032,),
    "HSET2": (0x033,),
    "HSETP2": (0x034,),
    "I2F": (0x106, 0x112),
    "I2FP": (0x045,),
    "IABS": (0x013,),
    "IADD": (0x035,),
    "IADD3": (0x010,),
    "IDP": (0x026,),
    "IMAD": (0x024, 0x025, 0x027),
    "IMNMX": (0x017,),
    "ISETP": (0x00C,),
    "LD": (0x180,),
    "LDC": (0x182,),
    "LDCU": (0x1AC,),
    "LDG": (0x181,),
    "LDGDEPBAR": (0x1AF,),
    "LDGSTS": (0x1AE,),
    "LDL": (0x183,),
    "LDS": (0x184,),
    "LEA": (0x011,),
    "LOP3": (0x012,),
    "MATCH": (0x1A1,),
    "MEMBAR": (0x192,),
    "MOV": (0x002,),
    "MUFU": (0x108,),
    "NANOSLEEP": (0x15D,),
    "NOP": (0x118,),
    "P2R": (0x003,),
    "PLOP3": (0x01C,),
    "POPC": (0x109,),
    "PRMT": (0x016,),
    "R2P": (0x004,),
    "R2UR": (0x0CA, 0x1C2),
    "RED": (0x18E,),
    "REDG": (0x18E, 0x1A6),
    "REDUX": (0x1C4,),
    "RET": (0x150,),
    "S2R": (0x119,),
    "S2UR": (0x1C3,),
    "SEL": (0x007,),
    "SGXT": (0x01A,),
    "SHF": (0x019,),
    "SHFL": (0x189,),
    "ST": (0x185,),
    "STG": (0x186,),
    "STL": (0x187,),
    "STS": (0x188,),
    "UBREV": (0x0BE,),
    "UFADD": (0x054,),
    "UFFMA": (0x055,),
    "UFLO": (0x0BD,),
    "UFMUL": (0x056,),
    "UI2F": (0x05A,),
    "UI2FP": (0x05E,),
    "UIADD3": (0x090, 0x097),
    "UIMAD": (0x0A4, 0x0A5, 0x0A6),
    "UIMNMX": (0x085,),
    "UISETP": (0x08C,),
    "ULDC": (0x0B9, 0x0BB),
    "ULEA": (0x091,),
    "ULOP3": (0x092,),
    "UMOV": (0x082,),
    "UPLOP3": (0x09C,),
    "UPRMT": (0x096,),
    "USEL": (0x087,),
    "USHF": (0x099,),
    "UVIMNMX": (0x04A,),
    "VABSDIFF": (0x014,),
    "VIADD": (0x036,),
    "VIADDMNMX": (0x046,),
    "VIMNMX": (0x048,),
    "VIMNMX3": (0x00F,),
    "VOTE": (0x006,),
    "VOTEU": (0x086,),
    "WARPSYNC": (0x148,),
    "YIELD": (0x146,),
}

#: All that are known, whosever they are.
_NUMBERS = frozenset(number for numbers in _CODES.values() for number in numbers)

#: Where registers stand: the destination, then sources; a byte each, six bits of a uniform one.
_DESTINATION, _FIRST_SOURCE = 16, 24
_REGISTER_FIELDS = (_DESTINATION, _FIRST_SOURCE, 32, 64)

#: Opcodes whose only register source stands at bit 32.
_UNARY = frozenset(
    ("BMOV", "BREV", "F2F", "F2I", "FLO", "FRND", "I2F", "I2FP", "IABS", "MOV", "MUFU", "POPC")
)

#: Modifiers with which an opcode's first register source stands there too.
_SECOND_FIRST = frozenset(("UNPACK_B", "UNPACK_B_MERGE_C", "MERGE_C", "PACK_B"))

#: What else than a number or register may stand for a value: all predicates together, and one
#: word of an address in the function's own code.
_ALL_PREDICATES, _OWN_ADDRESS = ("PR", "UPR"), "32@"

#: The first architecture whose branches have eight bits more, below the others.
_LONG_BRANCHES = 90


def disagreement(instruction: Instruction, code: bytes, architecture: str) -> str:
    """Return in what an instruction of a listing is not that of its machine code.

    Parameters
    ----------
    instruction : Instruction
        As the listing has it.
    code : bytes
        The machine code of its function.
    architecture : str
        E.g. ``sm_90``.

    Returns
    -------
    str
        What differs, or an empty text.

    Examples
    --------
    >>> from softbeam.sass.reader import parse_line
    >>> code = bytes.fromhex("2472040003000000040000000000000f".ljust(32, "0"))
    >>> disagreement(parse_line("IMAD R4, R3, R0, R5"), code, "sm_90")
    'R5'
    """
    word = _word(instruction, code)
    guard = instruction.guard
    if word >> 12 & 15 != guard.index | (8 if guard.negated else 0):
        return "guard"
    if not has_known_number(instruction, code):
        return f"opcode {instruction.opcode}" if word & 0x1FF in _NUMBERS else ""
    opcode = find_opcode(instruction)
    if opcode is None:
        return ""
    for operand in instruction.operands:
        if operand.kind is OperandKind.CONSTANT and not _has_constant(operand, word, instruction):
            return operand.text
    if instruction.opcode not in _CODES:
        return ""
    return _registers(instruction, opcode, word, architecture) or _branch(
        instruction, word, architecture
    )


def has_known_number(instruction: Instruction, code: bytes) -> bool:
    """Return whether an instruction's number in machine code is one that its opcode has here.

    Parameters
    ----------
    instruction, code
        As for :func:`disagreement`.

    Returns
    -------
    bool
        Also true of an opcode of which no number is known.
    """
    seen = _CODES.get(instruction.opcode)
    return seen is None or _word(instruction, code) & 0x1FF in seen


def _word(instruction: Instruction, code: bytes) -> int:
    return int.from_bytes(code[instruction.pc : instruction.pc + INSTRUCTION_BYTES], "little")


def _has_constant(operand: Operand, word: int, instruction: Instruction) -> bool:
    if operand.bank < 0:
        # A bank that a register names; no such constant is executed.
        return True
    offset = int(operand.value) & 0xFFFF
    # LDCU's offset has one bit more below, which no code that was seen has set.
    place = 37 if instruction.opcode == "LDCU" else 38
    return (word >> 54 & 31, word >> place & 0xFFFF) == (operand.bank, offset)


def _registers(instruction: Instruction, opcode: Opcode, word: int, architecture: str) -> str:
    """Return the first register that is not where the machine code has it."""
    uniform = 0xFF if is_blackwell(architecture) else 0x3F
    fields = {place: word >> place & 0xFF for place in _REGISTER_FIELDS}
    for operand in instruction.operands:
        # LDGSTS has two addresses, that of what is written first.
        copied = instruction.opcode == "LDGSTS" and operand is instruction.operands[0]
        place = _DESTINATION if copied else _FIRST_SOURCE
        if operand.kind is OperandKind.ADDRESS and operand.index != fields[place]:
            return operand.text
        for index, zero, bits in _named(operand, uniform):
            # All bits of a field are the zero register; before Blackwell no UR63 is another one.
            if index != zero and index not in {field & bits for field in fields.values()} - {bits}:
                return operand.text
    found = roles(instruction, opcode)
    if found.destination is not None and not _is_at(
        found.destination, fields[_DESTINATION], uniform
    ):
        return found.destination.text
    if opcode.shape in (Shape.COMPUTE, Shape.COMPARE, Shape.CHECK) and found.sources:
        unary = instruction.opcode.removeprefix("U") in _UNARY or not (
            _SECOND_FIRST.isdisjoint(instruction.modifiers)
        )
        first = fields[32 if unary else _FIRST_SOURCE]
        if not _is_at(found.sources[0], first, uniform):
            return found.sources[0].text
    if opcode.shape is not Shape.CONTROL:
        for operand in instruction.operands:
            known = operand.text in _ALL_PREDICATES or operand.text.startswith(_OWN_ADDRESS)
            if operand.kind is OperandKind.SYMBOL and not known:
                return operand.text
    return ""


def _named(operand: Operand, uniform: int) -> list[tuple[int, int, int]]:
    """Return the registers that an operand names: index, the one that is none, bits of a field."""
    general = (operand.index, ZERO_REGISTER, 0xFF)
    if operand.kind is OperandKind.REGISTER:
        return [general]
    if operand.kind is OperandKind.UNIFORM_REGISTER:
        return [(operand.index, UNIFORM_ZERO_REGISTER, uniform)]
    if operand.kind in (OperandKind.ADDRESS, OperandKind.CONSTANT):
        return [general, (operand.uniform, UNIFORM_ZERO_REGISTER, uniform)]
    return []


def _is_at(operand: Operand, field: int, uniform: int) -> bool:
    """Return whether an operand, if it is a register, is the one that a field holds."""
    if operand.kind is OperandKind.REGISTER:
        return operand.index == field
    if operand.kind is OperandKind.UNIFORM_REGISTER:
        # URZ has all bits of the field.
        zero = operand.index == UNIFORM_ZERO_REGISTER
        return field & uniform == (uniform if zero else operand.index)
    return True


def _branch(instruction: Instruction, word: int, architecture: str) -> str:
    """Return the target of a branch that goes elsewhere in the machine code."""
    target = instruction.operands[-1] if instruction.operands else None
    if target is None or target.kind is not OperandKind.INTEGER:
        return ""
    if instruction.opcode not in ("BRA", "BSSY"):
        return ""
    # Blackwell has BSSY's kind, .RECONVERGENT or .RELIABLE, above its target.
    bits = 30 if is_blackwell(architecture) and instruction.opcode == "BSSY" else 48
    words = word >> 34 & (1 << bits) - 1
    words -= words >> bits - 1 << bits
    if int(architecture.removeprefix("sm_")) >= _LONG_BRANCHES and instruction.opcode == "BRA":
        words = words << 8 | (word >> 16 & 0xFF)
    there = instruction.pc + INSTRUCTION_BYTES + 4 * words
    return "" if int(target.value) == there else f"target {target.text}"

"""The parts of an instruction's machine code that a listing must agree with.

NVIDIA documents no encoding.  What stands here was read from the 83,000 instructions of the shipped
kernels, the recorded ones and the corpus of the tests, on sm_75, sm_80 and sm_90, and holds for
every one of them; a test repeats that.  An opcode that none of them has is checked by its guard
and its constants alone.
"""

from __future__ import annotations

from softbeam.sass.effects import roles
from softbeam.sass.instruction import (
    INSTRUCTION_BYTES,
    UNIFORM_ZERO_REGISTER,
    ZERO_REGISTER,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.opcodes import OPCODES, Shape

#: Bits 0 to 8 of each opcode; some have several, by operand or modifier.
_CODES: dict[str, tuple[int, ...]] = {
    "ATOM": (0x18A,),
    "ATOMG": (
        0x1A3,
        0x1A8,
        0x1A9,
    ),
    "ATOMS": (
        0x18C,
        0x18D,
    ),
    "B2R": (0x11C,),
    "BAR": (0x11D,),
    "BMOV": (
        0x155,
        0x156,
    ),
    "BRA": (0x147,),
    "BREAK": (0x142,),
    "BREV": (0x101,),
    "BRX": (0x149,),
    "BSSY": (0x145,),
    "BSYNC": (0x141,),
    "CALL": (0x144,),
    "CCTL": (0x18F,),
    "CGAERRBAR": (0x1AB,),
    "CS2R": (0x005,),
    "DADD": (0x029,),
    "DFMA": (0x02B,),
    "DMUL": (0x028,),
    "DSETP": (0x02A,),
    "ELECT": (0x02F,),
    "ERRBAR": (0x1AB,),
    "EXIT": (0x14D,),
    "F2F": (
        0x104,
        0x110,
    ),
    "F2FP": (0x03E,),
    "F2I": (
        0x105,
        0x111,
    ),
    "FADD": (0x021,),
    "FCHK": (0x102,),
    "FFMA": (0x023,),
    "FLO": (0x100,),
    "FMNMX": (0x009,),
    "FMUL": (0x020,),
    "FRND": (
        0x107,
        0x113,
    ),
    "FSEL": (0x008,),
    "FSET": (0x00A,),
    "FSETP": (0x00B,),
    "HADD2": (0x030,),
    "HFMA2": (
        0x031,
        0x035,
    ),
    "HMUL2": (0x032,),
    "HSET2": (0x033,),
    "HSETP2": (0x034,),
    "I2F": (
        0x106,
        0x112,
    ),
    "I2FP": (0x045,),
    "IABS": (0x013,),
    "IADD3": (0x010,),
    "IDP": (0x026,),
    "IMAD": (
        0x024,
        0x025,
        0x027,
    ),
    "IMNMX": (0x017,),
    "ISETP": (0x00C,),
    "LD": (0x180,),
    "LDC": (0x182,),
    "LDG": (0x181,),
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
    "R2UR": (
        0x0CA,
        0x1C2,
    ),
    "RED": (0x18E,),
    "REDG": (
        0x18E,
        0x1A6,
    ),
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
    "UFLO": (0x0BD,),
    "UIADD3": (0x090,),
    "UIMAD": (
        0x0A4,
        0x0A5,
    ),
    "UISETP": (0x08C,),
    "ULDC": (0x0B9,),
    "ULEA": (0x091,),
    "ULOP3": (0x092,),
    "UMOV": (0x082,),
    "UPLOP3": (0x09C,),
    "UPRMT": (0x096,),
    "USEL": (0x087,),
    "USHF": (0x099,),
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

#: Where registers stand: the destination, then sources; a byte each, six bits of a uniform one.
_DESTINATION, _FIRST_SOURCE = 16, 24
_REGISTER_FIELDS = (_DESTINATION, _FIRST_SOURCE, 32, 64)

#: Opcodes whose only register source stands at bit 32.
_UNARY = frozenset(
    ("BMOV", "BREV", "F2F", "F2I", "FLO", "FRND", "I2F", "I2FP", "IABS", "MOV", "MUFU", "POPC")
)

#: What else than a number or register may stand for a value: all predicates together, and one
#: word of an address in the function's own code.
_ALL_PREDICATES, _OWN_ADDRESS = ("PR", "UPR"), "32@"

#: The first architecture whose uniform registers and branches nobody has looked at.
_UNSEEN = 100


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
    pc = instruction.pc
    word = int.from_bytes(code[pc : pc + INSTRUCTION_BYTES], "little")
    guard = instruction.guard
    if word >> 12 & 15 != guard.index | (8 if guard.negated else 0):
        return "guard"
    for operand in instruction.operands:
        if operand.kind is OperandKind.CONSTANT and not _has_constant(operand, word):
            return operand.text
    name = instruction.opcode
    seen = _CODES.get(name)
    if seen is None or int(architecture.removeprefix("sm_")) >= _UNSEEN:
        return ""
    if word & 0x1FF not in seen:
        return f"opcode {name}"
    return _registers(instruction, word) or _branch(instruction, word, architecture)


def _has_constant(operand: Operand, word: int) -> bool:
    offset = int(operand.value) & 0xFFFF
    return (word >> 54 & 31, word >> 38 & 0xFFFF) == (operand.bank, offset)


def _registers(instruction: Instruction, word: int) -> str:
    """Return the first register that is not where the machine code has it."""
    fields = {place: word >> place & 0xFF for place in _REGISTER_FIELDS}
    for operand in instruction.operands:
        if operand.kind is OperandKind.ADDRESS and operand.index != fields[_FIRST_SOURCE]:
            return operand.text
        for index, zero, bits in _named(operand):
            if index != zero and index not in {field & bits for field in fields.values()}:
                return operand.text
    opcode = OPCODES.get(instruction.opcode)
    if opcode is None:
        return ""
    found = roles(instruction, opcode)
    if found.destination is not None and not _is_at(found.destination, fields[_DESTINATION]):
        return found.destination.text
    if opcode.shape in (Shape.COMPUTE, Shape.COMPARE, Shape.CHECK) and found.sources:
        unary = instruction.opcode.removeprefix("U") in _UNARY
        first = fields[32 if unary else _FIRST_SOURCE]
        if not _is_at(found.sources[0], first):
            return found.sources[0].text
    if opcode.shape is not Shape.CONTROL:
        for operand in instruction.operands:
            known = operand.text in _ALL_PREDICATES or operand.text.startswith(_OWN_ADDRESS)
            if operand.kind is OperandKind.SYMBOL and not known:
                return operand.text
    return ""


def _named(operand: Operand) -> list[tuple[int, int, int]]:
    """Return the registers that an operand names: index, the one that is none, bits of a field."""
    general = (operand.index, ZERO_REGISTER, 0xFF)
    if operand.kind is OperandKind.REGISTER:
        return [general]
    if operand.kind is OperandKind.UNIFORM_REGISTER:
        return [(operand.index, UNIFORM_ZERO_REGISTER, 0x3F)]
    if operand.kind in (OperandKind.ADDRESS, OperandKind.CONSTANT):
        return [general, (operand.uniform, UNIFORM_ZERO_REGISTER, 0x3F)]
    return []


def _is_at(operand: Operand, field: int) -> bool:
    """Return whether an operand, if it is a register, is the one that a field holds."""
    if operand.kind is OperandKind.REGISTER:
        return operand.index == field
    if operand.kind is OperandKind.UNIFORM_REGISTER:
        return operand.index == field & 0x3F
    return True


def _branch(instruction: Instruction, word: int, architecture: str) -> str:
    """Return the target of a branch that goes elsewhere in the machine code."""
    target = instruction.operands[-1] if instruction.operands else None
    if target is None or target.kind is not OperandKind.INTEGER:
        return ""
    if instruction.opcode not in ("BRA", "BSSY"):
        return ""
    words = word >> 34 & (1 << 48) - 1
    words -= words >> 47 << 48
    if architecture == "sm_90" and instruction.opcode == "BRA":
        words = words << 8 | (word >> 16 & 0xFF)
    there = instruction.pc + INSTRUCTION_BYTES + 4 * words
    return "" if int(target.value) == there else f"target {target.text}"

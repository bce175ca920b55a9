"""The interpreter's operations: one record each, from which numbers and checks follow.

A record says what kind of operation it is, which separately compiled part executes it, and what it
writes.  Numbers are given in the order of the declarations within each kind, and kinds have ranges
of their own, so that an operation can be added anywhere in its kind; jitted code compares a number
with a range's bound (``FIRST_…``) or with an operation's name, and with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

# Separately compiled parts (PART, and the entries of Tables.entries).
(
    PART_INTEGER,
    PART_FLOATING,
    PART_BITS,
    PART_WARP,
    PART_DOUBLE,
    PART_CONVERSION,
    PART_HALF,
    PART_APPROXIMATE,
    PART_MEMORY,
    PART_WIDE,
    PART_PAIRS,
    PARTS,
) = range(12)
PART_NAMES = (
    "integers",
    "floats",
    "bit fields",
    "warp",
    "float64",
    "conversions",
    "halves",
    "approximate functions",
    "memory",
    "64-bit integers",
    "pairs of floats",
)

#: Where each kind of operation begins.
FIRST_INTEGER, FIRST_FLOATING, FIRST_RARE, FIRST_MEMORY, FIRST_CONTROL = 16, 64, 96, 192, 208
LAST = 256


class Kind(IntEnum):
    """Which code of the interpreter executes an operation; the value is the first number."""

    SIMPLE = 0
    INTEGER = FIRST_INTEGER
    FLOATING = FIRST_FLOATING
    RARE = FIRST_RARE
    MEMORY = FIRST_MEMORY
    CONTROL = FIRST_CONTROL


class Writes(StrEnum):
    """What an operation may write besides memory; no instruction may name more."""

    NOTHING = "nothing"
    REGISTERS = "registers"
    PREDICATES = "destination predicates"
    BOTH = "registers and destination predicates"
    OWN_PREDICATES = "predicates that its mask names"


_NOTHING, _REGISTERS, _PREDICATES, _BOTH, _OWN_PREDICATES = Writes


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes
    ----------
    number : int
        What stands in the column OP of a row.
    name : str
        Its name in :mod:`softbeam.emulator.core.layout`.
    kind : Kind
        Which code executes it.
    part : int
        The separately compiled part that executes it (``PART_…``); 0 if it is no rare one.
    writes : Writes
        What it may write.
    """

    number: int
    name: str
    kind: Kind
    part: int
    writes: Writes


#: Every operation, by its number.
OPERATIONS: dict[int, Operation] = {}


def _operation(name: str, kind: Kind, writes: Writes, part: int = 0) -> int:
    """Enter an operation and return its number."""
    number = int(kind) + sum(one.kind is kind for one in OPERATIONS.values())
    end = min((bound for bound in Kind if bound > kind), default=LAST)
    if number >= end or name in (one.name for one in OPERATIONS.values()):
        raise ValueError(f"no number is left for {name}, or it is there twice")
    if (kind is Kind.RARE) > (part != 0):
        raise ValueError(f"{name} is rare: name the part that executes it")
    OPERATIONS[number] = Operation(number, name, kind, part, writes)
    return number


def _simple(name: str, writes: Writes) -> int:
    return _operation(name, Kind.SIMPLE, writes)


def _integer(name: str, writes: Writes) -> int:
    return _operation(name, Kind.INTEGER, writes)


def _floating(name: str, writes: Writes) -> int:
    return _operation(name, Kind.FLOATING, writes)


def _rare(name: str, part: int, writes: Writes) -> int:
    return _operation(name, Kind.RARE, writes, part)


def _memory(name: str, writes: Writes, part: int = 0) -> int:
    return _operation(name, Kind.MEMORY, writes, part)


def _control(name: str) -> int:
    return _operation(name, Kind.CONTROL, _NOTHING)


# What the interpreter does itself.
UNSUPPORTED = _simple("UNSUPPORTED", _NOTHING)  # 0, so that an empty row raises
NOP = _simple("NOP", _NOTHING)
MOV = _simple("MOV", _REGISTERS)
PLOP3 = _simple("PLOP3", _PREDICATES)
S2R = _simple("S2R", _REGISTERS)

# Integers.
IADD3 = _integer("IADD3", _BOTH)
IMAD = _integer("IMAD", _REGISTERS)
IMAD_HI = _integer("IMAD_HI", _BOTH)
IMAD_WIDE = _integer("IMAD_WIDE", _BOTH)
LEA = _integer("LEA", _BOTH)
LEA_HI = _integer("LEA_HI", _BOTH)
LOP3 = _integer("LOP3", _BOTH)
SHF = _integer("SHF", _REGISTERS)
IABS = _integer("IABS", _REGISTERS)
IMNMX = _integer("IMNMX", _REGISTERS)
ISETP = _integer("ISETP", _PREDICATES)
SEL = _integer("SEL", _REGISTERS)
POPC = _integer("POPC", _REGISTERS)
FLO = _integer("FLO", _REGISTERS)
PRMT = _integer("PRMT", _REGISTERS)
ADD_MINMAX = _integer("ADD_MINMAX", _REGISTERS)

# Float32, and conversions between words and float32.
FADD = _floating("FADD", _REGISTERS)
FMUL = _floating("FMUL", _REGISTERS)
FMUL_SCALED = _floating("FMUL_SCALED", _REGISTERS)
FFMA = _floating("FFMA", _REGISTERS)
FMNMX = _floating("FMNMX", _REGISTERS)
FMNMX3 = _floating("FMNMX3", _REGISTERS)
FSETP = _floating("FSETP", _PREDICATES)
FSET = _floating("FSET", _REGISTERS)
FCHK = _floating("FCHK", _PREDICATES)
MUFU_RCP = _floating("MUFU_RCP", _REGISTERS)
MUFU_RSQ = _floating("MUFU_RSQ", _REGISTERS)
MUFU_EX2 = _floating("MUFU_EX2", _REGISTERS)
I2F = _floating("I2F", _REGISTERS)
F2I = _floating("F2I", _REGISTERS)
FRND = _floating("FRND", _REGISTERS)

# Rare operations, each executed by a part that is compiled when a program needs it.
BREV = _rare("BREV", PART_BITS, _REGISTERS)
SGXT = _rare("SGXT", PART_BITS, _REGISTERS)
BMSK = _rare("BMSK", PART_BITS, _REGISTERS)
VABSDIFF = _rare("VABSDIFF", PART_BITS, _REGISTERS)
VABSDIFF4 = _rare("VABSDIFF4", PART_BITS, _REGISTERS)
DOT4 = _rare("DOT4", PART_BITS, _REGISTERS)
DOT2 = _rare("DOT2", PART_BITS, _REGISTERS)
ADD_PARTS = _rare("ADD_PARTS", PART_BITS, _REGISTERS)
MINMAX_PARTS = _rare("MINMAX_PARTS", PART_BITS, _BOTH)
ADD_MINMAX_PARTS = _rare("ADD_MINMAX_PARTS", PART_BITS, _REGISTERS)
MINMAX3_PARTS = _rare("MINMAX3_PARTS", PART_BITS, _REGISTERS)
PERMUTE_BY_MODE = _rare("PERMUTE_BY_MODE", PART_BITS, _REGISTERS)
PREDICATES_TO_REGISTER = _rare("PREDICATES_TO_REGISTER", PART_BITS, _REGISTERS)
REGISTER_TO_PREDICATES = _rare("REGISTER_TO_PREDICATES", PART_BITS, _OWN_PREDICATES)
SHUFFLE = _rare("SHUFFLE", PART_WARP, _BOTH)
VOTE = _rare("VOTE", PART_WARP, _BOTH)
MATCH_ANY = _rare("MATCH_ANY", PART_WARP, _REGISTERS)
MATCH_ALL = _rare("MATCH_ALL", PART_WARP, _BOTH)
REDUCE = _rare("REDUCE", PART_WARP, _REGISTERS)
ELECT = _rare("ELECT", PART_WARP, _BOTH)
FIRST_LANE = _rare("FIRST_LANE", PART_WARP, _REGISTERS)
LANES_DIFFER = _rare("LANES_DIFFER", PART_WARP, _PREDICATES)
CLOCK = _rare("CLOCK", PART_WARP, _REGISTERS)
BARRIER_RESULT = _rare("BARRIER_RESULT", PART_WARP, _BOTH)
BARRIER_TO_REGISTER = _rare("BARRIER_TO_REGISTER", PART_WARP, _REGISTERS)
REGISTER_TO_BARRIER = _rare("REGISTER_TO_BARRIER", PART_WARP, _NOTHING)
BARRIER_TO_BARRIER = _rare("BARRIER_TO_BARRIER", PART_WARP, _NOTHING)
DADD = _rare("DADD", PART_DOUBLE, _REGISTERS)
DMUL = _rare("DMUL", PART_DOUBLE, _REGISTERS)
DFMA = _rare("DFMA", PART_DOUBLE, _REGISTERS)
DSETP = _rare("DSETP", PART_DOUBLE, _PREDICATES)
MUFU_RCP64H = _rare("MUFU_RCP64H", PART_DOUBLE, _REGISTERS)
MUFU_RSQ64H = _rare("MUFU_RSQ64H", PART_DOUBLE, _REGISTERS)
CONVERT = _rare("CONVERT", PART_CONVERSION, _REGISTERS)
PACK_HALVES = _rare("PACK_HALVES", PART_CONVERSION, _REGISTERS)
PACK_BYTES = _rare("PACK_BYTES", PART_CONVERSION, _REGISTERS)
UNPACK_BYTES = _rare("UNPACK_BYTES", PART_CONVERSION, _REGISTERS)
ROUND = _rare("ROUND", PART_CONVERSION, _REGISTERS)
HADD2 = _rare("HADD2", PART_HALF, _REGISTERS)
HMUL2 = _rare("HMUL2", PART_HALF, _REGISTERS)
HFMA2 = _rare("HFMA2", PART_HALF, _REGISTERS)
HMNMX2 = _rare("HMNMX2", PART_HALF, _REGISTERS)
HSET2 = _rare("HSET2", PART_HALF, _REGISTERS)
HSETP2 = _rare("HSETP2", PART_HALF, _PREDICATES)
MUFU_SIN = _rare("MUFU_SIN", PART_APPROXIMATE, _REGISTERS)
MUFU_COS = _rare("MUFU_COS", PART_APPROXIMATE, _REGISTERS)
MUFU_LG2 = _rare("MUFU_LG2", PART_APPROXIMATE, _REGISTERS)
MUFU_SQRT = _rare("MUFU_SQRT", PART_APPROXIMATE, _REGISTERS)
MUFU_TANH = _rare("MUFU_TANH", PART_APPROXIMATE, _REGISTERS)
MUFU_TANH_HALF = _rare("MUFU_TANH_HALF", PART_APPROXIMATE, _REGISTERS)
MUFU_EX2_HALF = _rare("MUFU_EX2_HALF", PART_APPROXIMATE, _REGISTERS)
IADD_64 = _rare("IADD_64", PART_WIDE, _REGISTERS)
MOV_64 = _rare("MOV_64", PART_WIDE, _REGISTERS)
SEL_64 = _rare("SEL_64", PART_WIDE, _REGISTERS)
IMNMX_64 = _rare("IMNMX_64", PART_WIDE, _REGISTERS)
ISETP_64 = _rare("ISETP_64", PART_WIDE, _PREDICATES)
FADD2 = _rare("FADD2", PART_PAIRS, _REGISTERS)
FMUL2 = _rare("FMUL2", PART_PAIRS, _REGISTERS)
FFMA2 = _rare("FFMA2", PART_PAIRS, _REGISTERS)
FMNMX_SIGNED = _rare("FMNMX_SIGNED", PART_PAIRS, _REGISTERS)

# Memory.
LDC = _memory("LDC", _REGISTERS)
LOAD = _memory("LOAD", _REGISTERS)
STORE = _memory("STORE", _NOTHING)
LOAD_OTHER = _memory("LOAD_OTHER", _REGISTERS, PART_MEMORY)
STORE_OTHER = _memory("STORE_OTHER", _NOTHING, PART_MEMORY)
ATOMIC = _memory("ATOMIC", _BOTH, PART_MEMORY)
REDUCTION = _memory("REDUCTION", _NOTHING, PART_MEMORY)
QUERY_SPACE = _memory("QUERY_SPACE", _PREDICATES, PART_MEMORY)
COPY_TO_SHARED = _memory("COPY_TO_SHARED", _NOTHING, PART_MEMORY)

# Control flow.
BRA = _control("BRA")
BSSY = _control("BSSY")
BSYNC = _control("BSYNC")
CALL = _control("CALL")
RET = _control("RET")
BRX = _control("BRX")
EXIT = _control("EXIT")
BAR = _control("BAR")
NAMED_BARRIER = _control("NAMED_BARRIER")
BREAK = _control("BREAK")
BRA_DIVERGENT = _control("BRA_DIVERGENT")
WARPSYNC = _control("WARPSYNC")

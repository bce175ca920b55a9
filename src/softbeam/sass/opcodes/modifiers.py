"""What each modifier of the opcode table means; some depend on the opcode."""

from __future__ import annotations

from types import MappingProxyType

from softbeam.sass.opcodes.opcode import Opcode

_COMPARISONS = {
    "F": "never",
    "LT": "a < b",
    "EQ": "a = b",
    "LE": "a <= b",
    "GT": "a > b",
    "NE": "a and b differ",
    "GE": "a >= b",
    "T": "always",
}

_EVERYWHERE = {
    **_COMPARISONS,
    "NUM": "neither is NaN",
    "NAN": "one is NaN",
    **{
        f"{name}U": f"{text}, or one is NaN"
        for name, text in _COMPARISONS.items()
        if name not in "FT"
    },
    "AND": "joined with the source predicate by and",
    "OR": "joined with the source predicate by or",
    "XOR": "joined with the source predicate by exclusive or",
    "RN": "round to nearest even",
    "RM": "round towards minus infinity",
    "RP": "round towards plus infinity",
    "RZ": "round towards zero",
    "TRUNC": "round towards zero",
    "FLOOR": "round towards minus infinity",
    "CEIL": "round towards plus infinity",
    "FTZ": "subnormal inputs and results count as zeros of their sign",
    "SAT": "clamp to [0, 1]; NaN gives 0",
    "NTZ": "NaN gives 0",
    "BF": "1.0 instead of all ones",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "F16x2": "two float16",
    "U8": "unsigned byte",
    "S8": "signed byte",
    "U16": "unsigned half word",
    "S16": "signed half word",
    "U32": "unsigned word",
    "S32": "signed word",
    "U64": "unsigned 64 bits",
    "S64": "signed 64 bits",
    "S16x2": "two signed half words",
    "U16x2": "two unsigned half words",
    "16x2": "two half words",
    "U8x4": "four unsigned bytes",
    "E4M3": "float of 8 bits, 3 of them its mantissa",
    "E5M2": "float of 8 bits, 2 of them its mantissa",
    "BF16_V2": "bfloat16 instead of float16",
    "32": "32 bits",
    "64": "64 bits",
    "128": "128 bits",
    "X": "carries of the source predicates are added",
    "EX": "the high words of a comparison whose low words the last predicate compares",
    "RELU": "a negative result becomes 0; NaN stays",
    "XORSIGN": "of magnitudes, and negative where one of both operands is; NaN is not",
    "SATFINITE": "at the largest finite number if beyond; NaN stays",
    "HI": "the high word of the result",
    "LO": "the low bytes",
    "WIDE": "all 64 bits of the result",
    "W": "counts modulo the width",
    "LUT": "look-up table follows as an operand",
    "E": "64-bit addresses",
    "SYS": "visible to the whole system: no effect here",
    "GPU": "visible to the GPU: no effect here",
    "CTA": "visible to the block: no effect here",
    "SM": "visible to the processor: no effect here",
    "STRONG": "ordered with other accesses: no effect here",
    "WEAK": "not ordered: no effect here",
    "CONSTANT": "by way of the read-only cache: no effect here",
    "PRIVATE": "seen by this thread only: no effect here",
    "MMIO": "not to be cached: no effect here",
    "VM": "virtual memory: no effect here",
    **{name: "cache hint: no effect here" for name in ["EF", "EL", "LU", "NA", "EU", "CI"]},
    **{f"LTC{size}B": "prefetch into the L2 cache: no effect here" for size in (64, 128, 256)},
    "B1": "byte 1",
    "B2": "byte 2",
    "B3": "byte 3",
    "32I": "with a 32-bit immediate",
    "MMA": "on the tensor unit's pipe: no effect on the result",
    "ADD": "old + a",
    "MIN": "the smaller",
    "MAX": "the larger",
    "INC": "0 if old >= a, else old + 1",
    "DEC": "a if old = 0 or old > a, else old - 1",
    "EXCH": "a",
    "CAS": "b if old = a, else old",
    "CAST": "as CAS; gives 1 if it was swapped, else 0",
    "SPIN": "in a loop until it succeeds: no effect here",
    "ALL": "all",
    "ANY": "any",
    "IDX": "by the given index",
    "UP": "from the lane below by the amount",
    "DOWN": "from the lane above by the amount",
    "BFLY": "from the lane whose number differs in the given bits",
    "REL": "relative to the function",
    "ABS": "absolute; the function begins at 0",
    "NOINC": "the call depth is not counted",
    "NODEC": "the call depth is not counted",
    "WARP": "the whole warp",
}

#: Meanings that depend on the opcode.
_BY_OPCODE: dict[str, dict[str, str]] = {
    "MUFU": {
        "RCP": "1 / a",
        "RSQ": "1 / sqrt(a)",
        "EX2": "2^a",
        "SIN": "sin(2 pi a)",
        "COS": "cos(2 pi a)",
        "LG2": "log2(a)",
        "SQRT": "sqrt(a)",
        "TANH": "tanh(a)",
        "RCP64H": "high word of 1 / a, from the high word of a float64",
        "RSQ64H": "high word of 1 / sqrt(a), from the high word of a float64",
    },
    "PRMT": {
        "F4E": "four bytes upwards from the selected one",
        "B4E": "four bytes downwards from the selected one",
        "RC8": "the selected byte, four times",
        "RC16": "the selected half word, twice",
        "ECL": "bytes above the selected one, and it",
        "ECR": "bytes below the selected one, and it",
    },
    "I2I": {"SAT": "at the type's bounds if beyond"},
    "IMAD": {"MOV": "copies", "IADD": "adds", "SHL": "shifts left"},
    "LEA": {"SX32": "a is sign-extended to 64 bits"},
    "LOP3": {"PAND": "the predicate is joined by and"},
    "SHF": {"L": "left", "R": "right"},
    "FLO": {"SH": "the left shift that brings it to bit 31"},
    "BMSK": {"C": "counts clamped to 32"},
    "FMNMX": {"NAN": "NaN wins over a number"},
    "HMNMX2": {"NAN": "NaN wins over a number"},
    "FMNMX3": {"NAN": "NaN wins over a number"},
    "FMUL": {
        f"{letter}{factor}": f"and then {text} {factor}"
        for letter, text in (("D", "divided by"), ("M", "multiplied by"))
        for factor in (2, 4, 8)
    },
    "FCHK": {"DIVIDE": "for a division"},
    "F2FP": {
        "PACK_AB": "a to the high part, b to the low part",
        "PACK_AB_MERGE_C": "a to the high byte, b to the low one; c's low half above them",
        "UNPACK_B": "of the low bytes of a, or those of its high half",
        "UNPACK_B_MERGE_C": "of both halves of a; c's low half above them",
        "MERGE_C": "a to the low half",
    },
    "VABSDIFF4": {"ACC": "their sum, plus c"},
    "IDP": {"4A": "four bytes each", "2A": "two half words, two bytes"},
    "VOTE": {"EQ": "all or none"},
    "VOTEU": {"EQ": "all or none"},
    "MATCH": {},
    "REDUX": {"AND": "and", "OR": "or", "XOR": "exclusive or", "SUM": "sum"},
    "B2R": {"RESULT": "result of a reduction"},
    "LDGSTS": {
        "BYPASS": "past the first-level cache: no effect here",
        "ZFILL": "the low bits of the global address: how many of the last bytes become zeros",
    },
    "QSPC": {"S": "shared memory", "L": "local memory"},
    "LDS": {"U": "uniform address: no effect on the result"},
    "BRA": {
        "U": "all or none of the threads: no effect here",
        "DIV": "if threads are missing",
        "CONV": "if all are here",
    },
    "BAR": {
        "SYNC": "wait",
        "ARV": "arrive, and do not wait",
        "RED": "wait, and count predicates",
        "POPC": "how many hold",
        "AND": "whether all hold",
        "OR": "whether any holds",
        "DEFER_BLOCKING": "other warps may go on: no effect here",
    },
    "ATOMS": {"POPC": "add one for each lane"},
    "BMOV": {"CLEAR": "the mask that is copied becomes empty"},
    **{
        name: {
            "RECONVERGENT": "where threads that branched come together: no effect here",
            "RELIABLE": "where BREAK may take threads out: no effect here",
        }
        for name in ("BSSY", "BSYNC", "BREAK")
    },
    "WARPSYNC": {
        "EXCLUSIVE": "threads with different masks go on apart",
        "COLLECTIVE": "up to the target, threads with different masks go on apart",
    },
}
_BITWISE = {"AND": "old and a", "OR": "old or a", "XOR": "old exclusive-or a"}
for _name in ("ATOM", "ATOMG", "ATOMS", "RED", "REDG"):
    _BY_OPCODE[_name] = {**_BITWISE, **_BY_OPCODE.get(_name, {})}

BY_OPCODE = MappingProxyType(_BY_OPCODE)


def meaning(opcode: Opcode, modifier: str) -> str:
    """Return what a modifier does to an opcode.

    Raises
    ------
    KeyError
        If the table lacks it.
    """
    names = [opcode.name, opcode.name.removeprefix("U")]
    if opcode.without_effect:
        return _EVERYWHERE.get(modifier, "no effect here")
    for name in names:
        if modifier in BY_OPCODE.get(name, {}):
            return BY_OPCODE[name][modifier]
    return _EVERYWHERE[modifier]

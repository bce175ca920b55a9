"""Rows of the opcode table: moves, integers, predicates."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Shape
from softbeam.sass.opcodes.table import (
    BLACKWELL,
    COMPARISONS,
    COMPILED,
    MANUAL,
    RECORDED,
    RECORDED_WORDS,
    Table,
)

#: The DPX functions, which for sm_75 and sm_80 are compiled to instructions that are known.
DPX = "CUDA C++ Programming Guide, DPX functions; agrees with their code for sm_75 and sm_80"


def add_to(table: Table) -> None:
    """Add this family's rows."""
    _moves(table)
    _arithmetic(table)
    _bits(table)
    _predicates(table)


def _moves(table: Table) -> None:
    table.both("MOV", "copy a word; .64 a pair", "32I 64", source=RECORDED_WORDS)
    table.add("CS2R", "copy a special register, 64 bits unless .32", "32 64", source=MANUAL)
    table.both(
        "SEL", "a where the predicate holds, else b; .64 of pairs", "64", source=RECORDED_WORDS
    )
    table.add(
        "CS2UR",
        "copy a special register, 64 bits unless .32 (uniform)",
        "32 64",
        uniform=True,
        source=BLACKWELL,
    )
    table.add("S2R", "read a special register")
    table.add("S2UR", "read a special register into a uniform register", uniform=True)
    table.add("LEPC", "the address of an instruction", source=MANUAL)
    table.both(
        "PRMT", "pick four bytes of a pair of words", "F4E B4E RC8 ECL ECR RC16", source=MANUAL
    )


def _arithmetic(table: Table) -> None:
    table.both(
        "IADD3",
        "a + b + c, with carries; .64 of pairs",
        "X 64",
        sassifi="IADD_IMUL",
        source=RECORDED_WORDS,
    )
    table.add("IADD", "a + b of pairs", "64", sassifi="IADD_IMUL", source=BLACKWELL)
    table.add(
        "VIADD",
        "a + b; .16x2 of both 16-bit halves, .U8x4 of four bytes",
        "16x2 U8x4",
        sassifi="IADD_IMUL",
        source=f"{RECORDED}; .U8x4: {COMPILED}, compared with a host",
    )
    table.both(
        "IMAD",
        "a * b + c; .WIDE the 64-bit sum with a pair, .HI its high word",
        "WIDE HI U32 S32 X MOV IADD SHL",
        sassifi="MAD",
    )
    table.both(
        "LEA",
        "(a << s) + b; .HI the high word of the shifted pair, plus b",
        "HI X SX32",
        sassifi="IADD_IMUL",
    )
    table.both("IABS", "absolute value", executes="IABS a")
    table.both(
        "IMNMX", "minimum or maximum by predicate, .U64 and .S64 of pairs", "U32 S32 U64 S64",
        source=MANUAL,
    )  # fmt: skip
    table.both(
        "VIMNMX",
        "minimum or maximum by predicate; .S16x2, .U16x2 of both halves, .U8x4 of four bytes",
        "U32 S32 S16x2 U16x2 U8x4 RELU",
        source=f"{DPX}; .U8x4: {COMPILED}, compared with a host",
        twin={"source": BLACKWELL},
    )
    table.add(
        "VIMNMX3",
        "minimum or maximum of three words, or halves",
        "U32 S32 S16x2 U16x2 RELU",
        source=DPX,
    )
    table.add(
        "VIADDMNMX",
        "minimum or maximum of a + b and c, or of halves",
        "U32 S32 S16x2 U16x2 RELU",
        source=DPX,
    )
    table.add(
        "I2I",
        "integer to the type that is named first, from the second, at its bounds if beyond",
        "U8 S8 U16 S16 U32 S32 SAT",
        source=MANUAL,
    )
    table.add("VABSDIFF", "|a - b| + c", "U32 S32", source=MANUAL, executes="VABSDIFF a b c signed")
    # Without .ACC the third operand fills no byte (PTX ISA).
    table.add(
        "VABSDIFF4",
        "|a - b| by byte; .ACC: c plus their sum",
        "U8 S8 ACC",
        source=MANUAL,
        executes="VABSDIFF4 a b c signed",
    )
    table.add(
        "IDP",
        "c plus the products of four bytes (.4A), or of two half words and bytes (.2A)",
        "4A 2A LO HI S8 U8 S16 U16",
        source=MANUAL,
    )


def _bits(table: Table) -> None:
    table.both("LOP3", "bitwise function of three words by look-up table", "LUT PAND")
    table.both("SHF", "funnel shift of a pair of words", "L R U32 S32 U64 S64 HI W")
    table.both("POPC", "number of ones", source=MANUAL, executes="POPC a")
    table.both(
        "FLO", "position of the leading one", "U32 S32 SH", source=MANUAL, executes="FLO a signed"
    )
    table.both("BREV", "reverse the bits", source=MANUAL, executes="BREV a")
    table.both(
        "SGXT",
        "sign-extend (.U32: zero-extend) the lowest b bits",
        "U32 W",
        source=MANUAL,
        executes="SGXT a b signed",
    )
    table.both("BMSK", "b ones from bit a on", "C W", source=MANUAL, executes="BMSK a b")


def _predicates(table: Table) -> None:
    table.both(
        "ISETP",
        "compare two words, .U64 and .S64 two pairs",
        f"{COMPARISONS} U32 S32 U64 S64 AND OR XOR EX",
        source=RECORDED_WORDS,
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
    )
    table.both(
        "PLOP3",
        "logic of three predicates by look-up table",
        "LUT",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
    )
    table.both(
        "PSETP",
        "logic of three predicates",
        "AND OR XOR",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
        source=MANUAL,
    )
    table.add("P2R", "predicates as bits, under a mask", "B1 B2 B3", source=MANUAL)
    table.add(
        "UP2UR",
        "uniform predicates as bits, under a mask",
        uniform=True,
        source=COMPILED,
    )
    table.add(
        "R2P",
        "bits as predicates, under a mask",
        shape=Shape.CONTROL,
        group="predicate",
        source=MANUAL,
    )

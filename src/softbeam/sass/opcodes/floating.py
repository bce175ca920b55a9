"""Rows of the opcode table: float32, and conversions of every type."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Immediate, Shape
from softbeam.sass.opcodes.table import (
    BLACKWELL,
    COMPILED,
    FLOAT_COMPARISONS,
    HOST,
    MANUAL,
    RECORDED,
    RECORDED_UNIT,
    ROUNDINGS,
    Facts,
    Table,
)

_INTEGER_TYPES = "U8 S8 U16 S16 U32 S32 U64 S64"
_FLOAT_TYPES = "F16 BF16 F32 F64"
_SCALES = "D2 D4 D8 M2 M4 M8"

#: What is different of the uniform twins.
_UNIFORM: Facts = {"source": BLACKWELL}


def add_to(table: Table) -> None:
    """Add this family's rows."""
    _arithmetic(table)
    _pairs(table)
    _comparisons(table)
    _conversions(table)


def _arithmetic(table: Table) -> None:
    floating: Facts = {"group": "fp32", "immediate": Immediate.FLOAT}
    table.both(
        "FADD",
        "a + b",
        f"{ROUNDINGS} FTZ SAT",
        sassifi="FADD_FMUL",
        executes="FADD a b",
        common=floating,
        twin=_UNIFORM,
    )
    table.both(
        "FMUL",
        "a * b; .D2 … .M8: and that, rounded, divided or multiplied by 2, 4 or 8",
        f"{ROUNDINGS} FTZ SAT {_SCALES}",
        sassifi="FADD_FMUL",
        inexact=_SCALES,
        source=f"{RECORDED}; .D2 … .M8: {COMPILED}; not exact where the product is subnormal",
        common=floating,
        twin=_UNIFORM,
    )
    table.both(
        "FFMA",
        "a * b + c with one rounding",
        f"{ROUNDINGS} FTZ SAT",
        sassifi="FMA",
        executes="FFMA a b c",
        common=floating,
        twin=_UNIFORM,
    )
    table.both(
        "FMNMX",
        "minimum or maximum by predicate",
        "FTZ NAN XORSIGN",
        source=f"{MANUAL}; .XORSIGN: {HOST}",
        common=floating,
        twin=_UNIFORM,
    )
    table.both(
        "FSEL",
        "a where the predicate holds, else b",
        "FTZ",
        executes="SEL a b",
        common=floating,
        twin=_UNIFORM,
    )
    table.add(
        "FMNMX3",
        "minimum or maximum of three floats by predicate",
        "FTZ NAN",
        source=BLACKWELL,
        executes="FMNMX3 a b c",
        common=floating,
    )
    table.add(
        "MUFU",
        "special function",
        "RCP RSQ EX2 SIN COS LG2 SQRT TANH RCP64H RSQ64H F16 BF16",
        inexact="SIN COS LG2 SQRT TANH RCP64H RSQ64H F16 BF16",
        source=f"RCP, RSQ, EX2: {RECORDED_UNIT}; the others: PTX ISA, to the documented error",
        common=floating,
    )


def _pairs(table: Table) -> None:
    """Add what Blackwell does with two float32 in a pair of registers."""
    pairs: Facts = {
        "group": "fp32",
        "immediate": Immediate.FLOAT,
        "source": HOST,
    }
    table.add(
        "FADD2",
        "a + b of two floats",
        f"{ROUNDINGS} FTZ",
        sassifi="FADD_FMUL",
        common=pairs,
    )
    table.add(
        "FMUL2",
        "a * b of two floats",
        f"{ROUNDINGS} FTZ",
        sassifi="FADD_FMUL",
        common=pairs,
    )
    table.add(
        "FFMA2",
        "a * b + c of two floats with one rounding each",
        f"{ROUNDINGS} FTZ",
        sassifi="FMA",
        common=pairs,
    )


def _comparisons(table: Table) -> None:
    table.both(
        "FSET",
        "1.0 or all ones where a comparison holds",
        f"BF {FLOAT_COMPARISONS} FTZ AND OR XOR",
        group="fp32",
        immediate=Immediate.FLOAT,
        twin=_UNIFORM,
    )
    table.both(
        "FSETP",
        "compare two floats",
        f"{FLOAT_COMPARISONS} FTZ AND OR XOR",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
        immediate=Immediate.FLOAT,
        twin=_UNIFORM,
    )
    table.add(
        "FCHK",
        "whether a / b needs the slow path of a division",
        "DIVIDE",
        shape=Shape.CHECK,
        group="predicate",
        sassifi="SETP",
        immediate=Immediate.FLOAT,
        source="inferred; agrees with every recorded FCHK",
        executes="FCHK a b",
    )


def _conversions(table: Table) -> None:
    table.both(
        "I2F",
        "integer to float, float32 from a signed word unless types are named",
        f"{_FLOAT_TYPES} {_INTEGER_TYPES} {ROUNDINGS}",
        twin=_UNIFORM,
    )
    table.both("I2FP", "32-bit integer to float32", f"F32 U32 S32 {ROUNDINGS}", twin=_UNIFORM)
    table.both(
        "F2I",
        "float to integer, a signed word from float32 unless types are named",
        f"FTZ {_FLOAT_TYPES} {_INTEGER_TYPES} TRUNC FLOOR CEIL NTZ",
        immediate=Immediate.FLOAT,
        twin=_UNIFORM,
    )
    table.both(
        "F2F",
        "float to float: to the type that is named first, from the second",
        f"{_FLOAT_TYPES} FTZ SAT {ROUNDINGS}",
        immediate=Immediate.FLOAT,
        source=MANUAL,
        twin=_UNIFORM,
    )
    table.both(
        "F2FP",
        "two float32 to a pair of halves, the first to the high half; or to and from two bytes",
        "F16 BF16 F32 E4M3 E5M2 RELU SATFINITE PACK_AB PACK_AB_MERGE_C MERGE_C UNPACK_B "
        f"UNPACK_B_MERGE_C {ROUNDINGS}",
        immediate=Immediate.FLOAT,
        source=f"{MANUAL}; bytes, .RELU: {HOST}",
        twin=_UNIFORM,
    )
    table.both(
        "FRND",
        "float to an integral float",
        f"FTZ {_FLOAT_TYPES} TRUNC FLOOR CEIL",
        group="fp32",
        immediate=Immediate.FLOAT,
        source=MANUAL,
        twin=_UNIFORM,
    )

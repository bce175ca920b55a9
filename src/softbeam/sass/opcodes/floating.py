"""Rows of the opcode table: float32, and conversions of every type."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Immediate, Shape
from softbeam.sass.opcodes.table import (
    FLOAT_COMPARISONS,
    MANUAL,
    RECORDED_UNIT,
    ROUNDINGS,
    Facts,
    Table,
)

_INTEGER_TYPES = "U8 S8 U16 S16 U32 S32 U64 S64"
_FLOAT_TYPES = "F16 F32 F64"


def add_to(table: Table) -> None:
    """Add this family's rows."""
    _arithmetic(table)
    _comparisons(table)
    _conversions(table)


def _arithmetic(table: Table) -> None:
    floating: Facts = {"group": "fp32", "immediate": Immediate.FLOAT}
    table.add(
        "FADD",
        "a + b",
        f"{ROUNDINGS} FTZ SAT",
        sassifi="FADD_FMUL",
        executes="FADD a b",
        common=floating,
    )
    table.add(
        "FMUL",
        "a * b",
        f"{ROUNDINGS} FTZ SAT",
        sassifi="FADD_FMUL",
        executes="FMUL a b",
        common=floating,
    )
    table.add(
        "FFMA",
        "a * b + c with one rounding",
        f"{ROUNDINGS} FTZ SAT",
        sassifi="FMA",
        executes="FFMA a b c",
        common=floating,
    )
    table.add(
        "FMNMX",
        "minimum or maximum by predicate",
        "FTZ NAN",
        source=MANUAL,
        executes="FMNMX a b",
        common=floating,
    )
    table.add(
        "FSEL", "a where the predicate holds, else b", "FTZ", executes="SEL a b", common=floating
    )
    table.add(
        "MUFU",
        "special function",
        "RCP RSQ EX2 SIN COS LG2 SQRT TANH RCP64H RSQ64H",
        inexact="SIN COS LG2 SQRT TANH RCP64H RSQ64H",
        source=f"RCP, RSQ, EX2: {RECORDED_UNIT}; the others: PTX ISA, to the documented error",
        common=floating,
    )


def _comparisons(table: Table) -> None:
    table.add(
        "FSET",
        "1.0 or all ones where a comparison holds",
        f"BF {FLOAT_COMPARISONS} FTZ AND OR XOR",
        group="fp32",
        immediate=Immediate.FLOAT,
    )
    table.add(
        "FSETP",
        "compare two floats",
        f"{FLOAT_COMPARISONS} FTZ AND OR XOR",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
        immediate=Immediate.FLOAT,
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
    table.add(
        "I2F",
        "integer to float, float32 from a signed word unless types are named",
        f"{_FLOAT_TYPES} {_INTEGER_TYPES} {ROUNDINGS}",
    )
    table.add("I2FP", "32-bit integer to float32", f"F32 U32 S32 {ROUNDINGS}")
    table.add(
        "F2I",
        "float to integer, a signed word from float32 unless types are named",
        f"FTZ {_FLOAT_TYPES} {_INTEGER_TYPES} TRUNC FLOOR CEIL NTZ",
        immediate=Immediate.FLOAT,
    )
    table.add(
        "F2F",
        "float to float: to the type that is named first, from the second",
        f"{_FLOAT_TYPES} BF16 FTZ SAT {ROUNDINGS}",
        immediate=Immediate.FLOAT,
        source=MANUAL,
    )
    table.add(
        "F2FP",
        "two float32 to a pair of halves, the first to the high half",
        f"F16 BF16 F32 PACK_AB {ROUNDINGS}",
        immediate=Immediate.FLOAT,
        source=MANUAL,
    )
    table.add(
        "FRND",
        "float to an integral float",
        f"FTZ {_FLOAT_TYPES} TRUNC FLOOR CEIL",
        group="fp32",
        immediate=Immediate.FLOAT,
        source=MANUAL,
    )

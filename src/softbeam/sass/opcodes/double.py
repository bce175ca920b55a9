"""Rows of the opcode table: float64."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Immediate, Shape
from softbeam.sass.opcodes.table import COMPILED, FLOAT_COMPARISONS, MANUAL, ROUNDINGS, Table


def add_to(table: Table) -> None:
    """Add this family's rows."""
    for name, summary, group, operands in (
        ("DADD", "a + b", "FADD_FMUL", "a b"),
        ("DMUL", "a * b", "FADD_FMUL", "a b"),
        ("DFMA", "a * b + c with one rounding", "FMA", "a b c"),
    ):
        table.add(
            name,
            summary,
            ROUNDINGS,
            group="fp64",
            sassifi=group,
            immediate=Immediate.DOUBLE,
            executes=f"{name} {operands}",
            source=f"{MANUAL}; bits of NaN: {COMPILED}",
        )
    table.add(
        "DSETP",
        "compare two float64; .MIN, .MAX: whether a is the result, and whether both are NaN",
        f"{FLOAT_COMPARISONS} MIN MAX AND OR XOR",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
        immediate=Immediate.DOUBLE,
        source=f"{MANUAL}; .MIN and .MAX: {COMPILED}",
    )

"""Rows of the opcode table: packed half precision."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Immediate, Shape
from softbeam.sass.opcodes.table import FLOAT_COMPARISONS, HOST, MANUAL, Facts, Table


def add_to(table: Table) -> None:
    """Add this family's rows."""
    half: Facts = {
        "immediate": Immediate.HALF,
        "source": f"{MANUAL}; .BF16_V2, .RELU, .XORSIGN: {HOST}",
    }
    arithmetic: Facts = {"group": "fp32", **half}
    table.add(
        "HADD2",
        "a + b of two halves; .F32: of the low one, as a float32",
        "F32 SAT BF16_V2",
        sassifi="FADD_FMUL",
        common=arithmetic,
    )
    table.add(
        "HMUL2",
        "a * b of two halves",
        "SAT BF16_V2",
        sassifi="FADD_FMUL",
        common=arithmetic,
    )
    table.add(
        "HFMA2",
        "a * b + c of two halves with one rounding",
        "MMA SAT RELU BF16_V2",
        sassifi="FMA",
        common=arithmetic,
    )
    table.add(
        "HMNMX2",
        "minimum or maximum of two halves by predicate",
        "NAN XORSIGN BF16_V2",
        common=arithmetic,
    )
    table.add(
        "HSET2",
        "1.0 or all ones where a comparison of two halves holds",
        f"BF {FLOAT_COMPARISONS} AND OR XOR BF16_V2",
        common=arithmetic,
    )
    table.add(
        "HSETP2",
        "compare two halves, the low and the high ones each to a predicate",
        f"{FLOAT_COMPARISONS} AND OR XOR BF16_V2",
        shape=Shape.COMPARE,
        group="predicate",
        sassifi="SETP",
        common=half,
    )

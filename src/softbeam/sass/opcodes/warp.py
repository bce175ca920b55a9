"""Rows of the opcode table: what lanes of a warp do together."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Shape
from softbeam.sass.opcodes.table import BLACKWELL, COMPILED, MANUAL, Table


def add_to(table: Table) -> None:
    """Add this family's rows."""
    table.add(
        "SHFL",
        "read another lane's word; the predicate says whether it is within the segment",
        "IDX UP DOWN BFLY",
        source=f"{MANUAL}: shfl.sync; a lane that does not execute it gives zero (undefined there)",
    )
    table.add(
        "VOTE",
        "the lanes whose predicate holds, and whether all, any or equally many do",
        "ALL ANY EQ",
        shape=Shape.VOTE,
        source=f"{MANUAL}: vote.sync",
    )
    table.add(
        "VOTEU",
        "as VOTE, to a uniform register (uniform)",
        "ALL ANY EQ",
        shape=Shape.VOTE,
        uniform=True,
        source=f"{MANUAL}: vote.sync",
    )
    table.add(
        "MATCH",
        "the lanes that have the same word; .ALL: all of them if all have, else none",
        "ANY ALL U32 U64",
        source=f"{MANUAL}: match.sync",
    )
    table.add(
        "REDUX",
        "and, or, xor, sum, minimum or maximum over the lanes (uniform)",
        "AND OR XOR SUM MIN MAX S32 U32",
        uniform=True,
        source=f"{MANUAL}: redux.sync; and where nothing is named",
    )
    table.add(
        "CREDUX",
        "minimum or maximum over the lanes (uniform)",
        "MIN MAX S32 U32",
        uniform=True,
        source=BLACKWELL,
    )
    table.add(
        "ELECT",
        "the lowest lane that executes it",
        shape=Shape.VOTE,
        source=f"{MANUAL}: elect.sync",
    )
    table.add(
        "R2UR",
        "copy the lowest executing lane's word (uniform); as predicate: whether lanes differ",
        uniform=True,
        source=f"{MANUAL}; its predicate: {COMPILED}",
    )
    table.add(
        "B2R",
        "what the last BAR.RED of the block found: count, or as predicate and, or",
        "RESULT",
        source=f"{MANUAL}: barrier.red",
    )

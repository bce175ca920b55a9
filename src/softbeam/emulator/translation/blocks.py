"""Which rows are translated, which are called, which are left; and the blocks that they form.

A block is entered at its first row only: by translated code, or by the interpreter.  It ends where
control flow may leave it, where another one begins, and before a row that is left to the
interpreter.  A row that is called is one of a block: the interpreter's own code for it is called
from translated code (:mod:`softbeam.emulator.core.single`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation import (
    atomics,
    conversion,
    double,
    floating,
    half,
    integer,
    memory,
    warpwide,
)

MEANINGS = {
    **integer.MEANINGS,
    **floating.MEANINGS,
    **double.MEANINGS,
    **half.MEANINGS,
    **conversion.MEANINGS,
    **warpwide.MEANINGS,
}

#: Control flow that translated code decides itself where all lanes of the group go one way.
CONTROL = frozenset({k.BRA, k.CALL, k.RET, k.BRX, k.BSSY, k.BSYNC, k.WARPSYNC, k.EXIT})

#: Rows of the longest block: what LLVM needs for a block grows faster than its length.
MOST = 256

_NONE = -1
_THREAD_INDEX = (k.SR_TID_X, k.SR_TID_Y, k.SR_TID_Z)


#: Rows that the interpreter executes between two blocks, and why.
LEFT = {
    k.UNSUPPORTED: "an unknown instruction",
    k.CLOCK: "a count of instructions",
    k.BAR: "a barrier of the block",
    k.NAMED_BARRIER: "a barrier of some threads of the block",
    k.BREAK: "a barrier that threads leave",
    k.BRA_DIVERGENT: "a branch that asks who is there",
}


def why_called(row: NDArray[np.int64]) -> str:
    """Return why the interpreter's code for a row is called; empty if the row is translated."""
    operation = int(row[k.OP])
    if operation == k.NOP or operation in CONTROL:
        return ""
    uniform = bool(row[k.UNIFORM])
    sources = [int(row[column]) for column in (k.A, k.B, k.C)]
    if operation == k.LDC:
        indexed = uniform and sources[0] == k.REGISTER
        return "a general register on the uniform datapath" if indexed else ""
    if operation in memory.ACCESSES:
        return memory.why_called(row)
    if operation in (k.ATOMIC, k.REDUCTION):
        return atomics.why_called(row)
    if operation not in MEANINGS:
        return "a rare operation"
    if operation in warpwide.MEANINGS:
        return ""
    if uniform and k.REGISTER in sources:
        return "a general register on the uniform datapath"
    if uniform and operation == k.S2R and row[k.DETAIL] in _THREAD_INDEX:
        return "a thread index on the uniform datapath"
    if uniform and operation in floating.SPECIAL:
        return "a special function on the uniform datapath"
    if operation == k.PRMT and sources[1] != k.IMMEDIATE:
        return "a permutation that is not known before it runs"
    return ""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows that are executed as a whole: `first` up to `end`, which is not in it."""

    number: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a program.

    Attributes
    ----------
    blocks : tuple of Block
        In the order of their rows.
    block_of : numpy.ndarray of int32
        Number of each row's block; the number of blocks for rows that are not translated.
    left, called : mapping of int to str
        Why rows are left to the interpreter, or call it.
    """

    blocks: tuple[Block, ...]
    block_of: NDArray[np.int32]
    left: dict[int, str]
    called: dict[int, str]


def _targets(rows: NDArray[np.int64]) -> set[int]:
    branches = (rows[:, k.OP] == k.BRA) | (rows[:, k.OP] == k.CALL)
    branches |= rows[:, k.OP] == k.BRA_DIVERGENT
    return set(rows[branches, k.TARGET].tolist())


def find_blocks(rows: NDArray[np.int64]) -> Blocks:
    """Cut a program's rows into blocks."""
    number = rows.shape[0]
    left = {row: LEFT[op] for row, op in enumerate(rows[:, k.OP].tolist()) if op in LEFT}
    called = {
        row: why for row in range(number) if row not in left and (why := why_called(rows[row]))
    }
    begins = _targets(rows) | {0}
    for row in range(number):
        operation = int(rows[row, k.OP])
        ends = row in left or operation >= k.FIRST_CONTROL
        if ends and operation != k.BSSY:
            begins.add(row + 1)
    block_of = np.full(number, _NONE, dtype=np.int32)
    blocks: list[Block] = []
    row = 0
    while row < number:
        if row in left:
            row += 1
            continue
        first = row
        row += 1
        while row < number and row not in begins and row not in left and row - first < MOST:
            row += 1
        block_of[first:row] = len(blocks)
        blocks.append(Block(len(blocks), first, row))
    block_of[block_of == _NONE] = len(blocks)
    return Blocks(tuple(blocks), block_of, left, called)

"""Which registers have to hold zeros when a program starts: those that may be read first."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.emulator.core import layout as k
from softbeam.emulator.translation.liveness import registers_live_at_start

ALWAYS, IF_P0 = 7, 0


def live(*rows: tuple[int, int, set[int], set[int], dict[int, int]]) -> int:
    """Return what is live at the start of rows: operation, guard, reads, writes, other columns."""
    code = k.Code(
        np.zeros((len(rows), k.COLUMNS), dtype=np.int64),
        np.zeros((len(rows), 4), dtype=np.uint64),
        np.zeros((len(rows), 4), dtype=np.uint64),
    )
    for number, (operation, guard, reads, writes, others) in enumerate(rows):
        code.rows[number, [k.OP, k.GUARD]] = operation, guard
        for column, value in others.items():
            code.rows[number, column] = value
        for bits, registers in ((code.reads, reads), (code.writes, writes)):
            for register in registers:
                bits[number, register // 64] |= np.uint64(1 << register % 64)
    return registers_live_at_start(code)


WRITE = (k.MOV, ALWAYS, set(), {5}, {})
MAYBE = (k.MOV, IF_P0, set(), {5}, {})
READ = (k.MOV, ALWAYS, {5}, {6}, {})
FAR = (k.MOV, ALWAYS, {200}, {6}, {})
NOTHING = (k.NOP, ALWAYS, set(), set(), {})
END = (k.EXIT, ALWAYS, set(), set(), {})
JUMP = (k.BRX, ALWAYS, {1}, set(), {})
SHUFFLE = (k.SHUFFLE, ALWAYS, {5}, {6}, {k.PART: k.PART_WARP})
UNIFORM = (k.MOV, ALWAYS, {5}, set(), {k.UNIFORM: 1, k.A: k.REGISTER, k.A_VALUE: 5})


def branch(target: int) -> tuple[int, int, set[int], set[int], dict[int, int]]:
    """Return a branch that only some lanes take."""
    return (k.BRA, IF_P0, set(), set(), {k.TARGET: target})


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ((WRITE, READ, END), 0),
        ((READ, WRITE, END), 6),
        ((MAYBE, READ, END), 6),  # lanes that the guard leaves out read what was there
        ((FAR, END), 201),
        ((branch(2), WRITE, READ, END), 6),  # one way leads around the write
        ((WRITE, branch(2), READ, END), 0),
        ((branch(3), WRITE, READ, END), 0),  # the way around meets no read
        ((NOTHING, WRITE, READ, branch(1), END), 0),
        ((NOTHING, READ, WRITE, branch(1), END), 6),
        ((JUMP, WRITE, READ, END), 6),  # where it goes is unknown: perhaps to the read
        ((WRITE, SHUFFLE, END), 256),  # lanes read each other's registers
        ((WRITE, UNIFORM, END), 256),
    ],
)
def test_a_register_is_live_if_some_way_leads_to_a_read_before_a_write(rows, wanted: int) -> None:
    assert live(*rows) == wanted

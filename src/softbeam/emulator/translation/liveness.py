"""Which registers may be read before a program writes them: those that have to hold zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k

_ALL, _WORD_BITS, _ALWAYS = 256, 64, 7

#: Parts whose operations read no lane's registers but their own.
_BY_LANE = frozenset(
    (
        *(0, k.PART_BITS, k.PART_DOUBLE, k.PART_CONVERSION, k.PART_HALF),
        *(k.PART_WIDE, k.PART_PAIRS, k.PART_APPROXIMATE, k.PART_MEMORY),
    )
)


def registers_live_at_start(code: k.Code) -> int:
    """Return how many registers, from R0 on, hold all those that may be read before a write.

    A lane writes what it reads if every way from the first row to the read leads through a write
    without a guard.  Where lanes read each other's registers, all of them count.

    Examples
    --------
    Row 0 writes R3, row 1 reads it and R1.

    >>> import numpy as np
    >>> rows = np.zeros((2, k.COLUMNS), dtype=np.int64)
    >>> rows[:, k.GUARD], rows[:, k.OP] = 7, k.MOV
    >>> reads, writes = np.zeros((2, 4), np.uint64), np.zeros((2, 4), np.uint64)
    >>> writes[0, 0], reads[1, 0] = 1 << 3, 1 << 3 | 1 << 1
    >>> registers_live_at_start(k.Code(rows, reads, writes))
    2
    """
    rows = code.rows
    crosses = ~np.isin(rows[:, k.PART], tuple(_BY_LANE))
    for column in (k.A, k.B, k.C):
        crosses |= (rows[:, k.UNIFORM] != 0) & (rows[:, column] == k.REGISTER)
    if crosses.any():
        return _ALL
    number = rows.shape[0]
    reads, writes = _sets(code.reads), _sets(code.writes)
    kills = [
        written if guard == _ALWAYS else 0
        for written, guard in zip(writes, rows[:, k.GUARD].tolist(), strict=True)
    ]
    following = [_following(row, rows[row]) for row in range(number)]
    live, anywhere, changed = [0] * (number + 1), 0, True
    while changed:
        changed = False
        for row in range(number - 1, -1, -1):
            after = 0
            for target in following[row]:
                after |= anywhere if target < 0 else live[min(target, number)]
            now = reads[row] | (after & ~kills[row])
            if now != live[row]:
                live[row], changed = now, True
                anywhere |= now
    return min(live[0].bit_length(), _ALL)


def _sets(bits: NDArray[np.uint64]) -> list[int]:
    """Return the bit set of each row as one number."""
    return [
        sum(word << (_WORD_BITS * place) for place, word in enumerate(row)) for row in bits.tolist()
    ]


def _following(number: int, row: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the rows that may follow a row; a negative one stands for any."""
    operation = int(row[k.OP])
    if operation in (k.RET, k.BRX):
        return (-1,)
    if operation in (k.BRA, k.CALL, k.BRA_DIVERGENT):
        return (int(row[k.TARGET]), number + 1)
    return (number + 1,)

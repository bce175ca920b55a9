"""The check of lowered rows before they run: the interpreter looks at no bound itself.

It is data against limits, column by column, over all rows at once, and so cheap that every function
passes it when it is lowered: an instruction whose row does not becomes one that raises when it is
reached.  Whoever makes rows in another way calls :func:`check_rows`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.operations import OPERATIONS, Kind, Writes
from softbeam.errors import InternalError
from softbeam.sass.instruction import pc_of

#: Registers of a thread and uniform registers of a warp that the interpreter has; the last of each
#: kind that an instruction names, and beyond it room for the high word of a pair.
_REGISTERS, _UNIFORMS = 256, 258
_RZ, _URZ, _PT = 255, 255, 7

_NUMBER_OF_OPERATIONS = max(OPERATIONS) + 1
_KNOWN = np.zeros(_NUMBER_OF_OPERATIONS, dtype=np.bool_)
_PART = np.zeros(_NUMBER_OF_OPERATIONS, dtype=np.int64)
_REGISTERS_WRITTEN, _PREDICATES_WRITTEN = _KNOWN.copy(), _KNOWN.copy()
for _number, _operation in OPERATIONS.items():
    _KNOWN[_number], _PART[_number] = True, _operation.part
    _REGISTERS_WRITTEN[_number] = _operation.writes in (Writes.REGISTERS, Writes.BOTH)
    _PREDICATES_WRITTEN[_number] = _operation.writes in (Writes.PREDICATES, Writes.BOTH)

#: Least and greatest value of each column that is bounded by itself.
_BOUNDS = {
    "OP": (k.OP, 0, _NUMBER_OF_OPERATIONS - 1),
    "GUARD": (k.GUARD, 0, 31),
    "DESTINATION": (k.DESTINATION, 0, _RZ),
    "DESTINATIONS": (k.DESTINATIONS, 0, 4),
    "PREDICATE_0": (k.PREDICATE_0, 0, 7),
    "PREDICATE_1": (k.PREDICATE_1, 0, 7),
    "A": (k.A, k.NOTHING, k.CONSTANT),
    "A_CHANGE": (k.A_CHANGE, k.AS_IS, k.FLOAT_NEGATE_ABSOLUTE),
    "B": (k.B, k.NOTHING, k.CONSTANT),
    "B_CHANGE": (k.B_CHANGE, k.AS_IS, k.FLOAT_NEGATE_ABSOLUTE),
    "C": (k.C, k.NOTHING, k.CONSTANT),
    "C_CHANGE": (k.C_CHANGE, k.AS_IS, k.FLOAT_NEGATE_ABSOLUTE),
    "SOURCE_PREDICATE_0": (k.SOURCE_PREDICATE_0, 0, 31),
    "SOURCE_PREDICATE_1": (k.SOURCE_PREDICATE_1, 0, 31),
    "SOURCE_PREDICATE_2": (k.SOURCE_PREDICATE_2, 0, 31),
    "COMBINE": (k.COMBINE, 0, k.F16X2),
    "FLAGS": (k.FLAGS, 0, k.ALL_FLAGS),
    "ROUNDING": (k.ROUNDING, k.ROUND_NEAREST, k.ROUND_ZERO),
    "TARGET": (k.TARGET, -(1 << 59), 1 << 59),
    "SPACE": (k.SPACE, k.GLOBAL, k.GENERIC),
    "UNIFORM_BASE": (k.UNIFORM_BASE, 0, _URZ),
    "WIDE_ADDRESS": (k.WIDE_ADDRESS, 0, 1),
    "UNIFORM": (k.UNIFORM, 0, 1),
    "BARRIER": (k.BARRIER, 0, k.WARPSYNC_BARRIER),
    "PART": (k.PART, 0, k.PARTS - 1),
    "SCALE": (k.SCALE, 0, 16),
}
_COLUMNS = np.array([column for column, _, _ in _BOUNDS.values()])
_LEAST = np.array([least for _, least, _ in _BOUNDS.values()], dtype=np.int64)
_GREATEST = np.array([greatest for _, _, greatest in _BOUNDS.values()], dtype=np.int64)

_SIZES = (1, 2, 4, 8, 16)
_DETAILS = {
    k.S2R: k.SR_SHARED_WINDOW,
    k.SHUFFLE: k.SHUFFLE_BUTTERFLY,
    k.VOTE: k.VOTE_EQUAL,
    k.REDUCE: k.REDUCE_MAX,
    k.ATOMIC: k.ATOMIC_CAST,
    k.REDUCTION: k.ATOMIC_CAST,
    k.BAR: k.BAR_OR,
    k.COPY_TO_SHARED: 1,
    k.NAMED_BARRIER: k.BAR_ARRIVE + k.BAR_PACKED,
    k.LOP3: 255,
    k.BARRIER_TO_BARRIER: 31,
}


def check_rows(code: k.Code, constants: int, name: str = "a function") -> None:
    """Check that lowered rows can be executed without a look at any bound.

    Parameters
    ----------
    code : Code
        Rows and register bit sets.
    constants : int
        Words of all constant banks together, less the spare one after them.
    name : str
        Of the function, for the message.

    Raises
    ------
    InternalError
        If an array or a value is none that the interpreter takes, naming pc and column.
    """
    rows = code.rows
    for array, dtype, width in (
        (rows, np.int64, k.COLUMNS),
        (code.reads, np.uint64, _REGISTERS // 64),
        (code.writes, np.uint64, _REGISTERS // 64),
    ):
        shape = (rows.shape[0], width)
        if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
            raise InternalError(f"{name}: its rows are not arrays that the interpreter takes")
    for row, label, value in wrong_rows(rows, constants):
        raise InternalError(
            f"{name}: the row of pc {pc_of(row):#x} has {label} {value}, which the interpreter "
            "cannot take"
        )


def wrong_rows(rows: NDArray[np.int64], constants: int) -> list[tuple[int, str, int]]:
    """Return what the interpreter cannot take of some rows: row, column and value.

    A row with several wrong values may be named once or several times.

    Parameters
    ----------
    rows : numpy.ndarray of int64, [rows, COLUMNS]
        Lowered instructions.
    constants : int
        As for :func:`check_rows`.
    """
    found: list[tuple[int, str, int]] = []

    def check(column: int, fits: NDArray[np.bool_], label: str) -> None:
        found.extend((int(row), label, int(rows[row, column])) for row in np.flatnonzero(~fits))

    bounded = rows[:, _COLUMNS]
    inside = (bounded >= _LEAST) & (bounded <= _GREATEST)
    for label, (column, _, _), fits in zip(_BOUNDS, _BOUNDS.values(), inside.T, strict=True):
        check(column, fits, label)
    operation = np.clip(rows[:, k.OP], 0, _NUMBER_OF_OPERATIONS - 1)
    check(k.OP, _KNOWN[operation], "OP")
    check(k.PART, rows[:, k.PART] == _PART[operation], "PART")
    _check_registers(rows, constants, check)
    _check_operations(rows, check)
    _check_written(rows, operation, check)
    return found


Check = Callable[[int, NDArray[np.bool_], str], None]


def _check_registers(rows: NDArray[np.int64], constants: int, check: Check) -> None:
    """Check register numbers and constant words, pairs and longer rows of registers included."""
    destination, words = rows[:, k.DESTINATION], rows[:, k.DESTINATIONS]
    general = (destination == _RZ) | (destination + words <= _REGISTERS)
    uniform = destination + words <= _UNIFORMS
    fits = np.where(rows[:, k.UNIFORM] == 1, uniform, general)
    check(k.DESTINATION, fits, "DESTINATION")
    stores = np.isin(rows[:, k.OP], (k.STORE, k.STORE_OTHER, k.ATOMIC, k.REDUCTION))
    moved = np.where(stores, (rows[:, k.SIZE] + 3) >> 2, 1)
    for label, column in (("A", k.A), ("B", k.B), ("C", k.C)):
        kind, value = rows[:, column], rows[:, column + 1]
        # The word after a register or constant may be read as the high one of a pair.
        most = np.full(rows.shape[0], _RZ - 1)
        if column != k.A:
            most = np.minimum(most, _REGISTERS - moved)
        most = np.where(kind == k.UNIFORM_REGISTER, _UNIFORMS - 2, most)
        most = np.where(kind == k.CONSTANT, constants - 1, most)
        named = (kind != k.NOTHING) & (kind != k.IMMEDIATE)
        inside = (value >= 0) & (value <= most)
        check(column + 1, inside | ~named, f"{label}_VALUE")


def _check_written(rows: NDArray[np.int64], operation: NDArray[np.int64], check: Check) -> None:
    """Check that a row names no result that its operation does not give."""
    none = np.where(rows[:, k.UNIFORM] == 1, _URZ, _RZ)
    given = _REGISTERS_WRITTEN[operation]
    check(k.DESTINATION, given | (rows[:, k.DESTINATION] == none), "DESTINATION")
    for label, column in (("PREDICATE_0", k.PREDICATE_0), ("PREDICATE_1", k.PREDICATE_1)):
        check(column, _PREDICATES_WRITTEN[operation] | (rows[:, column] == _PT), label)


def _check_operations(rows: NDArray[np.int64], check: Check) -> None:
    """Check what only some operations look at: sizes of accesses, modes, constant banks."""
    operation = rows[:, k.OP]
    accesses = (operation >= Kind.MEMORY) & (operation < Kind.CONTROL)
    accesses &= operation != k.QUERY_SPACE
    sized = np.isin(rows[:, k.SIZE], _SIZES)
    atomic = (operation == k.ATOMIC) | (operation == k.REDUCTION)
    sized &= ~atomic | np.isin(rows[:, k.SIZE], (4, 8))
    sized &= (operation != k.COPY_TO_SHARED) | (rows[:, k.SIZE] >= 4)
    check(k.SIZE, sized | ~accesses, "SIZE")
    check(k.OFFSET, (rows[:, k.OFFSET] >= 0) | (operation != k.LDC), "OFFSET")
    for number, most in _DETAILS.items():
        detail = rows[:, k.DETAIL]
        check(k.DETAIL, ((detail >= 0) & (detail <= most)) | (operation != number), "DETAIL")

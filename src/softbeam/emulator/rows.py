"""One row of the interpreter's code while it is being lowered."""

from __future__ import annotations

from softbeam.emulator.core import layout as k


class Row:
    """A row of int64 columns (:mod:`softbeam.emulator.core.layout`) with neutral values."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = [0] * k.COLUMNS
        self.values[k.GUARD] = 7
        self.values[k.DESTINATION] = 255
        self.values[k.PREDICATE_0] = 7
        self.values[k.PREDICATE_1] = 7
        self.values[k.UNIFORM_BASE] = 255
        for column in (k.SOURCE_PREDICATE_0, k.SOURCE_PREDICATE_1, k.SOURCE_PREDICATE_2):
            self.values[column] = 7

    def __setitem__(self, column: int, value: int) -> None:
        self.values[column] = value

    def __getitem__(self, column: int) -> int:
        return self.values[column]

    def set_source(self, column: int, source: tuple[int, int, int]) -> None:
        """Fill the three columns of one source operand."""
        self.values[column : column + 3] = source

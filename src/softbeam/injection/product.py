"""A launch of the matrix product as the fault-free run knows it: operands, tiles, sums.

What is here is computed natively, from the golden memory; which register of which thread holds
which sum is found out in :mod:`softbeam.injection.sums`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.native.chains import extend_sums
from softbeam.network.device import Device
from softbeam.network.plan import Launch

Bits = NDArray[np.uint32]
Places = NDArray[np.int64]

_NAME = re.compile(r"sgemm_(\d+)x(\d+)\Z")


def is_product(kernel: str) -> bool:
    """Return whether a kernel is a matrix product in tiles."""
    return _NAME.match(kernel) is not None


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of a product's C that one block computes, by row and column of C.

    Those of a tile that lie outside C are computed too, and not stored.
    """

    rows: Places
    columns: Places

    def __getitem__(self, some: object) -> Elements:
        return Elements(self.rows[some], self.columns[some])  # type: ignore[index]


class Product:
    """One launch of a matrix product, and one of its blocks.

    Parameters
    ----------
    device : Device
        The golden memory.
    number : int
        The launch.
    block : int
        The block.
    """

    def __init__(self, device: Device, number: int, block: int) -> None:
        launch: Launch = device.plan.launches[number]
        self._golden, self._number = device.golden, number
        self._arguments = a = launch.arguments
        self.tile = tile_of(launch.kernel)
        x, y, z = device.launch(number).shape.block_index(block)
        self._first_row, self._first_column = y * self.tile[0], x * self.tile[1]
        self._batch = z
        self.steps: int = a.K

    def elements(self, rows: Places, columns: Places) -> Elements:
        """Return elements by their place in the block's tile."""
        return Elements(rows + self._first_row, columns + self._first_column)

    def stored(self, elements: Elements) -> NDArray[np.bool_]:
        """Return which elements lie in C."""
        inside: NDArray[np.bool_] = (elements.rows < self._arguments.M) & (
            elements.columns < self._arguments.N
        )
        return inside

    @property
    def buffer(self) -> str:
        """The buffer that holds C."""
        name: str = self._arguments.C.buffer
        return name

    def words(self, elements: Elements) -> Places:
        """Return the words of C's buffer that hold elements."""
        a = self._arguments
        return a.C.word + self._batch * a.SKIPC + elements.rows * a.LDC + elements.columns

    def whole_tile(self) -> Elements:
        """Return all elements that the block stores, ascending."""
        a, (height, width) = self._arguments, self.tile
        rows = np.arange(self._first_row, min(self._first_row + height, a.M))
        columns = np.arange(self._first_column, min(self._first_column + width, a.N))
        return Elements(np.repeat(rows, columns.size), np.tile(columns, rows.size))

    def extend(self, elements: Elements, first: Places, last: Places, sums: Bits) -> Bits:
        """Go on with sums over steps of k.

        Parameters
        ----------
        elements : Elements
            Whose sums.
        first, last : numpy.ndarray of int64
            The step to begin with, and the one behind the last, of each.
        sums : numpy.ndarray of uint32
            Their bits before the first.

        Returns
        -------
        numpy.ndarray of uint32
            Their bits before the last.
        """
        arguments = self._arguments
        found = sums.view(np.float32).copy()
        last = np.minimum(last, self.steps)
        there = elements.rows < arguments.M, elements.columns < arguments.N
        # Behind the edges of C a row that A lacks is -0, a column that B lacks +0.
        for has_row in (True, False):
            for has_column in (True, False):
                some = np.flatnonzero((there[0] == has_row) & (there[1] == has_column))
                if not some.size:
                    continue
                nothing = np.zeros(some.size, dtype=np.int64)
                a, from_a = np.full(self.steps, -0.0, dtype=np.float32), nothing
                b, from_b, leading = np.zeros(self.steps, dtype=np.float32), nothing, 1
                if has_row:
                    a = self._left()
                    from_a = (elements.rows[some] - self._first_row) * arguments.LDA
                if has_column:
                    b, from_b, leading = self._right(), elements.columns[some], arguments.LDB
                part = found[some]
                extend_sums(a, b, leading, from_a, from_b, first[some], last[some], part)
                found[some] = part
        return found.view(np.uint32)

    def _left(self) -> NDArray[np.float32]:
        """Return A from the tile's first row on."""
        a, height = self._arguments, self.tile[0]
        first = a.A.word + self._batch * a.SKIPA + self._first_row * a.LDA
        rows = min(height, a.M - self._first_row)
        words = (rows - 1) * a.LDA + a.K
        return self._part(a.A.buffer, self._number, first, words).view(np.float32)

    def _right(self) -> NDArray[np.float32]:
        a = self._arguments
        words = (a.K - 1) * a.LDB + a.N
        first = a.B.word + self._batch * a.SKIPB
        return self._part(a.B.buffer, self._number, first, words).view(np.float32)

    def _part(self, buffer: str, launch: int, first: int, words: int) -> Bits:
        return self._golden.part(buffer, launch, first, words)

    def before(self, elements: Elements) -> Bits:
        """Return what elements hold before the launch."""
        return self._golden.words_at(self.buffer, self._number, self.words(elements))

    def after(self, elements: Elements) -> Bits:
        """Return what elements hold after the fault-free launch."""
        return self._golden.words_at(self.buffer, self._number + 1, self.words(elements))

    def finished(self, elements: Elements, steps: Places, sums: Bits) -> Bits:
        """Return what elements hold after the launch if their sums are so after some steps."""
        last = np.full(steps.size, self.steps)
        total = self.extend(elements, steps, last, sums).view(np.float32)
        left = self.before(elements).view(np.float32) + total
        left[np.isnan(left)] = np.uint32(0x7FFFFFFF).view(np.float32)
        return left.view(np.uint32)


def tile_of(kernel: str) -> tuple[int, int]:
    """Return the rows and columns of a kernel's tile.

    Examples
    --------
    >>> tile_of("sgemm_128x64")
    (128, 64)
    """
    found = _NAME.match(kernel)
    if found is None:
        raise ValueError(f"{kernel} is no matrix product in tiles")
    return int(found[1]), int(found[2])

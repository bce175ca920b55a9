"""A launch of the matrix product as the fault-free run knows it: operands, tiles, sums.

What is here is computed natively, from the golden memory; which register of which thread holds
which sum is found out in :mod:`softbeam.injection.sums`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.hardened import techniques_of
from softbeam.kernels.native.chains import extend_sums, gather_columns
from softbeam.kernels.native.limits import clamp
from softbeam.kernels.native.matrix import (
    chunks,
    multiply,
    pack_columns,
    pack_rows,
    padded_rows,
    scratch,
)
from softbeam.kernels.products import product_of, tile_of
from softbeam.network.device import Device

Bits = NDArray[np.uint32]
Places = NDArray[np.int64]

#: What every NaN becomes in the GPU's arithmetic.
CANONICAL_NAN = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of a product's C that one block computes, by row and column of C.

    Those of a tile that lie outside C are computed too, and not stored.
    """

    rows: Places
    columns: Places

    def __getitem__(self, some: Places) -> Elements:
        return Elements(self.rows[some], self.columns[some])


class ProductTile:
    """The part of a product's C that one block computes.

    Parameters
    ----------
    device : Device
        The golden memory.
    number : int
        The launch, of an SGEMM kernel, hardened or not.
    block : int
        The block.
    """

    def __init__(self, device: Device, number: int, block: int) -> None:
        arguments = device.plan.launches[number].arguments
        product, tile = product_of(arguments), tile_of(arguments.kernel)
        if product is None or tile is None:
            raise ValueError(f"{arguments.kernel} is no product")
        self._limits = None
        if "range" in techniques_of(arguments.kernel):
            self._limits = arguments.LOW, arguments.HIGH
        self._golden, self._number, self._product = device.golden, number, product
        self._height, self._width = tile.rows, tile.columns
        x, y, self._batch = device.launch(number).shape.block_index(block)
        self._first_row, self._first_column = y * tile.rows, x * tile.columns

    def elements(self, rows: Places, columns: Places) -> Elements:
        """Return elements by their place in the block's tile."""
        return Elements(rows + self._first_row, columns + self._first_column)

    def stored(self, elements: Elements) -> NDArray[np.bool_]:
        """Return which elements lie in C."""
        inside: NDArray[np.bool_] = (elements.rows < self._product.m) & (
            elements.columns < self._product.n
        )
        return inside

    @property
    def steps(self) -> int:
        """Steps of a whole sum."""
        return self._product.k

    @property
    def buffer(self) -> str:
        """The buffer that holds C."""
        name: str = self._product.c.buffer
        return name

    def words(self, elements: Elements) -> Places:
        """Return the words of C's buffer that hold elements."""
        p = self._product
        first = p.c.word + self._batch * p.skip_c
        words: Places = first + elements.rows * p.lead_c + elements.columns
        return words

    def all_stored(self) -> Elements:
        """Return all elements that the block stores."""
        p, row, column = self._product, self._first_row, self._first_column
        rows = np.arange(row, min(row + self._height, p.m))
        columns = np.arange(column, min(column + self._width, p.n))
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
        p = self._product
        found = sums.view(np.float32).copy()
        last = np.minimum(last, p.k)
        there = elements.rows < p.m, elements.columns < p.n
        # Behind the edges of C, a row that A lacks is -0 and a column that B lacks is +0.
        for has_row in (True, False):
            for has_column in (True, False):
                some = np.flatnonzero((there[0] == has_row) & (there[1] == has_column))
                if not some.size:
                    continue
                nothing = np.zeros(some.size, dtype=np.int64)
                begin, end = first[some], last[some]
                a, from_a = np.full(p.k, -0.0, dtype=np.float32), nothing
                b, from_b = np.zeros(p.k, dtype=np.float32), nothing
                if has_row:
                    a, from_a = self._left(), (elements.rows[some] - self._first_row) * p.lead_a
                if has_column:
                    b, from_b = self._columns(elements.columns[some], begin, end)
                part = found[some]
                extend_sums(a, b, from_a, from_b, begin, end, part)
                found[some] = part
        return found.view(np.uint32)

    def _columns(
        self, columns: Places, first: Places, last: Places
    ) -> tuple[NDArray[np.float32], Places]:
        """Return columns of B one after another, and where step 0 of each would be."""
        wanted, which = np.unique(columns, return_inverse=True)
        begin, end = int(first.min()), int(last.max())
        depth = max(end - begin, 0)
        gathered = np.empty(wanted.size * depth, dtype=np.float32)
        gather_columns(self._right(), self._product.lead_b, wanted, begin, end, gathered)
        return gathered, which * depth - begin

    def sums_after(self, steps: int) -> Bits:
        """Return the sums of all that the block stores after some steps of k: [rows, columns]."""
        p = self._product
        rows = min(self._height, p.m - self._first_row)
        columns = min(self._width, p.n - self._first_column)
        a = np.concatenate([self._left()[row * p.lead_a :][:steps] for row in range(rows)])
        left = np.empty(padded_rows(rows) * steps, dtype=np.float32)
        pack_rows(rows, steps, a, left)
        right, sums = scratch(rows, columns, steps)
        found = np.empty((columns, padded_rows(rows)), dtype=np.float32)
        for first, count in chunks(columns):
            pack_columns(p.lead_b, steps, self._right(), self._first_column + first, count, right)
            multiply(rows, steps, left, count, right, sums)
            found[first : first + count] = sums.reshape(-1, padded_rows(rows))[:count]
        bits = found.T[:rows].view(np.uint32)
        bits[np.isnan(found.T[:rows])] = CANONICAL_NAN
        return bits

    def _left(self) -> NDArray[np.float32]:
        """Return A from the tile's first row on."""
        p = self._product
        first = p.a.word + self._batch * p.skip_a + self._first_row * p.lead_a
        rows = min(self._height, p.m - self._first_row)
        words = (rows - 1) * p.lead_a + p.k
        return self._golden.part(p.a.buffer, self._number, first, words).view(np.float32)

    def _right(self) -> NDArray[np.float32]:
        """Return B."""
        p = self._product
        first, words = p.b.word + self._batch * p.skip_b, (p.k - 1) * p.lead_b + p.n
        return self._golden.part(p.b.buffer, self._number, first, words).view(np.float32)

    def before(self, elements: Elements) -> Bits:
        """Return what elements hold before the launch."""
        return self._golden.words_at(self.buffer, self._number, self.words(elements))

    def after(self, elements: Elements) -> Bits:
        """Return what elements hold after the fault-free launch."""
        return self._golden.words_at(self.buffer, self._number + 1, self.words(elements))

    def finished(self, elements: Elements, steps: Places, sums: Bits) -> Bits:
        """Return what elements hold after the launch if their sums are so after some steps."""
        last = np.full(steps.size, self._product.k)
        total = self.extend(elements, steps, last, sums).view(np.float32)
        # Infinities that cancel each other and sums beyond the largest number are numbers too.
        with np.errstate(invalid="ignore", over="ignore"):
            left = self.before(elements).view(np.float32) + total
        if self._limits is not None:
            clamp(left, *self._limits)
        bits = left.view(np.uint32)
        bits[np.isnan(left)] = CANONICAL_NAN
        return bits

    def pool_words(self) -> Places:
        """Return the words of the pool that hold all that the block stores, before the launch."""
        words = self.words(self.all_stored())
        places = np.empty_like(words)
        for first, place, count in self._golden.runs(self.buffer, self._number):
            inside = (words >= first) & (words < first + count)
            places[inside] = words[inside] + (place - first)
        return places

"""What of a buffer differs from the golden run, in three forms: words, columns, windows.

A fault leaves a few changed words.  Behind the first convolution they are whole columns of feature
maps, and im2col's columns are windows of such a map.  How each launch carries changes on is in
:mod:`softbeam.injection.regions`.  A change may hold words that are as in the golden run; it
never lacks one that is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.native import columns as jitted
from softbeam.kernels.families.windows import maxpool_columns

Bits = NDArray[np.uint32]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Single words.

    Attributes
    ----------
    indexes : numpy.ndarray of int64
        Their places in the buffer, each once.
    values : numpy.ndarray of uint32
        What they hold.
    """

    indexes: Places
    values: Bits

    def put(self, buffer: Bits) -> None:
        """Write the changed words into a copy of the golden buffer."""
        buffer[self.indexes] = self.values

    def within(self, words: int) -> bool:
        """Return whether all lie within the first `words` words."""
        return bool(self.indexes.max() < words)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of a feature map, or of another matrix, that fills its buffer row after row.

    Attributes
    ----------
    stride : int
        Columns of the whole map: pixels of a channel.
    places : numpy.ndarray of int64
        Which columns, ascending.
    values : numpy.ndarray of float32, [columns, rows]
        All their values.
    """

    stride: int
    places: Places
    values: Floats

    @property
    def rows(self) -> int:
        """Rows of the map: channels."""
        return int(self.values.shape[1])

    def add_product(self, packed: Floats, out: Floats) -> None:
        """Add packed rows times these columns to the columns `out`."""

        def pack(first: int, count: int, into: Floats) -> None:
            jitted.pack_gathered(self.values, first, count, into)

        jitted.multiply_packed(packed, self.rows, out, pack)

    def put(self, buffer: Bits) -> None:
        """Write the columns into a copy of the golden buffer."""
        jitted.scatter(self.values.view(np.uint32), self.stride, self.places, buffer)

    def within(self, words: int) -> bool:
        """Return whether the map lies within the first `words` words."""
        return self.rows * self.stride <= words

    def shrunk(self, golden: Bits) -> Columns:
        """Return the columns that differ from the golden map."""
        differs = np.empty(self.places.size, dtype=np.bool_)
        jitted.differing(self.values.view(np.uint32), self.stride, self.places, golden, differs)
        if differs.all():
            return self
        return Columns(self.stride, self.places[differs], self.values[differs])


@dataclass(frozen=True, slots=True)
class Geometry:
    """How windows lie over a map: pixels of the map, edge of a window, step, first pixel, windows.

    The first window begins at (start, start), which is negative where the map is padded.
    """

    height: int
    width: int
    size: int
    stride: int
    start: int
    height_out: int
    width_out: int

    def windows_over(self, places: Places) -> Places:
        """Return the windows that hold any of these pixels, ascending."""
        hold = jitted.windows_over(
            places, self.height, self.width, self.size, self.stride, self.start,
            self.height_out, self.width_out,
        )  # fmt: skip
        return np.flatnonzero(hold)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of a map, which are columns of im2col's matrix; its values are not laid out.

    Attributes
    ----------
    geometry : Geometry
        How the windows lie.
    places : numpy.ndarray of int64
        Which windows, ascending.
    values : numpy.ndarray of float32, [columns, channels]
        The map's columns that these windows hold, and one of zeros.
    slots : numpy.ndarray of int32
        For each pixel of the map the number of its column in `values`, -1 if no window holds it.
    """

    geometry: Geometry
    places: Places
    values: Floats
    slots: NDArray[np.int32]

    @classmethod
    def of(cls, changed: Columns, golden: Bits, geometry: Geometry) -> Windows:
        """Return all windows that hold a changed column, the rest of them from the golden map."""
        g, places = geometry, geometry.windows_over(changed.places)
        values, slots = jitted.neighbourhood(
            changed.values, changed.places, golden.view(np.float32), g.height, g.width, g.size,
            g.stride, g.start, places, g.width_out,
        )  # fmt: skip
        return cls(geometry, places, values, slots)

    def _sizes(self) -> tuple[int, int, int, int, int]:
        g = self.geometry
        return g.height, g.width, g.size, g.stride, g.start

    def add_product(self, packed: Floats, out: Floats) -> None:
        """Add packed rows times these columns of im2col's matrix to the columns `out`."""
        g = self.geometry

        def pack(first: int, count: int, into: Floats) -> None:
            jitted.pack_windows(
                self.values, self.slots, *self._sizes(), self.places, g.width_out, first, count,
                into,
            )  # fmt: skip

        jitted.multiply_packed(packed, self.values.shape[1] * g.size**2, out, pack)

    def largest(self) -> Columns:
        """Return the largest element of each window and channel: columns of a max pool's map."""
        g = self.geometry
        out = np.empty((self.places.size, self.values.shape[1]), dtype=np.float32)
        maxpool_columns(self.values, self.slots, *self._sizes(), self.places, g.width_out, out)
        return Columns(g.height_out * g.width_out, self.places, out)

    def columns(self) -> Columns:
        """Return the columns of im2col's matrix, laid out."""
        g = self.geometry
        out = np.empty((self.places.size, self.values.shape[1] * g.size**2), dtype=np.float32)
        jitted.lay_out_windows(
            self.values, self.slots, *self._sizes(), self.places, g.width_out, out
        )
        return Columns(g.height_out * g.width_out, self.places, out)

    def put(self, buffer: Bits) -> None:
        """Write the columns into a copy of the golden buffer."""
        self.columns().put(buffer)

    def within(self, words: int) -> bool:
        """Return whether im2col's matrix lies within the first `words` words."""
        g = self.geometry
        return bool(self.values.shape[1] * g.size**2 * g.height_out * g.width_out <= words)


BufferChange = Words | Columns | Windows


def difference(found: Bits, golden: Bits) -> Words | None:
    """Return the words of a buffer that differ from the golden ones, None if none does."""
    indexes = np.flatnonzero(found != golden)
    return Words(indexes, found[indexes]) if indexes.size else None


def as_columns(change: BufferChange, rows: int, stride: int, golden: Bits) -> Columns | None:
    """Return a change as columns of a map that fills the first words of its buffer.

    Parameters
    ----------
    change : Words, Columns or Windows
        The change.
    rows, stride : int
        The map's rows and columns.
    golden : numpy.ndarray of uint32
        The golden buffer.

    Returns
    -------
    Columns or None
        None if words outside the map are changed too.
    """
    if isinstance(change, Windows):
        change = change.columns()
    if isinstance(change, Columns):
        if (change.rows, change.stride) == (rows, stride):
            return change
        whole = golden.copy()
        change.put(whole)
        differs = np.flatnonzero(whole != golden)
        change = Words(differs, whole[differs])
    if not change.indexes.size:
        return Columns(stride, np.zeros(0, np.int64), np.zeros((0, rows), np.float32))
    if not change.within(rows * stride):
        return None
    row, place = np.divmod(change.indexes, stride)
    places, rank = _distinct(stride, place)
    columns = golden_columns(golden, rows, stride, places)
    columns.values.view(np.uint32)[rank[place], row] = change.values
    return columns


def _distinct(limit: int, *numbers: Places) -> tuple[Places, Places]:
    """Return the different ones of some numbers below a limit, ascending, and of each its rank."""
    there = np.zeros(limit, dtype=np.bool_)
    for some in numbers:
        there[some] = True
    found, rank = np.flatnonzero(there), np.zeros(limit, dtype=np.int64)
    rank[found] = np.arange(found.size)
    return found, rank


def golden_columns(golden: Bits, rows: int, stride: int, places: Places) -> Columns:
    """Return columns of a map as the golden buffer holds them."""
    values = np.empty((places.size, rows), dtype=np.float32)
    jitted.gather(golden.view(np.float32), stride, places, values)
    return Columns(stride, places, values)


def overlaid(
    change: BufferChange | None, indexes: Places, values: Bits, golden: Bits
) -> tuple[BufferChange | None, Places]:
    """Put single words over what differs of a buffer.

    Parameters
    ----------
    change : BufferChange or None
        What differs, None if nothing does.
    indexes, values : numpy.ndarray
        The words, each once.
    golden : numpy.ndarray of uint32
        The golden buffer.

    Returns
    -------
    change : BufferChange or None
        What differs now.
    indexes : numpy.ndarray of int64
        Those words that held something else.
    """
    if isinstance(change, Windows):
        change = change.columns()
    if isinstance(change, Columns) and indexes.max() < change.rows * change.stride:
        row, place = np.divmod(indexes, change.stride)
        places, rank = _distinct(change.stride, change.places, place)
        found = golden_columns(golden, change.rows, change.stride, places)
        found.values[rank[change.places]] = change.values
        words, at = found.values.view(np.uint32), rank[place]
        differs = indexes[words[at, row] != values]
        words[at, row] = values
        return found, differs
    if isinstance(change, Columns):
        whole = golden.copy()
        change.put(whole)
        change = difference(whole, golden)
    if change is None:
        differs = golden[indexes] != values
        left = Words(indexes[differs], values[differs]) if differs.any() else None
        return left, indexes[differs]
    every, rank = _distinct(golden.size, change.indexes, indexes)
    held = golden[every]
    held[rank[change.indexes]] = change.values
    at = rank[indexes]
    differs = indexes[held[at] != values]
    held[at] = values
    wrong = held != golden[every]
    return (Words(every[wrong], held[wrong]) if wrong.any() else None), differs

"""What a rule sees of a launch, and the launch computed as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from softbeam.injection.changes import (
    Bits,
    BufferChange,
    Columns,
    Floats,
    Places,
    as_columns,
    difference,
    golden_columns,
)
from softbeam.injection.liveness import Live
from softbeam.kernels.signatures import Arguments
from softbeam.network.golden import GoldenRun, execute
from softbeam.network.plan import Launch, Pointer

#: What a launch leaves: for each buffer that it writes its change, None where it is golden.
Result = dict[str, BufferChange | None]


class NotCoveredError(Exception):
    """A rule does not cover this change: the launch must be computed as a whole."""


@dataclass(frozen=True, slots=True)
class Map:
    """A feature map, or another matrix, that an argument points to: some rows of its buffer.

    Attributes
    ----------
    buffer : str
        The buffer's name.
    stride : int
        Columns: pixels of a channel.
    first, rows : int
        The rows of the map, counted in the buffer.
    total : int
        Rows of the buffer.
    """

    buffer: str
    stride: int
    first: int
    rows: int
    total: int

    @property
    def whole(self) -> bool:
        """Whether it has all rows."""
        return self.rows == self.total

    @property
    def slice(self) -> slice:
        """Its rows among those of the buffer."""
        return slice(self.first, self.first + self.rows)

    @property
    def span(self) -> tuple[int, int]:
        """Its first word in the buffer, and its words."""
        return self.first * self.stride, self.rows * self.stride


@dataclass(frozen=True, slots=True)
class Step:
    """A launch that reads changed buffers.

    Attributes
    ----------
    golden : GoldenRun
        The fault-free run.
    launch : Launch
        The launch.
    changes : mapping of str to BufferChange
        Before it, by buffer.
    live : mapping of str to tuple of (start, end)
        Which words of each buffer something reads after it.
    """

    golden: GoldenRun
    launch: Launch
    changes: Mapping[str, BufferChange]
    live: Live

    def before(self, buffer: str) -> Bits:
        """Return the golden contents of a buffer before the launch."""
        return self.golden.view(buffer, self.launch.index)

    def after(self, buffer: str) -> Bits:
        """Return the golden contents of a buffer after the launch."""
        return self.golden.view(buffer, self.launch.index + 1)

    @property
    def arguments(self) -> Arguments:
        """The launch's arguments, by their parameters' names."""
        return self.launch.arguments

    def contents(self, buffer: str) -> Bits:
        """Return what a buffer really holds before the launch."""
        if buffer not in self.changes:
            return self.before(buffer)
        contents = self.before(buffer).copy()
        self.changes[buffer].put(contents)
        return contents

    def map(self, pointer: Pointer, rows: int, stride: int, *, prefix: bool = False) -> Map:
        """Return the map of some rows and columns that an argument points to.

        Parameters
        ----------
        pointer : Pointer
            The argument.
        rows, stride : int
            The map's rows and columns.
        prefix : bool
            Whether the buffer holds other matrices at other times, as im2col's workspace does;
            what is behind the map's words is then left out of account where it is golden.

        Raises
        ------
        NotCoveredError
            If the map is not made of whole rows of its buffer.
        """
        total, more = divmod(self.golden.plan.buffers[pointer.buffer].words, stride)
        first, within = divmod(pointer.word, stride)
        change = self.changes.get(pointer.buffer)
        if prefix and pointer.word == 0 and (change is None or change.within(rows * stride)):
            total = rows
        elif within or more:
            raise NotCoveredError
        return Map(pointer.buffer, stride, first, rows, total)

    def _all_rows(self, map_: Map) -> Columns:
        change = self.changes.get(map_.buffer)
        if change is None:
            return Columns(map_.stride, np.zeros(0, np.int64), np.zeros((0, map_.total), "f4"))
        if isinstance(change, Columns) and (change.rows, change.stride) == (
            map_.total,
            map_.stride,
        ):
            return change
        words = map_.total * map_.stride
        # What is behind the map may lie elsewhere in the pool: a copy.
        if not change.within(words):
            words = self.golden.plan.buffers[map_.buffer].words
        golden = self.golden.part(map_.buffer, self.launch.index, 0, words)
        columns = as_columns(change, map_.total, map_.stride, golden)
        if columns is None:
            raise NotCoveredError
        return columns

    def changed(self, map_: Map, *, shrink: bool = True) -> Columns:
        """Return the columns of a map that differ before the launch.

        Without `shrink` also others may be among them: it costs a comparison with golden.
        """
        columns = self._all_rows(map_)
        if not map_.whole:
            values = np.ascontiguousarray(columns.values[:, map_.slice])
            columns = Columns(map_.stride, columns.places, values)
        return columns.shrunk(self.golden_map(map_)) if shrink else columns

    def golden_map(self, map_: Map) -> Bits:
        """Return the golden words of a map before the launch."""
        return self.golden.part(map_.buffer, self.launch.index, *map_.span)

    def columns(self, map_: Map, places: Places, changed: Columns) -> Floats:
        """Return what columns of a map really hold before the launch: float32[columns, rows].

        `changed` are those of :meth:`changed`; all of them must be among `places`.
        """
        if places.size == changed.places.size:
            return changed.values.copy()
        values = golden_columns(self.golden_map(map_), map_.rows, map_.stride, places).values
        values[np.searchsorted(places, changed.places)] = changed.values
        return values

    def written(self, map_: Map, columns: Columns) -> BufferChange | None:
        """Return the buffer's change after these columns, and golden ones, were written to a map.

        Raises
        ------
        NotCoveredError
            If words outside all such maps of the buffer are changed.
        """
        if map_.whole:
            old_change = self.changes.get(map_.buffer)
            if old_change is not None and not old_change.within(map_.rows * map_.stride):
                raise NotCoveredError
            return columns if columns.places.size else None
        old = self._all_rows(map_)
        if np.array_equal(old.places, columns.places):
            values = old.values.copy()
            values[:, map_.slice] = columns.values
            return Columns(map_.stride, old.places, values) if old.places.size else None
        places = np.union1d(old.places, columns.places)
        after = golden_columns(self.after(map_.buffer), map_.total, map_.stride, places)
        others = np.ones(map_.total, dtype=np.bool_)
        others[map_.slice] = False
        kept = np.ix_(np.searchsorted(places, old.places), others)
        after.values[kept] = old.values[:, others]
        after.values[np.searchsorted(places, columns.places), map_.slice] = columns.values
        return after if places.size else None


RegionRule = Callable[[Step], Result]


def whole_launch(step: Step) -> Result:
    """Compute a launch as a whole and compare what it writes with the golden words."""
    views = {span.buffer: step.contents(span.buffer) for span in step.launch.reads}
    for span in step.launch.writes:
        contents = step.contents(span.buffer)
        views[span.buffer] = contents if span.buffer in step.changes else contents.copy()
    product = step.launch.product
    if product is not None and product.a.buffer not in step.changes:
        step.golden.execute(step.launch, views)
    else:
        execute(step.launch, views)
    return {
        span.buffer: difference(views[span.buffer], step.after(span.buffer))
        for span in step.launch.writes
    }

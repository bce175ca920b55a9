"""Where in a golden run's pool of words each version of each buffer lies.

A launch appends new versions of what it writes and nothing else.  A buffer that launches write in
part is cut into pieces at the edges of what they write, and each piece has versions of its own:
slices (the outputs of a route, the sums of a response normalization), and first words of different
numbers (im2col's workspace, as large as the largest layer needs).  All is a function of the plan
alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam import intervals
from softbeam.intervals import Range
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.memory import require_memory
from softbeam.network.plan import Launch, Plan, Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a buffer's words that launches write together, or not at all."""

    buffer: str
    start: int
    words: int

    @property
    def end(self) -> int:
        """The word just behind the piece."""
        return self.start + self.words


@dataclass(frozen=True, slots=True)
class PoolLayout:
    """The places of all versions.

    Attributes
    ----------
    words : int
        Size of the pool.
    pieces : tuple of Piece
        All pieces, those of a buffer in order and next to each other.
    columns : dict of str to range
        By buffer, the numbers of its pieces.
    offsets : numpy.ndarray of int64, [launches + 1, pieces]
        For each launch the first word in the pool of every piece's contents before it; the last
        row is the memory after the inference.
    """

    words: int
    pieces: tuple[Piece, ...]
    columns: dict[str, range]
    offsets: NDArray[np.int64]

    def covered(self, span: Span) -> list[int]:
        """Return the numbers of the pieces that a span covers, in part or as a whole."""
        return [
            number
            for number in self.columns[span.buffer]
            if self.pieces[number].start < span.end and span.start < self.pieces[number].end
        ]


def is_clearing(plan: Plan, launch: Launch) -> bool:
    """Return whether a launch fills the whole of a buffer of no weights with zeros."""
    if not plan.native or base_of(launch.kernel) != "fill" or launch.arguments.ALPHA != 0.0:
        return False
    if "range" in techniques_of(launch.kernel):
        return False
    span = launch.writes[0]
    buffer = plan.buffers[span.buffer]
    return span.words == buffer.words and buffer.own_name in ("delta", "output")


def cut(plan: Plan) -> tuple[Piece, ...]:
    """Return the pieces of all buffers."""
    written: dict[str, list[Range]] = {}
    for launch in plan.launches:
        for span in launch.writes:
            written.setdefault(span.buffer, []).append((span.start, span.end))
    return tuple(
        Piece(name, start, end - start)
        for name, buffer in plan.buffers.items()
        for start, end in intervals.cut(buffer.words, written.get(name, ()))
    )


def pool_layout(plan: Plan) -> PoolLayout:
    """Return where each version of each buffer lies.

    The n-th versions of a buffer's pieces lie side by side, so that a buffer that is written slice
    by slice, each as often, is in one piece again.  Where only first words are written, a version
    is no larger than these.

    Raises
    ------
    TooLargeError
        If the table of places needs more memory than there is.
    """
    pieces = cut(plan)
    sliced = {span.buffer for launch in plan.launches for span in launch.writes if span.start}
    columns: dict[str, range] = {}
    for number, piece in enumerate(pieces):
        first = columns[piece.buffer].start if piece.buffer in columns else number
        columns[piece.buffer] = range(first, number + 1)
    sizes = np.array([piece.words for piece in pieces], dtype=np.int64)
    initial = np.cumsum(sizes) - sizes
    require_memory(
        8 * (len(plan.launches) + 1) * len(pieces),
        f"the table of the {len(plan.launches):,} launches of {plan.network}",
        "give a network of fewer layers, groups or channels",
    )
    layout = PoolLayout(
        0, pieces, columns, np.zeros((len(plan.launches) + 1, len(pieces)), np.int64)
    )
    current, position = initial.copy(), int(sizes.sum())
    version = np.zeros(len(pieces), dtype=np.int64)
    places: dict[tuple[str, int], int] = {}
    for launch in plan.launches:
        layout.offsets[launch.index] = current
        for span in launch.writes:
            covered = layout.covered(span)
            if is_clearing(plan, launch):
                # Buffers that a launch clears were zero when Darknet allocated them.
                current[covered] = initial[covered]
                continue
            newest = int(version[covered].max()) + 1
            version[covered] = newest
            if (span.buffer, newest) not in places:
                places[span.buffer, newest] = position
                whole = plan.buffers[span.buffer].words
                position += whole if span.buffer in sliced else span.words
            for number in covered:
                current[number] = places[span.buffer, newest] + pieces[number].start
    layout.offsets[-1] = current
    return PoolLayout(position, pieces, columns, layout.offsets)

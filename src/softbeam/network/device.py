"""The GPU's view of a golden run: its memory map before a launch, and the launch itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from softbeam.emulator.execution import LaunchShape, Memory, launch_constants, memory_map
from softbeam.emulator.launching import Launch as EmulatedLaunch
from softbeam.network.golden import GoldenRun
from softbeam.network.plan import Pointer
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

#: What a segment without contents is, as the offset that the interpreter knows.
UNRECORDED, UNPROBED, OTHER_SPACE = -1, -2, -3

#: Bytes of launches that are kept, where all 1,246 of GoogLeNet take 23 MiB.
_REMEMBERED = 64 << 20


class Device:
    """The memory and launches of a golden run as the emulator takes them.

    Parameters
    ----------
    golden : GoldenRun
        The golden run; strikes store to its pool and put the words back.
    architecture : str
        Whose machine code runs.
    """

    def __init__(self, golden: GoldenRun, architecture: str = DEFAULT_ARCHITECTURE) -> None:
        self.golden = golden
        self.plan = golden.plan
        self.architecture = architecture
        plan = golden.plan
        pieces = golden.layout.pieces
        segments = [
            (
                plan.buffers[piece.buffer].address + 4 * piece.start,
                plan.buffers[piece.buffer].address + 4 * piece.end,
                number,
            )
            for number, piece in enumerate(pieces)
        ]
        for pages, kind in (
            (plan.zero_pages, UNRECORDED),
            (plan.unprobed_pages, UNPROBED),
            (plan.other_space_pages, OTHER_SPACE),
        ):
            segments.extend((start, end, kind) for start, end in pages)
        self._map = memory_map(golden.words, segments)
        self._is_buffer = self._map.offset >= 0
        self._piece = self._map.offset[self._is_buffer]
        names = {name: number for number, name in enumerate(plan.buffers)}
        self._names = list(plan.buffers)
        self._buffers = np.array([names[piece.buffer] for piece in pieces])
        self._starts = np.array([piece.start for piece in pieces])
        # An injection takes less time than to make a launch.  Each keeps an offset for every
        # segment, and the order of all pieces.
        each = self._map.offset.nbytes + 16 * len(pieces)
        remembered = max(1, _REMEMBERED // each)
        self._launch = lru_cache(remembered)(self._make_launch)
        self._sorted_starts = lru_cache(remembered)(self._sort_starts)

    def memory(self, launch: int) -> Memory:
        """Return the memory map before a launch."""
        offset = self._map.offset.copy()
        offset[self._is_buffer] = self.golden.layout.offsets[launch, self._piece]
        return self._map._replace(offset=offset)

    def among(self, launch: int, buffers: Iterable[str]) -> EmulatedLaunch:
        """Return a launch that has some buffers alone; the others are as if nothing is recorded.

        A run that says of no access to unrecorded memory went to none of the others.
        """
        whole = self.launch(launch)
        names = set(buffers)
        kept = np.array([name in names for name in self._names])[self._buffers[self._piece]]
        offset = whole.memory.offset.copy()
        offset[np.flatnonzero(self._is_buffer)[~kept]] = UNRECORDED
        return replace(whole, memory=whole.memory._replace(offset=offset))

    def launch(self, number: int) -> EmulatedLaunch:
        """Return a launch of the plan, ready for the emulator."""
        return self._launch(number)

    def _make_launch(self, number: int) -> EmulatedLaunch:
        launch = self.plan.launches[number]
        code, shared_bytes = self.plan.code(launch, self.architecture)
        shape = LaunchShape(launch.grid, launch.block)
        arguments = [
            self.plan.buffers[argument.buffer].address + 4 * argument.word
            if isinstance(argument, Pointer)
            else argument
            for argument in launch.arguments
        ]
        return EmulatedLaunch(
            code,
            shape,
            launch_constants(code, shape, arguments, shared_bytes=shared_bytes),
            self.memory(number),
            shared_bytes,
        )

    def locate(self, launch: int, words: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Return the buffers that hold words of the pool before a launch.

        Parameters
        ----------
        launch : int
            Number of the launch.
        words : numpy.ndarray of int64
            Words of the pool.

        Returns
        -------
        list of (str, numpy.ndarray of int64, numpy.ndarray of int64)
            A buffer's name, the places in `words` of those that it holds, and their places in it.
        """
        starts, order = self._sorted_starts(launch)
        at = np.searchsorted(starts, words, side="right") - 1
        piece = order[at]
        indexes = words - starts[at] + self._starts[piece]
        buffer = self._buffers[piece]
        found = [(number, np.flatnonzero(buffer == number)) for number in np.unique(buffer)]
        return [(self._names[number], places, indexes[places]) for number, places in found]

    def _sort_starts(self, launch: int) -> tuple[np.ndarray, np.ndarray]:
        starts = self.golden.layout.offsets[launch]
        order = np.argsort(starts, kind="stable")
        return starts[order], order

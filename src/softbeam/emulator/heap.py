"""Global memory of a :class:`softbeam.emulator.machine.Machine`: one stretch of pages.

Allocations follow what ``cudaMalloc`` was recorded to do (:mod:`softbeam.emulator.pages`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import Memory, memory_map
from softbeam.emulator.pages import OTHER_SPACE, PAGE, SMALL, STEP, round_up
from softbeam.errors import LaunchError

#: Where the recorded arena lay, and the space before the shared and local memory's own apertures.
BASE = 0x7FFDB8000000
CAPACITY = 1 << 30


class Heap:
    """Memory that grows by allocations; nothing is ever freed."""

    def __init__(self) -> None:
        self._used = 0
        self._words: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._map: Memory | None = None

    def allocate(self, size: int) -> int:
        """Return the address of new memory, filled with zeros.

        Parameters
        ----------
        size : int
            Bytes.

        Raises
        ------
        LaunchError
            If nothing is asked for, or more than the emulated GPU has left.
        """
        start = round_up(self._used, STEP if size < SMALL else PAGE)
        if size < 1 or start + size > CAPACITY:
            left = CAPACITY - self._used
            raise LaunchError(
                f"{size} bytes cannot be allocated: of the emulated GPU's {CAPACITY >> 20} MiB "
                f"{left >> 20} MiB are free"
            )
        self._used = start + size
        words = round_up(self._used, PAGE) // 4
        if words > self._words.size:
            # Doubling keeps the copies of many allocations cheap.
            room = np.zeros(max(words, min(2 * self._words.size, CAPACITY // 4)), dtype=np.uint32)
            room[: self._words.size] = self._words
            self._words, self._map = room, None
        return BASE + start

    def bytes_at(self, address: int, size: int) -> NDArray[np.uint8]:
        """Return a view of the memory at an address.

        Raises
        ------
        LaunchError
            If not all of it was allocated.
        """
        start = address - BASE
        if start < 0 or size < 0 or start + size > self._used:
            raise LaunchError(
                f"{size} bytes at {address:#x} are not within what was allocated, "
                f"{BASE:#x} to {BASE + self._used:#x}"
            )
        return self._words.view(np.uint8)[start : start + size]

    def memory(self) -> Memory:
        """Return the memory as the interpreter takes it; what is stored there is in this heap."""
        pages = round_up(self._used, PAGE)
        if self._map is None or 4 * self._map.words.size != pages:
            segments = [(BASE, BASE + pages, 0)] if pages else []
            self._map = memory_map(self._words[: pages // 4], [*segments, (*OTHER_SPACE, -3)])
        return self._map

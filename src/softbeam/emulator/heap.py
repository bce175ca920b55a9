"""Global memory of a :class:`softbeam.emulator.machine.Machine`: a heap, and pages at any place.

Allocations follow what ``cudaMalloc`` was recorded to do (:mod:`softbeam.emulator.pages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import Memory, memory_map
from softbeam.emulator.pages import OTHER_SPACE, PAGE, SMALL, STEP, round_up
from softbeam.emulator.protection import Protection, protected
from softbeam.errors import LaunchError

#: Where the recorded arena lay, and the space before the shared and local memory's own apertures.
BASE = 0x7FFDB8000000
CAPACITY = 1 << 30

#: Addresses that a GPU's virtual memory can have, less the first page.
_LOWEST, _HIGHEST = PAGE, 1 << 47


@dataclass(frozen=True, slots=True)
class HeapState:
    """All memory at one time: allocations by address, and the contents of all pages."""

    used: int
    sizes: Mapping[int, int]
    protections: Mapping[int, Protection]
    heap: NDArray[np.uint32]
    regions: Mapping[int, NDArray[np.uint32]]


class Heap:
    """Memory that grows by allocations, and regions of pages at addresses of one's own choice."""

    def __init__(self) -> None:
        self._used = 0
        self._sizes: dict[int, int] = {}
        self._protections: dict[int, Protection] = {}
        # One pool: first the heap's pages, then the regions'.
        self._heap: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._regions: dict[int, NDArray[np.uint32]] = {}
        self._pool = self._heap
        self._map: Memory | None = None
        self._mapped = 0

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
        start = self._place(size)
        if size < 1 or start + size > CAPACITY:
            left = CAPACITY - self._used
            raise LaunchError(
                f"{size} bytes cannot be allocated: of the emulated GPU's {CAPACITY >> 20} MiB "
                f"{left >> 20} MiB are free"
            )
        self._used = max(self._used, start + size)
        words = round_up(self._used, PAGE) // 4
        if words > self._heap.size:
            # Doubling keeps the copies of many allocations cheap.
            self._arrange(max(words, min(2 * self._heap.size, CAPACITY // 4)), self._regions)
        self._heap.view(np.uint8)[start : start + size] = 0
        self._sizes[BASE + start] = size
        return BASE + start

    def _place(self, size: int) -> int:
        """Return where an allocation begins: in the first gap that was freed, or at the end."""
        step, end = STEP if size < SMALL else PAGE, 0
        for address, taken in sorted(self._sizes.items()):
            start = round_up(end, step)
            if start + size <= address - BASE:
                return start
            end = address - BASE + taken
        return round_up(end, step)

    def free(self, address: int) -> None:
        """Give an allocation or a region back; a region's pages are not mapped any more.

        Raises
        ------
        LaunchError
            If nothing begins at the address.
        """
        if address in self._sizes:
            del self._sizes[address]
        elif address in self._regions:
            others = {start: words for start, words in self._regions.items() if start != address}
            self._arrange(self._heap.size, others)
        else:
            raise LaunchError(f"nothing was allocated at {address:#x}")
        if self._protections.pop(address, None) is not None:
            self._map = None

    def protect(self, address: int, protection: Protection) -> None:
        """Say what launches may do with an allocation or a region.

        Raises
        ------
        LaunchError
            If none begins at the address.
        """
        if address not in self._sizes and address not in self._regions:
            raise LaunchError(f"nothing was allocated at {address:#x}")
        self._protections.pop(address, None)
        if protection is not Protection.READ_WRITE:
            self._protections[address] = protection
        self._map = None

    def map(self, address: int, size: int) -> None:
        """Map pages of zeros at an address.

        Raises
        ------
        LaunchError
            If the address or size is not a multiple of a page, no GPU has such addresses, or
            something is there already.
        """
        taken = [
            (BASE, BASE + CAPACITY),
            OTHER_SPACE,
            *((start, start + 4 * words.size) for start, words in self._regions.items()),
        ]
        end = address + size
        if size < 1 or size > CAPACITY or address % PAGE or size % PAGE:
            raise LaunchError(
                f"{size} bytes at {address:#x} cannot be mapped: whole pages of {PAGE:#x} bytes "
                f"are, up to {CAPACITY >> 20} MiB"
            )
        if not _LOWEST <= address < end <= _HIGHEST or any(
            address < stop and start < end for start, stop in taken
        ):
            raise LaunchError(
                f"{size} bytes at {address:#x} cannot be mapped: no such addresses are free"
            )
        self._arrange(
            self._heap.size, {**self._regions, address: np.zeros(size // 4, dtype=np.uint32)}
        )

    def _arrange(self, heap: int, regions: Mapping[int, NDArray[np.uint32]]) -> None:
        """Make the pool anew: so many words of the heap, then these regions."""
        sizes = [words.size for words in regions.values()]
        pool = np.zeros(heap + sum(sizes), dtype=np.uint32)
        pool[: self._heap.size] = self._heap
        self._heap, self._regions, at = pool[:heap], {}, heap
        for start, words in regions.items():
            pool[at : at + words.size] = words
            self._regions[start] = pool[at : at + words.size]
            at += words.size
        self._pool, self._map = pool, None

    def bytes_at(self, address: int, size: int) -> NDArray[np.uint8]:
        """Return a view of the memory at an address.

        Raises
        ------
        LaunchError
            If not all of it was allocated.
        """
        for first, words in self._regions.items():
            if size >= 0 and first <= address and address + size <= first + 4 * words.size:
                return words.view(np.uint8)[address - first : address - first + size]
        start = address - BASE
        if start < 0 or size < 0 or start + size > self._used:
            raise LaunchError(
                f"{size} bytes at {address:#x} are not within what was allocated, "
                f"{BASE:#x} to {BASE + self._used:#x}"
            )
        return self._heap.view(np.uint8)[start : start + size]

    @property
    def sizes(self) -> Mapping[int, int]:
        """Bytes of each allocation, by address."""
        return dict(self._sizes)

    @property
    def end(self) -> int:
        """The byte address behind the last page that is mapped for allocations."""
        return BASE + round_up(self._used, PAGE)

    def saved(self) -> HeapState:
        """Return all memory as it is."""
        regions = {start: words.copy() for start, words in self._regions.items()}
        pages = round_up(self._used, PAGE) // 4
        sizes, protections = dict(self._sizes), dict(self._protections)
        return HeapState(self._used, sizes, protections, self._heap[:pages].copy(), regions)

    def restore(self, state: HeapState) -> None:
        """Make memory what it was."""
        self._heap[: state.heap.size], self._heap[state.heap.size :] = state.heap, 0
        self._used, self._sizes = state.used, dict(state.sizes)
        self._protections = dict(state.protections)
        self._arrange(self._heap.size, state.regions)

    def memory(self) -> Memory:
        """Return the memory as the interpreter takes it; what is stored there is in this heap."""
        pages = round_up(self._used, PAGE)
        if self._map is None or pages != self._mapped:
            segments = [(BASE, BASE + pages, 0)] if pages else []
            at = self._heap.size
            for start, words in self._regions.items():
                segments.append((start, start + 4 * words.size, at))
                at += words.size
            segments = protected(segments, self._protected_ranges())
            self._map = memory_map(self._pool, [*segments, (*OTHER_SPACE, -3)])
            self._mapped = pages
        return self._map

    def _protected_ranges(self) -> dict[tuple[int, int], Protection]:
        """Return the protections by the addresses of their words."""
        sizes = {start: 4 * words.size for start, words in self._regions.items()} | self._sizes
        return {
            (address, address + round_up(sizes[address], 4)): protection
            for address, protection in self._protections.items()
        }

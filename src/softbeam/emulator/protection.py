"""Memory that a launch may only read, or not access: for finding who does.

What a violation does on a GPU is not recorded.  CUDA gives every fault of the memory unit the same
name, Illegal Address, and so does this; a debugger's hook may let an access pass instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import numpy as np

from softbeam.emulator.core import layout as k
from softbeam.errors import LaunchError

#: First and last address of a segment of memory, and where it begins in the pool of words.
Segment = tuple[int, int, int]


class Protection(StrEnum):
    """What launches may do with memory."""

    READ_WRITE = "read-write"
    READ = "read"
    NONE = "none"


def protection_named(name: str) -> Protection:
    """Return a protection by its name.

    Raises
    ------
    LaunchError
        If there is none of this name.
    """
    try:
        return Protection(name)
    except ValueError:
        names = ", ".join(Protection)
        raise LaunchError(f"there is no protection {name!r}; there are: {names}") from None


def _offset(word: int, protection: Protection) -> int:
    if protection is Protection.READ:
        return k.READ_ONLY - word
    return k.NO_ACCESS - word if protection is Protection.NONE else word


def protected(
    segments: Iterable[Segment], ranges: Mapping[tuple[int, int], Protection]
) -> list[Segment]:
    """Cut segments where protected ranges of addresses, which are whole words, begin and end."""
    found = []
    for start, end, word in segments:
        at = start
        for (first, last), protection in sorted(ranges.items()):
            if not start <= first < end:
                continue
            if at < first:
                found.append((at, first, word + (at - start) // 4))
            found.append((first, last, _offset(word + (first - start) // 4, protection)))
            at = last
        if at < end:
            found.append((at, end, word + (at - start) // 4))
    return found


def opened(memory: k.Memory) -> k.Memory:
    """Return memory without its protections."""
    offset = memory.offset
    read_only = (offset <= k.READ_ONLY) & (offset > k.NO_ACCESS)
    offset = np.where(read_only, k.READ_ONLY - offset, offset)
    return memory._replace(offset=np.where(offset <= k.NO_ACCESS, k.NO_ACCESS - offset, offset))


def forbids(memory: k.Memory, address: int, *, writes: bool) -> bool:
    """Return whether a protection forbids an access to global memory."""
    segment = int(np.searchsorted(memory.start, address, side="right")) - 1
    if segment < 0 or address >= int(memory.end[segment]):
        return False
    offset = int(memory.offset[segment])
    return offset <= k.NO_ACCESS or (writes and offset <= k.READ_ONLY)

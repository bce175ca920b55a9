"""How the recorded GPU lays out memory: its pages, its allocations, its other address space.

Everything here was recorded on an H100 (README of the recordings, points 5 and 6;
``network/data/extraction-layout.txt``).
"""

from __future__ import annotations

PAGE = 2 << 20
"""Bytes of a page.  Whole pages are mapped, so an access just beyond a buffer does not fault."""

STEP = 512
"""Allocations below :data:`SMALL` begin at multiples of this many bytes."""

SMALL = 1 << 20
"""Allocations of fewer bytes are packed; from here on each begins a page."""

OTHER_SPACE = (0x7FFE00000000, 0x7FFF00000000)
"""The 4 GiB in which an access raises Invalid Address Space."""


def round_up(size: int, step: int) -> int:
    """Return the first multiple of a step that is no less than a size.

    Examples
    --------
    >>> round_up(513, STEP)
    1024
    """
    return -(-size // step) * step

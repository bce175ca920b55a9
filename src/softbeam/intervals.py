"""Ranges of whole numbers, such as words of a buffer or bytes of memory: joined, cut, subtracted.

A range is (start, end), the end not in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]

Ranges: TypeAlias = tuple[Range, ...]
"""Sorted ranges, none empty, none touching another."""


def merged(ranges: Iterable[Range]) -> Ranges:
    """Return the union of ranges.

    Examples
    --------
    >>> merged([(9, 12), (0, 2), (5, 6), (2, 5)])
    ((0, 6), (9, 12))
    """
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


def subtract(ranges: Iterable[Range], holes: Iterable[Range]) -> Ranges:
    """Return what is left of some ranges without others.

    Parameters
    ----------
    ranges, holes
        Each set without overlaps.

    Returns
    -------
    tuple of (int, int)
        Sorted ranges, none empty.

    Examples
    --------
    >>> subtract([(0, 10), (20, 30)], [(2, 4), (8, 25)])
    ((0, 2), (4, 8), (25, 30))
    """
    left: list[Range] = []
    cuts = sorted(holes)
    first = 0
    for start, end in sorted(ranges):
        position = start
        while first < len(cuts) and cuts[first][1] <= start:
            first += 1
        for cut_start, cut_end in cuts[first:]:
            if cut_start >= end:
                break
            if cut_start > position:
                left.append((position, cut_start))
            position = max(position, cut_end)
        if position < end:
            left.append((position, end))
    return tuple(left)


def cut(end: int, ranges: Iterable[Range]) -> Ranges:
    """Return the numbers from 0 to an end, cut into pieces at the edges of ranges within.

    Examples
    --------
    >>> cut(10, [(0, 4), (2, 6)])
    ((0, 2), (2, 4), (4, 6), (6, 10))
    """
    return tuple(pairwise(sorted({0, end, *(edge for one in ranges for edge in one)})))

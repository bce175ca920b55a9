"""Which words each unit of a launch reads and writes, compactly.

A unit is what runs on its own: a warp, or a block whose warps wait for each other or share memory.
Words are numbered from the first of the program's memory on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WordSets:
    """One set of words for each unit, as runs of neighbouring words.

    Attributes
    ----------
    starts, ends : numpy.ndarray of int64
        The runs ``[start, end)`` of all units, one unit's after the other's, each unit's ascending.
    first : numpy.ndarray of int64, [units + 1]
        The number of each unit's first run.
    """

    starts: Words
    ends: Words
    first: Words

    @classmethod
    def of(cls, sets: Sequence[Words]) -> WordSets:
        """Return the sets of words, each ascending and without one twice, of all units.

        Examples
        --------
        >>> sets = WordSets.of([np.array([1, 2, 3, 7]), np.array([], dtype=np.int64)])
        >>> sets.starts.tolist(), sets.ends.tolist(), sets.first.tolist()
        ([1, 7], [4, 8], [0, 2, 2])
        """
        starts, ends, first = [], [], [0]
        for words in sets:
            breaks = np.flatnonzero(np.diff(words) != 1)
            starts.append(words[np.concatenate(([0], breaks + 1))] if words.size else words)
            ends.append(
                words[np.concatenate((breaks, [words.size - 1]))] + 1 if words.size else words
            )
            first.append(first[-1] + starts[-1].size)
        return cls(
            np.concatenate(starts) if starts else np.zeros(0, np.int64),
            np.concatenate(ends) if ends else np.zeros(0, np.int64),
            np.array(first, dtype=np.int64),
        )

    def meeting(self, words: Words) -> Words:
        """Return the units whose sets hold any of some words, which are ascending.

        Examples
        --------
        >>> sets = WordSets.of([np.array([1, 2]), np.array([2, 3]), np.array([9])])
        >>> sets.meeting(np.array([3, 4])).tolist()
        [1]
        """
        holds = np.searchsorted(words, self.starts) < np.searchsorted(words, self.ends)
        runs = np.flatnonzero(holds)
        return np.unique(np.searchsorted(self.first, runs, side="right") - 1)

    def of_unit(self, unit: int) -> Words:
        """Return the words of one unit, ascending."""
        runs = slice(int(self.first[unit]), int(self.first[unit + 1]))
        return expanded(self.starts[runs], self.ends[runs])

    @property
    def union(self) -> tuple[Words, Words]:
        """The runs of all units joined, ascending, none touching the next."""
        return joined(self.starts, self.ends)


def expanded(starts: Words, ends: Words) -> Words:
    """Return the words of runs that are ascending.

    Examples
    --------
    >>> expanded(np.array([1, 7]), np.array([4, 8])).tolist()
    [1, 2, 3, 7]
    """
    sizes = ends - starts
    total = int(sizes.sum())
    steps = np.ones(total, dtype=np.int64)
    at = np.cumsum(sizes) - sizes
    steps[at[sizes > 0]] = np.diff(starts[sizes > 0], prepend=0)
    steps[at[sizes > 0][1:]] -= sizes[sizes > 0][:-1] - 1
    return np.cumsum(steps)


def joined(starts: Words, ends: Words) -> tuple[Words, Words]:
    """Return runs in any order as ascending runs with gaps between them.

    Examples
    --------
    >>> [one.tolist() for one in joined(np.array([5, 1, 3]), np.array([9, 3, 6]))]
    [[1], [9]]
    """
    if not starts.size:
        return starts, ends
    order = np.argsort(starts, kind="stable")
    begin, reach = starts[order], np.maximum.accumulate(ends[order])
    opens = np.concatenate(([True], begin[1:] > reach[:-1]))
    closes = np.concatenate((opens[1:], [True]))
    return begin[opens], reach[closes]


@dataclass(frozen=True, slots=True, eq=False)
class LaunchAccesses:
    """What one launch touches in the fault-free run.

    Attributes
    ----------
    reads, writes : WordSets
        By unit; a word of which a unit stores a part is also read.
    shared_words : numpy.ndarray of int64
        Words that more than one unit writes, ascending.
    exchanges : bool
        Whether its units may see each other's stores, through atomics: it is run as a whole.
    longest : int
        Most instructions that any thread executes.
    """

    reads: WordSets
    writes: WordSets
    shared_words: Words
    exchanges: bool
    longest: int

    @property
    def whole(self) -> bool:
        """Whether what follows from a change is only known by running all units."""
        return self.exchanges or bool(self.shared_words.size)

    def last_writer(self, word: int) -> int:
        """Return the last unit that writes a word; -1 if none does."""
        units = self.writes.meeting(np.array([word], dtype=np.int64))
        return int(units[-1]) if units.size else -1

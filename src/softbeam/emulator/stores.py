"""What executions have stored: their logs joined word by word, and byte by byte where it matters.

A store is logged by its word.  Where a program stores bytes or halves of words, the log says too
which bytes of the word a store left alone, so that of two units that store different bytes of one
word both stay, as on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.joining import lay_down, take_up
from softbeam.emulator.ending import Ending

#: The same for compiled code, and words up to which that holds: 1/3 GB.
_FAR, _FAR_WORDS = 512, 1 << 26

#: Stores from which on compiled code joins them: that of fewer takes longer to call than NumPy.
_MANY = 1 << 12

#: Words of memory for each one that is stored, up to which a table over all of them is made.
_CLOSE = 32

#: The bits of a word in the bytes that a number names.
_BITS = np.array(
    [sum(0xFF << 8 * byte for byte in range(4) if kept >> byte & 1) for kept in range(16)],
    dtype=np.uint32,
)

Words = NDArray[np.int64]
Values = NDArray[np.uint32]


def distinct(words: Words) -> Words:
    """Return the different words of a short log, ascending; ``numpy.unique`` takes longer."""
    ordered = np.sort(words)
    if ordered.size < 2:
        return ordered
    first = np.empty(ordered.size, dtype=np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def last_of_each(stored: Sequence[tuple[Words, Values]]) -> tuple[Words, Values]:
    """Join logs of stores in order: the different words, ascending, with their last values."""
    if not stored:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint32)
    words = np.concatenate([words for words, _ in stored])
    values = np.concatenate([values for _, values in stored])
    if not words.size:
        return words, values
    first = int(words.min())
    span = int(words.max()) - first + 1
    if span <= _CLOSE * words.size:
        # Faster than sorting: the last of each word's numbers stays.
        last = np.zeros(span, dtype=np.int64)
        last[words - first] = np.arange(1, words.size + 1)
        found = np.flatnonzero(last)
        return found + first, values[last[found] - 1]
    found, places = np.unique(words[::-1], return_index=True)
    return found, values[::-1][places]


class Stores(NamedTuple):
    """Words that were stored, in order, what they hold, and which bytes of them were left alone.

    Attributes
    ----------
    words : numpy.ndarray of int64
        Words of the pool.
    values : numpy.ndarray of uint32
        What they hold.
    kept : numpy.ndarray of int64, or None
        A bit for each byte that was left alone; None: every word was stored as a whole.
    """

    words: Words
    values: Values
    kept: Words | None = None

    @classmethod
    def of(cls, ending: Ending) -> Self:
        """Return what a unit has stored."""
        return cls(ending.words, ending.values, ending.kept)


def joined(stored: Sequence[Stores]) -> Stores:
    """Join logs of stores in order: the different words, ascending, with the last of each byte.

    Examples
    --------
    Two units store a half of one word each:

    >>> word = np.array([7])
    >>> low = Stores(word, np.array([0x00001111], dtype=np.uint32), np.array([0b1100]))
    >>> high = Stores(word, np.array([0x22220000], dtype=np.uint32), np.array([0b0011]))
    >>> found = joined([low, high])
    >>> found.words.tolist(), [hex(one) for one in found.values.tolist()], found.kept.tolist()
    ([7], ['0x22221111'], [0])
    """
    number = sum(one.words.size for one in stored)
    if number >= _MANY:
        first = min(int(one.words.min()) for one in stored if one.words.size)
        end = max(int(one.words.max()) for one in stored if one.words.size) + 1
        if end - first <= max(_CLOSE * number, min(_FAR * number, _FAR_WORDS)):
            return _joined_in_table(stored, first, end)
    if all(one.kept is None for one in stored):
        return Stores(*last_of_each([(one.words, one.values) for one in stored]))
    words = np.concatenate([one.words for one in stored])
    values = np.concatenate([one.values for one in stored])
    kept = np.concatenate(
        [np.zeros(one.words.size, np.int64) if one.kept is None else one.kept for one in stored]
    )
    found = np.unique(words)
    left, holds = np.full(found.size, 15, dtype=np.int64), np.zeros(found.size, dtype=np.uint32)
    for byte in range(4):
        there = kept >> byte & 1 == 0
        here, last = last_of_each([(words[there], values[there])])
        places = np.searchsorted(found, here)
        left[places] &= ~(1 << byte)
        holds[places] |= last & _BITS[1 << byte]
    return Stores(found, holds, left)


def _joined_in_table(stored: Sequence[Stores], first: int, end: int) -> Stores:
    """Join stores by a table over all words from `first` up to `end`, which is not in it."""
    room = (end - first + 7) // 8 * 8
    laid, left = np.zeros(room, dtype=np.uint32), np.zeros(room, dtype=np.uint8)
    none = np.zeros(0, dtype=np.int64)
    number = sum(
        lay_down(words, values, none if kept is None else kept, first, laid, left)
        for words, values, kept in stored
    )
    found, holds = np.empty(number, dtype=np.int64), np.empty(number, dtype=np.uint32)
    alone = np.empty(number, dtype=np.int64)
    take_up(first, laid, left, left.view(np.uint64), found, holds, alone)
    whole = all(one.kept is None for one in stored)
    return Stores(found, holds, None if whole else alone)


def filled(stores: Stores, pool: Values) -> tuple[Words, Values]:
    """Return words with what they hold, bytes that were left alone as the pool has them."""
    words, values, kept = stores
    if kept is None or not kept.any():
        return words, values
    rest = _BITS[kept]
    return words, (values & ~rest) | (pool[words] & rest)


def kept_of(state: k.State, words: Words) -> Words:
    """Return a bit for each byte of some words that no store in a state's log wrote.

    Parameters
    ----------
    state : State
        Its log holds each of the words at least once, and no others.
    words : numpy.ndarray of int64
        Words of the pool, ascending.
    """
    number = int(state.information[k.INFO_LOG])
    kept = np.full(words.size, 15, dtype=np.int64)
    places = np.searchsorted(words, state.log_word[:number])
    np.bitwise_and.at(kept, places, state.log_time[:number] >> k.KEPT_BYTES)
    return kept


def in_order(state: k.State, ending: Ending) -> Words:
    """Return a unit's stores in order, from the log of its run, which holds the values before them.

    Returns
    -------
    numpy.ndarray of int64, [stores, 3]
        Warp instructions executed by then, word of the pool, value.
    """
    number = int(ending.information[k.INFO_LOG])
    stores = np.empty((number, 3), dtype=np.int64)
    stores[:, 0] = state.log_time[:number] & ((1 << k.KEPT_BYTES) - 1)
    stores[:, 1] = state.log_word[:number]
    later = dict(zip(ending.words.tolist(), ending.values.tolist(), strict=True))
    for entry in range(number - 1, -1, -1):
        word = int(stores[entry, 1])
        stores[entry, 2] = later[word]
        later[word] = int(state.log_before[entry])
    return stores

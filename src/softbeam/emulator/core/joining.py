"""Joining stores in order, jitted: of each byte that was stored, the last value stays."""

from __future__ import annotations

import numpy as np

from softbeam.jit import entry_point

#: Stands in a table for a word that was stored, besides a bit for each byte left alone; else 0.
STORED = 16


@entry_point
def lay_down(words, values, kept, first, laid, left):
    """Lay stores, in order, into tables of neighbouring words; return how many words are new.

    Parameters
    ----------
    words : int64[:]
        Words of the pool.
    values : uint32[:]
        What they hold.
    kept : int64[:]
        A bit for each byte that a store left alone; empty: every word was stored as a whole.
    first : int
        The word that the tables begin with.
    laid : uint32[:]
        By word what it holds; of bytes that no store wrote, 0.
    left : uint8[:]
        By word ``STORED`` and a bit for each byte that no store wrote; 0 where there is no store.
    """
    new = 0
    for number in range(words.size):
        place = words[number] - first
        if left[place] == 0:
            new += 1
            left[place] = STORED | 15
        if kept.size == 0:
            laid[place], left[place] = values[number], STORED
            continue
        alone = np.uint32(kept[number])
        # Each bit spreads over the byte that it stands for.
        spread = alone & np.uint32(1) | (alone & np.uint32(2)) << np.uint32(7)
        spread |= (alone & np.uint32(4)) << np.uint32(14) | (alone & np.uint32(8)) << np.uint32(21)
        old = spread * np.uint32(0xFF)
        laid[place] = (laid[place] & old) | (values[number] & ~old)
        left[place] &= np.uint8(STORED | alone)
    return new


@entry_point
def take_up(first, laid, left, eights, words, values, kept):
    """Write the stored words of :func:`lay_down`, ascending, with what they hold.

    Parameters
    ----------
    first, laid, left
        As of :func:`lay_down`.
    eights : uint64[:]
        The same bytes as `left`.
    words, values, kept : int64[:], uint32[:], int64[:]
        Are written; as many as there are stored words.
    """
    number = 0
    for group in range(eights.size):
        # Eight words without stores are passed over at once.
        if eights[group] == 0:
            continue
        for place in range(8 * group, 8 * group + 8):
            if left[place]:
                words[number] = first + place
                values[number], kept[number] = laid[place], left[place] & 15
                number += 1

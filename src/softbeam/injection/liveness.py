"""Which of some words something reads later, and which lie in some spans."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from softbeam.intervals import Range
from softbeam.network.liveness import Live, live_words
from softbeam.network.plan import Span

__all__ = ["Live", "any_live", "in_spans", "inside", "live_words"]


def inside(ranges: Iterable[Range], indexes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words lie in one of some ranges."""
    found = np.zeros(indexes.shape, dtype=np.bool_)
    for start, end in ranges:
        found |= (indexes >= start) & (indexes < end)
    return found


def any_live(live: Live, buffer: str, indexes: NDArray[np.int64]) -> bool:
    """Return whether something reads any of some words of a buffer."""
    return bool(inside(live.get(buffer, ()), indexes).any())


def in_spans(spans: Iterable[Span], indexes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words lie in one of some spans, all of one buffer."""
    return inside(((span.start, span.end) for span in spans), indexes)

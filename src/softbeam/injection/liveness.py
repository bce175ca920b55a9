"""Which words something reads later: a difference anywhere else is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softbeam.network.plan import Plan, Span

#: Words of a buffer: sorted ranges [start, end), none empty, none touching another.
Ranges: TypeAlias = tuple[tuple[int, int], ...]

#: By buffer, the words that something reads later.
Live: TypeAlias = Mapping[str, Ranges]


def live_words(plan: Plan) -> list[Live]:
    """Return for each launch which words of each buffer are read after it.

    Parameters
    ----------
    plan : Plan
        The network's plan; the output buffers are read at the end.

    Returns
    -------
    list of dict of str to tuple of (start, end)
        By number of the launch; a buffer that nothing reads any more is left out.
    """
    live: dict[str, Ranges] = {
        name: with_range((), 0, plan.buffers[name].words) for name in plan.outputs
    }
    after: list[Live] = []
    for launch in reversed(plan.launches):
        after.append(dict(live))
        for span in launch.writes:
            left = without_range(live.get(span.buffer, ()), span.start, span.end)
            if left:
                live[span.buffer] = left
            else:
                live.pop(span.buffer, None)
        for span in launch.reads:
            live[span.buffer] = with_range(live.get(span.buffer, ()), span.start, span.end)
    return after[::-1]


def with_range(ranges: Ranges, start: int, end: int) -> Ranges:
    """Return ranges and one more.

    Examples
    --------
    >>> with_range(((0, 2), (5, 6), (9, 12)), 2, 5)
    ((0, 6), (9, 12))
    """
    before = [one for one in ranges if one[1] < start]
    behind = [one for one in ranges if one[0] > end]
    joined = [one for one in ranges if start <= one[1] and one[0] <= end]
    first = min([start, *(one[0] for one in joined)])
    last = max([end, *(one[1] for one in joined)])
    return (*before, (first, last), *behind)


def without_range(ranges: Ranges, start: int, end: int) -> Ranges:
    """Return what is left of ranges without one.

    Examples
    --------
    >>> without_range(((0, 6), (9, 12)), 2, 10)
    ((0, 2), (10, 12))
    """
    pieces: list[tuple[int, int]] = []
    for first, last in ranges:
        pieces += [(first, min(last, start)), (max(first, end), last)]
    return tuple(piece for piece in pieces if piece[0] < piece[1])


def any_live(live: Live, buffer: str, indexes: NDArray[np.int64]) -> bool:
    """Return whether something reads any of some words of a buffer."""
    return any(
        bool(((indexes >= start) & (indexes < end)).any()) for start, end in live.get(buffer, ())
    )


def in_spans(spans: Iterable[Span], indexes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words lie in one of some spans, all of one buffer."""
    inside = np.zeros(indexes.shape, dtype=np.bool_)
    for span in spans:
        inside |= (indexes >= span.start) & (indexes < span.end)
    return inside

"""Which words something reads later: a difference anywhere else is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softbeam.intervals import Range, Ranges, merged, subtract
from softbeam.network.plan import Plan, Span

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
    live: dict[str, Ranges] = {name: ((0, plan.buffers[name].words),) for name in plan.outputs}
    after: list[Live] = []
    for launch in reversed(plan.launches):
        after.append(dict(live))
        for span in launch.writes:
            left = subtract(live.get(span.buffer, ()), [(span.start, span.end)])
            if left:
                live[span.buffer] = left
            else:
                live.pop(span.buffer, None)
        for span in launch.reads:
            live[span.buffer] = merged((*live.get(span.buffer, ()), (span.start, span.end)))
    return after[::-1]


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

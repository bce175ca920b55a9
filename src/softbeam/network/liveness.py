"""Which words something reads later: a difference anywhere else is dead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from softbeam.intervals import Ranges, merged, subtract
from softbeam.network.plan import Launch, Plan

#: By buffer, the words that something reads later.
Live: TypeAlias = Mapping[str, Ranges]


def live_words(plan: Plan) -> list[Live]:
    """Return for each launch which words of each buffer are read after it.

    Parameters
    ----------
    plan : Plan
        The network's plan; the output buffers are read at the end, and so is the report.

    Returns
    -------
    list of dict of str to tuple of (start, end)
        By number of the launch; a buffer that nothing reads any more is left out.
    """
    return live_at(plan)[1:]


def live_at(plan: Plan) -> list[Live]:
    """Return which words of each buffer are read later, before each launch and at the end.

    Returns
    -------
    list of dict of str to tuple of (start, end)
        One more than there are launches; otherwise as of :func:`live_words`.
    """
    live: dict[str, Ranges] = {name: ((0, plan.buffers[name].words),) for name in plan.read_at_end}
    found: list[Live] = [dict(live)]
    for launch in reversed(plan.launches):
        go_before(launch, live)
        found.append(dict(live))
    return found[::-1]


def go_before(launch: Launch, live: dict[str, Ranges]) -> None:
    """Make of what is read later than a launch what is read later before it, in place.

    Parameters
    ----------
    launch : Launch
        The launch.
    live : dict of str to tuple of (start, end)
        By buffer; one that nothing reads is left out.
    """
    for span in launch.writes:
        left = subtract(live.get(span.buffer, ()), [(span.start, span.end)])
        if left:
            live[span.buffer] = left
        else:
            live.pop(span.buffer, None)
    for span in launch.reads:
        live[span.buffer] = merged((*live.get(span.buffer, ()), (span.start, span.end)))

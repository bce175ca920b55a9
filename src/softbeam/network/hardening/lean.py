"""Launches that inference does not need: all of whose words nothing reads."""

from __future__ import annotations

from softbeam.intervals import Ranges, merged, subtract
from softbeam.network.plan import Launch, Plan


def needed(plan: Plan) -> tuple[Launch, ...]:
    """Return the launches of a plan without those that nothing depends on.

    Darknet clears and copies buffers that only its training reads.  A launch is left out if no word
    that it writes is read by a launch behind it that stays, or at the end.  So every launch that
    stays reads the words that it read before, from the launches that wrote them before, and the
    answer is the same bit for bit.  Going from the end to the beginning finds at once what leaving
    out again and again would find: whether a launch stays depends on later ones alone.  A fill
    before a product that adds to C is read by the product, and stays.

    Parameters
    ----------
    plan : Plan
        The network's plan.

    Returns
    -------
    tuple of Launch
        With their numbers in the plan.
    """
    live: dict[str, Ranges] = {name: ((0, plan.buffers[name].words),) for name in plan.read_at_end}
    kept = []
    for launch in reversed(plan.launches):
        spans = [(span.buffer, (span.start, span.end)) for span in launch.writes]
        if all(_unread(live.get(buffer, ()), part) for buffer, part in spans):
            continue
        kept.append(launch)
        for buffer, part in spans:
            live[buffer] = subtract(live.get(buffer, ()), [part])
        for span in launch.reads:
            live[span.buffer] = merged((*live.get(span.buffer, ()), (span.start, span.end)))
    return tuple(reversed(kept))


def _unread(live: Ranges, part: tuple[int, int]) -> bool:
    """Return whether no word of a part is among those that something reads."""
    return all(end <= part[0] or part[1] <= start for start, end in live)

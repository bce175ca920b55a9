"""Launches that inference does not need: all of whose words nothing reads."""

from __future__ import annotations

from softbeam.intervals import Ranges
from softbeam.network.liveness import go_before
from softbeam.network.plan import Launch, Plan, Span


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
        if all(_unread(live.get(span.buffer, ()), span) for span in launch.writes):
            continue
        kept.append(launch)
        go_before(launch, live)
    return tuple(reversed(kept))


def _unread(live: Ranges, part: Span) -> bool:
    """Return whether no word of a part is among those that something reads."""
    return all(end <= part.start or part.end <= start for start, end in live)

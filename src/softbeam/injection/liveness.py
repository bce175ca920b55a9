"""Which words something reads later: a difference anywhere else is dead."""

from __future__ import annotations

from softbeam.network.plan import Plan


def live_words(plan: Plan) -> list[dict[str, int]]:
    """Return for each launch how many first words of each buffer are read after it.

    Parameters
    ----------
    plan : Plan
        The network's plan; the output buffer is read at the end.

    Returns
    -------
    list of dict of str to int
        By number of the launch; a buffer that nothing reads any more is left out.
    """
    live = {plan.output: plan.buffers[plan.output].words}
    after: list[dict[str, int]] = []
    for launch in reversed(plan.launches):
        after.append(dict(live))
        for span in launch.writes:
            if live.get(span.buffer, 0) <= span.words:
                live.pop(span.buffer, None)
        for span in launch.reads:
            live[span.buffer] = max(live.get(span.buffer, 0), span.words)
    return after[::-1]

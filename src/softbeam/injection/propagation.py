"""Carry a change through the rest of a network, no further than it reaches.

How it travels through one launch is in :mod:`softbeam.injection.regions`; here is which launches it
travels through, and where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import BufferChange, Words, difference
from softbeam.injection.liveness import Live, any_live
from softbeam.injection.regions import RULES, NotCoveredError, RegionRule, Step, whole_launch
from softbeam.injection.reports import NOTHING, report
from softbeam.network.golden import GoldenRun
from softbeam.network.plan import Launch


@dataclass(frozen=True, slots=True)
class Propagation:
    """What became of an error.

    Attributes
    ----------
    output : numpy.ndarray of uint32
        The network's answer, as :attr:`GoldenRun.answer`.
    executed : int
        Launches that had to be computed, in part or as a whole.
    report : numpy.ndarray of uint32, [2]
        What a hardened network's checks report, as of :func:`softbeam.injection.reports.report`.
    """

    output: NDArray[np.uint32]
    executed: int
    report: NDArray[np.uint32] = field(default_factory=NOTHING.copy)


def propagate(
    golden: GoldenRun,
    live: list[Live],
    launch: int,
    changed: Mapping[str, tuple[NDArray[np.int64], NDArray[np.uint32]]],
    rules: Mapping[str, RegionRule] = RULES,
) -> Propagation:
    """Put changed words into the golden memory after a launch and compute what follows from them.

    A launch that reads no changed word leaves the golden ones.  A change in words that nothing
    reads any more is forgotten; when none is left the output is the golden one.

    Parameters
    ----------
    golden : GoldenRun
        The fault-free run; not changed.
    live : list of dict
        :func:`softbeam.injection.liveness.live_words` of its plan.
    launch : int
        The launch behind which the words differ; -1: before the first.
    changed : mapping of str to (indexes, values)
        Words that differ after it.
    rules : mapping of str to RegionRule
        By kernel; a launch without one is computed as a whole.  With none at all the result is the
        same, later.
    """
    plan = golden.plan
    changes: dict[str, BufferChange] = {
        buffer: Words(indexes, values)
        for buffer, (indexes, values) in changed.items()
        if indexes.size
    }
    if launch >= 0:
        _forget(changes, live[launch])
    executed = 0
    for later in plan.launches[launch + 1 :]:
        if not changes:
            break
        executed += advance(golden, live[later.index], later, changes, rules)
    return Propagation(answer(golden, changes), executed, report(golden, changes))


def advance(
    golden: GoldenRun,
    live: Live,
    launch: Launch,
    changes: dict[str, BufferChange],
    rules: Mapping[str, RegionRule] = RULES,
    *,
    forgets: bool = True,
) -> bool:
    """Carry changes through one launch, in place; return whether it had to be computed.

    Parameters
    ----------
    golden, rules
        As in :func:`propagate`.
    live : mapping of str to tuple of (start, end)
        Which words of each buffer something reads after the launch.
    launch : Launch
        The launch.
    changes : dict of str to BufferChange
        By buffer what differs before it, and afterwards what differs after it.
    forgets : bool
        Whether what nothing reads any more is left out then.
    """
    if golden.touched[launch.index].isdisjoint(changes):
        return False
    reads = any(span.buffer in changes for span in launch.reads)
    computed = reads and any(span.buffer in live for span in launch.writes)
    if computed:
        for buffer, change in _compute(Step(golden, launch, changes, live), rules).items():
            if change is None:
                changes.pop(buffer, None)
            else:
                changes[buffer] = change
    else:
        _overwrite(golden, launch, changes)
    if forgets:
        _forget(changes, live)
    return computed


def answer(golden: GoldenRun, changes: Mapping[str, BufferChange]) -> NDArray[np.uint32]:
    """Return the network's answer with what differs at its end."""
    parts = []
    for name in golden.plan.outputs:
        output = golden.view(name, len(golden.plan.launches))
        if name in changes:
            output = output.copy()
            changes[name].put(output)
        parts.append(output)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _compute(step: Step, rules: Mapping[str, RegionRule]) -> dict[str, BufferChange | None]:
    rule = rules.get(step.launch.kernel)
    if rule is not None:
        try:
            return rule(step)
        except NotCoveredError:
            pass
    return whole_launch(step)


def _overwrite(golden: GoldenRun, launch: Launch, changes: dict[str, BufferChange]) -> None:
    """Forget the words that a launch writes from golden ones."""
    for buffer in dict.fromkeys(span.buffer for span in launch.writes):
        spans = [span for span in launch.writes if span.buffer == buffer]
        change = changes.pop(buffer, None)
        if change is None or any(span.start == 0 and change.within(span.words) for span in spans):
            continue
        contents = golden.view(buffer, launch.index).copy()
        change.put(contents)
        after = golden.view(buffer, launch.index + 1)
        for span in spans:
            contents[span.start : span.end] = after[span.start : span.end]
        left = difference(contents, after)
        if left is not None:
            changes[buffer] = left


def _forget(changes: dict[str, BufferChange], live: Live) -> None:
    """Drop the changes of buffers that nothing reads any more."""
    for buffer in list(changes):
        change = changes[buffer]
        if buffer not in live or (
            isinstance(change, Words) and not any_live(live, buffer, change.indexes)
        ):
            del changes[buffer]

"""Carry a change through the rest of a network, no further than it reaches.

How it travels through one launch is :mod:`softbeam.injection.regions`'; here is which launches it
travels through, and where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import Change, Words, difference
from softbeam.injection.regions import RULES, NotCoveredError, Rule, Step, whole_launch
from softbeam.network.golden import GoldenRun
from softbeam.network.plan import Launch


@dataclass(frozen=True, slots=True)
class Propagation:
    """What became of an error.

    Attributes
    ----------
    output : numpy.ndarray of uint32
        The network's output.
    executed : int
        Launches that had to be computed, in part or as a whole.
    """

    output: NDArray[np.uint32]
    executed: int


def propagate(
    golden: GoldenRun,
    live: list[dict[str, int]],
    launch: int,
    changed: Mapping[str, tuple[NDArray[np.int64], NDArray[np.uint32]]],
    rules: Mapping[str, Rule] = RULES,
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
        The struck launch.
    changed : mapping of str to (indexes, values)
        Words that differ after it.
    rules : mapping of str to Rule
        By kernel; a launch without one is computed as a whole.  With none at all the result is the
        same, later.
    """
    plan = golden.plan
    changes: dict[str, Change] = {
        buffer: Words(indexes, values)
        for buffer, (indexes, values) in changed.items()
        if indexes.size
    }
    _forget(changes, live[launch])
    executed = 0
    for later in plan.launches[launch + 1 :]:
        if not changes:
            break
        if golden.touched[later.index].isdisjoint(changes):
            continue
        reads = any(span.buffer in changes for span in later.reads)
        if reads and any(span.buffer in live[later.index] for span in later.writes):
            step = Step(golden, later, changes, live[later.index])
            for buffer, change in _compute(step, rules).items():
                if change is None:
                    changes.pop(buffer, None)
                else:
                    changes[buffer] = change
            executed += 1
        else:
            _overwrite(golden, later, changes)
        _forget(changes, live[later.index])
    output = golden.view(plan.output, len(plan.launches))
    if plan.output in changes:
        output = output.copy()
        changes[plan.output].put(output)
    return Propagation(output, executed)


def _compute(step: Step, rules: Mapping[str, Rule]) -> dict[str, Change | None]:
    rule = rules.get(step.launch.kernel)
    written = all(
        step.changes[span.buffer].within(span.words)
        for span in step.launch.writes
        if span.buffer in step.changes
    )
    if rule is not None and written:
        try:
            return rule(step)
        except NotCoveredError:
            pass
    return whole_launch(step)


def _overwrite(golden: GoldenRun, launch: Launch, changes: dict[str, Change]) -> None:
    """Forget the words that a launch writes from golden ones."""
    for span in launch.writes:
        change = changes.pop(span.buffer, None)
        if change is not None and not change.within(span.words):
            contents = golden.view(span.buffer, launch.index).copy()
            change.put(contents)
            after = golden.view(span.buffer, launch.index + 1)
            contents[: span.words] = after[: span.words]
            left = difference(contents, after)
            if left is not None:
                changes[span.buffer] = left


def _forget(changes: dict[str, Change], live: Mapping[str, int]) -> None:
    """Drop the changes of buffers that nothing reads any more."""
    for buffer in list(changes):
        change, count = changes[buffer], live.get(buffer, 0)
        if count == 0 or (isinstance(change, Words) and change.indexes.min() >= count):
            del changes[buffer]

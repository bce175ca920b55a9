"""Run the rest of a network natively from changed words, no further than the change reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.network.golden import GoldenRun, execute
from softbeam.network.plan import Launch

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Propagation:
    """What became of an error.

    Attributes
    ----------
    output : numpy.ndarray of uint32
        The network's output.
    executed : int
        Launches that had to be run.
    """

    output: Words
    executed: int


def propagate(
    golden: GoldenRun,
    live: list[dict[str, int]],
    launch: int,
    changed: Mapping[str, tuple[NDArray[np.int64], Words]],
) -> Propagation:
    """Put changed words into the golden memory after a launch and run what follows.

    A launch that reads no changed buffer and writes none is skipped, for it computes the golden
    words; a buffer whose words equal the golden ones again, or that nothing reads any more, is
    forgotten; when none is left the output is the golden one.

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
    """
    plan = golden.plan
    wrong: dict[str, Words] = {}
    for buffer, (indexes, values) in changed.items():
        if indexes.size and indexes.min() < live[launch].get(buffer, 0):
            words = golden.view(buffer, launch + 1).copy()
            words[indexes] = values
            wrong[buffer] = words
    executed = 0
    for later in plan.launches[launch + 1 :]:
        if not wrong:
            break
        if wrong.keys() & {span.buffer for span in later.reads}:
            _run(golden, later, wrong)
            executed += 1
        else:
            for span in later.writes:
                if span.buffer in wrong:
                    after = golden.view(span.buffer, later.index + 1)
                    wrong[span.buffer][: span.words] = after[: span.words]
        _forget(golden, later.index, live, wrong)
    return Propagation(
        wrong.get(plan.output, golden.view(plan.output, len(plan.launches))), executed
    )


def _run(golden: GoldenRun, launch: Launch, wrong: dict[str, Words]) -> None:
    """Compute one launch from changed buffers; its outputs become changed buffers."""
    views = {}
    for span in launch.reads:
        views[span.buffer] = wrong.get(span.buffer, golden.view(span.buffer, launch.index))
    for span in launch.writes:
        if span.buffer not in wrong:
            wrong[span.buffer] = golden.view(span.buffer, launch.index).copy()
        views[span.buffer] = wrong[span.buffer]
    execute(launch, views)


def _forget(
    golden: GoldenRun, launch: int, live: list[dict[str, int]], wrong: dict[str, Words]
) -> None:
    """Drop buffers that hold the golden words again, as far as anything reads them."""
    for buffer in list(wrong):
        count = live[launch].get(buffer, 0)
        if np.array_equal(wrong[buffer][:count], golden.view(buffer, launch + 1)[:count]):
            del wrong[buffer]

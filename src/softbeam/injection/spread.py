"""How an error spreads, layer by layer: every launch computed as a whole, every layer compared.

The plain way, for one injection that is to be explained; a campaign's way, which computes no more
than the change reaches, is in :mod:`softbeam.injection.propagation`.  Both must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.programs import ProgramPropagation
from softbeam.injection.reports import NOTHING
from softbeam.network.buffers import output_buffers
from softbeam.network.golden import GoldenRun, execute
from softbeam.program.planning import ProgramPlan


@dataclass(frozen=True, slots=True)
class LayerSpread:
    """What is wrong behind one layer.

    Attributes
    ----------
    layer : int
        Darknet's number of the layer.
    wrong, values : int
        How many values of its output differ from the golden ones in any bit, and how many it has.
    largest_relative : float
        Largest difference divided by the golden value's size; infinite where that is zero or the
        value is not finite; 0 where none differs.
    faulty, golden : numpy.ndarray of float32
        The output, with the fault and without.
    """

    layer: int
    wrong: int
    values: int
    largest_relative: float
    faulty: NDArray[np.float32]
    golden: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spread:
    """The layers from the struck one on, the network's answer as bits, and what it reports."""

    layers: tuple[LayerSpread, ...]
    output: NDArray[np.uint32]
    report: NDArray[np.uint32]


def spread(
    golden: GoldenRun,
    launch: int,
    changed: Mapping[str, tuple[NDArray[np.int64], NDArray[np.uint32]]],
) -> Spread:
    """Run everything behind a launch from changed words and compare layer by layer.

    Parameters
    ----------
    golden : GoldenRun
        The fault-free run; not changed.
    launch : int
        The launch behind which the words differ; -1: before the first.
    changed : mapping of str to (indexes, values)
        Words that differ after it.
    """
    plan = golden.plan
    wrong: dict[str, NDArray[np.uint32]] = {}
    for buffer, (indexes, values) in changed.items():
        contents = golden.view(buffer, launch + 1).copy()
        contents[indexes] = values
        wrong[buffer] = contents
    layers: list[LayerSpread] = []
    for here in plan.launches[max(launch, 0) :]:
        if here.index > launch and wrong:
            _step(golden, here.index, wrong)
        layers.extend(behind_layer(golden, here.index, wrong))
    end = len(plan.launches)
    answer = [wrong.get(name, golden.view(name, end)) for name in plan.outputs]
    return Spread(tuple(layers), np.concatenate(answer), wrong.get(plan.report, NOTHING))


def behind_layer(
    golden: GoldenRun, number: int, wrong: Mapping[str, NDArray[np.uint32]]
) -> Iterator[LayerSpread]:
    """Yield what is wrong behind a layer, if a launch is its last.

    Parameters
    ----------
    golden : GoldenRun
        The fault-free run.
    number : int
        The launch.
    wrong : mapping of str to numpy.ndarray of uint32
        After it, the contents of the buffers that differ.
    """
    plan = golden.plan
    layer, after = plan.launches[number].layer, number + 1
    if after == len(plan.launches) or plan.launches[after].layer != layer:
        numbers = [one.index for one in plan.layers]
        buffer = output_buffers(plan.layers)[numbers.index(layer)]
        yield _compare(golden, layer, buffer, after, wrong)


def _step(golden: GoldenRun, number: int, wrong: dict[str, NDArray[np.uint32]]) -> None:
    """Compute one launch where it touches a wrong buffer; forget buffers that are golden again."""
    launch = golden.plan.launches[number]
    touched = {span.buffer for span in (*launch.reads, *launch.writes)}
    if not touched & wrong.keys():
        return
    views = {}
    for span in launch.reads:
        views[span.buffer] = wrong.get(span.buffer, golden.view(span.buffer, number))
    for span in launch.writes:
        if span.buffer not in wrong:
            wrong[span.buffer] = golden.view(span.buffer, number).copy()
        views[span.buffer] = wrong[span.buffer]
    execute(launch, views)
    for buffer in dict.fromkeys(span.buffer for span in launch.writes):
        if np.array_equal(wrong[buffer], golden.view(buffer, number + 1)):
            del wrong[buffer]


def _compare(
    golden: GoldenRun, layer: int, buffer: str, after: int, wrong: Mapping[str, NDArray[np.uint32]]
) -> LayerSpread:
    right = golden.view(buffer, after)
    found = wrong.get(buffer, right)
    differs = right != found
    expected, got = right.view(np.float32), found.view(np.float32)
    largest = 0.0
    if differs.any():
        with np.errstate(all="ignore"):
            old, new = expected[differs].astype(np.float64), got[differs].astype(np.float64)
            relative = np.abs(new - old) / np.abs(old)
        # A zero that lost its sign differs by nothing of nothing.
        relative[(old == 0.0) & (new == 0.0)] = 0.0
        largest = float(np.where(np.isnan(relative), np.inf, relative).max())
    return LayerSpread(layer, int(differs.sum()), right.size, largest, got.copy(), expected.copy())


def program_spread(
    propagation: ProgramPropagation,
    plan: ProgramPlan,
    golden: GoldenRun,
    launch: int,
    changed: Mapping[str, tuple[NDArray[np.int64], NDArray[np.uint32]]],
) -> tuple[Spread, str]:
    """Run what follows from changed words of a program, and compare step by step.

    Parameters
    ----------
    propagation : ProgramPropagation
        Runs it.
    plan : ProgramPlan
        The program's plan.
    golden : GoldenRun
        Its fault-free run.
    launch, changed
        As of :func:`spread`.

    Returns
    -------
    Spread
        A stage stands once for each time that its steps follow one another; its values are the
        words that its last step writes.
    str
        How the program ended, empty if it came to its end.
    """
    found: list[LayerSpread] = []

    def watch(number: int, words: NDArray[np.int64], values: NDArray[np.uint32]) -> None:
        step, after = plan.launches[max(number, 0)], number + 1
        if number < 0 or (after < len(plan.launches) and plan.launches[after].layer == step.layer):
            return
        for buffer in dict.fromkeys(span.buffer for span in step.writes):
            right = golden.view(buffer, after)
            wrong = right.copy()
            first = plan.first_word(buffer)
            inside = (words >= first) & (words < first + right.size)
            wrong[words[inside] - first] = values[inside]
            found.append(_compare(golden, step.layer, buffer, after, {buffer: wrong}))

    ended = propagation.run(launch, changed, watch)
    return Spread(tuple(found), ended.output, NOTHING), ended.ending

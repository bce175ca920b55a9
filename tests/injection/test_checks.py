"""What a check leaves of a change, by its rule, is what the whole launch leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.checked import checked

from softbeam.injection.changes import BufferChange, Words
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.injection.regions import RULES, NotCoveredError, Step, whole_launch
from softbeam.network.choices import WorkloadChoices
from softbeam.network.darknet.cfg import parse_cfg
from softbeam.network.golden import GoldenRun, execute, golden_run
from softbeam.network.hardening.checksum import CHECKS, REPORT
from softbeam.network.layers import trained_buffers
from softbeam.network.plan import Launch
from softbeam.network.planner import make_plan

NET = "[net]\nheight={}\nwidth={}\nchannels=3\n"
CONVOLUTION = "[convolutional]\nfilters={}\nsize={}\nstride={}\npad=1\nactivation={}\n"

#: Windows that overlap, that leave pixels out, with gaps; groups, columns that lanes share, one
#: column.
NETWORKS = {
    "windows": NET.format(13, 11)
    + CONVOLUTION.format(8, 7, 2, "leaky")
    + CONVOLUTION.format(5, 1, 1, "relu")
    + CONVOLUTION.format(33, 3, 1, "leaky")
    + CONVOLUTION.format(40, 3, 3, "linear")
    + "[connected]\noutput=9\nactivation=leaky\n[softmax]\n",
    "groups": NET.format(8, 9)
    + CONVOLUTION.format(6, 3, 1, "leaky") + "groups=3\n"
    + CONVOLUTION.format(70, 3, 1, "leaky") + "groups=2\n"
    + CONVOLUTION.format(9, 1, 1, "linear")
    + "[avgpool]\n[softmax]\n",
}  # fmt: skip


@cache
def example(name: str, im2col: str = "always") -> GoldenRun:
    """Return a golden run of a checked network, which answers with its report too."""
    layers = parse_cfg(NETWORKS[name], name)
    plan = make_plan(name, layers, WorkloadChoices(im2col=im2col))
    rng = np.random.default_rng(3)
    weights = {
        buffer: rng.normal(0, 0.3, words).astype(np.float32)
        for buffer, words in trained_buffers(layers).items()
    }
    plan, weights = checked(plan, weights)
    plan = replace(plan, outputs=(*plan.outputs, REPORT))
    return golden_run(plan, weights, rng.random(layers[0].inputs).astype(np.float32))


def checks(golden: GoldenRun) -> list[Launch]:
    """Return the launches of checks."""
    return [launch for launch in golden.plan.launches if launch.kernel in CHECKS]


def random_words(rng: np.random.Generator, contents: np.ndarray) -> Words:
    """Change some words of a buffer: a bit, or anything."""
    count = min(int(rng.choice([1, 1, 2, 9, 60])), contents.size)
    indexes = np.sort(rng.choice(contents.size, count, replace=False))
    values = contents[indexes] ^ (np.uint32(1) << rng.integers(0, 32, count).astype(np.uint32))
    if rng.random() < 0.2:
        values = rng.integers(0, 2**32, count, dtype=np.uint32)
    return Words(indexes.astype(np.int64), values)


def applied(golden: GoldenRun, launch: Launch, buffer: str, change: BufferChange | None):  # type: ignore[no-untyped-def]
    """Return what a buffer holds behind a launch with a change."""
    words = golden.view(buffer, launch.index + 1).copy()
    if change is not None:
        change.put(words)
    return words


def test_a_network_without_fault_corrects_nothing() -> None:
    for name in NETWORKS:
        golden = example(name)
        assert len(checks(golden)) == sum(one.product is not None for one in golden.plan.launches)
        for launch in checks(golden):
            for span in launch.writes:
                before, after = (
                    golden.part(span.buffer, launch.index + later, span.start, span.words)
                    for later in (0, 1)
                )
                assert np.array_equal(before, after)
        assert golden.view(REPORT, len(golden.plan.launches)).tolist() == [0, 0]


@pytest.mark.parametrize("im2col", ["always", "except-1x1"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_rule_gives_what_the_whole_launch_gives(name: str, im2col: str) -> None:
    golden = example(name, im2col)
    rng = np.random.default_rng(5)
    live = live_words(golden.plan)
    seen: Counter[str] = Counter()
    for _ in range(120):
        for launch in checks(golden):
            c, source = launch.writes[0].buffer, launch.reads[1].buffer
            buffers = {
                "C": [c],
                "B": [source],
                "both": [c, source],
                "report": [c, REPORT],
            }[str(rng.choice(["C", "B", "both", "report"]))]
            changes = {one: random_words(rng, golden.view(one, launch.index)) for one in buffers}
            step = Step(golden, launch, changes, live[launch.index])
            whole = whole_launch(step)
            try:
                found = RULES[launch.kernel](step)
            except NotCoveredError:
                seen["not covered"] += 1
                continue
            assert found.keys() == whole.keys()
            for buffer in whole:
                assert np.array_equal(
                    applied(golden, launch, buffer, found[buffer]),
                    applied(golden, launch, buffer, whole[buffer]),
                ), (launch.index, buffer)
            counted = applied(golden, launch, REPORT, found[REPORT])[1]
            seen["corrected" if counted else "left"] += 1
    # The test tests something: some changes are corrected, some too small, nearly all covered.
    assert seen["corrected"] > 100
    assert seen["left"] > 50
    assert seen["not covered"] < 0.05 * seen.total(), seen


def whole_rest(golden: GoldenRun, launch: int, changes: dict[str, Words]) -> np.ndarray:
    """Return the answer and the report after every launch behind one on the whole memory."""
    plan = golden.plan
    memory = {name: golden.view(name, launch + 1).copy() for name in plan.buffers}
    for buffer, change in changes.items():
        change.put(memory[buffer])
    for later in plan.launches[launch + 1 :]:
        execute(later, memory)
    return np.concatenate([memory[name] for name in plan.outputs])


@pytest.mark.parametrize("name", NETWORKS)
def test_changes_anywhere(name: str) -> None:
    """Weights, what the check knows of them, the report and im2col's matrix may change too."""
    golden = example(name)
    live = live_words(golden.plan)
    rng = np.random.default_rng(6)
    for _ in range(150):
        number = int(rng.integers(len(golden.plan.launches)))
        used = {span.buffer for one in golden.plan.launches[number:] for span in one.reads}
        buffers = rng.choice(sorted(used), min(len(used), int(rng.integers(1, 4))), replace=False)
        changes = {str(one): random_words(rng, golden.view(one, number + 1)) for one in buffers}
        given = {buffer: (one.indexes, one.values) for buffer, one in changes.items()}
        found = propagate(golden, live, number, given)
        assert np.array_equal(found.output, whole_rest(golden, number, changes)), (number, buffers)


def test_a_fault_in_im2col_is_corrected() -> None:
    """A convolution is checked as a whole: against its image, not against im2col's matrix."""
    golden = example("windows")
    live = live_words(golden.plan)
    laid = [one for one in golden.plan.launches if one.kernel == "im2col"]
    assert laid
    for launch in laid:
        (target,) = launch.writes
        contents = golden.view(target.buffer, launch.index + 1)
        # The largest word becomes zero: what its rows of weights make of it is missing then.
        index = int(np.argmax(contents.view(np.float32)[: target.words]))
        change = {target.buffer: (np.array([index]), np.zeros(1, np.uint32))}
        found = propagate(golden, live, launch.index, change).output
        assert found[-1] == 1
        assert np.array_equal(found[:-1], golden.answer[:-1])

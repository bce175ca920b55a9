"""Propagation by regions equals running the whole rest of the network, bit for bit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.hardened import hardened_plan

from softbeam.injection import propagation
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.kernels.functions import Function, Operation, Reduction
from softbeam.network import layers as kinds
from softbeam.network.choices import WorkloadChoices
from softbeam.network.darknet.cfg import parse_cfg
from softbeam.network.golden import GoldenRun, execute, golden_run
from softbeam.network.layers import (
    OWN,
    Activation,
    Convolution,
    Layer,
    Piece,
    Window,
    trained_buffers,
)
from softbeam.network.plan import Plan
from softbeam.network.planner import make_plan

NET = "[net]\nheight={}\nwidth={}\nchannels=3\n"
CONVOLUTION = "[convolutional]\nfilters={}\nsize={}\nstride={}\npad=1\nactivation={}\n"
NORM = "batch_normalize=1\n"

#: Every kernel, odd shapes, windows that overlap and that leave pixels out, filters beyond a panel.
NETWORKS = {
    "deep": NET.format(13, 11)
    + CONVOLUTION.format(8, 3, 1, "leaky") + NORM
    + "[maxpool]\nsize=2\nstride=2\n"
    + CONVOLUTION.format(5, 1, 1, "relu")
    + CONVOLUTION.format(33, 3, 1, "leaky") + NORM
    + "[dropout]\nprobability=.5\n"
    + CONVOLUTION.format(7, 3, 2, "linear") + NORM
    + "[avgpool]\n[softmax]\ngroups=1\n",
    "wide": NET.format(12, 23)
    + CONVOLUTION.format(6, 7, 2, "leaky") + NORM
    + "[maxpool]\nsize=3\nstride=1\n"
    + CONVOLUTION.format(9, 5, 3, "logistic") + NORM
    + CONVOLUTION.format(4, 1, 1, "leaky")
    + "[maxpool]\nsize=1\nstride=2\n"
    + CONVOLUTION.format(6, 1, 1, "linear")
    + "[avgpool]\n[softmax]\ngroups=1\ntemperature=2\n",
    "joined": NET.format(8, 6)
    + CONVOLUTION.format(6, 3, 1, "mish") + NORM
    + CONVOLUTION.format(6, 3, 1, "leaky") + "groups=3\n" + NORM
    + "[shortcut]\nfrom=-2\nactivation=relu\nbeta=.5\n"
    + CONVOLUTION.format(4, 3, 2, "linear") + NORM
    + "[upsample]\nstride=2\n"
    + "[shortcut]\nfrom=-3\nactivation=linear\n"
    + "[route]\nlayers=-1,-4,-2\n"
    + CONVOLUTION.format(21, 1, 1, "leaky") + "groups=7\n"
    + "[yolo]\nclasses=2\nnum=3\nmask=0,1,2\nanchors=1,2, 3,4, 5,6\n"
    + "[connected]\noutput=9\nbatch_normalize=1\nactivation=leaky\n"
    + "[softmax]\ngroups=3\n",
    # Here the groups of a convolution are one launch, as in models from ONNX.
    "grouped": NET.format(9, 10)
    + CONVOLUTION.format(6, 3, 1, "leaky") + "groups=3\n" + NORM
    + CONVOLUTION.format(12, 3, 2, "relu") + "groups=6\n" + NORM
    + CONVOLUTION.format(8, 1, 1, "leaky") + "groups=2\n"
    + "[local]\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    + "[local]\nfilters=6\nsize=2\nstride=1\npad=0\nactivation=linear\n"
    + "[avgpool]\n[softmax]\n",
    # AlexeyAB's dialect.
    "dialect": NET.format(8, 10)
    + CONVOLUTION.format(6, 3, 1, "swish") + NORM
    + CONVOLUTION.format(6, 5, 1, "leaky") + NORM + "groups=6\ndilation=2\n"
    + "[avgpool]\n"
    + CONVOLUTION.format(6, 1, 1, "logistic")
    + "[scale_channels]\nfrom=-3\n"
    + CONVOLUTION.format(8, 3, 1, "hard_mish") + NORM
    + CONVOLUTION.format(6, 3, 1, "linear") + NORM
    + "[shortcut]\nfrom=-2,-3\nweights_type=per_channel\nweights_normalization=softmax\n"
    + "[shortcut]\nfrom=0\nactivation=relu\n"
    + CONVOLUTION.format(1, 3, 1, "relu6")
    + "[scale_channels]\nfrom=-2\nscale_wh=1\n"
    + CONVOLUTION.format(6, 1, 1, "logistic")
    + "[sam]\nfrom=-2\n"
    + CONVOLUTION.format(6, 3, 2, "mish") + NORM + "antialiasing=1\n[maxpool]\nsize=1\n"
    + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
    + CONVOLUTION.format(14, 1, 1, "linear")
    + "[yolo]\nclasses=2\nnum=2\nscale_x_y=1.1\nanchors=1,2, 3,4\n",
    # Sums whose changed columns are not pixels, before weights of channels.
    "sums": NET.format(5, 6)
    + CONVOLUTION.format(4, 3, 1, "relu6") + NORM
    + "[shortcut]\nfrom=-1\n"
    + "[shortcut]\nfrom=-2,-2\nactivation=swish\n"
    + "[shortcut]\nfrom=-1,-2\nweights_type=per_channel\nweights_normalization=relu\n"
    + CONVOLUTION.format(8, 1, 1, "leaky")
    + "[shortcut]\nfrom=-2\nweights_type=per_feature\nweights_normalization=relu\n"
    + "[avgpool]\n",
    "tensors": "",
    "tokens": "",
}  # fmt: skip


def _tensors() -> tuple[Layer, ...]:
    """Return all ways in which broadcast's rule reads its operands, and windows of any sides."""
    window = Window((1, 3), (2, 1), (1, 2), (0, 2), (5, 8))
    gaps = Window((3, 2), (1, 2), (2, 1), (2, 0), (5, 4))
    most = Window((3, 2), (2, 1), (1, 2), (1, 2), (3, 5))
    mean = Window((2, 3), (1, 2), (2, 1), (2, 1), (4, 3))
    wide, fewer = (6, 5, 8), (4, 5, 4)
    linear, add, multiply = Activation.LINEAR, Operation.ADD, Operation.MULTIPLY
    rows, columns, one = (6, 40), (4, 20), (240,)
    dense, lines = (40, 1), (20, 1)
    return (
        kinds.Convolution(0, (3, 9, 8), 6, 3, 1, 1, True, Activation.LEAKY, window=window),
        kinds.Elementwise(1, wide, wide, Function.SIGMOID),
        kinds.Broadcast(2, wide, wide, multiply, (0, 1), (240, 240), one, ((1,), (1,))),
        kinds.Reduce(3, wide, (6, 1, 1), Reduction.MEAN, 40, 1),
        kinds.Broadcast(4, (6, 1, 1), wide, multiply, (3, 2), (6, 240), rows, ((1, 0), dense)),
        kinds.Broadcast(5, wide, wide, Operation.DIVIDE, (4, OWN), (240, 1), one, ((1,), (0,))),
        kinds.Convolution(6, wide, 4, 3, 1, 1, False, linear, groups=2, batched=True, window=gaps),
        kinds.Reduce(7, fewer, (20, 1, 1), Reduction.LARGEST, 4, 20),
        kinds.Broadcast(
            8, fewer, fewer, Operation.SUBTRACT, (6, 7), (80, 20), columns, (lines, (0, 1)), takes=6
        ),
        kinds.Broadcast(9, fewer, fewer, add, (8, OWN), (80, 4), columns, (lines, (1, 0))),
        kinds.Broadcast(
            10, fewer, fewer, add, (OWN, 9), (16, 80), (4, 5, 4), ((4, 0, 1), (20, 4, 1))
        ),
        kinds.WindowPool(11, fewer, False, most),
        kinds.WindowPool(12, (4, 3, 5), True, mean, (0, 0), (3, 6)),
        kinds.Connected(13, (4, 4, 3), 6, False, Activation.RECTIFIER),
        kinds.Softmax(14, (6, 1, 1)),
    )


def _tokens() -> tuple[Layer, ...]:
    """Return what a transformer does with its tokens, each a row, so that rows change."""
    rows, turned, wide, linear = (12, 1, 8), (8, 1, 12), (8, 1, 14), Activation.LINEAR
    over = (Piece(1, (8, 12), 0, (1, 8), 0, (12, 1)),)
    # Rows of 12 words in rows of 14, two of them filled.
    spread = (Piece(3, (8, 12), 0, (12, 1), 1, (14, 1)),)
    joined = tuple(Piece(one, (8, 7), start, (14, 1), to, (14, 1))
                   for one, start, to in ((6, 7, 0), (7, 3, 7)))  # fmt: skip
    return (
        kinds.Elementwise(0, rows, rows, Function.SIGMOID),
        kinds.Standardize(1, rows, rows, 12, 8, (12, 8), (0, 1), 8),
        kinds.Move(2, rows, turned, over),
        kinds.AxisSoftmax(3, turned, turned, 12, 1),
        kinds.Reduce(4, turned, (8, 1, 1), Reduction.LARGEST, 12, 1),
        kinds.Move(5, turned, wide, spread, 0.5),
        kinds.AxisSoftmax(6, wide, wide, 8, 14),
        kinds.Broadcast(7, wide, wide, Operation.ADD, (6, 4), (112, 8), (8, 14), ((14, 1), (1, 0))),
        kinds.Move(8, wide, wide, joined),
        kinds.Connected(9, wide, 6, False, linear),
        kinds.Softmax(10, (6, 1, 1)),
    )


LAYERS = {"tensors": _tensors, "tokens": _tokens}


@cache
def parts(name: str, im2col: str) -> tuple[Plan, dict[str, np.ndarray], np.ndarray]:
    """Return a tiny network's plan, random weights and a random image."""
    layers = LAYERS[name]() if name in LAYERS else parse_cfg(NETWORKS[name], name)
    if name == "grouped":
        layers = tuple(
            replace(layer, batched=True) if isinstance(layer, Convolution) else layer
            for layer in layers
        )
    plan = make_plan(name, layers, WorkloadChoices(im2col=im2col))
    rng = np.random.default_rng(3)
    weights = {}
    for buffer, words in trained_buffers(layers).items():
        values = rng.normal(0, 0.5, words)
        weights[buffer] = (values**2 if "variance" in buffer else values).astype(np.float32)
    image = rng.random(layers[0].inputs).astype(np.float32)
    return plan, weights, image


@cache
def example(name: str, im2col: str) -> tuple[GoldenRun, list[dict[str, int]]]:
    """Return a golden run of a tiny network with random weights, and its live words."""
    plan, weights, image = parts(name, im2col)
    return golden_run(plan, weights, image), live_words(plan)


@cache
def hardened_example(name: str, rules: str) -> tuple[GoldenRun, list[dict[str, int]]]:
    """Return the same of the hardened network, whose limits act without fault."""
    plan, weights, image = parts(name, "always")
    plan = hardened_plan(plan, weights, image, rules)
    return golden_run(plan, weights, image), live_words(plan)


def whole_rest(golden: GoldenRun, launch: int, changed: dict) -> np.ndarray:
    """Return the output after running every launch behind one on the whole memory."""
    plan = golden.plan
    memory = {name: golden.view(name, launch + 1).copy() for name in plan.buffers}
    for buffer, (indexes, values) in changed.items():
        memory[buffer][indexes] = values
    for later in plan.launches[launch + 1 :]:
        execute(later, memory)
    return np.concatenate([memory[name] for name in plan.outputs])


def random_words(rng: np.random.Generator, contents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change a few words of a buffer: a low bit, any bit, or anything."""
    count = min(int(rng.choice([1, 1, 1, 2, 5, 40])), contents.size)
    indexes = np.sort(rng.choice(contents.size, count, replace=False))
    values = contents[indexes].copy()
    kind = rng.integers(3)
    if kind < 2:
        values ^= np.uint32(1) << rng.integers(0, 8 if kind == 0 else 32, count).astype(np.uint32)
    else:
        values = rng.integers(0, 2**32, count, dtype=np.uint32)
    return indexes.astype(np.int64), values


def random_change(rng: np.random.Generator, golden: GoldenRun, launch: int) -> dict:
    """Change words of a buffer that the launch writes, of others, or of both."""
    plan = golden.plan
    written = [span.buffer for span in plan.launches[launch].writes]
    used = sorted({span.buffer for later in plan.launches[launch:] for span in later.reads})
    buffers = {str(rng.choice(written))} if rng.random() < 0.7 else set()
    while not buffers or rng.random() < 0.3:
        buffers.add(str(rng.choice(used or list(plan.buffers))))
    return {
        buffer: random_words(rng, golden.view(buffer, launch + 1)) for buffer in sorted(buffers)
    }


@pytest.mark.parametrize("im2col", ["always", "except-1x1"])
@pytest.mark.parametrize("name", NETWORKS)
def test_random_changes(name: str, im2col: str, monkeypatch: pytest.MonkeyPatch) -> None:
    golden, live = example(name, im2col)
    rng = np.random.default_rng(11)
    wholes: Counter[str] = Counter()
    compute = propagation.whole_launch
    monkeypatch.setattr(
        propagation,
        "whole_launch",
        lambda step: wholes.update([step.launch.kernel]) or compute(step),
    )
    steps = reached = 0
    for _ in range(600):
        launch = int(rng.integers(len(golden.plan.launches)))
        changed = random_change(rng, golden, launch)
        found = propagate(golden, live, launch, changed)
        assert np.array_equal(found.output, whole_rest(golden, launch, changed)), (launch, changed)
        steps += found.executed
        reached += not np.array_equal(found.output, golden.answer)
    # The test tests something: changes arrive, and the rules carry nearly all of them.
    assert reached > 100
    # Darknet's softmax of groups has none.
    assert sum(wholes.values()) - wholes["softmax"] < 0.15 * steps, wholes


@pytest.mark.parametrize("rules", ["*=range", "*=range+bounds"])
@pytest.mark.parametrize("name", NETWORKS)
def test_random_changes_of_hardened_networks(name: str, rules: str) -> None:
    golden, live = hardened_example(name, rules)
    rng = np.random.default_rng(17)
    reached = 0
    for _ in range(300):
        launch = int(rng.integers(len(golden.plan.launches)))
        changed = random_change(rng, golden, launch)
        found = propagate(golden, live, launch, changed)
        assert np.array_equal(found.output, whole_rest(golden, launch, changed)), (launch, changed)
        reached += not np.array_equal(found.output, golden.answer)
    assert reached > 30


@pytest.mark.parametrize("name", NETWORKS)
def test_without_rules_every_launch_is_computed_as_a_whole(name: str) -> None:
    golden, live = example(name, "always")
    rng = np.random.default_rng(12)
    for _ in range(100):
        launch = int(rng.integers(len(golden.plan.launches)))
        changed = random_change(rng, golden, launch)
        found = propagate(golden, live, launch, changed, rules={})
        assert np.array_equal(found.output, whole_rest(golden, launch, changed)), (launch, changed)


def test_nothing_is_computed_for_a_word_that_is_overwritten() -> None:
    golden, live = example("deep", "always")
    plan = golden.plan
    gemm = next(launch for launch in plan.launches if launch.product is not None)
    workspace = gemm.product.b.buffer
    one = (np.array([0]), np.array([5], dtype=np.uint32))
    found = propagate(golden, live, gemm.index, {workspace: one})
    assert found.executed == 0
    assert np.array_equal(found.output, golden.answer)


def test_a_word_with_its_golden_value_reaches_nothing() -> None:
    golden, live = example("deep", "always")
    plan = golden.plan
    one = (np.array([3]), golden.view("0.output", 5)[3:4].copy())
    found = propagate(golden, live, 4, {"0.output": one})
    assert found.executed < len(plan.launches) - 5
    assert np.array_equal(found.output, golden.answer)


def test_the_golden_run_is_left_as_it_was() -> None:
    golden, live = example("wide", "always")
    before = golden.words.copy()
    rng = np.random.default_rng(13)
    for launch in range(len(golden.plan.launches)):
        propagate(golden, live, launch, random_change(rng, golden, launch))
    assert np.array_equal(golden.words, before)


@pytest.mark.slow
def test_extraction(extraction_golden: GoldenRun) -> None:
    golden, plan = extraction_golden, extraction_golden.plan
    live = live_words(plan)
    rng = np.random.default_rng(14)
    struck = [launch for launch in plan.launches if not launch.library]
    reached = 0
    for launch in rng.choice(np.array([one.index for one in struck]), 40, replace=False):
        buffer = plan.launches[launch].writes[0].buffer
        contents = golden.view(buffer, int(launch) + 1)
        index = rng.integers(plan.launches[launch].writes[0].words, size=1)
        bit = np.uint32(1) << np.uint32(rng.integers(32))
        changed = {buffer: (index, contents[index] ^ bit)}
        found = propagate(golden, live, int(launch), changed)
        assert np.array_equal(found.output, whole_rest(golden, int(launch), changed)), changed
        reached += not np.array_equal(found.output, golden.answer)
    assert reached > 10


@pytest.mark.parametrize("name", ["other", "branches", "detector", "dialect", "tensors"])
def test_networks_of_all_layers(name: str, make_example) -> None:
    golden = make_example(name).golden
    live = live_words(golden.plan)
    rng = np.random.default_rng(15)
    for _ in range(200):
        launch = int(rng.integers(len(golden.plan.launches)))
        changed = random_change(rng, golden, launch)
        found = propagate(golden, live, launch, changed)
        assert np.array_equal(found.output, whole_rest(golden, launch, changed)), (launch, changed)

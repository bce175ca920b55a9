"""Models of several outputs: changes reach each of them, wherever in the network it lies."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from support import onnx_models as models

from softbeam.injection.judges.base import tensors
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.injection.spread import spread
from softbeam.network import load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.golden import GoldenRun, golden_run


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> GoldenRun:
    """Return the run of a model that answers with a map in its middle, a view of it and its end."""
    builder = models.Builder(seed=5)
    middle = builder.node("Relu", builder.conv("input", 3, 4, 3, padding=1))
    view = builder.node("Flatten", middle)
    behind = builder.node("Sigmoid", builder.conv(middle, 4, 2, 1))
    end = builder.node("Flatten", builder.node("GlobalAveragePool", behind))
    model = builder.model(middle, 6)
    for name in (view, end):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    path = tmp_path_factory.mktemp("model") / "three.onnx"
    onnx.save(model, str(path))
    network = load_network(str(path), choices=WorkloadChoices(gemm="library"))
    assert network.weights is not None
    image = np.random.default_rng(2).random(108, dtype=np.float32)
    return golden_run(network.plan(WorkloadChoices(gemm="library")), network.weights, image)


def test_a_view_lies_where_its_map_does(golden: GoldenRun) -> None:
    plan = golden.plan
    assert [one.sides for one in plan.answers] == [(1, 4, 6, 6), (1, 144), (1, 2)]
    assert len(plan.outputs) == 2
    middle, view, end = tensors(plan, golden.answer).values()
    assert np.array_equal(middle.reshape(-1), view.reshape(-1))
    assert end.shape == (1, 2)


def test_what_is_an_output_lives_to_the_end(golden: GoldenRun) -> None:
    live = live_words(golden.plan)
    for name in golden.plan.outputs:
        words = golden.plan.buffers[name].words
        assert live[-1][name] == ((0, words),)


def test_changes_reach_every_output(golden: GoldenRun) -> None:
    plan, live = golden.plan, live_words(golden.plan)
    rng = np.random.default_rng(7)
    reached = []
    for _ in range(60):
        launch = plan.launches[rng.integers(len(plan.launches))]
        span = launch.writes[0]
        word = np.array([span.start + rng.integers(span.words)])
        value = np.array([rng.normal(0, 3)], np.float32).view(np.uint32)
        changed = {span.buffer: (word, value)}
        found = propagate(golden, live, launch.index, changed).output
        assert np.array_equal(found, propagate(golden, live, launch.index, changed, {}).output)
        assert np.array_equal(found, spread(golden, launch.index, changed).output)
        pairs = zip(
            tensors(plan, found).values(), tensors(plan, golden.answer).values(), strict=True
        )
        reached.append(tuple(not np.array_equal(*pair) for pair in pairs))
    # The middle and its view go together; an error behind them is in the end alone.
    assert {(True, True, True), (False, False, True)} <= set(reached)
    assert all(middle == view for middle, view, _ in reached)

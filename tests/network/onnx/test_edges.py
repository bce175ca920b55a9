"""Operators on numbers at the edge of float32, NaN and infinities, beside onnxruntime.

A fault makes such numbers; what becomes of them decides between a wrong answer and none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softbeam.network import load_network
from softbeam.network.golden import golden_run

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")
blocks = pytest.importorskip("support.onnx_blocks")

NAN, INFINITY, LARGEST = np.nan, np.inf, float(np.finfo(np.float32).max)
POSITIVE = [1e-45, 1e-40, 1e-30, 1e-3, 0.3, 0.5, 1, 1.5, 2.5, 5, 20, 87, 88.8, 104, 700, 1e5, 1e20]
EDGES = np.array(
    [NAN, *(sign * one for one in (*POSITIVE, LARGEST, INFINITY, 0.0) for sign in (1, -1))],
    dtype=np.float32,
)
Example = Callable[..., str]


def of_each(op: str, *others: float, **more: object) -> Example:
    return lambda b: b.node(op, "input", *(blocks.number(b, one) for one in others), **more)


def with_each(op: str, other: float, first: bool = False) -> Example:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        pair = (blocks.number(b, other), "input")
        return b.node(op, *(pair if first else pair[::-1]))

    return example


def behind_a_product(op: str, **more: object) -> Example:
    """An activation that is part of the layer before."""

    def example(b) -> str:  # type: ignore[no-untyped-def]
        one = b.constant(np.ones((1, 1, 1, 1), dtype=np.float32))
        return b.node(op, b.node("Conv", "input", one), **more)

    return example


PLAIN = (
    *("Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu", "Log"),
    *("Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt"),
    "Tanh",
)
BOTH = ("Add", "Sub", "Mul", "Div", "Min", "Max")
EXAMPLES: dict[str, Example] = {
    **{op: of_each(op) for op in PLAIN},
    "Elu, alpha 0.5": of_each("Elu", alpha=0.5),
    "LeakyRelu, slope 0.1": of_each("LeakyRelu", alpha=0.1),
    "LeakyRelu, slope 0.3": of_each("LeakyRelu", alpha=0.3),
    "Clip": of_each("Clip", 0, 6),
    "Clip below": of_each("Clip", 0),
    **{f"Pow {power}": of_each("Pow", power) for power in (-1, 0, 0.5, 2, 3, 1.7)},
    **{f"{op} {one}": with_each(op, one) for op in BOTH for one in (0, 2, NAN, INFINITY)},
    **{f"{op} of NaN": with_each(op, NAN, first=True) for op in BOTH},
    "PRelu": with_each("PRelu", 0.25),
    "Conv, then Relu": behind_a_product("Relu"),
    "Conv, then Elu": behind_a_product("Elu"),
    "Conv, then LeakyRelu": behind_a_product("LeakyRelu", alpha=0.1),
    "Conv, then Sigmoid": behind_a_product("Sigmoid"),
    "Conv, then Tanh": behind_a_product("Tanh"),
    "Add of two, then Relu": lambda b: b.node(
        "Relu", b.node("Add", "input", b.node("Neg", b.node("Exp", "input")))
    ),
}


def answers(tmp_path: Path, example: Example, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return our answer and the runtime's."""
    model = blocks.build(example, sides=given.shape)
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    wanted = session.run(None, {"input": given})[0].reshape(-1)
    network = load_network(str(path))
    assert network.weights is not None
    return golden_run(network.plan(), network.weights, given.reshape(-1)).scores, wanted


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_at_the_edge(tmp_path: Path, name: str) -> None:
    found, wanted = answers(tmp_path, EXAMPLES[name], EDGES.reshape(1, 1, 1, -1))
    # The runtime's Sigmoid and Tanh are polynomials, off by some 1e-7.
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=3e-7)


def lines(op: str, **more: object) -> Example:
    return lambda b: b.node(op, "input", **more)


WINDOW = {"kernel_shape": [3, 3], "pads": [1] * 4}
SCALES = np.array([1, 1, 2, 1.5], dtype=np.float32)
MAPS: dict[str, Example] = {
    **{op: lines(op) for op in ("GlobalAveragePool",)},
    **{
        op: lines(op, axes=[2, 3])
        for op in ("ReduceL1", "ReduceL2", "ReduceMean", "ReduceProd", "ReduceSumSquare")
    },
    "ReduceSum": lambda b: b.node("ReduceSum", "input", blocks.whole(b, 2, 3)),
    "Softmax": lines("Softmax", axis=-1),
    "LogSoftmax": lines("LogSoftmax", axis=1),
    "AveragePool": lines("AveragePool", **WINDOW),
    "AveragePool, zeros counted": lines("AveragePool", count_include_pad=1, **WINDOW),
    "LRN": lines("LRN", size=3),
    "LayerNormalization": lambda b: b.node("LayerNormalization", "input", b.normal(6, centre=1.0)),
    "InstanceNormalization": lambda b: b.node(
        "InstanceNormalization", "input", b.normal(2, centre=1.0), b.normal(2)
    ),
    "BatchNormalization": lambda b: b.norm("input", 2),
    **{
        f"Resize, {mode}, {how}": (
            lambda b, mode=mode, how=how: b.node(
                *("Resize", "input", "", b.constant(SCALES)),
                mode=mode, coordinate_transformation_mode=how, nearest_mode="floor",
            )
        )
        for mode, how in (
            ("nearest", "asymmetric"), ("linear", "asymmetric"), ("linear", "half_pixel"),
            ("linear", "align_corners"), ("cubic", "half_pixel"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_one_number_at_the_edge_among_others(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(3)
    for edge in (NAN, INFINITY, -INFINITY, 3e38, 1e25):
        given = rng.random((1, 2, 6, 6), dtype=np.float32) + 1
        given[0, 0, *rng.integers(0, 6, 2)] = edge
        found, wanted = answers(tmp_path, MAPS[name], given)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5, err_msg=f"{edge}")


@pytest.mark.parametrize("op", ["MaxPool", "GlobalMaxPool", "ReduceMax"])
def test_the_largest_of_a_nan_and_numbers_is_a_nan(tmp_path: Path, op: str) -> None:
    """As PyTorch and cuDNN have it; onnxruntime's kernels for processors differ by its place."""
    more = {"kernel_shape": [2, 2], "strides": [2, 2]} if op == "MaxPool" else {}
    for place in range(4):
        given = np.ones((1, 1, 2, 2), dtype=np.float32)
        given.reshape(-1)[place] = np.nan
        found, _ = answers(tmp_path, lines(op, **more), given)
        assert np.isnan(found).all()

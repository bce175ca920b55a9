"""Single operators of ONNX models, as exporters write them, beside onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softbeam.errors import NetworkError
from softbeam.network import load_network

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")
agree = pytest.importorskip("support.onnx_runs").agree

SIDE = 8


def scalar(b, value: float) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.float32(value))


def whole(b, *values: int) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.array(values, dtype=np.int64))


def conv(b, x: str = "input", filters: int = 4, channels: int = 3, size: int = 3, **more) -> str:  # type: ignore[no-untyped-def]
    return b.node("Conv", x, b.normal(filters, channels, size, size, spread=0.5), **more)


def flat_gemm(b, **more) -> str:  # type: ignore[no-untyped-def]
    shape = (5, 3 * SIDE**2) if more.get("transB") else (3 * SIDE**2, 5)
    return b.node("Gemm", b.node("Flatten", "input"), b.normal(*shape), b.normal(5), **more)


def viewed(b) -> str:  # type: ignore[no-untyped-def]
    """What PyTorch writes for ``x.view(x.size(0), -1)``."""
    first = b.node("Gather", b.node("Shape", "input"), b.constant(np.int64(0)), axis=0)
    shape = b.node("Concat", b.node("Unsqueeze", first, whole(b, 0)), whole(b, -1), axis=0)
    return b.node("Gemm", b.node("Reshape", "input", shape), b.normal(3 * SIDE**2, 5))


def pooled(op: str, size: int, stride: int, **more) -> Callable[..., str]:  # type: ignore[no-untyped-def]
    sizes = {"kernel_shape": [size, size], "strides": [stride, stride]}
    return lambda b: b.node(op, conv(b, filters=2, size=1), **sizes, **more)


def two_readers(b) -> str:  # type: ignore[no-untyped-def]
    x = conv(b)
    return b.node("Add", b.node("Relu", x), x)


EXAMPLES: dict[str, Callable[..., str]] = {
    "Gemm": flat_gemm,
    "Gemm, all its numbers": lambda b: flat_gemm(b, transB=1, alpha=0.5, beta=2.0),
    "Gemm, no bias": lambda b: flat_gemm(b, beta=0.0),
    "view": viewed,
    "Reshape, 0 and -1": lambda b: b.node(
        "Gemm", b.node("Reshape", conv(b), whole(b, 0, -1)), b.normal(4 * 36, 5)
    ),
    "Reshape, constant node": lambda b: b.node(
        "Gemm",
        b.node("Reshape", "input", b.node("Constant", value_ints=[-1, 3 * SIDE**2])),
        b.normal(3 * SIDE**2, 5),
    ),
    "Clip, constant nodes": lambda b: b.node(
        "Clip", conv(b), b.node("Constant", value_float=0.0), scalar(b, 0.5)
    ),
    "Clip, nothing above": lambda b: b.node("Clip", conv(b), scalar(b, 0)),
    "copied and converted weights": lambda b: b.node(
        "Conv",
        "input",
        b.node("Identity", b.normal(4, 3, 3, 3)),
        b.node("Cast", b.constant(np.ones(4, dtype=np.float16)), to=onnx.TensorProto.FLOAT),
    ),
    "ReduceMean": lambda b: b.node("ReduceMean", conv(b), axes=[2, 3], keepdims=0),
    "ReduceMean, from the end": lambda b: b.node("ReduceMean", conv(b), axes=[-1, -2]),
    "Pad before Conv": lambda b: conv(
        b, b.node("Pad", "input", whole(b, 0, 0, 2, 2, 0, 0, 2, 2)), strides=[2, 2], pads=[1] * 4
    ),
    "Pad before Conv with auto_pad": lambda b: conv(
        b, b.node("Pad", "input", whole(b, 0, 0, 1, 1, 0, 0, 1, 1)), auto_pad="SAME_UPPER"
    ),
    "Pad by nothing": lambda b: b.node("Relu", b.node("Pad", conv(b), whole(b, *[0] * 8))),
    "pads of auto_pad=VALID": lambda b: conv(b, auto_pad="VALID", strides=[2, 2]),
    "gaps of one pixel": lambda b: conv(b, size=1, dilations=[2, 2]),
    "MaxPool, SAME_UPPER": pooled("MaxPool", 2, 1, auto_pad="SAME_UPPER"),
    "MaxPool, one more at the end": pooled("MaxPool", 3, 2, pads=[0, 0, 1, 1]),
    "MaxPool, a window too many": pooled("MaxPool", 2, 3, pads=[1] * 4, ceil_mode=1),
    "MaxPool, rounded up": pooled("MaxPool", 3, 2, ceil_mode=1),
    "AveragePool, zeros counted": pooled("AveragePool", 3, 2, pads=[1] * 4, count_include_pad=1),
    "AveragePool, all": pooled("AveragePool", SIDE, 1),
    "groups": lambda b: b.node("Conv", "input", b.normal(6, 1, 3, 3), group=3, pads=[1] * 4),
    "a convolution with two readers": two_readers,
    "a sum with itself": lambda b: b.node("Add", "input", "input"),
    "Dropout with its ratio": lambda b: b.node("Relu", b.node("Dropout", conv(b), scalar(b, 0.5))),
}


def build(example: Callable[..., str], side: int = SIDE, batch: object = "N"):  # type: ignore[no-untyped-def]
    builder = models.Builder()
    return builder.model(example(builder), side, batch=batch)


@pytest.mark.parametrize("name", EXAMPLES)
def test_operators_agree_with_onnxruntime(tmp_path: Path, name: str) -> None:
    agree(tmp_path, build(EXAMPLES[name]))


@pytest.mark.parametrize("opset", [11, 13, 17, 20])
def test_models_of_many_opsets(tmp_path: Path, opset: int) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = b.node("MaxPool", b.node("Relu", b.norm(conv(b), 4)), kernel_shape=[2, 2])
        x = b.node("Flatten", b.node("GlobalAveragePool", b.node("Clip", x, scalar(b, 0))))
        return b.node("Softmax", b.linear(x, 4, 3), axis=1)

    model = build(example)
    model.opset_import[0].version = opset
    agree(tmp_path, model)


def test_a_fixed_batch_is_taken_as_one_image(tmp_path: Path) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        return b.linear(b.node("Flatten", b.node("Relu", conv(b))), 4 * 36, 5)

    agree(tmp_path, build(example, batch=4))


def test_weights_listed_as_inputs(tmp_path: Path) -> None:
    model = build(lambda b: b.node("Relu", conv(b)))
    for one in model.graph.initializer:
        model.graph.input.append(
            onnx.helper.make_tensor_value_info(one.name, one.data_type, one.dims)
        )
    agree(tmp_path, model)


def test_nodes_of_one_name_are_all_kept(tmp_path: Path) -> None:
    model = build(lambda b: b.node("Tanh", conv(b, b.node("Relu", conv(b)), channels=4)))
    for node in model.graph.node:
        node.name = "again"
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    activations = [layer.activation.name for layer in load_network(str(path)).layers]
    assert activations == ["RECTIFIER", "TANH"]


def reason(tmp_path: Path, model) -> str:  # type: ignore[no-untyped-def]
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    with pytest.raises(NetworkError) as caught:
        load_network(str(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (lambda b: conv(b, channels=2), "its weights are 72 numbers, not 108"),
        (lambda b: conv(b, filters=4, group=2), "2 groups do not divide 3 channels, 4 filters"),
        (
            lambda b: b.node("Conv", "input", b.normal(4, 3, 3, 3), b.normal(5)),
            "'/conv_0': its biases are 5 numbers, not 4",
        ),
    ],
)
def test_nodes_that_do_not_fit_are_refused(tmp_path: Path, example, expected: str) -> None:  # type: ignore[no-untyped-def]
    builder = models.Builder()
    made = example(builder)
    shape = [None] * 4
    image = onnx.helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, ["N", 3, 8, 8])
    answer = onnx.helper.make_tensor_value_info(made, onnx.TensorProto.FLOAT, shape)
    graph = onnx.helper.make_graph(builder.nodes, "model", [image], [answer], builder.constants)
    opsets = [onnx.helper.make_opsetid("", models.OPSET)]
    assert expected in reason(tmp_path, onnx.helper.make_model(graph, opset_imports=opsets))


def test_weights_that_their_file_cuts_short_are_refused(tmp_path: Path) -> None:
    model = build(conv)
    weights = model.graph.initializer[0]
    weights.raw_data = weights.raw_data[:-3]
    assert "cannot read the model" in reason(tmp_path, model)


def test_images_of_another_type_are_refused(tmp_path: Path) -> None:
    model = build(lambda b: b.node("Relu", "input"))
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    assert "of type float16; export the model with float32" in reason(tmp_path, model)

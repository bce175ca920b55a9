"""Blocks of well-known networks as exporters write them, and models of a few nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from support.onnx_models import OPSET, Builder

SIDE = 8
Example = Callable[..., str]
"""Adds nodes to a builder and returns the last tensor."""


def whole(b, *values: int) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.array(values, dtype=np.int64))


def number(b, value: float) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.float32(value))


def wide(b, filters: int = 4) -> str:  # type: ignore[no-untyped-def]
    """A feature map with numbers of both signs, of some size."""
    return b.node("Conv", "input", b.normal(filters, 3, 3, 3, spread=0.8), pads=[1] * 4)


def attention(b) -> str:  # type: ignore[no-untyped-def]
    """An encoder's block, as a vision transformer is exported."""
    x = b.node(
        "Reshape", b.node("Conv", "input", b.normal(8, 3, 2, 2), strides=[2, 2]), whole(b, 1, 8, 16)
    )
    x = b.node("Concat", b.normal(1, 1, 8), b.node("Transpose", x, perm=[0, 2, 1]), axis=1)
    x = b.node("Add", x, b.normal(1, 17, 8))
    y = b.node("LayerNormalization", x, b.normal(8, centre=1.0), b.normal(8), axis=-1)
    heads = []
    for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
        z = b.node("Add", b.node("MatMul", y, b.normal(8, 8, spread=0.5)), b.normal(8))
        heads.append(b.node("Transpose", b.node("Reshape", z, whole(b, 1, 17, 2, 4)), perm=order))
    scores = b.node("Softmax", b.node("Mul", b.node("MatMul", heads[0], heads[1]), number(b, 0.5)))
    z = b.node("Transpose", b.node("MatMul", scores, heads[2]), perm=[0, 2, 1, 3])
    x = b.node("Add", x, b.node("Reshape", z, whole(b, 1, 17, 8)))
    x = b.node("Gather", x, b.constant(np.int64(0)), axis=1)
    return b.node("Gemm", x, b.normal(5, 8), b.normal(5), transB=1)


def squeezed(b, gate: str) -> str:  # type: ignore[no-untyped-def]
    """Squeeze and excitation, of MobileNetV3 or of EfficientNet."""
    x = wide(b, 6)
    x = b.node("HardSwish", x) if gate == "HardSigmoid" else b.node("Mul", x, b.node("Sigmoid", x))
    y = b.node("Relu", b.conv(b.node("GlobalAveragePool", x), 6, 2, 1))
    y = b.conv(y, 2, 6, 1)
    y = b.node(gate, y, alpha=1 / 6) if gate == "HardSigmoid" else b.node(gate, y)
    return b.node("Mul", y, x)


def shuffled(b) -> str:  # type: ignore[no-untyped-def]
    """The end of a block of ShuffleNetV2: halves split, joined and shuffled."""
    x = wide(b, 6)
    left = b.node("Slice", x, whole(b, 0), whole(b, 3), whole(b, 1))
    right = b.node("Slice", x, whole(b, 3), whole(b, 2**40), whole(b, 1))
    x = b.node("Concat", left, b.node("Relu", b.conv(right, 3, 3, 3, 1, 1, groups=3)), axis=1)
    x = b.node("Transpose", b.node("Reshape", x, whole(b, 1, 2, 3, 8, 8)), perm=[0, 2, 1, 3, 4])
    return b.node("Reshape", x, whole(b, 1, -1, 8, 8))


def inception(b) -> str:  # type: ignore[no-untyped-def]
    """Branches of Inception v3: 1x7 and 7x1, and an average that leaves its zeros out."""
    x = b.norm(b.node("Conv", wide(b), b.normal(3, 4, 1, 7), pads=[0, 3, 0, 3]), 3)
    x = b.node("Relu", x)
    x = b.node("Relu", b.node("Conv", x, b.normal(3, 3, 7, 1), b.normal(3), pads=[3, 0, 3, 0]))
    y = b.node("AveragePool", wide(b), kernel_shape=[3, 3], pads=[1] * 4)
    return b.node("Concat", x, y, axis=1)


def convnext(b) -> str:  # type: ignore[no-untyped-def]
    """A block of ConvNeXt, as opset 16 writes it: its norm is a chain of operators."""
    x = b.node("Conv", "input", b.normal(4, 3, 2, 2, spread=0.5), b.normal(4), strides=[2, 2])
    y = b.conv(x, 4, 4, 7, 1, 3, groups=4)
    y = b.node("Transpose", y, perm=[0, 2, 3, 1])
    z = b.node("Sub", y, b.node("ReduceMean", y, axes=[-1]))
    v = b.node("ReduceMean", b.node("Pow", z, number(b, 2)), axes=[-1])
    z = b.node("Div", z, b.node("Sqrt", b.node("Add", v, number(b, 1e-6))))
    y = b.node("Add", b.node("Mul", z, b.normal(4, centre=1.0)), b.normal(4))
    y = b.node("Add", b.node("MatMul", y, b.normal(4, 16, spread=0.5)), b.normal(16))
    e = b.node("Add", b.node("Erf", b.node("Div", y, number(b, 2**0.5))), number(b, 1))
    y = b.node("Mul", b.node("Mul", y, e), number(b, 0.5))
    y = b.node("MatMul", y, b.normal(16, 4, spread=0.5))
    y = b.node("Transpose", y, perm=[0, 3, 1, 2])
    return b.node("Add", b.node("Mul", b.normal(4, 1, 1), y), x)


def yolo(b) -> str:  # type: ignore[no-untyped-def]
    """A stem with slices, an upsampling neck and a decoded head of a YOLO."""
    parts = [
        b.node("Slice", "input", whole(b, r, c), whole(b, 99, 99), whole(b, 2, 3), whole(b, 2, 2))
        for c in (0, 1)
        for r in (0, 1)
    ]
    x = b.conv(b.node("Concat", *parts, axis=1), 12, 6, 3, 1, 1)
    x = b.node("Mul", x, b.node("Sigmoid", x))
    low = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    scales = b.constant(np.array([1, 1, 2, 2], dtype=np.float32))
    up = b.node("Resize", low, "", scales, mode="nearest", nearest_mode="floor",
                coordinate_transformation_mode="asymmetric")  # fmt: skip
    x = b.conv(b.node("Concat", up, x, axis=1), 12, 10, 1)
    x = b.node("Transpose", b.node("Reshape", x, whole(b, 1, 2, 5, 4, 4)), perm=[0, 1, 3, 4, 2])
    x = b.node("Sigmoid", x)
    xy = b.node("Slice", x, whole(b, 0), whole(b, 2), whole(b, 4))
    rest = b.node("Slice", x, whole(b, 2), whole(b, 5), whole(b, 4))
    xy = b.node("Mul", b.node("Add", xy, b.normal(1, 1, 4, 4, 2)), number(b, 2.0))
    return b.node("Reshape", b.node("Concat", xy, rest, axis=4), whole(b, 1, 32, 5))


BLOCKS: dict[str, Example] = {
    "block of MobileNetV3": lambda b: squeezed(b, "HardSigmoid"),
    "block of EfficientNet": lambda b: squeezed(b, "Sigmoid"),
    "block of ShuffleNetV2": shuffled,
    "block of Inception v3": inception,
    "block of ConvNeXt": convnext,
    "block of ViT": attention,
    "YOLO": yolo,
}


def build(example: Example, opset: int = OPSET, sides: object = ("N", 3, SIDE, SIDE)):  # type: ignore[no-untyped-def]
    builder = Builder()
    output = example(builder)
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("input", sides), (output, None))
    ]
    graph = onnx.helper.make_graph(builder.nodes, "model", ends[:1], ends[1:], builder.constants)
    opsets = [onnx.helper.make_opsetid("", opset)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)

"""Operators that Darknet has no kernel for, as exporters write them, beside onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softbeam.errors import NetworkError
from softbeam.injection.answers import check_meaning
from softbeam.network import load_network
from softbeam.network.choices import WorkloadChoices

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")
agree = pytest.importorskip("support.onnx_runs").agree

SIDE = 8
Example = Callable[..., str]


def whole(b, *values: int) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.array(values, dtype=np.int64))


def number(b, value: float) -> str:  # type: ignore[no-untyped-def]
    return b.constant(np.float32(value))


def wide(b, filters: int = 4) -> str:  # type: ignore[no-untyped-def]
    """A feature map with numbers of both signs, of some size."""
    return b.node("Conv", "input", b.normal(filters, 3, 3, 3, spread=0.8), pads=[1] * 4)


def of_each(op: str, positive: bool = False, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = wide(b)
        x = b.node("Add", b.node("Abs", x), number(b, 0.1)) if positive else x
        return b.node(op, x, **more)

    return example


def with_constant(op: str, *shape: int, first: bool = False) -> Example:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        other = b.normal(*shape, spread=0.3, centre=1.0)
        pair = (other, wide(b)) if first else (wide(b), other)
        return b.node(op, *pair)

    return example


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


def resized(mode: str, how: str, scales: tuple[float, float], **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        factors = b.constant(np.array([1, 1, *scales], dtype=np.float32))
        given = {"mode": mode, "coordinate_transformation_mode": how, **more}
        return b.node("Resize", wide(b), "", factors, **given)

    return example


def transposed(size: tuple[int, int], group: int = 1, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        weights = b.normal(4, 6 // group, *size, spread=0.5)
        return b.node("ConvTranspose", wide(b), weights, b.normal(6), group=group, **more)

    return example


def windowed(size: tuple[int, int], group: int = 1, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        weights = b.normal(6, 4 // group, *size, spread=0.5)
        return b.node("Conv", wide(b), weights, b.normal(6), group=group, **more)

    return example


def pooled(op: str, size: tuple[int, int], **more) -> Example:  # type: ignore[no-untyped-def]
    return lambda b: b.node(op, wide(b), kernel_shape=list(size), **more)


def reduced(op: str, *axes: int, keep: int = 1) -> Example:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = b.node("Add", b.node("Abs", wide(b)), number(b, 0.5))
        if op == "ReduceSum":
            return b.node(op, x, whole(b, *axes), keepdims=keep)
        return b.node(op, x, axes=list(axes), keepdims=keep)

    return example


def a_line(b) -> str:  # type: ignore[no-untyped-def]
    """A convolution over a line of pixels."""
    x = b.node("Reshape", wide(b), whole(b, 1, 4, 64))
    return b.node("Conv", x, b.normal(5, 4, 3, spread=0.5), pads=[2, 1], strides=[2])


EXAMPLES: dict[str, Example] = {
    **{
        op: of_each(op)
        for op in (
            *("Abs", "Ceil", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Neg", "Round"),
            *("Selu", "Softplus", "Softsign"),
        )
    },
    **{op: of_each(op, positive=True) for op in ("Log", "Reciprocal", "Sqrt")},
    "LeakyRelu, any slope": of_each("LeakyRelu", alpha=0.2),
    "Elu, any alpha": of_each("Elu", alpha=2.0),
    "Clip to any range": lambda b: b.node("Clip", wide(b), number(b, -0.3), number(b, 0.7)),
    "Clip below": lambda b: b.node("Clip", wide(b), number(b, -0.3)),
    "PRelu": lambda b: b.node("PRelu", wide(b), b.normal(4, 1, 1)),
    "Pow": lambda b: b.node("Pow", wide(b), number(b, 3)),
    "Add a scalar": with_constant("Add", 1),
    "Sub a number a channel": with_constant("Sub", 4, 1, 1),
    "Mul by a row": with_constant("Mul", 1, SIDE),
    "Div a constant": lambda b: b.node(
        "Div", b.normal(1, 4, SIDE, SIDE), b.node("Add", b.node("Abs", wide(b)), number(b, 0.1))
    ),
    "Div by a constant": with_constant("Div", 4, 1, 1),
    "Sub from a scalar": with_constant("Sub", 1, first=True),
    "Max": lambda b: b.node("Max", wide(b), number(b, 0.1), b.normal(4, 1, 1)),
    "Min": lambda b: b.node("Min", wide(b), wide(b)),
    "Sum of three": lambda b: b.node("Sum", wide(b), wide(b), b.normal(SIDE)),
    "Add a map to its mean": lambda b: b.node(
        "Add", x := wide(b), b.node("ReduceMean", x, axes=[2, 3])
    ),
    "Transpose": lambda b: b.node("Transpose", wide(b), perm=[0, 3, 1, 2]),
    "Transpose of all axes": lambda b: b.node("Transpose", wide(b)),
    "Slice with steps": lambda b: b.node(
        "Slice", wide(b), whole(b, 1, -5), whole(b, 7, 8), whole(b, 2, 3), whole(b, 2, 3)
    ),
    "Slice from the end": lambda b: b.node(
        "Slice", wide(b), whole(b, -1, 7, 1), whole(b, -(2**40), 0, 3), whole(b, 2, 3, 1),
        whole(b, -1, -2, 1),
    ),
    "SpaceToDepth of a join": lambda b: b.node(
        "SpaceToDepth", b.node("Concat", "input", wide(b), axis=1), blocksize=2
    ),
    "Gemm of rows, all its numbers": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 4, 64)), b.normal(64, 5), b.normal(5),
        alpha=0.5, beta=2.0,
    ),
    "Clip, limits in the wrong order": lambda b: b.node(
        "Clip", wide(b), number(b, 0.5), number(b, -0.5)
    ),
    "Add to a constant of one product": lambda b: b.node(
        "Add", b.node("MatMul", b.normal(SIDE, 3), b.normal(3, SIDE)), wide(b)
    ),
    "ReduceL1": lambda b: b.node("ReduceL1", wide(b), axes=[1]),
    "Split": lambda b: b.node(
        "Concat", *reversed(b.split(wide(b, 6), 1, 1, 3, 2)), axis=1
    ),
    "Concat of rows": lambda b: b.node("Concat", x := wide(b), b.node("Relu", x), axis=2),
    "Concat with a constant": lambda b: b.node("Concat", b.normal(1, 2, 8, 8), wide(b), axis=1),
    "Concat of the image": lambda b: b.node("Concat", "input", "input", axis=1),
    "Gather": lambda b: b.node("Gather", wide(b), whole(b, 2, 0, -1), axis=1),
    "Expand": lambda b: b.node(
        "Expand", b.node("GlobalAveragePool", wide(b)), whole(b, 1, 4, 3, 5)
    ),
    "Tile": lambda b: b.node("Tile", wide(b), whole(b, 1, 2, 1, 3)),
    "DepthToSpace": lambda b: b.node("DepthToSpace", wide(b, 8), blocksize=2),
    "DepthToSpace, CRD": lambda b: b.node("DepthToSpace", wide(b, 8), blocksize=2, mode="CRD"),
    "SpaceToDepth": lambda b: b.node("SpaceToDepth", wide(b), blocksize=4),
    "Pad with a number": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 1, 2, 0, 0, 0, 1, 3), number(b, 0.25)
    ),
    "Pad one side before Conv": lambda b: b.node(
        "Conv", b.node("Pad", wide(b), whole(b, 0, 0, 0, 0, 0, 0, 1, 1)), b.normal(3, 4, 3, 3),
        strides=[2, 2],
    ),
    "Pad, reflected": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 0, 2, 1, 0, 0, 2, 3), mode="reflect"
    ),
    "Pad with the edge": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 0, 2, 1, 0, 0, 0, 3), mode="edge"
    ),
    "Conv, oblong": windowed((3, 2), strides=[2, 1], pads=[1, 0, 2, 1]),
    "Conv with gaps": windowed((3, 3), dilations=[2, 3], pads=[2, 3, 2, 3]),
    "Conv with gaps and groups": windowed((3, 3), 2, dilations=[2, 1], strides=[1, 2]),
    "Conv, SAME_UPPER": windowed((2, 4), auto_pad="SAME_UPPER", strides=[2, 2]),
    "Conv, SAME_LOWER": windowed((4, 3), auto_pad="SAME_LOWER"),
    "Conv of a line": a_line,
    "ConvTranspose": transposed((3, 3), strides=[2, 2], pads=[1] * 4, output_padding=[1, 1]),
    "ConvTranspose, oblong": transposed((2, 3), strides=[2, 1], dilations=[1, 2]),
    "ConvTranspose with groups": transposed((2, 2), 2, strides=[2, 2]),
    "MaxPool, oblong": pooled("MaxPool", (3, 2), strides=[1, 2], pads=[1, 0, 0, 1]),
    "MaxPool with gaps": pooled("MaxPool", (2, 2), dilations=[3, 2]),
    "MaxPool, SAME_LOWER": pooled("MaxPool", (2, 2), auto_pad="SAME_LOWER"),
    "AveragePool": pooled("AveragePool", (3, 3), strides=[2, 2], pads=[1] * 4),
    "AveragePool, rounded up": pooled("AveragePool", (3, 3), strides=[2, 2], ceil_mode=1),
    "AveragePool, one more at the end": pooled(
        "AveragePool", (2, 3), pads=[0, 0, 1, 1], count_include_pad=1
    ),
    "GlobalMaxPool": lambda b: b.node("GlobalMaxPool", wide(b)),
    "ReduceMean over channels": reduced("ReduceMean", 1),
    "ReduceMean of all": reduced("ReduceMean", 0, 1, 2, 3, keep=0),
    "ReduceMax over rows": reduced("ReduceMax", 2, keep=0),
    "ReduceMin": reduced("ReduceMin", -1),
    "ReduceSum, axes apart": reduced("ReduceSum", 1, 3),
    "ReduceL2": reduced("ReduceL2", 1),
    "ReduceProd": reduced("ReduceProd", 3),
    "Softmax over channels": lambda b: b.node("Softmax", wide(b), axis=1),
    "Softmax over rows": lambda b: b.node("Softmax", wide(b), axis=2),
    "LogSoftmax": lambda b: b.node("LogSoftmax", b.node("Flatten", wide(b)), axis=1),
    "InstanceNormalization": lambda b: b.node(
        "InstanceNormalization", wide(b), b.normal(4, centre=1.0), b.normal(4)
    ),
    "LayerNormalization of two axes": lambda b: b.node(
        "LayerNormalization", wide(b), b.normal(8, 8, centre=1.0), axis=2
    ),
    "MatMul of maps": lambda b: b.node(
        "MatMul", x := wide(b), b.node("Transpose", x, perm=[0, 1, 3, 2])
    ),
    "MatMul with one left factor": lambda b: b.node("MatMul", b.normal(5, SIDE), wide(b)),
    "MatMul with a matrix": lambda b: b.node("MatMul", wide(b), b.normal(SIDE, 5)),
    "Gemm of rows": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 4, 64)), b.normal(5, 64), b.normal(5), transB=1
    ),
    "Resize, nearest": resized("nearest", "asymmetric", (2, 3), nearest_mode="floor"),
    "Resize, nearest by default": resized("nearest", "half_pixel", (2.5, 0.5)),
    "Resize, linear": resized("linear", "half_pixel", (2, 1.5)),
    "Resize, linear and asymmetric": resized("linear", "asymmetric", (0.5, 3)),
    "Resize, corners": resized("linear", "align_corners", (2, 2)),
    "Resize, PyTorch's": resized("linear", "pytorch_half_pixel", (1.5, 2)),
    "Mul with Sigmoid": lambda b: b.node("Mul", x := wide(b), b.node("Sigmoid", x)),
    "block of MobileNetV3": lambda b: squeezed(b, "HardSigmoid"),
    "block of EfficientNet": lambda b: squeezed(b, "Sigmoid"),
    "block of ShuffleNetV2": shuffled,
    "block of Inception v3": inception,
    "block of ConvNeXt": convnext,
    "block of ViT": attention,
    "YOLO": yolo,
}  # fmt: skip


def build(example: Example, opset: int = models.OPSET, sides: object = ("N", 3, SIDE, SIDE)):  # type: ignore[no-untyped-def]
    builder = models.Builder()
    output = example(builder)
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("input", sides), (output, None))
    ]
    graph = onnx.helper.make_graph(builder.nodes, "model", ends[:1], ends[1:], builder.constants)
    opsets = [onnx.helper.make_opsetid("", opset)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)


@pytest.mark.parametrize("name", EXAMPLES)
def test_operators_agree_with_onnxruntime(tmp_path: Path, name: str) -> None:
    agree(tmp_path, build(EXAMPLES[name]))


@pytest.mark.parametrize(
    ("opset", "example"),
    [
        (7, lambda b: b.node("Softmax", wide(b), axis=1)),
        (7, lambda b: b.node("Upsample", wide(b), scales=[1.0, 1.0, 2.0, 3.0])),
        (
            9,
            lambda b: b.node(
                "Upsample", wide(b), b.constant(np.float32([1, 1, 2, 2])), mode="linear"
            ),
        ),
        (10, lambda b: b.node("Resize", wide(b), b.constant(np.float32([1, 1, 2, 2])))),
        (9, lambda b: b.node("Slice", wide(b), starts=[1], ends=[3], axes=[1])),
        (10, lambda b: b.node("Clip", wide(b), min=-0.5, max=0.5)),
        (10, lambda b: b.node("Pad", wide(b), pads=[0, 0, 1, 2, 0, 0, 0, 1], value=0.5)),
        (11, lambda b: b.node("Squeeze", b.node("ReduceSum", wide(b), axes=[1]), axes=[1])),
        (18, lambda b: b.node("ReduceMean", wide(b), whole(b, 1))),
        (20, lambda b: b.node("Gelu", wide(b))),
        (18, lambda b: b.node("Mish", wide(b))),
        (
            21,
            lambda b: b.node(
                "GroupNormalization", wide(b, 6), b.normal(6, centre=1.0), b.normal(6), num_groups=3
            ),
        ),
        (23, lambda b: b.node("Add", wide(b), number(b, 1.0))),
    ],
)  # fmt: skip
def test_operators_as_other_opsets_write_them(tmp_path: Path, opset: int, example: Example) -> None:
    agree(tmp_path, build(example, opset))


def test_images_pixel_by_pixel_are_taken_channel_by_channel(tmp_path: Path) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = b.node("Conv", b.node("Transpose", "input", perm=[0, 3, 1, 2]), b.normal(4, 3, 3, 3))
        return b.node("Transpose", b.node("Relu", x), perm=[0, 2, 3, 1])

    network = agree(tmp_path, build(example, sides=("N", 6, 9, 3)), nhwc=True)
    assert network.input_shape == (3, 6, 9)


def test_a_perceptron_takes_its_numbers(tmp_path: Path) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        return b.linear(b.node("Relu", b.linear("input", 12, 7)), 7, 3)

    assert agree(tmp_path, build(example, sides=("N", 12))).input_shape == (12, 1, 1)


def test_open_sides_are_given(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(build(wide, sides=("N", 3, "H", "W")), str(path))
    with pytest.raises(NetworkError, match="--input-shape 1,3,224,224"):
        load_network(str(path))
    network = load_network(str(path), choices=WorkloadChoices(input_shape=(1, 3, 6, 10)))
    assert network.input_shape == (3, 6, 10)
    assert network.answer_shape == (4, 6, 10)
    for wrong in ((1, 4, 6, 10), (3, 6, 10)):
        with pytest.raises(NetworkError, match="does not fit"):
            load_network(str(path), choices=WorkloadChoices(input_shape=wrong))
    with pytest.raises(NetworkError, match="not that of one image"):
        load_network(str(path), choices=WorkloadChoices(input_shape=(2, 3, 6, 10)))


def test_one_of_several_outputs_is_named(tmp_path: Path) -> None:
    builder = models.Builder()
    first = builder.node("Relu", "input")
    second = builder.node("MaxPool", first, kernel_shape=[2, 2])
    model = builder.model(first, SIDE)
    model.graph.output.append(onnx.helper.make_tensor_value_info(second, 1, None))
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    both = load_network(str(path))
    assert [(one.name, one.sides) for one in both.plan().answers] == [
        (first, (1, 3, 8, 8)), (second, (1, 3, 7, 7))
    ]  # fmt: skip
    assert (
        load_network(str(path), choices=WorkloadChoices(output=f"{second}, {first}")).plan().outputs
        == both.plan().outputs[::-1]
    )
    with pytest.raises(NetworkError, match="2 outputs, not a list of scores; say with --output"):
        check_meaning(both, both.plan())
    shapes = [
        load_network(str(path), choices=WorkloadChoices(output=name)).answer_shape
        for name in (first, second)
    ]
    assert shapes == [(3, 8, 8), (3, 7, 7)]
    within = builder.nodes[0].output[0]
    model = builder.model(second, SIDE)
    onnx.save(model, str(path))
    assert load_network(str(path), choices=WorkloadChoices(output=within)).answer_shape == (3, 8, 8)
    with pytest.raises(NetworkError, match="no output 'third'"):
        load_network(str(path), choices=WorkloadChoices(output="third"))


def test_a_condition_that_is_known_decides(tmp_path: Path) -> None:
    def branch(name: str, op: str):  # type: ignore[no-untyped-def]
        node = onnx.helper.make_node(op, ["input"], [f"{name}_made"], name=name)
        made = onnx.helper.make_tensor_value_info(f"{name}_made", 1, None)
        return onnx.helper.make_graph([node], name, [], [made])

    def example(b) -> str:  # type: ignore[no-untyped-def]
        rank = b.node("Size", b.node("Shape", "input"))
        condition = b.node("Equal", rank, b.constant(np.int64(4)))
        branches = {"then_branch": branch("yes", "Exp"), "else_branch": branch("no", "Neg")}
        return b.node("Relu", b.node("If", condition, **branches))

    network = agree(tmp_path, build(example))
    assert [layer.label for layer in network.layers] == ["yes", "/relu_4"]


def test_a_nan_passes_a_clip(tmp_path: Path) -> None:
    from softbeam.network.golden import golden_run

    def example(b) -> str:  # type: ignore[no-untyped-def]
        return b.node("Clip", "input", number(b, 0.0), number(b, 6.0))

    path = tmp_path / "model.onnx"
    onnx.save(build(example, sides=(1, 1, 2, 2)), str(path))
    network = load_network(str(path))
    image = np.array([np.nan, 9, -np.inf, 0.5], dtype=np.float32)
    assert network.weights is not None
    found = golden_run(network.plan(), network.weights, image).scores
    np.testing.assert_array_equal(found, np.array([np.nan, 6, 0, 0.5], dtype=np.float32))


def test_an_output_that_no_image_changes_is_refused(tmp_path: Path) -> None:
    builder = models.Builder()
    first = builder.node("Relu", "input")
    fixed = builder.node("Relu", builder.normal(3))
    model = builder.model(first, SIDE)
    model.graph.output.append(onnx.helper.make_tensor_value_info(fixed, 1, (3,)))
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    with pytest.raises(
        NetworkError, match=r"is always the same, .*; name the others with --output"
    ):
        load_network(str(path))
    assert len(load_network(str(path), choices=WorkloadChoices(output=first)).plan().answers) == 1

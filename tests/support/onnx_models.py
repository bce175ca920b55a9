"""ONNX models in the shapes of torchvision's definitions, with random weights, for small images.

torchvision itself is not needed: its exporter writes the same operators with the same attributes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper, shape_inference

OPSET = 17


class Builder:
    """Collects nodes and weights; every method returns the tensor that its node computes."""

    def __init__(self, seed: int = 1) -> None:
        self.nodes: list = []
        self.constants: list = []
        self.random = np.random.default_rng(seed)

    def constant(self, values: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def normal(self, *shape: int, spread: float = 0.1, centre: float = 0.0) -> str:
        drawn = self.random.normal(centre, spread, shape).astype(np.float32)
        return self.constant(np.abs(drawn) if centre else drawn)

    def node(self, op: str, *inputs: str, **attributes: object) -> str:
        name = f"/{op.lower()}_{len(self.nodes)}"
        output = f"{name}_output_0"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=name, **attributes))
        return output

    def conv(
        self,
        x: str,
        channels: int,
        filters: int,
        size: int,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        bias: bool = True,
    ) -> str:
        inputs = channels // groups * size * size
        weights = self.normal(filters, channels // groups, size, size, spread=(2 / inputs) ** 0.5)
        return self.node(
            "Conv",
            x,
            weights,
            *([self.normal(filters)] if bias else []),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[padding] * 4,
            dilations=[1, 1],
            group=groups,
        )

    def norm(self, x: str, channels: int) -> str:
        scale, variance = (self.normal(channels, centre=1.0) for _ in range(2))
        return self.node(
            "BatchNormalization",
            x,
            scale,
            self.normal(channels),
            self.normal(channels),
            variance,
            epsilon=1e-5,
        )

    def pool(self, x: str, op: str, size: int, stride: int, padding: int = 0, ceil: int = 0) -> str:
        sizes = {"kernel_shape": [size, size], "strides": [stride, stride], "pads": [padding] * 4}
        return self.node(op, x, ceil_mode=ceil, **sizes)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        weights = self.normal(outputs, inputs, spread=(2 / inputs) ** 0.5)
        return self.node("Gemm", x, weights, self.normal(outputs), transB=1, alpha=1.0, beta=1.0)

    def split(self, x: str, axis: int, *parts: int) -> list[str]:
        sizes = self.constant(np.array(parts, dtype=np.int64))
        name = f"/split_{len(self.nodes)}"
        outputs = [f"{name}_output_{number}" for number in range(len(parts))]
        self.nodes.append(helper.make_node("Split", [x, sizes], outputs, name=name, axis=axis))
        return outputs

    def model(self, output: str, side: int, channels: int = 3, batch: object = "N") -> ModelProto:
        image = helper.make_tensor_value_info(
            "input", TensorProto.FLOAT, [batch, channels, side, side]
        )
        graph = helper.make_graph(self.nodes, "model", [image], [], self.constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        made.ir_version = 8
        inferred = [image, *shape_inference.infer_shapes(made).graph.value_info]
        made.graph.output.extend(one for one in inferred if one.name == output)
        checker.check_model(made)
        return made


def alexnet() -> ModelProto:
    """AlexNet, with the original's response normalizations, which torchvision leaves out."""
    b, x = Builder(), "input"
    x = b.node("Relu", b.conv(x, 3, 64, 11, 4, 2))
    x = b.node("LRN", x, size=5, alpha=0.1, beta=0.75, bias=2.0)
    x = b.pool(x, "MaxPool", 3, 2)
    x = b.node("Relu", b.conv(x, 64, 192, 5, 1, 2))
    x = b.node("LRN", x, size=3, alpha=0.5, beta=0.6, bias=1.0)
    x = b.pool(x, "MaxPool", 3, 2)
    for channels, filters in ((192, 384), (384, 256), (256, 256)):
        x = b.node("Relu", b.conv(x, channels, filters, 3, 1, 1))
    x = b.pool(x, "MaxPool", 3, 2)
    x = b.node("AveragePool", x, kernel_shape=[1, 1], strides=[1, 1])
    x = b.node("Flatten", x, axis=1)
    x = b.node("Relu", b.linear(b.node("Dropout", x), 256 * 9, 256))
    x = b.node("Relu", b.linear(b.node("Dropout", x), 256, 128))
    return b.model(b.node("Softmax", b.linear(x, 128, 50), axis=1), 131)


def resnet18() -> ModelProto:
    """ResNet-18: basic blocks, projections with a step."""
    b = Builder()

    def conv(x: str, *sizes: int) -> str:
        return b.norm(b.conv(x, *sizes, bias=False), sizes[1])

    x = b.node("Relu", conv("input", 3, 64, 7, 2, 3))
    x, channels = b.pool(x, "MaxPool", 3, 2, 1), 64
    for filters in (64, 128, 256, 512):
        for block in range(2):
            stride = 2 if filters > 64 and block == 0 else 1
            inner = b.node("Relu", conv(x, channels, filters, 3, stride, 1))
            inner = conv(inner, filters, filters, 3, 1, 1)
            if stride == 2:
                x = conv(x, channels, filters, 1, 2, 0)
            x, channels = b.node("Relu", b.node("Add", inner, x)), filters
    x = b.node("Flatten", b.node("GlobalAveragePool", x), axis=1)
    return b.model(b.linear(x, 512, 100), 64)


def squeezenet() -> ModelProto:
    """SqueezeNet 1.1: fire modules, pools that round up."""
    b = Builder()

    def fire(x: str, channels: int, squeeze: int, expand: int) -> str:
        x = b.node("Relu", b.conv(x, channels, squeeze, 1))
        left = b.node("Relu", b.conv(x, squeeze, expand, 1))
        right = b.node("Relu", b.conv(x, squeeze, expand, 3, 1, 1))
        return b.node("Concat", left, right, axis=1)

    x = b.node("Relu", b.conv("input", 3, 64, 3, 2))
    x = b.pool(x, "MaxPool", 3, 2, ceil=1)
    x = fire(fire(x, 64, 16, 64), 128, 16, 64)
    x = b.pool(x, "MaxPool", 3, 2, ceil=1)
    x = fire(fire(x, 128, 32, 128), 256, 32, 128)
    x = b.pool(x, "MaxPool", 3, 2, ceil=1)
    x = fire(fire(x, 256, 48, 192), 384, 48, 192)
    x = fire(fire(x, 384, 64, 256), 512, 64, 256)
    x = b.node("Relu", b.conv(b.node("Dropout", x), 512, 60, 1))
    x = b.node("GlobalAveragePool", x)
    return b.model(b.node("Flatten", x, axis=1), 65)


def mobilenet() -> ModelProto:
    """MobileNetV2: inverted residuals with depthwise convolutions and ReLU6."""
    b = Builder()
    low, high = (b.constant(np.float32(value)) for value in (0, 6))

    def conv(x: str, *sizes: int, groups: int = 1) -> str:
        return b.norm(b.conv(x, *sizes, groups=groups, bias=False), sizes[1])

    def relu6(x: str) -> str:
        return b.node("Clip", x, low, high)

    x, channels = relu6(conv("input", 3, 32, 3, 2, 1)), 32
    for expand, filters, count, step in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):  # fmt: skip
        for block in range(count):
            stride, hidden = step if block == 0 else 1, expand * channels
            inner = relu6(conv(x, channels, hidden, 1, 1, 0)) if expand > 1 else x
            inner = relu6(conv(inner, hidden, hidden, 3, stride, 1, groups=hidden))
            inner = conv(inner, hidden, filters, 1, 1, 0)
            x = b.node("Add", x, inner) if stride == 1 and channels == filters else inner
            channels = filters
    x = relu6(conv(x, channels, 1280, 1, 1, 0))
    x = b.node("Flatten", b.node("GlobalAveragePool", x), axis=1)
    return b.model(b.linear(b.node("Dropout", x), 1280, 100), 64)


def densenet() -> ModelProto:
    """DenseNet-121: norms and activations before their convolutions, windows averaged."""
    b = Builder()

    def before(x: str, channels: int, *sizes: int) -> str:
        return b.conv(b.node("Relu", b.norm(x, channels)), channels, *sizes, bias=False)

    x = b.node("Relu", b.norm(b.conv("input", 3, 64, 7, 2, 3, bias=False), 64))
    x, channels = b.pool(x, "MaxPool", 3, 2, 1), 64
    for count in (6, 12, 24, 16):
        parts = [x]
        for _ in range(count):
            joined = b.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
            parts.append(before(before(joined, channels, 128, 1), 128, 32, 3, 1, 1))
            channels += 32
        x = b.node("Concat", *parts, axis=1)
        if count != 16:
            x = b.pool(before(x, channels, channels // 2, 1), "AveragePool", 2, 2)
            channels //= 2
    x = b.node("GlobalAveragePool", b.node("Relu", b.norm(x, channels)))
    return b.model(b.linear(b.node("Flatten", x, axis=1), channels, 100), 64)


def googlenet() -> ModelProto:
    """GoogLeNet's stem and three inception modules; pools that round up, some with padding."""
    b = Builder()

    def conv(x: str, *sizes: int) -> str:
        return b.node("Relu", b.norm(b.conv(x, *sizes, bias=False), sizes[1]))

    def inception(x: str, channels: int, *filters: int) -> str:
        one, three_in, three, five_in, five, pool = filters
        parts = (
            conv(x, channels, one, 1),
            conv(conv(x, channels, three_in, 1), three_in, three, 3, 1, 1),
            conv(conv(x, channels, five_in, 1), five_in, five, 3, 1, 1),
            conv(b.pool(x, "MaxPool", 3, 1, 1, 1), channels, pool, 1),
        )
        return b.node("Concat", *parts, axis=1)

    x = b.pool(conv("input", 3, 64, 7, 2, 3), "MaxPool", 3, 2, ceil=1)
    x = b.pool(conv(conv(x, 64, 64, 1), 64, 192, 3, 1, 1), "MaxPool", 3, 2, ceil=1)
    x = inception(inception(x, 192, 64, 96, 128, 16, 32, 32), 256, 128, 128, 192, 32, 96, 64)
    x = inception(b.pool(x, "MaxPool", 3, 2, ceil=1), 480, 192, 96, 208, 16, 48, 64)
    x = b.node("GlobalAveragePool", b.pool(x, "MaxPool", 2, 2, ceil=1))
    x = b.node("Dropout", b.node("Flatten", x, axis=1))
    return b.model(b.linear(x, 512, 40), 96)


def mnasnet() -> ModelProto:
    """The beginning of MNASNet: windows of 5 in groups, and its mean over height and width."""
    b = Builder()

    def conv(x: str, *sizes: int, groups: int = 1) -> str:
        return b.norm(b.conv(x, *sizes, groups=groups, bias=False), sizes[1])

    x = b.node("Relu", conv("input", 3, 32, 3, 2, 1))
    x = conv(b.node("Relu", conv(x, 32, 32, 3, 1, 1, groups=32)), 32, 16, 1)
    channels = 16
    for filters, size in ((24, 3), (40, 5)):
        for stride in (2, 1):
            hidden = 3 * channels
            inner = b.node("Relu", conv(x, channels, hidden, 1))
            padding = size // 2
            inner = conv(inner, hidden, hidden, size, stride, padding, groups=hidden)
            inner = conv(b.node("Relu", inner), hidden, filters, 1)
            x, channels = inner if stride == 2 else b.node("Add", inner, x), filters
    x = b.node("Relu", conv(x, channels, 100, 1))
    x = b.node("Dropout", b.node("ReduceMean", x, axes=[2, 3], keepdims=0))
    return b.model(b.linear(x, 100, 30), 64)


def mixed() -> ModelProto:
    """Every operator that the others leave out, or use in one way only."""
    b = Builder()
    x = b.node("LeakyRelu", b.conv("input", 1, 8, 3, 1, 1), alpha=0.1)
    x = b.node("LeakyRelu", b.norm(x, 8))
    two = b.constant(np.float32(-0.5)), b.constant(np.float32(0.5))
    x = b.node("Sigmoid", b.node("Clip", x, *two))
    x = b.node("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], auto_pad="VALID")
    x = b.node("Elu", b.node("Conv", x, b.normal(6, 4, 3, 3), group=2, auto_pad="SAME_UPPER"))
    x = b.node("Tanh", b.node("Identity", x))
    shape = b.constant(np.array([1, -1], dtype=np.int64))
    x = b.node("Reshape", x, shape)
    x = b.node("Add", b.node("MatMul", x, b.normal(6 * 25, 20)), b.normal(20))
    x = b.node("Relu", b.node("Gemm", x, b.normal(20, 12)))
    x = b.node("MatMul", x, b.normal(12, 9))
    return b.model(b.node("Softmax", x, axis=-1), 10, channels=1, batch=1)


MODELS: dict[str, Callable[[], ModelProto]] = {
    one.__name__: one
    for one in (
        alexnet,
        resnet18,
        squeezenet,
        mobilenet,
        densenet,
        googlenet,
        mnasnet,
        mixed,
    )
}

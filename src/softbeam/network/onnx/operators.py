"""How each ONNX operator becomes a layer of Darknet's kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.functions import Function
from softbeam.network import layers as kinds
from softbeam.network.layers import Shape
from softbeam.network.onnx import elementwise, moving, products, reductions, windows
from softbeam.network.onnx.folding import FOLDED
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import (
    ACTIVATIONS,
    Lowering,
    Refused,
    Weights,
    activation_of,
    integers,
    scalar,
)

ROOT_EPSILON = 1e-6
"""What Darknet's batch norm adds to the root of the variance, where ONNX adds under the root."""

ALIASES = frozenset(
    {"Cast", "CastLike", "Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}
)
"""Operators that leave the elements as they are, and where."""


def lower(lowering: Lowering, node: Node) -> None:
    """Append the layer that a node becomes.

    Raises
    ------
    Refused
        If Darknet's kernels cannot do what it does.
    """
    constants = lowering.graph.constants
    if node.op in FOLDED and all(name in constants for name in node.inputs if name):
        raise Refused("it follows from constants, but cannot be computed beforehand")
    if node.op in ALIASES and not node.domain:
        source, shape = lowering.place(node)
        # ONNX's numbers of float32 and float64.
        if node.op == "Cast" and node.attributes["to"] not in (1, 11):
            raise Refused("it converts to a type other than float32; softbeam computes with that")
        lowering.keep(node, source, prod(shape))
    elif node.op in _MAKERS and not node.domain:
        _MAKERS[node.op](lowering, node)
    else:
        check_known(node)


def check_known(node: Node) -> None:
    """Refuse an operator that softbeam does not know, whatever its inputs are."""
    if node.domain or node.op not in ALIASES | _MAKERS.keys():
        raise Refused("softbeam does not know this operator")


def _one(node: Node, name: str, values: Sequence[int], what: str) -> int:
    if len(set(values)) != 1:
        raise Refused(f"{name} is {list(values)}; {what}")
    return int(values[0])


def _window(node: Node, kernel: Sequence[int], shape: Shape) -> tuple[int, int, list[int]]:
    """Return side, step and padding (top, left, bottom, right) of a window."""
    a = node.attributes
    if len(kernel) != 2:
        raise Refused("its window is a line")
    size = _one(node, "kernel_shape", kernel, "Darknet's windows are squares")
    stride = _one(node, "strides", a.get("strides", [1, 1]), "Darknet has one step")
    if size > 1 and set(a.get("dilations", [1, 1])) != {1}:
        raise Refused(f"dilations is {a['dilations']}; Darknet's windows have no gaps")
    how = a.get("auto_pad", b"NOTSET").decode()
    pads = [0, 0, 0, 0] if how == "VALID" else list(a.get("pads", [0, 0, 0, 0]))
    if how.startswith("SAME"):
        over = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in shape[1:]]
        less, more = [side // 2 for side in over], [-(-side // 2) for side in over]
        pads = [*less, *more] if how == "SAME_UPPER" else [*more, *less]
    return size, stride, pads


def _padding(pads: Sequence[int]) -> int:
    """Return the zeros on each side, if they are as many on all."""
    if len(set(pads)) != 1:
        raise Refused(f"pads is {list(pads)}; Darknet pads all sides alike")
    return pads[0]


def _pad(lowering: Lowering, node: Node) -> None:
    """Leave zeros around an image to the convolutions that read it, or add them."""
    sides = integers(lowering, node, 1, "pads") or []
    axes = lowering.constant(node, 3)
    value = scalar(lowering, node, 2) or node.attributes.get("value", 0.0)
    zeros = node.attributes.get("mode", b"constant") == b"constant" and not value
    tensor = node.outputs[0]
    alike = axes is None and len(sides) == 8 and len({*sides[2:4], *sides[6:8]}) == 1
    only = {one.op for one in lowering.graph.readers(tensor)} == {"Conv"}
    if not any(sides):
        source, shape = lowering.place(node)
        lowering.keep(node, source, prod(shape))
    elif (
        zeros
        and alike
        and only
        and sides[2] > 0
        and not any(sides[0:2] + sides[4:6])
        and tensor not in lowering.graph.outputs
    ):
        lowering.places[tensor] = lowering.place(node)
        lowering.views[tensor] = lowering.sides(node.inputs[0])
        lowering.padded[tensor] = sides[2]
    else:
        moving.pad(lowering, node)


def _conv(lowering: Lowering, node: Node) -> None:
    takes, shape = windows.image_of(lowering, node)
    weights, bias = lowering.weight(node, 1), lowering.constant(node, 2)
    before = lowering.padded.get(node.inputs[0], 0)
    within = (shape[0], shape[1] + 2 * before, shape[2] + 2 * before)
    window = None
    try:
        size, stride, pads = _window(node, weights.shape[2:], within)
        padding = before + _padding(pads)
    except Refused:
        window = windows.read_window(node, weights.shape[2:], shape, before).window
        size, stride, padding = max(window.kernel), max(window.stride), max(window.before)
    filters, groups = weights.shape[0], int(node.attributes.get("group", 1))
    if shape[0] % groups or filters % groups:
        raise Refused(f"its {groups} groups do not divide {shape[0]} channels, {filters} filters")
    zeros = np.zeros(filters, dtype=np.float32)
    bias, tensor = zeros if bias is None else bias, node.outputs[0]
    trained = {"biases": bias, "weights": weights}
    norm = lowering.follower(tensor, "BatchNormalization")
    if norm is not None:
        trained |= _norm(lowering, norm, bias)
        tensor = lowering.absorb(norm)
    activation, tensor = lowering.activation(tensor)
    lowering.add(
        kinds.Convolution(
            len(lowering.layers),
            shape,
            filters,
            size,
            stride,
            padding,
            norm is not None,
            activation,
            groups,
            groups > 1,
            window,
            label=node.name,
            takes=takes,
        ),
        tensor,
        **trained,
    )


def _norm(lowering: Lowering, node: Node, bias: NDArray[np.float32] | float) -> Weights:
    """Return a batch norm's buffers, `bias` having been added before it."""
    scale, shift, mean, variance = (lowering.weight(node, number) for number in range(1, 5))
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    root = np.sqrt(variance.astype(np.float64) + epsilon) - ROOT_EPSILON
    return {
        "scales": scale,
        "biases": shift,
        "rolling_mean": (mean - bias).astype(np.float32),
        "rolling_variance": (np.maximum(root, 0.0) ** 2).astype(np.float32),
    }


def _batch_norm(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    if lowering.sides(node.inputs[0])[0] != 1:
        raise Refused("its channels are not those of one image")
    layer = kinds.BatchNorm(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0], **_norm(lowering, node, 0.0))


def _pointwise(lowering: Lowering, node: Node) -> None:
    if node.op == "Relu":
        elementwise.function(lowering, node, Function.RECTIFY)
        return
    try:
        activation = activation_of(node)
    except Refused:
        elementwise.function(lowering, node, Function.SLOPE, node.attributes.get("alpha", 0.01))
        return
    takes, shape = lowering.place(node)
    number = len(lowering.layers)
    layer = kinds.ActivationLayer(number, shape, activation, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _max_pool(lowering: Lowering, node: Node) -> None:
    """Lower a max pool to ONNX's kernel: Darknet's hides a NaN."""
    if any(one and lowering.graph.readers(one) for one in node.outputs[1:]):
        raise Refused("its indices are read")
    windows.pool(lowering, node)


def _average_pool(lowering: Lowering, node: Node) -> None:
    """Lower an average pool; that of a whole map is a global average."""
    _, shape = windows.image_of(lowering, node)
    read = windows.read_window(node, node.attributes["kernel_shape"], shape)
    if read.window.kernel == shape[1:] and read.window.before == read.after == (0, 0):
        _global_average(lowering, node)
    else:
        windows.pool(lowering, node)


def _global_average(lowering: Lowering, node: Node) -> None:
    takes, shape = windows.image_of(lowering, node)
    layer = kinds.AveragePool(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _mean(lowering: Lowering, node: Node) -> None:
    """Lower a mean; over height and width it is a global average."""
    sides = lowering.sides(node.inputs[0])
    given = integers(lowering, node, 1, "axes") or []
    if len(sides) == 4 and sides[0] == 1 and {axis % 4 for axis in given} == {2, 3}:
        _global_average(lowering, node)
    else:
        reductions.reduce(lowering, node)


def _add(lowering: Lowering, node: Node) -> None:
    names, constants = node.inputs, lowering.graph.constants
    if len(names) != 2 or any(name in constants for name in names):
        elementwise.broadcast(lowering, node)
        return
    (one, shape), (other, second) = (lowering.place(node, number) for number in (0, 1))
    joint = np.broadcast_shapes(*(lowering.sides(name) for name in names))
    if shape != second or prod(joint) != prod(shape):
        elementwise.broadcast(lowering, node)
        return
    activation, tensor = lowering.activation(node.outputs[0])
    layer = kinds.Shortcut(
        len(lowering.layers), shape, other, shape, activation, label=node.name, takes=one
    )
    lowering.add(layer, tensor, joint)


def _concat(lowering: Lowering, node: Node) -> None:
    sides = lowering.sides(node.outputs[0])
    axis = node.attributes["axis"] % len(sides)
    constant = any(name in lowering.graph.constants for name in node.inputs)
    if prod(sides[:axis]) != 1 or constant or not lowering.layers:
        moving.concat(lowering, node)
        return
    places = [lowering.place(node, number) for number in range(len(node.inputs))]
    sources = tuple((number, prod(shape)) for number, shape in places)
    shape = lowering.shape(node.outputs[0])
    layer = kinds.Route(len(lowering.layers), shape, sources, label=node.name)
    lowering.add(layer, node.outputs[0])


def _gemm(lowering: Lowering, node: Node) -> None:
    a = node.attributes
    constants = lowering.graph.constants
    if a.get("transA", 0) or not _one_row(lowering, node) or node.inputs[1] not in constants:
        products.gemm(lowering, node)
        return
    matrix = lowering.weight(node, 1) * np.float32(a.get("alpha", 1.0))
    bias = lowering.constant(node, 2)
    if bias is not None:
        bias = bias * np.float32(a.get("beta", 1.0))
    _product(lowering, node, matrix if a.get("transB", 0) else matrix.T, bias, node.outputs[0])


def _one_row(lowering: Lowering, node: Node) -> bool:
    sides = lowering.sides(node.inputs[0])
    return len(sides) == 2 and sides[0] == 1 and node.inputs[0] not in lowering.graph.constants


def _mat_mul(lowering: Lowering, node: Node) -> None:
    constants = lowering.graph.constants
    second = constants.get(node.inputs[1])
    if not _one_row(lowering, node) or second is None or second.ndim != 2:
        products.mat_mul(lowering, node)
        return
    matrix, bias, tensor = lowering.weight(node, 1), None, node.outputs[0]
    following = lowering.follower(tensor, "Add")
    if following is not None and matrix.shape[0] == lowering.sides(node.inputs[0])[1]:
        added = [constants[name] for name in following.inputs if name in constants]
        if added and added[0].size == matrix.shape[1]:
            bias = np.asarray(added[0], dtype=np.float32)
            tensor = lowering.absorb(following)
    _product(lowering, node, matrix.T, bias, tensor)


def _product(
    lowering: Lowering,
    node: Node,
    matrix: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    tensor: str,
) -> None:
    """Add a connected layer; `matrix` has a row for each output."""
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    if matrix.ndim != 2 or len(sides) != 2 or matrix.shape[1] != prod(shape):
        raise Refused(f"it multiplies {list(sides)} by {list(matrix.shape[::-1])}")
    units = matrix.shape[0]
    spread = np.broadcast_to(0.0 if bias is None else bias.reshape(-1), units)
    activation, tensor = lowering.activation(tensor)
    layer = kinds.Connected(
        len(lowering.layers), shape, units, False, activation, label=node.name, takes=takes
    )
    lowering.add(layer, tensor, biases=spread, weights=matrix)


def _softmax(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    usual = 1 if lowering.graph.opset < 13 else -1
    axis = node.attributes.get("axis", usual) % len(sides)
    if shape[1:] != (1, 1) or sides[axis] != prod(sides) or sides[axis] > reductions.MOST_ADDED:
        reductions.softmax(lowering, node)
        return
    layer = kinds.Softmax(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _lrn(lowering: Lowering, node: Node) -> None:
    takes, shape = windows.image_of(lowering, node)
    a = node.attributes
    size = int(a["size"])
    layer = kinds.Normalization(
        len(lowering.layers),
        shape,
        size,
        # ONNX divides by the number of channels.
        float(a.get("alpha", 1e-4)) / size,
        float(a.get("beta", 0.75)),
        float(a.get("bias", 1.0)),
        True,
        label=node.name,
        takes=takes,
    )
    lowering.add(layer, node.outputs[0])


_MAKERS: Mapping[str, Callable[[Lowering, Node], Any]] = {
    **elementwise.MAKERS,
    **moving.MAKERS,
    **products.MAKERS,
    **reductions.MAKERS,
    **windows.MAKERS,
    # Most of what Darknet has kernels of its own for.
    **dict.fromkeys(ACTIVATIONS, _pointwise),
    "Add": _add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": _concat,
    "Conv": _conv,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average,
    "LRN": _lrn,
    "MatMul": _mat_mul,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "ReduceMean": _mean,
    "Softmax": _softmax,
}

"""How each ONNX operator becomes a layer of Darknet's kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.memory import require_memory
from softbeam.network import layers as kinds
from softbeam.network.layers import Activation, Shape
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import (
    ACTIVATIONS,
    Lowering,
    Refused,
    Weights,
    activation_of,
)

ROOT_EPSILON = 1e-6
"""What Darknet's batch norm adds to the root of the variance, where ONNX adds under the root."""

ALIASES = frozenset({"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that leave the elements as they are, and where."""


def lower(lowering: Lowering, node: Node) -> None:
    """Append the layer that a node becomes.

    Raises
    ------
    Refused
        If Darknet's kernels cannot do what it does.
    """
    if node.op in ALIASES:
        source, shape = lowering.place(node)
        lowering.keep(node, source, prod(shape))
    elif node.op in _MAKERS:
        _MAKERS[node.op](lowering, node)
    else:
        raise Refused("softbeam does not know this operator")


def _one(node: Node, name: str, values: Sequence[int], what: str) -> int:
    if len(set(values)) != 1:
        raise Refused(f"{name} is {list(values)}; {what}")
    return int(values[0])


def _window(node: Node, kernel: Sequence[int], shape: Shape) -> tuple[int, int, list[int]]:
    """Return side, step and padding (top, left, bottom, right) of a window."""
    a = node.attributes
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
    """Leave zeros around an image to the convolutions that read it."""
    takes, shape = lowering.place(node)
    a, tensor = node.attributes, node.outputs[0]
    pads = lowering.constant(node, 1)
    axes = lowering.constant(node, 3)
    value = _scalar(lowering, node, 2) or a.get("value", 0.0)
    sides = list(a.get("pads", ())) if pads is None else [int(side) for side in pads]
    if a.get("mode", b"constant") != b"constant" or value or axes is not None or len(sides) != 8:
        raise Refused("Darknet pads with zeros alone, height and width")
    padding = _padding([*sides[2:4], *sides[6:8]])
    if padding < 0 or any(sides[0:2] + sides[4:6]):
        raise Refused(f"pads is {sides}; Darknet pads height and width")
    readers = lowering.graph.readers(tensor)
    if padding and (tensor == lowering.graph.output or {one.op for one in readers} != {"Conv"}):
        raise Refused("Darknet pads in its convolutions alone")
    lowering.places[tensor] = takes, shape
    lowering.padded[tensor] = padding


def _conv(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    weights, bias = lowering.weight(node, 1), lowering.constant(node, 2)
    before = lowering.padded.get(node.inputs[0], 0)
    within = (shape[0], shape[1] + 2 * before, shape[2] + 2 * before)
    size, stride, pads = _window(node, weights.shape[2:], within)
    padding = before + _padding(pads)
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
    layer = kinds.BatchNorm(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0], **_norm(lowering, node, 0.0))


def _pointwise(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    number = len(lowering.layers)
    layer = kinds.ActivationLayer(number, shape, activation_of(node), label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _clip(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    low, high = (
        float(node.attributes[name]) if name in node.attributes else _scalar(lowering, node, at)
        for name, at in (("min", 1), ("max", 2))
    )
    number, tensor = len(lowering.layers), node.outputs[0]
    if high is None and low == 0:
        relu = kinds.ActivationLayer(number, shape, Activation.RELU, label=node.name, takes=takes)
        lowering.add(relu, tensor)
        return
    if high is None or low is None or high <= 0 or low not in (0, -high):
        raise Refused(f"it clips to {low} ... {high}; Darknet's kernels know 0 and -limit below")
    layer = kinds.Clip(number, shape, high, low == 0, label=node.name, takes=takes)
    lowering.add(layer, tensor)


def _scalar(lowering: Lowering, node: Node, number: int) -> float | None:
    found = lowering.constant(node, number)
    return None if found is None else float(found.reshape(-1)[0])


def _max_pool(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    if len(node.outputs) > 1 and lowering.graph.readers(node.outputs[1]):
        raise Refused("its indices are read")
    size, stride, pads = _window(node, node.attributes["kernel_shape"], shape)
    first, last = pads[:2], pads[2:]
    more = set(last) - set(first)
    if len(set(first)) > 1 or len(set(last)) > 1 or not more <= {first[0] + 1}:
        raise Refused(f"pads is {pads}; Darknet pads all sides alike, or one more at the end")
    # Darknet's padding is that of both sides; an odd one begins as the even one below it, which
    # is how windows reach over the last pixel where the size is rounded up.
    up = int(node.attributes.get("ceil_mode", 0))
    total = first[0] + last[0]
    layers = [
        kinds.MaxPool(len(lowering.layers), shape, size, stride, over, label=node.name, takes=takes)
        for over in (total, total + up)
    ]
    tensor = node.outputs[0]
    across = [_windows(side, size, stride, first[0], last[0], up) for side in shape[1:]]
    if list(lowering.shape(tensor)[1:]) != across:
        raise Refused(f"it has {across} windows, but the model says {lowering.shape(tensor)[1:]}")
    fitting = [one for one in layers if one.output_shape == lowering.shape(tensor)]
    lowering.add((fitting or layers)[0], tensor)


def _windows(side: int, size: int, stride: int, first: int, last: int, up: int) -> int:
    """Return the windows along a side; one that would begin behind the last pixel is left out."""
    reach = side + first + last - size
    count = (-(-reach // stride) if up else reach // stride) + 1
    return count - (up and (count - 1) * stride >= side + first)


def _average_pool(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    size, stride, pads = _window(node, node.attributes["kernel_shape"], shape)
    padding = _padding(pads)
    if padding and not node.attributes.get("count_include_pad", 0):
        raise Refused("it leaves its padding out of the averages")
    number, label = len(lowering.layers), node.name
    if (size, size) == shape[1:] and not padding:
        lowering.add(kinds.AveragePool(number, shape, label=label, takes=takes), node.outputs[0])
        return
    layer = kinds.WindowAverage(number, shape, size, stride, padding, label=label, takes=takes)
    require_memory(4 * shape[0] * size**2, f"the window of {label!r}", "give a smaller one")
    weights = np.full(shape[0] * size**2, 1 / size**2, dtype=np.float32)
    lowering.add(layer, node.outputs[0], weights=weights)


def _global_average(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    layer = kinds.AveragePool(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _mean(lowering: Lowering, node: Node) -> None:
    """Lower a mean over height and width, which is what a global average is."""
    rank = len(lowering.graph.shapes[node.inputs[0]])
    given = node.attributes.get("axes")
    if given is None:
        given = lowering.constant(node, 1)
    axes = [] if given is None else sorted(int(axis) % rank for axis in given)
    if rank != 4 or axes != [2, 3]:
        raise Refused("it is no mean over height and width")
    _global_average(lowering, node)


def _add(lowering: Lowering, node: Node) -> None:
    (one, shape), (other, second) = (lowering.place(node, number) for number in (0, 1))
    if shape != second:
        raise Refused(f"it adds {list(shape)} and {list(second)}; both must be alike")
    activation, tensor = lowering.activation(node.outputs[0])
    layer = kinds.Shortcut(
        len(lowering.layers), shape, other, shape, activation, label=node.name, takes=one
    )
    lowering.add(layer, tensor)


def _concat(lowering: Lowering, node: Node) -> None:
    if node.attributes["axis"] not in (1, 1 - len(lowering.graph.shapes[node.outputs[0]])):
        raise Refused(f"it joins along axis {node.attributes['axis']}; Darknet joins channels")
    places = [lowering.place(node, number) for number in range(len(node.inputs))]
    if not lowering.layers:
        raise Refused("it joins the image with itself")
    sources = tuple((number, prod(shape)) for number, shape in places)
    shape = lowering.shape(node.outputs[0])
    layer = kinds.Route(len(lowering.layers), shape, sources, label=node.name)
    lowering.add(layer, node.outputs[0])


def _gemm(lowering: Lowering, node: Node) -> None:
    a = node.attributes
    if a.get("transA", 0):
        raise Refused("it has transA")
    matrix = lowering.weight(node, 1) * np.float32(a.get("alpha", 1.0))
    bias = lowering.constant(node, 2)
    if bias is not None:
        bias = bias * np.float32(a.get("beta", 1.0))
    _product(lowering, node, matrix if a.get("transB", 0) else matrix.T, bias, node.outputs[0])


def _mat_mul(lowering: Lowering, node: Node) -> None:
    matrix, bias, tensor = lowering.weight(node, 1), None, node.outputs[0]
    following = lowering.follower(tensor, "Add")
    if following is not None:
        constants = [name for name in following.inputs if name in lowering.graph.constants]
        if constants and lowering.graph.constants[constants[0]].size == matrix.shape[-1]:
            bias = np.asarray(lowering.graph.constants[constants[0]], dtype=np.float32)
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
    sides = lowering.graph.shapes[node.inputs[0]]
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
    rank = len(lowering.graph.shapes[node.outputs[0]])
    axis = node.attributes.get("axis", -1)
    if axis not in (1, 1 - rank) or shape[1:] != (1, 1):
        raise Refused("it runs along another axis than all classes")
    layer = kinds.Softmax(len(lowering.layers), shape, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def _lrn(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
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
    "Conv": _conv,
    "BatchNormalization": _batch_norm,
    **dict.fromkeys(ACTIVATIONS, _pointwise),
    "Clip": _clip,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average,
    "ReduceMean": _mean,
    "Pad": _pad,
    "Add": _add,
    "Concat": _concat,
    "Gemm": _gemm,
    "MatMul": _mat_mul,
    "Softmax": _softmax,
    "LRN": _lrn,
}

"""How ONNX's reductions, and the norms and softmax that begin with one, become layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from softbeam.kernels.functions import Function, Operation, Reduction
from softbeam.network import layers as kinds
from softbeam.network.onnx.elementwise import combine, each
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused, integers, shape_of
from softbeam.network.onnx.moving import move, piece
from softbeam.network.onnx.steps import dense

_REDUCTIONS = {
    "ReduceL1": Reduction.SUM,
    "ReduceMax": Reduction.LARGEST,
    "ReduceMean": Reduction.MEAN,
    "ReduceMin": Reduction.SMALLEST,
    "ReduceProd": Reduction.PRODUCT,
    "ReduceSum": Reduction.SUM,
    "ReduceSumSquare": Reduction.SQUARES,
    "ReduceL2": Reduction.SQUARES,
}


def reduce(lowering: Lowering, node: Node) -> None:
    """Lower a reduction over some axes, which are brought to the end where they lie apart."""
    source, _ = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    rank = len(sides)
    given = integers(lowering, node, 1, "axes")
    if not given and node.attributes.get("noop_with_empty_axes", 0):
        lowering.keep(node, source, prod(sides))
        return
    axes = {axis % rank for axis in given} if given else set(range(rank))
    kept = [axis for axis in range(rank) if axis not in axes]
    tensor = node.inputs[0]
    if node.op == "ReduceL1":
        tensor = f"{node.outputs[0]}#sizes"
        each(lowering, node.name, node.inputs[0], tensor, Function.ABSOLUTE, -0.0)
        source = lowering.places[tensor][0]
    longer = [axis for axis in sorted(axes) if sides[axis] > 1]
    between = range(longer[0], longer[-1] + 1) if longer else range(0)
    if any(sides[axis] > 1 and axis not in axes for axis in between):
        order = [*kept, *sorted(axes)]
        steps, tensor = dense(sides), f"{node.outputs[0]}#turned"
        turned = [sides[axis] for axis in order]
        one = piece(source, turned, 0, [steps[axis] for axis in order])
        move(lowering, node.name, tensor, turned, [one])
        inner = 1
    else:
        inner = prod(sides[longer[-1] + 1 :]) if longer else 1
    whole = node.attributes.get("keepdims", 1)
    result = tuple(
        1 if axis in axes else side for axis, side in enumerate(sides) if whole or axis not in axes
    )
    rooted = node.op == "ReduceL2"
    target = f"{node.outputs[0]}#squares" if rooted else node.outputs[0]
    count = prod(sides[axis] for axis in axes)
    _reduced(lowering, node.name, tensor, target, result, _REDUCTIONS[node.op], count, inner)
    if rooted:
        each(lowering, node.name, target, node.outputs[0], Function.SQUARE_ROOT)


def _reduced(
    lowering: Lowering,
    label: str,
    tensor: str,
    target: str,
    sides: tuple[int, ...],
    reduction: Reduction,
    count: int,
    inner: int,
) -> None:
    """Add a layer of one number of every `count` elements, `inner` apart."""
    takes, shape = lowering.places[tensor]
    number = len(lowering.layers)
    layer = kinds.Reduce(
        number, shape, shape_of(sides), reduction, count, inner, label=label, takes=takes
    )
    lowering.add(layer, target, sides)


def global_max(lowering: Lowering, node: Node) -> None:
    """Lower a maximum over all pixels of each channel."""
    lowering.place(node)
    tensor, sides = node.inputs[0], lowering.sides(node.inputs[0])
    result = (*sides[:2], *(1 for _ in sides[2:]))
    count = prod(sides[2:])
    _reduced(lowering, node.name, tensor, node.outputs[0], result, Reduction.LARGEST, count, 1)


MOST_ADDED = 2048
"""Elements of which Darknet's softmax, which adds them one after the other, loses no share."""


def softmax(lowering: Lowering, node: Node) -> None:
    """Lower a softmax along any axis; before opset 13 along all axes from one on."""
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    joint = lowering.graph.opset < 13
    axis = int(node.attributes.get("axis", 1 if joint else -1)) % len(sides)
    count = prod(sides[axis:]) if joint else sides[axis]
    inner = 1 if joint else prod(sides[axis + 1 :])
    if node.op == "LogSoftmax" or count > MOST_ADDED:
        _shares(lowering, node, (prod(sides) // (count * inner), count, inner))
        return
    layer = kinds.AxisSoftmax(
        len(lowering.layers), shape, shape, count, inner, label=node.name, takes=takes
    )
    lowering.add(layer, node.outputs[0], sides)


def _shares(lowering: Lowering, node: Node, lines: tuple[int, int, int]) -> None:
    """Lower a softmax of many elements, or its logarithm, to what it is made of.

    The logarithm is finite where the softmax is rounded to zero.
    """
    tensor, target, label = node.inputs[0], node.outputs[0], node.name
    sides = lowering.sides(tensor)
    outer, count, inner = lines
    ones = (outer, 1, inner)

    def with_line(one: str, operation: Operation, other: str, name: str) -> None:
        """Combine the elements of each line with a number of it."""
        combine(lowering, label, operation, (one, other), name, lines)

    flat, peak, below = f"{target}#lines", f"{target}#peak", f"{target}#below"
    lowering.alias(tensor, flat, lines)
    _reduced(lowering, label, flat, peak, ones, Reduction.LARGEST, count, inner)
    with_line(flat, Operation.SUBTRACT, peak, below)
    powers, total, log = f"{target}#powers", f"{target}#total", f"{target}#log"
    each(lowering, label, below, powers, Function.EXPONENTIAL)
    _reduced(lowering, label, powers, total, ones, Reduction.SUM, count, inner)
    if node.op == "Softmax":
        with_line(powers, Operation.DIVIDE, total, target)
    else:
        each(lowering, label, total, log, Function.LOGARITHM)
        with_line(below, Operation.SUBTRACT, log, target)
    lowering.view(target, sides)


def norm(lowering: Lowering, node: Node) -> None:
    """Lower a layer, instance or group normalization."""
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    scale = lowering.weight(node, 1)
    shift = lowering.constant(node, 2)
    elements = prod(sides)
    if node.op == "LayerNormalization":
        axis = int(node.attributes.get("axis", -1)) % len(sides)
        rows = prod(sides[:axis])
        count = elements // rows
        sizes, steps = (rows, count), (0, 1)
        scale = np.broadcast_to(scale, sides[axis:])
        zeros = np.zeros(1, dtype=np.float32)
        shift = np.broadcast_to(zeros if shift is None else shift, sides[axis:])
        if any(lowering.graph.readers(one) for one in node.outputs[1:]):
            raise Refused("its mean or deviation is read")
    else:
        channels, rows = sides[1], sides[1]
        if sides[0] != 1 or shift is None:
            raise Refused(f"its input has the shape {list(sides)}; softbeam takes one image")
        if node.op == "GroupNormalization":
            rows = int(node.attributes["num_groups"])
            if scale.size == rows:
                scale, shift = (np.repeat(one, channels // rows) for one in (scale, shift))
        count = elements // rows
        sizes, steps = (channels, elements // channels), (1, 0)
    layer = kinds.Standardize(
        len(lowering.layers), shape, shape, rows, count, sizes, steps, scale.size,
        label=node.name, takes=takes,
    )  # fmt: skip
    epsilon = np.array([node.attributes.get("epsilon", 1e-5)], dtype=np.float32)
    lowering.add(
        layer, node.outputs[0], sides, scales=scale, biases=np.asarray(shift), epsilon=epsilon
    )


MAKERS: Mapping[str, Callable[[Lowering, Node], None]] = {
    **dict.fromkeys(_REDUCTIONS, reduce),
    "GlobalMaxPool": global_max,
    "GroupNormalization": norm,
    "InstanceNormalization": norm,
    "LayerNormalization": norm,
    "LogSoftmax": softmax,
}

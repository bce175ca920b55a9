"""How ONNX's products, reductions, norms and softmax of tensors of any rank become layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.functions import Function, Operation, Reduction
from softbeam.network import layers as kinds
from softbeam.network.layers import OWN
from softbeam.network.onnx.elementwise import combine
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


def mat_mul(lowering: Lowering, node: Node) -> None:
    """Lower a product of matrices, or of stacks of as many matrices."""
    names, target = node.inputs, node.outputs[0]
    one, other = (lowering.sides(name) for name in names)
    if min(len(one), len(other)) < 2:
        raise Refused(f"it multiplies {list(one)} by {list(other)}; both must be matrices")
    batch = tuple(np.broadcast_shapes(one[:-2], other[:-2]))
    rows, k, n = one[-2], one[-1], other[-1]
    if other[-2] != k:
        raise Refused(f"it multiplies {list(one)} by {list(other)}")
    sides = (*batch, rows, n)
    if prod(other[:-2]) == 1:
        # One right factor for all rows of all matrices.
        _product(lowering, node.name, names, target, sides, (1, prod(one[:-1]), n, k))
        return
    spread: list[NDArray[np.float32] | None] = []
    for name, own in zip(names, (one, other), strict=True):
        if own[:-2] != batch and prod(own[:-2]) != prod(batch):
            constant = lowering.graph.constants.get(name)
            if constant is None:
                raise Refused(f"it multiplies {list(one)} by {list(other)}; repeat one first")
            spread.append(np.broadcast_to(constant, (*batch, *own[-2:])))
        else:
            spread.append(None)
    _product(lowering, node.name, names, target, sides, (prod(batch), rows, n, k), spread)


def _product(
    lowering: Lowering,
    label: str,
    names: tuple[str, ...],
    target: str,
    sides: tuple[int, ...],
    sizes: tuple[int, int, int, int],
    spread: list[NDArray[np.float32] | None] | None = None,
) -> None:
    numbers, weights = [], {}
    for number, name in enumerate(names[:2]):
        constant = lowering.graph.constants.get(name)
        if constant is None:
            numbers.append(lowering.places[name][0])
        else:
            wide = None if spread is None else spread[number]
            weights["weights"] = np.asarray(constant if wide is None else wide, dtype=np.float32)
            numbers.append(OWN)
    if numbers == [OWN, OWN]:
        raise Refused("all its inputs are constants")
    takes, shape = lowering.places[names[0] if numbers[0] != OWN else names[1]]
    layer = kinds.MatMul(
        len(lowering.layers), shape, shape_of(sides), (numbers[0], numbers[1]), *sizes,
        label=label, takes=takes,
    )  # fmt: skip
    lowering.add(layer, target, sides, **weights)


def gemm(lowering: Lowering, node: Node) -> None:
    """Lower a Gemm of several rows, or of two tensors."""
    a = node.attributes
    if a.get("transA", 0):
        raise Refused("it has transA")
    names, target = list(node.inputs), node.outputs[0]
    for at, attribute in ((1, "alpha"), (2, "beta")):
        factor = np.float32(a.get(attribute, 1.0))
        if factor != 1 and len(names) > at and names[at]:
            scaled = f"{target}#{attribute}"
            lowering.hold(scaled, lowering.weight(node, at) * factor)
            names[at] = scaled
    (rows, k), other = lowering.sides(names[0]), lowering.sides(names[1])
    n = other[0] if a.get("transB", 0) else other[1]
    if a.get("transB", 0):
        turned = f"{target}#turned"
        constant = lowering.graph.constants.get(names[1])
        if constant is None:
            steps = dense(other)[::-1]
            one = piece(lowering.places[names[1]][0], other[::-1], 0, steps)
            move(lowering, node.name, turned, other[::-1], [one])
        else:
            lowering.hold(turned, np.ascontiguousarray(constant.T))
        names[1] = turned
    bias = names[2] if len(names) > 2 and names[2] else ""
    product = f"{target}#product" if bias else target
    _product(lowering, node.name, tuple(names), product, (rows, n), (1, rows, n, k))
    if bias:
        combine(lowering, node.name, Operation.ADD, (product, bias), target, (rows, n))


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
        shape, tensor = lowering.shape(tensor), f"{node.outputs[0]}#sizes"
        sizes = kinds.Elementwise(
            len(lowering.layers),
            shape,
            shape,
            Function.ABSOLUTE,
            -0.0,
            label=node.name,
            takes=source,
        )
        lowering.add(sizes, tensor, sides)
        source = sizes.index
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
    takes, shape = lowering.places[tensor]
    rooted = node.op == "ReduceL2"
    target = f"{node.outputs[0]}#squares" if rooted else node.outputs[0]
    layer = kinds.Reduce(
        len(lowering.layers), shape, shape_of(result), _REDUCTIONS[node.op],
        prod(sides[axis] for axis in axes), inner, label=node.name, takes=takes,
    )  # fmt: skip
    lowering.add(layer, target, result)
    if rooted:
        takes, shape = lowering.places[target]
        root = kinds.Elementwise(
            len(lowering.layers), shape, shape, Function.SQUARE_ROOT, label=node.name, takes=takes
        )
        lowering.add(root, node.outputs[0], result)


def global_max(lowering: Lowering, node: Node) -> None:
    """Lower a maximum over all pixels of each channel."""
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    count = prod(sides[2:])
    result = (*sides[:2], *(1 for _ in sides[2:]))
    layer = kinds.Reduce(
        len(lowering.layers), shape, shape_of(result), Reduction.LARGEST, count, 1,
        label=node.name, takes=takes,
    )  # fmt: skip
    lowering.add(layer, node.outputs[0], result)


def softmax(lowering: Lowering, node: Node) -> None:
    """Lower a softmax along any axis; before opset 13 along all axes from one on."""
    takes, shape = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    joint = lowering.graph.opset < 13
    axis = int(node.attributes.get("axis", 1 if joint else -1)) % len(sides)
    count = prod(sides[axis:]) if joint else sides[axis]
    inner = 1 if joint else prod(sides[axis + 1 :])
    layer = kinds.AxisSoftmax(
        len(lowering.layers), shape, shape, count, inner, label=node.name, takes=takes
    )
    target = node.outputs[0]
    if node.op == "Softmax":
        lowering.add(layer, target, sides)
        return
    lowering.add(layer, f"{target}#shares", sides)
    log = kinds.Elementwise(
        len(lowering.layers), shape, shape, Function.LOGARITHM, label=node.name, takes=layer.index
    )
    lowering.add(log, target, sides)


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

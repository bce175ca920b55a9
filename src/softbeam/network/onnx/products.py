"""How ONNX's products of tensors of any rank become layers."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.functions import Operation
from softbeam.network import layers as kinds
from softbeam.network.layers import OWN
from softbeam.network.onnx.elementwise import combine
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused, shape_of
from softbeam.network.onnx.moving import move, piece
from softbeam.network.onnx.steps import dense


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

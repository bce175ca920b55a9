"""How ONNX's products of tensors of any rank become layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from softbeam.kernels.functions import Operation
from softbeam.network import layers as kinds
from softbeam.network.layers import OWN
from softbeam.network.onnx.elementwise import combine
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused, shape_of
from softbeam.network.onnx.moving import move, piece
from softbeam.network.onnx.steps import dense, laid_on


def mat_mul(lowering: Lowering, node: Node) -> None:
    """Lower a product of matrices, or of stacks of as many matrices."""
    label, target = node.name, node.outputs[0]
    names = list(node.inputs)
    one, other = (list(lowering.sides(name)) for name in names)
    # A vector is a matrix of one row on the left, of one column on the right.
    vectors = len(one) == 1, len(other) == 1
    if vectors[0]:
        one = [1, *one]
        names[0] = reshaped(lowering, names[0], f"{target}#row", one)
    if vectors[1]:
        other = [*other, 1]
        names[1] = reshaped(lowering, names[1], f"{target}#column", other)
    batch = tuple(np.broadcast_shapes(tuple(one[:-2]), tuple(other[:-2])))
    rows, k, n = one[-2], one[-1], other[-1]
    if other[-2] != k:
        raise Refused(f"it multiplies {one} by {other}")
    sides = (*batch, rows, n)
    sizes = (prod(batch), rows, n, k)
    if prod(other[:-2]) == 1:
        # One right factor for all rows of all matrices.
        sizes = (1, prod(batch) * rows, n, k)
    else:
        names[1] = _repeated(lowering, label, names[1], f"{target}#right", batch)
    names[0] = _repeated(lowering, label, names[0], f"{target}#left", batch)
    _product(lowering, label, (names[0], names[1]), target, sides, sizes)
    if any(vectors):
        kept = [*batch, *([] if vectors[0] else [rows]), *([] if vectors[1] else [n])]
        lowering.view(target, kept)


def _repeated(
    lowering: Lowering, label: str, tensor: str, target: str, batch: tuple[int, ...]
) -> str:
    """Return a stack of matrices with as many as a batch, repeated where it has fewer."""
    own = lowering.sides(tensor)
    if prod(own[:-2]) == prod(batch):
        return tensor
    sides = (*batch, *own[-2:])
    constant = lowering.graph.constants.get(tensor)
    if constant is not None:
        lowering.hold(target, np.ascontiguousarray(np.broadcast_to(constant, sides)))
    else:
        one = piece(lowering.places[tensor][0], sides, 0, laid_on(own, sides))
        move(lowering, label, target, sides, [one])
    return target


def reshaped(lowering: Lowering, tensor: str, name: str, sides: Sequence[int]) -> str:
    """Return a name under which a tensor has other sides."""
    constant = lowering.graph.constants.get(tensor)
    if constant is None:
        lowering.alias(tensor, name, sides)
    else:
        lowering.hold(name, constant.reshape(sides))
    return name


def turned(lowering: Lowering, label: str, tensor: str, target: str, order: Sequence[int]) -> str:
    """Return a name of a tensor with its axes in another order."""
    sides = lowering.sides(tensor)
    new = [sides[axis] for axis in order]
    constant = lowering.graph.constants.get(tensor)
    if constant is not None:
        lowering.hold(target, np.ascontiguousarray(constant.transpose(list(order))))
        return target
    steps = dense(sides)
    one = piece(lowering.places[tensor][0], new, 0, [steps[axis] for axis in order])
    if len(one.sizes) == 1:
        # Only axes of one element change their places.
        lowering.alias(tensor, target, new)
    else:
        move(lowering, label, target, new, [one])
    return target


def _product(
    lowering: Lowering,
    label: str,
    names: tuple[str, ...],
    target: str,
    sides: tuple[int, ...],
    sizes: tuple[int, int, int, int],
) -> None:
    numbers, weights = [], {}
    for name in names[:2]:
        constant = lowering.graph.constants.get(name)
        if constant is None:
            numbers.append(lowering.places[name][0])
        else:
            weights["weights"] = np.asarray(constant, dtype=np.float32)
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
    names, target = list(node.inputs), node.outputs[0]
    for at, attribute in ((1, "alpha"), (2, "beta")):
        factor = np.float32(a.get(attribute, 1.0))
        if factor != 1 and len(names) > at and names[at]:
            scaled = f"{target}#{attribute}"
            lowering.hold(scaled, lowering.weight(node, at) * factor)
            names[at] = scaled
    for at, attribute in enumerate(("transA", "transB")):
        if a.get(attribute, 0):
            names[at] = turned(lowering, node.name, names[at], f"{target}#{attribute}", (1, 0))
    (rows, k), (_, n) = (lowering.sides(name) for name in names[:2])
    bias = names[2] if len(names) > 2 and names[2] else ""
    product = f"{target}#product" if bias else target
    _product(lowering, node.name, tuple(names), product, (rows, n), (1, rows, n, k))
    if bias:
        combine(lowering, node.name, Operation.ADD, (product, bias), target, (rows, n))


def einsum(lowering: Lowering, node: Node) -> None:
    """Lower a sum of products of two tensors, their axes named by letters."""
    text = node.attributes["equation"].decode().replace(" ", "")
    terms, _, result = text.partition("->")
    one, _, other = terms.partition(",")
    if "->" not in text:
        result = "".join(sorted(each for each in {*one, *other} if (one + other).count(each) == 1))
    sizes: dict[str, int] = {}
    for name, letters in zip(node.inputs, (one, other), strict=False):
        sides = lowering.sides(name)
        if not letters.isalpha() or len({*letters}) != len(letters) or len(letters) != len(sides):
            raise Refused(f"its equation is {text}; softbeam knows letters, each once in a tensor")
        for letter, side in zip(letters, sides, strict=True):
            if sizes.setdefault(letter, side) != side:
                raise Refused(f"its equation is {text}, but {letter} is {sizes[letter]} and {side}")
    shared = [each for each in one if each in other]
    batch = [each for each in shared if each in result]
    summed = [each for each in shared if each not in result]
    left = [each for each in one if each not in other]
    right = [each for each in other if each not in one]
    if len(node.inputs) != 2 or sorted([*batch, *left, *right]) != sorted(result):
        raise Refused(f"its equation is {text}; softbeam knows products of two tensors")
    label, target = node.name, node.outputs[0]
    orders = [*batch, *left, *summed], [*batch, *summed, *right]
    names = tuple(
        turned(lowering, label, name, f"{target}#{at}", [letters.index(each) for each in order])
        for at, (name, letters, order) in enumerate(
            zip(node.inputs, (one, other), orders, strict=True)
        )
    )
    count, m, n, k = (prod(sizes[each] for each in axes) for axes in (batch, left, right, summed))
    made = [*batch, *left, *right]
    same = made == [*result]
    product = target if same else f"{target}#product"
    sides = tuple(sizes[each] for each in made)
    _product(lowering, label, names, product, sides, (count, m, n, k))
    if not same:
        turned(lowering, label, product, target, [made.index(each) for each in result])


MAKERS: Mapping[str, Callable[[Lowering, Node], None]] = {"Einsum": einsum}

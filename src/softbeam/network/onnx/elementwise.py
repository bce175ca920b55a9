"""How ONNX's operators on elements, of one tensor or of several that broadcast, become layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod

import numpy as np

from softbeam.kernels.functions import Function, Operation
from softbeam.network import layers as kinds
from softbeam.network.layers import OWN, Activation
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused, scalar, shape_of
from softbeam.network.onnx.steps import collapsed, laid_on

#: The float32 numbers of ONNX's Selu.
_SELU = (1.67326319217681884765625, 1.05070102214813232421875)

#: Functions without numbers, by operator.
_PLAIN = {
    "Abs": Function.ABSOLUTE,
    "Ceil": Function.CEILING,
    "Erf": Function.ERROR,
    "Exp": Function.EXPONENTIAL,
    "Floor": Function.FLOOR,
    "Log": Function.LOGARITHM,
    "Neg": Function.NEGATIVE,
    "Reciprocal": Function.RECIPROCAL,
    "Round": Function.ROUND,
    "Softplus": Function.SOFTPLUS,
    "Softsign": Function.SOFTSIGN,
    "Sqrt": Function.SQUARE_ROOT,
}

_BINARY = {
    "Add": Operation.ADD,
    "Sub": Operation.SUBTRACT,
    "Mul": Operation.MULTIPLY,
    "Div": Operation.DIVIDE,
    "PRelu": Operation.RECTIFY,
    "Min": Operation.SMALLER,
    "Max": Operation.LARGER,
    "Sum": Operation.ADD,
}


def function(
    lowering: Lowering, node: Node, what: Function, alpha: float = 0.0, beta: float = 0.0
) -> None:
    """Add a layer of a function of each element."""
    takes, shape = lowering.place(node)
    number = len(lowering.layers)
    layer = kinds.Elementwise(number, shape, shape, what, alpha, beta, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def each(
    lowering: Lowering, label: str, tensor: str, target: str, what: Function, alpha: float = 0.0
) -> None:
    """Add a layer of a function of each element of a tensor whose place is known."""
    takes, shape = lowering.places[tensor]
    number = len(lowering.layers)
    layer = kinds.Elementwise(number, shape, shape, what, alpha, label=label, takes=takes)
    lowering.add(layer, target, lowering.sides(tensor))


def _plain(lowering: Lowering, node: Node) -> None:
    what = _PLAIN[node.op]
    signs = what in (Function.NEGATIVE, Function.ABSOLUTE)
    function(lowering, node, what, -0.0 if signs else 0.0)


def _hard_sigmoid(lowering: Lowering, node: Node) -> None:
    a = node.attributes
    function(lowering, node, Function.HARD_SIGMOID, a.get("alpha", 0.2), a.get("beta", 0.5))


def _hard_swish(lowering: Lowering, node: Node) -> None:
    function(lowering, node, Function.HARD_SWISH, float(np.float32(1 / 6)), 0.5)


def _elu(lowering: Lowering, node: Node) -> None:
    alpha = node.attributes.get("alpha", 1.0)
    function(lowering, node, Function.EXPONENTIAL_LINEAR, alpha, 1.0)


def _selu(lowering: Lowering, node: Node) -> None:
    a = node.attributes
    numbers = (a.get("alpha", _SELU[0]), a.get("gamma", _SELU[1]))
    function(lowering, node, Function.EXPONENTIAL_LINEAR, *numbers)


def _gelu(lowering: Lowering, node: Node) -> None:
    how = node.attributes.get("approximate", b"none")
    if how != b"none":
        raise Refused(f"approximate is {how.decode()}; softbeam knows none, the error function")
    function(lowering, node, Function.GELU)


def _mish(lowering: Lowering, node: Node) -> None:
    takes, shape = lowering.place(node)
    number = len(lowering.layers)
    layer = kinds.ActivationLayer(number, shape, Activation.MISH, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def clip(lowering: Lowering, node: Node) -> None:
    """Lower a Clip, which lets a NaN pass; a limit that is left out is float32's largest number."""
    limits = []
    largest = float(np.finfo(np.float32).max)
    for name, at, usual in (("min", 1, -largest), ("max", 2, largest)):
        given = node.attributes.get(name)
        given = scalar(lowering, node, at) if given is None else float(given)
        limits.append(float(usual) if given is None else given)
    # Where the limits are in the wrong order, the upper one counts.
    function(lowering, node, Function.CLIP, min(limits), limits[1])


def _power(lowering: Lowering, node: Node) -> None:
    exponent = lowering.weight(node, 1)
    if exponent.size != 1:
        raise Refused(f"its exponents are {exponent.size} numbers; softbeam knows one")
    takes, shape = lowering.place(node)
    power = float(exponent.reshape(-1)[0])
    number = len(lowering.layers)
    layer = kinds.Power(number, shape, shape, power, label=node.name, takes=takes)
    lowering.add(layer, node.outputs[0])


def broadcast(lowering: Lowering, node: Node) -> None:
    """Lower an operator of two or more tensors that broadcast."""
    operation = _BINARY[node.op]
    names = list(node.inputs)
    if len(names) == 1:
        source, shape = lowering.place(node)
        lowering.keep(node, source, prod(shape))
        return
    result = names[0]
    for number, (_, other) in enumerate(pairwise(names), 1):
        last = number == len(names) - 1
        target = node.outputs[0] if last else f"{node.outputs[0]}#{number}"
        sides = np.broadcast_shapes(lowering.sides(result), lowering.sides(other))
        combine(lowering, node.name, operation, (result, other), target, sides)
        result = target


def combine(
    lowering: Lowering,
    label: str,
    operation: Operation,
    names: tuple[str, str],
    target: str,
    sides: tuple[int, ...],
) -> None:
    """Add a layer that combines two tensors of the graph, at most one a constant."""
    if all(name in lowering.graph.constants for name in names):
        raise Refused("all its inputs are constants")
    steps = [laid_on(lowering.sides(name), sides) for name in names]
    sizes, first, second = collapsed(sides, *steps)
    if len(sizes) > 4:
        raise Refused(f"it broadcasts along {len(sizes)} axes; softbeam's kernel knows 4")
    numbers, weights = [], {}
    for name in names:
        constant = lowering.graph.constants.get(name)
        if constant is None:
            numbers.append(lowering.places[name][0])
        else:
            numbers.append(OWN)
            weights["weights"] = np.asarray(constant, dtype=np.float32)
    variable = next(name for name in names if name not in lowering.graph.constants)
    takes, shape = lowering.places[variable]
    layer = kinds.Broadcast(
        len(lowering.layers),
        shape,
        shape_of(sides),
        operation,
        (numbers[0], numbers[1]),
        (prod(lowering.sides(names[0])), prod(lowering.sides(names[1]))),
        sizes,
        (first, second),
        label=label,
        takes=takes,
    )
    lowering.add(layer, target, sides, **weights)


MAKERS: Mapping[str, Callable[[Lowering, Node], None]] = {
    **dict.fromkeys(_PLAIN, _plain),
    **dict.fromkeys(_BINARY, broadcast),
    "Clip": clip,
    "Elu": _elu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Mish": _mish,
    "Pow": _power,
    "Selu": _selu,
}

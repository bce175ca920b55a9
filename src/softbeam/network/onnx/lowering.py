"""The state of a lowering: which tensor lies in which layer, and what a layer takes along.

How each operator becomes a layer is in :mod:`softbeam.network.onnx.operators`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from softbeam.network.layers import MOST_ELEMENTS, Activation, Constant, Layer, Shape
from softbeam.network.onnx.graph import Graph, Node

Weights = dict[str, NDArray[np.float32]]


class Refused(Exception):  # noqa: N818  (why a node cannot be lowered; the caller knows the node)
    """Why a node cannot be lowered."""


#: From images pixel by pixel, as TensorFlow has them, to images channel by channel.
_TO_CHANNELS = [0, 3, 1, 2]

#: Operators that are activation functions which give Darknet's kernels' answer for any element.
ACTIVATIONS = ("Relu", "LeakyRelu", "Sigmoid", "Tanh")
_SLOPES = {np.float32(0.1): Activation.LEAKY, np.float32(0.01): Activation.RELIE}


def activation_of(node: Node) -> Activation:
    """Return the activation function that a node is.

    Raises
    ------
    Refused
        If it is a slope that Darknet's kernels do not know.
    """
    if node.op == "LeakyRelu":
        slope = np.float32(node.attributes.get("alpha", 0.01))
        if slope not in _SLOPES:
            raise Refused(f"its slope is {slope:g}; Darknet's kernels know 0.1 and 0.01")
        return _SLOPES[slope]
    return {
        "Relu": Activation.RECTIFIER,
        "Sigmoid": Activation.LOGISTIC,
        "Tanh": Activation.TANH,
    }[node.op]


def shape_of(sides: Sequence[int]) -> Shape:
    """Return channels, height and width of a tensor of one image, or what comes nearest.

    Examples
    --------
    >>> shape_of((1, 3, 8, 8)), shape_of((1, 10)), shape_of((1, 197, 768)), shape_of(())
    ((3, 8, 8), (10, 1, 1), (197, 1, 768), (1, 1, 1))
    """
    inner = tuple(sides[1:] if len(sides) > 1 and sides[0] == 1 else sides)
    if len(inner) == 3:
        return inner[0], inner[1], inner[2]
    if len(inner) < 2:
        return (*inner, 1, 1, 1)[0], 1, 1
    return inner[0], prod(inner[1:-1]), inner[-1]


def scalar(lowering: Lowering, node: Node, number: int) -> float | None:
    """Return a constant input of one number, None where it is left out."""
    found = lowering.constant(node, number)
    return None if found is None else float(found.reshape(-1)[0])


def integers(lowering: Lowering, node: Node, number: int, attribute: str) -> list[int] | None:
    """Return whole numbers that older opsets give as an attribute, newer ones as an input."""
    given = node.attributes.get(attribute)
    if given is not None:
        return [int(one) for one in given]
    if len(node.inputs) <= number or not node.inputs[number]:
        return None
    found = lowering.graph.constants.get(node.inputs[number])
    if found is None:
        raise Refused(f"its input {node.inputs[number]!r} is not a constant")
    return [int(one) for one in found.reshape(-1)]


class Lowering:
    """What the nodes so far have become.

    Attributes
    ----------
    graph : Graph
        The model.
    layers : list of Layer
        The layers.
    weights : dict
        Their trained buffers, by name.
    places : dict of str to (int, Shape)
        By tensor the layer that holds it, -1 for the image, and its shape.
    absorbed : set of str
        Outputs of nodes that are part of a layer before.
    padded : dict of str to int
        By tensor the zeros on each side that its readers add to their own.
    views : dict of str to tuple of int
        The sides of tensors that are not the model's, or that it does not tell.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers: list[Layer] = []
        self.weights: Weights = {}
        self.places: dict[str, tuple[int, Shape]] = {
            graph.input: (-1, shape_of(graph.shapes[graph.input]))
        }
        readers = graph.readers(graph.input)
        sides = graph.shapes[graph.input]
        if len(sides) == 4 and all(one.attributes.get("perm") == _TO_CHANNELS for one in readers):
            # The network takes the image channel by channel, as all of softbeam's do.
            image = (sides[3], sides[1], sides[2])
            self.places = {
                name: (-1, image) for name in (graph.input, *(r.outputs[0] for r in readers))
            }
        self.absorbed: set[str] = set()
        self.padded: dict[str, int] = {}
        self.views: dict[str, tuple[int, ...]] = {}

    def pretend(self, node: Node) -> list[str]:
        """Place a refused node's outputs anywhere, so that the nodes behind it can be looked at.

        Returns those whose shape is not known.
        """
        lost = []
        for name in filter(None, node.outputs):
            try:
                self.places[name] = -1, self.shape(name)
            except Refused:
                lost.append(name)
        return lost

    def keep(self, node: Node, source: int, elements: int) -> None:
        """Note that a node's output lies where its input does."""
        shape = self.shape(node.outputs[0])
        if prod(shape) != elements:
            raise Refused("it changes the number of elements")
        self.places[node.outputs[0]] = source, shape

    def sides(self, tensor: str) -> tuple[int, ...]:
        """Return the sides of a tensor, all of them known."""
        if tensor in self.graph.constants:
            return self.graph.constants[tensor].shape
        sides = self.views.get(tensor, self.graph.shapes.get(tensor))
        if sides is None or 0 in sides:
            raise Refused(f"the shape of {tensor!r} is not known")
        return sides

    def view(self, tensor: str, sides: Sequence[int]) -> None:
        """Note the sides of a tensor whose place is known."""
        self.views[tensor] = tuple(sides)
        self.places[tensor] = self.places[tensor][0], shape_of(sides)

    def alias(self, tensor: str, name: str, sides: Sequence[int]) -> None:
        """Give a tensor whose place is known another name, under which it has other sides."""
        self.places[name] = self.places[tensor]
        self.view(name, sides)

    def hold(self, tensor: str, values: NDArray[np.float32]) -> None:
        """Note a constant that follows from others."""
        self.graph.constants[tensor] = values

    def shape(self, tensor: str) -> Shape:
        """Return channels, height and width of a tensor, or what comes nearest."""
        return shape_of(self.sides(tensor))

    @property
    def image(self) -> Shape:
        """The shape of the network's input."""
        return self.places[self.graph.input][1]

    def place(self, node: Node, number: int = 0) -> tuple[int, Shape]:
        """Return where an input of a node lies, and its shape."""
        name = node.inputs[number]
        self.held(name)
        return self.places[name]

    def held(self, tensor: str) -> int:
        """Return the layer that holds a tensor; a constant is given a layer of its own."""
        if tensor not in self.places:
            values = self.graph.constants.get(tensor)
            if values is None:
                raise Refused(f"its input {tensor!r} is left out")
            if values.dtype.kind != "f":
                raise Refused(f"its input {tensor!r} holds numbers of type {values.dtype}")
            shape = shape_of(values.shape)
            layer = Constant(len(self.layers), self.image, shape, label=tensor, takes=-1)
            self.add(layer, tensor, values.shape, weights=values)
        return self.places[tensor][0]

    def constant(self, node: Node, number: int) -> NDArray[np.float32] | None:
        """Return a constant input of a node, None where it is left out."""
        if len(node.inputs) <= number or not node.inputs[number]:
            return None
        found = self.graph.constants.get(node.inputs[number])
        if found is None:
            raise Refused(f"its input {node.inputs[number]!r} is not a constant")
        return np.asarray(found, dtype=np.float32)

    def weight(self, node: Node, number: int) -> NDArray[np.float32]:
        """Return a constant input that must be there."""
        found = self.constant(node, number)
        if found is None:
            raise Refused(f"it lacks input {number}")
        return found

    def follower(self, tensor: str, *ops: str) -> Node | None:
        """Return the only reader of a tensor, if it is one of these operators."""
        readers = self.graph.readers(tensor)
        if len(readers) == 1 and readers[0].op in ops and tensor not in self.graph.outputs:
            return readers[0]
        return None

    def absorb(self, node: Node) -> str:
        """Make a node part of the layer before; return its output."""
        self.absorbed.add(node.outputs[0])
        return node.outputs[0]

    def activation(self, tensor: str) -> tuple[Activation, str]:
        """Return the activation behind a tensor, and the tensor behind that."""
        node = self.follower(tensor, *ACTIVATIONS)
        if node is None:
            return Activation.LINEAR, tensor
        try:
            return activation_of(node), self.absorb(node)
        except Refused:
            # It is refused when its turn comes.
            return Activation.LINEAR, tensor

    def add(
        self,
        layer: Layer,
        tensor: str,
        sides: Sequence[int] | None = None,
        /,
        **weights: NDArray[np.float32],
    ) -> None:
        """Append a layer that computes a tensor; `sides` where the model does not tell them."""
        if sides is not None:
            self.views[tensor] = tuple(sides)
        if min(layer.output_shape) < 1 or prod(self.shape(tensor)) != layer.outputs:
            raise Refused(
                f"softbeam's kernels would give it {list(layer.output_shape)} elements, not "
                f"{list(self.shape(tensor))}"
            )
        if layer.largest > MOST_ELEMENTS:
            raise Refused("it has more than 2^31 - 1 elements")
        for name, values in weights.items():
            flat = np.ascontiguousarray(values, dtype=np.float32).reshape(-1)
            if flat.size != layer.buffers[name]:
                raise Refused(f"its {name} are {flat.size} numbers, not {layer.buffers[name]}")
            self.weights[f"{layer.index}.{name}"] = flat
        self.layers.append(layer)
        self.places[tensor] = layer.index, self.shape(tensor)

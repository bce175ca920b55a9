"""The state of a lowering: which tensor lies in which layer, and what a layer takes along.

How each operator becomes a layer is in :mod:`softbeam.network.onnx.operators`.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from softbeam.network.layers import MOST_ELEMENTS, Activation, Layer, Shape
from softbeam.network.onnx.graph import Graph, Node

Weights = dict[str, NDArray[np.float32]]


class Refused(Exception):  # noqa: N818  (why a node cannot be lowered; the caller knows the node)
    """Why a node cannot be lowered."""


#: Operators that are activation functions.
ACTIVATIONS = ("Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu")
_SLOPES = {np.float32(0.1): Activation.LEAKY, np.float32(0.01): Activation.RELIE}


def activation_of(node: Node) -> Activation:
    """Return the activation function of Darknet's that a node is.

    Raises
    ------
    Refused
        If Darknet has another slope.
    """
    if node.op == "LeakyRelu":
        slope = np.float32(node.attributes.get("alpha", 0.01))
        if slope not in _SLOPES:
            raise Refused(f"its slope is {slope:g}; Darknet's kernels know 0.1 and 0.01")
        return _SLOPES[slope]
    if node.op == "Elu" and node.attributes.get("alpha", 1.0) != 1.0:
        raise Refused("Darknet's kernels know alpha = 1 alone")
    return {
        "Relu": Activation.RELU,
        "Sigmoid": Activation.LOGISTIC,
        "Tanh": Activation.TANH,
        "Elu": Activation.ELU,
    }[node.op]


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
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers: list[Layer] = []
        self.weights: Weights = {}
        self.places: dict[str, tuple[int, Shape]] = {graph.input: (-1, self.shape(graph.input))}
        self.absorbed: set[str] = set()
        self.padded: dict[str, int] = {}

    def keep(self, node: Node, source: int, elements: int) -> None:
        """Note that a node's output lies where its input does."""
        shape = self.shape(node.outputs[0])
        if prod(shape) != elements:
            raise Refused("it changes the number of elements")
        self.places[node.outputs[0]] = source, shape

    def shape(self, tensor: str) -> Shape:
        """Return channels, height and width of a tensor of one image."""
        sides = self.graph.shapes.get(tensor, ())
        if 0 in sides or not sides:
            raise Refused(f"the shape of {tensor!r} is not known")
        if len(sides) == 4 and sides[0] == 1:
            return sides[1], sides[2], sides[3]
        if len(sides) <= 2 and (len(sides) == 1 or sides[0] == 1):
            return sides[-1], 1, 1
        raise Refused(f"{tensor!r} has the shape {list(sides)}, which is not that of one image")

    def place(self, node: Node, number: int = 0) -> tuple[int, Shape]:
        """Return where an input of a node lies, and its shape."""
        name = node.inputs[number]
        if name not in self.places:
            raise Refused(f"its input {name!r} is a constant")
        return self.places[name]

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
        if len(readers) == 1 and readers[0].op in ops and tensor != self.graph.output:
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

    def add(self, layer: Layer, tensor: str, **weights: NDArray[np.float32]) -> None:
        """Append a layer that computes a tensor."""
        if min(layer.output_shape) < 1 or prod(self.shape(tensor)) != layer.outputs:
            raise Refused(
                f"Darknet's kernels would give it {list(layer.output_shape)} elements, not "
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

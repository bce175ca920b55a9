"""An ONNX file as facts: nodes in order, constants, shapes.

What becomes of the nodes is the rest of this package's work.  The package ``onnx`` is
an extra, asked for at use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.network.onnx.folding import fold, shapes_of


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: its name, operator, tensors and attributes."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """A model for one image.

    Attributes
    ----------
    nodes : tuple of Node
        Those that the answer depends on, in an order in which they can be computed.
    constants : mapping of str to numpy.ndarray
        By tensor.
    shapes : mapping of str to tuple of int
        By tensor, as far as they are known; the first of an image is 1.
    input, output : str
        The tensors that hold the image and the answer.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    shapes: Mapping[str, tuple[int, ...]]
    input: str
    output: str

    def readers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor."""
        return [node for node in self.nodes if tensor in node.inputs]


def read_graph(path: Path) -> Graph:
    """Read a model.

    Parameters
    ----------
    path
        An ``.onnx`` file.

    Raises
    ------
    NetworkError
        If it cannot be read, or has not one image and one answer.
    """
    try:
        import onnx
    except ImportError as error:
        raise NetworkError(
            f"reading {path} needs the package onnx: pip install 'softbeam[onnx]'"
        ) from error
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    # protobuf and the checker raise what they like on a file that is no model.
    except Exception as error:
        raise _unreadable(path, error) from error
    graph = model.graph
    weights = {one.name for one in graph.initializer}
    images = [one for one in graph.input if one.name not in weights]
    if len(images) != 1 or len(graph.output) != 1:
        raise NetworkError(
            f"{path} has {len(images)} inputs and {len(graph.output)} outputs; "
            "softbeam takes models of one image and one answer"
        )
    _take_one(model, images[0], path)
    try:
        for number, one in enumerate(graph.node):
            one.name = one.name or f"{one.op_type}_{number}"
        fold(model)
        constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        shapes = shapes_of(model)
        nodes = [
            Node(
                one.name,
                one.op_type,
                tuple(one.input),
                tuple(one.output),
                {each.name: onnx.helper.get_attribute_value(each) for each in one.attribute},
            )
            for one in graph.node
        ]
    # Weights of another size than their shape says, and what else the checker does not see.
    except Exception as error:
        raise _unreadable(path, error) from error
    output = graph.output[0].name
    return Graph(_needed(nodes, output), constants, shapes, images[0].name, output)


def _unreadable(path: Path, error: Exception) -> NetworkError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    first = reason.strip().splitlines()[0].rstrip(".")
    return NetworkError(f"cannot read the model {path}: {first}; give an ONNX file")


def _take_one(model: Any, image: Any, path: Path) -> None:
    """Make the shapes those of one image."""
    import onnx

    tensor = image.type.tensor_type
    sides = tensor.shape.dim
    if len(sides) != 4 or any(side.dim_value < 1 for side in sides[1:]):
        found = [side.dim_value or side.dim_param or "?" for side in sides]
        raise NetworkError(
            f"the input {image.name!r} of {path} has the shape {found}; it must be images, "
            "channels, height and width, the last three as numbers"
        )
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise NetworkError(
            f"the input {image.name!r} of {path} is of type {kind}; export the model with float32"
        )
    if sides[0].dim_value > 1:
        # The shapes that the file gives are those of so many.
        del model.graph.value_info[:]
        for one in model.graph.output:
            one.type.tensor_type.ClearField("shape")
    sides[0].ClearField("dim_param")
    sides[0].dim_value = 1


def _needed(nodes: list[Node], output: str) -> tuple[Node, ...]:
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if wanted & set(node.outputs):
            wanted |= set(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))

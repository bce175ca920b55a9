"""An ONNX file as facts: nodes in order, constants, shapes.

What becomes of the nodes is the rest of this package's work.  The package ``onnx`` is
an extra, asked for at use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from softbeam.errors import NetworkError, SoftbeamError
from softbeam.files import read_file, regular_file
from softbeam.memory import require_memory
from softbeam.network.layers import MOST_ELEMENTS
from softbeam.network.onnx.folding import fold, shapes_of

#: Bytes of a model without the weights in other files: protobuf's limit.
_MOST = (1 << 31) - 1

#: Memory that a model takes while it is read, in sizes of its files; what to do if it is too much.
_TIMES, _ADVICE = 4, "give a smaller model"

#: Bytes of a number, by ONNX's code of its type (``TensorProto.DataType``): those of whole bytes.
_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}


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
        model = _load(path)
        onnx.checker.check_model(model)
    except (MemoryError, SoftbeamError):
        raise
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
        _keep_needed(graph)
        fold(model)
        _keep_needed(graph)
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
    except MemoryError:
        raise
    # Weights of another size than their shape says, and what else the checker does not see.
    except Exception as error:
        raise _unreadable(path, error) from error
    return Graph(tuple(nodes), constants, shapes, images[0].name, graph.output[0].name)


def _load(path: Path) -> Any:
    """Return a model with the weights that lie in other files, as many as their shapes say.

    That those files lie in the model's folder, and are files, ``onnx`` sees to.
    """
    import onnx
    from onnx import external_data_helper as external

    with regular_file(path) as (_, size):
        require_memory(_TIMES * size, f"the model {path}", _ADVICE)
    model = onnx.load_model_from_string(read_file(path, _MOST))
    tensors = [*model.graph.initializer]
    tensors += [one.t for node in model.graph.node for one in node.attribute if one.HasField("t")]
    outside = [one for one in tensors if external.uses_external_data(one)]
    sizes = [_bytes_of(one) for one in outside]
    require_memory(_TIMES * sum(sizes), f"the model {path}", _ADVICE)
    for tensor, size in zip(outside, sizes, strict=True):
        entries = {one.key: one for one in tensor.external_data}
        length = entries["length"] if "length" in entries else tensor.external_data.add()
        if length.key and length.value != str(size):
            raise NetworkError(
                f"{path} says that {tensor.name!r} has {length.value} bytes in another file; its "
                f"shape {list(tensor.dims)} has {size}"
            )
        length.key, length.value = "length", str(size)
        external.load_external_data_for_tensor(tensor, str(path.parent))
    return model


def _bytes_of(tensor: Any) -> int:
    """Return the bytes of a tensor as its shape and type say."""
    import onnx

    if tensor.data_type not in _BYTES or min(tensor.dims, default=0) < 0:
        kind = onnx.TensorProto.DataType.Name(tensor.data_type).lower()
        raise ValueError(f"{tensor.name!r} lies in another file and is {kind} {list(tensor.dims)}")
    return int(prod(tensor.dims)) * _BYTES[tensor.data_type]


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
    if prod(side.dim_value for side in sides[1:]) > MOST_ELEMENTS:
        raise NetworkError(
            f"the input {image.name!r} of {path} has more than 2^31 - 1 numbers; export the model "
            "for smaller images"
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


def _keep_needed(graph: Any) -> None:
    """Drop the nodes that the answer does not depend on, in place."""
    wanted, kept = {graph.output[0].name}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))

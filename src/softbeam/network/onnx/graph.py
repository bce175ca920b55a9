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
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.layers import MOST_ELEMENTS
from softbeam.network.onnx.folding import fold, shapes_of
from softbeam.network.onnx.inputs import fill_inputs

#: Bytes of a model without the weights in other files: protobuf's limit.
_MOST = (1 << 31) - 1

#: Memory that a model takes while it is read, in sizes of its files; what to do if it is too much.
_TIMES, _ADVICE = 4, "give a smaller model"

#: The names of ONNX's own operators' domain.
_ONNX = ("", "ai.onnx")

#: Operators that ONNX defines by others, which have kernels.
_DEFINED = frozenset(
    {
        "Attention",
        "Celu",
        "MeanVarianceNormalization",
        "RMSNormalization",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "RotaryEmbedding",
        "SwiGLU",
        "Swish",
    }
)

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
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """A model for one image.

    Attributes
    ----------
    nodes : tuple of Node
        Those that the answers depend on, in an order in which they can be computed.
    constants : mapping of str to numpy.ndarray
        By tensor.
    shapes : mapping of str to tuple of int
        By tensor, as far as they are known; the first of an image is 1.
    input : str
        The tensor that holds the image.
    outputs : tuple of str
        The tensors that hold the answers.
    opset : int
        Which of ONNX's sets of operators it is written in.
    """

    nodes: tuple[Node, ...]
    constants: dict[str, NDArray[Any]]
    shapes: Mapping[str, tuple[int, ...]]
    input: str
    outputs: tuple[str, ...]
    opset: int

    def readers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor."""
        return [node for node in self.nodes if tensor in node.inputs]


def read_graph(path: Path, choices: WorkloadChoices = USUAL) -> Graph:
    """Read a model.

    Parameters
    ----------
    path
        An ``.onnx`` file.
    choices
        The sides of its input, where it leaves them open, and which of its answers are wanted.

    Raises
    ------
    NetworkError
        If it cannot be read, has not one image, or has not the answers that are wanted.
    """
    try:
        import onnx
        from onnx import inliner
    except ImportError as error:
        raise NetworkError(
            f"reading {path} needs the package onnx: pip install 'softbeam[onnx]'"
        ) from error
    try:
        model = _load(path)
        bare = [
            one.type.tensor_type
            for one in model.graph.output
            if one.type.HasField("tensor_type") and not one.type.tensor_type.HasField("shape")
        ]
        # Exporters leave the shapes of outputs out, the checker wants them.
        for one in bare:
            one.shape.SetInParent()
        onnx.checker.check_model(model)
        for one in bare:
            one.ClearField("shape")
        if model.functions:
            model = inliner.inline_local_functions(model)
    except (MemoryError, SoftbeamError):
        raise
    # protobuf and the checker raise what they like on a file that is no model.
    except Exception as error:
        raise _unreadable(path, error) from error
    graph = model.graph
    fill_inputs(graph, choices.constants, path)
    weights = {one.name for one in graph.initializer}
    images = [one for one in graph.input if one.name not in weights]
    if len(images) != 1:
        names = ", ".join(repr(one.name) for one in images)
        raise NetworkError(
            f"{path} has {len(images)} inputs ({names}); softbeam takes models of one image, say "
            "with --input NAME=NUMBERS what the others hold"
        )
    _choose_outputs(graph, choices.output, path)
    _take_one(model, images[0], choices.input_shape, path)
    image, answers = images[0].name, tuple(one.name for one in graph.output)
    try:
        model = _spelled_out(model)
        graph = model.graph
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
                "" if one.domain == "ai.onnx" else one.domain,
            )
            for one in graph.node
        ]
    except MemoryError:
        raise
    # Weights of another size than their shape says, and what else the checker does not see.
    except Exception as error:
        raise _unreadable(path, error) from error
    opset = max((one.version for one in model.opset_import if one.domain in _ONNX), default=1)
    return Graph(tuple(nodes), constants, shapes, image, answers, opset)


def _spelled_out(model: Any) -> Any:
    """Return a model with operators that ONNX defines by others written as those."""
    from onnx import inliner

    found = {one.op_type for one in model.graph.node if one.domain in _ONNX} & _DEFINED
    if not found:
        return model
    names = [("", name) for name in sorted(found)]
    try:
        return inliner.inline_selected_functions(model, names, inline_schema_functions=True)
    # Where types that its rules need are not known; the nodes are then named as refused.
    except RuntimeError:
        return model


def _choose_outputs(graph: Any, wanted: str | None, path: Path) -> None:
    """Leave the answers in a graph that are wanted: outputs, or any tensors, such as heads' inputs.

    `wanted` is a name, or several with commas; a name may have commas, too.
    """
    import onnx

    if wanted is None:
        return
    outputs = {one.name: one for one in graph.output}
    tensors = {name for node in graph.node for name in node.output} | set(outputs)
    names = [wanted] if wanted in tensors else [one.strip() for one in wanted.split(",")]
    for name in names:
        if name not in tensors:
            raise NetworkError(
                f"{path} has no output {name!r}, nor another tensor of that name; its outputs are "
                + ", ".join(outputs)
            )
    kept = [
        outputs[name]
        if name in outputs
        else onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in dict.fromkeys(names)
    ]
    del graph.output[:]
    graph.output.extend(kept)


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


def _take_one(model: Any, image: Any, given: tuple[int, ...], path: Path) -> None:
    """Make the shapes those of one image."""
    import onnx

    tensor = image.type.tensor_type
    sides = tensor.shape.dim
    found = [side.dim_value or side.dim_param or "?" for side in sides]
    what = f"the input {image.name!r} of {path} has the shape {found}"
    if given and not _fits(given, sides):
        raise NetworkError(f"{what}; --input-shape {','.join(map(str, given))} does not fit")
    # A model that names no side takes one image at a time.
    first = 1 if len(sides) > 1 else 0
    wanted = given or (1,) * first + tuple(side.dim_value for side in sides[first:])
    if not wanted or min(wanted) < 1:
        raise NetworkError(
            f"{what}; give its sides as numbers with --input-shape, such as --input-shape "
            + ",".join(str(one or 224) for one in wanted or (1, 3, 224, 224))
        )
    if first and wanted[0] != 1:
        raise NetworkError(f"--input-shape {','.join(map(str, given))} is not that of one image")
    if prod(wanted) > MOST_ELEMENTS:
        raise NetworkError(
            f"the input {image.name!r} of {path} has more than 2^31 - 1 numbers; export the model "
            "for smaller images"
        )
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise NetworkError(
            f"the input {image.name!r} of {path} is of type {kind}; export the model with float32"
        )
    if given or (first and sides[0].dim_value > 1):
        # The shapes that the file gives are those of others.
        del model.graph.value_info[:]
        for one in model.graph.output:
            one.type.tensor_type.ClearField("shape")
    tensor.ClearField("shape")
    for side in wanted:
        tensor.shape.dim.add().dim_value = side


def _fits(given: tuple[int, ...], sides: Any) -> bool:
    """Return whether sides that a user gives are those that a model has, where it has any."""
    if not len(sides):
        return True
    # How many images at once is no matter: it is one.
    return len(given) == len(sides) and all(
        side.dim_value < 1 or side.dim_value == one
        for one, side in zip(given[1:], sides[1:], strict=True)
    )


def _keep_needed(graph: Any) -> None:
    """Drop the nodes that no answer depends on, in place."""
    wanted, kept = {one.name for one in graph.output}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))

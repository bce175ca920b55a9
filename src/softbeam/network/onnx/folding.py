"""What of an ONNX model can be computed without an image: constants, and what follows from shapes.

Exporters write the sizes of a view as a chain of nodes (Shape, Gather, Concat), and copies or
conversions of weights as nodes.  Here these become constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDED = frozenset(
    {
        "Abs", "Add", "And", "ArgMax", "ArgMin", "Atan", "Cast", "Ceil", "Clip", "Concat",
        "Constant", "ConstantOfShape", "Cos", "CumSum", "DequantizeLinear", "Div", "Elu", "Equal",
        "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "GatherElements", "Gemm", "Greater",
        "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
        "Less", "LessOrEqual", "Log", "MatMul", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg",
        "NonZero", "Not", "Or", "Pow", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax",
        "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape",
        "Round", "ScatterElements", "ScatterND", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice",
        "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tan", "Tanh", "Tile",
        "TopK", "Transpose", "Trilu", "Unsqueeze", "Where", "Xor",
    }
)  # fmt: skip
"""Operators that are computed where all that they depend on is known."""


MOST_FOLDED = 1 << 24
"""Numbers that constants may have beyond four times those of the model's file: a file of some
bytes can ask for any."""


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors, as far as they are known; an unknown side is 0."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(_without_weights(model), data_prop=True).graph
    return {
        one.name: tuple(side.dim_value for side in one.type.tensor_type.shape.dim)
        for one in (*inferred.input, *inferred.value_info, *inferred.output)
        if one.type.tensor_type.HasField("shape")
    }


#: Numbers of a constant that shapes may follow from.
_SMALL = 1 << 10


def _without_weights(model: Any) -> Any:
    """Return a model of which only the shapes of large constants are left, to look at quickly."""
    import onnx

    graph = model.graph
    small = [one for one in graph.initializer if prod(one.dims) <= _SMALL]
    known = {one.name for one in graph.input}
    large = [
        onnx.helper.make_tensor_value_info(one.name, one.data_type, one.dims)
        for one in graph.initializer
        if prod(one.dims) > _SMALL and one.name not in known
    ]
    light = onnx.helper.make_graph(
        graph.node,
        graph.name,
        [*graph.input, *large],
        graph.output,
        small,
        value_info=graph.value_info,
    )
    return onnx.helper.make_model(
        light,
        # Before 4 only constants that are inputs, too, have a shape.
        ir_version=max(model.ir_version, 4),
        opset_imports=model.opset_import,
        functions=model.functions,
    )


def fold(model: Any) -> None:
    """Make initializers of the outputs of all nodes that depend on no image, in place."""
    import onnx

    graph = model.graph
    room = MOST_FOLDED + 4 * sum(prod(one.dims) for one in graph.initializer)
    known: dict[str, NDArray[Any]] = {}
    while True:
        for one in graph.initializer:
            if one.name not in known:
                known[one.name] = onnx.numpy_helper.to_array(one)
        # What is folded tells more shapes.
        shapes = shapes_of(model)
        left = []
        for node in _decided(graph, known):
            values = _computed(model, node, known, shapes, room)
            if values is None:
                left.append(node)
                continue
            room -= sum(value.size for value in values)
            for name, value in zip(node.output, values, strict=True):
                known[name] = value
                graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        if [one.name for one in left] == [one.name for one in graph.node]:
            return
        del graph.node[:]
        graph.node.extend(left)


def _decided(graph: Any, known: Mapping[str, NDArray[Any]]) -> list[Any]:
    """Return the nodes, those of a branch in the place of each If whose condition is known."""
    import onnx

    nodes: list[Any] = []
    for node in graph.node:
        condition = known.get(node.input[0]) if node.op_type == "If" else None
        if condition is None:
            nodes.append(node)
            continue
        wanted = "then_branch" if condition.reshape(-1)[0] else "else_branch"
        (branch,) = (each.g for each in node.attribute if each.name == wanted)
        graph.initializer.extend(branch.initializer)
        nodes += branch.node
        for number, (inner, outer) in enumerate(zip(branch.output, node.output, strict=True)):
            name = f"{node.name}_{number}"
            nodes.append(onnx.helper.make_node("Identity", [inner.name], [outer], name=name))
    return nodes


def _computed(
    model: Any,
    node: Any,
    known: Mapping[str, NDArray[Any]],
    shapes: Mapping[str, tuple[int, ...]],
    room: int,
) -> list[NDArray[Any]] | None:
    """Return a node's outputs, None if they depend on the image or cannot be computed.

    `room` is how many numbers they may have.
    """
    import onnx
    from onnx.reference import ReferenceEvaluator

    if node.op_type not in FOLDED or node.domain not in ("", "ai.onnx"):
        return None
    inputs = {name: known[name] for name in node.input if name in known}
    if node.op_type in ("Shape", "Size") and node.input[0] not in inputs:
        sides = shapes.get(node.input[0], ())
        if not sides or 0 in sides:
            return None
        # Only its shape matters; a view of one zero takes no memory.
        inputs[node.input[0]] = np.broadcast_to(np.float32(0.0), sides)
    if any(name and name not in inputs for name in node.input):
        return None
    helper = onnx.helper
    ends = [
        [helper.make_tensor_value_info(name, kind, None) for name in names]
        for names, kind in ((inputs, 0), (node.output, 0))
    ]
    graph = helper.make_graph([node], "one node", *ends)
    one = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    try:
        if _elements(node, [inputs[name] for name in node.input if name]) > room:
            return None
        return [np.asarray(value) for value in ReferenceEvaluator(one).run(None, inputs)]
    # The evaluator raises what it likes; the node is then named as one that cannot be lowered.
    except Exception:
        return None


def _elements(node: Any, inputs: Sequence[NDArray[Any]]) -> int:
    """Return at least how many numbers a node's output has, without computing it."""
    if node.op_type == "Constant":
        sparse = [each.sparse_tensor for each in node.attribute if each.HasField("sparse_tensor")]
        return sum(int(prod(one.dims)) for one in sparse)
    if node.op_type in ("Shape", "Size"):
        return 1
    sides = [one.shape for one in inputs]
    if node.op_type == "Gather":
        axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
        return int(inputs[1].size * inputs[0].size // max(inputs[0].shape[axis], 1))
    if node.op_type == "ConstantOfShape":
        sides = [tuple(inputs[0].tolist())]
    elif node.op_type == "Range":
        first, limit, step = (float(one) for one in inputs)
        return int(max(-(-(limit - first) // step), 0))
    elif node.op_type == "Tile":
        return int(inputs[0].size * prod(inputs[1].tolist()))
    elif node.op_type == "Expand":
        sides[1] = tuple(inputs[1].tolist())
    elif node.op_type == "Concat":
        return sum(one.size for one in inputs)
    elif node.op_type in ("Gemm", "MatMul"):
        turned = {each.name: each.i for each in node.attribute}
        rows = inputs[0].size // max(inputs[0].shape[-2 if turned.get("transA") else -1], 1)
        columns = inputs[1].shape[-2 if turned.get("transB") else -1]
        return int(rows * columns * prod(inputs[1].shape[:-2]))
    # Of several: as they are laid on one another.
    aligned = zip_longest(*(reversed(one) for one in sides), fillvalue=1)
    return prod(max(each) for each in aligned)

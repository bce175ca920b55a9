"""What of an ONNX model can be computed without an image: constants, and what follows from shapes.

Exporters write the sizes of a view as a chain of nodes (Shape, Gather, Concat), and copies or
conversions of weights as nodes.  Here these become constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDED = frozenset(
    {
        "Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Expand", "Flatten",
        "Gather", "Identity", "Mul", "Neg", "Pow", "ReduceProd", "Reshape", "Shape", "Size",
        "Slice", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""Operators that are computed where all that they depend on is known."""


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors, as far as they are known; an unknown side is 0."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    return {
        one.name: tuple(side.dim_value for side in one.type.tensor_type.shape.dim)
        for one in (*inferred.input, *inferred.value_info, *inferred.output)
        if one.type.tensor_type.HasField("shape")
    }


def fold(model: Any) -> None:
    """Make initializers of the outputs of all nodes that depend on no image, in place."""
    import onnx

    graph = model.graph
    known = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    while True:
        # What is folded tells more shapes.
        shapes = shapes_of(model)
        left = []
        for node in graph.node:
            values = _computed(model, node, known, shapes)
            if values is None:
                left.append(node)
                continue
            for name, value in zip(node.output, values, strict=True):
                known[name] = value
                graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        if len(left) == len(graph.node):
            return
        del graph.node[:]
        graph.node.extend(left)


def _computed(
    model: Any,
    node: Any,
    known: Mapping[str, NDArray[Any]],
    shapes: Mapping[str, tuple[int, ...]],
) -> list[NDArray[Any]] | None:
    """Return a node's outputs, None if they depend on the image or cannot be computed."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    if node.op_type not in FOLDED or node.domain:
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
        return [np.asarray(value) for value in ReferenceEvaluator(one).run(None, inputs)]
    # The evaluator raises what it likes; the node is then named as one that cannot be lowered.
    except Exception:
        return None

"""ONNX models in half precision: what is float32 in a model's weights and casts becomes float16."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from softbeam.errors import ProgramError

#: Operators whose further inputs are sizes and scales, not numbers of the network.
_SIZED = frozenset({"Resize", "Upsample"})


def to_halves(model: Any, origin: Path) -> Any:
    """Return a model with its weights in half precision.

    Initializers, constants, and casts to float32 become float16, rounded to nearest even, a scalar
    one of one element; scales of Resize stay.  Inputs and outputs keep their names; who runs the
    model gives halves.

    Parameters
    ----------
    model : onnx.ModelProto
        A whole model; it is changed.
    origin : Path
        Where it came from, for error messages.

    Raises
    ------
    ProgramError
        If a weight is too large for a half: its size is above 65,504.
    """
    from onnx import TensorProto

    graph = model.graph
    kept = {name for node in graph.node if node.op_type in _SIZED for name in node.input[1:]}
    for tensor in graph.initializer:
        if tensor.name not in kept:
            tensor.CopyFrom(_half(tensor, tensor.name, origin))
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and not kept & set(node.output):
                if attribute.HasField("t"):
                    attribute.t.CopyFrom(_half(attribute.t, node.output[0], origin))
            elif node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    for value in (*graph.input, *graph.output, *graph.value_info):
        kind = value.type.tensor_type
        if kind.elem_type == TensorProto.FLOAT:
            kind.elem_type = TensorProto.FLOAT16
    return model


def _half(tensor: Any, name: str, origin: Path) -> Any:
    from onnx import TensorProto, numpy_helper

    if tensor.data_type != TensorProto.FLOAT:
        return tensor
    values = numpy_helper.to_array(tensor)
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if np.isinf(halves).any() and not np.isinf(values).any():
        raise ProgramError(
            f"{origin} cannot be captured in half precision: {name} holds "
            f"{np.abs(values).max():g}, and a half at most 65504; leave --half out"
        )
    # tinygrad's reader runs a kernel for a half without sides (Python before 3.12), whose result
    # nobody has; one of one element broadcasts the same.
    return numpy_helper.from_array(np.atleast_1d(halves), tensor.name)

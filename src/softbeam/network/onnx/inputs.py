"""Inputs of an ONNX model beside its image, which get numbers that a user gives."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.network.layers import MOST_ELEMENTS


def fill_inputs(graph: Any, given: Sequence[str], path: Path) -> None:
    """Make constants of inputs, in place.

    Parameters
    ----------
    graph
        ONNX's ``GraphProto``.
    given
        Names and numbers, such as ``scale_factor=1,1``; one number is that of all elements.
    path
        The model's file, for messages.

    Raises
    ------
    NetworkError
        If there is no such input, or its type or shape does not take these numbers.
    """
    import onnx

    weights = {one.name for one in graph.initializer}
    inputs = {one.name: one for one in graph.input if one.name not in weights}
    for text in given:
        name, _, numbers = text.rpartition("=")
        if name not in inputs:
            listed = ", ".join(inputs)
            raise NetworkError(
                f"{path} has no input {name!r} that --input {text} could fill; its inputs are "
                f"{listed}"
            )
        tensor = inputs.pop(name).type.tensor_type
        values = _values(tensor, numbers, f"--input {text}: the input {name!r} of {path}")
        graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    left = [one for one in graph.input if one.name in weights or one.name in inputs]
    del graph.input[:]
    graph.input.extend(left)


def _values(tensor: Any, text: str, what: str) -> NDArray[Any]:
    """Return numbers as an array of the type and shape that an input has."""
    import onnx

    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    if dtype.kind not in "fiub":
        raise NetworkError(f"{what} holds no numbers; it is of type {dtype}")
    sides = [side.dim_value or side.dim_param or "?" for side in tensor.shape.dim]
    numbers = np.array([float(one) for one in text.split(",")])
    whole = numbers == np.rint(numbers)
    if dtype.kind != "f" and not whole.all():
        raise NetworkError(f"{what} is of type {dtype}; give whole numbers")
    # An open side is that of one image, or what the numbers leave for it.
    known = prod(side for side in sides if isinstance(side, int))
    open_sides = [axis for axis, side in enumerate(sides) if not isinstance(side, int)]
    rest = numbers.size // known if len(open_sides) == 1 and numbers.size > 1 else 1
    shape = [side if isinstance(side, int) else rest for side in sides]
    if prod(shape) > MOST_ELEMENTS or numbers.size not in (1, prod(shape)):
        raise NetworkError(
            f"{what} has the shape {sides}; {numbers.size} numbers do not fill it, give one for "
            "all of it or as many as it has"
        )
    filled = numbers.reshape(shape) if numbers.size > 1 else np.full(shape, numbers[0])
    return filled.astype(dtype)

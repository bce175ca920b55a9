"""ONNX models to layers: each node becomes a layer of Darknet's kernels, or part of the one before.

A batch norm and an activation behind a convolution belong to it, as in Darknet; an activation
behind a product or a sum belongs to that.  Flatten, Reshape, Dropout and the like move nothing and
become no layer.  What cannot be lowered is an error that names every such node.
"""

from __future__ import annotations

from pathlib import Path

from softbeam.errors import NetworkError
from softbeam.network.layers import Layer, Shape
from softbeam.network.onnx.graph import read_graph
from softbeam.network.onnx.lowering import Lowering, Refused, Weights
from softbeam.network.onnx.operators import lower

__all__ = ["read_onnx"]


def read_onnx(path: Path) -> tuple[tuple[Layer, ...], Weights, Shape]:
    """Read a model's layers and weights.

    Parameters
    ----------
    path
        An ``.onnx`` file.

    Returns
    -------
    layers : tuple of Layer
        Their labels are the names of the nodes.
    weights : dict
        Buffer name to a 1-D float32 array.
    answer : Shape
        The shape of the answer, which a view may have made another one than the last layer's.

    Raises
    ------
    NetworkError
        If it cannot be read, or has nodes that cannot be lowered; they are named.
    """
    graph = read_graph(path)
    lowering = Lowering(graph)
    refused = _lower_all(lowering)
    if refused:
        raise NetworkError(
            f"{path} has nodes that softbeam cannot lower to Darknet's kernels: "
            + "; ".join(refused)
        )
    if not lowering.layers or lowering.places[graph.output][0] != len(lowering.layers) - 1:
        raise NetworkError(f"{path} computes nothing: its answer is its image")
    return tuple(lowering.layers), lowering.weights, lowering.places[graph.output][1]


def _lower_all(lowering: Lowering) -> list[str]:
    """Lower every node in order; return those that cannot be, and why."""
    refused = []
    graph = lowering.graph
    for node in graph.nodes:
        known = [name for name in node.inputs if name and name not in graph.constants]
        # A node that depends on a refused one is passed by.
        absorbed = node.outputs[0] in lowering.absorbed
        if absorbed or any(name not in lowering.places for name in known):
            continue
        try:
            lower(lowering, node)
        except Refused as error:
            refused.append(f"{node.name!r} ({node.op}): {error}")
        # A window of no size, an axis that is not there: what no checker looks at.
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            refused.append(f"{node.name!r} ({node.op}): its attributes do not fit ({error})")
    return refused

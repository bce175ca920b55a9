"""ONNX models to layers: each node becomes a layer of Darknet's kernels, or part of the one before.

A batch norm and an activation behind a convolution belong to it, as in Darknet; an activation
behind a product or a sum belongs to that.  Flatten, Reshape, Dropout and the like move nothing and
become no layer.  What Darknet has no kernel for becomes a layer of ONNX's own kernels
(:mod:`softbeam.network.layers.tensors` and ``sums``).  What cannot be lowered is an error that
names every such node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from softbeam.errors import NetworkError
from softbeam.network.buffers import output_buffers
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.layers import Layer, Shape
from softbeam.network.onnx.graph import Node, read_graph
from softbeam.network.onnx.lowering import Lowering, Refused, Weights
from softbeam.network.onnx.operators import check_known, lower
from softbeam.network.plan import Answer

__all__ = ["read_onnx"]


@dataclass(frozen=True, slots=True)
class Model:
    """What an ONNX file describes.

    Attributes
    ----------
    layers : tuple of Layer
        Their labels are the names of the nodes.
    weights : dict
        Buffer name to a 1-D float32 array.
    answer, image : Shape
        The shape of the first answer, which a view may have made another one than its layer's,
        and of the image.
    answers : tuple of Answer
        All answers, in the model's order.
    """

    layers: tuple[Layer, ...]
    weights: Weights
    answer: Shape
    image: Shape
    answers: tuple[Answer, ...]


def read_onnx(path: Path, choices: WorkloadChoices = USUAL) -> Model:
    """Read a model's layers and weights.

    Parameters
    ----------
    path
        An ``.onnx`` file.
    choices
        The sides of its input and the name of its answer, where it leaves them open.

    Raises
    ------
    NetworkError
        If it cannot be read, leaves open what is not given, or has nodes that cannot be lowered;
        they are named.
    """
    graph = read_graph(path, choices)
    lowering = Lowering(graph)
    refused = _lower_all(lowering)
    if refused:
        several = len(graph.outputs) > 1
        fewer = "; with --output the parts that only other outputs need are left out" * several
        raise NetworkError(_in_words(path, refused) + (_earlier(lowering, refused) or fewer))
    answers = _answers(lowering, path)
    answer = lowering.places[graph.outputs[0]][1]
    return Model(tuple(lowering.layers), lowering.weights, answer, lowering.image, answers)


def _answers(lowering: Lowering, path: Path) -> tuple[Answer, ...]:
    """Return where the answers lie, and their sides."""
    buffers = output_buffers(tuple(lowering.layers))
    answers = []
    for name in lowering.graph.outputs:
        if name in lowering.graph.constants:
            raise NetworkError(
                f"the output {name!r} of {path} is always the same, whatever the image; name the "
                "others with --output"
            )
        place, _ = lowering.places.get(name, (-1, None))
        if place < 0:
            raise NetworkError(f"{path} computes nothing: its answer {name!r} is its image")
        answers.append(Answer(name, buffers[place], lowering.sides(name)))
    return tuple(answers)


def _lower_all(lowering: Lowering) -> list[tuple[Node, str]]:
    """Lower every node in order; return those that cannot be, and why."""
    refused = []
    graph = lowering.graph
    # Tensors that follow from a refused node, of which nothing is known.
    lost: set[str] = set()
    for node in graph.nodes:
        if node.outputs[0] in lowering.absorbed or node.outputs[0] in lowering.places:
            continue
        blind = any(name in lost for name in node.inputs)
        try:
            if blind:
                check_known(node)
                lost.update(node.outputs)
            else:
                lower(lowering, node)
            continue
        except Refused as error:
            refused.append((node, str(error)))
        # A window of no size, an axis that is not there: what no checker looks at.
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            refused.append((node, f"its attributes do not fit ({error})"))
        lost.update(lowering.pretend(node))
    return refused


#: Tensors that a refusal names as answers to choose instead.
_MOST_NAMED = 4


def _earlier(lowering: Lowering, refused: Sequence[tuple[Node, str]]) -> str:
    """Say which tensors, computed without refused nodes, could be the answer instead of theirs.

    Where a model ends with what picks boxes or letters, they are what a network answers.
    """
    graph, ops = lowering.graph, {node.outputs[0] for node, _ in refused}
    follows: set[str] = set()
    found: dict[str, None] = {}
    computed = {name for node in graph.nodes for name in node.outputs}
    for node in graph.nodes:
        if node.outputs[0] in ops:
            before = [one for one in node.inputs if one in computed and one not in follows]
            found.update(dict.fromkeys(one for one in before if lowering.places.get(one)))
        if node.outputs[0] in ops or follows.intersection(node.inputs):
            follows.update(node.outputs)
    if not 0 < len(found) <= _MOST_NAMED:
        return ""
    return "; --output NAME makes a tensor before them the answer, such as " + ", ".join(
        repr(one) for one in found
    )


def _in_words(path: Path, refused: Sequence[tuple[Node, str]]) -> str:
    """Name every node that cannot be lowered, by operator and reason, the most frequent first."""
    groups: dict[str, dict[str, list[str]]] = {}
    for node, why in refused:
        operator = f"{node.domain}.{node.op}" if node.domain else node.op
        groups.setdefault(operator, {}).setdefault(why, []).append(repr(node.name))
    counts = {op: sum(map(len, reasons.values())) for op, reasons in groups.items()}
    told = [
        f"{op} ({counts[op]}): "
        + ", ".join(f"{', '.join(names)}: {why}" for why, names in groups[op].items())
        for op in sorted(groups, key=lambda op: -counts[op])
    ]
    nodes = "1 node" if len(refused) == 1 else f"{len(refused)} nodes"
    return f"{path} has {nodes} that softbeam cannot lower to its kernels: " + "; ".join(told)

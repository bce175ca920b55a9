"""Faults in a tensor of an ONNX model, followed by softbeam and by onnxruntime.

The runtime gets the same faulty tensor: the model is cut there, and the nodes behind read an input
in its place.  Its largest elements pass a NaN as on a GPU, where it asks cuDNN for that; its
kernels for processors keep or lose one by where it lies in a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.network import load_network
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.golden import GoldenRun, golden_run
from softbeam.network.onnx import _lower_all
from softbeam.network.onnx.graph import read_graph
from softbeam.network.onnx.lowering import Lowering

Floats = NDArray[np.float32]

#: How far two answers may lie apart, of the largest number in them: both round.
NEAR = 1e-3


#: Operators of which the runtime's kernels for processors may lose a NaN.
LARGEST = ("MaxPool", "GlobalMaxPool", "ReduceMax")


def passing_nan(model: onnx.ModelProto) -> None:
    """Write behind each largest element that it is NaN where one of its elements is, in place."""
    nodes = []
    for node in model.graph.node:
        nodes.append(node)
        if node.op_type not in LARGEST:
            continue
        target, x = node.output[0], node.input[0]
        marks = onnx.NodeProto()
        marks.CopyFrom(node)
        node.output[0] = f"{target} of numbers"
        names = [f"{target} {step}" for step in ("nan", "marks", "most", "marked", "not")]
        marks.input[0], marks.output[0], marks.name = names[1], names[2], names[2]
        number = onnx.numpy_helper.from_array(np.full(1, np.nan, np.float32))
        boolean, one = onnx.TensorProto.BOOL, onnx.TensorProto.FLOAT
        make = onnx.helper.make_node
        nodes += [
            make("IsNaN", [x], [names[0]]),
            make("Cast", [names[0]], [names[1]], to=one),
            marks,
            make("Cast", [names[2]], [names[3]], to=boolean),
            make("Constant", [], [names[4]], value=number),
            make("Where", [names[3], names[4], node.output[0]], [target]),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


@dataclass(frozen=True)
class Followed:
    """A fault, and both answers.

    Attributes
    ----------
    tensor, op : str
        The struck tensor, and the operator that computes it.
    fault : str
        What was done to it.
    ours, runtime : numpy.ndarray
        The answers.
    """

    tensor: str
    op: str
    fault: str
    ours: Floats
    runtime: Floats

    @property
    def alike(self) -> bool:
        """Whether both have NaN and infinities at the same places, and the same highest class."""
        one, other = self.ours, self.runtime
        if not all(
            np.array_equal(kind(one), kind(other)) for kind in (np.isnan, np.isposinf, np.isneginf)
        ):
            return False
        finite = np.isfinite(one)
        if not finite.any():
            return True
        size = np.abs(other[finite]).max()
        near = np.abs(one[finite] - other[finite]).max() <= NEAR * size
        first, second = (int(np.argmax(each[finite])) for each in (one, other))
        tie = other[finite][second] - other[finite][first] <= NEAR * size
        return bool(near and tie)


class Faults:
    """Draws faults in the tensors of a model that softbeam's layers hold.

    Parameters
    ----------
    path
        The model, of one output.
    image
        Its input, of the shape that the model takes.
    optimized
        Whether the runtime may join operators.
    """

    def __init__(
        self,
        path: Path,
        image: Floats,
        choices: WorkloadChoices = USUAL,
        *,
        optimized: bool = False,
    ) -> None:
        self.model = onnx.load(str(path))
        if choices.output is not None:
            del self.model.graph.output[:]
            self.model.graph.output.append(onnx.ValueInfoProto(name=choices.output))
        self.image, self.optimized = image, optimized
        network = load_network(str(path), choices=choices)
        assert network.weights is not None
        wanted = network.input_shape
        ours = image if image.shape[1:] == wanted else image.transpose(0, 3, 1, 2)
        self.golden: GoldenRun = golden_run(network.plan(), network.weights, ours.reshape(-1))
        self.live = live_words(self.golden.plan)
        lowering = Lowering(read_graph(path, choices))
        assert not _lower_all(lowering)
        self.end = {launch.layer: launch.index for launch in self.golden.plan.launches}
        kind = onnx.TensorProto.FLOAT
        shapes = {
            name: lowering.sides(name) for name, (layer, _) in lowering.places.items() if layer >= 0
        }
        self.held: dict[str, tuple[int, tuple[int, ...], str]] = {}
        seen: set[int] = set()
        for node in self.model.graph.node:
            for name in node.output:
                layer = lowering.places.get(name, (-1,))[0]
                if layer in self.end and layer not in seen and name in shapes:
                    seen.add(layer)
                    self.held[name] = (layer, shapes[name], node.op_type)
        self._kind = kind
        passing_nan(self.model)

    def follow(self, rng: np.random.Generator, tensors: int, each: int) -> Iterator[Followed]:
        """Draw faults, some in each of some tensors, and follow them."""
        names = list(self.held)
        for name in rng.choice(names, min(tensors, len(names)), replace=False):
            session = self._behind(str(name))
            for _ in range(each):
                yield self._one(rng, str(name), session)

    def _one(
        self, rng: np.random.Generator, name: str, session: onnxruntime.InferenceSession
    ) -> Followed:
        layer, sides, op = self.held[name]
        buffer, launch = f"{layer}.output", self.end[layer]
        before = self.golden.view(buffer, launch + 1)
        fault, indexes, values = draw(rng, before)
        faulty = before.copy()
        faulty[indexes] = values
        found = propagate(self.golden, self.live, launch, {buffer: (indexes, values)})
        known = [one.name for one in session.get_inputs()]
        inputs = {known[0]: self.image, STRUCK: faulty.view(np.float32).reshape(sides)}
        answer = session.run(None, {name: inputs[name] for name in known})[0]
        return Followed(name, op, fault, found.output.view(np.float32), answer.reshape(-1))

    def _behind(self, name: str) -> onnxruntime.InferenceSession:
        """Return the model with an input in the place of a tensor."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        graph = model.graph
        sides = self.held[name][1]
        graph.input.append(onnx.helper.make_tensor_value_info(STRUCK, self._kind, sides))
        for node in graph.node:
            for number, one in enumerate(node.input):
                if one == name:
                    node.input[number] = STRUCK
        if graph.output[0].name == name:
            graph.node.append(onnx.helper.make_node("Identity", [STRUCK], ["struck answer"]))
            graph.output[0].name = "struck answer"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        level = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = (
            level.ORT_ENABLE_ALL if self.optimized else level.ORT_DISABLE_ALL
        )
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )


STRUCK = "struck"


def draw(
    rng: np.random.Generator, before: NDArray[np.uint32]
) -> tuple[str, NDArray[np.int64], NDArray[np.uint32]]:
    """Change a word, or a warp's words: a bit, any bits, zero, infinity or NaN."""
    many = rng.random() < 0.3
    first = int(rng.integers(before.size))
    indexes = np.arange(first, min(first + (32 if many else 1), before.size))
    values = before[indexes].copy()
    kind = ("bit", "random", "zero", "infinity", "-infinity", "nan")[int(rng.choice(6, p=CHANCES))]
    if kind == "bit":
        values ^= np.uint32(1) << np.uint32(rng.integers(20, 32))
    elif kind == "random":
        values = rng.integers(0, 2**32, values.size, dtype=np.uint32)
    else:
        numbers = {"zero": 0.0, "infinity": np.inf, "-infinity": -np.inf, "nan": np.nan}
        values[:] = np.float32(numbers[kind]).view(np.uint32)
    return f"{kind} x{indexes.size}", indexes.astype(np.int64), values


CHANCES = (0.4, 0.3, 0.06, 0.08, 0.08, 0.08)

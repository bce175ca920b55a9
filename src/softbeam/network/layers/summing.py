"""Sums of several layers' outputs, as AlexeyAB's Darknet makes them in its ``[shortcut]``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from softbeam.kernels.functions import Normalization
from softbeam.network.activation import Activation
from softbeam.network.darknet.keys import Invalid, Values
from softbeam.network.launches import LaunchMaker, Value, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span

MOST_ADDED = 6
"""Layers that ``shortcut_multilayer`` adds at most."""


@dataclass(frozen=True, slots=True)
class Sum(BaseLayer):
    """The sum of the input and of other layers' outputs, with weights or not.

    Channels that another layer lacks, and more than the input has, are left out.

    Parameters
    ----------
    added
        For each of the other layers its number and the shape of its output.
    activation
        What runs last.
    weights_each
        Weights of each layer: none, one, or one for each channel.
    normalization
        What the weights become first.
    """

    added: tuple[tuple[int, Shape], ...]
    activation: Activation
    weights_each: int = 0
    normalization: Normalization = Normalization.NONE

    type: ClassVar[str] = "shortcut"

    @property
    def summary(self) -> str:
        """Type and the other layers' numbers."""
        return f"shortcut {' '.join(str(number) for number, _ in self.added)}"

    @property
    def weights(self) -> int:
        """Weights of the input and of all other layers."""
        return self.weights_each * (len(self.added) + 1)

    @property
    def trained(self) -> dict[str, int]:
        """The weights, those of the input first."""
        return {"weights": self.weights} if self.weights else {}

    @property
    def fan_in(self) -> int:
        """Summands."""
        return len(self.added) + 1

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, less the addresses and sizes of the other layers."""
        words = {"delta": self.outputs, "output": self.outputs, **self.trained}
        return words | self.activation.kept(self.outputs)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the sum and the activation."""
        output = maker.output(self.outputs)
        if not self.weights and [shape for _, shape in self.added] == [self.output_shape]:
            add_map(maker, self.added[0][0], source, output)
        else:
            self._launch(maker, source, output)
        maker.activate(output, self.activation)

    def _launch(self, maker: LaunchMaker, source: Span, output: Span) -> None:
        shapes = [min(prod(shape), self.outputs) for _, shape in self.added]
        others = [maker.output_of(number) for number, _ in self.added]
        read = [part(other, 0, words) for other, words in zip(others, shapes, strict=True)]
        weights = maker.own("weights", self.weights) if self.weights else source
        values: dict[str, Value] = {"out": output, "input": source, "weights": weights}
        for number in range(MOST_ADDED):
            given = number < len(others)
            # What is not added is never read.
            values[f"add{number}"] = others[number] if given else source
            values[f"outputs{number}"] = prod(self.added[number][1]) if given else 0
        maker.launch(
            "shortcut_multilayer",
            self.outputs,
            (source, *read, *((weights,) if self.weights else ())),
            (output,),
            size=self.outputs,
            src_outputs=self.outputs,
            batch=1,
            n=len(others),
            nweights=self.weights,
            weights_normalization=int(self.normalization),
            **values,
        )


def add_map(maker: LaunchMaker, number: int, source: Span, output: Span) -> None:
    """Launch the sum of a map and of another layer's output of the same shape."""
    other, n = maker.output_of(number), output.words
    reads = (source, other)
    maker.launch(
        "shortcut_simple", n, reads, (output,), size=n, add=other, out=output, input=source
    )


def make_sum(values: Values, shape: Shape, sources: Sequence[BaseLayer], number: int) -> BaseLayer:
    """Make the sum that a ``[shortcut]`` of several layers, or with weights, asks for."""
    weighted, normalization = values["weights_type"], values["weights_normalization"]
    check_factors(values["alpha"], values["beta"])
    if len(sources) > MOST_ADDED:
        raise Invalid(f"adds {len(sources)} layers; softbeam's kernel adds up to {MOST_ADDED}")
    for source in sources:
        check_pixels(source, source.output_shape, shape)
    if weighted is not None and normalization is None:
        raise Invalid("has weights; it needs weights_normalization=relu or softmax, as in Darknet")
    added = tuple((source.index, source.output_shape) for source in sources)
    count = {None: 0, "per_channel": shape[0]}.get(weighted, 1)
    rule = normalization if count and normalization else Normalization.NONE
    return Sum(number, shape, added, values["activation"], count, rule)


def check_factors(alpha: float, beta: float) -> None:
    """Refuse the factors of Darknet's own shortcut."""
    if (alpha, beta) != (1.0, 1.0):
        raise Invalid("has alpha or beta, which AlexeyAB's Darknet does not know; leave them out")


def check_pixels(layer: BaseLayer | int, theirs: Shape, shape: Shape) -> None:
    """Refuse maps of different sides, which releases of AlexeyAB's Darknet add differently."""
    if theirs[1:] != shape[1:]:
        name = layer if isinstance(layer, int) else layer.name
        raise Invalid(
            f"adds layer {name} of {theirs[2]}x{theirs[1]} pixels to {shape[2]}x{shape[1]}; "
            "for AlexeyAB's Darknet both must have the same"
        )


def _word(*known: tuple[str, Any]) -> Callable[[str], Any]:
    """Return a reader of words, and what each means."""
    meanings = dict(known)

    def read(text: str) -> Any:
        if text not in meanings:
            raise Invalid(f"must be one of {', '.join(meanings)}")
        return meanings[text]

    return read


WEIGHTS = _word(
    ("none", None),
    ("per_feature", "per_layer"),
    ("per_layer", "per_layer"),
    ("per_channel", "per_channel"),
)
"""Reads ``weights_type``."""

NORMALIZATIONS = _word(
    ("none", None),
    ("relu", Normalization.RELU),
    ("avg_relu", Normalization.RELU),
    ("softmax", Normalization.SOFTMAX),
)
"""Reads ``weights_normalization``."""

"""Layers that join the outputs of other layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import INDEX, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


def _index(written: int, before: Sequence[BaseLayer]) -> int:
    index = len(before) + written if written < 0 else written
    if not 0 <= index < len(before):
        raise Invalid(
            f"{written} names layer {index}; it must be one of those before layer {len(before)}"
        )
    return index


@dataclass(frozen=True, slots=True)
class Route(BaseLayer):
    """The outputs of other layers, one after the other; together they are its input.

    Parameters
    ----------
    sources
        For each of the other layers its number and the elements of its output.
    """

    sources: tuple[tuple[int, int], ...]

    type: ClassVar[str] = "route"

    @property
    def summary(self) -> str:
        """Type and the layers' numbers."""
        return f"route {' '.join(str(source) for source, _ in self.sources)}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy of each of the other layers' outputs."""
        output = maker.output(self.outputs)
        start = 0
        for number, words in self.sources:
            maker.copy(maker.output_of(number), part(output, start, words))
            start += words


def _route(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    if values["layers"] is None:
        raise Invalid("needs layers=, the layers that it joins")
    sources = [before[_index(written, before)] for written in values["layers"]]
    _, height, width = sources[0].output_shape
    for source in sources:
        if source.output_shape[1:] != (height, width):
            raise Invalid(
                f"joins layer {sources[0].name} of {width}x{height} pixels with layer "
                f"{source.name} of {source.output_shape[2]}x{source.output_shape[1]}; "
                "they must have the same"
            )
    channels = sum(source.output_shape[0] for source in sources)
    joined = tuple((source.index, source.outputs) for source in sources)
    return Route(len(before), (channels, height, width), joined)


@dataclass(frozen=True, slots=True)
class Shortcut(BaseLayer):
    """The sum of the input and of another layer's output, where they overlap.

    Parameters
    ----------
    source
        The other layer's number.
    source_shape
        Channels, height and width of its output.
    activation
        What runs last.
    alpha, beta
        What the input and the other layer's output are multiplied by.
    """

    source: int
    source_shape: Shape
    activation: Activation
    alpha: float = 1.0
    beta: float = 1.0

    type: ClassVar[str] = "shortcut"

    @property
    def summary(self) -> str:
        """Type and the other layer's number."""
        return f"shortcut {self.source}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        words = {"delta": self.outputs, "output": self.outputs}
        return words | self.activation.kept(self.outputs)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the sum with another layer's output on a copy of the input."""
        output = maker.output(self.outputs)
        other = maker.output_of(self.source)
        (c1, h1, w1), (c2, h2, w2) = self.source_shape, self.output_shape
        minw, minh, minc = min(w1, w2), min(h1, h2), min(c1, c2)
        size = minw * minh * minc
        stride, sample = max(w1 // w2, 1), max(w2 // w1, 1)
        maker.copy(source, output)
        maker.launch(
            "shortcut",
            size,
            (other, output),
            # Words that the other output does not overlap keep their values.
            (output,),
            size=size,
            minw=minw,
            minh=minh,
            minc=minc,
            stride=stride,
            sample=sample,
            batch=1,
            w1=w1,
            h1=h1,
            c1=c1,
            add=other,
            w2=w2,
            h2=h2,
            c2=c2,
            s1=self.alpha,
            s2=self.beta,
            out=output,
        )
        maker.activate(output, self.activation)


def _shortcut(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    if values["from"] is None:
        raise Invalid("needs from=, the layer that it adds")
    source = before[_index(values["from"], before)]
    (_, h1, w1), (_, h2, w2) = source.output_shape, shape
    if w1 // w2 != h1 // h2 or w2 // w1 != h2 // h1:
        raise Invalid(
            f"adds layer {source.name} of {w1}x{h1} pixels to {w2}x{h2}; "
            "both sides must shrink or grow alike"
        )
    return Shortcut(
        len(before),
        shape,
        source.index,
        source.output_shape,
        values["activation"],
        values["alpha"],
        values["beta"],
    )


SECTIONS = (
    Section("route", _route, {"layers": Key(keys.listed(INDEX), None)}),
    Section(
        "shortcut",
        _shortcut,
        {
            "from": Key(INDEX, None),
            "activation": keys.activation(Activation.LINEAR),
            "alpha": Key(keys.number, 1.0),
            "beta": Key(keys.number, 1.0),
        },
    ),
)

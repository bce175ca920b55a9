"""Layers that join the outputs of other layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, INDEX, Invalid, Key, Section, Values, index_of
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.summing import (
    NORMALIZATIONS,
    WEIGHTS,
    Sum,
    check_factors,
    check_pixels,
    make_sum,
)
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class Route(BaseLayer):
    """The outputs of other layers, one after the other; together they are its input.

    Parameters
    ----------
    sources
        For each of the other layers its number and the elements of its output.
    groups, group
        Parts that each output is divided into, and which of them is taken.
    """

    sources: tuple[tuple[int, int], ...]
    groups: int = field(default=1, repr=False)
    group: int = field(default=0, repr=False)

    type: ClassVar[str] = "route"

    @property
    def summary(self) -> str:
        """Type, the layers' numbers, and which part is taken."""
        share = f" {self.group}/{self.groups}" if self.groups > 1 else ""
        return f"route {' '.join(str(source) for source, _ in self.sources)}{share}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy of each of the other layers' outputs, or of its part."""
        output = maker.output(self.outputs)
        start = 0
        for number, words in self.sources:
            taken = words // self.groups
            source = part(maker.output_of(number), self.group * taken, taken)
            maker.copy(source, part(output, start, taken))
            start += taken


def _route(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    if values["layers"] is None:
        raise Invalid("needs layers=, the layers that it joins")
    sources = [before[index_of(written, before)] for written in values["layers"]]
    _, height, width = sources[0].output_shape
    for source in sources:
        if source.output_shape[1:] != (height, width):
            raise Invalid(
                f"joins layer {sources[0].name} of {width}x{height} pixels with layer "
                f"{source.name} of {source.output_shape[2]}x{source.output_shape[1]}; "
                "they must have the same"
            )
    groups, group = values["groups"], values["group_id"]
    if group >= groups:
        raise Invalid(f"takes group_id={group} of groups={groups}, which are counted from 0")
    for source in sources:
        if source.output_shape[0] % groups:
            raise Invalid(
                f"groups={groups} must divide the {source.output_shape[0]} channels of layer "
                f"{source.name}"
            )
    channels = sum(source.output_shape[0] for source in sources) // groups
    joined = tuple((source.index, source.outputs) for source in sources)
    return Route(len(before), (channels, height, width), joined, groups, group)


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

    def for_alexeyab(self) -> BaseLayer:
        """Return the sum as AlexeyAB's Darknet makes it, element by element."""
        check_factors(self.alpha, self.beta)
        check_pixels(self.source, self.source_shape, self.input_shape)
        added = ((self.source, self.source_shape),)
        return Sum(self.index, self.input_shape, added, self.activation, alexeyab=True)

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
    sources = [before[index_of(written, before)] for written in values["from"]]
    weighted = values["weights_type"]
    if len(sources) > 1 or weighted is not None:
        return make_sum(values, shape, sources, len(before))
    (source,) = sources
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
    Section(
        "route",
        _route,
        {
            "layers": Key(keys.listed(INDEX), None),
            "groups": Key(COUNT, 1, keys.differs_from(1)),
            "group_id": Key(keys.whole(0), 0, keys.differs_from(0)),
        },
    ),
    Section(
        "shortcut",
        _shortcut,
        {
            "from": Key(
                keys.listed(INDEX), None, lambda value: value is not None and len(value) > 1
            ),
            "activation": keys.activation(Activation.LINEAR, behind="shortcut"),
            "alpha": Key(keys.number, 1.0),
            "beta": Key(keys.number, 1.0),
            "weights_type": Key(WEIGHTS, None, keys.differs_from(None)),
            # Without weights it says nothing.
            "weights_normalization": Key(NORMALIZATIONS, None),
        },
    ),
)

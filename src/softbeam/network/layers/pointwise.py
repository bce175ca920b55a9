"""Layers that change each element by itself, or each group: softmax, activations, clamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class Softmax(BaseLayer):
    """A softmax over each of some equal parts of the input.

    Parameters
    ----------
    temperature
        What the inputs are divided by first.
    groups
        How many parts.
    """

    temperature: float = 1.0
    groups: int = 1

    type: ClassVar[str] = "softmax"

    @property
    def output_shape(self) -> Shape:
        """Elements of the input, 1, 1."""
        return (self.inputs, 1, 1)

    @property
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction."""
        return {"output": self.outputs, "loss": self.outputs, "delta": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a softmax over each group."""
        n = self.inputs // self.groups
        output = maker.output(self.inputs)
        maker.launch(
            "softmax",
            self.groups,
            (source,),
            (output,),
            input=source,
            n=n,
            batch=1,
            batch_offset=self.inputs,
            groups=self.groups,
            group_offset=n,
            stride=1,
            temp=self.temperature,
            output=output,
        )


def _softmax(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    layer = Softmax(len(before), shape, values["temperature"], values["groups"])
    if layer.inputs % layer.groups:
        raise Invalid(f"groups={layer.groups} must divide the {layer.inputs} inputs")
    return layer


@dataclass(frozen=True, slots=True)
class ActivationLayer(BaseLayer):
    """An activation function on its own.

    Parameters
    ----------
    activation
        The function.
    """

    activation: Activation

    type: ClassVar[str] = "activation"
    mish_is_zero: ClassVar[bool] = True

    @property
    def summary(self) -> str:
        """Type and function."""
        return f"activation {self.activation.name.lower()}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        words = {"output": self.outputs, "delta": self.outputs}
        return words | self.activation.kept(self.outputs)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch an activation function on a copy of the input."""
        output = maker.output(self.outputs)
        maker.copy(source, output)
        maker.activate(output, self.activation)


def _activation(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return ActivationLayer(len(before), shape, values["activation"])


SECTIONS = (
    Section(
        "softmax",
        _softmax,
        {
            "groups": Key(COUNT, 1),
            "temperature": Key(keys.positive, 1.0),
            "spatial": keys.only(0),
            "tree": keys.TREE,
        },
        training="noloss",
        aliases=("soft",),
    ),
    Section("activation", _activation, {"activation": keys.activation(Activation.LINEAR)}),
)

"""Layers of AlexeyAB's Darknet that multiply another layer's output by the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import FLAG, INDEX, Invalid, Key, Section, Values, index_of
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class ScaleChannels(BaseLayer):
    """Another layer's output, each channel or each pixel times a number of the input's.

    Parameters
    ----------
    source
        The other layer's number.
    source_shape
        Channels, height and width of its output.
    pixels
        Whether the numbers are those of pixels; else of channels.
    activation
        What runs last.
    """

    source: int
    source_shape: Shape
    pixels: bool
    activation: Activation

    type: ClassVar[str] = "scale channels"
    mish_is_zero: ClassVar[bool] = True

    @property
    def summary(self) -> str:
        """Type and the other layer's number."""
        return f"scale {'pixels' if self.pixels else 'channels'} {self.source}"

    @property
    def output_shape(self) -> Shape:
        """That of the other layer's output."""
        return self.source_shape

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the products and the activation."""
        output, other = maker.output(self.outputs), maker.output_of(self.source)
        _, height, width = self.source_shape
        maker.launch(
            "scale_channels",
            self.outputs,
            (other, source),
            (output,),
            in_w_h_c=other,
            size=self.outputs,
            channel_size=height * width,
            batch_size=self.outputs,
            scale_wh=int(self.pixels),
            scales_c=source,
            out=output,
        )
        maker.activate(output, self.activation)


def _scale_channels(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    source = _multiplied(values, before)
    pixels = bool(values["scale_wh"])
    channels, height, width = source.output_shape
    wanted = (1, height, width) if pixels else (channels, 1, 1)
    if shape != wanted:
        raise Invalid(
            f"multiplies layer {source.name} of shape {source.output_shape} by an input of shape "
            f"{shape}; that must be {wanted}"
        )
    return ScaleChannels(
        len(before), shape, source.index, source.output_shape, pixels, values["activation"]
    )


def _multiplied(values: Values, before: Sequence[BaseLayer]) -> BaseLayer:
    """Return the layer that a section multiplies."""
    if values["from"] is None:
        raise Invalid("needs from=, the layer that it multiplies")
    return before[index_of(values["from"], before)]


@dataclass(frozen=True, slots=True)
class Attention(BaseLayer):
    """Another layer's output times the input, element by element (AlexeyAB's ``[sam]``).

    Parameters
    ----------
    source
        The other layer's number.
    activation
        What runs last.
    """

    source: int
    activation: Activation

    type: ClassVar[str] = "sam"
    mish_is_zero: ClassVar[bool] = True

    @property
    def summary(self) -> str:
        """Type and the other layer's number."""
        return f"sam {self.source}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the products and the activation."""
        output, other = maker.output(self.outputs), maker.output_of(self.source)
        _, height, width = self.output_shape
        maker.launch(
            "sam",
            self.outputs,
            (other, source),
            (output,),
            in_w_h_c=other,
            size=self.outputs,
            channel_size=height * width,
            scales_c=source,
            out=output,
        )
        maker.activate(output, self.activation)


def _sam(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    source = _multiplied(values, before)
    if source.output_shape != shape:
        raise Invalid(
            f"multiplies layer {source.name} of shape {source.output_shape} by an input of shape "
            f"{shape}; both must have the same"
        )
    return Attention(len(before), shape, source.index, values["activation"])


SECTIONS = (
    Section(
        "scale_channels",
        _scale_channels,
        {
            "from": Key(INDEX, None),
            "scale_wh": FLAG,
            "activation": keys.activation(Activation.LINEAR),
        },
        alexeyab=True,
    ),
    Section(
        "sam",
        _sam,
        {"from": Key(INDEX, None), "activation": keys.activation(Activation.LINEAR)},
        alexeyab=True,
    ),
)

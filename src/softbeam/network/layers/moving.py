"""Layers that move and cut feature maps, and the dropout, which passes them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, FLAG, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class Upsample(BaseLayer):
    """Every pixel as a square of pixels.

    Parameters
    ----------
    stride
        Side of the square.
    scale
        What the pixels are multiplied by.
    """

    stride: int
    scale: float

    type: ClassVar[str] = "upsample"

    @property
    def summary(self) -> str:
        """Type and factor."""
        return f"upsample {self.stride}x"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        channels, height, width = self.input_shape
        return channels, height * self.stride, width * self.stride

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch an upsampling, which adds to zeros."""
        channels, height, width = self.input_shape
        output = maker.output(self.outputs)
        maker.fill(output)
        maker.launch(
            "upsample",
            self.outputs,
            (source, output),
            (output,),
            N=self.outputs,
            x=source,
            w=width,
            h=height,
            c=channels,
            batch=1,
            stride=self.stride,
            scale=self.scale,
            out=output,
        )


def _upsample(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return Upsample(len(before), shape, values["stride"], values["scale"])


@dataclass(frozen=True, slots=True)
class Reorg(BaseLayer):
    """Squares of pixels as channels, or the reverse.

    Parameters
    ----------
    stride
        Side of the squares.
    reverse
        From channels to squares.
    flatten
        Only reorder the elements, pixel after pixel (with `reverse`, back).
    extra
        If above 0, only copy, with so many zeros behind.
    squares
        Whether each pixel of a square has all its channels together (AlexeyAB's ``[reorg3d]``);
        Darknet's own kernel takes the map for one of another shape.
    """

    stride: int
    reverse: bool = False
    flatten: bool = False
    extra: int = 0
    squares: bool = field(default=False, repr=False)

    type: ClassVar[str] = "reorg"

    @property
    def summary(self) -> str:
        """Type and stride."""
        return f"reorg /{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        channels, height, width = self.input_shape
        stride = self.stride
        if self.extra:
            return (self.inputs + self.extra, 1, 1)
        if self.reverse:
            return channels // stride**2, height * stride, width * stride
        return channels * stride**2, height // stride, width // stride

    def for_alexeyab(self) -> BaseLayer:
        """Return the layer as AlexeyAB's Darknet runs it, which only moves squares."""
        if self.flatten or self.extra:
            raise Invalid("has flatten or extra, which AlexeyAB's Darknet does not know")
        return replace(self, alexeyab=True)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a reordering of the elements."""
        channels, height, width = self.output_shape if self.squares else self.input_shape
        output, n = maker.output(self.outputs), self.inputs
        if self.flatten:
            maker.launch(
                "flatten",
                n,
                (source,),
                (part(output, 0, n),),
                N=n,
                x=source,
                spatial=height * width,
                layers=channels,
                batch=1,
                forward=int(not self.reverse),
                out=output,
            )
        elif self.extra:
            maker.copy(source, output)
        else:
            maker.launch(
                "reorg",
                n,
                (source,),
                (output,),
                N=n,
                x=source,
                w=width,
                h=height,
                c=channels,
                batch=1,
                stride=self.stride,
                forward=int(self.reverse),
                out=output,
            )


def _reorg(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    stride, reverse = values["stride"], bool(values["reverse"])
    layer = Reorg(len(before), shape, stride, reverse, bool(values["flatten"]), values["extra"])
    channels, height, width = shape
    moved = not (layer.extra or layer.flatten)
    # Darknet divides the channels by stride x stride in both directions.
    if moved and (channels % stride**2 or (not reverse and (height % stride or width % stride))):
        raise Invalid(
            f"stride={stride} must divide the {width}x{height} pixels, and its square the "
            f"{channels} channels"
        )
    if layer.flatten and layer.outputs < layer.inputs:
        raise Invalid(f"flatten=1 with stride={stride} leaves elements out")
    return layer


def _reorg_squares(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    stride = values["stride"]
    if shape[1] % stride or shape[2] % stride:
        raise Invalid(f"stride={stride} must divide the {shape[2]}x{shape[1]} pixels")
    return Reorg(len(before), shape, stride, squares=True)


@dataclass(frozen=True, slots=True)
class Crop(BaseLayer):
    """The middle of an image of three channels, its values mapped from 0 ... 1 to -1 ... 1.

    Parameters
    ----------
    height, width
        Those of the output.
    adjust
        Whether the values are mapped; else they are only written back.
    """

    height: int
    width: int
    adjust: bool = True

    type: ClassVar[str] = "crop"

    @property
    def summary(self) -> str:
        """Type and size."""
        return f"crop {self.width}x{self.height}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return self.input_shape[0], self.height, self.width

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order; ``rand`` holds training's random numbers."""
        return {"output": self.outputs, "rand": 8}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the change of levels, in place, and the cut."""
        channels, height, width = self.input_shape
        output, rand = maker.own("output", self.outputs), maker.own("rand", 8)
        scale, translate = (2.0, -1.0) if self.adjust else (1.0, 0.0)
        maker.launch(
            "levels_image",
            height * width,
            (source, rand),
            (source,),
            image=source,
            rand=rand,
            batch=1,
            w=width,
            h=height,
            translate=translate,
            scale=scale,
            shift=0.0,
        )
        maker.launch(
            "crop",
            self.outputs,
            (source,),
            (output,),
            input=source,
            size=self.outputs,
            c=channels,
            h=height,
            w=width,
            crop_height=self.height,
            crop_width=self.width,
            output=output,
        )


def _crop(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    channels, height, width = shape
    layer = Crop(
        len(before), shape, values["crop_height"], values["crop_width"], not values["noadjust"]
    )
    if channels != 3 or layer.height > height or layer.width > width:
        raise Invalid(
            f"crops {layer.width}x{layer.height} pixels of 3 channels out of {width}x{height} of "
            f"{channels}"
        )
    return layer


@dataclass(frozen=True, slots=True)
class Dropout(BaseLayer):
    """A dropout, which inference passes by: its output is the buffer of the layer before."""

    type: ClassVar[str] = "dropout"
    passes_on: ClassVar[bool] = True

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates."""
        return {"rand": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch nothing.

        Darknet's second fill of the delta of the layer before is left out, as nothing that
        inference reads depends on it.
        """


def _dropout(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return Dropout(len(before), shape)


@dataclass(frozen=True, slots=True)
class Empty(BaseLayer):
    """A layer that does nothing (AlexeyAB's); its output is the buffer of the layer before."""

    type: ClassVar[str] = "empty"
    passes_on: ClassVar[bool] = True

    @property
    def buffers(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch nothing."""


def _empty(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return Empty(len(before), shape)


SECTIONS = (
    Section("upsample", _upsample, {"stride": Key(COUNT, 2), "scale": Key(keys.number, 1.0)}),
    Section(
        "reorg",
        _reorg,
        {
            "stride": Key(COUNT, 1),
            "reverse": FLAG,
            "flatten": FLAG,
            "extra": Key(keys.whole(0), 0),
        },
    ),
    Section(
        "reorg3d",
        _reorg_squares,
        {"stride": Key(COUNT, 1), "reverse": keys.only(0)},
        alexeyab=True,
    ),
    Section("empty", _empty, {}, aliases=("silence",), alexeyab=True),
    Section(
        "crop",
        _crop,
        {"crop_height": Key(COUNT, 1), "crop_width": Key(COUNT, 1), "noadjust": FLAG},
        # Flips, turns and changes of colour are training's.
        training="angle exposure flip saturation shift",
    ),
    Section("dropout", _dropout, {}, training="probability"),
)

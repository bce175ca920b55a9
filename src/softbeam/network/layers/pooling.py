"""The pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar

from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, Invalid, Key, Section, Values, strides
from softbeam.network.launches import LaunchMaker, Value
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.windows import Blur, Pair, Window, blur_of
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class MaxPool(BaseLayer):
    """A max pool.

    Parameters
    ----------
    size, stride
        Side of the window and its step, in pixels.
    padding
        Pixels of padding in all along each axis; Darknet's default is ``size - 1``.
    steps
        Steps along height and width, where they differ.
    blur
        What blurs the output, if anything does.

    Examples
    --------
    >>> MaxPool(1, (64, 112, 112), 2, 2, 1).output_shape
    (64, 56, 56)
    """

    size: int
    stride: int
    padding: int
    steps: Pair | None = field(default=None, repr=False)
    blur: Blur | None = field(default=None, repr=False)

    type: ClassVar[str] = "max"

    @property
    def summary(self) -> str:
        """Type, window and stride."""
        high, wide = self.steps or (self.stride, self.stride)
        return f"max {self.size}x{self.size}/{high if high == wide else f'{wide}x{high}'}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return self.pooled if self.blur is None else self.blur.output_shape

    @property
    def pooled(self) -> Shape:
        """Channels, height and width of the output before it is blurred."""
        channels, height, width = self.input_shape
        reach = self.padding - self.size
        high, wide = self.steps or (self.stride, self.stride)
        return channels, (height + reach) // high + 1, (width + reach) // wide + 1

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes for the blur."""
        return 0 if self.blur is None else self.blur.workspace

    @property
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction."""
        words = dict.fromkeys(("indexes", "output", "delta"), prod(self.pooled))
        return words if self.blur is None else words | self.blur.buffers

    @property
    def shrunk(self) -> bool:
        """Whether the blur makes the output smaller."""
        return self.output_shape != self.pooled

    @property
    def constants(self) -> dict[str, tuple[float, ...]]:
        """The weights of the blur."""
        return {} if self.blur is None else self.blur.constants

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a max pool, which also writes the winners' indexes."""
        channels, height, width = self.input_shape
        outputs = prod(self.pooled)
        output, indexes = maker.output(outputs), maker.own("indexes", outputs)
        steps: dict[str, Value] = {"stride": self.stride}
        if self.steps is not None:
            steps = {"stride_x": self.steps[1], "stride_y": self.steps[0]}
        maker.launch(
            "maxpool" if self.steps is None else "maxpool_xy",
            outputs,
            (source,),
            (output, indexes),
            n=outputs,
            in_h=height,
            in_w=width,
            in_c=channels,
            **steps,
            size=self.size,
            pad=self.padding,
            input=source,
            output=output,
            indexes=indexes,
        )
        if self.blur is not None:
            self.blur.launch(maker, output)


@dataclass(frozen=True, slots=True)
class DepthPool(BaseLayer):
    """The largest of every so many channels at each pixel, which AlexeyAB's Darknet has.

    Parameters
    ----------
    channels
        Output channels: number n is the largest of channels n, n + channels, n + 2 channels ...
    """

    channels: int

    type: ClassVar[str] = "max depth"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return (self.channels, *self.input_shape[1:])

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates."""
        return dict.fromkeys(("indexes", "output", "delta"), self.outputs)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the pool, which also writes the winners' indexes."""
        channels, height, width = self.input_shape
        output, indexes = maker.output(self.outputs), maker.own("indexes", self.outputs)
        maker.launch(
            "maxpool_depth",
            height * width,
            (source,),
            (output, indexes),
            n=height * width,
            w=width,
            h=height,
            c=channels,
            out_c=self.channels,
            batch=1,
            input=source,
            output=output,
            indexes=indexes,
        )


def _max_pool(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    size, steps, padding = _window(values)
    if values["maxpool_depth"]:
        if values["antialiasing"]:
            raise Invalid("has maxpool_depth=1 and antialiasing; give one of them")
        if values["out_channels"] > shape[0]:
            raise Invalid(f"makes {values['out_channels']} channels of {shape[0]}")
        return DepthPool(len(before), shape, values["out_channels"])
    antialiasing, inner = values["antialiasing"], steps
    if antialiasing:
        inner = (1, 1)
    own = inner if inner[0] != inner[1] else None
    layer = MaxPool(len(before), shape, size, inner[1], padding, own)
    if antialiasing and min(layer.pooled) > 0:
        return replace(layer, blur=blur_of(antialiasing, layer.pooled, steps))
    return layer


def _window(values: Values) -> tuple[int, Pair, int]:
    """Return side, steps and padding of a pool's windows, Darknet's defaults where left out."""
    size = values["stride"] if values["size"] is None else values["size"]
    padding = size - 1 if values["padding"] is None else values["padding"]
    return size, strides(values), padding


def _local_average(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    size, steps, padding = _window(values)
    high, wide = (
        (side + padding - size) // step + 1 for side, step in zip(shape[1:], steps, strict=True)
    )
    before_first = (padding // 2, padding // 2)
    window = Window((size, size), steps, (1, 1), before_first, (high, wide))
    return WindowPool(len(before), shape, True, window, behind=(shape[1], shape[2]))


@dataclass(frozen=True, slots=True)
class WindowPool(BaseLayer):
    """The largest element of each window of each channel, or their average, as ONNX has them.

    A NaN passes, where Darknet's max pool hides it; Darknet has no average of windows.

    Parameters
    ----------
    average
        Whether it is the average.
    window
        The window.
    first, behind
        The first row and column whose places count in the average, and those behind the last.
    """

    average: bool
    window: Window
    first: Pair = (0, 0)
    behind: Pair = (0, 0)

    type: ClassVar[str] = "window pool"

    @property
    def summary(self) -> str:
        """What it takes of a window, and the window."""
        return f"window {'average' if self.average else 'max'} {self.window.text}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return (self.input_shape[0], *self.window.out)

    @property
    def buffers(self) -> dict[str, int]:
        """The output."""
        return {"output": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the pool."""
        _, height, width = self.input_shape
        output = maker.own("output", self.outputs)
        maker.launch(
            "pool_window",
            self.outputs,
            (source,),
            (output,),
            n=self.outputs,
            average=int(self.average),
            height=height,
            width=width,
            height_out=self.window.out[0],
            width_out=self.window.out[1],
            top=self.first[0],
            left=self.first[1],
            bottom=self.behind[0],
            right=self.behind[1],
            input=source,
            output=output,
            **self.window.values(),
        )


@dataclass(frozen=True, slots=True)
class AveragePool(BaseLayer):
    """An average over each whole channel."""

    type: ClassVar[str] = "avg"

    @property
    def output_shape(self) -> Shape:
        """Channels, 1, 1."""
        return (self.input_shape[0], 1, 1)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch an average over each channel."""
        channels, height, width = self.input_shape
        output = maker.output(channels)
        sizes = {"n": channels, "w": width, "h": height, "c": channels}
        maker.launch(
            "avgpool", channels, (source,), (output,), input=source, output=output, **sizes
        )


def _average_pool(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return AveragePool(len(before), shape)


SECTIONS = (
    Section(
        "maxpool",
        _max_pool,
        {
            "stride": Key(COUNT, 1),
            "size": Key(COUNT, None),
            "padding": Key(keys.whole(0), None),
            **keys.STRIDES,
            "antialiasing": Key(keys.whole(0, 2), 0, keys.differs_from(0)),
            "maxpool_depth": Key(keys.whole(0, 1), 0, keys.differs_from(0)),
            # Only with maxpool_depth.
            "out_channels": Key(COUNT, 1),
        },
        aliases=("max",),
    ),
    Section(
        "local_avgpool",
        _local_average,
        {
            "stride": Key(COUNT, 1),
            "size": Key(COUNT, None),
            "padding": Key(keys.whole(0), None),
            **keys.STRIDES,
        },
        aliases=("local_avg",),
        alexeyab=True,
    ),
    Section("avgpool", _average_pool, {}, aliases=("avg",)),
)

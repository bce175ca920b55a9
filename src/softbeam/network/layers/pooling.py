"""The pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from softbeam.kernels.products import Product
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, Key, Section, Values
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.windows import Pair, Window, lay_out
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

    Examples
    --------
    >>> MaxPool(1, (64, 112, 112), 2, 2, 1).output_shape
    (64, 56, 56)
    """

    size: int
    stride: int
    padding: int

    type: ClassVar[str] = "max"

    @property
    def summary(self) -> str:
        """Type, window and stride."""
        return f"max {self.size}x{self.size}/{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        channels, height, width = self.input_shape
        reach = self.padding - self.size
        return (
            channels,
            (height + reach) // self.stride + 1,
            (width + reach) // self.stride + 1,
        )

    @property
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction."""
        return {"indexes": self.outputs, "output": self.outputs, "delta": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a max pool, which also writes the winners' indexes."""
        channels, height, width = self.input_shape
        output, indexes = maker.output(self.outputs), maker.own("indexes", self.outputs)
        maker.launch(
            "maxpool",
            self.outputs,
            (source,),
            (output, indexes),
            n=self.outputs,
            in_h=height,
            in_w=width,
            in_c=channels,
            stride=self.stride,
            size=self.size,
            pad=self.padding,
            input=source,
            output=output,
            indexes=indexes,
        )


def _max_pool(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    stride = values["stride"]
    size = stride if values["size"] is None else values["size"]
    padding = size - 1 if values["padding"] is None else values["padding"]
    return MaxPool(len(before), shape, size, stride, padding)


@dataclass(frozen=True, slots=True)
class WindowAverage(BaseLayer):
    """An average over each window of each channel, which Darknet does not have.

    It is a product with constant weights, zeros of the padding counted.

    Parameters
    ----------
    size, stride
        Side of the window and its step, in pixels.
    padding
        Zeros on each side, in pixels.

    Examples
    --------
    >>> WindowAverage(1, (64, 56, 56), 2, 2, 0).output_shape
    (64, 28, 28)
    """

    size: int
    stride: int
    padding: int

    type: ClassVar[str] = "window average"

    @property
    def summary(self) -> str:
        """Type, window and stride."""
        return f"window average {self.size}x{self.size}/{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        channels, height, width = self.input_shape
        reach = 2 * self.padding - self.size
        return (
            channels,
            (height + reach) // self.stride + 1,
            (width + reach) // self.stride + 1,
        )

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.size**2 * self.outputs

    @property
    def buffers(self) -> dict[str, int]:
        """The weights, all the same, beside what other layers have."""
        weights = self.input_shape[0] * self.size**2
        return {"weights": weights, "output": self.outputs, "delta": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch averages of windows: im2col, and for every channel a product with 1 / size^2."""
        output, window = maker.output(self.outputs), self.size**2
        channels, height, width = self.output_shape
        weights = maker.own("weights", channels * window)
        maker.fill(output)
        columns = lay_out(maker, self, source)
        product = Product.dense(1, height * width, window, weights, columns, output, channels)
        maker.product(product, "gemm_batched")


@dataclass(frozen=True, slots=True)
class WindowPool(BaseLayer):
    """The largest element of each window of each channel, or their average; Darknet lacks both.

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
        },
        aliases=("max",),
    ),
    Section("avgpool", _average_pool, {}, aliases=("avg",)),
)

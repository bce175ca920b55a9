"""Windows over a feature map, laid out as columns: what convolutions and averages launch first."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Protocol, TypeAlias

from softbeam.kernels.behaviour import BLOCK
from softbeam.kernels.products import Product
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import Shape
from softbeam.network.plan import Span

Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """A window as ONNX knows them: each number along height and along width.

    Parameters
    ----------
    kernel, stride, dilation
        Its pixels, its step, and the step between its pixels.
    before
        Zeros above and on the left; those below and on the right follow from `out`.
    out
        How many windows there are.
    """

    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    out: Pair

    @property
    def area(self) -> int:
        """Its pixels."""
        return self.kernel[0] * self.kernel[1]

    @property
    def text(self) -> str:
        """Its sides and steps, such as ``1x7/1``."""
        step, other = self.stride
        return f"{self.kernel[1]}x{self.kernel[0]}/{step if step == other else f'{other}x{step}'}"

    def values(self) -> dict[str, int]:
        """Return the arguments that kernels have of it, but the number of windows."""
        return {
            f"{name}_{axis}": number
            for name, pair in (
                ("kernel", self.kernel),
                ("pad", self.before),
                ("stride", self.stride),
                ("dilation", self.dilation),
            )
            for axis, number in zip("hw", pair, strict=True)
        }


def plain_window(size: int, stride: int, padding: int, out: Pair) -> Window:
    """Return a square window without gaps."""
    return Window((size, size), (stride, stride), (1, 1), (padding, padding), out)


@dataclass(frozen=True, slots=True)
class Blur:
    """A blur behind a convolution or a max pool of AlexeyAB's Darknet (its ``antialiasing``).

    The layer itself has step 1 then; the blur has the steps.  It is a convolution of each channel
    by itself, with weights that are no file's.

    Parameters
    ----------
    shape
        Channels, height and width of what is blurred.
    small
        Whether it takes 2x2 pixels alike, without padding; else 3x3 in a bell, with padding.
    steps
        Steps along height and width.
    """

    shape: Shape
    small: bool
    steps: Pair

    @property
    def window(self) -> Window:
        """The pixels that are weighted."""
        size, padding = (2, 0) if self.small else (3, 1)
        high, wide = (
            (side + 2 * padding - size) // step + 1
            for side, step in zip(self.shape[1:], self.steps, strict=True)
        )
        return Window((size, size), self.steps, (1, 1), (padding, padding), (high, wide))

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return (self.shape[0], *self.window.out)

    @property
    def inputs(self) -> int:
        """Elements of what is blurred."""
        return prod(self.shape)

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return prod(self.output_shape)

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.outputs * self.window.area

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates for it; the layer's output before the blur is kept."""
        channels = self.shape[0]
        words = {"blur_weights": channels * self.window.area, "blur_biases": channels}
        return {**words, "blur_output": self.outputs, "sharp": self.inputs}

    @property
    def constants(self) -> dict[str, tuple[float, ...]]:
        """The weights of a channel."""
        bell = (1, 2, 1, 2, 4, 2, 1, 2, 1)
        return {"blur_weights": (0.25,) * 4 if self.small else tuple(one / 16 for one in bell)}

    def launch(self, maker: LaunchMaker, output: Span) -> None:
        """Launch the blur of a layer's output, which takes its place."""
        blurred = maker.own("blur_output", self.outputs)
        maker.fill(blurred)
        columns = lay_out_window(maker, self.window, self.shape, output, self.workspace)
        channels, k = self.shape[0], self.window.area
        weights = maker.own("blur_weights", channels * k)
        pixels = self.outputs // channels
        maker.product(Product.dense(1, pixels, k, weights, columns, blurred, channels))
        maker.add_bias(blurred, maker.own("blur_biases", channels))
        maker.copy(output, maker.own("sharp", self.inputs))
        maker.copy(blurred, part(output, 0, self.outputs))


def blur_of(antialiasing: int, shape: Shape, steps: Pair) -> Blur | None:
    """Return the blur that ``antialiasing`` asks for, None for 0."""
    return Blur(shape, antialiasing == 2, steps) if antialiasing else None


def lay_out_window(
    maker: LaunchMaker, window: Window, shape: Shape, source: Span, words: int
) -> Span:
    """Launch im2col of any window; return the matrix that it writes to the workspace."""
    _, height, width = shape
    columns = maker.workspace(words)
    threads = words // window.area
    maker.launch(
        "im2col_ext",
        (-(-threads // BLOCK), 1, 1),
        (source,),
        (columns,),
        n=threads,
        im=source,
        height=height,
        width=width,
        height_col=window.out[0],
        width_col=window.out[1],
        col=columns,
        **window.values(),
    )
    return columns


class Windowed(Protocol):
    """A layer whose output has a pixel for each window over its input."""

    @property
    def size(self) -> int:
        """Side of the window."""

    @property
    def stride(self) -> int:
        """Its step."""

    @property
    def padding(self) -> int:
        """Zeros on each side."""

    @property
    def input_shape(self) -> Shape:
        """Channels, height and width of the input."""

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""

    @property
    def workspace(self) -> int:
        """Words of the matrix of columns."""


def lay_out(maker: LaunchMaker, layer: Windowed, source: Span) -> Span:
    """Launch im2col and return the matrix that it writes to the workspace."""
    _, height, width = layer.input_shape
    _, height_col, width_col = layer.output_shape
    columns = maker.workspace(layer.workspace)
    threads = columns.words // layer.size**2
    maker.launch(
        "im2col",
        # Darknet does not fold this grid: its kernel strides over what is left.
        (-(-threads // BLOCK), 1, 1),
        (source,),
        (columns,),
        n=threads,
        im=source,
        height=height,
        width=width,
        ksize=layer.size,
        pad=layer.padding,
        stride=layer.stride,
        height_col=height_col,
        width_col=width_col,
        col=columns,
    )
    return columns

"""Windows over a feature map, laid out as columns: what convolutions and averages launch first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from softbeam.kernels.behaviour import BLOCK
from softbeam.network.launches import LaunchMaker
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

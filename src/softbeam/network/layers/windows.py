"""Windows over a feature map, laid out as columns: what convolutions and averages launch first."""

from __future__ import annotations

from typing import Protocol

from softbeam.kernels.behaviour import BLOCK
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.base import Shape
from softbeam.network.plan import Span


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

"""The pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from softbeam.network.layers.base import BaseLayer, Shape


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


@dataclass(frozen=True, slots=True)
class AveragePool(BaseLayer):
    """An average over each whole channel."""

    type: ClassVar[str] = "avg"

    @property
    def output_shape(self) -> Shape:
        """Channels, 1, 1."""
        return (self.input_shape[0], 1, 1)

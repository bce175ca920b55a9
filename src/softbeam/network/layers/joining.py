"""Layers that move, join and cut feature maps, and have nothing to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from softbeam.network.layers.base import Activation, BaseLayer, Shape


@dataclass(frozen=True, slots=True)
class Route(BaseLayer):
    """The outputs of other layers, one after the other; together they are its input.

    Parameters
    ----------
    sources
        For each of the other layers its number and the elements of its output.
    """

    sources: tuple[tuple[int, int], ...]

    type: ClassVar[str] = "route"

    @property
    def summary(self) -> str:
        """Type and the layers' numbers."""
        return f"route {' '.join(str(source) for source, _ in self.sources)}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return {"delta": self.outputs, "output": self.outputs}


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

    @property
    def summary(self) -> str:
        """Type and the other layer's number."""
        return f"shortcut {self.source}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        words = {"delta": self.outputs, "output": self.outputs}
        if self.activation == Activation.MISH:
            words["activation_input"] = self.outputs
        return words


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
    """

    stride: int
    reverse: bool = False
    flatten: bool = False
    extra: int = 0

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


@dataclass(frozen=True, slots=True)
class Dropout(BaseLayer):
    """A dropout, which inference passes by: its output is the buffer of the layer before."""

    type: ClassVar[str] = "dropout"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates."""
        return {"rand": self.outputs}

"""Darknet's layers as facts: their parameters and the shapes that follow from them.

What a layer launches is in :mod:`softbeam.network.planner`, what it allocates in
:mod:`softbeam.network.buffers`, how it is written in a file in :mod:`softbeam.network.cfg`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import prod
from typing import ClassVar, TypeAlias

Shape: TypeAlias = tuple[int, int, int]
"""Channels, height, width."""


class Activation(IntEnum):
    """Darknet's codes of activation functions (its enumeration ``ACTIVATION``)."""

    LOGISTIC = 0
    RELU = 1
    RELIE = 2
    LINEAR = 3
    RAMP = 4
    TANH = 5
    PLSE = 6
    LEAKY = 7
    ELU = 8
    LOGGY = 9
    STAIR = 10
    HARDTAN = 11
    LHTAN = 12
    SELU = 13


@dataclass(frozen=True, slots=True)
class _Layer:
    """What all layers have: Darknet's number, from 0, and the shape of the input."""

    index: int
    input_shape: Shape

    type: ClassVar[str]

    @property
    def name(self) -> str:
        """The number and type, then what tells it apart, such as ``0 conv 64 7x7/2``."""
        return f"{self.index} {self.type}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return self.input_shape

    @property
    def inputs(self) -> int:
        """Elements of the input."""
        return prod(self.input_shape)

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return prod(self.output_shape)


@dataclass(frozen=True, slots=True)
class Convolution(_Layer):
    """A convolution, with the batch norm and the activation that belong to it.

    Parameters
    ----------
    index
        Darknet's number of the layer.
    input_shape
        Channels, height and width of the input.
    filters
        Output channels.
    size, stride
        Side of the window and its step, in pixels.
    padding
        Zeros on each side, in pixels.
    batch_normalize
        Whether batch norm runs between the convolution and the biases.
    activation
        What runs last.

    Examples
    --------
    >>> layer = Convolution(0, (3, 224, 224), 64, 7, 2, 3, True, Activation.LEAKY)
    >>> layer.name, layer.output_shape, layer.parameters
    ('0 conv 64 7x7/2', (64, 112, 112), 9664)
    """

    filters: int
    size: int
    stride: int
    padding: int
    batch_normalize: bool
    activation: Activation

    type: ClassVar[str] = "conv"

    @property
    def name(self) -> str:
        """Number, type, filters, window and stride."""
        return f"{self.index} conv {self.filters} {self.size}x{self.size}/{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        _, height, width = self.input_shape
        reach = 2 * self.padding - self.size
        return (
            self.filters,
            (height + reach) // self.stride + 1,
            (width + reach) // self.stride + 1,
        )

    @property
    def column_height(self) -> int:
        """Rows of the matrix that im2col makes: the words of one window, over all channels."""
        return self.input_shape[0] * self.size * self.size

    @property
    def spatial(self) -> int:
        """Pixels of one output channel."""
        return self.output_shape[1] * self.output_shape[2]

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.column_height * self.spatial

    @property
    def weights(self) -> int:
        """Words of the filters."""
        return self.filters * self.column_height

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers and their words, in the order of a ``.weights`` file."""
        norm = ("scales", "rolling_mean", "rolling_variance") if self.batch_normalize else ()
        return {**dict.fromkeys(("biases", *norm), self.filters), "weights": self.weights}

    @property
    def parameters(self) -> int:
        """Trained numbers, the rolling mean and variance among them."""
        return sum(self.trained.values())


@dataclass(frozen=True, slots=True)
class MaxPool(_Layer):
    """A max pool.

    Parameters
    ----------
    index
        Darknet's number of the layer.
    input_shape
        Channels, height and width of the input.
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
    def name(self) -> str:
        """Number, type, window and stride."""
        return f"{self.index} max {self.size}x{self.size}/{self.stride}"

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


@dataclass(frozen=True, slots=True)
class AveragePool(_Layer):
    """An average over each whole channel."""

    type: ClassVar[str] = "avg"

    @property
    def output_shape(self) -> Shape:
        """Channels, 1, 1."""
        return (self.input_shape[0], 1, 1)


@dataclass(frozen=True, slots=True)
class Softmax(_Layer):
    """A softmax over the whole input.

    Parameters
    ----------
    index
        Darknet's number of the layer.
    input_shape
        Channels, height and width of the input.
    temperature
        What the inputs are divided by first.
    """

    temperature: float = 1.0

    type: ClassVar[str] = "softmax"

    @property
    def output_shape(self) -> Shape:
        """Elements of the input, 1, 1."""
        return (self.inputs, 1, 1)


@dataclass(frozen=True, slots=True)
class Dropout(_Layer):
    """A dropout, which inference passes by: its output is the buffer of the layer before."""

    type: ClassVar[str] = "dropout"


Layer: TypeAlias = Convolution | MaxPool | AveragePool | Softmax | Dropout


def trained_buffers(layers: tuple[Layer, ...]) -> dict[str, int]:
    """Return the names and words of all trained buffers, in the order of a ``.weights`` file.

    Parameters
    ----------
    layers
        The network's layers.

    Returns
    -------
    dict
        Buffer name, such as ``0.biases``, to 32-bit words.
    """
    return {
        f"{layer.index}.{name}": words
        for layer in layers
        if isinstance(layer, Convolution)
        for name, words in layer.trained.items()
    }

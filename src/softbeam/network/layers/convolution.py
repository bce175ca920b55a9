"""The layers that multiply by a matrix of weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from softbeam.network.layers.base import Activation, BaseLayer, Shape


@dataclass(frozen=True, slots=True)
class Convolution(BaseLayer):
    """A convolution, with the batch norm and the activation that belong to it.

    Parameters
    ----------
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
    groups
        Parts that channels and filters are divided into; a filter sees the channels of its part.
    batched
        Whether the products of all groups are one launch, behind one im2col of all channels;
        Darknet launches both for each group.

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
    groups: int = 1
    batched: bool = field(default=False, repr=False)

    type: ClassVar[str] = "conv"

    @property
    def summary(self) -> str:
        """Type, filters, window and stride."""
        return f"conv {self.filters} {self.size}x{self.size}/{self.stride}"

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
        """Rows of the matrix that im2col makes: a window's words over the channels of a group."""
        return self.input_shape[0] // self.groups * self.size * self.size

    @property
    def spatial(self) -> int:
        """Pixels of one output channel."""
        return self.output_shape[1] * self.output_shape[2]

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.column_height * self.spatial * (self.groups if self.batched else 1)

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
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction; mish keeps its input for training."""
        words = {
            "weights": self.weights,
            "weight_updates": self.weights,
            "biases": self.filters,
            "bias_updates": self.filters,
            "delta": self.outputs,
            "output": self.outputs,
        }
        if self.batch_normalize:
            per_filter = (
                "mean",
                "variance",
                "rolling_mean",
                "rolling_variance",
                "mean_delta",
                "variance_delta",
                "scales",
                "scale_updates",
            )
            words |= dict.fromkeys(per_filter, self.filters)
            words |= {"x": self.outputs, "x_norm": self.outputs}
        if self.activation == Activation.MISH:
            words["activation_input"] = self.outputs
        return words


@dataclass(frozen=True, slots=True)
class Connected(BaseLayer):
    """A fully connected layer, with the batch norm and the activation that belong to it.

    Parameters
    ----------
    units
        Elements of the output.
    batch_normalize
        Whether batch norm runs between the product and the biases.
    activation
        What runs last.

    Examples
    --------
    >>> Connected(5, (256, 6, 6), 4096, False, Activation.RELU).parameters
    37752832
    """

    units: int
    batch_normalize: bool
    activation: Activation

    type: ClassVar[str] = "connected"

    @property
    def summary(self) -> str:
        """Type and outputs."""
        return f"connected {self.units}"

    @property
    def output_shape(self) -> Shape:
        """Outputs, 1, 1."""
        return (self.units, 1, 1)

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers and their words, in the order of a ``.weights`` file."""
        norm = ("scales", "rolling_mean", "rolling_variance") if self.batch_normalize else ()
        return {
            "biases": self.units,
            "weights": self.units * self.inputs,
            **dict.fromkeys(norm, self.units),
        }

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        weights, outputs = self.units * self.inputs, self.units
        words = {
            "weights": weights,
            "biases": outputs,
            "weight_updates": weights,
            "bias_updates": outputs,
            "output": outputs,
            "delta": outputs,
        }
        if self.batch_normalize:
            norm = (
                "mean",
                "variance",
                "rolling_mean",
                "rolling_variance",
                "mean_delta",
                "variance_delta",
                "scales",
                "scale_updates",
                "x",
                "x_norm",
            )
            words |= dict.fromkeys(norm, outputs)
        if self.activation == Activation.MISH:
            words["activation_input"] = outputs
        return words


@dataclass(frozen=True, slots=True)
class Local(BaseLayer):
    """A convolution with filters of its own at every place of the output.

    Parameters
    ----------
    filters
        Output channels.
    size, stride
        Side of the window and its step, in pixels.
    padding
        Darknet's ``pad``, 0 or 1: a pixel of zeros on each side.
    activation
        What runs last.

    Examples
    --------
    >>> layer = Local(25, (1024, 7, 7), 256, 3, 1, 1, Activation.LEAKY)
    >>> layer.output_shape, layer.parameters
    ((256, 7, 7), 115618048)
    """

    filters: int
    size: int
    stride: int
    padding: int
    activation: Activation

    type: ClassVar[str] = "local"

    @property
    def summary(self) -> str:
        """Type, filters, window and stride."""
        return f"local {self.filters} {self.size}x{self.size}/{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Darknet's: with padding as many places as a window of 3 has."""
        _, height, width = self.input_shape
        less = 1 if self.padding else self.size
        return (
            self.filters,
            (height - less) // self.stride + 1,
            (width - less) // self.stride + 1,
        )

    @property
    def column_height(self) -> int:
        """Words of one window, over all channels."""
        return self.input_shape[0] * self.size * self.size

    @property
    def spatial(self) -> int:
        """Places of the output."""
        return self.output_shape[1] * self.output_shape[2]

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.column_height * self.spatial

    @property
    def weights(self) -> int:
        """Words of all filters of all places."""
        return self.spatial * self.filters * self.column_height

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers and their words, in the order of a ``.weights`` file."""
        return {"biases": self.outputs, "weights": self.weights}

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        words = {
            "weights": self.weights,
            "biases": self.outputs,
            "weight_updates": self.weights,
            "bias_updates": self.outputs,
            "delta": self.outputs,
            "output": self.outputs,
        }
        if self.activation == Activation.MISH:
            words["activation_input"] = self.outputs
        return words

"""Layers that keep the shape: softmax, norms and activations on their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from softbeam.network.layers.base import Activation, BaseLayer, Shape


@dataclass(frozen=True, slots=True)
class Softmax(BaseLayer):
    """A softmax over each of some equal parts of the input.

    Parameters
    ----------
    temperature
        What the inputs are divided by first.
    groups
        How many parts.
    """

    temperature: float = 1.0
    groups: int = 1

    type: ClassVar[str] = "softmax"

    @property
    def output_shape(self) -> Shape:
        """Elements of the input, 1, 1."""
        return (self.inputs, 1, 1)

    @property
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction."""
        return {"output": self.outputs, "loss": self.outputs, "delta": self.outputs}


@dataclass(frozen=True, slots=True)
class ActivationLayer(BaseLayer):
    """An activation function on its own.

    Parameters
    ----------
    activation
        The function.
    """

    activation: Activation

    type: ClassVar[str] = "activation"

    @property
    def summary(self) -> str:
        """Type and function."""
        return f"activation {self.activation.name.lower()}"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        words = {"output": self.outputs, "delta": self.outputs}
        if self.activation == Activation.MISH:
            words["activation_input"] = self.outputs
        return words


@dataclass(frozen=True, slots=True)
class Clip(BaseLayer):
    """Values clamped to -limit ... limit, or 0 ... limit, on a copy of the input.

    Parameters
    ----------
    limit
        The largest value.
    rectified
        Whether the smallest is 0.
    """

    limit: float
    rectified: bool

    type: ClassVar[str] = "clip"


@dataclass(frozen=True, slots=True)
class BatchNorm(BaseLayer):
    """A batch norm on its own."""

    type: ClassVar[str] = "batchnorm"

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers; Darknet's file leaves the biases, which stay 0, out."""
        channels = self.input_shape[0]
        return dict.fromkeys(("scales", "rolling_mean", "rolling_variance"), channels)

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        per_channel = (
            "biases",
            "scales",
            "bias_updates",
            "scale_updates",
            "mean",
            "variance",
            "rolling_mean",
            "rolling_variance",
            "mean_delta",
            "variance_delta",
        )
        whole = dict.fromkeys(("x", "x_norm"), self.outputs)
        return {
            "output": self.outputs,
            "delta": self.outputs,
            **dict.fromkeys(per_channel, self.input_shape[0]),
            **whole,
        }


@dataclass(frozen=True, slots=True)
class Normalization(BaseLayer):
    """A local response normalization: x / (kappa + alpha * sum of squares of neighbours) ** beta.

    Parameters
    ----------
    size
        Channels that the sum goes over.
    alpha, beta, kappa
        The numbers of the formula.
    exact
        Whether the first sum has all its channels; Darknet's lacks the last.
    """

    size: int
    alpha: float
    beta: float
    kappa: float
    exact: bool = field(default=False, repr=False)

    type: ClassVar[str] = "lrn"

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates, in its order."""
        return dict.fromkeys(("output", "delta", "squared", "norms"), self.outputs)

"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from softbeam.kernels.products import Product
from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, FLAG, Key, Section, Values
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


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
        return words | self.activation.kept(outputs)

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a connected layer: GEMM with the input as a matrix of one column."""
        output = maker.output(self.outputs)
        maker.fill(output)
        weights = maker.own("weights", self.units * self.inputs)
        maker.product(Product.dense(self.units, 1, self.inputs, weights, source, output))
        if self.batch_normalize:
            maker.batch_norm(output, self.units)
        else:
            maker.add_bias(output, maker.own("biases", self.units))
        maker.activate(output, self.activation)


def _connected(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    norm = bool(values["batch_normalize"])
    return Connected(len(before), shape, values["output"], norm, values["activation"])


SECTIONS = (
    Section(
        "connected",
        _connected,
        {
            "output": Key(COUNT, 1),
            "activation": keys.activation(Activation.LOGISTIC),
            "batch_normalize": FLAG,
        },
        aliases=("conn",),
    ),
)

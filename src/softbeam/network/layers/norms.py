"""The norms on their own: batch norm and local response normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class BatchNorm(BaseLayer):
    """A batch norm on its own."""

    type: ClassVar[str] = "batchnorm"

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers; Darknet's file leaves the biases, which stay 0, out.

        AlexeyAB's has them, first.
        """
        names = ("scales", "rolling_mean", "rolling_variance")
        return dict.fromkeys(("biases", *names) if self.alexeyab else names, self.input_shape[0])

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

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a batch norm on a copy of the input."""
        output = maker.output(self.outputs)
        maker.copy(source, output)
        maker.batch_norm(output, self.input_shape[0])


def _batch_norm(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    return BatchNorm(len(before), shape)


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

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a local response normalization.

        The sum of squares is carried from channel to channel.  Darknet's starts one channel short,
        and what that leaves out is taken off again later.
        """
        channels, height, width = self.input_shape
        area, size, alpha = height * width, self.size, self.alpha
        output = maker.output(self.outputs)
        squared, norms = maker.own("squared", self.outputs), maker.own("norms", self.outputs)

        def channel(span: Span, number: int) -> Span:
            return part(span, number * area, area)

        def power(exponent: float, x: Span, y: Span) -> None:
            n = x.words
            maker.launch("pow", n, (x,), (y,), N=n, ALPHA=exponent, X=x, INCX=1, Y=y, INCY=1)

        def add(factor: float, x: Span, y: Span) -> None:
            places = {"OFFX": 0, "INCX": 1, "OFFY": 0, "INCY": 1}
            maker.launch("axpy", area, (x, y), (y,), N=area, ALPHA=factor, X=x, Y=y, **places)

        n, first = self.outputs, channel(norms, 0)
        maker.launch("scal", n, (squared,), (squared,), N=n, ALPHA=0.0, X=squared, INCX=1)
        power(2.0, source, squared)
        maker.launch("const", area, (), (first,), N=area, ALPHA=self.kappa, X=first, INCX=1)
        for number in range(min(size // 2 + self.exact, channels)):
            add(alpha, channel(squared, number), first)
        for number in range(1, channels):
            maker.copy(channel(norms, number - 1), channel(norms, number))
            gone, next_one = number - (size - 1) // 2 - 1, number + size // 2
            if gone >= 0:
                add(-alpha, channel(squared, gone), channel(norms, number))
            if next_one < channels:
                add(alpha, channel(squared, next_one), channel(norms, number))
        power(-self.beta, norms, output)
        reads = (source, output)
        maker.launch("mul", n, reads, (output,), N=n, X=source, INCX=1, Y=output, INCY=1)


def _normalization(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    size = values["size"]
    if size // 2 > shape[0]:
        raise Invalid(f"size={size} must be no more than twice the {shape[0]} channels")
    numbers = (values["alpha"], values["beta"], values["kappa"])
    return Normalization(len(before), shape, size, *numbers)


SECTIONS = (
    Section("batchnorm", _batch_norm, {}),
    Section(
        "normalization",
        _normalization,
        {
            "size": Key(COUNT, 5),
            "alpha": Key(keys.number, 0.0001),
            "beta": Key(keys.number, 0.75),
            "kappa": Key(keys.number, 1.0),
        },
        aliases=("lrn",),
    ),
)

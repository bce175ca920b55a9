"""Convolutions, of Darknet's kind and of its locally connected kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from softbeam.kernels.products import Product
from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, FLAG, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.windows import Window, lay_out, lay_out_window
from softbeam.network.plan import Span


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
    window
        The window, where size, stride and padding do not tell it, as Darknet's do.

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
    window: Window | None = field(default=None, repr=False)

    type: ClassVar[str] = "conv"

    @property
    def summary(self) -> str:
        """Type, filters, window and stride."""
        if self.window is not None:
            return f"conv {self.filters} {self.window.text}"
        return f"conv {self.filters} {self.size}x{self.size}/{self.stride}"

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        if self.window is not None:
            return (self.filters, *self.window.out)
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
        area = self.size * self.size if self.window is None else self.window.area
        return self.input_shape[0] // self.groups * area

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
        return words | self.activation.kept(self.outputs)

    @property
    def fan_in(self) -> int:
        """Words of one window."""
        return self.column_height

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a convolution: for each group im2col and GEMM, then batch norm or biases."""
        output = maker.output(self.outputs)
        maker.fill(output)
        direct = (self.size, self.stride, self.padding) == (1, 1, 0)
        direct = direct and maker.choices.im2col == "except-1x1" and self.window is None
        weights = maker.own("weights", self.weights)
        m, n, k = self.filters // self.groups, self.spatial, self.column_height
        taken = self.inputs // self.groups
        if self.batched:
            columns = source if direct else self._lay_out(maker, source)
            maker.product(Product.dense(m, n, k, weights, columns, output, self.groups))
        for group in range(0 if self.batched else self.groups):
            columns = part(source, group * taken, taken)
            if not direct:
                columns = self._lay_out(maker, columns)
            a, c = part(weights, group * m * k, m * k), part(output, group * m * n, m * n)
            maker.product(Product.dense(m, n, k, a, columns, c))
        if self.batch_normalize:
            maker.batch_norm(output, self.filters)
        else:
            maker.add_bias(output, maker.own("biases", self.filters))
        maker.activate(output, self.activation)

    def _lay_out(self, maker: LaunchMaker, source: Span) -> Span:
        if self.window is None:
            return lay_out(maker, self, source)
        return lay_out_window(maker, self.window, self.input_shape, source, self.workspace)


def _convolution(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    size, groups = values["size"], values["groups"]
    if shape[0] % groups or values["filters"] % groups:
        raise Invalid(
            f"groups={groups} must divide the {shape[0]} channels and {values['filters']} filters"
        )
    return Convolution(
        len(before),
        shape,
        filters=values["filters"],
        size=size,
        stride=values["stride"],
        padding=size // 2 if values["pad"] else values["padding"],
        batch_normalize=bool(values["batch_normalize"]),
        activation=values["activation"],
        groups=groups,
    )


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
        return words | self.activation.kept(self.outputs)

    @property
    def fan_in(self) -> int:
        """Words of one window."""
        return self.column_height

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a locally connected layer: biases, im2col, a small product for every place."""
        output = maker.output(self.outputs)
        maker.copy(maker.own("biases", self.outputs), output)
        columns = lay_out(maker, self, source)
        weights = maker.own("weights", self.weights)
        sizes = (self.filters, self.spatial, self.column_height)
        maker.product(Product.local(*sizes, weights, columns, output))
        maker.activate(output, self.activation)


def _local(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    filters, size, stride = values["filters"], values["size"], values["stride"]
    layer = Local(len(before), shape, filters, size, stride, values["pad"], values["activation"])
    _, height, width = shape
    windows = [(side + 2 * layer.padding - size) // stride + 1 for side in (height, width)]
    if layer.output_shape[1:] != tuple(windows):
        raise Invalid(
            f"with pad=1, size={size} and stride={stride} Darknet's own formulas disagree about "
            f"the windows over {width}x{height} pixels; with size=3 they agree"
        )
    return layer


SECTIONS = (
    Section(
        "convolutional",
        _convolution,
        {
            "batch_normalize": FLAG,
            "filters": Key(COUNT, 1),
            "size": Key(COUNT, 1),
            "stride": Key(COUNT, 1),
            "pad": FLAG,
            "padding": Key(keys.whole(0), 0),
            "activation": keys.activation(Activation.LOGISTIC),
            "groups": Key(COUNT, 1),
            "flipped": keys.only(0),
            "binary": keys.only(0),
            "xnor": keys.only(0),
        },
        aliases=("conv",),
    ),
    Section(
        "local",
        _local,
        {
            "filters": Key(COUNT, 1),
            "size": Key(COUNT, 1),
            "stride": Key(COUNT, 1),
            "pad": FLAG,
            "activation": keys.activation(Activation.LOGISTIC),
        },
    ),
)

"""Convolutions, of Darknet's kind and of its locally connected kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar, Self

from softbeam.kernels.products import Product
from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, FLAG, Invalid, Key, Section, Values, strides
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.windows import (
    Blur,
    Pair,
    Window,
    blur_of,
    lay_out,
    lay_out_window,
    plain_window,
)
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
    blur
        What blurs the output, if anything does.
    shares
        The layer whose trained buffers it uses; its own if None.

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
    blur: Blur | None = field(default=None, repr=False)
    shares: int | None = field(default=None, repr=False)

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
        return self.convolved if self.blur is None else self.blur.output_shape

    @property
    def convolved(self) -> Shape:
        """Channels, height and width of the output before it is blurred."""
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
        """Pixels of one channel that the convolution makes."""
        return self.convolved[1] * self.convolved[2]

    @property
    def columns(self) -> int:
        """Words of the matrix that im2col makes."""
        return self.column_height * self.spatial * (self.groups if self.batched else 1)

    @property
    def workspace(self) -> int:
        """Words of the matrix that im2col makes, here or for the blur."""
        return max(self.columns, 0 if self.blur is None else self.blur.workspace)

    @property
    def weights(self) -> int:
        """Words of the filters."""
        return self.filters * self.column_height

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers and their words, in the order of a ``.weights`` file."""
        return self.parts if self.shares is None else {}

    @property
    def parts(self) -> dict[str, int]:
        """The trained buffers that it uses, and their words."""
        norm = ("scales", "rolling_mean", "rolling_variance") if self.batch_normalize else ()
        return {**dict.fromkeys(("biases", *norm), self.filters), "weights": self.weights}

    @property
    def buffers(self) -> dict[str, int]:
        """As recorded for Extraction; mish keeps its input for training."""
        outputs = prod(self.convolved)
        words = {
            "weights": self.weights,
            "weight_updates": self.weights,
            "biases": self.filters,
            "bias_updates": self.filters,
            "delta": outputs,
            "output": outputs,
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
            words |= {"x": outputs, "x_norm": outputs}
        words |= self.activation.kept(outputs)
        if self.shares is not None:
            words = {name: size for name, size in words.items() if name not in self.parts}
        return words if self.blur is None else words | self.blur.buffers

    @property
    def shrunk(self) -> bool:
        """Whether the blur makes the output smaller."""
        return self.output_shape != self.convolved

    @property
    def constants(self) -> dict[str, tuple[float, ...]]:
        """The weights of the blur."""
        return {} if self.blur is None else self.blur.constants

    def for_alexeyab(self) -> Self:
        """Return the layer as AlexeyAB's Darknet runs it: groups together, as cuDNN does."""
        if self.size == self.stride == 1 and self.padding:
            raise Invalid(
                f"has padding={self.padding} around windows of one pixel, which AlexeyAB's Darknet "
                "does not lay out"
            )
        return replace(self, alexeyab=True, batched=self.groups > 1)

    @property
    def fan_in(self) -> int:
        """Words of one window."""
        return self.column_height

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a convolution: for each group im2col and GEMM, then batch norm or biases."""
        if self.shares is not None:
            maker.trained_layer = self.shares
        output = maker.output(prod(self.convolved))
        maker.fill(output)
        direct = (self.size, self.stride, self.padding) == (1, 1, 0) and self.window is None
        direct = direct and (maker.choices.im2col == "except-1x1" or self.alexeyab)
        weights = maker.trained("weights", self.weights)
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
            maker.add_bias(output, maker.trained("biases", self.filters))
        maker.activate(output, self.activation, self.filters)
        if self.blur is not None:
            self.blur.launch(maker, output)

    def _lay_out(self, maker: LaunchMaker, source: Span) -> Span:
        window = self.window
        if window is None and self.alexeyab:
            # It launches im2col of any window for square ones too.
            out = (self.convolved[1], self.convolved[2])
            window = plain_window(self.size, self.stride, self.padding, out)
        if window is None:
            return lay_out(maker, self, source)
        return lay_out_window(maker, window, self.input_shape, source, self.columns)


def _convolution(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    size, groups = values["size"], values["groups"]
    if shape[0] % groups or values["filters"] % groups:
        raise Invalid(
            f"groups={groups} must divide the {shape[0]} channels and {values['filters']} filters"
        )
    padding = size // 2 if values["pad"] else values["padding"]
    steps = strides(values)
    antialiasing, inner = values["antialiasing"], steps
    if antialiasing:
        inner = (1, 1)
    layer = Convolution(
        len(before),
        shape,
        filters=values["filters"],
        size=size,
        stride=inner[1],
        padding=padding,
        batch_normalize=bool(values["batch_normalize"]),
        activation=values["activation"],
        groups=groups,
        window=_window(values, shape, inner, padding),
    )
    if antialiasing and min(layer.convolved) > 0:
        layer = replace(layer, blur=blur_of(antialiasing, layer.convolved, steps))
    return layer if values["share_index"] is None else _shared(layer, values, before)


def _shared(layer: Convolution, values: Values, before: Sequence[BaseLayer]) -> BaseLayer:
    """Return a convolution with the trained buffers of another one."""
    number = values["share_index"]
    number = len(before) + number if number < 0 else number
    other = before[number] if 0 <= number < len(before) else None
    if not isinstance(other, Convolution) or _filters(other) != _filters(layer):
        raise Invalid(
            f"share_index={values['share_index']} names no convolution before it with as many "
            "filters, channels, groups and pixels in a window"
        )
    return replace(layer, shares=number if other.shares is None else other.shares)


def _filters(layer: Convolution) -> tuple[int, ...]:
    """Return what two convolutions with the same trained buffers have in common."""
    channels = layer.input_shape[0]
    return layer.filters, layer.size, layer.groups, channels, layer.batch_normalize


def _window(values: Values, shape: Shape, steps: Pair, padding: int) -> Window | None:
    """Return a window with gaps or with two steps; None where size and stride tell it."""
    size = values["size"]
    dilation = values["dilation"] if size > 1 else 1
    if steps[0] == steps[1] and dilation == 1:
        return None
    # Darknet reckons the windows without the gaps, and its im2col with them.
    high, wide = (
        (side + 2 * padding - size) // step + 1 for side, step in zip(shape[1:], steps, strict=True)
    )
    reach = 2 * padding * dilation - dilation * (size - 1) - 1
    laid = tuple((side + reach) // step + 1 for side, step in zip(shape[1:], steps, strict=True))
    if laid != (high, wide):
        raise Invalid(
            f"with dilation={dilation}, size={size} and {padding} pixels of padding Darknet's own "
            f"formulas disagree about the windows over {shape[2]}x{shape[1]} pixels; with pad=1 "
            "and an odd size they agree"
        )
    before = (padding * dilation, padding * dilation)
    return Window((size, size), steps, (dilation, dilation), before, (high, wide))


def _depthwise(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    """Make a convolution of each channel by itself, which no Darknet of its authors' has."""
    size, channels = values["size"], shape[0]
    filters = channels if values["filters"] is None else values["filters"]
    if filters % channels:
        raise Invalid(f"filters={filters} must be a multiple of the {channels} channels")
    return Convolution(
        len(before),
        shape,
        filters=filters,
        size=size,
        stride=values["stride"],
        padding=size // 2 if values["pad"] else values["padding"],
        batch_normalize=bool(values["batch_normalize"]),
        activation=values["activation"],
        groups=channels,
        batched=True,
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
    mish_is_zero: ClassVar[bool] = True

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
            "activation": keys.activation(Activation.LOGISTIC, behind="convolution"),
            "groups": Key(COUNT, 1),
            "flipped": keys.only(0),
            "binary": keys.only(0),
            "xnor": keys.only(0),
            **keys.STRIDES,
            "dilation": Key(COUNT, 1, keys.differs_from(1)),
            "antialiasing": Key(keys.whole(0, 2), 0, keys.differs_from(0)),
            "share_index": Key(keys.INDEX, None, keys.differs_from(None)),
        },
        aliases=("conv",),
    ),
    Section(
        "depthwise_convolutional",
        _depthwise,
        {
            "batch_normalize": FLAG,
            "filters": Key(COUNT, None),
            "size": Key(COUNT, 1),
            "stride": Key(COUNT, 1),
            "pad": FLAG,
            "padding": Key(keys.whole(0), 0),
            "activation": keys.activation(Activation.LOGISTIC, behind="convolution"),
        },
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

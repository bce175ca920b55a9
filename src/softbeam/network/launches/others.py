"""Launches of pools, and of the layers that keep, move and join feature maps."""

from __future__ import annotations

from softbeam.network.launches.maker import Maker, part, pointer
from softbeam.network.layers import (
    Activation,
    ActivationLayer,
    AveragePool,
    BatchNorm,
    Clip,
    Crop,
    MaxPool,
    Normalization,
    Reorg,
    Route,
    Shortcut,
    Softmax,
    Upsample,
)
from softbeam.network.plan import Span


def max_pool(maker: Maker, layer: MaxPool, source: Span) -> None:
    """Launch a max pool, which also writes the winners' indexes."""
    channels, height, width = layer.input_shape
    output, indexes = maker.own("output", layer.outputs), maker.own("indexes", layer.outputs)
    sizes = (height, width, channels, layer.stride, layer.size, layer.padding)
    maker.fill(maker.own("delta", layer.outputs))
    maker.launch(
        "maxpool",
        layer.outputs,
        (layer.outputs, *sizes, pointer(source), pointer(output), pointer(indexes)),
        (source,),
        (output, indexes),
    )


def average_pool(maker: Maker, layer: AveragePool, source: Span) -> None:
    """Launch an average over each channel."""
    channels, height, width = layer.input_shape
    output = maker.own("output", channels)
    maker.fill(maker.own("delta", channels))
    maker.launch(
        "avgpool",
        channels,
        (channels, width, height, channels, pointer(source), pointer(output)),
        (source,),
        (output,),
    )


def softmax(maker: Maker, layer: Softmax, source: Span) -> None:
    """Launch a softmax over each group."""
    n = layer.inputs // layer.groups
    output = maker.own("output", layer.inputs)
    maker.fill(maker.own("delta", layer.inputs))
    sizes = (n, 1, layer.inputs, layer.groups, n, 1)
    maker.softmax(source, output, sizes, layer.temperature, (output,))


def activation(maker: Maker, layer: ActivationLayer, source: Span) -> None:
    """Launch an activation function on a copy of the input."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    maker.activate(output, layer.activation)


def clip(maker: Maker, layer: Clip, source: Span) -> None:
    """Launch a clamp on a copy of the input."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    if layer.rectified:
        maker.activate(output, Activation.RELU)
    maker.constrain(output, layer.limit)


def batch_norm(maker: Maker, layer: BatchNorm, source: Span) -> None:
    """Launch a batch norm on a copy of the input."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    maker.batch_norm(output, layer.input_shape[0])


def normalization(maker: Maker, layer: Normalization, source: Span) -> None:
    """Launch a local response normalization.

    The sum of squares is carried from channel to channel.  Darknet's starts one channel short, and
    what that leaves out is taken off again later.
    """
    channels, height, width = layer.input_shape
    area, size, alpha = height * width, layer.size, layer.alpha
    output = maker.own("output", layer.outputs)
    squared, norms = maker.own("squared", layer.outputs), maker.own("norms", layer.outputs)

    def channel(span: Span, number: int) -> Span:
        return part(span, number * area, area)

    maker.fill(maker.own("delta", layer.outputs))
    maker.scal(squared, 0.0)
    maker.pow(2.0, source, squared)
    maker.const(channel(norms, 0), layer.kappa)
    for number in range(min(size // 2 + layer.exact, channels)):
        maker.axpy(alpha, channel(squared, number), channel(norms, 0))
    for number in range(1, channels):
        maker.copy(channel(norms, number - 1), channel(norms, number))
        gone, next_one = number - (size - 1) // 2 - 1, number + size // 2
        if gone >= 0:
            maker.axpy(-alpha, channel(squared, gone), channel(norms, number))
        if next_one < channels:
            maker.axpy(alpha, channel(squared, next_one), channel(norms, number))
    maker.pow(-layer.beta, norms, output)
    maker.mul(source, output)


def route(maker: Maker, layer: Route, sources: tuple[Span, ...]) -> None:
    """Launch a copy of each of the other layers' outputs."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    start = 0
    for source in sources:
        maker.copy(source, part(output, start, source.words))
        start += source.words


def shortcut(maker: Maker, layer: Shortcut, source: Span, other: Span) -> None:
    """Launch the sum with another layer's output on a copy of the input."""
    output = maker.own("output", layer.outputs)
    (c1, h1, w1), (c2, h2, w2) = layer.source_shape, layer.output_shape
    minw, minh, minc = min(w1, w2), min(h1, h2), min(c1, c2)
    size = minw * minh * minc
    stride, sample = max(w1 // w2, 1), max(w2 // w1, 1)
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    first = (size, minw, minh, minc, stride, sample, 1, w1, h1, c1, pointer(other))
    scales = (layer.alpha, layer.beta)
    maker.launch(
        "shortcut",
        size,
        (*first, w2, h2, c2, *scales, pointer(output)),
        (other, output),
        # Words that the other output does not overlap keep their values.
        (output,),
    )
    maker.activate(output, layer.activation)


def upsample(maker: Maker, layer: Upsample, source: Span) -> None:
    """Launch an upsampling, which adds to zeros."""
    channels, height, width = layer.input_shape
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.fill(output)
    maker.launch(
        "upsample",
        layer.outputs,
        (
            layer.outputs,
            pointer(source),
            width,
            height,
            channels,
            1,
            layer.stride,
            layer.scale,
            pointer(output),
        ),
        (source, output),
        (output,),
    )


def reorg(maker: Maker, layer: Reorg, source: Span) -> None:
    """Launch a reordering of the elements."""
    channels, height, width = layer.input_shape
    output, n = maker.own("output", layer.outputs), layer.inputs
    maker.fill(maker.own("delta", layer.outputs))
    if layer.flatten:
        sizes = (height * width, channels, 1, int(not layer.reverse))
        arguments = (n, pointer(source), *sizes, pointer(output))
        maker.launch("flatten", n, arguments, (source,), (part(output, 0, n),))
    elif layer.extra:
        maker.copy(source, output)
    else:
        shape = (width, height, channels, 1, layer.stride, int(layer.reverse))
        maker.launch(
            "reorg", n, (n, pointer(source), *shape, pointer(output)), (source,), (output,)
        )


def crop(maker: Maker, layer: Crop, source: Span) -> None:
    """Launch the change of levels, in place, and the cut."""
    channels, height, width = layer.input_shape
    output, rand = maker.own("output", layer.outputs), maker.own("rand", 8)
    scale, translate = (2.0, -1.0) if layer.adjust else (1.0, 0.0)
    maker.launch(
        "levels_image",
        height * width,
        (pointer(source), pointer(rand), 1, width, height, translate, scale, 0.0),
        (source, rand),
        (source,),
    )
    shape = (layer.outputs, channels, height, width, layer.height, layer.width)
    maker.launch(
        "crop", layer.outputs, (pointer(source), *shape, pointer(output)), (source,), (output,)
    )

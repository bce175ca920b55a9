"""Launches of the layers that multiply by a matrix of weights."""

from __future__ import annotations

from softbeam.network.buffers import WORKSPACE
from softbeam.network.choices import WorkloadChoices
from softbeam.network.launches.maker import BLOCK, Maker, part, pointer
from softbeam.network.layers import Connected, Convolution, Local, WindowAverage
from softbeam.network.plan import Span


def convolution(maker: Maker, layer: Convolution, source: Span, choices: WorkloadChoices) -> None:
    """Launch a convolution: for each group im2col and GEMM, then batch norm or biases."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.fill(output)
    moves = (layer.size, layer.stride, layer.padding) != (1, 1, 0)
    direct = not moves and choices.im2col == "except-1x1"
    weights = maker.own("weights", layer.weights)
    m, n, k = layer.filters // layer.groups, layer.spatial, layer.column_height
    taken = layer.inputs // layer.groups
    if layer.batched:
        columns = source if direct else _im2col(maker, layer, source, layer.padding)
        operands = (pointer(weights), pointer(columns), pointer(output))
        sizes = (layer.groups, m, n, k)
        maker.library("gemm_batched", sizes, operands, (weights, columns, output), (output,))
    for group in range(0 if layer.batched else layer.groups):
        columns = part(source, group * taken, taken)
        if not direct:
            columns = _im2col(maker, layer, columns, layer.padding)
        a, c = part(weights, group * m * k, m * k), part(output, group * m * n, m * n)
        maker.library(
            "gemm", (m, n, k), (pointer(a), pointer(columns), pointer(c)), (a, columns, c), (c,)
        )
    if layer.batch_normalize:
        maker.batch_norm(output, layer.filters)
    else:
        maker.add_bias(output, maker.own("biases", layer.filters))
    maker.activate(output, layer.activation)


def window_average(maker: Maker, layer: WindowAverage, source: Span) -> None:
    """Launch averages of windows: im2col, and for every channel a product with 1 / size^2."""
    output, window = maker.own("output", layer.outputs), layer.size**2
    channels, height, width = layer.output_shape
    weights = maker.own("weights", channels * window)
    maker.fill(maker.own("delta", layer.outputs))
    maker.fill(output)
    columns = _im2col(maker, layer, source, layer.padding)
    maker.library(
        "gemm_batched",
        (channels, 1, height * width, window),
        (pointer(weights), pointer(columns), pointer(output)),
        (weights, columns, output),
        (output,),
    )


def _im2col(
    maker: Maker, layer: Convolution | Local | WindowAverage, source: Span, padding: int
) -> Span:
    _, height, width = layer.input_shape
    _, height_col, width_col = layer.output_shape
    columns = Span(WORKSPACE, layer.workspace)
    threads = columns.words // layer.size**2
    sizes = (height, width, layer.size, padding, layer.stride, height_col, width_col)
    maker.launch(
        "im2col",
        # Darknet does not fold this grid: its kernel strides over what is left.
        ((threads + BLOCK - 1) // BLOCK, 1, 1),
        (threads, pointer(source), *sizes, pointer(columns)),
        (source,),
        (columns,),
    )
    return columns


def connected(maker: Maker, layer: Connected, source: Span) -> None:
    """Launch a connected layer: GEMM with the input as a matrix of one column."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.fill(output)
    m, k = layer.units, layer.inputs
    weights = maker.own("weights", m * k)
    maker.library(
        "gemm",
        (m, 1, k),
        (pointer(weights), pointer(source), pointer(output)),
        (weights, source, output),
        (output,),
    )
    if layer.batch_normalize:
        maker.batch_norm(output, layer.units)
    else:
        maker.add_bias(output, maker.own("biases", layer.units))
    maker.activate(output, layer.activation)


def local(maker: Maker, layer: Local, source: Span) -> None:
    """Launch a locally connected layer: biases, im2col, a small product for every place."""
    output = maker.own("output", layer.outputs)
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(maker.own("biases", layer.outputs), output)
    columns = _im2col(maker, layer, source, layer.padding)
    weights = maker.own("weights", layer.weights)
    maker.library(
        "gemm_local",
        (layer.filters, layer.spatial, layer.column_height),
        (pointer(weights), pointer(columns), pointer(output)),
        (weights, columns, output),
        (output,),
    )
    maker.activate(output, layer.activation)

"""Layers to a plan: every launch of one inference, with Darknet's order, arguments and grids.

Source of order, arguments and grids: Darknet's inference with batch 1.  Sizes of buffers are in
:mod:`softbeam.network.buffers`, their addresses in :mod:`softbeam.network.layout`.
"""

from __future__ import annotations

from math import isqrt
from typing import Literal

from softbeam.errors import NetworkError
from softbeam.network import layout
from softbeam.network.buffers import INPUT, WORKSPACE, buffer_words, output_buffers
from softbeam.network.layers import AveragePool, Convolution, Dropout, Layer, MaxPool, Softmax
from softbeam.network.plan import Launch, Plan, Pointer, Span

BLOCK = 512
"""Threads in a block, Darknet's for all kernels."""

LARGEST_GRID = 65_535
"""Blocks along x above which Darknet folds a grid into x and y."""

Im2col = Literal["always", "except-1x1"]
IM2COL: tuple[Im2col, ...] = ("always", "except-1x1")

Grid = tuple[int, int, int]
Argument = int | float | Pointer


def make_plan(network: str, layers: tuple[Layer, ...], im2col: Im2col = "always") -> Plan:
    """Plan one inference, of one image.

    Parameters
    ----------
    network
        The network's name.
    layers
        Its layers, numbered from 0.
    im2col
        ``always``, as Darknet until May 2018, or ``except-1x1``, as since: a 1x1 convolution with
        stride 1 and no padding multiplies its input directly.

    Returns
    -------
    Plan
        Buffers, launches and the pages around them.

    Raises
    ------
    NetworkError
        If there is no layer or `im2col` is none of the two.
    """
    if not layers:
        raise NetworkError(f"network {network!r} has no layers; give it at least one")
    if im2col not in IM2COL:
        raise NetworkError(f"im2col is {im2col!r}; it must be one of {', '.join(IM2COL)}")
    outputs = output_buffers(layers)
    launches: list[Launch] = []
    for layer, source, target in zip(layers, (INPUT, *outputs), outputs, strict=False):
        maker = _Maker(layer.index, launches)
        match layer:
            case Convolution():
                _convolution(maker, layer, source, im2col)
            case MaxPool():
                _max_pool(maker, layer, source)
            case AveragePool():
                _average_pool(maker, layer, source)
            case Softmax():
                _softmax(maker, layer, source, target)
            case Dropout():
                # It only runs in training; Darknet's second fill of the delta of the layer before
                # is left out, as nothing that inference reads depends on it.
                pass
    buffers = layout.place(buffer_words(layers))
    return Plan(
        network=network,
        layers=layers,
        buffers=buffers,
        launches=tuple(launches),
        input=INPUT,
        output=outputs[-1],
        zero_pages=layout.zero_pages(buffers.values()),
        unprobed_pages=layout.unprobed_pages(buffers.values()),
        other_space_pages=layout.other_space_pages(),
    )


def grid_of(threads: int) -> Grid:
    """Return the grid that Darknet launches for so many threads (its ``cuda_gridsize``).

    Parameters
    ----------
    threads
        How many threads have work, at least 1.

    Returns
    -------
    tuple of int
        Blocks of 512 threads along x, y and z: all along x up to 65,535, else folded into about
        as many along x as along y.

    Examples
    --------
    >>> grid_of(802_816), grid_of(65_536 * 512), grid_of(65_537 * 512)
    ((1568, 1, 1), (256, 256, 1), (257, 256, 1))
    """
    blocks = -(-threads // BLOCK)
    if blocks <= LARGEST_GRID:
        return (blocks, 1, 1)
    across = isqrt(blocks - 1) + 1
    return (across, -(-threads // (across * BLOCK)), 1)


class _Maker:
    """Appends the launches of one layer."""

    def __init__(self, layer: int, launches: list[Launch]) -> None:
        self.layer = layer
        self.launches = launches

    def name(self, buffer: str) -> str:
        return f"{self.layer}.{buffer}"

    def launch(
        self,
        kernel: str,
        grid: Grid,
        arguments: tuple[Argument, ...],
        reads: tuple[Span, ...],
        writes: tuple[Span, ...],
    ) -> None:
        block = (0, 0, 0) if kernel == "gemm" else (BLOCK, 1, 1)
        self.launches.append(
            Launch(len(self.launches), self.layer, kernel, grid, block, arguments, reads, writes)
        )

    def fill(self, buffer: str, words: int) -> None:
        name = self.name(buffer)
        arguments = (words, 0.0, Pointer(name), 1)
        self.launch("fill", grid_of(words), arguments, (), (Span(name, words),))


def _convolution(maker: _Maker, layer: Convolution, source: str, im2col: Im2col) -> None:
    output, outputs = maker.name("output"), layer.outputs
    whole = Span(output, outputs)
    maker.fill("delta", outputs)
    maker.fill("output", outputs)
    direct = (layer.size, layer.stride, layer.padding) == (1, 1, 0) and im2col == "except-1x1"
    columns = source if direct else WORKSPACE
    if not direct:
        _im2col(maker, layer, source)
    _gemm(maker, layer, columns)
    if layer.batch_normalize:
        _batch_norm(maker, layer)
    biases = maker.name("biases")
    maker.launch(
        "add_bias",
        grid_of(outputs),
        (Pointer(output), Pointer(biases), 1, layer.filters, layer.spatial),
        (whole, Span(biases, layer.filters)),
        (whole,),
    )
    maker.launch(
        "activate_array",
        grid_of(outputs),
        (Pointer(output), outputs, int(layer.activation)),
        (whole,),
        (whole,),
    )


def _im2col(maker: _Maker, layer: Convolution, source: str) -> None:
    channels, height, width = layer.input_shape
    _, height_col, width_col = layer.output_shape
    threads = channels * height_col * width_col
    sizes = (height, width, layer.size, layer.padding, layer.stride, height_col, width_col)
    maker.launch(
        "im2col",
        # Darknet does not fold this grid: its kernel strides over what is left.
        ((threads + BLOCK - 1) // BLOCK, 1, 1),
        (threads, Pointer(source), *sizes, Pointer(WORKSPACE)),
        (Span(source, layer.inputs),),
        (Span(WORKSPACE, layer.workspace),),
    )


def _gemm(maker: _Maker, layer: Convolution, columns: str) -> None:
    weights, output = maker.name("weights"), maker.name("output")
    m, n, k = layer.filters, layer.spatial, layer.column_height
    whole = Span(output, m * n)
    maker.launch(
        "gemm",
        (0, 0, 0),
        (m, n, k, Pointer(weights), Pointer(columns), Pointer(output)),
        (Span(weights, m * k), Span(columns, k * n), whole),
        (whole,),
    )


def _batch_norm(maker: _Maker, layer: Convolution) -> None:
    output, x = maker.name("output"), maker.name("x")
    mean, variance = maker.name("rolling_mean"), maker.name("rolling_variance")
    scales = maker.name("scales")
    outputs, filters, spatial = layer.outputs, layer.filters, layer.spatial
    whole = Span(output, outputs)
    maker.launch(
        "copy",
        grid_of(outputs),
        (outputs, Pointer(output), 0, 1, Pointer(x), 0, 1),
        (whole,),
        (Span(x, outputs),),
    )
    maker.launch(
        "normalize",
        grid_of(outputs),
        (outputs, Pointer(output), Pointer(mean), Pointer(variance), 1, filters, spatial),
        (whole, Span(mean, filters), Span(variance, filters)),
        (whole,),
    )
    maker.launch(
        "scale_bias",
        (-(-spatial // BLOCK), filters, 1),
        (Pointer(output), Pointer(scales), filters, spatial),
        (whole, Span(scales, filters)),
        (whole,),
    )


def _max_pool(maker: _Maker, layer: MaxPool, source: str) -> None:
    channels, height, width = layer.input_shape
    output, indexes, outputs = maker.name("output"), maker.name("indexes"), layer.outputs
    sizes = (height, width, channels, layer.stride, layer.size, layer.padding)
    maker.fill("delta", outputs)
    maker.launch(
        "maxpool",
        grid_of(outputs),
        (outputs, *sizes, Pointer(source), Pointer(output), Pointer(indexes)),
        (Span(source, layer.inputs),),
        (Span(output, outputs), Span(indexes, outputs)),
    )


def _average_pool(maker: _Maker, layer: AveragePool, source: str) -> None:
    channels, height, width = layer.input_shape
    output = maker.name("output")
    maker.fill("delta", channels)
    maker.launch(
        "avgpool",
        grid_of(channels),
        (channels, width, height, channels, Pointer(source), Pointer(output)),
        (Span(source, layer.inputs),),
        (Span(output, channels),),
    )


def _softmax(maker: _Maker, layer: Softmax, source: str, target: str) -> None:
    n = layer.inputs
    maker.fill("delta", n)
    maker.launch(
        "softmax",
        grid_of(1),
        (Pointer(source), n, 1, n, 1, n, 1, layer.temperature, Pointer(target)),
        (Span(source, n),),
        (Span(target, n),),
    )

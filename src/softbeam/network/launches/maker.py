"""Makes launches: numbers them, and gives them Darknet's grids.

Source of grids: Darknet's ``cuda_gridsize``.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, TypeAlias

from softbeam.errors import TooLargeError
from softbeam.network.layers import Activation
from softbeam.network.plan import Launch, Pointer, Span

BLOCK = 512
"""Threads in a block, Darknet's for all kernels."""

LARGEST_GRID = 65_535
"""Blocks along x above which Darknet folds a grid into x and y."""

MOST_LAUNCHES = 1 << 18
"""Launches of one inference; those of a deep network are some thousands, and each is an object."""

Grid: TypeAlias = tuple[int, int, int]
Argument: TypeAlias = int | float | Pointer


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


def pointer(span: Span) -> Pointer:
    """Return the address of a span's first word."""
    return Pointer(span.buffer, span.start)


def part(span: Span, start: int, words: int) -> Span:
    """Return a part of a span, counted from its first word."""
    return Span(span.buffer, words, span.start + start)


class Maker:
    """Appends the launches of one layer.

    Parameters
    ----------
    layer : int
        Darknet's number of the layer.
    launches : list of Launch
        What is appended to.
    """

    def __init__(self, layer: int, launches: list[Launch]) -> None:
        self.layer = layer
        self.launches = launches

    def own(self, buffer: str, words: int) -> Span:
        """Return the first words of one of the layer's buffers."""
        return Span(f"{self.layer}.{buffer}", words)

    def launch(
        self,
        kernel: str,
        threads: int | Grid,
        arguments: tuple[Argument, ...],
        reads: tuple[Span, ...],
        writes: tuple[Span, ...],
    ) -> None:
        """Append a launch of so many threads, or with a grid of its own."""
        grid = grid_of(threads) if isinstance(threads, int) else threads
        self._append(kernel, grid, (BLOCK, 1, 1), arguments, tuple(dict.fromkeys(reads)), writes)

    def library(
        self,
        kernel: str,
        sizes: tuple[int, ...],
        operands: tuple[Pointer, Pointer, Pointer],
        reads: tuple[Span, ...],
        writes: tuple[Span, ...],
    ) -> None:
        """Append a launch of a library's."""
        none = (0, 0, 0)
        self._append(kernel, none, none, (*sizes, *operands), reads, writes)

    def _append(self, kernel: str, grid: Grid, block: Grid, *facts: Any) -> None:
        if len(self.launches) == MOST_LAUNCHES:
            raise TooLargeError(
                f"layer {self.layer} makes it more than {MOST_LAUNCHES:,} launches, more than are "
                "planned; give a network of fewer layers, groups or channels"
            )
        self.launches.append(Launch(len(self.launches), self.layer, kernel, grid, block, *facts))

    def fill(self, span: Span) -> None:
        """Set words to 0."""
        self.launch("fill", span.words, (span.words, 0.0, pointer(span), 1), (), (span,))

    def const(self, span: Span, value: float) -> None:
        """Set words to a number."""
        self.launch("const", span.words, (span.words, value, pointer(span), 1), (), (span,))

    def scal(self, span: Span, factor: float) -> None:
        """Multiply words by a number."""
        self.launch("scal", span.words, (span.words, factor, pointer(span), 1), (span,), (span,))

    def constrain(self, span: Span, limit: float) -> None:
        """Clamp words to both signs of a number."""
        arguments = (span.words, limit, pointer(span), 1)
        self.launch("constrain", span.words, arguments, (span,), (span,))

    def copy(self, source: Span, target: Span) -> None:
        """Copy as many words as the source has."""
        n = source.words
        arguments = (n, pointer(source), 0, 1, pointer(target), 0, 1)
        self.launch("copy", n, arguments, (source,), (part(target, 0, n),))

    def axpy(self, factor: float, source: Span, target: Span) -> None:
        """Add a multiple of words to others."""
        arguments = (source.words, factor, pointer(source), 0, 1, pointer(target), 0, 1)
        self.launch("axpy", source.words, arguments, (source, target), (target,))

    def mul(self, source: Span, target: Span) -> None:
        """Multiply words by others."""
        arguments = (source.words, pointer(source), 1, pointer(target), 1)
        self.launch("mul", source.words, arguments, (source, target), (target,))

    def pow(self, exponent: float, source: Span, target: Span) -> None:
        """Write a power of words to others."""
        arguments = (source.words, exponent, pointer(source), 1, pointer(target), 1)
        self.launch("pow", source.words, arguments, (source,), (target,))

    def add_bias(self, output: Span, biases: Span) -> None:
        """Add each channel's bias to the channel."""
        channels = biases.words
        self.launch(
            "add_bias",
            output.words,
            (pointer(output), pointer(biases), 1, channels, output.words // channels),
            (output, biases),
            (output,),
        )

    def scale_bias(self, output: Span, scales: Span) -> None:
        """Multiply each channel by its scale."""
        channels = scales.words
        spatial = output.words // channels
        self.launch(
            "scale_bias",
            (-(-spatial // BLOCK), channels, 1),
            (pointer(output), pointer(scales), channels, spatial),
            (output, scales),
            (output,),
        )

    def batch_norm(self, output: Span, channels: int) -> None:
        """Normalize, scale and shift each channel; first keep the output for training."""
        mean, variance = self.own("rolling_mean", channels), self.own("rolling_variance", channels)
        spatial = output.words // channels
        self.copy(output, self.own("x", output.words))
        self.launch(
            "normalize",
            output.words,
            (output.words, pointer(output), pointer(mean), pointer(variance), 1, channels, spatial),
            (output, mean, variance),
            (output,),
        )
        self.scale_bias(output, self.own("scales", channels))
        self.add_bias(output, self.own("biases", channels))

    def activate(self, span: Span, activation: Activation) -> None:
        """Apply an activation function to words, in place; Darknet launches it for linear too."""
        if activation == Activation.MISH:
            kept = self.own("activation_input", span.words)
            mish = (pointer(span), span.words, pointer(kept), pointer(span))
            self.launch("activate_mish", span.words, mish, (span,), (span, kept))
            return
        arguments = (pointer(span), span.words, int(activation))
        self.launch("activate_array", span.words, arguments, (span,), (span,))

    def softmax(
        self,
        source: Span,
        target: Span,
        sizes: tuple[int, int, int, int, int, int],
        temperature: float,
        writes: tuple[Span, ...],
    ) -> None:
        """Write the softmax of each group.

        `sizes` are n, the number of images and their offset, of groups and theirs, the stride.
        """
        _, batch, _, groups, _, _ = sizes
        self.launch(
            "softmax",
            batch * groups,
            (pointer(source), *sizes, temperature, pointer(target)),
            tuple(
                Span(source.buffer, one.words, one.start - target.start + source.start)
                for one in writes
            ),
            writes,
        )

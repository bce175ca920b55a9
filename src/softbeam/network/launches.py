"""Makes the launches of a layer: numbers them, names their arguments, and gives them grids.

Which launches a layer makes stands with the layer, in :mod:`softbeam.network.layers`.
Source of grids: Darknet's ``cuda_gridsize``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import TypeAlias

from softbeam.errors import TooLargeError
from softbeam.kernels.behaviour import BLOCK
from softbeam.kernels.functions import Function
from softbeam.kernels.products import MOST_BLOCKS, MOST_INT, Product
from softbeam.kernels.signatures import arguments
from softbeam.network.activation import Activation
from softbeam.network.choices import WorkloadChoices
from softbeam.network.plan import WORKSPACE, Launch, Pointer, Span, buffer_name

LARGEST_GRID = 65_535
"""Blocks along x above which Darknet folds a grid into x and y."""

MOST_LAUNCHES = 1 << 16
"""Launches of one inference; those of a deep network are some thousands, and each is an object."""

#: The activations that AlexeyAB's Darknet has a kernel for each, of those that Darknet has.
_ALONE = (Activation.LEAKY, Activation.LOGISTIC, Activation.RELU)

#: By activation its kernel and that kernel's parameter for what only training reads.
_KEEPING = {
    Activation.MISH: ("activate_mish", "input"),
    Activation.HARD_MISH: ("activate_hard_mish", "input"),
    Activation.SWISH: ("activate_swish", "sigmoid"),
}

Grid: TypeAlias = tuple[int, int, int]
Value: TypeAlias = int | float | Span
Spans: TypeAlias = tuple[Span, ...]


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


def part(span: Span, start: int, words: int) -> Span:
    """Return a part of a span, counted from its first word."""
    return Span(span.buffer, words, span.start + start)


class LaunchMaker:
    """Appends the launches of one layer.

    Parameters
    ----------
    layer : int
        Darknet's number of the layer.
    launches : list of Launch
        What is appended to.
    outputs : sequence of Span
        The network's input, and the outputs of all layers.
    choices : WorkloadChoices
        How the network is run.
    alexeyab : bool
        Whether AlexeyAB's Darknet runs it, which clears and copies nothing that only training
        reads, and has kernels of its own.
    """

    def __init__(
        self,
        layer: int,
        launches: list[Launch],
        outputs: Sequence[Span],
        choices: WorkloadChoices,
        alexeyab: bool = False,
    ) -> None:
        self.layer = layer
        self.launches = launches
        self.choices = choices
        self.alexeyab = alexeyab
        #: The layer whose trained buffers it uses, its own unless it says otherwise.
        self.trained_layer = layer
        self._outputs = outputs

    def own(self, buffer: str, words: int) -> Span:
        """Return the first words of one of the layer's buffers."""
        return Span(buffer_name(self.layer, buffer), words)

    def trained(self, buffer: str, words: int) -> Span:
        """Return the first words of a trained buffer, which may be another layer's."""
        return Span(buffer_name(self.trained_layer, buffer), words)

    def output(self, words: int) -> Span:
        """Clear what training propagates back, as most layers begin, and return the output."""
        if not self.alexeyab:
            self.fill(self.own("delta", words))
        return self.own("output", words)

    def workspace(self, words: int) -> Span:
        """Return the first words of the network's workspace."""
        return Span(WORKSPACE, words)

    def output_of(self, layer: int) -> Span:
        """Return the output of a layer; -1 is the network's input."""
        return self._outputs[layer + 1]

    def launch(
        self, kernel: str, threads: int | Grid, reads: Spans, writes: Spans, /, **values: Value
    ) -> None:
        """Append a launch of a kernel.

        Parameters
        ----------
        kernel : str
            Its short name.
        threads : int or (int, int, int)
            How many threads have work, or a grid of its own.
        reads, writes : tuple of Span
            What it reads and writes.
        **values
            Its arguments by their parameters' names; for a pointer the span that it points to.
        """
        grid = grid_of(threads) if isinstance(threads, int) else threads
        self._append(kernel, grid, (BLOCK, 1, 1), reads, writes, values)

    def product(self, product: Product, library: str = "") -> None:
        """Append a launch of products, C += A B, of spans.

        Parameters
        ----------
        product : Product
            What is multiplied.
        library : str
            As which of a library's products, where that is not the simplest one.

        Raises
        ------
        TooLargeError
            If it is too large for a launch of the SGEMM kernels.
        """
        reads, writes = (product.a, product.b, product.c), (product.c,)
        if self.choices.gemm == "library":
            kernel, values = product.library
            if library == "gemm_batched" and kernel == "gemm":
                values = {"count": product.count, **values}
            self._append(library or kernel, (0, 0, 0), (0, 0, 0), reads, writes, values)
            return
        tile = product.tile
        grid, values = tile.grid(product.m, product.n, product.count), product.arguments
        numbers = [value for value in values.values() if isinstance(value, int)]
        if any(side > most for side, most in zip(grid, MOST_BLOCKS, strict=True)) or (
            max(numbers) > MOST_INT
        ):
            times = f"{product.count:,} products" if product.count > 1 else "a product"
            raise TooLargeError(
                f"layer {self.layer} is {times} of {product.m:,} x {product.k:,} by "
                f"{product.k:,} x {product.n:,} words, which no tile of the SGEMM kernels covers "
                "in one launch; leave matrix products out with --gemm library"
            )
        self._append(tile.kernel, grid, (tile.threads, 1, 1), reads, writes, values)

    def _append(
        self,
        kernel: str,
        grid: Grid,
        block: Grid,
        reads: Spans,
        writes: Spans,
        values: dict[str, Value],
    ) -> None:
        if len(self.launches) == MOST_LAUNCHES:
            raise TooLargeError(
                f"layer {self.layer} makes it more than {MOST_LAUNCHES:,} launches, more than are "
                "planned; give a network of fewer layers, groups or channels"
            )
        given = {
            name: Pointer(value.buffer, value.start) if isinstance(value, Span) else value
            for name, value in values.items()
        }
        self.launches.append(
            Launch(
                index=len(self.launches),
                layer=self.layer,
                kernel=kernel,
                grid=grid,
                block=block,
                arguments=arguments(kernel, **given),
                reads=tuple(dict.fromkeys(reads)),
                writes=writes,
            )
        )

    # What several kinds of layers launch.

    def fill(self, x: Span) -> None:
        """Set words to 0."""
        self.launch("fill", x.words, (), (x,), N=x.words, ALPHA=0.0, X=x, INCX=1)

    def copy(self, source: Span, target: Span) -> None:
        """Copy as many words as the source has."""
        n = source.words
        vectors: dict[str, Value] = {
            "X": source,
            "OFFX": 0,
            "INCX": 1,
            "Y": target,
            "OFFY": 0,
            "INCY": 1,
        }
        self.launch("copy", n, (source,), (part(target, 0, n),), N=n, **vectors)

    def add_bias(self, output: Span, biases: Span) -> None:
        """Add each channel's bias to the channel."""
        self.launch(
            "add_bias",
            output.words,
            (output, biases),
            (output,),
            output=output,
            biases=biases,
            batch=1,
            n=biases.words,
            size=output.words // biases.words,
        )

    def scale_bias(self, output: Span, scales: Span) -> None:
        """Multiply each channel by its scale."""
        channels = scales.words
        size = output.words // channels
        grid = (-(-size // BLOCK), channels, 1)
        vectors = {"output": output, "biases": scales}
        self.launch(
            "scale_bias", grid, (output, scales), (output,), n=channels, size=size, **vectors
        )

    def batch_norm(self, output: Span, channels: int) -> None:
        """Normalize, scale and shift each channel; first keep the output for training."""
        names = ("rolling_mean", "rolling_variance")
        mean, variance = (self.trained(name, channels) for name in names)
        if not self.alexeyab:
            self.copy(output, self.own("x", output.words))
        self.launch(
            "normalize_inside" if self.alexeyab else "normalize",
            output.words,
            (output, mean, variance),
            (output,),
            N=output.words,
            x=output,
            mean=mean,
            variance=variance,
            batch=1,
            filters=channels,
            spatial=output.words // channels,
        )
        self.scale_bias(output, self.trained("scales", channels))
        self.add_bias(output, self.trained("biases", channels))

    def activate(self, x: Span, activation: Activation, channels: int = 1) -> None:
        """Apply an activation function to words, in place.

        Darknet launches it for linear too, AlexeyAB's does not.
        """
        n = x.words
        if activation in _KEEPING:
            kernel, name = _KEEPING[activation]
            kept = self.own("activation_input", n)
            own: dict[str, Value] = {name: kept, "output": x}
            self.launch(kernel, n, (x,), (x, kept), x=x, n=n, **own)
        elif activation == Activation.RECTIFIER:
            vectors: dict[str, Value] = {"X": x, "Y": x}
            what = int(Function.RECTIFY)
            self.launch(
                "elementwise", n, (x,), (x,), N=n, FUNCTION=what, ALPHA=0.0, BETA=0.0, **vectors
            )
        elif activation.across_channels:
            self._activate_channels(x, activation, channels)
        elif activation == Activation.RELU6 or (self.alexeyab and activation in _ALONE):
            self.launch(f"activate_{activation.name.lower()}", n, (x,), (x,), x=x, n=n)
        elif not (self.alexeyab and activation == Activation.LINEAR):
            self.launch("activate_array", n, (x,), (x,), x=x, n=n, a=int(activation))

    def _activate_channels(self, x: Span, activation: Activation, channels: int) -> None:
        """Apply an activation function to every pixel's channels."""
        size = x.words // channels
        values: dict[str, Value] = {"x": x, "size": size, "batch": 1, "channels": channels}
        values |= {"wh_step": size, "output": x}
        kernel = "activate_normalize_channels"
        if activation != Activation.NORMALIZE_CHANNELS:
            kernel += "_softmax"
            largest = activation == Activation.NORMALIZE_CHANNELS_SOFTMAX_MAXVAL
            values["use_max_val"] = int(largest)
        self.launch(kernel, size, (x,), (x,), **values)

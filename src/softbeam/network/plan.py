"""The plan of one inference: buffers, launches and the memory around them, as facts.

What makes a plan out of layers is :mod:`softbeam.network.planner`; what runs one is
:mod:`softbeam.network.golden`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from softbeam.kernels.products import Product, product_of
from softbeam.kernels.signatures import Arguments

if TYPE_CHECKING:
    from softbeam.emulator.lowering import Program
    from softbeam.network.golden import GoldenRun
    from softbeam.network.layers import Layer

INPUT = "-1.input"
WORKSPACE = "-1.workspace"

REPORT = "-1.report"
"""Where the checks of a hardened network report."""

REPORT_WORDS = 2
"""Its words: what is detected, and what is corrected."""


def buffer_name(layer: int, name: str) -> str:
    """Return the name of a layer's buffer, ``LAYER.NAME``; layer -1 is the network."""
    return f"{layer}.{name}"


@dataclass(frozen=True, slots=True)
class Buffer:
    """One device allocation of Darknet's.

    Parameters
    ----------
    name
        ``LAYER.BUFFER``, such as ``0.weights``; layer -1 is the network (``-1.workspace``).
    words
        Its size in 32-bit words.
    address
        The absolute byte address of its first word.
    """

    name: str
    words: int
    address: int

    @property
    def end(self) -> int:
        """The byte address just behind the buffer."""
        return self.address + 4 * self.words

    @property
    def own_name(self) -> str:
        """Its name among the buffers of its layer, such as ``weights``."""
        return self.name.partition(".")[2]

    @property
    def layer(self) -> int:
        """The layer that it belongs to; -1: the network's own, which its layers share."""
        return int(self.name.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring words of a buffer.

    Parameters
    ----------
    buffer
        The buffer's name.
    words
        How many 32-bit words.
    start
        The first of them, counted from the buffer's.
    """

    buffer: str
    words: int
    start: int = 0

    @property
    def end(self) -> int:
        """The word just behind the span."""
        return self.start + self.words


@dataclass(frozen=True, slots=True)
class Pointer:
    """A kernel argument: the address of a word of a buffer.

    Parameters
    ----------
    buffer
        The buffer's name.
    word
        Which word, the buffer's first if not given.
    """

    buffer: str
    word: int = 0


@dataclass(frozen=True, slots=True)
class Launch:
    """One execution of a kernel.

    Parameters
    ----------
    index
        Its place in the plan, from 0; a library's count too.
    layer
        Darknet's number of the layer that it belongs to.
    kernel
        The kernel's short name (``softbeam.kernels.KERNELS``), or one of its ``LIBRARY``.
    grid, block
        Blocks in the grid and threads in a block, along x, y and z; zeros for a library's.
    arguments
        In the kernel's order, each also by its parameter's name.
    reads, writes
        What it reads and writes.  Every word of a written span is written, but those that are
        read too may be kept.
    """

    index: int
    layer: int
    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    arguments: Arguments
    reads: tuple[Span, ...]
    writes: tuple[Span, ...]

    @property
    def product(self) -> Product | None:
        """The matrix product that it is, of pointers; None if it is none."""
        return product_of(self.arguments)

    @property
    def library(self) -> bool:
        """Whether it is a library's, whose machine code is not known and never struck."""
        return not any(self.grid)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the tensors that a network answers with.

    Parameters
    ----------
    name
        What the model calls it; of a Darknet network, which has no names, its buffer's name.
    buffer
        The buffer that holds it, as a whole.
    sides
        Its sides, as the model says them; channels, height and width of a Darknet layer.
    dtype
        The type of its elements.
    """

    name: str
    buffer: str
    sides: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one inference of a network does on the device, before any number is known.

    Parameters
    ----------
    network
        The network's name.
    layers
        Darknet's layers, in order.
    buffers
        All allocations by name, those that only training uses too: a wild store may land there.
    launches
        In execution order.
    input
        The name of the buffer that holds the image.
    outputs
        The names of the buffers that hold the answer: one, but for detectors of several heads and
        models of several answers.
    zero_pages
        Byte ranges ``[start, end)`` that are mapped but belong to no buffer: in all recorded
        cases a load from one gave zero and a store to one changed nothing that was seen.
    unprobed_pages
        Ranges among the network's allocations that belong to none of them and that the recording
        did not probe.
    other_space_pages
        Ranges that raised Invalid Address Space when they were probed.
    answers
        The tensors of the answer, by name and shape; they move no launch, so the text that a
        plan's hash is made of is without them.
    report
        Of a hardened network the name of the buffer in which its checks count what they detect
        (its first word) and what they correct (its second), read at the end; empty otherwise.
    """

    network: str
    layers: tuple[Layer, ...]
    buffers: Mapping[str, Buffer]
    launches: tuple[Launch, ...]
    input: str
    outputs: tuple[str, ...]
    zero_pages: tuple[tuple[int, int], ...]
    unprobed_pages: tuple[tuple[int, int], ...]
    other_space_pages: tuple[tuple[int, int], ...]
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    report: str = field(default="", repr=False)

    #: Whether its kernels are softbeam's own, with native twins; else names mean nothing.
    native: ClassVar[bool] = True

    @property
    def sha256(self) -> str:
        """The SHA-256 of its text: of buffers, launches and the pages around them."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def read_at_end(self) -> tuple[str, ...]:
        """The buffers that the host reads behind the last launch."""
        return (*self.outputs, self.report) if self.report else self.outputs

    def trained(self) -> Iterable[str]:
        """Return the buffers that hold what is trained, and the sums by which it is checked."""
        from softbeam.network.layers import trained_buffers

        sums = (name for name, one in self.buffers.items() if one.own_name.startswith("checksum"))
        return [*trained_buffers(self.layers), *sums]

    def code(self, launch: Launch, architecture: str) -> tuple[Program, int]:
        """Return a launch's lowered machine code, and the bytes of shared memory of its blocks."""
        from softbeam.kernels import program

        found = program(launch.kernel, architecture)
        return found, found.function.shared_bytes

    def leave(self, launch: Launch, golden: GoldenRun) -> None:
        """Fill what a launch leaves into the pool of a golden run that is filled up to it."""
        golden.step(launch)

"""The plan of one inference: buffers, launches and the memory around them, as facts.

What makes a plan out of layers is :mod:`softbeam.network.planner`; what runs one is
:mod:`softbeam.network.golden`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from softbeam.network.layers import Layer


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


@dataclass(frozen=True, slots=True)
class Span:
    """The first words of a buffer.

    Parameters
    ----------
    buffer
        The buffer's name.
    words
        How many 32-bit words, from the buffer's first.
    """

    buffer: str
    words: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """A kernel argument: the address of a buffer's first word.

    Parameters
    ----------
    buffer
        The buffer's name.
    """

    buffer: str


@dataclass(frozen=True, slots=True)
class Launch:
    """One execution of a kernel.

    Parameters
    ----------
    index
        Its place in the plan, from 0; ``gemm`` counts too.
    layer
        Darknet's number of the layer that it belongs to.
    kernel
        The kernel's short name (``softbeam.kernels.KERNELS``), or ``gemm``, which is a library's
        and never struck.
    grid, block
        Blocks in the grid and threads in a block, along x, y and z; zeros for ``gemm``.
    arguments
        In the kernel's order; for ``gemm`` m, n, k, A, B and C of C += A @ B.
    reads, writes
        What it reads and writes.  Every word of a written span is written.
    """

    index: int
    layer: int
    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    arguments: tuple[int | float | Pointer, ...]
    reads: tuple[Span, ...]
    writes: tuple[Span, ...]


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
    input, output
        The names of the buffers that hold the image and the answer.
    zero_pages
        Byte ranges ``[start, end)`` that are mapped but belong to no buffer: in all recorded
        cases a load from one gave zero and a store to one changed nothing that was seen.
    unprobed_pages
        Ranges among the network's allocations that belong to none of them and that the recording
        did not probe.
    other_space_pages
        Ranges that raised Invalid Address Space when they were probed.
    """

    network: str
    layers: tuple[Layer, ...]
    buffers: Mapping[str, Buffer]
    launches: tuple[Launch, ...]
    input: str
    output: str
    zero_pages: tuple[tuple[int, int], ...]
    unprobed_pages: tuple[tuple[int, int], ...]
    other_space_pages: tuple[tuple[int, int], ...]

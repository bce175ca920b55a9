"""A program as facts: machine code, buffers, and what the host does with them, in order.

Nothing here runs or checks anything: :mod:`softbeam.program.checking` says what is wrong with a
program, :mod:`softbeam.program.loading` makes it ready to run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: One to three numbers of blocks or threads, x first.
Dimensions: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code that a program brings.

    Parameters
    ----------
    origin
        Where it came from, for messages; a file's name.
    cubin
        The machine code.
    listing
        What ``nvdisasm -json`` says of it; None if nvdisasm is to be asked.
    """

    origin: str
    cubin: bytes = field(repr=False)
    listing: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that the program allocates, in the order of its buffers.

    Parameters
    ----------
    name
        Its name.
    dtype
        Type of its elements, little-endian.
    shape
        Its dimensions.
    content
        What the host puts there before the first step; None if nothing does.
    """

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    content: NDArray[np.generic] | None = field(default=None, repr=False, compare=False)

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Address:
    """An argument: where a buffer lies.

    Parameters
    ----------
    buffer
        The buffer's name.
    offset
        Bytes behind the buffer's first.
    """

    buffer: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Struct:
    """An argument that is a structure, laid out as C lays it out: each field at its alignment.

    Parameters
    ----------
    fields
        NumPy scalars, addresses and further structures.
    """

    fields: tuple[Argument, ...]


#: What a launch is given: a whole number, a float of the parameter's size, a NumPy scalar, bytes,
#: an address, or a structure of these.
Argument: TypeAlias = int | float | np.generic | bytes | Address | Struct


def addresses(arguments: tuple[Argument, ...]) -> Iterator[Address]:
    """Yield the addresses among arguments, those within structures too."""
    for argument in arguments:
        if isinstance(argument, Address):
            yield argument
        elif isinstance(argument, Struct):
            yield from addresses(argument.fields)


@dataclass(frozen=True, slots=True)
class Launch:
    """A step: one execution of a kernel.

    Parameters
    ----------
    kernel
        Its symbol, or its C++ name if only one kernel has it.
    grid, block
        Blocks in the grid and threads in a block, along x, y and z.
    arguments
        In the kernel's order.
    shared_bytes
        Dynamic shared memory of a block.
    stage
        Where in the program it belongs: what a layer is in a network.
    """

    kernel: str
    grid: Dimensions
    block: Dimensions
    arguments: tuple[Argument, ...]
    shared_bytes: int = 0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A step: bytes of a buffer are copied to a buffer, on the device.

    Parameters
    ----------
    source, target
        From where, to where.
    nbytes
        How many.
    stage
        As of a launch.
    """

    source: Address
    target: Address
    nbytes: int
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A step: the host reads a buffer and reports an error unless it holds what it should.

    Parameters
    ----------
    name
        What the check is called in results.
    buffer
        The buffer that is read.
    equals
        What it holds without an error; None: what it holds in the fault-free run.
    """

    name: str
    buffer: str
    equals: int | float | None = None


Step: TypeAlias = Launch | Copy | Check


@dataclass(frozen=True, slots=True)
class Description:
    """A program.

    Parameters
    ----------
    name
        Its name, in tables and results.
    codes
        The machine code that it brings.
    buffers
        By name, in the order in which they are allocated.
    constants
        Contents of ``__constant__`` variables, by symbol.
    steps
        What the host does, in order.
    outputs
        The buffers that are the program's answer.
    """

    name: str
    codes: tuple[Code, ...]
    buffers: Mapping[str, Buffer]
    constants: Mapping[str, NDArray[np.generic]]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]

    def without_contents(self) -> Description:
        """Return the same program with no contents in its buffers and no machine code."""
        buffers = {name: replace(one, content=None) for name, one in self.buffers.items()}
        return replace(self, codes=(), buffers=buffers)

    @property
    def launches(self) -> tuple[Launch, ...]:
        """The steps that launch a kernel."""
        return tuple(step for step in self.steps if isinstance(step, Launch))

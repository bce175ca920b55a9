"""Memory of the emulated GPU as a person asks for it: allocate, map, protect, free, read, write."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from softbeam.emulator.arguments import Size
from softbeam.emulator.heap import Heap
from softbeam.emulator.protection import protection_named
from softbeam.errors import LaunchError


class DeviceMemory:
    """Memory of which it is remembered what was allocated where, and as which array."""

    def __init__(self) -> None:
        self._heap = Heap()
        self._arrays: dict[int, tuple[np.dtype[Any], tuple[int, ...]]] = {}

    def allocate(self, content: ArrayLike | int) -> int:
        """Allocate memory and return its address.

        Parameters
        ----------
        content : array or int
            What it holds, or the number of bytes of zeros.

        Raises
        ------
        LaunchError
            If the emulated GPU has no such room.
        """
        if isinstance(content, int):
            address = self._heap.allocate(content)
            self._arrays[address] = (np.dtype(np.uint8), (content,))
            return address
        array = np.ascontiguousarray(content)
        address = self._heap.allocate(array.nbytes)
        self._arrays[address] = (array.dtype, array.shape)
        self._write(address, array.tobytes())
        return address

    def map(self, address: int, size: int) -> None:
        """Map memory at an address of one's own choice, filled with zeros.

        Parameters
        ----------
        address, size : int
            Multiples of a page, 2 MiB.

        Raises
        ------
        LaunchError
            If they are not, or something else is there.
        """
        self._heap.map(address, size)

    def protect(self, address: int, protection: str) -> None:
        """Say what launches may do with memory that was allocated or mapped.

        A launch that does more ends with ``Illegal Address`` there, as CUDA calls every fault of
        the memory unit; what a GPU does then is not recorded.  :meth:`read` and :meth:`write` are
        not concerned.  A debugger's ``on_violation`` decides by itself.

        Parameters
        ----------
        address : int
            Where it begins; all of it is meant.
        protection : str
            ``read-write``, ``read`` or ``none``.

        Raises
        ------
        LaunchError
            If nothing begins there, or there is no such protection.
        """
        self._heap.protect(address, protection_named(protection))

    def free(self, address: int) -> None:
        """Give back what :meth:`allocate` or :meth:`map` made at an address.

        As on a GPU an access to what was freed does not fault while its page holds other memory;
        here pages of the heap stay mapped.

        Raises
        ------
        LaunchError
            If nothing was made there.
        """
        self._heap.free(address)
        self._arrays.pop(address, None)

    def read(self, address: int, shape: Size | None = None, dtype: Any = None) -> NDArray[Any]:
        """Return a copy of memory.

        Parameters
        ----------
        address : int
            What :meth:`allocate` returned, or an address within.
        shape, dtype : optional
            Of the array; by default those that were allocated at this address.

        Raises
        ------
        LaunchError
            If the memory was not allocated, or nothing says what it holds.
        """
        if address in self._arrays:
            known, sizes = self._arrays[address]
            dtype = known if dtype is None else np.dtype(dtype)
            if shape is None:
                size = prod(sizes) * known.itemsize
                shape = sizes if dtype == known else size // dtype.itemsize
        if shape is None or dtype is None:
            raise LaunchError(f"nothing was allocated at {address:#x}: name a shape and a dtype")
        kind: np.dtype[Any] = np.dtype(dtype)
        count = shape if isinstance(shape, int) else prod(shape)
        data = self._heap.bytes_at(address, count * kind.itemsize).tobytes()
        return np.frombuffer(data, dtype=kind).reshape(shape).copy()

    def write(self, address: int, content: ArrayLike) -> None:
        """Replace the contents of memory.

        Raises
        ------
        LaunchError
            If the memory was not allocated.
        """
        self._write(address, np.ascontiguousarray(content).tobytes())

    def _write(self, address: int, data: bytes) -> None:
        self._heap.bytes_at(address, len(data))[:] = np.frombuffer(data, dtype=np.uint8)

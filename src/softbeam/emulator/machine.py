"""The door for others: load a cubin, allocate, launch, read back, with a fault where wanted.

What a GPU does with memory, launches and exceptions is in the packages that this puts together;
here is only how a person asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from softbeam.emulator.arguments import Size, launch_shape, packed_arguments, shared_memory
from softbeam.emulator.execution import LANES, LaunchShape, launch_constants
from softbeam.emulator.fault import Fault
from softbeam.emulator.heap import Heap
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program, lower
from softbeam.emulator.outcome import CountingRunner, Outcome, outcome_of
from softbeam.errors import LaunchError
from softbeam.files import read_file
from softbeam.sass import MOST_BYTES, link, read_cubin, read_listing, read_variables
from softbeam.sass.instruction import Function
from softbeam.sass.toolchain import compile_source, disassemble

#: Instructions that one thread may execute before a launch counts as hung.
BUDGET = 100_000_000


class Machine:
    """An emulated GPU with one cubin loaded.

    Parameters
    ----------
    cubin : bytes
        The machine code.
    listing : str or bytes, optional
        What ``nvdisasm -json`` says of it; by default nvdisasm is asked, where it is installed.
    origin : str
        Where the cubin came from, for error messages.

    Raises
    ------
    ListingError
        If the cubin or the listing cannot be read, or they do not belong together.
    ToolchainError
        If there is no listing and nvdisasm is not installed.

    Examples
    --------
    Darknet's ``fill`` on sm_90: the first 40 elements of a buffer, without and with a fault.

    >>> import numpy as np
    >>> from softbeam.emulator import Fault, Machine
    >>> from softbeam.kernels import cubin_bytes, listing_bytes
    >>> machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
    >>> x = machine.allocate(np.zeros(64, dtype=np.float32))
    >>> machine.launch("fill_kernel", 1, 64, 40, 2.5, x, 1).ending
    'completed'
    >>> machine.read(x)[38:42]
    array([2.5, 2.5, 0. , 0. ], dtype=float32)
    >>> store = next(i for i in machine.kernels["fill_kernel"].instructions if i.opcode == "STG")
    >>> wild = Fault(thread=7, pc=store.pc, target="store address", flip=1 << 40)
    >>> machine.launch("fill_kernel", 1, 64, 40, 1.0, x, 1, fault=wild).ending
    'Illegal Address'
    """

    def __init__(
        self, cubin: bytes, listing: str | bytes | None = None, *, origin: str = "the cubin"
    ) -> None:
        if listing is None:
            listing = disassemble(cubin, origin=origin)
        functions = link(
            read_listing(listing, origin=origin), read_cubin(cubin, origin=origin), origin=origin
        )
        self._heap = Heap()
        self._runner = CountingRunner()
        self._arrays: dict[int, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self._variables = read_variables(cubin, origin=origin)
        self._base = 0
        if self._variables.image:
            self._base = self._heap.allocate(len(self._variables.image))
            self._write(self._base, self._variables.loaded(self._base))
        self._functions = {
            name: self._variables.linked(function, self._base)
            for name, function in functions.items()
        }
        self._programs: dict[str, Program] = {}

    @classmethod
    def load(
        cls,
        path: str | Path,
        listing: str | Path | None = None,
        *,
        architecture: str = "sm_90",
        options: Sequence[str] = (),
    ) -> Self:
        """Return a machine with a file's code.

        Parameters
        ----------
        path : str or Path
            A cubin, or a CUDA source (``.cu``), which nvcc compiles where it is installed.
        listing : str or Path, optional
            The cubin's listing by ``nvdisasm -json``; by default nvdisasm is asked.
        architecture : str
            What a source is compiled for.
        options : sequence of str
            Further options of nvcc.

        Raises
        ------
        ListingError, ToolchainError
            As for the class; also if a source cannot be compiled.
        OSError
            If a file cannot be read.
        """
        path = Path(path)
        if path.suffix == ".cu":
            path.open().close()
            cubin = compile_source(path, architecture, options)
        else:
            cubin = read_file(path, MOST_BYTES)
        text = None if listing is None else read_file(Path(listing), MOST_BYTES)
        return cls(cubin, text, origin=str(path))

    @property
    def kernels(self) -> Mapping[str, Function]:
        """The machine code of every kernel, by its symbol."""
        return dict(self._functions)

    def find(self, kernel: str) -> Function:
        """Return a kernel by its symbol, or by its C++ name if only one has it.

        Raises
        ------
        LaunchError
            If there is no such kernel, naming those that there are.
        """
        if kernel in self._functions:
            return self._functions[kernel]
        mangled = re.compile(rf"_Z(N.*)?{len(kernel)}{re.escape(kernel)}")
        found = [name for name in self._functions if mangled.match(name)]
        if len(found) != 1:
            names = ", ".join(sorted(self._functions)) or "none"
            raise LaunchError(f"there is no one kernel {kernel!r}; the cubin has: {names}")
        return self._functions[found[0]]

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
            array = np.zeros(content, dtype=np.uint8)
        else:
            array = np.ascontiguousarray(content)
        address = self._heap.allocate(array.nbytes)
        self._arrays[address] = (array.dtype, array.shape)
        self._write(address, array.tobytes())
        return address

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

    def variable(self, name: str) -> int:
        """Return the address of a ``__device__`` variable.

        Raises
        ------
        LaunchError
            If the cubin has none of this symbol.
        """
        if name not in self._variables.globals:
            raise LaunchError(f"the cubin has no global variable {name!r}")
        return self._base + self._variables.globals[name][0]

    def set_constant(self, name: str, content: ArrayLike) -> None:
        """Set a ``__constant__`` variable for the launches that follow.

        Raises
        ------
        LaunchError
            If the cubin has none of this symbol, or it is smaller than the contents.
        """
        data = np.ascontiguousarray(content).tobytes()
        offset, size = self._variables.constants.get(name, (0, -1))
        if len(data) > size:
            raise LaunchError(
                f"{len(data)} bytes do not fit the constant {name!r} of {size} bytes"
                if size >= 0
                else f"the cubin has no constant {name!r}"
            )
        for symbol, function in self._functions.items():
            bank = bytearray(function.constants.get(3, b""))
            bank[offset : offset + len(data)] = data
            constants = {**function.constants, 3: bytes(bank)}
            self._functions[symbol] = replace(function, constants=constants)
        self._programs.clear()

    def launch(
        self,
        kernel: str,
        grid: Size,
        block: Size,
        *arguments: Any,
        fault: Fault | None = None,
        shared_bytes: int = 0,
        budget: int = BUDGET,
    ) -> Outcome:
        """Run a kernel and return how it ended.

        Memory is afterwards as the kernel leaves it; if the launch did not complete, as before.

        Parameters
        ----------
        kernel : str
            Its symbol, or its C++ name.
        grid, block : int or sequence of up to three int
            Dimensions, x first.
        *arguments
            The kernel's arguments: int for integers and addresses, float for floats and doubles,
            bytes for structures, or NumPy scalars.
        fault : Fault, optional
            A fault to inject.
        shared_bytes : int
            Dynamic shared memory of a block.
        budget : int
            Instructions that one thread may execute before the launch counts as hung.

        Raises
        ------
        LaunchError
            If the kernel cannot be launched so.
        UnsupportedInstruction
            If it reaches an instruction that the emulator does not know.
        """
        function = self.find(kernel)
        shape = launch_shape(grid, block)
        launch = self._prepared(function, shape, arguments, shared_bytes)
        vector, struck = None, None
        if fault is not None:
            vector = fault.vector(shape, launch.program.function)
            number, thread = fault.site(shape)
            struck = (number, 0 if launch.program.has_barrier else thread // LANES)
        self._runner.count_from_zero(launch.program)
        ending = self._runner.run_launch(launch, budget=budget, fault=vector, struck=struck)
        if ending.finished:
            launch.memory.words[ending.words] = ending.values
        valued = fault is not None and fault.target != "store address"
        return outcome_of(ending, self._runner, valued=valued)

    def _prepared(
        self, function: Function, shape: LaunchShape, arguments: Sequence[Any], shared_bytes: int
    ) -> Launch:
        if function.name not in self._programs:
            self._programs[function.name] = lower(function)
        program = self._programs[function.name]
        constants = launch_constants(program, shape, packed_arguments(function, arguments))
        shared = shared_memory(function, shared_bytes)
        return Launch(program, shape, constants, self._heap.memory(), shared)

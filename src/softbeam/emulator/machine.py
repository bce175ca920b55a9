"""The door for others: load a cubin, allocate, launch, read back, with a fault where wanted.

What a GPU does with memory, launches and exceptions is in the packages that this puts together;
here is only how a person asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from softbeam.emulator.arguments import (
    Size,
    instruction_budget,
    launch_shape,
    packed_arguments,
    shared_memory,
)
from softbeam.emulator.debugging import Debugger
from softbeam.emulator.device_memory import DeviceMemory
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LANES, LaunchShape, launch_constants
from softbeam.emulator.fault import Fault
from softbeam.emulator.heap import HeapState
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program, lower_again
from softbeam.emulator.outcome import CountingRunner, Outcome, outcome_of
from softbeam.emulator.parameters import integer_parameters
from softbeam.emulator.waiting import launch_ending
from softbeam.errors import LaunchError
from softbeam.sass import link, read_cubin, read_listing, read_variables
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE
from softbeam.sass.instruction import Function, Instruction
from softbeam.sass.toolchain import disassemble, read_code
from softbeam.sass.variables import Variables

#: Instructions that one thread may execute before a launch counts as hung.
BUDGET = 100_000_000

#: Instructions that all warps of a launch may execute together before it counts as hung: some
#: twenty minutes of emulation.
LAUNCH_BUDGET = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What :meth:`Machine.save` keeps: memory, what lies in it, and the code with its constants."""

    memory: HeapState
    arrays: Mapping[int, tuple[np.dtype[Any], tuple[int, ...]]]
    functions: Mapping[str, Function]


@dataclass(frozen=True, slots=True)
class _Module:
    """A loaded cubin: its variables, their address, and its kernels."""

    variables: Variables
    base: int
    kernels: tuple[str, ...]


class Machine(DeviceMemory):
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
        super().__init__()
        self._runner = CountingRunner()
        self._modules: list[_Module] = []
        self._functions: dict[str, Function] = {}
        self._programs: dict[str, Program] = {}
        self._integers: dict[str, frozenset[int]] = {}
        self.add(cubin, listing, origin=origin)

    def add(
        self,
        cubin: bytes,
        listing: str | bytes | None = None,
        *,
        origin: str = "the cubin",
        scoped: bool = False,
    ) -> None:
        """Load a further cubin; its kernels and variables stand beside those that are there.

        Parameters
        ----------
        cubin, listing, origin
            As for the class.
        scoped : bool
            Whether a kernel whose name is taken is called ``ORIGIN:NAME``.

        Raises
        ------
        ListingError, ToolchainError
            As for the class.
        LaunchError
            If it has a kernel of a name that is there already, and they are not scoped.
        """
        if listing is None:
            listing = disassemble(cubin, origin=origin)
        functions = link(
            read_listing(listing, origin=origin), read_cubin(cubin, origin=origin), origin=origin
        )
        twice = sorted(functions.keys() & self._functions.keys())
        if scoped:
            taken = set(twice)
            functions = {
                f"{origin}:{name}" if name in taken else name: function
                for name, function in functions.items()
            }
            functions = {name: replace(function, name=name) for name, function in functions.items()}
        elif twice:
            raise LaunchError(f"{origin} has kernels that are there already: {', '.join(twice)}")
        variables = read_variables(cubin, origin=origin)
        base = 0
        if variables.image:
            base = self._heap.allocate(len(variables.image))
            self._write(base, variables.loaded(base))
        self._modules.append(_Module(variables, base, tuple(functions)))
        for name, function in functions.items():
            self._functions[name] = variables.linked(function, base)

    @classmethod
    def load(
        cls,
        path: str | Path,
        listing: str | Path | None = None,
        *,
        architecture: str = DEFAULT_ARCHITECTURE,
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
        named = None if listing is None else Path(listing)
        cubin, text = read_code(path, named, architecture, options)
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

    def unsupported(self, kernel: str) -> tuple[Instruction, ...]:
        """Return the instructions of a kernel that the emulator does not execute.

        A launch that reaches none of them ends as on a GPU; one that does raises
        :class:`~softbeam.errors.UnsupportedInstruction`.

        Parameters
        ----------
        kernel : str
            Its symbol, or its C++ name.

        Returns
        -------
        tuple of Instruction
            In the order of their ``pc``; empty if there are none.

        Raises
        ------
        LaunchError
            If there is no such kernel.

        Examples
        --------
        >>> from softbeam.emulator import Machine
        >>> from softbeam.kernels import cubin_bytes, listing_bytes
        >>> machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
        >>> [(hex(one.pc), str(one)) for one in machine.unsupported("fill_kernel")]
        []
        """
        function = self.find(kernel)
        supported = self._program(function).supported
        return tuple(
            one for one, known in zip(function.instructions, supported, strict=True) if not known
        )

    def variable(self, name: str) -> int:
        """Return the address of a ``__device__`` variable.

        Raises
        ------
        LaunchError
            If the cubin has none of this symbol.
        """
        for module in self._modules:
            if name in module.variables.globals:
                return module.base + module.variables.globals[name][0]
        raise LaunchError(f"the cubin has no global variable {name!r}")

    def set_constant(self, name: str, content: ArrayLike) -> None:
        """Set a ``__constant__`` variable for the launches that follow.

        Raises
        ------
        LaunchError
            If the cubin has none of this symbol, or it is smaller than the contents.
        """
        data = np.ascontiguousarray(content).tobytes()
        found = [module for module in self._modules if name in module.variables.constants]
        if not found:
            raise LaunchError(f"the cubin has no constant {name!r}")
        offset, size = found[0].variables.constants[name]
        if len(data) > size:
            raise LaunchError(f"{len(data)} bytes do not fit the constant {name!r} of {size} bytes")
        for symbol in found[0].kernels:
            function = self._functions[symbol]
            bank = bytearray(function.constants.get(3, b""))
            bank[offset : offset + len(data)] = data
            constants = {**function.constants, 3: bytes(bank)}
            self._functions[symbol] = replace(function, constants=constants)

    def launch(
        self,
        kernel: str,
        grid: Size,
        block: Size,
        *arguments: Any,
        fault: Fault | None = None,
        shared_bytes: int = 0,
        budget: int = BUDGET,
        launch_budget: int = LAUNCH_BUDGET,
        counts: bool = False,
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
            bytes for structures, or NumPy scalars.  A NumPy float has its own size, and its bits
            are passed whatever the kernel does with them.
        fault : Fault, optional
            A fault to inject.
        shared_bytes : int
            Dynamic shared memory of a block.
        budget : int
            Instructions that one thread may execute before the launch counts as hung.
        launch_budget : int
            Instructions that all warps together may execute before it does; looked at whenever a
            warp, or a block whose warps wait for each other, ends.
        counts : bool
            Whether the outcome says how often each instruction was executed.

        Raises
        ------
        LaunchError
            If the kernel cannot be launched so.
        UnsupportedInstruction
            If it reaches an instruction that the emulator does not know.
        """
        function = self.find(kernel)
        shape = launch_shape(grid, block)
        budget = instruction_budget("a budget", budget)
        launch_budget = instruction_budget("a budget for the launch", launch_budget)
        launch = self._prepared(function, shape, arguments, shared_bytes)
        vector, struck = None, None
        if fault is not None:
            vector = fault.vector(shape, launch.program.function)
            number, thread = fault.site(shape)
            struck = (number, 0 if launch.program.has_barrier else thread // LANES)
        self._runner.count_from_zero(launch.program, by_instruction=counts)
        ending = launch_ending(
            self._runner,
            launch,
            budget=budget,
            launch_budget=launch_budget,
            fault=vector,
            struck=struck,
        )
        if ending.finished:
            launch.memory.words[ending.words] = ending.values
        valued = fault is not None and fault.target != "store address"
        return outcome_of(ending, self._runner, valued=valued)

    def debug(
        self,
        kernel: str,
        grid: Size,
        block: Size,
        *arguments: Any,
        thread: int = 0,
        in_block: int = 0,
        fault: Fault | None = None,
        shared_bytes: int = 0,
        budget: int = BUDGET,
    ) -> Debugger:
        """Begin a launch and stop before the first instruction of one of its threads.

        The warp of the thread is followed, or its block where warps wait for each other; the rest
        of the launch runs when :meth:`~softbeam.emulator.debugging.Debugger.finish` is called.
        Where blocks change words that others read, by atomics, the followed one comes first.

        Parameters
        ----------
        kernel, grid, block, *arguments, shared_bytes, budget
            As for :meth:`launch`.
        thread, in_block : int
            Number of the thread in its block, and of the block; a `fault` says both itself.
        fault : Fault, optional
            A fault to inject.

        Raises
        ------
        LaunchError
            If the kernel cannot be launched so, or has no such thread.
        """
        function = self.find(kernel)
        shape = launch_shape(grid, block)
        budget = instruction_budget("a budget", budget)
        launch = self._prepared(function, shape, arguments, shared_bytes)
        vector = None
        if fault is not None:
            vector = fault.vector(shape, launch.program.function)
            in_block, thread = fault.site(shape)
        if not (0 <= thread < shape.threads and 0 <= in_block < shape.blocks):
            raise LaunchError(f"the launch has no thread {thread} in a block {in_block}")
        warp = 0 if launch.program.has_barrier else thread // LANES
        valued = fault is not None and fault.target != "store address"

        def finish(followed: Ending) -> Outcome:
            self._runner.count_from_zero(launch.program)
            ending = self._runner.run_launch(
                launch, budget=budget, struck=(in_block, warp), done=followed
            )
            if ending.finished:
                launch.memory.words[ending.words] = ending.values
            self._runner.count(followed)
            return outcome_of(ending, self._runner, valued=valued)

        return Debugger(launch, in_block, warp, vector, budget, finish)

    def save(self) -> Saved:
        """Return all that launches can change, for :meth:`restore`."""
        return Saved(self._heap.saved(), dict(self._arrays), dict(self._functions))

    def restore(self, saved: Saved) -> None:
        """Make memory, allocations and constants what they were when they were saved."""
        self._heap.restore(saved.memory)
        self._arrays, self._functions = dict(saved.arrays), dict(saved.functions)

    def prepare(
        self, kernel: str, grid: Size, block: Size, *arguments: Any, shared_bytes: int = 0
    ) -> Launch:
        """Return a launch over this machine's memory that is not run.

        Parameters
        ----------
        kernel, grid, block, *arguments, shared_bytes
            As for :meth:`launch`.

        Raises
        ------
        LaunchError
            If the kernel cannot be launched so.
        """
        function = self.find(kernel)
        return self._prepared(function, launch_shape(grid, block), arguments, shared_bytes)

    @property
    def allocations(self) -> Mapping[int, int]:
        """Bytes of what was allocated, cubins' variables too, by address."""
        return self._heap.sizes

    @property
    def end(self) -> int:
        """The byte address behind the last page of the heap."""
        return self._heap.end

    def _program(self, function: Function) -> Program:
        program = lower_again(function, self._programs.get(function.name))
        self._programs[function.name] = program
        return program

    def _prepared(
        self, function: Function, shape: LaunchShape, arguments: Sequence[Any], shared_bytes: int
    ) -> Launch:
        program = self._program(function)
        if function.name not in self._integers:
            self._integers[function.name] = integer_parameters(function)
        packed = packed_arguments(function, arguments, self._integers[function.name])
        shared = shared_memory(function, shared_bytes)
        constants = launch_constants(program, shape, packed, shared_bytes=shared)
        return Launch(program, shape, constants, self._heap.memory(), shared)

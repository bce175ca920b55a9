"""``softbeam.Program``: a program, made step by step in Python.

Every method checks what it is given by itself; what only the whole program can show is checked by
:func:`softbeam.program.checking.check` before it runs or is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from softbeam.emulator.arguments import Size, launch_shape, shared_memory_request
from softbeam.errors import ProgramError
from softbeam.program.description import (
    Address,
    Argument,
    Buffer,
    Check,
    Code,
    Copy,
    Description,
    Launch,
    Step,
    Struct,
)
from softbeam.program.names import check_name, is_name
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from softbeam.program.running import Run


class Program:
    """Launches of kernels over named buffers, which can be run, struck and kept in a folder.

    Parameters
    ----------
    name : str
        Its name, in tables and results.

    Examples
    --------
    Two of softbeam's own kernels: fill a buffer, then add another one.

    >>> import numpy as np
    >>> from softbeam import Program, cubin_bytes, listing_bytes
    >>> program = Program("sum")
    >>> program.code(cubin_bytes("fill"), listing_bytes("fill"))
    'code.cubin'
    >>> program.code(cubin_bytes("axpy"), listing_bytes("axpy"))
    'code-2.cubin'
    >>> x = program.buffer("x", np.arange(4, dtype=np.float32))
    >>> y = program.buffer("y", shape=4, dtype=np.float32)
    >>> program.launch("fill_kernel", 1, 32, 4, 0.5, y, 1)
    >>> program.launch("axpy_kernel", 1, 32, 4, 2.0, x, 0, 1, y, 0, 1, stage="add")
    >>> program.output(y)
    >>> program.run().outputs["y"]
    array([0.5, 2.5, 4.5, 6.5], dtype=float32)
    """

    def __init__(self, name: str) -> None:
        self._name = check_name("a program", name)
        self._codes: list[Code] = []
        self._buffers: dict[str, Buffer] = {}
        self._constants: dict[str, np.ndarray] = {}
        self._steps: list[Step] = []
        self._outputs: list[str] = []

    def code(self, cubin: bytes, listing: str | bytes | None = None, *, origin: str = "") -> str:
        """Add machine code, whose kernels can then be launched.

        A kernel whose name another one has that was added before is launched as ``CODE:NAME``.

        Parameters
        ----------
        cubin : bytes
            The machine code.
        listing : str or bytes, optional
            What ``nvdisasm -json`` says of it; by default nvdisasm is asked, where it is installed.
        origin : str
            Where it came from, for messages and as the name of its file in a folder.

        Returns
        -------
        str
            What the code is called: its origin, or another name where that is taken or is none.
        """
        text = listing.encode() if isinstance(listing, str) else listing
        stem = origin.removesuffix(".cubin")
        stem, number = stem if is_name(stem) else "code", 1
        name = f"{stem}.cubin"
        # As files, which on some systems know no case.
        while name.lower() in {one.origin.lower() for one in self._codes}:
            number += 1
            name = f"{stem}-{number}.cubin"
        self._codes.append(Code(name, cubin, text))
        return name

    def load(
        self,
        path: str | Path,
        listing: str | Path | None = None,
        *,
        architecture: str = DEFAULT_ARCHITECTURE,
        options: Sequence[str] = (),
    ) -> str:
        """Add a file's machine code.

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

        Returns
        -------
        str
            What the code is called, as of :meth:`code`.

        Raises
        ------
        ToolchainError
            If a source cannot be compiled.
        OSError
            If a file cannot be read.
        """
        from softbeam.sass.toolchain import read_code

        path = Path(path)
        named = None if listing is None else Path(listing)
        cubin, text = read_code(path, named, architecture, options)
        return self.code(cubin, text, origin=f"{path.stem}.cubin")

    def buffer(
        self,
        name: str,
        content: ArrayLike | None = None,
        *,
        shape: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
    ) -> Address:
        """Allocate memory and return its address, for arguments.

        Parameters
        ----------
        name : str
            Its name.
        content : array, optional
            What the host puts there.
        shape, dtype : optional
            Of memory that the host puts nothing into.

        Raises
        ------
        ProgramError
            If there is such a buffer already, or it is not said how large it is.
        """
        check_name("a buffer", name)
        if name in self._buffers:
            raise ProgramError(f"there is a buffer {name!r} already")
        if (content is None) == (shape is None):
            raise ProgramError(f"the buffer {name!r} needs its content, or else shape and dtype")
        if content is None:
            if dtype is None:
                raise ProgramError(f"the buffer {name!r} needs a dtype beside its shape")
            sizes = (shape,) if isinstance(shape, int) else tuple(shape or ())
            made = Buffer(name, np.dtype(dtype).newbyteorder("<"), sizes)
        else:
            array = np.ascontiguousarray(content, dtype=dtype)
            little = array.astype(array.dtype.newbyteorder("<"))
            made = Buffer(name, little.dtype, little.shape, little)
        if made.dtype.hasobject or made.nbytes < 1 or any(size < 1 for size in made.shape):
            raise ProgramError(f"the buffer {name!r} of {made.dtype} {made.shape} holds no bytes")
        self._buffers[name] = made
        return Address(name)

    def constant(self, name: str, content: ArrayLike) -> None:
        """Set a ``__constant__`` variable of the code before the first step.

        Parameters
        ----------
        name : str
            Its symbol.
        content : array
            Its contents.
        """
        self._constants[name] = np.ascontiguousarray(content)

    def launch(
        self,
        kernel: str,
        grid: Size,
        block: Size,
        *arguments: Argument | Sequence[Any],
        shared_bytes: int = 0,
        stage: str = "",
    ) -> None:
        """Add a launch of a kernel.

        Parameters
        ----------
        kernel : str
            Its symbol, or its C++ name.
        grid, block : int or sequence of up to three int
            Dimensions, x first.
        *arguments
            The kernel's arguments: int, float, bytes, NumPy scalars, what :meth:`buffer` returned
            (:class:`Address`, plus an offset in bytes), or a list of these: a structure.
        shared_bytes : int
            Dynamic shared memory of a block.
        stage : str
            Where in the program it belongs, as a layer in a network; by default the kernel's name.

        Raises
        ------
        LaunchError
            If no GPU has such a grid, block or shared memory.
        """
        shape = launch_shape(grid, block)
        self._steps.append(
            Launch(
                kernel,
                shape.grid,
                shape.block,
                tuple(_argument(one) for one in arguments),
                shared_memory_request(shared_bytes),
                stage,
            )
        )

    def copy(
        self, source: Address, target: Address, nbytes: int | None = None, *, stage: str = ""
    ) -> None:
        """Add a copy from buffer to buffer.

        Parameters
        ----------
        source, target : Address
            From where, to where.
        nbytes : int, optional
            How many bytes; by default all that the source has.
        stage : str
            As of a launch; by default ``copy``.
        """
        if nbytes is None:
            nbytes = self._sized(source) - source.offset
        self._steps.append(Copy(source, target, nbytes, stage))

    def check(
        self, buffer: Address, equals: float | None = None, *, name: str | None = None
    ) -> None:
        """Add a check by the host: an error that it finds is *detected*.

        Parameters
        ----------
        buffer : Address
            The buffer that the host reads.
        equals : number, optional
            What all of its elements hold without error; by default what they hold in the fault-free
            run.
        name : str, optional
            What it is called in results; by default the buffer's name.
        """
        self._steps.append(Check(name or buffer.buffer, buffer.buffer, equals))

    def output(self, *buffers: Address) -> None:
        """Say which buffers are the program's answer, in order."""
        self._outputs += [one.buffer for one in buffers]

    def _sized(self, address: Address) -> int:
        if address.buffer not in self._buffers:
            raise ProgramError(f"there is no buffer {address.buffer!r}")
        return self._buffers[address.buffer].nbytes

    @property
    def description(self) -> Description:
        """What was said of the program so far, as facts."""
        return Description(
            self._name,
            tuple(self._codes),
            dict(self._buffers),
            dict(self._constants),
            tuple(self._steps),
            tuple(self._outputs),
        )

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Return the program that a folder holds.

        Raises
        ------
        ProgramError
            If it holds none, naming everything that is wrong.
        """
        from softbeam.program.folder import read_program

        found = read_program(Path(folder))
        program = cls(found.name)
        program._codes += found.codes
        program._buffers.update(found.buffers)
        program._constants.update(found.constants)
        program._steps += found.steps
        program._outputs += found.outputs
        return program

    def write(self, folder: str | Path) -> None:
        """Write the program to a folder, which must not exist or be empty.

        Raises
        ------
        ProgramError
            If something is wrong with the program, or something is there.
        OSError
            If it cannot be written.
        """
        from softbeam.program.folder import write_program

        write_program(self.description, Path(folder))

    def run(self, *outputs: Address) -> Run:
        """Run the program without fault.

        Parameters
        ----------
        *outputs : Address
            Buffers to read at the end, instead of the program's own outputs.

        Returns
        -------
        Run
            Its outputs, and what its launches executed.

        Raises
        ------
        ProgramError
            If something is wrong with the program, or a launch does not complete.
        UnsupportedInstruction
            If it reaches an instruction that the emulator does not know.
        """
        from softbeam.program.running import run

        named = tuple(one.buffer for one in outputs)
        program = self.description
        return run(replace(program, outputs=named) if named else program)


def _argument(value: Any) -> Argument:
    if isinstance(value, (list, tuple)):
        return Struct(tuple(_argument(one) for one in value))
    if isinstance(value, (int, float, np.generic, bytes, Address, Struct)):
        return value
    raise ProgramError(
        f"{value!r} is no argument of a kernel: give a number, bytes, a buffer's address, or a "
        "list of these for a structure"
    )

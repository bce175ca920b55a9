"""A program made ready to run: its code read, its memory laid out, its launches prepared.

Memory is laid out as the emulated GPU's ``cudaMalloc`` does: first each cubin's variables, then the
program's buffers in their order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.launching import Launch as ReadyLaunch
from softbeam.emulator.machine import Machine
from softbeam.errors import LaunchError, ListingError, ProgramError, ToolchainError
from softbeam.program.checking import check, place
from softbeam.program.description import Address, Description, Launch, Struct

#: What lies between buffers on the heap's pages, and the variables of cubins, by name.
PADDING, VARIABLES = "+", "variables"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Words of memory under one name.

    Attributes
    ----------
    name : str
        Of a buffer; with ``+`` behind it what is left of its words up to the next one.
    address : int
        Byte address of its first word.
    words : int
        How many.
    """

    name: str
    address: int
    words: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program that can run.

    Attributes
    ----------
    description : Description
        The program.
    machine : Machine
        Holds its memory as it is before the first step.
    launches : mapping of int to launch
        The prepared launches, by number of the step.
    arguments : mapping of int to tuple of int
        What the parameters of each launch hold, as whole numbers of their size.
    allocations : tuple of Allocation
        All mapped memory, by address, without gaps.
    """

    description: Description
    machine: Machine
    launches: Mapping[int, ReadyLaunch]
    arguments: Mapping[int, tuple[int, ...]]
    allocations: tuple[Allocation, ...]

    @property
    def first_words(self) -> dict[str, int]:
        """The first word of each allocation, counted from the first of all memory, in order."""
        return {one.name: (one.address - self.base) // 4 for one in self.allocations}

    @property
    def memory(self) -> NDArray[np.uint32]:
        """All words of mapped memory, from the first allocation's on."""
        first = next(iter(self.launches.values()))
        words: NDArray[np.uint32] = first.memory.words
        return words

    @property
    def base(self) -> int:
        """Byte address of the first word."""
        return self.allocations[0].address


def load(program: Description) -> Loaded:
    """Make a program ready to run.

    Raises
    ------
    ProgramError
        Naming everything that is wrong with it, a line each.
    """
    check(program)
    wrong: list[str] = []
    machine = _machine(program, wrong)
    if machine is None:
        raise ProgramError(_lines(program, wrong))
    for name, content in program.constants.items():
        try:
            machine.set_constant(name, content)
        except LaunchError as error:
            wrong.append(str(error))
    places = {}
    for buffer in program.buffers.values():
        try:
            places[buffer.name] = machine.allocate(
                buffer.nbytes if buffer.content is None else buffer.content
            )
        except LaunchError as error:
            raise ProgramError(_lines(program, [f"buffer {buffer.name!r}: {error}"])) from None
    launches = {}
    for number, step in enumerate(program.steps):
        if isinstance(step, Launch):
            try:
                launches[number] = _prepared(machine, step, places)
            except LaunchError as error:
                wrong.append(f"{place(number, step)}: {error}")
    if wrong:
        raise ProgramError(_lines(program, wrong))
    arguments = {number: _parameters(ready) for number, ready in launches.items()}
    return Loaded(program, machine, launches, arguments, tuple(_allocations(machine, places)))


def _parameters(launch: ReadyLaunch) -> tuple[int, ...]:
    """Return what a launch's parameters hold, as whole numbers."""
    function, data = launch.program.function, launch.constants.view(np.uint8)
    return tuple(
        int.from_bytes(data[start : start + size].tobytes(), "little")
        for offset, size in function.parameters
        for start in (function.parameter_base + offset,)
    )


def contents_before(loaded: Loaded) -> dict[str, NDArray[np.float32]]:
    """Return copies of the words of all allocations of a program that has not run, as float32."""
    places, memory = loaded.first_words, loaded.memory
    return {
        one.name: memory[places[one.name] :][: one.words].copy().view(np.float32)
        for one in loaded.allocations
    }


def _lines(program: Description, wrong: list[str]) -> str:
    return "\n".join(f"program {program.name}: {one}" for one in wrong)


def _machine(program: Description, wrong: list[str]) -> Machine | None:
    machine: Machine | None = None
    for code in program.codes:
        try:
            if machine is None:
                machine = Machine(code.cubin, code.listing, origin=code.origin)
            else:
                machine.add(code.cubin, code.listing, origin=code.origin, scoped=True)
        except (LaunchError, ListingError, ToolchainError) as error:
            wrong.append(str(error))
    return None if wrong else machine


def _prepared(machine: Machine, step: Launch, places: Mapping[str, int]) -> ReadyLaunch:
    arguments = [
        _struct_bytes(one, places)
        if isinstance(one, Struct)
        else places[one.buffer] + one.offset
        if isinstance(one, Address)
        else one
        for one in step.arguments
    ]
    return machine.prepare(
        step.kernel, step.grid, step.block, *arguments, shared_bytes=step.shared_bytes
    )


def _struct_bytes(argument: Struct, places: Mapping[str, int]) -> bytes:
    data, widest = bytearray(), 1
    for content, alignment in _fields(argument, places):
        data += b"\0" * (-len(data) % alignment) + content
        widest = max(widest, alignment)
    return bytes(data + b"\0" * (-len(data) % widest))


def _fields(argument: Struct, places: Mapping[str, int]) -> Iterator[tuple[bytes, int]]:
    """Yield the bytes and the alignment of a structure's fields."""
    for one in argument.fields:
        if isinstance(one, Address):
            yield struct.pack("<Q", places[one.buffer] + one.offset), 8
        elif isinstance(one, Struct):
            inner = list(_fields(one, places))
            yield _struct_bytes(one, places), max((each for _, each in inner), default=1)
        elif isinstance(one, np.generic):
            yield one.tobytes(), one.dtype.itemsize
        elif isinstance(one, bytes):
            yield one, 1
        else:
            raise LaunchError(
                f"{one!r} in a structure has no size; give it as numpy.int32({one}) or its like"
            )


def _allocations(machine: Machine, places: Mapping[str, int]) -> Iterator[Allocation]:
    names = {address: name for name, address in places.items()}
    found = sorted(machine.allocations.items())
    end = machine.end
    for number, (address, size) in enumerate(found):
        name = names.get(address, f"{VARIABLES}{number}")
        words = -(-size // 4)
        yield Allocation(name, address, words)
        begin = address + 4 * words
        until = found[number + 1][0] if number + 1 < len(found) else end
        if until > begin:
            yield Allocation(name + PADDING, begin, (until - begin) // 4)

"""What a launch is asked for, checked: dimensions and arguments as the kernel takes them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from operator import index
from typing import Any

import numpy as np

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.lowerings.form import BANK_0_WORDS
from softbeam.errors import LaunchError
from softbeam.sass.instruction import Function

#: Limits of a launch on every architecture from sm_75 to sm_120 (CUDA C++ Programming Guide,
#: "Technical Specifications per Compute Capability"); shared memory is that of sm_90 and sm_100.
_MOST_BLOCK, _MOST_THREADS = (1024, 1024, 64), 1024
_MOST_GRID = (2**31 - 1, 65535, 65535)
MOST_SHARED = 228 << 10

#: Far more than anything can execute, and less than what the interpreter counts with.
MOST_INSTRUCTIONS = 1 << 60

#: One to three dimensions, x first.
Size = int | Sequence[int]


def launch_shape(grid: Size, block: Size) -> LaunchShape:
    """Return the dimensions of a launch.

    Raises
    ------
    LaunchError
        If no GPU has such a grid or block.
    """
    shape = LaunchShape(
        _dimensions("grid", grid, _MOST_GRID), _dimensions("block", block, _MOST_BLOCK)
    )
    if shape.threads > _MOST_THREADS:
        raise LaunchError(f"a block of {shape.threads} threads: {_MOST_THREADS} are the most")
    return shape


def shared_memory(function: Function, dynamic: int) -> int:
    """Return the bytes of shared memory of a block, `dynamic` beside the kernel's own.

    Raises
    ------
    LaunchError
        If no GPU has so much.
    """
    shared = function.shared_bytes + int(dynamic)
    if dynamic < 0 or shared > MOST_SHARED:
        raise LaunchError(
            f"{function.name} has {function.shared_bytes} bytes of shared memory; "
            f"{dynamic} more are not between 0 and {MOST_SHARED} together"
        )
    return shared


def shared_memory_request(dynamic: int) -> int:
    """Return the bytes of dynamic shared memory that a launch asks for.

    Raises
    ------
    LaunchError
        If no GPU has so much.
    """
    if not 0 <= int(dynamic) <= MOST_SHARED:
        raise LaunchError(f"{dynamic} bytes of shared memory: from 0 to {MOST_SHARED}")
    return int(dynamic)


def _dimensions(what: str, size: Size, most: tuple[int, int, int]) -> tuple[int, int, int]:
    try:
        given = (index(size),) if not isinstance(size, Sequence) else tuple(map(index, size))
    except TypeError:
        given = ()
    x, y, z = (*given, 1, 1, 1)[:3]
    if not 1 <= len(given) <= 3 or not all(
        1 <= one <= limit for one, limit in zip((x, y, z), most, strict=True)
    ):
        raise LaunchError(f"a {what} of {size}: one to three numbers from 1 to {most}")
    return x, y, z


def instruction_budget(what: str, budget: int) -> int:
    """Return a number of instructions after which something counts as hung.

    Raises
    ------
    LaunchError
        If it is none that can be counted to.
    """
    try:
        number = index(budget)
    except TypeError:
        number = 0
    if not 1 <= number <= MOST_INSTRUCTIONS:
        raise LaunchError(f"{what} of {budget} instructions: it is from 1 to {MOST_INSTRUCTIONS:,}")
    return number


def packed_arguments(
    function: Function, arguments: Sequence[Any], integers: Container[int] = ()
) -> list[int]:
    """Return the arguments as the bits that the kernel's parameters hold.

    Parameters
    ----------
    function : Function
        The kernel.
    arguments : sequence
        As :meth:`softbeam.emulator.machine.Machine.launch` takes them.
    integers : container of int
        Numbers of the parameters that the kernel uses as integers or addresses.

    Raises
    ------
    LaunchError
        If they are too many or too few, or one does not fit its parameter.
    """
    sizes = [size for _, size in function.parameters]
    if len(arguments) != len(sizes):
        raise LaunchError(f"{function.name} takes {len(sizes)} arguments, not {len(arguments)}")
    end = max((offset + size for offset, size in function.parameters), default=0)
    if function.parameter_base + end > 4 * BANK_0_WORDS:
        raise LaunchError(f"{function.name} takes {end} bytes of parameters, too many for softbeam")
    return [
        int.from_bytes(_bytes(function, number, value, size, number in integers), "little")
        for number, (value, size) in enumerate(zip(arguments, sizes, strict=True))
    ]


def _bytes(function: Function, number: int, value: Any, size: int, integer: bool) -> bytes:
    """Return an argument's bytes.

    A float goes to a parameter of its size as it is, and to another one rounded; but not to one
    that the kernel uses as an integer, unless its type says that its bits are meant.
    """
    data = None
    if isinstance(value, (int, np.integer, np.bool_)):
        whole = int(value)
        if -(1 << 8 * size - 1) <= whole < 1 << 8 * size:
            data = (whole & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    elif isinstance(value, float) and size in (2, 4, 8):
        if integer:
            raise LaunchError(
                f"argument {number} of {function.name} is used as an integer, which {value!r} is "
                f"not: give an integer, or numpy.float{8 * size}({float(value)}) if its bits are "
                "meant"
            )
        with np.errstate(over="ignore"):
            data = np.dtype(f"<f{size}").type(value).tobytes()
    elif isinstance(value, np.generic):
        data = value.tobytes()
    elif isinstance(value, bytes):
        data = value
    if data is None or len(data) != size:
        raise LaunchError(
            f"argument {number} of {function.name} has {size} bytes, which {value!r} does not fit"
        )
    return data

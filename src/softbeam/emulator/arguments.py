"""What a launch is asked for, checked: dimensions and arguments as the kernel takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.lowerings.form import BANK_0_WORDS
from softbeam.errors import LaunchError
from softbeam.sass.instruction import Function

#: Limits of a launch on every architecture from sm_75 to sm_90 (CUDA C++ Programming Guide,
#: "Technical Specifications per Compute Capability"); shared memory is sm_90's.
_MOST_BLOCK, _MOST_THREADS = (1024, 1024, 64), 1024
_MOST_GRID = (2**31 - 1, 65535, 65535)
_MOST_SHARED = 228 << 10

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
    shared = function.shared_bytes + dynamic
    if dynamic < 0 or shared > _MOST_SHARED:
        raise LaunchError(
            f"{function.name} has {function.shared_bytes} bytes of shared memory; "
            f"{dynamic} more are not between 0 and {_MOST_SHARED} together"
        )
    return shared


def _dimensions(what: str, size: Size, most: tuple[int, int, int]) -> tuple[int, int, int]:
    given = (size,) if isinstance(size, int) else tuple(int(one) for one in size)
    x, y, z = (*given, 1, 1, 1)[:3]
    if len(given) > 3 or not all(
        1 <= one <= limit for one, limit in zip((x, y, z), most, strict=True)
    ):
        raise LaunchError(f"a {what} of {size}: one to three numbers from 1 to {most}")
    return x, y, z


def packed_arguments(function: Function, arguments: Sequence[Any]) -> list[int]:
    """Return the arguments as the bits that the kernel's parameters hold.

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
        int.from_bytes(_bytes(function, number, value, size), "little")
        for number, (value, size) in enumerate(zip(arguments, sizes, strict=True))
    ]


def _bytes(function: Function, number: int, value: Any, size: int) -> bytes:
    if isinstance(value, np.generic) and not isinstance(value, float):
        data = value.tobytes()
    elif isinstance(value, bytes):
        data = value
    elif isinstance(value, float) and size in (2, 4, 8):
        with np.errstate(over="ignore"):
            data = np.dtype(f"<f{size}").type(value).tobytes()
    elif isinstance(value, int) and -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        data = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    else:
        data = None
    if data is None or len(data) != size:
        raise LaunchError(
            f"argument {number} of {function.name} has {size} bytes, which {value!r} does not fit"
        )
    return data

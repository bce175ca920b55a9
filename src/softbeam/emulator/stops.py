"""What a debugger tells of the place where it stops: the instruction, the threads, the access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.sass.instruction import Instruction


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the followed unit stands, before an instruction.

    Attributes
    ----------
    pc : int
        Byte offset of the instruction.
    instruction : Instruction
        What comes next.
    warp : int
        Number of the warp in its block.
    threads : tuple of int
        Numbers in the block of the threads that are here, whether their guard holds or not.
    executing : tuple of int
        Those for which the guard holds.
    """

    pc: int
    instruction: Instruction
    warp: int
    threads: tuple[int, ...]
    executing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A load or store that comes next.

    Attributes
    ----------
    stop : Stop
        The instruction.
    space : str
        ``global``, ``shared``, ``local`` or ``generic``.
    size : int
        Bytes that each thread accesses.
    addresses : mapping of int to int
        By thread.
    """

    stop: Stop
    space: str
    size: int
    addresses: Mapping[int, int]


def addresses_of(row: NDArray[np.int64], w: Any, lanes: list[int]) -> list[int]:
    """Return the byte addresses of an access: base register, scaled, uniform register, offset."""
    wide = int(row[k.SPACE]) in (k.GLOBAL, k.GENERIC)
    uniform = int(row[k.UNIFORM_BASE])
    offset = int(row[k.OFFSET])
    if uniform != 255:
        offset += int(w["uniforms"][uniform])
        offset += int(w["uniforms"][uniform + 1]) << 32 if wide else 0
    found = []
    for lane in lanes:
        base, register = 0, int(row[k.A_VALUE])
        if row[k.A] == k.REGISTER:
            base = int(w["registers"][register, lane])
            base |= int(w["registers"][register + 1, lane]) << 32 if row[k.WIDE_ADDRESS] else 0
        scale = max(1, int(row[k.SCALE]))
        found.append((base * scale + offset) % (1 << (64 if wide else 32)))
    return found

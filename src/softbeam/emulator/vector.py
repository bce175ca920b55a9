"""The one builder of the vector of integers that tells the interpreter where and how to strike.

Every fault of softbeam passes here: those that a person writes
(:class:`softbeam.emulator.fault.Fault`), those of campaigns, recorded ones, and the searches for a
place by its number.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.sass.instruction import row_of

#: A fault as the interpreter takes it; its fields are private to this package.
FaultVector = NDArray[np.int64]


class Strikes(IntEnum):
    """What a fault strikes, and when."""

    #: A general register, just before the instruction.
    REGISTER_BEFORE = k.FAULT_BEFORE
    #: A general register, just after the instruction.
    REGISTER_AFTER = k.FAULT_AFTER
    #: A predicate, just after the instruction.
    PREDICATE = k.FAULT_PREDICATE
    #: The number of the instruction's destination register.
    INDEX = k.FAULT_INDEX
    #: The address register of a store.
    STORE_ADDRESS = k.FAULT_STORE
    #: A predicate, just before the instruction.
    PREDICATE_BEFORE = k.FAULT_PREDICATE_BEFORE
    #: A uniform register, just before the instruction.
    UNIFORM = k.FAULT_UNIFORM
    #: A word of the block's shared memory, just before the instruction.
    SHARED = k.FAULT_SHARED
    #: Nothing: the run ends at the occurrence and says whose it is.
    RESOLVE = k.FAULT_RESOLVE


def no_fault() -> FaultVector:
    """Return the fault vector of an execution without fault."""
    return np.zeros(k.FAULT_FIELDS, dtype=np.int64)


def fault_vector(
    strikes: Strikes,
    *,
    thread: int,
    pc: int,
    occurrence: int,
    registers: int = 0,
    register: int = 0,
    flip: int = 0,
    value: int | None = None,
    warp_wide: bool = False,
    drops: bool = False,
    follow: bool = False,
    late: bool = False,
    executed: bool = False,
) -> FaultVector:
    """Return a fault as the interpreter takes it.

    Parameters
    ----------
    strikes : Strikes
        What is struck.
    thread : int
        Number of the thread in its block; to resolve, any of the warp.
    pc : int
        Byte offset of the instruction.
    occurrence : int
        How often the thread reached the pc before; to resolve, how often threads of the warp did.
    registers : int
        General registers allocated to a thread.
    register : int
        The struck register, predicate, uniform register or word of shared memory.
    flip : int
        Bits to flip: 32 of a register or word, 1 of a predicate, 8 of an index, 64 of an address.
    value : int, optional
        What replaces the register, predicate or word, instead of `flip`.
    warp_wide : bool
        Whether every thread that is at the instruction with the struck one is struck.
    drops : bool
        Whether a result for an index that is not allocated, or a store, is lost.
    follow : bool
        Whether the struck register is followed until it is read, overwritten or forgotten, and the
        execution ends once it can change nothing.
    late : bool
        Whether the struck warp of a block runs after the others until it is struck.
    executed : bool
        To resolve: whether executed threads are counted, instead of active ones.
    """
    vector = no_fault()
    vector[k.FAULT_KIND] = strikes
    vector[k.FAULT_WARP], vector[k.FAULT_LANE] = divmod(thread, k.LANES)
    vector[k.FAULT_ROW] = row_of(pc)
    vector[k.FAULT_OCCURRENCE] = occurrence
    vector[k.FAULT_REGISTERS] = registers
    vector[k.FAULT_REGISTER] = register
    if strikes == Strikes.INDEX:
        vector[k.FAULT_INDEX_MASK] = flip
    else:
        vector[k.FAULT_REPLACES] = value is not None
        # An address has 64 bits; the vector holds them as a signed number.
        change = flip if value is None else value
        vector[k.FAULT_VALUE] = change - (1 << 64) if change >> 63 else change
    vector[k.FAULT_WARP_WIDE] = warp_wide
    vector[k.FAULT_DROPS] = drops
    vector[k.FAULT_TRACK] = follow
    vector[k.FAULT_LATE] = late
    vector[k.FAULT_EXECUTED] = executed
    return vector


def stuck_vector(
    rows: NDArray[np.bool_], *, lane: int, mask: int, value: int, registers: int
) -> FaultVector:
    """Return a fault that stays: wrong bits in all results of some instructions in one lane.

    It strikes every warp that is run with it, every time that the lane executes one of the
    instructions, in each general register that it writes.

    Parameters
    ----------
    rows : numpy.ndarray of bool
        By instruction of the program: whether its results are wrong.
    lane : int
        The lane.
    mask : int
        Bits that the unit cannot give.
    value : int
        What they are instead; bits outside `mask` are inverted.
    registers : int
        General registers allocated to a thread.
    """
    vector = np.concatenate([no_fault(), rows.astype(np.int64)])
    vector[k.FAULT_KIND] = k.FAULT_STUCK
    vector[k.FAULT_LANE], vector[k.FAULT_REGISTERS] = lane, registers
    vector[k.FAULT_INDEX_MASK], vector[k.FAULT_VALUE] = mask, value
    return vector

"""Run blocks and warps of one launch with the jitted interpreter.

This is the friendly layer over the jitted core: it allocates the state, fills constant bank 0,
and raises for instructions that the emulator does not know.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.entries import ALWAYS, add_entries, are_kept, new_entries
from softbeam.emulator.core.translated import CALLS
from softbeam.emulator.lowering import Program, bank_words
from softbeam.emulator.special import SpecialFunctionTables, special_function_tables
from softbeam.emulator.translation import translate_reached, translation_of, untranslated
from softbeam.errors import UnsupportedInstruction
from softbeam.sass.architectures import ClusterFacts, launch_facts
from softbeam.sass.instruction import pc_of

#: Threads of a warp.
LANES = k.LANES

#: Global memory as the interpreter takes it, and all that an execution changes beside it.
Memory: TypeAlias = k.Memory
State: TypeAlias = k.State

#: c[0x0][0x28] on the recorded H100: the initial stack pointer (hardware README, point 4).
INITIAL_STACK_POINTER = 0xFFFDC0

Dimensions = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LaunchShape:
    """Grid and block dimensions of a launch, (x, y, z) each."""

    grid: Dimensions
    block: Dimensions

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.block[0] * self.block[1] * self.block[2]

    @property
    def warps(self) -> int:
        """Warps of a block."""
        return -(-self.threads // k.LANES)

    @property
    def blocks(self) -> int:
        """Blocks of the grid."""
        return self.grid[0] * self.grid[1] * self.grid[2]

    def block_index(self, number: int) -> Dimensions:
        """Return blockIdx of the block with this number, x fastest."""
        x, y, _ = self.grid
        return number % x, number // x % y, number // (x * y)

    def block_number(self, index: Sequence[int]) -> int:
        """Return the number of a block from its blockIdx."""
        return index[0] + self.grid[0] * (index[1] + self.grid[1] * index[2])

    def thread_index(self, number: int) -> Dimensions:
        """Return threadIdx of the thread with this number in its block, x fastest."""
        x, y, _ = self.block
        return number % x, number // x % y, number // (x * y)

    def thread_number(self, index: Sequence[int]) -> int:
        """Return the number of a thread in its block from its threadIdx."""
        return index[0] + self.block[0] * (index[1] + self.block[1] * index[2])


def pack_arguments(program: Program, arguments: Iterable[int | float]) -> NDArray[np.uint32]:
    """Return the constants of a launch before its grid is known: parameters and other banks.

    Parameters
    ----------
    program : Program
        The kernel; its cubin says where each parameter lies and how long it is.
    arguments : iterable of int or float
        Pointers as addresses; a float becomes a float32 (or float64, if 8 bytes long).

    Raises
    ------
    ValueError
        If the number of arguments is not the kernel's number of parameters.
    """
    function = program.function
    words = bank_words(program.banks)
    # One word more: the last word of a bank may be read as the low one of a pair.
    constants = np.zeros(words + 1, dtype=np.uint32)
    data = constants.view(np.uint8)
    values = list(arguments)
    if len(values) != len(function.parameters):
        raise ValueError(
            f"{function.name} takes {len(function.parameters)} arguments, not {len(values)}"
        )
    for value, (offset, size) in zip(values, function.parameters, strict=True):
        if isinstance(value, float):
            packed = struct.pack("<f" if size == 4 else "<d", value)
        else:
            packed = (int(value) & ((1 << (8 * size)) - 1)).to_bytes(size, "little")
        start = function.parameter_base + offset
        data[start : start + size] = np.frombuffer(packed, dtype=np.uint8)
    for first, content in program.banks:
        data[4 * first : 4 * first + len(content)] = np.frombuffer(content, dtype=np.uint8)
    return constants


def launch_constants(
    program: Program,
    shape: LaunchShape,
    arguments: Iterable[int | float],
    *,
    shared_bytes: int | None = None,
) -> NDArray[np.uint32]:
    """Return all constants of a launch: dimensions, stack pointer, parameters, other banks.

    `shared_bytes` is the shared memory of a block; by default, the kernel's own.

    Where they lie, and how that is known, is in :func:`softbeam.sass.architectures.launch_facts`;
    parameters begin where the cubin says.
    """
    constants = pack_arguments(program, arguments)
    places = launch_facts(program.function.architecture)
    for first, words in ((places.block, shape.block), (places.grid, shape.grid)):
        constants[first // 4 : first // 4 + 3] = words
    windows = ((places.shared_window, k.SHARED_WINDOW), (places.local_window, k.LOCAL_WINDOW))
    for place, address in windows:
        if place is not None:
            constants[place // 4 : place // 4 + 2] = (address & 0xFFFFFFFF, address >> 32)
    constants[places.stack // 4] = INITIAL_STACK_POINTER
    if program.asks_cluster and places.cluster is not None:
        _tell_of_clusters(constants, places.cluster, shape)
    if places.dynamic_shared is not None and shared_bytes is not None:
        constants[places.dynamic_shared // 4] = shared_bytes - program.function.shared_bytes
    return constants


def _tell_of_clusters(
    constants: NDArray[np.uint32], places: ClusterFacts, shape: LaunchShape
) -> None:
    """Write that every block is a cluster of its own, as a launch that names no clusters has it."""
    one = int(np.float32(1.0).view(np.uint32))
    for first, words in (
        (places.shape, (1, 1, 1)),
        (places.reciprocals, (one, one, one)),
        (places.clusters, shape.grid),
    ):
        constants[first // 4 : first // 4 + 3] = words
    constants[places.size // 4] = 1


def new_state(
    warps: int,
    *,
    shared_bytes: int = 0,
    local_bytes: int = 0,
    log_words: int = 1 << 16,
    profile_rows: int = 0,
    trace_steps: int = 0,
    trace_registers: int = 0,
) -> k.State:
    """Allocate the interpreter's state for blocks of up to `warps` warps.

    Parameters
    ----------
    warps : int
        Warps that run together: 1, or those of a block whose warps wait for each other.
    shared_bytes : int
        Shared memory of a block.
    local_bytes : int
        Local memory of a thread.
    log_words : int
        Stores that can be undone.
    profile_rows : int
        Rows of the program, to count executions; 0 for no counts.
    trace_steps, trace_registers : int
        Length of the trace of one thread, and registers kept at each step.
    """
    # Logs and traces are read no further than they were written.
    return k.State(
        warps=np.zeros(warps, dtype=k.WARP),
        shared=np.zeros((shared_bytes + 3) // 4, dtype=np.uint32),
        local=np.zeros((warps, (local_bytes + 3) // 4, k.LANES), dtype=np.uint32),
        foreign=np.zeros((0, 3), dtype=np.int64),
        log_word=np.empty(log_words, dtype=np.int64),
        log_before=np.empty(log_words, dtype=np.uint32),
        log_time=np.empty(log_words, dtype=np.int64),
        information=np.zeros(k.INFO_FIELDS, dtype=np.int64),
        profile=np.zeros((profile_rows, 2), dtype=np.int64),
        trace_row=np.empty(trace_steps, dtype=np.int64),
        trace_registers=np.empty((trace_steps, trace_registers), dtype=np.uint32),
    )


@cache
def _common_tables() -> tuple[SpecialFunctionTables, NDArray[np.int64]]:
    return special_function_tables(), new_entries()


def prepare_tables(program: Program, *, translated: bool = True) -> k.Tables:
    """Compile what every run needs, and return what the interpreter looks up.

    That is MUFU's tables, its compiled parts, and, where it may be `translated`, the program's
    native code: a program that has been found to run long is translated now.  To be called before
    every run.
    """
    found, entries = _common_tables()
    add_entries(entries, ALWAYS)
    if not translated:
        return k.Tables(*found, entries, untranslated())
    translation = translation_of(program)
    if translation.context[CALLS] and translation.addresses.any():
        add_entries(entries, (k.ENTRY_ROW,))
    return k.Tables(*found, entries, translation)


#: The parts that most struck programs need; the last ones every program.
_COMMON = (
    k.ENTRY_COMPUTE,
    k.ENTRY_ACCESS,
    k.ENTRY_CONTROL,
    k.PART_INTEGER,
    k.PART_FLOATING,
    *ALWAYS,
)


def compile_common() -> None:
    """Compile, or load, the parts that most struck programs need.

    For a process whose children would else each compile them.
    """
    _, entries = _common_tables()
    add_entries(entries, _COMMON)


def common_is_compiled() -> bool:
    """Return whether :func:`compile_common` would find all that it compiles in the cache."""
    return are_kept(_COMMON)


def compile_missing(program: Program, state: k.State, *, translated: bool = True) -> None:
    """Compile what was missing when an execution ended with ``PART_MISSING``; then it is repeated.

    That is the part of the interpreter that executes the row, where the cache has it, or else the
    program's translation, which takes less time than compiling the part and may be all that it
    needs.
    """
    _, entries = _common_tables()
    parts = _parts_of(program.code.rows[int(state.information[k.INFO_ROW])])
    if translated and not are_kept(parts) and translate_reached(program):
        return
    add_entries(entries, parts)


def tables_for(row: NDArray[np.int64]) -> k.Tables:
    """Compile what one row needs, and return what the interpreter looks up, nothing translated.

    For runs that end after the row: what they end at is unknown to translated code.
    """
    found, entries = _common_tables()
    add_entries(entries, (*ALWAYS, *_parts_of(row)))
    return k.Tables(*found, entries, untranslated())


def _parts_of(row: NDArray[np.int64]) -> list[int]:
    """Return the parts of the interpreter that execute a row."""
    operation, part = int(row[k.OP]), int(row[k.PART])
    if operation >= k.FIRST_CONTROL:
        return [k.ENTRY_CONTROL]
    if operation >= k.FIRST_MEMORY:
        return [k.ENTRY_ACCESS, part] if part else [k.ENTRY_ACCESS]
    if operation >= k.FIRST_RARE:
        return [k.ENTRY_COMPUTE, part]
    if operation >= k.FIRST_FLOATING:
        return [k.ENTRY_COMPUTE, k.PART_FLOATING]
    if operation >= k.FIRST_INTEGER:
        return [k.ENTRY_COMPUTE, k.PART_INTEGER]
    return [k.ENTRY_COMPUTE]


def check_supported(program: Program, status: int, state: k.State) -> None:
    """Raise if an execution ended at an instruction that the emulator does not know.

    Raises
    ------
    UnsupportedInstruction
        Naming opcode, kernel and pc.
    """
    if status != k.UNSUPPORTED_REACHED:
        return
    row = int(state.information[k.INFO_ROW])
    instruction = program.function.instructions[row]
    raise UnsupportedInstruction(
        f"'{instruction}' at pc {pc_of(row):#x} of {program.function.name} "
        f"({program.function.architecture}) is an instruction that softbeam does not know"
    )


_NO_READS = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def memory_map(words: NDArray[np.uint32], segments: Iterable[tuple[int, int, int]]) -> k.Memory:
    """Return the map of global memory.

    Parameters
    ----------
    words : numpy.ndarray of uint32
        The pool that holds all words.
    segments : iterable of (start, end, offset)
        Byte addresses and the word in the pool where each segment begins, or a negative number
        for memory without contents (see :class:`softbeam.emulator.core.layout.Memory`).

    Raises
    ------
    ValueError
        If two segments overlap.
    """
    ordered = sorted(segments)
    for first, second in pairwise(ordered):
        if first[1] > second[0]:
            raise ValueError(f"segments at {first[0]:#x} and {second[0]:#x} overlap")
    table = np.array(ordered, dtype=np.int64).reshape(-1, 3)
    return k.Memory(
        words,
        np.ascontiguousarray(table[:, 0]),
        np.ascontiguousarray(table[:, 1]),
        np.ascontiguousarray(table[:, 2]),
        *_NO_READS,
    )


def noting_reads(memory: k.Memory) -> k.Memory:
    """Return memory whose executions note which words they read, with nothing noted yet."""
    size = memory.words.size
    return memory._replace(
        read_bits=np.zeros(size // 64 + 1, dtype=np.int64),
        # Only as much of it as is read takes memory.
        read_log=np.zeros(size + 1, dtype=np.int64),
    )


def take_reads(memory: k.Memory) -> NDArray[np.int64]:
    """Return the words that were read since the last call, ascending, and forget them."""
    words = np.sort(memory.read_log[1 : int(memory.read_log[0]) + 1])
    memory.read_log[0] = 0
    memory.read_bits[words >> 6] = 0
    return words

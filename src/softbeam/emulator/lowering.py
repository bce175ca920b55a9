"""Lowering: from a function's instructions to the rows that the jitted interpreter executes.

Here an opcode of the table (:mod:`softbeam.sass.opcodes`) meets the operation that executes it.
An instruction that softbeam does not know becomes a row that raises only when it is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.operations import OPERATIONS, Writes
from softbeam.emulator.lowerings import LOWERINGS, Form, Unsupported
from softbeam.emulator.lowerings.form import BANK_0_WORDS
from softbeam.emulator.rows import Row
from softbeam.emulator.validation import wrong_rows
from softbeam.sass.architectures import launch_facts
from softbeam.sass.effects import read_registers, roles, written_registers
from softbeam.sass.instruction import ZERO_REGISTER, Function, Instruction, OperandKind
from softbeam.sass.opcodes import find_opcode, is_bit_exact

#: Local memory of a thread: what lies above the initial stack pointer, and 16 KiB of stack.  The
#: hardware gives what the driver reserves, 1 KiB by default where the compiler cannot tell.
LOCAL_BYTES = (1 << 24) - 0xFFFDC0 + (1 << 14)


@dataclass(frozen=True, slots=True)
class Program:
    """A function ready for the interpreter.

    Attributes
    ----------
    function : Function
        The machine code.
    code : Code
        Rows and register bit sets, one row an instruction.
    banks : tuple of (int, bytes)
        First word and contents of the constant banks after bank 0.
    has_barrier : bool
        Whether its blocks must run as a whole, because warps wait for each other or share memory.
    communicates : bool
        Whether its blocks change words that others read too, by atomics on global memory; they
        then run in order and see each other's stores.
    stores_bytes : bool
        Whether it stores bytes or halves of words to global memory: of a word that several units
        store, each may leave a part.
    local_bytes : int
        Local memory of a thread.
    parts : tuple of int
        The interpreter's rare parts that it needs.
    inexact : tuple of int
        Rows whose results are not bit-exact (:func:`softbeam.sass.opcodes.is_bit_exact`).
    general : numpy.ndarray of bool
        Per row: writes a general register.
    stores : numpy.ndarray of bool
        Per row: stores to memory.
    destinations : tuple of tuple of int
        Per row: the general registers that it writes, in order.
    checks : bool
        Whether all that depends on loaded data in its way lies behind its last barrier and asks
        only if two copies of the same are different, which they are not without a fault.
    asks_cluster : bool
        Whether it reads what a launch tells of clusters of blocks.
    """

    function: Function
    code: k.Code
    banks: tuple[tuple[int, bytes], ...]
    has_barrier: bool
    communicates: bool
    stores_bytes: bool
    local_bytes: int
    parts: tuple[int, ...]
    inexact: tuple[int, ...]
    general: NDArray[np.bool_]
    stores: NDArray[np.bool_]
    destinations: tuple[tuple[int, ...], ...]
    checks: bool = False
    asks_cluster: bool = False

    @property
    def supported(self) -> NDArray[np.bool_]:
        """Per row: whether the emulator knows the instruction; one it does not raises there."""
        known: NDArray[np.bool_] = self.code.rows[:, k.OP] != k.UNSUPPORTED
        return known

    @property
    def short(self) -> NDArray[np.bool_]:
        """Per row: whether what it accesses, if anything, has an address of 32 bits."""
        found: NDArray[np.bool_] = np.isin(self.code.rows[:, k.SPACE], (k.SHARED, k.LOCAL))
        return found

    @property
    def loaded_bytes(self) -> NDArray[np.int64]:
        """Per row: bytes that a thread which executes it asks of global memory.

        An atomic loads what it changes.  An access of any space counts as one of global memory;
        those of shared and of local memory do not.
        """
        return self._bytes((k.LOAD, k.LOAD_OTHER, k.COPY_TO_SHARED, k.ATOMIC, k.REDUCTION))

    @property
    def stored_bytes(self) -> NDArray[np.int64]:
        """Per row: bytes that a thread which executes it gives to global memory, as loaded ones."""
        return self._bytes((k.STORE, k.STORE_OTHER, k.ATOMIC, k.REDUCTION))

    def _bytes(self, operations: tuple[int, ...]) -> NDArray[np.int64]:
        rows = self.code.rows
        counts = np.isin(rows[:, k.OP], operations) & ~self.short
        return np.where(counts, rows[:, k.SIZE], 0)


#: Operations that concern a block as a whole, besides accesses to its shared memory.
_OF_BLOCKS = (k.BAR, k.NAMED_BARRIER, k.COPY_TO_SHARED)

#: Operations whose space says what memory a program needs.
_ACCESSES = (k.LOAD, k.STORE, k.LOAD_OTHER, k.STORE_OTHER, k.ATOMIC, k.REDUCTION)


def bank_words(banks: tuple[tuple[int, bytes], ...]) -> int:
    """Return the words of all constant banks together, bank 0 included."""
    return BANK_0_WORDS + sum((len(content) + 3) // 4 for _, content in banks)


def _bank_starts(function: Function) -> dict[int, int]:
    starts, position = {0: 0}, BANK_0_WORDS
    for bank, content in sorted(function.constants.items()):
        starts[bank] = position
        position += (len(content) + 3) // 4
    return starts


def _banks(function: Function) -> tuple[tuple[int, bytes], ...]:
    starts = _bank_starts(function)
    return tuple((starts[bank], content) for bank, content in sorted(function.constants.items()))


def _lower_instruction(
    instruction: Instruction, function: Function, starts: dict[int, int]
) -> tuple[list[int], frozenset[int], tuple[int, ...]]:
    """Return an instruction's row and the general registers that it reads and writes."""
    opcode = find_opcode(instruction)
    row = Row()
    guard = instruction.guard
    guarded = guard.index | (8 if guard.negated else 0) | (16 if guard.uniform else 0)
    row[k.GUARD] = guarded
    if opcode is None:
        return row.values, frozenset(), ()
    form = Form(instruction, opcode, roles(instruction, opcode), function, starts)
    try:
        LOWERINGS[instruction.opcode](row, form)
        read = read_registers(instruction, opcode)
        written = written_registers(instruction, opcode)
        if max((*read, *written), default=0) > ZERO_REGISTER:
            raise Unsupported("registers that no GPU has")
        if min(row.values) < -(1 << 63) or max(row.values) >= 1 << 63:
            raise Unsupported("a number of more than 64 bits")
        operation = OPERATIONS[row[k.OP]]
        written_predicates = (row[k.PREDICATE_0], row[k.PREDICATE_1]) != (7, 7)
        if written_predicates and operation.writes not in (Writes.PREDICATES, Writes.BOTH):
            raise Unsupported("a destination predicate")
        row[k.PART] = operation.part
    except (Unsupported, IndexError):
        # An operand that is missing is a form of the opcode that softbeam does not know.
        row = Row()
        row[k.GUARD] = guarded
        return row.values, frozenset(), ()
    return row.values, read, written


def lower(function: Function) -> Program:
    """Lower a function for the interpreter.

    Parameters
    ----------
    function : Function
        A kernel's machine code.

    Returns
    -------
    Program
        One row an instruction.  Unsupported instructions have the operation ``UNSUPPORTED``.
    """
    starts = _bank_starts(function)
    number = len(function.instructions)
    rows = np.zeros((number, k.COLUMNS), dtype=np.int64)
    reads = np.zeros((number, 4), dtype=np.uint64)
    writes = np.zeros((number, 4), dtype=np.uint64)
    destinations = []
    for position, instruction in enumerate(function.instructions):
        row, read, written = _lower_instruction(instruction, function, starts)
        rows[position] = row
        for bits, registers in ((reads, read), (writes, written)):
            for register in registers:
                bits[position, register >> 6] |= np.uint64(1 << (register & 63))
        destinations.append(written)
    banks = _banks(function)
    for position in {row for row, _, _ in wrong_rows(rows, bank_words(banks))}:
        # The listing names what no GPU has: it is not executed, whatever it would mean.
        guarded = rows[position, k.GUARD] & 31
        rows[position], destinations[position] = Row().values, ()
        rows[position, k.GUARD], reads[position], writes[position] = guarded, 0, 0
    operations = rows[:, k.OP]
    accesses = np.isin(operations, _ACCESSES)
    spaces = set(rows[accesses, k.SPACE].tolist())
    atomics = (operations == k.ATOMIC) | (operations == k.REDUCTION)
    stores = (operations == k.STORE) | (operations == k.STORE_OTHER)
    narrow = np.isin(rows[:, k.SPACE], (k.GLOBAL, k.GENERIC)) & (rows[:, k.SIZE] < 4)
    return Program(
        function=function,
        code=k.Code(rows, reads, writes),
        banks=banks,
        has_barrier=bool(np.isin(operations, _OF_BLOCKS).any()) or k.SHARED in spaces,
        communicates=bool(np.any(atomics & (rows[:, k.SPACE] != k.SHARED))),
        stores_bytes=bool(np.any(stores & narrow)),
        local_bytes=LOCAL_BYTES if {k.LOCAL, k.GENERIC} & spaces else 0,
        parts=tuple(sorted(set(rows[:, k.PART].tolist()) - {0})),
        inexact=tuple(_inexact_rows(function)),
        general=np.array([bool(written) for written in destinations], dtype=np.bool_),
        stores=stores,
        destinations=tuple(destinations),
        asks_cluster=_asks_cluster(function),
    )


def _asks_cluster(function: Function) -> bool:
    told = launch_facts(function.architecture).cluster
    return told is not None and any(
        operand.text == "SR_CgaSize"
        or (
            operand.kind is OperandKind.CONSTANT
            and operand.bank == 0
            and operand.value in told.words
            and int(operand.value) < function.parameter_base
        )
        for instruction in function.instructions
        for operand in instruction.operands
    )


def lower_again(function: Function, before: Program | None) -> Program:
    """Lower a function, or take what was lowered of it before its constants were set.

    Rows hold the places of constants, not what they are, so that they stay, and with them their
    translation.

    Parameters
    ----------
    function : Function
        A kernel's machine code.
    before : Program or None
        What was lowered last of a function of this name.
    """
    if before is not None and before.function is function:
        return before
    if before is not None and _differ_in_constants(before.function, function):
        return replace(before, function=function, banks=_banks(function))
    return lower(function)


def _differ_in_constants(one: Function, other: Function) -> bool:
    """Return whether two functions are the same but for what their constants hold."""
    sizes = [{bank: len(held) for bank, held in each.constants.items()} for each in (one, other)]
    if one.instructions is not other.instructions or sizes[0] != sizes[1]:
        return False
    return replace(one, constants=other.constants) == other


def _inexact_rows(function: Function) -> Iterator[int]:
    for row, instruction in enumerate(function.instructions):
        opcode = find_opcode(instruction)
        if opcode is not None and not is_bit_exact(instruction, opcode):
            yield row

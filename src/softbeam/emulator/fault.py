"""A fault of one's own: where it strikes within a launch, and what it changes.

For campaigns, sites are drawn by :mod:`softbeam.faults`; this is the same thing for a person who
knows the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from softbeam.emulator.arguments import MOST_INSTRUCTIONS
from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector
from softbeam.errors import LaunchError
from softbeam.sass.effects import written_registers
from softbeam.sass.instruction import INSTRUCTION_BYTES, Function, Instruction, pc_of, row_of
from softbeam.sass.opcodes import Shape, find_opcode

_TARGET = re.compile(r"([RP])([0-9]{1,3})\Z")
_INDEX, _ADDRESS = "destination index", "store address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in one thread of a launch, at one execution of one instruction.

    Attributes
    ----------
    pc : int
        Byte offset of the instruction in its kernel.
    target : str
        ``R0`` … ``R254``, a general register; ``P0`` … ``P6``, a predicate; ``destination index``,
        the number of the instruction's destination register; or ``store address``.
    thread, block : int or (int, int, int)
        threadIdx and blockIdx, or their numbers, x fastest.
    occurrence : int
        How many times the thread reaches the pc before.
    flip : int
        Bits to flip: of the register, the predicate (1), the index (8 bits) or the address
        register of the store (64 bits).
    value : int or None
        A value that replaces the register or predicate, instead of `flip`.
    after : bool
        Whether a register changes just after the instruction instead of just before it; a
        predicate always does.
    warp_wide : bool
        Whether all threads of the warp that are at the instruction are struck alike.

    Raises
    ------
    LaunchError
        If the fields do not describe a fault.

    Examples
    --------
    >>> Fault(thread=3, pc=0xA0, target="R4", flip=1 << 30).block
    0
    """

    pc: int
    target: str
    thread: int | tuple[int, int, int] = 0
    block: int | tuple[int, int, int] = 0
    occurrence: int = 0
    flip: int = 0
    value: int | None = None
    after: bool = False
    warp_wide: bool = False

    def __post_init__(self) -> None:
        numbered = _TARGET.match(self.target)
        if numbered is not None:
            limit = 254 if numbered.group(1) == "R" else 6
            bits = 32 if numbered.group(1) == "R" else 1
            known = int(numbered.group(2)) <= limit
        else:
            known = self.target in (_INDEX, _ADDRESS)
            bits = 8 if self.target == _INDEX else 64
        if not known:
            raise LaunchError(
                f"a fault has no target {self.target!r}: R0 to R254, P0 to P6, "
                f"'{_INDEX}' or '{_ADDRESS}'"
            )
        if self.value is not None and (self.flip or numbered is None):
            raise LaunchError(
                f"a fault in {self.target} takes "
                f"{'a flip or a value, not both' if numbered else 'a flip, not a value'}"
            )
        change = self.flip if self.value is None else self.value
        if not 0 <= change < 1 << bits or (self.value is None and not change):
            raise LaunchError(f"a fault changes {self.target} by 1 to {bits} bits, not {change:#x}")
        if self.pc % INSTRUCTION_BYTES or self.pc < 0:
            raise LaunchError(
                f"no instruction is at pc {self.pc:#x}: pcs are multiples of {INSTRUCTION_BYTES:#x}"
            )
        if not 0 <= self.occurrence <= MOST_INSTRUCTIONS:
            raise LaunchError(
                f"occurrence {self.occurrence}: it is from 0 to {MOST_INSTRUCTIONS:,}"
            )

    def site(self, shape: LaunchShape) -> tuple[int, int]:
        """Return the numbers of the struck block and of the struck thread in it.

        Raises
        ------
        LaunchError
            If the launch has no such block or thread.
        """
        return (
            _number("block", self.block, shape.grid, shape.block_number),
            _number("thread", self.thread, shape.block, shape.thread_number),
        )

    def vector(self, shape: LaunchShape, function: Function) -> FaultVector:
        """Return the fault as the interpreter takes it.

        Raises
        ------
        LaunchError
            If the kernel has no such instruction or register, or the launch no such thread.
        """
        _, thread = self.site(shape)
        if row_of(self.pc) >= len(function.instructions):
            raise LaunchError(
                f"{function.name} has no pc {self.pc:#x}: its last is "
                f"{pc_of(len(function.instructions) - 1):#x}"
            )
        self._check_instruction(function.at(self.pc))
        numbered = _TARGET.match(self.target)
        register = int(numbered.group(2)) if numbered else 0
        if numbered is None:
            strikes = Strikes.INDEX if self.target == _INDEX else Strikes.STORE_ADDRESS
        elif numbered.group(1) == "P":
            strikes = Strikes.PREDICATE
        elif register < function.registers:
            strikes = Strikes.REGISTER_AFTER if self.after else Strikes.REGISTER_BEFORE
        else:
            raise LaunchError(
                f"{function.name} has registers R0 to R{function.registers - 1}, no {self.target}"
            )
        return fault_vector(
            strikes,
            thread=thread,
            pc=self.pc,
            occurrence=self.occurrence,
            registers=function.registers,
            register=register,
            flip=self.flip,
            value=self.value,
            warp_wide=self.warp_wide,
        )

    def _check_instruction(self, instruction: Instruction) -> None:
        """Check that the instruction has what is struck: an index, or an address of a store."""
        opcode = find_opcode(instruction)
        if self.target == _INDEX and not (opcode and written_registers(instruction, opcode)):
            raise LaunchError(
                f"'{instruction}' at pc {self.pc:#x} has no general register as its destination, "
                "whose index could be struck"
            )
        stores = opcode is not None and opcode.shape is Shape.STORE
        if self.target == _ADDRESS and (not stores or instruction.opcode.startswith("RED")):
            raise LaunchError(f"'{instruction}' at pc {self.pc:#x} is no store")


def _number(
    what: str,
    index: int | tuple[int, int, int],
    sizes: tuple[int, int, int],
    number: Callable[[Sequence[int]], int],
) -> int:
    """Return the number of a block or thread that is given by number or by index."""
    if isinstance(index, int):
        inside = 0 <= index < sizes[0] * sizes[1] * sizes[2]
    else:
        inside = len(index) == 3 and all(
            0 <= one < size for one, size in zip(index, sizes, strict=True)
        )
    if not inside:
        raise LaunchError(f"the launch has no {what} {index}: there are {sizes} (x, y, z)")
    return index if isinstance(index, int) else number(index)

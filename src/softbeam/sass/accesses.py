"""The registers that an instruction reads and writes, by name: for people.

What the names stand for is decided in :mod:`softbeam.sass.effects`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from softbeam.sass.architectures import launch_facts
from softbeam.sass.effects import (
    destination_words,
    read_registers,
    roles,
    wide_address,
    written_registers,
)
from softbeam.sass.instruction import (
    TRUE_PREDICATE,
    UNIFORM_ZERO_REGISTER,
    Function,
    Instruction,
    Operand,
    OperandKind,
)
from softbeam.sass.opcodes import Opcode, find_opcode

#: The pair of uniform registers that describes a global access; the emulator does not use it.
_DESCRIPTOR = re.compile(r"g?desc\[UR([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Accesses:
    """Names of what an instruction reads and writes, runs of registers as ``R4-R7``.

    General registers come first, then uniform registers, predicates, uniform predicates; zero
    registers and the true predicate are left out.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def accesses(instruction: Instruction, opcode: Opcode) -> Accesses:
    """Return what an instruction reads and writes, its guard included.

    Examples
    --------
    >>> from softbeam.sass import parse_line
    >>> from softbeam.sass.opcodes import find_opcode
    >>> line = parse_line("@!P0 LDG.E.128 R4, desc[UR6][R2.64+0x10]")
    >>> accesses(line, find_opcode(line))
    Accesses(reads=('R2-R3', 'UR6-UR7', 'P0'), writes=('R4-R7',))
    """
    found = roles(instruction, opcode)
    guard = instruction.guard
    read = [*found.source_predicates]
    if guard.index != TRUE_PREDICATE:
        kind = OperandKind.UNIFORM_PREDICATE if guard.uniform else OperandKind.PREDICATE
        read.append(Operand(kind, str(guard), index=guard.index))
    uniform: set[int] = set()
    target = found.destination
    if target is not None and target.kind is OperandKind.UNIFORM_REGISTER:
        words = destination_words(instruction, opcode)
        uniform.update(range(target.index, target.index + words))
    return Accesses(
        (
            *_runs("R", read_registers(instruction, opcode)),
            *_runs("UR", _read_uniforms(instruction, found.sources)),
            *_predicates(read),
        ),
        (
            *_runs("R", written_registers(instruction, opcode)),
            *_runs("UR", uniform),
            *_predicates(found.destination_predicates),
        ),
    )


def _read_uniforms(instruction: Instruction, sources: tuple[Operand, ...]) -> set[int]:
    uniforms: set[int] = set()
    for operand in sources:
        if operand.kind is OperandKind.UNIFORM_REGISTER:
            uniforms.add(operand.index)
        elif operand.kind in (OperandKind.ADDRESS, OperandKind.CONSTANT):
            # What a global address adds has 64 bits, what a shared one adds 32.
            wide = wide_address(instruction, operand) or instruction.opcode.endswith("G")
            wide = wide and operand.kind is OperandKind.ADDRESS
            uniforms.update((operand.uniform, operand.uniform + 1) if wide else (operand.uniform,))
            if descriptor := _DESCRIPTOR.match(operand.text):
                first = int(descriptor.group(1))
                uniforms.update((first, first + 1))
    return {number for number in uniforms if number < UNIFORM_ZERO_REGISTER}


def _runs(prefix: str, numbers: Iterable[int]) -> list[str]:
    """Return names of registers, consecutive ones as one run."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if prefix == "UR" and number >= UNIFORM_ZERO_REGISTER:
            continue
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        f"{prefix}{run[0]}" if len(run) == 1 else f"{prefix}{run[0]}-{prefix}{run[-1]}"
        for run in runs
    ]


def _predicates(operands: Iterable[Operand]) -> list[str]:
    names = {
        f"{'UP' if operand.kind is OperandKind.UNIFORM_PREDICATE else 'P'}{operand.index}"
        for operand in operands
        if operand.index != TRUE_PREDICATE
    }
    return sorted(names, key=lambda name: (name.startswith("U"), name))


def named_predicates(function: Function) -> tuple[int, ...]:
    """Return which predicates a function names, ascending."""
    return tuple(sorted(_numbers(function, "P")))


def named_uniforms(function: Function) -> tuple[int, ...]:
    """Return which uniform registers a function names, ascending, but for descriptors.

    A pair that describes global accesses, for one of them or as a whole, is left out: what a wrong
    descriptor does, no manual and no recording says.  Until sm_89 listings do not name the pair of
    an access, but it is loaded from the driver's words of constant bank 0.
    """
    facts = launch_facts(function.architecture)
    plain = facts.known - set(facts.others)
    descriptors: set[int] = set()
    for instruction in function.instructions:
        for operand in instruction.operands:
            if found := _DESCRIPTOR.match(operand.text):
                descriptors.update((int(found.group(1)), int(found.group(1)) + 1))
        if instruction.opcode in ("ULDC", "LDCU") and len(instruction.operands) == 2:
            target, source = instruction.operands
            drivers = source.bank == 0 and source.value < function.parameter_base
            if drivers and source.value not in plain:
                descriptors.update((target.index, target.index + 1))
    return tuple(sorted(_numbers(function, "UR") - descriptors))


def _numbers(function: Function, prefix: str) -> set[int]:
    """Return the numbers of the registers of a kind that known instructions read or write."""
    numbers: set[int] = set()
    for instruction in function.instructions:
        opcode = find_opcode(instruction)
        if opcode is None:
            continue
        found = accesses(instruction, opcode)
        for run in (*found.reads, *found.writes):
            first, *last = run.split("-")
            if first.startswith(prefix) and first[len(prefix) :].isdecimal():
                until = (last or [first])[0]
                numbers.update(range(int(first[len(prefix) :]), int(until[len(prefix) :]) + 1))
    return numbers

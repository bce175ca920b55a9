"""Random faults in the kernels of the corpus: each ends in a known way, twice in the same one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.architectures import with_marks
from support.corpus import architectures, own_machine

from softbeam.emulator import Fault
from softbeam.emulator.ending import EXCEPTIONS
from softbeam.emulator.outcome import Outcome
from softbeam.sass.effects import written_registers
from softbeam.sass.instruction import Function
from softbeam.sass.opcodes import find_opcode

SOURCES = ("atomics", "blocks", "control", "half", "integer", "programs", "warp", "wide")
ENDINGS = {"completed", "hang", *EXCEPTIONS.values()}
THREADS, FAULTS, BUDGET = 32, 8, 20_000


def _fault(draw: random.Random, function: Function) -> Fault:
    """Return any fault in any instruction."""
    instruction = draw.choice([i for i in function.instructions if i.opcode != "NOP"])
    register = f"R{draw.randrange(function.registers)}"
    targets = [(register, 32), (register, 32), (f"P{draw.randrange(7)}", 1)]
    if instruction.opcode in ("ST", "STG", "STS", "STL"):
        targets.append(("store address", 64))
    opcode = find_opcode(instruction)
    if opcode is not None and written_registers(instruction, opcode):
        targets.append(("destination index", 8))
    target, bits = draw.choice(targets)
    flip = draw.choice([1 << draw.randrange(bits), draw.getrandbits(bits) or 1])
    return Fault(
        thread=draw.randrange(THREADS),
        pc=instruction.pc,
        target=target,
        flip=flip,
        occurrence=draw.choice([0, 0, 0, 1, 2, 7]),
        after=draw.random() < 0.5,
        warp_wide=draw.random() < 0.2,
    )


@pytest.mark.parametrize(
    ("source", "architecture"),
    [
        with_marks(architecture, source)
        for source in SOURCES
        for architecture in architectures(source)
    ],
)
def test_a_struck_kernel_ends(source: str, architecture: str) -> None:
    draw = random.Random(f"{source} {architecture}")
    words = np.random.default_rng(5).integers(0, 1 << 32, 4096, dtype=np.uint32)
    machine = own_machine(source, architecture)
    buffers = [machine.allocate(words) for _ in range(4)]
    # What a kernel writes to a variable of the module would be there in the second launch.
    kernels = sorted(set(machine.kernels) - {"variables_k"})

    def launched(kernel: str, fault: Fault) -> tuple[Outcome, list[bytes]]:
        arguments = [
            buffers[number % 4] if size == 8 else THREADS if size == 4 else bytes(size)
            for number, (_, size) in enumerate(machine.kernels[kernel].parameters)
        ]
        for buffer in buffers:
            machine.write(buffer, words)
        outcome = machine.launch(
            kernel, 2, THREADS, *arguments, fault=fault, budget=BUDGET, shared_bytes=1024
        )
        return outcome, [machine.read(buffer).tobytes() for buffer in buffers]

    for _ in range(FAULTS):
        kernel = draw.choice(kernels)
        fault = _fault(draw, machine.kernels[kernel])
        first = launched(kernel, fault)
        assert first[0].ending in ENDINGS, (kernel, fault)
        assert launched(kernel, fault) == first, (kernel, fault)

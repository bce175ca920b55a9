"""Protected memory: who violates it ends there, in both engines, and memory is as before."""

from __future__ import annotations

import numpy as np
import pytest
from support.engines import ENGINES, engine

from softbeam.emulator import Machine
from softbeam.emulator.protection import Protection, protected
from softbeam.errors import LaunchError
from softbeam.kernels import cubin_bytes, listing_bytes


def machine_with(kernel: str = "copy") -> Machine:
    return Machine(cubin_bytes(kernel), listing_bytes(kernel))


def copying(machine: Machine, source: int, target: int, number: int = 64) -> object:
    return machine.launch("copy_kernel", 2, 32, number, source, 0, 1, target, 0, 1)


@pytest.mark.parametrize("name", ENGINES)
def test_a_store_to_read_only_memory_is_an_illegal_address(name: str) -> None:
    machine = machine_with()
    source = machine.allocate(np.arange(64, dtype=np.float32))
    target = machine.allocate(np.zeros(64, dtype=np.float32))
    machine.protect(source, "read")
    with engine(name):
        assert copying(machine, source, target).completed
        machine.write(target, np.zeros(64, dtype=np.float32))
        machine.protect(target, "read")
        ended = copying(machine, source, target)
    assert (ended.ending, ended.address) == ("Illegal Address", target + 4 * 31)
    assert not machine.read(target).any()
    machine.protect(target, "read-write")
    with engine(name):
        assert copying(machine, source, target).completed
    np.testing.assert_array_equal(machine.read(target), np.arange(64))


@pytest.mark.parametrize("name", ENGINES)
def test_memory_without_access_cannot_be_read(name: str) -> None:
    machine = machine_with()
    source, target = machine.allocate(4 * 64), machine.allocate(4 * 64)
    machine.protect(source, "none")
    with engine(name):
        ended = copying(machine, source, target)
    assert (ended.ending, ended.address) == ("Illegal Address", source)
    # One word of the neighbour: allocations begin at multiples of 512 bytes.
    with engine(name):
        assert copying(machine, target, target).completed


def test_a_mapped_region_is_protected_as_a_whole_and_freed() -> None:
    machine = machine_with()
    source, region = machine.allocate(4 * 64), 0x10_0000_0000
    machine.map(region, 2 << 20)
    machine.protect(region, "read")
    assert copying(machine, source, region + (2 << 20) - 256).ending == "Illegal Address"
    machine.free(region)
    machine.map(region, 2 << 20)
    assert copying(machine, source, region + (2 << 20) - 256).completed


def test_protections_are_saved_and_restored() -> None:
    machine = machine_with()
    source, target = machine.allocate(4 * 64), machine.allocate(4 * 64)
    saved = machine.save()
    machine.protect(target, "none")
    closed = machine.save()
    machine.restore(saved)
    assert copying(machine, source, target).completed
    machine.restore(closed)
    assert copying(machine, source, target).ending == "Illegal Address"


def test_a_debugger_can_let_an_access_pass() -> None:
    machine = machine_with()
    source = machine.allocate(np.arange(32, dtype=np.float32))
    target = machine.allocate(np.zeros(32, dtype=np.float32))
    machine.protect(source, "none")
    machine.protect(target, "read")
    asked = []

    def decide(access: object) -> bool:
        asked.append((access.stop.instruction.opcode, min(access.addresses.values())))
        return True

    debugger = machine.debug("copy_kernel", 1, 32, 32, source, 0, 1, target, 0, 1)
    debugger.on_violation(decide)
    assert debugger.finish().completed
    assert asked == [("LDG", source), ("STG", target)]
    np.testing.assert_array_equal(machine.read(target), np.arange(32))
    refused = machine.debug("copy_kernel", 1, 32, 32, source, 0, 1, target, 0, 1)
    refused.on_violation(lambda access: None)
    assert refused.finish().ending == "Illegal Address"


def test_what_cannot_be_protected_is_said() -> None:
    machine = machine_with()
    x = machine.allocate(64)
    with pytest.raises(LaunchError, match="no protection 'write'; there are: read-write, read"):
        machine.protect(x, "write")
    with pytest.raises(LaunchError, match="nothing was allocated at"):
        machine.protect(x + 4, "read")


def test_segments_are_cut_where_protections_begin_and_end() -> None:
    read, none = Protection.READ, Protection.NONE
    cut = protected([(0, 400, 7)], {(0, 40): read, (80, 120): none, (360, 400): read})
    assert [(start, end) for start, end, _ in cut] == [
        (0, 40), (40, 80), (80, 120), (120, 360), (360, 400)]  # fmt: skip
    assert [word for _, _, word in cut] == [-16 - 7, 17, -(1 << 40) - 27, 37, -16 - 97]

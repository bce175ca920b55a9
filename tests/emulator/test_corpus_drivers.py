"""Kernels that call what only a driver has: they load, and raise where they call it."""

from __future__ import annotations

import numpy as np
import pytest
from support.corpus import on_architectures, own_machine

from softbeam.emulator import Machine
from softbeam.errors import LaunchError, UnsupportedInstruction


def run(machine: Machine, kernel: str, number: int) -> list[int]:
    out = machine.allocate(np.zeros(32, dtype=np.int32))
    assert machine.launch(kernel, 1, 32, out, number).completed
    return [int(one) for one in machine.read(out)]


@on_architectures("drivers")
def test_other_kernels_of_the_file_run(architecture: str) -> None:
    machine = own_machine("drivers", architecture)
    assert machine.unsupported("plain_k") == ()
    assert run(machine, "plain_k", 5) == list(range(5, 37))


@on_architectures("drivers")
@pytest.mark.parametrize("kernel", ["printing_k", "allocating_k"])
def test_a_call_of_the_driver_raises_where_it_is_reached(architecture: str, kernel: str) -> None:
    machine = own_machine("drivers", architecture)
    assert run(machine, kernel, 3)[0] == 3
    unknown = machine.unsupported(kernel)
    assert unknown
    with pytest.raises(UnsupportedInstruction) as raised:
        run(machine, kernel, 4)
    assert any(f"'{one}' at pc {one.pc:#x} of {kernel}" in str(raised.value) for one in unknown)


def test_a_kernel_that_is_not_there_has_no_instructions() -> None:
    with pytest.raises(LaunchError, match="no one kernel 'other'"):
        own_machine("drivers", "sm_90").unsupported("other")

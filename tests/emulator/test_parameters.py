"""What a kernel's code tells of its parameters."""

from __future__ import annotations

import pytest
from support.bench import program
from support.shipped import on_all_shipped

from softbeam.emulator.parameters import integer_parameters
from softbeam.kernels import KERNELS
from softbeam.kernels import program as shipped
from softbeam.kernels.hardened import REPORTING, techniques_of

#: A float, an integer, a pair of integers, an address.
PARAMETERS = ((0, 4), (4, 4), (8, 8), (16, 8))


@pytest.mark.parametrize(
    "lines",
    [
        ("LDC.64 R4, c[0x0][0x210]", "FADD R8, R4, 1", "IADD3 R9, R5, 0x1, RZ"),
        ("LDCU.64 UR4, c[0x0][0x210]", "FADD R8, UR4, 1", "IADD3 R9, UR5, 0x1, RZ"),
        ("LDCU.64 UR4, c[0x0][0x210]", "MOV.64 R6, UR4", "FADD R8, R6, 1", "IADD3 R9, R7, 0x1, RZ"),
    ],
)
def test_words_that_are_loaded_together_are_told_apart(lines: tuple[str, ...]) -> None:
    code = program((*lines, "EXIT"), architecture="sm_120", parameters=PARAMETERS)
    assert integer_parameters(code.function) == {1}


def test_sums_of_64_bits_are_of_integers() -> None:
    lines = ("LDC.64 R4, c[0x0][0x220]", "IADD.64 R6, R4, 0x10", "EXIT")
    code = program(lines, architecture="sm_120", parameters=PARAMETERS)
    assert integer_parameters(code.function) == {3}


@on_all_shipped
def test_no_float_of_a_shipped_kernel_is_taken_for_an_integer(name: str, architecture: str) -> None:
    if set(REPORTING) & set(techniques_of(name)):
        # Copies of a float are compared, and put to the vote, as integers.
        return
    kinds = [parameter.kind for parameter in KERNELS[name].parameters]
    found = integer_parameters(shipped(name, architecture).function)
    assert "float32" not in {kinds[number] for number in found}
    assert found

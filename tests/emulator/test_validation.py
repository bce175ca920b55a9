"""Lowered rows are checked as data: what passes the check cannot lead the interpreter astray."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.bench import BASE, RUNNER, program
from support.launching import HEAD, PARAMETERS, store
from support.shipped import FEW

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.operations import OPERATIONS
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program, bank_words
from softbeam.emulator.validation import check_rows
from softbeam.errors import InternalError, UnsupportedInstruction
from softbeam.kernels import ARCHITECTURES
from softbeam.kernels import program as kernel_program

#: A little of everything: moves, floats, rare parts, memory of each kind, control flow, barriers.
MIXED = program(
    (
        *HEAD,
        "MOV R4, 0x3f800000",
        "UMOV UR4, 0x5",
        "UISETP.LT.AND UP0, UPT, UR4, 0x7, UPT",
        "LDG.E R8, [R2.64]",
        "IMAD.SHL.U32 R18, R0, 0x8, RZ",
        "FFMA R4, R4, R8, R9",
        "DADD R12, R8, R8",
        "HADD2 R5, R4, R8",
        "BREV R6, R0",
        "IMAD.WIDE R14, R0, R4, R8",
        "ISETP.LT.AND P0, PT, R0, 0x8, PT",
        "BSSY B0, (join)",
        "@P0 BRA (join)",
        "SHFL.IDX PT, R7, R4, R0, 0x1f",
        "STS.64 [R18], R8",
        "join:",
        "BSYNC B0",
        "F2I.S64.TRUNC R10, R4",
        "LDC R5, c[0x0][R0+0x210]",
        "ATOMG.E.ADD.STRONG.GPU PT, R5, [R2.64], R4",
        "VOTE.ANY R6, PT, P0",
        "MUFU.RCP R4, R4",
        "BAR.SYNC 0x0",
        *store(),
    ),
    parameters=PARAMETERS,
    shared_bytes=256,
)


def mutated(row: int, column: int, value: int) -> Program:
    rows = MIXED.code.rows.copy()
    rows[row, column] = value
    return replace(MIXED, code=MIXED.code._replace(rows=rows))


def run(code: Program) -> str:
    pool = np.zeros(64, dtype=np.uint32)
    shape = LaunchShape((1, 1, 1), (32, 1, 1))
    launch = Launch(
        code,
        shape,
        launch_constants(code, shape, [BASE, 0, 0, 0]),
        memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)]),
        256,
    )
    try:
        return RUNNER.run_launch(launch, budget=500).name
    except UnsupportedInstruction:
        return "unsupported"


def test_the_program_runs_as_it_is() -> None:
    assert MIXED.supported.all()
    assert run(MIXED) == "completed"


VALUES = st.one_of(
    st.integers(-2, 300),
    st.sampled_from(
        [63, 64, 65, 66, 254, 255, 256, 2047, 2048, 2049, 1 << 31, 1 << 62, -(1 << 63)]
    ),
    st.integers(-(1 << 63), (1 << 63) - 1),
)


@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.integers(0, len(MIXED.code.rows) - 1), st.integers(0, k.COLUMNS - 1), VALUES)
@example(6, k.DESTINATION, 255)
def test_what_the_check_lets_pass_ends_in_a_known_way(row: int, column: int, value: int) -> None:
    """An index beyond an array would end this process, or leave a mark in the next run."""
    code = mutated(row, column, value)
    try:
        check_rows(code.code, bank_words(code.banks))
    except InternalError:
        return
    # The parts that a changed row needs are those that a lowered one would name.
    run(replace(code, parts=tuple({int(part) for part in code.code.rows[:, k.PART]} - {0})))
    assert run(MIXED) == "completed"


@pytest.mark.parametrize(
    ("column", "value", "label"),
    [
        (k.OP, 5, "OP"),
        (k.OP, 10_000, "OP"),
        (k.GUARD, 32, "GUARD"),
        (k.DESTINATION, 256, "DESTINATION"),
        (k.DESTINATION, -1, "DESTINATION"),
        (k.DESTINATIONS, 5, "DESTINATIONS"),
        (k.PREDICATE_0, 8, "PREDICATE_0"),
        (k.A, 5, "A"),
        (k.A_VALUE, 255, "A_VALUE"),
        (k.A_CHANGE, 6, "A_CHANGE"),
        (k.SOURCE_PREDICATE_0, 32, "SOURCE_PREDICATE_0"),
        (k.SIZE, 32, "SIZE"),
        (k.SPACE, 4, "SPACE"),
        (k.UNIFORM_BASE, 256, "UNIFORM_BASE"),
        (k.BARRIER, 17, "BARRIER"),
        (k.PART, k.PART_MEMORY, "PART"),
        (k.PART, k.PARTS, "PART"),
        (k.ROUNDING, 4, "ROUNDING"),
        (k.SCALE, 17, "SCALE"),
        (k.TARGET, 1 << 60, "TARGET"),
    ],
)
def test_a_value_out_of_range_is_named(column: int, value: int, label: str) -> None:
    load = next(row for row, one in enumerate(MIXED.code.rows) if one[k.OP] == k.LOAD)
    with pytest.raises(InternalError, match=rf"pc 0x{16 * load:x} has {label} {value},"):
        check_rows(mutated(load, column, value).code, bank_words(MIXED.banks), "f")


def test_pairs_and_longer_rows_of_registers_must_fit() -> None:
    at = {int(one[k.OP]): row for row, one in enumerate(MIXED.code.rows)}
    for operation, column, most in (
        (k.LOAD, k.DESTINATION, 254),
        (k.STORE, k.B_VALUE, 254),
        (k.DADD, k.B_VALUE, 254),
    ):
        check_rows(mutated(at[operation], column, most).code, 2048)
        with pytest.raises(InternalError):
            check_rows(mutated(at[operation], column, most + 1 + (most == 254)).code, 2048)
    constant = next(row for row, one in enumerate(MIXED.code.rows) if one[k.C] == k.CONSTANT)
    check_rows(mutated(constant, k.C_VALUE, 2047).code, 2048)
    with pytest.raises(InternalError, match="C_VALUE 2048"):
        check_rows(mutated(constant, k.C_VALUE, 2048).code, 2048)


def test_arrays_of_another_kind_are_refused() -> None:
    code = MIXED.code
    for changed in (
        code._replace(rows=code.rows[:, ::2]),
        code._replace(rows=code.rows.astype(np.int32)),
        code._replace(reads=code.reads[:-1]),
        code._replace(writes=np.asfortranarray(code.writes)),
    ):
        with pytest.raises(InternalError, match="not arrays that the interpreter takes"):
            check_rows(changed, 2048)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_shipped_kernel_passes(architecture: str) -> None:
    for name in FEW:
        code = kernel_program(name, architecture)
        check_rows(code.code, bank_words(code.banks), name)


def test_every_operation_is_declared_once_under_its_name() -> None:
    for number, operation in OPERATIONS.items():
        assert number == operation.number == getattr(k, operation.name)
        assert (operation.part != 0) >= (operation.kind is operation.kind.RARE)
    assert OPERATIONS[0].name == "UNSUPPORTED"


def test_an_instruction_with_a_value_that_no_gpu_has_raises_when_it_is_reached() -> None:
    code = program((*HEAD, "LOP3.LUT R4, R4, R5, R6, 0x1ff, !PT", *store()), parameters=PARAMETERS)
    assert code.supported.tolist().count(False) == 1
    assert run(code) == "unsupported"


@pytest.mark.parametrize(
    "line",
    [
        "MOV R4, 0xffffffffffffffff",
        "LDC R4, c[0x0][0xffffffffffffffff]",
        "LDG.E R4, [R2.64+0xffffffffffffffff]",
        "LEA R4, R5, R6, 0x8000000000000000",
    ],
)
def test_a_number_that_no_instruction_can_hold_raises_when_it_is_reached(line: str) -> None:
    assert run(program((line, "EXIT"), parameters=PARAMETERS)) == "unsupported"

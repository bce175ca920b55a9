"""Programs made in Python: what runs, what is refused, and what looks like a mistake."""

from __future__ import annotations

import numpy as np
import pytest
from support.programs import PROGRAMS, with_code

from softbeam import Program, cubin_bytes, listing_bytes
from softbeam.errors import LaunchError, ProgramError


def program(*kernels: str) -> Program:
    made = Program("made")
    for kernel in kernels:
        made.code(cubin_bytes(kernel), listing_bytes(kernel))
    return made


def test_outputs_are_what_numpy_computes():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(32, 32)).astype("f4")
    made = with_code("sums")
    x = made.buffer("x", a)
    y = made.buffer("y", shape=(32, 32), dtype=np.float32)
    made.launch("transpose_k", (2, 2), (16, 16), y, x, 32)
    made.output(y)
    run = made.run()
    assert np.array_equal(run.outputs["y"], a.T)
    (launch,) = run.launches
    assert (launch.units, launch.read_words, launch.written_words) == (4, 1024, 1024)
    assert not run.warnings


def test_bytes_constants_copies_and_checks():
    run = Program.run(_made(PROGRAMS["counting"]()))
    assert run.outputs["data"].dtype == np.uint8
    assert [one.exchanges for one in run.launches] == [False, True, False, False]


def _made(description) -> Program:
    made = Program(description.name)
    made._codes += description.codes
    made._buffers.update(description.buffers)
    made._steps += description.steps
    made._outputs += description.outputs
    return made


def test_a_check_that_fails_without_a_fault_is_said():
    made = program("fill")
    x = made.buffer("x", np.zeros(4, np.float32))
    made.launch("fill_kernel", 1, 32, 4, 2.0, x, 1)
    made.check(x, 1)
    made.output(x)
    with pytest.raises(ProgramError, match=r"finds an error without a fault: element 0 .* is 2"):
        made.run()


def test_reading_what_nothing_wrote_is_a_warning():
    made = program("axpy")
    x = made.buffer("x", shape=4, dtype=np.float32)
    y = made.buffer("y", np.zeros(4, np.float32))
    z = made.buffer("z", np.zeros(4, np.float32))
    made.launch("axpy_kernel", 1, 32, 4, 1.0, x, 0, 1, y, 0, 1)
    made.launch("axpy_kernel", 1, 32, 0, 1.0, y, 0, 1, z, 0, 1)
    made.output(y, z)
    read, written = made.run().warnings
    assert "step 0 (launch of axpy_kernel) reads 'x' where nothing has written" in read
    assert written == "no launch writes the output 'z'"


def test_a_launch_that_does_not_complete_is_named():
    made = program("fill")
    x = made.buffer("x", shape=4, dtype=np.float32)
    made.launch("fill_kernel", 1, 32, 4, 2.0, 12345680, 1)
    made.output(x)
    made.launch("fill_kernel", 1, 32, 4, 2.0, x, 1)
    with pytest.raises(ProgramError, match=r"step 0 .* does not complete without a fault: Illegal"):
        made.run()


def test_everything_that_code_refuses_is_said_at_once():
    made = program("fill")
    x = made.buffer("x", shape=4, dtype=np.float32)
    made.launch("fill_kernel", 1, 32, 4, 2.0, x)
    made.launch("none", 1, 32, x)
    made.launch("fill_kernel", 1, 32, 4.5, 2.0, x, 1)
    made.output(x)
    with pytest.raises(ProgramError) as said:
        made.run()
    first, second, third = str(said.value).splitlines()
    assert "step 0 (launch of fill_kernel): fill_kernel takes 4 arguments, not 3" in first
    assert "there is no one kernel 'none'" in second
    assert "argument 0 of fill_kernel is used as an integer" in third


def test_what_a_method_is_given_is_checked():
    made = program("fill")
    made.buffer("x", shape=4, dtype=np.float32)
    for attempt, said in (
        (lambda: made.buffer("x", [1]), "there is a buffer 'x' already"),
        (lambda: made.buffer("a b", [1]), "cannot be called 'a b'"),
        (lambda: made.buffer("y"), "needs its content, or else shape and dtype"),
        (lambda: made.buffer("y", shape=3), "needs a dtype"),
        (lambda: made.buffer("y", shape=0, dtype="f4"), "holds no bytes"),
        (lambda: made.buffer("y", [None]), "holds no bytes"),
        (lambda: made.launch("fill_kernel", 1, 1, "x"), "'x' is no argument of a kernel"),
        (lambda: Program(""), "a program cannot be called ''"),
    ):
        with pytest.raises(ProgramError, match=said):
            attempt()
    with pytest.raises(LaunchError, match="a block of 2048"):
        made.launch("fill_kernel", 1, 2048)


def test_an_empty_program_says_what_it_lacks():
    with pytest.raises(ProgramError) as said:
        Program("empty").run()
    assert [line.partition(": ")[2] for line in str(said.value).splitlines()] == [
        "it has no machine code; add a cubin",
        "it launches nothing; add a launch",
        "it has no output; say which buffers are its answer",
    ]


def test_structures_are_laid_out_as_c_lays_them_out():
    from softbeam.program.description import Address, Struct
    from softbeam.program.loading import _struct_bytes

    inner = Struct((np.int8(1), np.int32(2)))
    outer = Struct((np.int8(3), Address("x", 4), inner, np.int16(5)))
    found = _struct_bytes(outer, {"x": 100})
    assert found[:1] == b"\3"
    assert found[8:16] == (104).to_bytes(8, "little")
    assert found[16:24] == b"\1\0\0\0\2\0\0\0"
    assert found[24:26] == b"\5\0"
    assert len(found) == 32


def test_kernels_of_one_name_are_told_apart_by_their_code():
    made = program("fill", "fill")
    x = made.buffer("x", shape=4, dtype=np.float32)
    made.launch("fill_kernel", 1, 32, 4, 1.0, x, 1)
    made.launch("code-2.cubin:fill_kernel", 1, 32, 2, 2.0, x, 1)
    made.output(x)
    assert made.run().outputs["x"].tolist() == [2, 2, 1, 1]

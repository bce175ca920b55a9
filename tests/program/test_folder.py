"""Programs on disk: what is written is read again, and what is wrong is said, all of it."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
import tomli_w
from support.programs import PROGRAMS

from softbeam import Program
from softbeam.errors import ProgramError
from softbeam.program.folder import FILE, read_program, write_program


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_read_as_it_was_written(name, tmp_path):
    program = PROGRAMS[name]()
    write_program(program, tmp_path / "program")
    again = read_program(tmp_path / "program")
    for field in ("name", "steps", "outputs", "buffers"):
        assert getattr(again, field) == getattr(program, field)
    assert [one.cubin for one in again.codes] == [one.cubin for one in program.codes]
    for buffer in program.buffers.values():
        content = again.buffers[buffer.name].content
        assert (content is None) == (buffer.content is None)
        if content is not None:
            assert content.tobytes() == buffer.content.tobytes()


def test_every_kind_of_argument_is_read_as_it_was_written(tmp_path):
    program = PROGRAMS["floats"]()
    made = Program("arguments")
    made.code(program.codes[0].cubin, program.codes[0].listing)
    x = made.buffer("x", shape=8, dtype=np.float32)
    struct = [x, np.int8(-3), [np.float64(0.1), b"\1\2"], np.uint64(2**64 - 1)]
    made.launch("reverse_k", 1, 8, x, x, struct, -5, 0.25, np.float16(1.5), b"\0\xff")
    made.copy(x, x, 8)
    made._steps[-1] = type(made._steps[-1])(x, type(x)("x", 8), 8, "shift")
    made.check(x, 0, name="zero")
    made.output(x)
    made.write(tmp_path)
    assert read_program(tmp_path).steps == made.description.steps


@pytest.fixture
def folder(tmp_path):
    write_program(PROGRAMS["floats"](), tmp_path / "program")
    return tmp_path / "program"


def change(folder, edit) -> str:
    """Edit a program's table and return what is said of it."""
    table = tomllib.loads((folder / FILE).read_text())
    edit(table)
    (folder / FILE).write_text(tomli_w.dumps(table))
    with pytest.raises(ProgramError) as said:
        read_program(folder)
    return str(said.value)


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (lambda t: t.update(format=2), "format: it must be 1"),
        (lambda t: t.update(extra=1), "extra: extra inputs are not permitted"),
        (lambda t: t.pop("outputs"), "outputs: this is needed"),
        (lambda t: t.update(name="../x"), "name: '../x' is no name"),
        (lambda t: t["steps"][0].pop("grid"), "steps.0: the launch has no grid"),
        (lambda t: t["steps"][0].update(copy={"buffer": "a"}), "one of launch, copy and check"),
        (lambda t: t["steps"][0].update(grid=[0]), "steps.0: a grid of [0]"),
        (lambda t: t["steps"][0].update(block=[2048]), "steps.0: a block of [2048]"),
        (lambda t: t["steps"][0].update(shared_bytes=1 << 30), "bytes of shared memory"),
        (lambda t: t["steps"][0].update(arguments=[True]), "true is no argument"),
        (lambda t: t["steps"][0].update(arguments=[{"buffer": "a", "x": 1}]), "is no argument"),
        (
            lambda t: t["steps"][0].update(arguments=[{"type": "uint8", "value": 256}]),
            "256 does not fit uint8",
        ),
        (lambda t: t["buffers"]["a"].update(dtype="f4"), "a buffer has a file, or else dtype"),
        (lambda t: t["buffers"]["sums"].update(dtype="object"), "'object' is no type"),
        (lambda t: t["buffers"]["a"].update(file="../a.npy"), "'../a.npy' is no name"),
        (lambda t: t["buffers"]["a"].update(file="none.npy"), "cannot read none.npy"),
        (lambda t: t["buffers"]["a"].update(file="blocks.cubin"), "blocks.cubin is no .npy file"),
        (lambda t: t["code"][0].update(cubin="none.cubin"), "cannot read none.cubin"),
        (lambda t: t.update(outputs=["none"]), "the output 'none' is none of its buffers"),
        (lambda t: t.update(outputs=["sums", "sums"]), "the output 'sums' is named twice"),
        (
            lambda t: t["steps"][0]["arguments"].__setitem__(0, {"buffer": "none"}),
            "step 0 (launch of transpose_k): there is no buffer 'none'",
        ),
        (
            lambda t: t["steps"][0]["arguments"].__setitem__(0, {"buffer": "sums", "offset": 16}),
            "offset 16 is not within the 16 bytes of 'sums'",
        ),
        (lambda t: t["steps"][3].update(nbytes=6), "6 bytes are not copied"),
        (lambda t: t["steps"][3].update(nbytes=8192), "are not within the 4096 bytes"),
        (lambda t: t["steps"][3].update(to={"buffer": "kept", "offset": 4}), "overlap in 'kept'"),
    ],
)
def test_what_is_wrong_is_said(folder, edit, wanted):
    assert wanted in change(folder, edit)


def test_all_that_is_wrong_is_said_at_once(folder):
    def spoil(table):
        table["steps"][0]["arguments"][0] = {"buffer": "none"}
        table["steps"][3]["nbytes"] = 6
        table["outputs"] = ["nothing"]

    said = change(folder, spoil).splitlines()
    assert len(said) == 3
    assert all(line.startswith("program floats: ") for line in said)


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(ProgramError, match=r"cannot read the program .*program.toml"):
        read_program(tmp_path)
    (tmp_path / FILE).write_text("= 1")
    with pytest.raises(ProgramError, match="is no TOML"):
        read_program(tmp_path)


def test_nothing_is_written_over(folder):
    with pytest.raises(ProgramError, match="is not empty"):
        write_program(PROGRAMS["floats"](), folder)

"""One launch from the command line: buffers, arguments, faults, endings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from softbeam.cli import main
from softbeam.kernels import cubin_bytes, listing_bytes, program

Capture = pytest.CaptureFixture[str]

STORE = next(i.pc for i in program("copy").function.instructions if i.opcode == "STG")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds the copy kernel and its input."""
    monkeypatch.chdir(tmp_path)
    Path("k.cubin").write_bytes(cubin_bytes("copy"))
    Path("k.json").write_bytes(listing_bytes("copy"))
    np.save("x.npy", np.arange(1, 41, dtype=np.float32))
    return tmp_path


def emulate(*options: str) -> int:
    """Copy 40 elements of x to y, with further or other options."""
    # copy_kernel(int N, float *X, int OFFX, int INCX, float *Y, int OFFY, int INCY)
    arguments = ["int:40", "buffer:x", "int:0", "int:1", "buffer:y", "int:2", "int:1"]
    usual = {
        "--cubin": "k.cubin",
        "--listing": "k.json",
        "--kernel": "copy_kernel",
        "--grid": "2",
        "--block": "32,1,1",
    }
    return main(
        [
            "emulate",
            *(part for one in usual.items() if one[0] not in options for part in one),
            *("--buffer", "x=x.npy", "--buffer", "y=zeros:256"),
            *(part for argument in arguments for part in ("--arg", argument)),
            *options,
        ]
    )


def test_a_launch_that_completes(folder: Path, capsys: Capture) -> None:
    assert emulate("--out", "y=y.bin", "--out", "x=again.npy") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "copy_kernel, sm_90: completed"
    assert lines[1].endswith("by one thread")
    assert lines[2:5] == [
        "x: 0 words changed",
        "y: 40 words changed",
        "  word 2: 0x00000000 to 0x3f800000",
    ]
    assert lines[-1] == "  and 32 more"
    y = np.fromfile("y.bin", dtype=np.float32)
    np.testing.assert_array_equal(y, [0, 0, *range(1, 41), *[0] * 22])
    np.testing.assert_array_equal(np.load("again.npy"), np.load("x.npy"))
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_fault_that_changes_a_value(folder: Path, capsys: Capture) -> None:
    data = program("copy").function.at(STORE).operands[1].text
    assert emulate("--json", "--fault", f"pc={STORE:#x},target={data},bit=31,thread=3,block=1") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["ending"] == "completed"
    assert outcome["struck"]
    assert outcome["before"] ^ outcome["after"] == 1 << 31
    assert np.array(outcome["before"], dtype=np.uint32).view(np.float32) == 36.0
    assert outcome["changed_words"] == {"x": 0, "y": 40}


def test_a_fault_that_the_gpu_detects(folder: Path, capsys: Capture) -> None:
    fault = f"pc={STORE:#x},target=address,flip=0x10000000000,thread=3:0:0,occurrence=0"
    assert emulate("--fault", fault, "--out", "y=y.bin") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"copy_kernel, sm_90: Illegal Address at pc {STORE:#x}, STG.E desc[")
    assert ", address 0x7e" in lines[0]
    assert lines[2:] == ["fault applied", "memory is lost, as it is on a GPU"]
    assert not Path("y.bin").exists()


def test_a_fault_whose_place_is_not_reached(folder: Path, capsys: Capture) -> None:
    assert emulate("--fault", "pc=0,target=R0,value=3,occurrence=5,after,warp-wide") == 0
    assert "the fault's place was not reached" in capsys.readouterr().out


def test_a_hang(folder: Path, capsys: Capture) -> None:
    assert emulate("--budget", "3") == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("copy_kernel, sm_90: hang at pc 0x30, ")
    assert line.endswith(", a thread has executed all that it may, block 0, warp 0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--buffer", "z=nowhere.bin"],
            "cannot read or write nowhere.bin: No such file or directory",
        ),
        (["--buffer", "z=k.json", "--buffer", "z=k.json"], "'z' is given twice"),
        (["--buffer", "z"], "'z' is not NAME=VALUE"),
        (["--buffer", "z=zeros:0"], "zeros:0: from 1 byte to 1 GiB"),
        (["--buffer", "z=zeros:x"], "'x' is no number"),
        (["--buffer", "z=bad.npy"], "bad.npy is not a .npy file"),
        (["--buffer", "z=empty.bin"], "empty.bin is empty"),
        (["--out", "z=file"], "there is no --buffer z"),
        (
            ["--out", "y=nowhere/file"],
            "cannot read or write nowhere/file: No such file or directory",
        ),
        (["--arg", "int:4"], "copy_kernel takes 7 arguments, not 8"),
        (["--arg", "buffer:z"], "there is no --buffer z"),
        (["--arg", "int:x"], "'int:x' is not int:N, float:X, buffer:NAME or bytes:HEX"),
        (["--grid", "1,x"], "'1,x' is not one to three numbers"),
        (["--grid", "0"], "a grid of"),
        (["--block", "2048"], "a block of"),
        (["--kernel", "nothing"], "the cubin has: copy_kernel"),
        (["--cubin", "nowhere"], "cannot read or write nowhere: No such file or directory"),
        (["--cubin", "k.json"], "k.json: not a cubin"),
        (["--listing", "bad.npy"], "not the JSON of a listing"),
        (["--shared", "1000000"], "bytes of shared memory"),
        (["--fault", "pc=0"], "has no target="),
        (["--fault", "pc=0,target=R0,bit=64"], "'bit=64' is no part of a fault"),
        (["--fault", "pc=0,target=R0,bit=40"], "by 1 to 32 bits"),
        (["--fault", "pc=x,target=R0"], "'x' is no number"),
        (["--fault", "pc=0,target=R0,bit=1,thread=1:2"], "the launch has no thread (1, 2)"),
        (["--fault", "pc=0,target=R0,bit=1,color=red"], "'color=red' is no part of a fault"),
        (["--fault", "pc=0,target=R99,bit=1"], "no R99"),
        (["--fault", "pc=0,target=R0,bit=1,bit=2"], "says bit twice"),
        (["--fault", "pc=0,target=R0,bit=1,flip=2"], "or bit and flip"),
        (["--fault", "pc=0,pc=16,target=R0,bit=1"], "says pc twice"),
        (["--fault", f"pc=0,target=R0,bit=1,occurrence={10**21}"], "occurrence 10000000000"),
        (["--buffer", "z=large.npy"], "large.npy is not a .npy file (it promises 4398046511104"),
        (["--buffer", "z=pipe"], "it is a pipe, not a regular file"),
        (["--budget", "0"], "a budget of 0 instructions"),
        (["--budget", "-1"], "a budget of -1 instructions"),
        (["--budget", str(1 << 63)], "a budget of 9223372036854775808 instructions"),
        (["--launch-budget", "0"], "a budget for the launch of 0 instructions"),
        (["--block", str(1 << 64)], "a block of"),
        (["--grid", "1,1,65536"], "a grid of"),
    ],
)
def test_bad_input(folder: Path, options: list[str], message: str, capsys: Capture) -> None:
    (folder / "bad.npy").write_text("text")
    (folder / "empty.bin").write_bytes(b"")
    os.mkfifo(folder / "pipe")
    with (folder / "large.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
        np.lib.format.write_array_header_1_0(file, header)
    assert emulate(*options) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_an_unknown_instruction_is_no_outcome(folder: Path, capsys: Capture) -> None:
    text = listing_bytes("copy").replace(b'"STG.E"', b'"SUST.D"')
    Path("k.json").write_bytes(text)
    assert emulate() == 2
    message = capsys.readouterr().err
    assert "SUST.D" in message
    assert f"pc {STORE:#x}" in message

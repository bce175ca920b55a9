"""``softbeam emulate``: one launch of a user's kernel, with a fault where wanted.

The emulation is :class:`softbeam.emulator.Machine`'s; here is how a launch is written as options
and how its outcome is printed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softbeam.cli._app import app
from softbeam.cli._launch import (
    parse_argument,
    parse_buffer,
    parse_dimensions,
    parse_fault,
    parse_named,
)
from softbeam.cli._options import compiling_told
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE
from softbeam.text import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from softbeam.emulator import Machine, Outcome

#: Changed words of a buffer that are printed.
SHOWN = 8


#: Why a launch hangs, in words.
_REASONS = {
    "budget": "a thread has executed all that it may",
    "launch budget": "all warps together have executed all that they may",
    "deadlock": "threads wait for each other and nothing can change any more",
}


@app.command()
def emulate(
    cubin: Annotated[
        Path,
        typer.Option("--cubin", metavar="FILE", help="The cubin, or a CUDA source to compile."),
    ],
    kernel: Annotated[
        str, typer.Option("--kernel", metavar="NAME", help="The kernel: its symbol or C++ name.")
    ],
    grid: Annotated[str, typer.Option("--grid", metavar="X[,Y[,Z]]", help="Blocks.")],
    block: Annotated[str, typer.Option("--block", metavar="X[,Y[,Z]]", help="Threads of a block.")],
    buffers: Annotated[
        list[str] | None,
        typer.Option(
            "--buffer",
            metavar="NAME=CONTENTS",
            help="Memory: a .npy file, another file's bytes, or zeros:BYTES. Repeatable.",
        ),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Option(
            "--arg",
            metavar="KIND:VALUE",
            help="The next argument: int:5, float:0.5 (a double where the kernel takes one), "
            "buffer:NAME, or bytes:HEX.",
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--out",
            metavar="NAME=FILE",
            help="Write this buffer after a completed launch: .npy, or plain bytes. Repeatable.",
        ),
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option(
            "--fault",
            metavar="KEY=VALUE,…",
            help="A fault: pc=0xa0,target=R4,bit=30, see below.",
        ),
    ] = None,
    listing: Annotated[
        Path | None,
        typer.Option("--listing", help="The cubin's listing; by default nvdisasm is asked."),
    ] = None,
    architecture: Annotated[
        str, typer.Option("--arch", help="What a CUDA source is compiled for.")
    ] = DEFAULT_ARCHITECTURE,
    shared_bytes: Annotated[
        int, typer.Option("--shared", metavar="BYTES", help="Dynamic shared memory of a block.")
    ] = 0,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget", help="Instructions of one thread before the launch counts as hung."
        ),
    ] = None,
    launch_budget: Annotated[
        int | None,
        typer.Option(
            "--launch-budget",
            help="Instructions of all warps together before the launch counts as hung.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Emulate one launch of a kernel and print how it ended and what it changed.

    A fault has pc=PC and target=R0 … R254, P0 … P6, index (of the destination) or address (of a
    store); the change, bit=N, flip=MASK or value=V; and, unless they are 0, thread=N or X:Y:Z,
    block=N or X:Y:Z, occurrence=N (how often the thread reaches the pc before). The word after
    strikes a register just after the instruction, warp-wide all threads at it.

    The exit status is 0 however the launch ended: an exception of the GPU is an outcome.
    """
    from softbeam.emulator import Machine
    from softbeam.emulator.machine import BUDGET, LAUNCH_BUDGET

    contents = {
        name: parse_buffer(text) for name, text in parse_named("--buffer", buffers or []).items()
    }
    files = {name: Path(text) for name, text in parse_named("--out", outputs or []).items()}
    for name in files:
        if name not in contents:
            raise typer.BadParameter(f"there is no --buffer {name}", param_hint="--out")
    wanted = None if fault is None else parse_fault(fault)
    machine = Machine.load(cubin, listing, architecture=architecture)
    places = {name: machine.allocate(content) for name, content in contents.items()}
    with compiling_told():
        outcome = machine.launch(
            kernel,
            parse_dimensions("--grid", grid),
            parse_dimensions("--block", block),
            *(parse_argument(text, places) for text in arguments or []),
            fault=wanted,
            shared_bytes=shared_bytes,
            budget=BUDGET if budget is None else budget,
            launch_budget=LAUNCH_BUDGET if launch_budget is None else launch_budget,
        )
    after = {name: machine.read(place) for name, place in places.items()}
    changes = {name: _changes(contents[name], after[name]) for name in contents}
    if as_json:
        counts = {name: len(changed) for name, changed in changes.items()}
        document = {**asdict(outcome), "changed_words": counts}
        del document["executed"]
        typer.echo(json.dumps(document))
    else:
        _print(machine, kernel, outcome, changes, struck=wanted is not None)
    if outcome.completed:
        for name, path in files.items():
            _write(path, after[name])


def _changes(before: NDArray[Any], after: NDArray[Any]) -> list[tuple[int, int, int]]:
    """Return the words that differ: number, before, after; a last part of a word is filled up."""
    import numpy as np

    def words(array: NDArray[Any]) -> NDArray[np.uint32]:
        data = array.tobytes()
        return np.frombuffer(data + bytes(-len(data) % 4), dtype="<u4")

    first, second = words(before), words(after)
    return [(int(at), int(first[at]), int(second[at])) for at in np.flatnonzero(first != second)]


def _print(
    machine: Machine,
    kernel: str,
    outcome: Outcome,
    changes: Mapping[str, Sequence[tuple[int, int, int]]],
    *,
    struck: bool,
) -> None:
    from softbeam.sass import pc_of

    function = machine.find(kernel)
    place = ""
    if outcome.pc is not None:
        inside = 0 <= outcome.pc < pc_of(len(function.instructions))
        place = f" at pc {outcome.pc:#x}" + (f", {function.at(outcome.pc)}" if inside else "")
    if outcome.reason is not None:
        place += f", {_REASONS[outcome.reason]}"
    if outcome.block is not None:
        place += f", block {outcome.block}, warp {outcome.warp}"
    if outcome.address is not None:
        place += f", address {outcome.address:#x}"
    typer.echo(visible(f"{function.name}, {function.architecture}: {outcome.ending}{place}"))
    typer.echo(
        f"{outcome.warp_instructions} warp instructions, at most {outcome.longest} by one thread"
    )
    for pc in outcome.inexact:
        typer.echo(f"not bit-exact: {function.at(pc)} at pc {pc:#x}")
    if struck:
        change = "" if outcome.before is None else f": {outcome.before:#x} to {outcome.after:#x}"
        typer.echo(
            f"fault applied{change}" if outcome.struck else "the fault's place was not reached"
        )
    if not outcome.completed:
        typer.echo("memory is lost, as it is on a GPU")
        return
    for name, changed in changes.items():
        typer.echo(visible(f"{name}: {len(changed)} words changed"))
        for word, before, after in changed[:SHOWN]:
            typer.echo(f"  word {word}: {before:#010x} to {after:#010x}")
        if len(changed) > SHOWN:
            typer.echo(f"  and {len(changed) - SHOWN} more")


def _write(path: Path, array: NDArray[Any]) -> None:
    """Write a buffer to a file that is complete from the first moment on."""
    import numpy as np

    from softbeam.files import whole_file

    with whole_file(path) as file:
        if path.suffix == ".npy":
            np.save(file, array, allow_pickle=False)
        else:
            file.write(array.tobytes())
    typer.echo(f"wrote {path}", err=True)

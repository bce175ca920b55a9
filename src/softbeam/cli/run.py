"""``softbeam run``: a program without fault, its launches as a table, its outputs as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import compiling_told
from softbeam.text import visible

if TYPE_CHECKING:
    from softbeam.present.table import Table
    from softbeam.program.running import Run

#: Elements of an output that are printed.
SHOWN = 6


@app.command()
def run(
    program: Annotated[
        Path,
        typer.Argument(metavar="PROGRAM", help="A folder with program.toml and what it names."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for the outputs, as NAME.npy; made if need be."),
    ] = None,
) -> None:
    """Run a program without fault: what each launch executes, and what comes out.

    What looks like a mistake, such as a launch that reads what nothing wrote, is a warning on
    standard error.
    """
    import numpy as np

    from softbeam.files import whole_file
    from softbeam.present.rich import grid
    from softbeam.program.folder import read_program
    from softbeam.program.running import run as run_program

    description = read_program(program)
    with compiling_told():
        found = run_program(description)
    for warning in found.warnings:
        print(f"softbeam: warning: {visible(warning)}", file=sys.stderr)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in found.outputs.items():
            with whole_file(out / f"{name}.npy") as file:
                np.save(file, content, allow_pickle=False)
    shown = console(110)
    shown.print(grid(_launch_table(found)))
    shown.print()
    shown.print(grid(_output_table(found)))


def _launch_table(found: Run) -> Table:
    from softbeam.present.table import Row, Table, flag, label, large, text

    columns = (
        label("step"),
        text("stage", wraps=True),
        text("kernel", wraps=True),
        large("units", "warps or blocks"),
        large("warp_instructions", "warp instructions"),
        large("read", "words read"),
        large("written", "words written"),
        flag("exchanges", "atomics"),
    )
    rows = (
        Row(
            str(one.step),
            one.stage,
            one.kernel,
            one.units,
            one.warp_instructions,
            one.read_words,
            one.written_words,
            one.exchanges,
        )
        for one in found.launches
    )
    return Table("launches", "", columns, tuple(rows))


def _output_table(found: Run) -> Table:
    from softbeam.present.table import Row, Table, text

    columns = (text("output"), text("type"), text("shape"), text("first", "first elements"))
    rows = (
        Row(
            name,
            content.dtype.name,
            "x".join(map(str, content.shape)),
            ", ".join(f"{value:g}" for value in content.reshape(-1)[:SHOWN].tolist()),
        )
        for name, content in found.outputs.items()
    )
    return Table("outputs", "", columns, tuple(rows))

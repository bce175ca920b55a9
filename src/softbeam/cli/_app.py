"""The Typer application that commands add themselves to, and how it prints.

A command's module writes ``@app.command()`` over a function and is named in
:data:`softbeam.cli.COMMANDS`.
"""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="softbeam",
    help="Which layers and GPU kernels of a neural network to harden against soft errors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"softbeam {version('softbeam')}")
        raise typer.Exit


@app.callback()
def _softbeam(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Which layers and GPU kernels of a neural network to harden against soft errors."""


def console(columns: int = 80) -> Console:
    """Return what tables are printed to: standard output.

    Parameters
    ----------
    columns : int
        What it is taken to hold at least.  A narrower terminal then wraps lines, where Rich would
        cut digits off.

    Returns
    -------
    Console
        Without colours where it is no terminal.
    """
    from rich.console import Console

    return Console(width=max(columns, get_terminal_size().columns), highlight=False)

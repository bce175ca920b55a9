"""The Typer application that commands add themselves to, and how it prints.

A command's module writes ``@app.command()`` over a function and is named in
:data:`softbeam.cli.COMMANDS`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperOption

from softbeam import logs
from softbeam.memory import address_space, require_memory

if TYPE_CHECKING:
    from rich.console import Console


class _Command(TyperCommand):
    """A command whose summary is its first sentence, and whose options are given once."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help as a whole; Click would cut it off."""
        return " ".join((self.help or "").split("\n\n")[0].split())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option that takes one value and is given two, of which one would be lost."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for place, parameter in enumerate(order):
            once = isinstance(parameter, TyperOption) and not (
                parameter.multiple or parameter.is_flag or parameter.count
            )
            if once and parameter in order[:place]:
                ctx.fail(f"{parameter.opts[0]} is given twice; it takes one value")
        return super().parse_args(ctx, args)


def _show_logs(wanted: bool) -> None:
    if wanted:
        logs.show()


DebugOption = Annotated[
    bool,
    typer.Option(
        "--debug",
        callback=_show_logs,
        is_eager=True,
        help="Say on standard error what is compiled, read, kept and drawn, and how long it "
        f"takes; also with {logs.VARIABLE}=1.",
    ),
]


#: Bytes of address space that the libraries take.  With less, OpenBLAS asks for memory again and
#: again and never ends (SciPy 1.16 with 512 MB; a small network runs with 700 MB).
LIBRARIES = 600_000_000


class _Application(typer.Typer):
    """Typer, with what every command has."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Return a decorator that adds a command."""
        register = super().command(name, **{"cls": _Command, **settings})

        def add(function: Callable[..., None]) -> Callable[..., None]:
            register(_with_debug(function))
            return function

        return add


def _with_debug(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(*, debug: bool, **values: Any) -> None:
        require_memory(LIBRARIES, "softbeam itself", "raise the limit (ulimit -v)", address_space())
        command(**values)

    hints = get_type_hints(command, include_extras=True)
    parameters = [
        one.replace(
            annotation=hints[name] if isinstance(one.annotation, str) else one.annotation,
            kind=inspect.Parameter.KEYWORD_ONLY,
        )
        for name, one in inspect.signature(command).parameters.items()
    ]
    debug = inspect.Parameter(
        "debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=DebugOption
    )
    run.__signature__ = inspect.Signature([*parameters, debug])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _application() -> _Application:
    return _Application(
        name="softbeam",
        help="Which layers and GPU kernels of a neural network to harden against soft errors.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


app = _application()


def overview(commands: Sequence[str]) -> _Application:
    """Return an application that only tells of commands, by what their modules say of them.

    The modules are read, not imported: some of them import heavy libraries for their options.
    """
    shown = _application()
    shown.callback()(_softbeam)
    for name in commands:
        module = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
        (function,) = (
            one for one in module.body if isinstance(one, ast.FunctionDef) and one.name == name
        )

        def command() -> None:
            pass

        command.__doc__ = ast.get_docstring(function)
        shown.command(name)(command)
    return shown


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"softbeam {version('softbeam')}")
        raise typer.Exit


@app.callback()
def _softbeam(
    debug: DebugOption = False,
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

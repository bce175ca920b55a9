"""Options that several commands share, and how long work is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from softbeam.network.planner import Im2col

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The campaign's folder (its --out).")
]
NetworkArgument = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK", help="extraction, googlenet, or the path of a .cfg or .onnx file."
    ),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Darknet .weights; default: those shipped."),
]
NamesOption = Annotated[
    Path | None,
    typer.Option("--names", metavar="FILE", help="Names of the classes, one a line."),
]
ImageOption = Annotated[
    Path | None,
    typer.Option("--image", metavar="FILE", help="The input; default: a photo of a coffee cup."),
]
EXIF_HELP = (
    "apply (default): turn pictures as their camera noted; ignore: take them as they are stored, "
    "as Darknet does."
)
ExifOption = Annotated[
    Literal["apply", "ignore"], typer.Option("--exif", help=EXIF_HELP, show_default=False)
]
Im2colOption = Annotated[
    str,
    typer.Option(
        "--im2col",
        metavar="WHEN",
        help="always, as Darknet until May 2018 and in the paper, or except-1x1, as since.",
    ),
]
ArchitectureOption = Annotated[
    str, typer.Option("--arch", metavar="SM", help="Machine code: sm_90, sm_80 or sm_75.")
]


def checked_im2col(text: str) -> Im2col:
    """Return the option ``--im2col`` if it is one of its two values.

    Raises
    ------
    NetworkError
        If it is not.
    """
    from softbeam.errors import NetworkError
    from softbeam.network.planner import IM2COL

    for known in IM2COL:
        if text == known:
            return known
    raise NetworkError(f"--im2col is {text!r}; it must be one of {', '.join(IM2COL)}")


def say_if_cold() -> None:
    """Say on standard error that a first run compiles, if this is one."""
    from softbeam.jit import is_cold

    if is_cold():
        typer.echo("First run: compiling the emulator, once, for about a minute.", err=True)


def cores() -> int:
    """Return the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def now_and_then(
    say: Callable[[str], None], clock: Callable[[], float], seconds: float = 60.0
) -> Callable[[int, int], None]:
    """Return what says in a line how far the work is, once in so many seconds.

    For logs, where a bar would only be in the way.
    """
    last = begin = clock()

    def told(done: int, of: int) -> None:
        nonlocal last
        if clock() - last >= seconds:
            last = clock()
            say(f"{done:,} of {of:,} after {(last - begin) / 60:.0f} min")

    return told


@contextmanager
def progress_bar(unit: str = "") -> Iterator[Progress]:
    """Show progress on standard error: bar, count, rate and remaining time.

    Where standard error is no terminal, nothing is drawn.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        """Tasks a second, measured over the last half minute."""

        def __init__(self) -> None:
            super().__init__("{task.speed}")

        def render(self, task):  # type: ignore[no-untyped-def]
            from rich.text import Text

            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} {unit}/s" if speed and unit else "")

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress

"""Options that several commands share, and how long work is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The campaign's folder (its --out).")
]
WeightsOption = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Darknet .weights; default: those shipped."),
]


FIRST_RUN = "First run: compiling {name} and others, once on this machine, for about half a minute."
"""What is said when compiled code is not in the cache."""


def listed(values: Iterable[str] | None) -> list[str]:
    """Return what was given with commas, or several times, in lower case."""
    return [
        part.strip().lower() for value in values or () for part in value.split(",") if part.strip()
    ]


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

    Where standard error is no terminal, or tells of everything (``--debug``), nothing is drawn.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from softbeam.logs import wanted

    class Rate(TextColumn):
        """Tasks a second, measured over the last half minute."""

        def __init__(self) -> None:
            super().__init__("{task.speed}")

        def render(self, task: Task) -> Text:
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
    hidden = wanted() or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as progress:
        yield progress


@contextmanager
def compiling_told() -> Iterator[None]:
    """Say in a line on standard error when something is compiled for the first time."""
    from softbeam.compilation import watched

    said = False

    def told(name: str, seconds: float | None) -> None:
        nonlocal said
        if not said:
            said = True
            typer.echo(FIRST_RUN.format(name=name), err=True)

    with watched(told):
        yield


class Preparing:
    """Shows what goes on before the first result: reading, compiling, counting.

    Parameters
    ----------
    progress : Progress
        The bar; where none is drawn, a line says it when something is compiled.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("golden run", total=None)
        self._doing = "golden run"
        self._said = False

    def doing(self, what: str) -> None:
        """Show what is done now."""
        self._doing = what
        self._progress.update(self._task, description=what)

    def launches(self, done: int, of: int) -> None:
        """Show how many launches are counted."""
        self._doing = "profile"
        self._progress.update(self._task, description="profile", completed=done, total=of)

    def compiling(self, name: str, seconds: float | None) -> None:
        """Show the function that is compiled, until it is known how many seconds that took."""
        if self._progress.disable and not self._said:
            self._said = True
            typer.echo(FIRST_RUN.format(name=name), err=True)
        shown = self._doing if seconds is not None else f"{self._doing}: compiling {name}, once"
        self._progress.update(self._task, description=shown)


@contextmanager
def preparing() -> Iterator[Preparing]:
    """Show what goes on before the first result, compilation too."""
    from softbeam.compilation import watched

    with progress_bar() as bar:
        shown = Preparing(bar)
        with watched(shown.compiling):
            yield shown

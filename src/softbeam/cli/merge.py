"""``softbeam merge``: join parts of one campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softbeam.cli._app import app


@app.command()
def merge(
    parts: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Folders of the parts.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder.")],
) -> None:
    """Join parts of one campaign that were made on several machines.

    Machines that share nothing make parts with softbeam campaign ... --part 1/3, 2/3 and so on.
    The parts must be of the same campaign, and where they hold the same injection it must be
    identical.
    """
    from softbeam.campaign.results.merging import merge as join

    number = join(parts, out)
    typer.echo(f"{number} injections of {len(parts)} parts in {out}", err=True)

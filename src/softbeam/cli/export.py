"""``softbeam export``: a campaign's injections as a table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softbeam.cli._app import app
from softbeam.cli._options import RunArgument


@app.command()
def export(
    run: RunArgument,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The file to write.")],
    kind: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="csv or parquet; default: FILE's ending."),
    ] = None,
) -> None:
    """Write every injection of a campaign as CSV or Parquet, a row each.

    Rows are ordered by mode, model, stratum and index. docs/results.md says what the columns
    mean; sassifi_category is the outcome in SASSIFI's words. Parquet needs PyArrow
    (pip install 'softbeam[parquet]').
    """
    from softbeam.analysis.export import FORMATS
    from softbeam.analysis.results import Results

    chosen = kind or output.suffix.removeprefix(".")
    if chosen not in FORMATS:
        raise typer.BadParameter(
            f"{chosen!r} is not one of {', '.join(FORMATS)}", param_hint="--format"
        )
    results = Results.load(run)
    FORMATS[chosen](results.records, results.specification, output)
    typer.echo(f"wrote {len(results.records)} injections to {output}")

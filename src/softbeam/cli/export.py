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
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="csv or parquet; default: FILE's ending."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", hidden=True)] = None,
) -> None:
    """Write every injection of a campaign as CSV or Parquet, a row each.

    Rows are ordered by mode, model, stratum and index. docs/results.md says what the columns
    mean; sassifi_category is the outcome in SASSIFI's words. Parquet needs PyArrow
    (pip install 'softbeam[parquet]').
    """
    from softbeam.analysis.export import FORMATS
    from softbeam.analysis.results import Results

    if (out is None) == (output is None):
        raise typer.BadParameter("give the file to write, once", param_hint="--out")
    # The name that the option had first.
    file = out or Path(str(output))
    chosen = kind or file.suffix.removeprefix(".")
    if chosen not in FORMATS:
        raise typer.BadParameter(
            f"{chosen!r} is not one of {', '.join(FORMATS)}", param_hint="--format"
        )
    results = Results.load(run)
    FORMATS[chosen](results.records, results.specification, file)
    typer.echo(f"wrote {len(results.records)} injections to {file}")

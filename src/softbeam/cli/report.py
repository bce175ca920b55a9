"""``softbeam report``: a campaign as one page, and its figures for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softbeam.cli._app import app
from softbeam.cli._options import RunArgument


@app.command()
def report(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where to write; default: RUN/report."),
    ] = None,
) -> None:
    """Write a campaign's page: what to harden, every factor, every figure.

    report.html needs no network and can be sent as it is; every figure lies beside it as PNG and
    PDF. The same results give the same bytes.
    """
    from softbeam.analysis.results import Results
    from softbeam.report.page import write_report

    results = Results.load(run)
    folder = out or (run.parent if run.is_file() else run) / "report"
    written = write_report(results, folder)
    typer.echo(f"wrote {written[0]} and {len(written) - 1} files of figures")

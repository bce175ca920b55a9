"""``softbeam report``: a campaign as one page, and its figures for a paper."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app
from softbeam.cli._beside import BesideOption, GpuOption, chosen_gpu, compared
from softbeam.cli._options import RunArgument

if TYPE_CHECKING:
    from softbeam.analysis.results import Results
    from softbeam.present.page.advice import Basis

_LOG = logging.getLogger(__name__)


@app.command()
def report(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where to write; default: RUN/report."),
    ] = None,
    figures: Annotated[
        bool,
        typer.Option("--figures", help="Also write every figure as PNG and PDF, for a paper."),
    ] = False,
    beside: BesideOption = None,
    gpu: GpuOption = None,
) -> None:
    """Write a campaign's page: what to harden, every factor, every figure.

    report.html needs no network and can be sent as it is. With --figures every figure lies beside
    it as PNG and PDF, too, which takes longer. The same results give the same bytes.

    Where the effects of techniques were measured (softbeam advise --technique measured, softbeam
    harden), the page opens with which technique to use where, by these.

    With --beside the page begins with what hardening removed and what it costs.
    """
    from softbeam.analysis.results import Results
    from softbeam.present.page.campaign import write_report

    with _told() as say:
        of_gpu = chosen_gpu(gpu)
        say("the results")
        both = compared(run, beside, gpu)
        results = Results.load(run) if both is None else both.after
        plain = (run, results) if both is None or beside is None else (beside, both.before)
        basis = _basis(*plain)
        folder = out or (run.parent if run.is_file() else run) / "report"
        written = write_report(
            results, folder, say, with_figures=figures, beside=both, gpu=of_gpu, basis=basis
        )
    more = f" and {len(written) - 1} files of figures" if figures else ""
    typer.echo(f"wrote {written[0]}{more}")


def _basis(run: Path, results: Results) -> Basis:
    """Return what was measured of the techniques of an unhardened network."""
    from softbeam.analysis.hardening.measured.kept import can_be_measured, kept_effects, lacking
    from softbeam.present.page.advice import Basis

    if not can_be_measured(results):
        return Basis()
    effects = kept_effects(run, results)
    lack = lacking(effects, results)
    return Basis(lacking=lack) if lack else Basis(effects)


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Give what says on standard error what is being worked out: in place, or line by line."""
    from rich.console import Console

    from softbeam.logs import wanted

    screen = Console(stderr=True, highlight=False)
    if wanted():
        yield lambda step: _LOG.debug("working out %s", step)
        return
    if not screen.is_terminal:
        yield lambda step: typer.echo(f"working out {step}", err=True)
        return
    with screen.status("") as status:
        yield lambda step: status.update(f"working out {step}")

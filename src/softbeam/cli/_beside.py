"""The options that put a campaign beside that of the unhardened network, and what they print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from softbeam.analysis.hardening.beside import Beside
    from softbeam.analysis.roofline import Gpu

BesideOption = Annotated[
    Path | None,
    typer.Option(
        "--beside",
        metavar="UNHARDENED",
        help="The campaign on the unhardened network: compare rates and costs with it.",
    ),
]
GpuOption = Annotated[
    str | None,
    typer.Option(
        "--gpu",
        metavar="NAME",
        help="Estimate time on this GPU, by a roofline: h100, a100, orin, b200, l40, t4, a40, "
        "rtx5090.",
    ),
]


def chosen_gpu(name: str | None) -> Gpu | None:
    """Return the GPU of an option.

    Raises
    ------
    typer.BadParameter
        If there is none of that name.
    """
    from softbeam.analysis.roofline import GPUS

    if name is None:
        return None
    found = GPUS.get(name.lower())
    if found is None:
        raise typer.BadParameter(
            f"no peak figures of {name!r} are known; give one of {', '.join(GPUS)}",
            param_hint="--gpu",
        )
    return found


def compared(run: Path, unhardened: Path | None, gpu: str | None) -> Beside | None:
    """Return a campaign beside the unhardened one; None where none is given.

    Raises
    ------
    typer.BadParameter
        If a GPU is given for nothing.
    CampaignError, ResultsError
        If they cannot be compared, or read.
    """
    from softbeam.analysis.hardening.beside import Beside
    from softbeam.analysis.results import Results

    if unhardened is None:
        if gpu is not None:
            raise typer.BadParameter("give --beside UNHARDENED, too", param_hint="--gpu")
        return None
    before, after = Results.load(unhardened), Results.load(run)
    if before.specification.campaign_id == after.specification.campaign_id:
        raise typer.BadParameter(
            "this is the same campaign; give that of the unhardened network", param_hint="--beside"
        )
    return Beside(before, after)


def print_beside(out: Console, beside: Beside, gpu: Gpu | None, *, layer_kernel: bool) -> None:
    """Print what hardening removed, what it costs, and where."""
    from softbeam.analysis.factors import By
    from softbeam.present.relative_tables import (
        EVENT_TITLES,
        cost_places_table,
        costs_table,
        places_table,
        rates_table,
    )
    from softbeam.present.relative_words import (
        ESTIMATE,
        READING,
        cost_words,
        removed,
        scope_words,
    )
    from softbeam.present.rich import show

    whole = beside.relative()
    said = [removed(whole.rate(event), event) for event in EVENT_TITLES]
    lines = [*said, cost_words(beside, gpu), *scope_words(beside), READING]
    if gpu is not None:
        lines.append(ESTIMATE.format(source=gpu.source, architecture=_architecture(beside)))
    for line in lines:
        if line:
            out.print(line, soft_wrap=True, markup=False)
    show(out, rates_table(beside))
    if (costs := costs_table(beside, gpu)) is not None:
        show(out, costs)
    for by in By if layer_kernel else (By.LAYER, By.KERNEL):
        for event in ("critical", "left"):
            show(out, places_table(whole, event, by, ""))
        if (table := cost_places_table(beside, by, "")) is not None:
            show(out, table)


def _architecture(beside: Beside) -> str:
    return beside.after.specification.architecture


def write_beside(folder: Path, beside: Beside) -> list[Path]:
    """Write the comparison as CSV files."""
    from softbeam.present.csv import write_csv
    from softbeam.present.relative_tables import flat_costs, flat_rates

    folder.mkdir(parents=True, exist_ok=True)
    written = [write_csv(folder / "relative.csv", flat_rates(beside))]
    if beside.before.facts.work and beside.after.facts.work:
        written.append(write_csv(folder / "costs.csv", flat_costs(beside)))
    return written

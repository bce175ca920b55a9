"""``softbeam tables``: a campaign's vulnerability factors, printed and as CSV files.

The numbers come from :mod:`softbeam.analysis`; here is how they are laid out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console

if TYPE_CHECKING:
    from rich.table import Table

    from softbeam.analysis.counts import Counts, Stream
    from softbeam.analysis.estimation import Share
    from softbeam.analysis.factors import By, FactorRow, FactorTable

MODES = {
    "rf": "RF, register file",
    "iov": "IOV, instruction output value",
    "ioa": "IOA, instruction output address",
}

#: More than any table needs; with usual numbers of injections they need up to 100.
COLUMNS = 400

READING = (
    "Shares in percent with 95 % Wilson intervals; 0.0 [0.0, 0.4] is an upper bound.\n"
    "joint: of all injections of the mode; conditional: of the injections in the row.\n"
    "N-R: register-file faults that are never read. Beside a column N-R, Masked is without them.\n"
    "A layer or kernel without a row was struck by no injection, which is no proof that it is safe."
)

STRATIFIED = (
    "Each kernel of each layer was drawn from apart: shares are weighted by the exact sizes of\n"
    "the fault spaces, so they are not n of n."
)

CLUSTERED = (
    "The {images} inputs are clusters: intervals are as wide as the inputs differ from each other."
)


@app.command()
def tables(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The campaign's folder (its --out).")],
    folder: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FOLDER", help="Also write the tables there, as CSV files."),
    ] = None,
    layer_kernel: Annotated[
        bool, typer.Option("--layer-kernel", help="Also print the factors of kernels by layer.")
    ] = False,
) -> None:
    """Print the vulnerability factors of a campaign's layers and kernels.

    With --csv the folder gets lvf.csv (layers), kvf.csv (kernels), lvf_kvf.csv (kernels by
    layer) and outcomes.csv, with every digit.

    Their columns: mode, model: of the injections. never_read: whether register-file faults that
    are never read count "in place", in their layer and kernel, or "apart", as layer or kernel
    N-R. layer, kernel. outcome: Masked, SDC or DUE. injections: how many fell there and ended so.
    joint_n: injections of the mode and model; joint, joint_low, joint_high: the share among them
    and its 95 % interval. conditional_n: injections that fell there; conditional, ..._low,
    ..._high: the share among those.

    In outcomes.csv kind is outcome, detail (which divides its outcome) or flag (which an
    injection can have besides); share, share_low, share_high: among the n of the mode and model.
    """
    from softbeam.analysis.sample import counts_of, short_of
    from softbeam.campaign.names import read_layers
    from softbeam.campaign.reading import ResultsReader
    from softbeam.report.words import layer_legend, unfinished

    with ResultsReader.open(run) as store:
        counts = counts_of(store)
        specification = store.specification
        short = short_of(specification, store.fault_space(), counts.n)
    written = [] if folder is None else _write_csv(folder, counts)
    out = console(COLUMNS)
    out.print(
        f"{specification.network}, {specification.architecture}, "
        f"seed {specification.seed}: {counts.n} injections{short} "
        f"(campaign {specification.campaign_id[:12]})"
    )
    out.print(READING if counts.n else "No injection has been made yet.")
    if counts.design.stratified:
        out.print(STRATIFIED)
        if lacking := unfinished(counts):
            out.print(f"[bold]{lacking}[/bold]")
    if counts.design.images > 1:
        out.print(CLUSTERED.format(images=counts.design.images))
    for stream in sorted(counts.streams(), key=_order):
        for title, table in _stream_tables(counts, stream, layer_kernel):
            out.print(f"\n[bold]{title}[/bold]")
            out.print(table)
    struck = {cell.layer for cell in counts.cells}
    if legend := layer_legend(read_layers(store.path.parent), struck):
        out.print(f"\n{legend}", markup=False)
    for path in written:
        out.print(f"wrote {path}", soft_wrap=True, markup=False)


def _order(stream: Stream) -> tuple[int, str, str]:
    """Return what streams are sorted by: the paper's order of modes, then the models."""
    known = list(MODES)
    place = known.index(stream.mode) if stream.mode in known else len(known)
    return (place, stream.mode, stream.model)


def _stream_tables(
    counts: Counts, stream: Stream, layer_kernel: bool
) -> Iterator[tuple[str, Table]]:
    from softbeam.analysis.factors import By

    name = f"{MODES.get(stream.mode, stream.mode)}, {stream.model}"
    yield f"{name}: outcomes", _outcomes(counts, stream)
    yield from _factors(counts, stream, By.LAYER, f"{name}: LVF")
    yield from _factors(counts, stream, By.KERNEL, f"{name}: KVF")
    if layer_kernel:
        yield from _factors(counts, stream, By.LAYER_AND_KERNEL, f"{name}: kernels by layer")


def _outcomes(counts: Counts, stream: Stream) -> Table:
    from softbeam.analysis.outcomes import outcome_rows

    table = _table(("outcome",))
    table.add_column("n", justify="right")
    table.add_column("share", justify="right")
    for row in outcome_rows(counts, stream):
        label = row.outcome if row.kind == "outcome" else f"  {row.detail}"
        if row.kind == "flag":
            label = f"({row.detail})"
        table.add_row(
            label,
            str(row.share.successes),
            percent(row.share),
            style="bold" if row.kind == "outcome" else None,
        )
    return table


def _factors(counts: Counts, stream: Stream, by: By, name: str) -> Iterator[tuple[str, Table]]:
    """Yield the joint table, the conditional one, and one without never-read faults."""
    from softbeam.analysis.factors import By, NeverRead, factor_table

    apart = factor_table(counts, stream, by, NeverRead.APART)
    in_place = factor_table(counts, stream, by, NeverRead.IN_PLACE)
    unread = apart.total.n < in_place.total.n
    # There is no room for a column N-R beside two columns of names.
    column = unread and by is not By.LAYER_AND_KERNEL
    where = ", never-read faults in Masked" if unread and not column else ""
    yield f"{name}, joint{where}", _factor_table(in_place, joint=True, unread=column)
    yield f"{name}, conditional{where}", _factor_table(in_place, joint=False, unread=column)
    if unread:
        title = f"{name}, conditional, without never-read faults"
        yield title, _factor_table(apart, joint=False, unread=False)


def _factor_table(factors: FactorTable, *, joint: bool, unread: bool) -> Table:
    """Lay out factors; where never-read faults get a column, Masked is without them."""
    from softbeam.analysis.factors import NEVER_READ_LABEL, By
    from softbeam.injection.outcomes import OUTCOMES

    keys = {
        By.LAYER: ("layer",),
        By.KERNEL: ("kernel",),
        By.LAYER_AND_KERNEL: ("layer", "kernel"),
    }[factors.by]
    table = _table(keys)
    for column in ("n", *((NEVER_READ_LABEL,) if unread else ()), *OUTCOMES):
        table.add_column(column, justify="right", no_wrap=True)

    def cells(row: FactorRow) -> list[str]:
        shares = dict(row.joint if joint else row.conditional)
        if unread:
            split = row.joint_split if joint else row.conditional_split
            shares = {
                NEVER_READ_LABEL: split[NEVER_READ_LABEL],
                **shares,
                "Masked": split["Masked"],
            }
        return [str(row.n), *map(percent, shares.values())]

    for row in factors.rows:
        table.add_row(*(str(getattr(row.key, key)) for key in keys), *cells(row))
    table.add_section()
    table.add_row("all", *[""] * (len(keys) - 1), *cells(factors.total))
    return table


def _table(keys: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for key in keys:
        table.add_column(key, justify="right" if key == "layer" else "left", no_wrap=True)
    return table


def percent(share: Share) -> str:
    """Return a share and its interval in percent, as ``12.3 [10.4, 14.5]``; ``-`` of nothing."""
    if not share.n:
        return "-"
    return f"{100 * share.estimate:.1f} [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def _write_csv(folder: Path, counts: Counts) -> list[Path]:
    from softbeam.analysis.factors import By
    from softbeam.analysis.tabular import (
        OUTCOME_COLUMNS,
        factor_columns,
        factor_lines,
        outcome_lines,
    )

    factors = {"lvf.csv": By.LAYER, "kvf.csv": By.KERNEL, "lvf_kvf.csv": By.LAYER_AND_KERNEL}
    folder.mkdir(parents=True, exist_ok=True)
    return [
        *(
            write_csv(folder / name, factor_columns(by), factor_lines(counts, by))
            for name, by in factors.items()
        ),
        write_csv(folder / "outcomes.csv", OUTCOME_COLUMNS, outcome_lines(counts)),
    ]


def write_csv(path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> Path:
    """Write a CSV file that is complete from the first moment on."""
    from softbeam.files import whole_file

    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
    return path

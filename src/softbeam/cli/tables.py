"""``softbeam tables``: a campaign's vulnerability factors, printed and as CSV files.

The numbers come from :mod:`softbeam.analysis`, the tables from
:mod:`softbeam.present.factor_tables`; here is which of them are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._beside import (
    BesideOption,
    GpuOption,
    chosen_gpu,
    compared,
    print_beside,
    write_beside,
)
from softbeam.text import visible

if TYPE_CHECKING:
    from softbeam.analysis.accuracy import LoadRow
    from softbeam.analysis.counts import Counts, Stream
    from softbeam.analysis.factors import By, FactorTable
    from softbeam.analysis.proportion import Proportion
    from softbeam.present.factor_tables import Shares
    from softbeam.present.table import Table

#: More than any table needs; with usual numbers of injections they need up to 100.
COLUMNS = 400

READING = (
    "Shares in percent with 95 % Wilson intervals; 0.0 [0.0, 0.4]: not seen, at most 0.4 %.\n"
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
    beside: BesideOption = None,
    gpu: GpuOption = None,
) -> None:
    """Print the vulnerability factors of a campaign's layers and kernels.

    With --csv the folder gets lvf.csv (layers), kvf.csv (kernels), lvf_kvf.csv (kernels by
    layer) and outcomes.csv, with every digit.

    Their columns: mode, model: of the injections. never_read: whether register-file faults that
    are never read count "in place", in their layer and kernel, or "apart", as layer or kernel
    N-R. layer, kernel: of faults in memory the layer and its buffer, of those that stay -1 and the
    opcode. outcome: Masked, SDC or DUE. injections: how many fell there and ended so.
    joint_n: injections of the mode and model; joint, joint_low, joint_high: the share among them
    and its 95 % interval. conditional_n: injections that fell there; conditional, ..._low,
    ..._high: the share among those.

    Where inferences had several faults, or images have labels, there is accuracy.csv, too: by
    mode, model and load (a number of faults, or a bit-error rate; 0 without faults) the shares of
    the n inferences that ended in each outcome, critically, and right, and of those that were
    right without faults and are not with them (lost), and the reverse (gained).

    In outcomes.csv kind is outcome, detail (which divides its outcome) or flag (which an
    injection can have besides); share, share_low, share_high: among the n of the mode and model.

    With --beside the rates of critical SDCs, SDCs and DUEs are compared with those of the
    unhardened network, (places x share) hardened / unhardened, and so are instructions and bytes;
    relative.csv and costs.csv have them by layer and kernel.
    """
    from softbeam.analysis.accuracy import columns_of, load_rows, truth_of
    from softbeam.analysis.sample import counts_of, short_of
    from softbeam.campaign.results.reading import ResultsReader
    from softbeam.present.factor_tables import layer_names
    from softbeam.present.rich import show
    from softbeam.present.words import hardened, in_scope, left_out, stream_order, unfinished

    both, of_gpu = compared(run, beside, gpu), chosen_gpu(gpu)
    with ResultsReader.open(run) as store:
        facts, specification = store.facts(), store.specification
        truth = truth_of(facts)
        counts = counts_of(store, **columns_of(truth))
        short = short_of(specification, store.fault_space(), counts.n)
        rows = load_rows(counts, tuple(store.inferences()), truth)
    fault_free = None if truth is None else truth.fault_free
    written = [] if folder is None else _write_csv(folder, counts, rows, fault_free)
    if folder is not None and both is not None:
        written += write_beside(folder, both)
    out = console(COLUMNS)
    out.print(
        f"{visible(specification.network)}, {specification.architecture}, "
        f"seed {specification.seed}: {counts.n} injections{short} "
        f"(campaign {specification.campaign_id[:12]})",
        markup=False,
    )
    if said := hardened(specification.harden, facts.known_limits):
        out.print(said, soft_wrap=True, markup=False)
    if facts.scope is not None:
        out.print(in_scope(facts.scope, len(specification.inputs_sha256)))
    out.print(READING if counts.n else "No injection has been made yet.")
    if counts.design.stratified:
        out.print(STRATIFIED)
        if lacking := unfinished(counts):
            out.print(f"[bold]{lacking}[/bold]")
    if counts.design.images > 1:
        out.print(CLUSTERED.format(images=counts.design.images))
    for mode in dict.fromkeys(stream.mode for stream in sorted(counts.streams(), key=stream_order)):
        if said := left_out(facts.unread, mode):
            out.print(said, soft_wrap=True, markup=False)
    if both is not None:
        print_beside(out, both, of_gpu, layer_kernel=layer_kernel)
    for stream in sorted(counts.streams(), key=stream_order):
        for table in _stream_tables(counts, stream, layer_kernel):
            show(out, table)
    for table in _load_tables(rows, fault_free):
        show(out, table)
    struck = set(counts["layer"].tolist())
    if names := layer_names(facts.layer_names, struck):
        show(out, names)
    for path in written:
        out.print(f"wrote {path}", soft_wrap=True, markup=False)


def _stream_tables(counts: Counts, stream: Stream, layer_kernel: bool) -> Iterator[Table]:
    from softbeam.analysis.factors import By
    from softbeam.present.factor_tables import outcomes_of
    from softbeam.present.words import in_layers, part_of, stream_title

    name, part = stream_title(stream), part_of(stream.mode)
    yield replace(outcomes_of(counts, stream), caption=f"{name}: outcomes")
    if in_layers(stream):
        yield from _factors(counts, stream, By.LAYER, f"{name}: LVF")
    of_parts = "KVF" if part == "kernel" else f"factors of {part}s"
    yield from _factors(counts, stream, By.KERNEL, f"{name}: {of_parts}")
    if layer_kernel and in_layers(stream):
        yield from _factors(counts, stream, By.LAYER_AND_KERNEL, f"{name}: {part}s by layer")


def _factors(counts: Counts, stream: Stream, by: By, name: str) -> Iterator[Table]:
    """Yield the joint table, the conditional one, and one without never-read faults."""
    from softbeam.analysis.factors import By, NeverRead, factor_table

    apart = factor_table(counts, stream, by, NeverRead.APART)
    in_place = factor_table(counts, stream, by, NeverRead.IN_PLACE)
    unread = apart.total.n < in_place.total.n
    # There is no room for a column N-R beside two columns of names.
    column = unread and by is not By.LAYER_AND_KERNEL
    where = ", never-read faults in Masked" if unread and not column else ""
    yield _laid_out(in_place, "joint", column, f"{name}, joint{where}")
    yield _laid_out(in_place, "conditional", column, f"{name}, conditional{where}")
    if unread:
        title = f"{name}, conditional, without never-read faults"
        yield _laid_out(apart, "conditional", False, title)


def _laid_out(factors: FactorTable, kind: Shares, unread: bool, title: str) -> Table:
    """Lay out factors; where never-read faults get a column, Masked is without them."""
    from softbeam.analysis.factors import NEVER_READ_LABEL
    from softbeam.injection.outcomes import OUTCOMES
    from softbeam.present.factor_tables import factors_table

    outcomes = (*((NEVER_READ_LABEL,) if unread else ()), *OUTCOMES)
    return factors_table(factors, [(kind, outcome) for outcome in outcomes], "", title)


def _load_tables(rows: Sequence[LoadRow], fault_free: Proportion | None) -> Iterator[Table]:
    """Yield a table of each stream's inferences by the number of faults, with accuracy."""
    from softbeam.present.load_tables import loads_table
    from softbeam.present.words import stream_title

    what = "several faults" if fault_free is None else "accuracy and several faults"
    for stream in dict.fromkeys(row.stream for row in rows):
        yield loads_table(rows, stream, "", f"{stream_title(stream)}: {what}", fault_free)


def _write_csv(
    folder: Path, counts: Counts, rows: Sequence[LoadRow], fault_free: Proportion | None
) -> list[Path]:
    from softbeam.analysis.factors import By
    from softbeam.present.csv import write_csv
    from softbeam.present.factor_tables import flat_factors, flat_outcomes
    from softbeam.present.load_tables import flat_loads

    factors = {"lvf.csv": By.LAYER, "kvf.csv": By.KERNEL, "lvf_kvf.csv": By.LAYER_AND_KERNEL}
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        *(write_csv(folder / name, flat_factors(counts, by)) for name, by in factors.items()),
        write_csv(folder / "outcomes.csv", flat_outcomes(counts)),
    ]
    if rows:
        written.append(write_csv(folder / "accuracy.csv", flat_loads(rows, fault_free)))
    return written

"""``softbeam replay``: one injection of a campaign, done again and explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import ExifOption, RunArgument, WeightsOption, progress_bar
from softbeam.cli.tables import COLUMNS

if TYPE_CHECKING:
    from rich.console import Console

    from softbeam.analysis.results import Results
    from softbeam.injection.injector import Injector
    from softbeam.injection.record import InjectionRecord
    from softbeam.network.decoding import Exif
    from softbeam.network.workload import Workload
    from softbeam.report.table import Table


@app.command()
def replay(
    run: RunArgument,
    index: Annotated[int, typer.Argument(metavar="INDEX", help="Which injection of its stream.")],
    mode: Annotated[
        str | None, typer.Option("--mode", help="Its mode, where the campaign has several.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Its bit-flip model, where there are several.")
    ] = None,
    stratum: Annotated[
        str, typer.Option("--stratum", metavar="LAYER/KERNEL", help="Of a stratified campaign.")
    ] = "",
    network: Annotated[
        str | None,
        typer.Option("--network", metavar="FILE", help="The network's file, if it is your own."),
    ] = None,
    weights: WeightsOption = None,
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", metavar="FILE|FOLDER", help="The campaign's inputs, as given."),
    ] = None,
    exif: ExifOption = "apply",
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page with pictures."),
    ] = None,
) -> None:
    """Do one injection of a campaign again and explain it.

    The instruction in its listing, the registers before and after, the words of memory that went
    wrong, how many values differ behind each layer, and the answer. The result is the recorded
    one, always; if it were not, that is an error.

    The results hold hashes of the weights and inputs, not themselves: give the options that the
    campaign was given.
    """
    from softbeam.analysis.results import Results
    from softbeam.injection.replay import replay as do
    from softbeam.report.replay_page import facts, tables

    results = Results.load(run)
    record = _record(results, mode, model, stratum, index)
    workload = _workload(results, network, weights, image or [], exif)
    done = do(_injector(results, workload, record), record.mode, record.model, index, stratum)
    _check(record, done.record)
    names, layers = dict(enumerate(workload.network.classes or ())), workload.network.layers
    told = facts(done, layers)
    screen = console(COLUMNS)
    width = max(len(name) for name, _ in told)
    for name, value in told:
        screen.print(f"{name:<{width}}  {value}", markup=False, soft_wrap=True)
    for table in tables(done, names, layers):
        _print(screen, table)
    if html is not None:
        from softbeam.report.page import render_replay, write_file

        write_file(html, render_replay(done, results, names, layers).encode())
        screen.print(f"\nwrote {html}", markup=False, soft_wrap=True)


def _record(
    results: Results, mode: str | None, model: str | None, stratum: str, index: int
) -> InjectionRecord:
    """Return the injection's record."""
    from softbeam.errors import ResultsError

    streams = {
        (record.mode, record.model)
        for record in results.records
        if mode in (None, record.mode) and model in (None, record.model)
    }
    listed = ", ".join(f"{one.mode} {one.model}" for one in results.counts.streams()) or "none"
    if len(streams) != 1:
        which = "no injections of" if not streams else "several streams for"
        raise ResultsError(
            f"the campaign has {which} --mode {mode or '(any)'} --model {model or '(any)'}; it has "
            f"{listed}"
        )
    for record in results.records:
        name = (record.mode, record.model, record.stratum, record.index)
        if (name[0], name[1]) in streams and name[2:] == (stratum, index):
            return record
    of = f" of stratum {stratum}" if stratum else ""
    strata = {record.stratum for record in results.records} - {""}
    hint = " (it is stratified: give --stratum LAYER/KERNEL)" if strata and not stratum else ""
    raise ResultsError(f"the campaign has no injection {index}{of} of {' '.join(*streams)}{hint}")


def _workload(
    results: Results, network: str | None, weights: Path | None, images: list[Path], exif: Exif
) -> Workload:
    """Read what the campaign struck and check that it is the same."""
    from softbeam.campaign.setup import specify_again
    from softbeam.campaign.specification import first_difference
    from softbeam.errors import CampaignError
    from softbeam.network.catalogue import NETWORKS
    from softbeam.network.workload import load_workload

    stored = results.specification
    own = results.facts.network_file is not None or stored.network not in NETWORKS
    if network is None and own:
        raise CampaignError(
            f"the campaign is of {stored.network!r}, a network of your own; give its file with "
            "--network"
        )
    workload = load_workload(
        network or stored.network,
        weights=weights,
        images=images,
        exif=exif,
        im2col=stored.im2col,
        architecture=stored.architecture,
    )
    difference = first_difference(stored, specify_again(stored, workload))
    if difference is not None:
        struck, here = difference.values
        raise CampaignError(
            f"this is not what the campaign struck: its {difference.named} is "
            f"{struck}, here it is {here}; give the --network, "
            "--weights and --image that the campaign was given"
        )
    return workload


def _injector(results: Results, workload: Workload, record: InjectionRecord) -> Injector:
    """Make the golden run of the injection's input, and its injector."""
    from softbeam.campaign.setup import answer_rule, launches_in_scope
    from softbeam.injection.injector import Injector
    from softbeam.jit import cache_home
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile_cache import profiles_of

    specification = results.specification
    golden = golden_run(workload.plan, workload.weights, workload.images[record.image])
    device = Device(golden, specification.architecture)
    with progress_bar() as bar:
        task = bar.add_task("profile", total=None)
        profiles = profiles_of(
            workload,
            device,
            cache_home() / "profiles",
            lambda done, of: bar.update(task, completed=done, total=of),
            record.image,
        )
    return Injector(
        device,
        profiles,
        launches_in_scope(workload.plan, specification),
        specification.campaign_id,
        semantics=specification.fault_semantics,
        groups=specification.groups,
        image=record.image,
        rule=answer_rule(workload.plan, specification.boxes),
    )


def _check(recorded: InjectionRecord, replayed: InjectionRecord) -> None:
    """Raise unless the replay is the record, field by field.

    Raises
    ------
    InternalError
        Naming the first field that differs.
    """
    from dataclasses import fields

    from softbeam.errors import InternalError

    for field in fields(recorded):
        was, now = getattr(recorded, field.name), getattr(replayed, field.name)
        if was != now and not (was != was and now != now):
            raise InternalError(
                f"the replay's {field.name} is {now!r}, the record's {was!r}; please report it"
            )


def _print(screen: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place, title in enumerate(table.columns):
        numeric = any(row[place].style == "number" for row in table.rows)
        grid.add_column(title, justify="right" if numeric else "left", no_wrap=True)
    for row in table.rows:
        grid.add_row(*(cell.text.replace("[", r"\[") for cell in row))
    screen.print(f"\n[bold]{table.caption}[/bold]")
    screen.print(grid)

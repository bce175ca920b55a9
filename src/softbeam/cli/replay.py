"""``softbeam replay``: one injection of a campaign, done again and explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._options import RunArgument, preparing
from softbeam.cli.tables import COLUMNS
from softbeam.injection.choices import JudgeChoice
from softbeam.network.choices import InputChoices

if TYPE_CHECKING:
    from softbeam.analysis.results import Results
    from softbeam.injection.injector import Injector
    from softbeam.injection.judges.functions import JudgeSource
    from softbeam.injection.record import InjectionRecord
    from softbeam.network.workload import Workload


@app.command()
@with_choices
def replay(
    *,
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
    files: InputChoices,
    judged: JudgeChoice,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page with pictures."),
    ] = None,
) -> None:
    """Do one injection of a campaign again and explain it.

    The instruction in its listing, the registers before and after, the words of memory that went
    wrong, how many values differ behind each layer, and the answer. The result is the recorded
    one, always; if it were not, that is an error.

    The results hold hashes of the weights, inputs and a judge of your own, not themselves: give
    the options that the campaign was given.
    """
    from softbeam.analysis.results import Results
    from softbeam.campaign.again import workload_again
    from softbeam.campaign.setup import given_judge
    from softbeam.injection.replay import replay as do
    from softbeam.present.page.replay import facts, tables
    from softbeam.present.rich import show

    results = Results.load(run)
    mode, model = (None if name is None else name.lower() for name in (mode, model))
    record = _record(results, mode, model, stratum, index)
    judge = given_judge(results.specification, judged.judge)
    workload = workload_again(results.specification, results.facts, network, files)
    names = dict(enumerate(results.classes or workload.network.classes or ()))
    injector = _injector(results, workload, record, judge)
    done = do(injector, record.mode, record.model, index, stratum, names)
    _check(record, done.record)
    layers = workload.network.layers
    told = facts(done, layers, names)
    screen = console(COLUMNS)
    width = max(len(name) for name, _ in told)
    for name, value in told:
        screen.print(f"{name:<{width}}  {value}", markup=False, soft_wrap=True)
    for table in tables(done, names, layers):
        show(screen, table)
    if html is not None:
        from softbeam.present.page.campaign import render_replay, write_file

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


def _injector(
    results: Results, workload: Workload, record: InjectionRecord, judge: JudgeSource | None
) -> Injector:
    """Make the golden run of the injection's input, and its injector."""
    from softbeam.campaign.setup import injector_for
    from softbeam.jit import cache_home
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile_cache import profiles_of

    with preparing() as shown:
        golden = golden_run(workload.plan, workload.weights, workload.images[record.image])
        profiles = profiles_of(
            workload,
            Device(golden, workload.choices.architecture),
            cache_home() / "profiles",
            shown.launches,
            record.image,
        )
    return injector_for(results.specification, golden, profiles, record.image, judge)


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

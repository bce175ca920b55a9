"""``softbeam plan``: what a campaign would take, before it is made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.campaign.request import Request
from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli.campaign import prepare_shown

if TYPE_CHECKING:
    from softbeam.analysis.planning import Forecast, Pilot
    from softbeam.campaign.setup import InjectorSetup
    from softbeam.campaign.specification import CampaignSpecification
    from softbeam.present.table import Table


@app.command()
@with_choices
def plan(
    *,
    wanted: Request,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")
    ] = None,
    pilot: Annotated[
        int, typer.Option("--pilot", min=1, help="Injections of each mode that are tried.")
    ] = 40,
) -> None:
    """Say how many injections a campaign needs and about how long they take.

    The options are those of softbeam campaign. A few injections are made, and not kept. The
    number for a margin is given twice: if every cell ends like the pilot, and at the worst. With
    several inputs it says how much more they take than one, and from how many on that is little.
    """
    from softbeam.analysis.planning import forecast
    from softbeam.campaign.scratch import scratch_folder
    from softbeam.campaign.setup import fault_space_sizes, given_judge, load_requested
    from softbeam.campaign.workers import cores

    workload, specification = load_requested(wanted)
    judge = given_judge(specification, wanted.judge)
    with scratch_folder() as scratch:
        setup = prepare_shown(workload, specification, scratch, judge)
        sizes = fault_space_sizes(setup, {stream.mode for stream in specification.streams})
        pilots = _pilots(setup, specification, pilot)
    forecasts = [forecast(specification, sizes, one) for one in pilots]
    _print(forecasts, workers or cores())
    if several := sum(one.inferences for one in specification.loads):
        typer.echo(f"Besides, {several:,} inferences with several faults, not counted here.")
    if workload.plan.native:
        sentences = _clusters(forecasts, specification)
    else:
        sentences = _own_inputs(specification)
    for sentence in sentences:
        typer.echo(sentence)


def _pilots(setup: InjectorSetup, specification: CampaignSpecification, number: int) -> list[Pilot]:
    from softbeam.analysis.planning import Pilot
    from softbeam.campaign.setup import inject_in_worker
    from softbeam.campaign.streams import InjectionName

    inject = inject_in_worker(setup)
    pilots = []
    for stream in specification.streams:
        # The first one compiles and loads, which a long campaign does once.
        inject(InjectionName(stream.mode, stream.model, "", number))
        began = time.process_time()
        records = [
            inject(InjectionName(stream.mode, stream.model, "", index)) for index in range(number)
        ]
        pilots.append(Pilot(stream, records, time.process_time() - began))
    return pilots


def _print(forecasts: list[Forecast], workers: int) -> None:
    from softbeam.present.rich import grid

    out = console(100)
    out.print(grid(_table(forecasts, workers)))
    out.print(f"Times are for {workers} workers on this machine, start and profile not counted.")


def _table(forecasts: list[Forecast], workers: int) -> Table:
    from softbeam.present.table import Row, Table, label, large, number, text

    def times(injections: list[int]) -> float:
        pairs = zip(forecasts, injections, strict=True)
        return sum(each * one.seconds_each for one, each in pairs) / workers

    columns = (
        text("mode"),
        text("model"),
        label("cells"),
        large("injections"),
        large("most", "at most"),
        number("seconds", "ms each", lambda value: f"{1000 * value:.1f}"),
        number("time", "about", duration),
        number("most-time", "at most", duration),
    )
    rows = tuple(
        Row(
            one.mode,
            one.model,
            one.cells,
            one.expected,
            one.most,
            one.seconds_each,
            one.expected * one.seconds_each / workers,
            one.most * one.seconds_each / workers,
        )
        for one in forecasts
    )
    expected, most = [one.expected for one in forecasts], [one.most for one in forecasts]
    cells = sum(one.cells for one in forecasts)
    foot = Row("all", "", cells, sum(expected), sum(most), "", times(expected), times(most))
    return Table("plan", "", columns, rows, (foot,))


def _own_inputs(specification: CampaignSpecification) -> Iterator[str]:
    """Yield what a margin is about where the inputs are in the program."""
    if specification.target is not None:
        yield (
            f"The numbers are about {specification.network} with the inputs that it holds; with "
            "others it has other shares. To speak of inputs\nin general write the program once "
            "for each input, plan and strike each, and compare."
        )


def _clusters(forecasts: list[Forecast], specification: CampaignSpecification) -> Iterator[str]:
    """Yield what several inputs mean for a margin, and how many to give."""
    from softbeam.analysis.planning import images_worth, times_one_input, tolerated

    target, images = specification.target, len(specification.inputs_sha256)
    if target is None:
        return
    enough = images_worth(target.confidence)
    if images == 1:
        yield (
            "The numbers are about this one input; another has other shares. To speak of inputs "
            f"in general give {enough} or more (--image):\n2 take "
            f"{times_one_input(2, target.confidence):.0f} times as many injections for the same "
            f"margin, {enough} take {times_one_input(enough, target.confidence):.1f} times."
        )
        return
    if images < enough:
        yield (
            f"{images} inputs take {times_one_input(images, target.confidence):.1f} times the "
            f"injections of one for the same margin, {enough} inputs take "
            f"{times_one_input(enough, target.confidence):.1f} times: give {enough} or more."
        )
    yield (
        f"The {images} inputs are clusters. The numbers hold if they are alike; where a share's "
        f"standard deviation over\nthem is above {100 * tolerated(target, images):.1f} points, "
        "no number of injections reaches the margin, only more inputs do."
    )
    for one in forecasts:
        if one.apart:
            yield (
                f"The pilot's inputs differ by more than that in {one.mode} {one.model} "
                f"{', '.join(one.apart)}: the margin is out of reach."
            )
        if one.images > max(images, enough):
            yield (
                f"As the pilot's inputs differ in {one.mode} {one.model}, about {one.images} "
                "inputs like them would bring the margin within reach."
            )


def duration(seconds: float) -> str:
    """Return a time as a person says it.

    Examples
    --------
    >>> duration(41.3), duration(600), duration(86400)
    ('41 s', '10 min', '24.0 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"

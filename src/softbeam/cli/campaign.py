"""``softbeam campaign``: make injections, show how it goes, keep every one."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softbeam.campaign.request import Request
from softbeam.cli._app import app
from softbeam.cli._choices import with_choices
from softbeam.cli._options import now_and_then, preparing, progress_bar
from softbeam.text import visible

if TYPE_CHECKING:
    from softbeam.campaign.engine import CampaignEnd, Run
    from softbeam.campaign.results.store import ResultsStore
    from softbeam.campaign.setup import InjectorSetup
    from softbeam.campaign.specification import CampaignSpecification
    from softbeam.campaign.streams import Part
    from softbeam.injection.judges.functions import JudgeSource
    from softbeam.network.hardening.limits import Limits
    from softbeam.network.workload import Workload

INTERNAL_ERRORS, OUT_OF_REACH = 3, 4
"""Exit statuses of a campaign with injections that have no result, and of one with a margin that
its inputs do not allow."""

#: Shares that are named of those that cannot become precise.
NAMED = 5


@app.command()
@with_choices
def campaign(
    *,
    wanted: Request,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Results; default: runs/NETWORK."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            "--part", metavar="K/N", help="Every N-th injection only, from the K-th on; see merge."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Processes; default: one a core. With --dask slurm: workers to queue.",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            "--dask",
            metavar="ADDRESS|slurm",
            help="Use a Dask cluster: its scheduler's tcp://…, or jobs of a Slurm queue.",
        ),
    ] = None,
) -> None:
    """Strike a network and keep what comes of every injection.

    The same command continues a campaign that was stopped, or makes it longer. The results do
    not depend on the number of workers. SASSIFI, NVIDIA's fault injector, and the paper that
    used it name the modes: RF, register file; IOA and IOV, instruction output address and value.
    Exit status 3: some injections have no result because of
    an error of softbeam's own; 4: the inputs differ too much for --margin; 130: stopped by
    Ctrl-C.
    """
    from softbeam.campaign.results.store import ResultsStore
    from softbeam.campaign.setup import given_judge, load_requested
    from softbeam.campaign.writer import sole_writer
    from softbeam.errors import SoftbeamError

    before = out or Path("runs") / Path(wanted.network).stem
    workload, specification = load_requested(
        wanted, None if wanted.harden is None else _limits_in(before)
    )
    judge = given_judge(specification, wanted.judge)
    chosen = _checked_part(part, specification)
    folder = out or Path("runs") / workload.network.name
    with sole_writer(folder), ResultsStore.resume(folder, specification) as store:
        for line in (*_renewed(store), *_asked_before(store, specification)):
            say(line)
        try:
            end, several = make_injections(store, workload, judge, workers, dask, chosen)
        except (SoftbeamError, OSError):
            store.discard_if_empty()
            raise
        except KeyboardInterrupt:
            say(f"Stopped. What was done is kept in {folder}; go on with\n  {this_command()}")
            raise
        total = store.size()
        limits = _limits(store, end)
    say(f"{end.injected} injections made, {total} in {folder}; see softbeam tables {folder}")
    if several is not None:
        say(f"{several.injected} inferences with several faults made")
    failures = (*end.failures, *(several.failures if several is not None else ()))
    if failures:
        for failure in failures:
            say(f"no result for {failure.task}: {failure.message}")
        raise typer.Exit(INTERNAL_ERRORS)
    if limits:
        say("\n".join(limits))
        raise typer.Exit(OUT_OF_REACH)


def _limits_in(folder: Path) -> Limits | None:
    """Return the limits of the campaign that a folder holds, if any: it may be gone on with."""
    from softbeam.campaign.results.file import FILE_NAME
    from softbeam.campaign.results.reading import ResultsReader

    if not (folder / FILE_NAME).is_file():
        return None
    with ResultsReader.open(folder) as reader:
        return reader.facts().known_limits


def _renewed(store: ResultsStore) -> list[str]:
    """Return what became of a results file of an older schema."""
    if store.former is None:
        return []
    return [
        f"{store.path} was of an older results schema; its injections were copied into a new file "
        f"and the campaign goes on in that. The old file is kept as {store.former}."
    ]


def _asked_before(store: ResultsStore, specification: CampaignSpecification) -> list[str]:
    """Return what the campaign asks for beyond this command: it is never made shorter."""
    now = {(one.mode, one.model): one.injections for one in specification.streams}
    more = [
        f"{one.injections:,} of {one.mode} {one.model}"
        for one in store.specification.streams
        if one.injections > now.get((one.mode, one.model), 0)
    ]
    loads = {(one.mode, one.model, one.load): one.inferences for one in specification.loads}
    more += [
        f"{one.inferences:,} inferences of {one.mode} {one.model} with the load {one.load}"
        for one in store.specification.loads
        if one.inferences > loads.get((one.mode, one.model, one.load), 0)
    ]
    if not more:
        return []
    return [f"This campaign was asked for more before, and goes on to that: {', '.join(more)}."]


def _checked_part(text: str | None, specification: CampaignSpecification) -> Part:
    from softbeam.campaign.streams import Part
    from softbeam.errors import CampaignError

    if text is None:
        return Part()
    if specification.target is not None:
        raise CampaignError(
            "--part cannot be used with --margin, which looks at all results between its rounds"
        )
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal()):
        raise CampaignError(f"--part is {text!r}; it must be K/N, such as 2/5")
    return Part(int(number), int(of))


def make_injections(
    store: ResultsStore,
    workload: Workload,
    judge: JudgeSource | None,
    workers: int | None,
    dask: str | None,
    part: Part,
) -> tuple[CampaignEnd, CampaignEnd | None]:
    """Make the injections, then the inferences with several faults; None if none are wanted."""
    from softbeam.analysis.precision import first_round, rounds
    from softbeam.analysis.sample import design_of
    from softbeam.campaign.engine import run_campaign, run_inferences
    from softbeam.campaign.results.facts import facts_of
    from softbeam.campaign.scratch import scratch_folder
    from softbeam.campaign.setup import check_rates, fault_space_sizes
    from softbeam.campaign.streams import requested

    specification = store.specification
    with scratch_folder() as scratch:
        setup = prepare_shown(workload, specification, scratch, judge)
        sizes = fault_space_sizes(setup, {stream.mode for stream in specification.streams})
        store.add_fault_space(sizes)
        store.keep_facts(facts_of(workload, setup, store.sessions()[-1]))
        check_rates(setup)
        counts = requested(specification, sizes)
        aim = None
        if specification.target is not None:
            aim = rounds(specification, design_of(store))
            for key, first in first_round(specification, sizes).items():
                counts[key] = max(counts.get(key, 0), first)
        with _runner(setup, workload, workers, dask) as run, progress_bar("injections") as bar:
            task = bar.add_task("injections", total=None)
            tell = now_and_then(say, time.monotonic) if bar.disable else None

            def progress(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)
                if tell is not None:
                    tell(done, of)

            end = run_campaign(
                store,
                counts,
                run,
                clock=time.monotonic,
                next_round=aim,
                part=part,
                progress=progress,
            )
            if not specification.loads:
                return end, None
            bar.update(task, description="inferences", total=None)
            several = run_inferences(
                store,
                specification.loads,
                run,
                clock=time.monotonic,
                part=part,
                progress=progress,
            )
            return end, several


def _limits(store: ResultsStore, end: CampaignEnd) -> list[str]:
    """Return the lines that say which shares the inputs do not let be as precise as wanted."""
    from softbeam.analysis.precision import out_of_reach
    from softbeam.analysis.sample import design_of
    from softbeam.campaign.engine import endings_of

    specification = store.specification
    images = len(specification.inputs_sha256)
    if specification.target is None or images == 1 or end.failures:
        return []
    found = out_of_reach(specification, design_of(store), end.counts, endings_of(store, end.counts))
    if not found:
        return []
    lines = [
        f"The margin of {specification.target.margin:g} is out of reach with these {images} "
        "inputs, however many injections are made: they differ too much. Give more of them "
        "(--image), or a wider --margin."
    ]
    for one in sorted(found, key=lambda one: -one.least)[:NAMED]:
        place = " ".join(filter(None, (*one.stream, one.cell, one.outcome)))
        lines.append(f"  {place}: now +-{one.now:.3f}, never much below +-{one.least:.3f}")
    if len(found) > NAMED:
        lines.append(f"  and {len(found) - NAMED} more")
    return lines


@contextmanager
def _runner(
    setup: InjectorSetup, workload: Workload, workers: int | None, dask: str | None
) -> Iterator[Run]:
    """Yield what makes injections: processes of this machine, or a Dask cluster."""
    from softbeam.campaign.setup import inject_in_worker
    from softbeam.campaign.workers import WorkerPool, cores

    if dask is not None:
        from softbeam.campaign.cluster import on_cluster

        with on_cluster(dask, setup, workload, workers, say) as run:
            yield run
        return
    count = workers or cores()
    with WorkerPool[Any, Any](count, inject_in_worker, setup) as pool:
        yield pool.run


def prepare_shown(
    workload: Workload,
    specification: CampaignSpecification,
    scratch: Path,
    judge: JudgeSource | None,
) -> InjectorSetup:
    """Make golden runs and profiles, the latter from the cache where known, with a bar."""
    from softbeam.campaign.preparation import prepare
    from softbeam.jit import cache_home

    with preparing() as shown:
        cache = cache_home() / "profiles"
        return prepare(workload, specification, scratch, cache, shown.launches, judge)


def this_command() -> str:
    """Return the command that runs, as it is typed."""
    return "softbeam " + shlex.join(sys.argv[1:])


def say(text: str) -> None:
    """Print lines on standard error, where results do not go."""
    typer.echo("\n".join(map(visible, text.split("\n"))), err=True)

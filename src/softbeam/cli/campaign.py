"""``softbeam campaign``: make injections, show how it goes, keep every one."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app
from softbeam.cli._options import (
    ArchitectureOption,
    Im2colOption,
    ImageOption,
    NetworkArgument,
    WeightsOption,
    checked_im2col,
    progress_bar,
)

if TYPE_CHECKING:
    from softbeam.campaign.engine import CampaignEnd
    from softbeam.campaign.setup import InjectorSetup
    from softbeam.campaign.specification import CampaignSpecification, StreamRequest
    from softbeam.campaign.store import ResultsStore
    from softbeam.network.workload import Workload

INTERNAL_ERRORS = 3
"""Exit status of a campaign with injections that have no result."""


@app.command()
def campaign(
    network: NetworkArgument,
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="rf, iov or ioa; can be given several times."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="single-bit, double-bit, random-value or zero-value; several times: each "
            "with each mode.",
        ),
    ] = None,
    paper: Annotated[
        bool,
        typer.Option(
            "--paper", help="The paper's: RF single-bit, IOV random-value, IOA single-bit."
        ),
    ] = False,
    injections: Annotated[
        int, typer.Option("--injections", min=1, help="Injections of each mode and model.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, other draws.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Results; default: runs/NETWORK."),
    ] = None,
    weights: WeightsOption = None,
    image: ImageOption = None,
    im2col: Im2colOption = "always",
    arch: ArchitectureOption = "sm_90",
    layers: Annotated[
        str | None, typer.Option("--layers", metavar="0,2,…", help="Strike these layers only.")
    ] = None,
    kernels: Annotated[
        str | None,
        typer.Option("--kernels", metavar="fill,…", help="Strike these kernels only."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")
    ] = None,
) -> None:
    """Strike a network and keep what comes of every injection.

    The same command continues a campaign that was stopped, or makes it longer. The results do
    not depend on the number of workers. Exit status 3: some injections have no result because of
    an error of softbeam's own; 130: stopped by Ctrl-C.
    """
    from softbeam.campaign.setup import specify
    from softbeam.campaign.store import ResultsStore
    from softbeam.network.workload import load_workload

    streams = _streams(mode, model, paper, injections)
    workload = load_workload(
        network, weights=weights, image=image, im2col=checked_im2col(im2col), architecture=arch
    )
    specification = specify(
        workload,
        seed=seed,
        streams=streams,
        kernels=_names(kernels),
        layers=_numbers(layers),
    )
    folder = out or Path("runs") / workload.network.name
    with ResultsStore.resume(folder, specification) as store:
        try:
            end = _run(store, store.specification, workload, workers or _cores())
        except KeyboardInterrupt:
            _say(f"Stopped. What was done is kept in {folder}; go on with\n  {_this_command()}")
            raise
    total = sum(stream.injections for stream in store.specification.streams)
    _say(f"{end.injected} injections made, {total} in {folder}; see softbeam tables {folder}")
    if end.failures:
        for failure in end.failures:
            _say(f"no result for {failure.task}: {failure.message}")
        raise typer.Exit(INTERNAL_ERRORS)


def _streams(
    modes: Sequence[str] | None, models: Sequence[str] | None, paper: bool, injections: int
) -> tuple[StreamRequest, ...]:
    from softbeam.campaign.specification import StreamRequest
    from softbeam.errors import CampaignError
    from softbeam.faults.models import MODES, PAPER, check_model

    if paper:
        if modes or models:
            raise CampaignError("--paper names its own modes and models; leave out the others")
        wanted = list(PAPER)
    elif not modes:
        raise CampaignError(f"give --mode ({', '.join(MODES)}) or --paper")
    else:
        wanted = [(mode, model) for mode in modes for model in models or ["single-bit"]]
    for mode, model in wanted:
        check_model(mode, model)
    return tuple(
        StreamRequest.model_validate({"mode": mode, "model": model, "injections": injections})
        for mode, model in dict.fromkeys(wanted)
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(","))


def _numbers(text: str | None) -> tuple[int, ...] | None:
    from softbeam.errors import CampaignError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise CampaignError(
            f"--layers is {text!r}; it must be numbers of layers, such as 0,2,7"
        ) from None


def _cores() -> int:
    """Return the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _run(
    store: ResultsStore, specification: CampaignSpecification, workload: Workload, workers: int
) -> CampaignEnd:
    from softbeam.campaign.engine import CampaignEnd, missing, run_campaign
    from softbeam.campaign.setup import InjectionName, inject_in_worker
    from softbeam.campaign.workers import WorkerPool
    from softbeam.injection.record import InjectionRecord

    names = missing(store, specification)
    if not names:
        return CampaignEnd(0, ())
    with tempfile.TemporaryDirectory(prefix="softbeam-golden-") as scratch:
        setup = _prepare(workload, specification, Path(scratch))
        with (
            WorkerPool[InjectionName, InjectionRecord](
                min(workers, len(names)), inject_in_worker, setup
            ) as pool,
            progress_bar("injections") as bar,
        ):
            total = len(names)
            task = bar.add_task("injections", total=total)
            return run_campaign(
                store,
                names,
                pool.run,
                clock=time.monotonic,
                progress=lambda done: bar.advance(task, done),
            )


def _prepare(
    workload: Workload, specification: CampaignSpecification, scratch: Path
) -> InjectorSetup:
    """Make the golden run and the profile, the latter from the cache where it is known."""
    from softbeam.campaign.setup import InjectorSetup, launches_in_scope
    from softbeam.jit import cache_home
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile_cache import profiles_of

    launches = launches_in_scope(workload.plan, specification)
    path = scratch / "golden.bin"
    golden = golden_run(workload.plan, workload.weights, workload.image, path)
    with progress_bar() as bar:
        task = bar.add_task("profile", total=None)
        profiles = profiles_of(
            workload,
            Device(golden, workload.architecture),
            cache_home() / "profiles",
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    return InjectorSetup(
        plan=workload.plan,
        architecture=workload.architecture,
        golden=path,
        profiles=profiles,
        launches=launches,
        campaign_id=specification.campaign_id,
    )


def _this_command() -> str:
    return "softbeam " + shlex.join(sys.argv[1:])


def _say(text: str) -> None:
    typer.echo(text, err=True)

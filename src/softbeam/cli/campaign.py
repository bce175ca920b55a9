"""``softbeam campaign``: make injections, show how it goes, keep every one."""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softbeam.cli._app import app
from softbeam.cli._options import WeightsOption, cores, load_requested, progress_bar

if TYPE_CHECKING:
    from softbeam.campaign.engine import CampaignEnd
    from softbeam.campaign.file import Request
    from softbeam.campaign.setup import InjectorSetup
    from softbeam.campaign.store import ResultsStore
    from softbeam.network.workload import Workload

INTERNAL_ERRORS = 3
"""Exit status of a campaign with injections that have no result."""

#: Options of the command that are fields of a campaign under another name.
_FIELDS = {"mode": "modes", "model": "models", "image": "images"}


@app.command()
def campaign(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK|FILE.toml",
            help="extraction, a Darknet .cfg file, or a campaign file that holds the options.",
        ),
    ],
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="rf, iov or ioa; can be given several times."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="single-bit (default), double-bit, random-value or zero-value, or one of them "
            "with -warp: in all threads of the warp. Several times: each with each mode.",
        ),
    ] = None,
    paper: Annotated[
        bool,
        typer.Option(
            "--paper", help="The paper's: RF single-bit, IOV random-value, IOA single-bit."
        ),
    ] = False,
    injections: Annotated[
        int | None,
        typer.Option("--injections", help="Injections of each mode and model; default: 1000."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin", help="Instead: until every interval is within +- this, e.g. 0.03."
        ),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option("--confidence", help="Level of --margin; default: 0.95.")
    ] = None,
    per: Annotated[
        str | None,
        typer.Option(
            "--per", metavar="CELL", help="--margin for all, each layer, kernel or layer-kernel."
        ),
    ] = None,
    stratified: Annotated[
        bool,
        typer.Option("--stratified", help="Draw from each kernel of each layer; rare ones more."),
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Other draws; default: 1.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Results; default: runs/NETWORK."),
    ] = None,
    weights: WeightsOption = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            "--image",
            metavar="FILE|FOLDER",
            help="An input, or a folder of them; several times: injections take turns.",
        ),
    ] = None,
    im2col: Annotated[
        str | None,
        typer.Option(
            "--im2col",
            metavar="WHEN",
            help="always (default), as Darknet until May 2018, or except-1x1, as since.",
        ),
    ] = None,
    arch: Annotated[
        str | None, typer.Option("--arch", metavar="SM", help="sm_90 (default), sm_80 or sm_75.")
    ] = None,
    layers: Annotated[
        str | None, typer.Option("--layers", metavar="0,2,…", help="Strike these layers only.")
    ] = None,
    kernels: Annotated[
        str | None,
        typer.Option("--kernels", metavar="fill,…", help="Strike these kernels only."),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="load,…", help="Strike these groups of opcodes only."),
    ] = None,
    semantics: Annotated[
        str | None,
        typer.Option(
            "--semantics",
            metavar="WHOSE",
            help="Rules where tools differ: hardware (default), sassifi or nvbitfi.",
        ),
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

    options = {
        "network": network, "mode": mode, "model": model, "paper": paper or None,
        "injections": injections, "margin": margin, "confidence": confidence, "per": per,
        "stratified": stratified or None, "seed": seed, "weights": weights, "image": image,
        "im2col": im2col, "arch": arch, "layers": numbers(layers, "--layers"),
        "kernels": names(kernels), "groups": names(groups), "semantics": semantics,
    }  # fmt: skip
    request = request_of(options)
    workload = load_requested(request)
    specification = specify(
        workload,
        seed=request.seed,
        streams=request.streams,
        semantics=request.semantics,
        sampling=request.sampling,
        kernels=request.kernels,
        layers=request.layers,
        groups=request.groups,
        target=request.target,
    )
    folder = out or Path("runs") / workload.network.name
    with ResultsStore.resume(folder, specification) as store:
        try:
            end = _run(store, workload, workers or cores())
        except KeyboardInterrupt:
            _say(f"Stopped. What was done is kept in {folder}; go on with\n  {_this_command()}")
            raise
        total = store.size()
    _say(f"{end.injected} injections made, {total} in {folder}; see softbeam tables {folder}")
    if end.failures:
        for failure in end.failures:
            _say(f"no result for {failure.task}: {failure.message}")
        raise typer.Exit(INTERNAL_ERRORS)


def request_of(options: dict[str, Any]) -> Request:
    """Return what the options ask for, or the campaign file that stands in the network's place."""
    from softbeam.campaign.file import checked_request, read_request
    from softbeam.errors import CampaignError

    given = {name: value for name, value in options.items() if value is not None and value != []}
    if str(given["network"]).endswith(".toml"):
        others = sorted(set(given) - {"network"})
        if others:
            raise CampaignError(
                f"--{others[0]} is given beside the campaign file {given['network']}; "
                "write it into the file"
            )
        return read_request(Path(str(given["network"])))
    return checked_request({_FIELDS.get(name, name): value for name, value in given.items()})


def names(text: str | None) -> tuple[str, ...] | None:
    """Return the parts of a list with commas."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """Return the numbers of a list with commas.

    Raises
    ------
    CampaignError
        If a part is no number.
    """
    from softbeam.errors import CampaignError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise CampaignError(
            f"{option} is {text!r}; it must be numbers with commas, such as 0,2,7"
        ) from None


def _run(store: ResultsStore, workload: Workload, workers: int) -> CampaignEnd:
    from softbeam.analysis.precision import first_round, rounds
    from softbeam.analysis.sample import design_of
    from softbeam.campaign.engine import run_campaign
    from softbeam.campaign.setup import fault_space_sizes, inject_in_worker
    from softbeam.campaign.streams import InjectionName, requested
    from softbeam.campaign.workers import WorkerPool
    from softbeam.injection.record import InjectionRecord

    specification = store.specification
    with tempfile.TemporaryDirectory(prefix="softbeam-golden-") as scratch:
        setup = prepare_shown(store, workload, Path(scratch))
        sizes = fault_space_sizes(setup, {stream.mode for stream in specification.streams})
        store.add_fault_space(sizes)
        counts = requested(specification, sizes)
        aim = None
        if specification.target is not None:
            aim = rounds(specification, design_of(store))
            for key, first in first_round(specification, sizes).items():
                counts[key] = max(counts.get(key, 0), first)
        with (
            WorkerPool[InjectionName, InjectionRecord](workers, inject_in_worker, setup) as pool,
            progress_bar("injections") as bar,
        ):
            task = bar.add_task("injections", total=None)
            return run_campaign(
                store,
                counts,
                pool.run,
                clock=time.monotonic,
                next_round=aim,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )


def prepare_shown(store: ResultsStore, workload: Workload, scratch: Path) -> InjectorSetup:
    """Make golden runs and profiles, the latter from the cache where known, with a bar."""
    from softbeam.campaign.preparation import prepare
    from softbeam.jit import cache_home

    with progress_bar() as bar:
        task = bar.add_task("profile", total=None)
        return prepare(
            workload,
            store.specification,
            scratch,
            cache_home() / "profiles",
            lambda done, of: bar.update(task, completed=done, total=of),
        )


def _this_command(arguments: Sequence[str] | None = None) -> str:
    return "softbeam " + shlex.join(sys.argv[1:] if arguments is None else arguments)


def _say(text: str) -> None:
    typer.echo(text, err=True)

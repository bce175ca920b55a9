"""The options that say what a campaign is, shared by ``campaign`` and ``plan``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from softbeam.cli._options import EXIF_HELP, NamesOption, WeightsOption

if TYPE_CHECKING:
    from softbeam.campaign.file import Request
    from softbeam.campaign.specification import CampaignSpecification
    from softbeam.network.workload import Workload


@dataclass(frozen=True, kw_only=True)
class WantedOptions:
    """Which injections, and how many of them or how precise."""

    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="rf, iov or ioa; can be given several times."),
    ] = None
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="single-bit (default), double-bit, random-value or zero-value, or one of them "
            "with -warp: in all threads of the warp. Several times: each with each mode.",
        ),
    ] = None
    paper: Annotated[
        bool,
        typer.Option(
            "--paper", help="The paper's: RF single-bit, IOV random-value, IOA single-bit."
        ),
    ] = False
    injections: Annotated[
        int | None,
        typer.Option("--injections", help="Injections of each mode and model; default: 1000."),
    ] = None
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin", help="Instead: until every interval is within +- this, e.g. 0.03."
        ),
    ] = None
    confidence: Annotated[
        float | None, typer.Option("--confidence", help="Level of --margin; default: 0.95.")
    ] = None
    per: Annotated[
        str | None,
        typer.Option(
            "--per", metavar="CELL", help="--margin for all, each layer, kernel or layer-kernel."
        ),
    ] = None
    stratified: Annotated[
        bool,
        typer.Option("--stratified", help="Draw from each kernel of each layer; rare ones more."),
    ] = False
    seed: Annotated[int | None, typer.Option("--seed", help="Other draws; default: 1.")] = None


@dataclass(frozen=True, kw_only=True)
class StruckOptions:
    """What is struck: a network with its weights and inputs, which part of it, by whose rules."""

    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK|FILE.toml",
            help="extraction, a network's file, or a campaign file that holds the options.",
        ),
    ]
    weights: WeightsOption = None
    names: NamesOption = None
    image: Annotated[
        list[Path] | None,
        typer.Option(
            "--image",
            metavar="FILE|FOLDER",
            help="An input, or a folder of them; several times: injections take turns.",
        ),
    ] = None
    exif: Annotated[Literal["apply", "ignore"] | None, typer.Option("--exif", help=EXIF_HELP)] = (
        None
    )
    im2col: Annotated[
        str | None,
        typer.Option(
            "--im2col",
            metavar="WHEN",
            help="always (default), as Darknet until May 2018, or except-1x1, as since.",
        ),
    ] = None
    arch: Annotated[
        str | None, typer.Option("--arch", metavar="SM", help="sm_90 (default), sm_80 or sm_75.")
    ] = None
    layers: Annotated[
        str | None, typer.Option("--layers", metavar="0,2,…", help="Strike these layers only.")
    ] = None
    kernels: Annotated[
        str | None, typer.Option("--kernels", metavar="fill,…", help="Strike these kernels only.")
    ] = None
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="GROUP,…", help="Strike these groups of opcodes only."),
    ] = None
    semantics: Annotated[
        str | None,
        typer.Option(
            "--semantics",
            metavar="WHOSE",
            help="Rules where tools differ: hardware (default), sassifi or nvbitfi.",
        ),
    ] = None
    box_threshold: Annotated[
        float | None,
        typer.Option(
            "--box-threshold", help="Detectors: score of a box that counts; default: 0.5."
        ),
    ] = None
    box_overlap: Annotated[
        float | None,
        typer.Option(
            "--box-overlap", help="Detectors: overlap (IoU) of boxes of one object; default: 0.5."
        ),
    ] = None


def request_of(wanted: WantedOptions, struck: StruckOptions) -> Request:
    """Return what the options ask for, or the campaign file that stands in the network's place.

    Raises
    ------
    CampaignError
        Naming the option, or the file, line and field, that is wrong.
    """
    from softbeam.campaign.file import OPTIONS, checked_request, read_request
    from softbeam.errors import CampaignError

    given: dict[str, Any] = {}
    for name, value in {**vars(wanted), **vars(struck)}.items():
        # By identity: 0 is a seed and is given.
        if not (value is None or value is False or value == []):
            given[name] = value
    if struck.network.endswith(".toml"):
        others = sorted(set(given) - {"network"})
        if others:
            raise CampaignError(
                f"--{others[0].replace('_', '-')} is given beside the campaign file "
                f"{struck.network}; write it into the file"
            )
        return read_request(Path(struck.network))
    for name in ("kernels", "groups"):
        if name in given:
            given[name] = tuple(part.strip() for part in given[name].split(","))
    if "layers" in given:
        given["layers"] = numbers(given["layers"], "--layers")
    field_of = {option: field for field, option in OPTIONS.items()}
    return checked_request({field_of.get(name, name): value for name, value in given.items()})


def numbers(text: str, option: str) -> tuple[int, ...]:
    """Return the numbers of a list with commas.

    Raises
    ------
    CampaignError
        If a part is no number.
    """
    from softbeam.errors import CampaignError

    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise CampaignError(
            f"{option} is {text!r}; it must be numbers with commas, such as 0,2,7"
        ) from None


def load_requested(request: Request) -> tuple[Workload, CampaignSpecification]:
    """Read the network, weights and inputs that a request names, and specify the campaign."""
    from softbeam.campaign.setup import specify
    from softbeam.network.workload import load_workload

    workload = load_workload(
        request.network,
        weights=request.weights,
        names=request.names,
        images=request.images,
        exif=request.exif,
        im2col=request.im2col,
        architecture=request.arch,
    )
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
        boxes=request.boxes,
    )
    return workload, specification

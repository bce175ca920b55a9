"""``softbeam classify``: the golden run's answer, the five best classes or a detector's boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import (
    ArchitectureOption,
    ExifOption,
    Im2colOption,
    ImageOption,
    NamesOption,
    NetworkArgument,
    WeightsOption,
    checked_im2col,
    say_if_cold,
)

if TYPE_CHECKING:
    from rich.console import Console

    from softbeam.injection.boxes import Bits
    from softbeam.network.plan import Plan

#: Objects of a detector that are printed.
SHOWN = 20


@app.command()
def classify(
    network: NetworkArgument,
    weights: WeightsOption = None,
    names: NamesOption = None,
    image: ImageOption = None,
    exif: ExifOption = "apply",
    im2col: Im2colOption = "always",
    arch: ArchitectureOption = "sm_90",
) -> None:
    """Run a network once without fault and print its five best classes, or a detector's boxes."""
    from softbeam.injection.answers import check_fault_free, check_meaning
    from softbeam.injection.boxes import has_boxes
    from softbeam.injection.classification import ranking
    from softbeam.network.golden import golden_run
    from softbeam.network.workload import load_workload

    workload = load_workload(
        network,
        weights=weights,
        names=names,
        images=[image] if image else [],
        exif=exif,
        im2col=checked_im2col(im2col),
        architecture=arch,
    )
    check_meaning(workload.network, workload.plan)
    say_if_cold()
    golden = golden_run(workload.plan, workload.weights, workload.images[0])
    check_fault_free(golden)
    classes = dict(enumerate(workload.network.classes or ()))
    out = console()
    if has_boxes(workload.plan):
        _print_objects(out, workload.plan, golden.answer, classes)
    else:
        for rank, index in enumerate(ranking(golden.scores)[:5].tolist(), start=1):
            name = classes.get(index, f"class {index}")
            out.print(f"{rank}  {golden.scores[index]:.6f}  {name}", markup=False)
    if workload.network.classes is None:
        typer.echo("The classes of this network have no names here.", err=True)


def _print_objects(out: Console, plan: Plan, answer: Bits, names: Mapping[int, str]) -> None:
    """Print a detector's best boxes, places in parts of the image."""
    from softbeam.injection.boxes import THRESHOLD, boxes

    found = boxes(plan, answer)
    for rank, box in enumerate(found[:SHOWN], start=1):
        name = names.get(box.label, f"class {box.label}")
        out.print(f"{rank:>2}  {box.score:.6f}  {name} {box.place}", markup=False, soft_wrap=True)
    more = f", the best {SHOWN} above" if len(found) > SHOWN else ""
    out.print(f"{len(found):,} objects with a score above {THRESHOLD}{more}", soft_wrap=True)

"""``softbeam classify``: the golden run's answer, the five best classes."""

from __future__ import annotations

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import (
    ArchitectureOption,
    Im2colOption,
    ImageOption,
    NamesOption,
    NetworkArgument,
    WeightsOption,
    checked_im2col,
    say_if_cold,
)


@app.command()
def classify(
    network: NetworkArgument,
    weights: WeightsOption = None,
    names: NamesOption = None,
    image: ImageOption = None,
    im2col: Im2colOption = "always",
    arch: ArchitectureOption = "sm_90",
) -> None:
    """Run a network once without fault and print its five best classes."""
    from softbeam.injection.classification import ranking
    from softbeam.network.golden import golden_run
    from softbeam.network.workload import load_workload

    workload = load_workload(
        network,
        weights=weights,
        names=names,
        images=[image] if image else [],
        im2col=checked_im2col(im2col),
        architecture=arch,
    )
    say_if_cold()
    golden = golden_run(workload.plan, workload.weights, workload.images[0])
    classes = workload.network.classes
    out = console()
    for rank, index in enumerate(ranking(golden.scores)[:5].tolist(), start=1):
        name = classes[index] if classes and index < len(classes) else f"class {index}"
        out.print(f"{rank}  {golden.scores[index]:.6f}  {name}", markup=False)
    if workload.network.classes is None:
        typer.echo("The classes of this network have no names here.", err=True)

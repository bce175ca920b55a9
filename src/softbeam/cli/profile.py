"""``softbeam profile``: exact dynamic thread-instruction counts of a network's launches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import (
    ArchitectureOption,
    ExifOption,
    Im2colOption,
    ImageOption,
    NetworkArgument,
    WeightsOption,
    checked_im2col,
    progress_bar,
    say_if_cold,
)

if TYPE_CHECKING:
    from softbeam.network.counts import ProfileRow


@app.command()
def profile(
    network: NetworkArgument,
    weights: WeightsOption = None,
    image: ImageOption = None,
    exif: ExifOption = "apply",
    im2col: Im2colOption = "always",
    arch: ArchitectureOption = "sm_90",
    by_opcode: Annotated[
        bool, typer.Option("--by-opcode", help="Also count each opcode, over all launches.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, opcodes by row too.")
    ] = False,
) -> None:
    """Count the dynamic thread-instructions of every layer and kernel, exactly.

    Every warp of every launch is emulated, once for each network, weights, input and machine
    code: the counts are kept on disk. GEMM is a library's and not counted.

    all: thread-instructions, predicated-off ones too, what mode RF draws from. executed: those
    that are not predicated off. writes register: executed ones that write a general register,
    what IOV draws from. stores: executed ones that store.

    Without --weights a network that comes without is counted with random ones. Few counts depend
    on them: a division takes a longer way where an operand is very large or very small.
    """
    from softbeam.jit import cache_home
    from softbeam.network.counts import by_layer_and_kernel, opcode_counts, total
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile_cache import profiles_of
    from softbeam.network.weights import SHIPPED
    from softbeam.network.workload import load_workload

    workload = load_workload(
        network,
        weights=weights,
        untrained=True,
        images=[image] if image else [],
        exif=exif,
        im2col=checked_im2col(im2col),
        architecture=arch,
    )
    known = workload.network.weights is not None or workload.network.name in SHIPPED
    if weights is None and not known:
        typer.echo("No weights are given: counted with random ones, the same each time.", err=True)
    say_if_cold()
    device = Device(golden_run(workload.plan, workload.weights, workload.images[0]), arch)
    with progress_bar() as bar:
        task = bar.add_task("profile", total=None)
        profiles = profiles_of(
            workload,
            device,
            Path(cache_home()) / "profiles",
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    rows = by_layer_and_kernel(device, profiles)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=1))
        return
    titles = {layer.index: layer.title for layer in workload.network.layers}
    _print(rows, total(rows), titles, opcode_counts(rows) if by_opcode else {})


def _print(
    rows: list[ProfileRow], whole: ProfileRow, titles: dict[int, str], opcodes: dict[str, int]
) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("layer", justify="right")
    table.add_column("name", overflow="fold")
    table.add_column("kernel")
    for name in ("launches", "all", "executed", "writes register", "stores"):
        table.add_column(name, justify="right", no_wrap=True)
    before = None
    for row in rows:
        # A layer's name stands in its first row.
        title = "" if row.layer in (None, before) else escape(titles[row.layer])
        before = row.layer
        table.add_row(str(row.layer), title, row.kernel, *_numbers(row))
    table.add_section()
    table.add_row("all", "", "", *_numbers(whole))
    out = console(130)
    out.print(table)
    if opcodes:
        listing = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        listing.add_column("opcode")
        listing.add_column("executed", justify="right")
        for name, count in opcodes.items():
            listing.add_row(name, f"{count:,}")
        out.print()
        out.print(listing)


def _numbers(row: ProfileRow) -> list[str]:
    return [
        f"{number:,}" for number in (row.launches, row.active, row.executed, row.writes, row.stores)
    ]

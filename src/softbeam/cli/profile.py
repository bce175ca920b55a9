"""``softbeam profile``: exact dynamic thread-instruction counts of a network's launches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._options import preparing
from softbeam.network.choices import WorkloadRequest

if TYPE_CHECKING:
    from softbeam.network.counts import ProfileRow
    from softbeam.present.table import Table


@app.command()
@with_choices
def profile(
    wanted: WorkloadRequest,
    by_opcode: Annotated[
        bool, typer.Option("--by-opcode", help="Also count each opcode, over all launches.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, opcodes by row too.")
    ] = False,
) -> None:
    """Count the dynamic thread-instructions of every layer and kernel, exactly.

    Every warp of every launch is emulated, once for each network, weights, input and machine
    code: the counts are kept on disk. Products of --gemm library are not counted.

    all: thread-instructions, predicated-off ones too, what mode RF draws from. executed: those
    that are not predicated off. writes register: executed ones that write a general register,
    what IOV draws from. stores: executed ones that store.

    Without --weights a network that comes without is counted with random ones. Few counts depend
    on them: a division takes a longer way where an operand is very large or very small.
    """
    from softbeam.errors import ImageError
    from softbeam.jit import cache_home
    from softbeam.network.counts import by_layer_and_kernel, opcode_counts, total
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile_cache import profiles_of
    from softbeam.network.weights import SHIPPED
    from softbeam.present.rich import grid
    from softbeam.program.workload import load_any

    workload = load_any(
        wanted.network,
        weights=wanted.weights,
        names=wanted.names,
        untrained=True,
        images=wanted.images,
        preprocessing=wanted.preprocessing,
        choices=wanted,
        calibration=wanted.calibrated,
    )
    if len(workload.images) > 1:
        raise ImageError(
            f"{len(workload.images)} images are given; counts are of one of them, give one --image"
        )
    known = workload.network.weights is not None or workload.network.name in SHIPPED
    known = known or not workload.plan.native
    if wanted.weights is None and not known:
        typer.echo("No weights are given: counted with random ones, the same each time.", err=True)
    with preparing() as shown:
        golden = golden_run(workload.plan, workload.weights, workload.images[0])
        device = Device(golden, workload.choices.architecture)
        profiles = profiles_of(workload, device, Path(cache_home()) / "profiles", shown.launches)
    rows = by_layer_and_kernel(device, profiles)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=1))
        return
    titles = {layer.index: layer.title for layer in workload.network.layers}
    out = console(130)
    out.print(grid(_table(rows, total(rows), titles)))
    if by_opcode:
        out.print()
        out.print(grid(_opcode_table(opcode_counts(rows))))


def _table(rows: list[ProfileRow], whole: ProfileRow, titles: dict[int, str]) -> Table:
    from softbeam.present.table import Row, Table, label, large, text

    made, before = [], None
    for row in rows:
        # A layer's name stands in its first row.
        title = "" if row.layer in (None, before) else titles[row.layer]
        before = row.layer
        made.append(Row(str(row.layer), title, row.kernel, *_numbers(row)))
    names = ("launches", "all", "executed", "writes register", "stores")
    columns = (
        label("layer"),
        text("name", wraps=True),
        text("kernel", wraps=True),
        *(large(name) for name in names),
    )
    foot = (Row("all", "", "", *_numbers(whole)),)
    return Table("profile", "", columns, tuple(made), foot)


def _opcode_table(opcodes: dict[str, int]) -> Table:
    from softbeam.present.table import Row, Table, large, text

    columns = (text("opcode"), large("executed"))
    return Table("opcodes", "", columns, tuple(Row(*one) for one in opcodes.items()))


def _numbers(row: ProfileRow) -> tuple[int, ...]:
    return (row.launches, row.active, row.executed, row.writes, row.stores)

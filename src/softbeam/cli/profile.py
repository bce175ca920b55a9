"""``softbeam profile``: exact dynamic thread-instruction counts of a network's launches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._beside import GpuOption, chosen_gpu
from softbeam.cli._choices import with_choices
from softbeam.cli._options import preparing
from softbeam.network.choices import WorkloadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softbeam.analysis.factors import Item
    from softbeam.analysis.roofline import Estimate, Gpu
    from softbeam.network.counts import ProfileRow
    from softbeam.network.device import Device
    from softbeam.network.profile import LaunchProfile
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
    gpu: GpuOption = None,
) -> None:
    """Count the dynamic thread-instructions and bytes of every layer and kernel, exactly.

    Every warp of every launch is emulated, once for each network, weights, input and machine
    code: the counts are kept on disk. Products of --gemm library are not counted.

    all: thread-instructions, predicated-off ones too, what mode RF draws from. executed: those
    that are not predicated off. writes register: executed ones that write a general register,
    what IOV draws from. stores: executed ones that store. bytes loaded, stored: what executed
    ones ask of global memory and give to it, whichever cache answers.

    With --gpu each row has an estimate of its time, by a roofline: launches last as long as their
    tightest limit by the GPU's peak figures. Nothing is measured; real launches take longer.

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

    of_gpu = chosen_gpu(gpu)
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
    times = {} if of_gpu is None else _times(device, profiles, of_gpu)
    if as_json:
        dumped = [row.as_dict() for row in rows]
        for one, row in zip(dumped, rows, strict=True):
            if times:
                one["estimated_seconds"] = times[_item(row)].seconds
        typer.echo(json.dumps(dumped, indent=1))
        return
    titles = {layer.index: layer.title for layer in workload.network.layers}
    out = console(170 if times else 156)
    out.print(grid(_table(rows, total(rows), titles, times)))
    if of_gpu is not None:
        out.print()
        for line in _told(of_gpu, workload.choices.architecture, times):
            out.print(line, soft_wrap=True, markup=False)
    if by_opcode:
        out.print()
        out.print(grid(_opcode_table(opcode_counts(rows))))


def _item(row: ProfileRow) -> Item:
    from softbeam.analysis.factors import Item

    return Item(row.layer, row.kernel)


def _times(device: Device, profiles: Mapping[int, LaunchProfile], gpu: Gpu) -> dict[Item, Estimate]:
    """Return the estimated time of each kernel in each layer."""
    from softbeam.analysis.factors import Item
    from softbeam.analysis.roofline import Estimate, estimate
    from softbeam.network.work import work_of_launch

    found: dict[Item, Estimate] = {}
    for number, profile in profiles.items():
        launch = device.plan.launches[number]
        work = work_of_launch(launch, device.launch(number).program, profile)
        item = Item(launch.layer, launch.kernel)
        found[item] = found.get(item, Estimate()) + estimate([(work, 1)], gpu)
    return found


def _told(gpu: Gpu, architecture: str, times: Mapping[Item, Estimate]) -> tuple[str, ...]:
    """Return what the estimate is, and what is not in it, in lines."""
    from softbeam.analysis.roofline import Estimate
    from softbeam.present.digits import part
    from softbeam.present.relative_words import ESTIMATE

    whole = sum(times.values(), Estimate())
    memory = whole.memory / whole.seconds if whole.seconds else 0.0
    return (
        f"On {gpu.title}: {1e3 * whole.seconds:.3f} ms by a roofline estimate, {part(memory)} % of "
        f"it in launches that memory limits; between its {whole.launches:,} launches, not in it, "
        f"about {1e3 * whole.between:.3f} ms.",
        ESTIMATE.format(source=gpu.source, architecture=architecture),
    )


def _table(
    rows: list[ProfileRow],
    whole: ProfileRow,
    titles: dict[int, str],
    times: Mapping[Item, Estimate],
) -> Table:
    from softbeam.analysis.roofline import Estimate
    from softbeam.present.table import Row, Table, label, large, number, text

    made, before = [], None
    for row in rows:
        # A layer's name stands in its first row.
        title = "" if row.layer in (None, before) else titles[row.layer]
        before = row.layer
        seconds = (times[_item(row)].seconds,) if times else ()
        made.append(Row(str(row.layer), title, row.kernel, *_numbers(row), *seconds))
    names = (
        "launches", "all", "executed", "writes register", "stores", "bytes loaded", "bytes stored",
    )  # fmt: skip
    columns = [
        label("layer"),
        text("name", wraps=True),
        text("kernel", wraps=True),
        *(large(name) for name in names),
    ]
    together = (sum(times.values(), Estimate()).seconds,) if times else ()
    if times:
        columns.append(number("time", "µs, estimate", lambda value: f"{1e6 * value:,.2f}"))
    foot = (Row("all", "", "", *_numbers(whole), *together),)
    return Table("profile", "", tuple(columns), tuple(made), foot)


def _opcode_table(opcodes: dict[str, int]) -> Table:
    from softbeam.present.table import Row, Table, large, text

    columns = (text("opcode"), large("executed"))
    return Table("opcodes", "", columns, tuple(Row(*one) for one in opcodes.items()))


def _numbers(row: ProfileRow) -> tuple[int, ...]:
    return (
        row.launches,
        row.active,
        row.executed,
        row.writes,
        row.stores,
        row.loaded_bytes,
        row.stored_bytes,
    )

"""``softbeam conform``: replay hardware recordings and tell how much of them agrees.

The replay is in :mod:`softbeam.conformance.replay`; here is how its comparisons are counted and
laid out.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import compiling_told
from softbeam.present.table import Row

if TYPE_CHECKING:
    from softbeam.conformance.recordings import Recordings
    from softbeam.conformance.replay import Comparison
    from softbeam.present.table import Table

#: Kinds of comparison in the order of the replay; a fault's modes in the paper's order, then ours.
KINDS = ("golden", "traces", "faults")
FAULT_MODES = ("RF", "IOA", "IOV", "PR")

#: Wide enough for every column; a narrower terminal wraps.
COLUMNS = 110

READING = (
    "Agreeing of recorded; bold: some disagree. A fault agrees if its outcome, completed or\n"
    "exception, and every word of memory are the same; 'names' counts apart the exceptions with\n"
    "the GPU's own name."
)


@app.command()
def conform(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="The folder that holds scenarios.json.")
    ],
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also print every disagreement.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print counts and disagreements as JSON only.")
    ] = False,
) -> None:
    """Replay a folder of hardware recordings and count what agrees, bit for bit.

    Golden launches, traces of single threads, and injected faults, by scenario and mode. An
    instruction that softbeam does not know counts as a disagreement. The exit status is 0 once
    all was replayed, whatever agrees.
    """
    from softbeam.conformance.recordings import Recordings
    from softbeam.present.rich import show

    recordings = Recordings(directory)
    comparisons = _replay(recordings)
    if as_json:
        typer.echo(json.dumps(as_document(comparisons)))
        return
    out = console(COLUMNS)
    inexact = _inexact(recordings)
    show(out, _table(comparisons, inexact))
    out.print(READING)
    for scenario, opcodes in inexact.items():
        out.print(f"* {scenario}: {', '.join(opcodes)} computed, but not bit-exact", markup=False)
    if verbose:
        for comparison in comparisons:
            if not comparison.agrees or comparison.same_exception is False:
                out.print(_line(comparison), soft_wrap=True, markup=False)


def as_document(comparisons: Sequence[Comparison]) -> dict[str, object]:
    """Return counts [agreeing, recorded] by kind, and the names of all that disagree."""
    document: dict[str, object] = {kind: list(_agreeing(comparisons, kind=kind)) for kind in KINDS}
    document["disagreements"] = [c.identity for c in comparisons if not c.agrees]
    return document


def _replay(recordings: Recordings) -> list[Comparison]:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from softbeam.conformance.replay import replay

    comparisons = []
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True)
    with compiling_told(), shown as progress:
        task = progress.add_task("replaying", total=recordings.count())
        for comparison in replay(recordings):
            comparisons.append(comparison)
            progress.update(task, advance=1, description=f"replaying {comparison.scenario}")
    return comparisons


def _agreeing(comparisons: Iterable[Comparison], **wanted: str) -> tuple[int, int]:
    """Return how many comparisons agree, and of how many, where the fields are as wanted."""
    chosen = [
        comparison.agrees
        for comparison in comparisons
        if all(getattr(comparison, name) == value for name, value in wanted.items())
    ]
    return sum(chosen), len(chosen)


def _names(comparisons: Iterable[Comparison]) -> tuple[int, int]:
    named = [c.same_exception for c in comparisons if c.same_exception is not None]
    return sum(named), len(named)


def _row(name: str, comparisons: Sequence[Comparison]) -> Row:
    """Return a row of agreeing and recorded comparisons, in bold where some disagree."""
    counts = (
        _agreeing(comparisons, kind="golden"),
        _agreeing(comparisons, kind="traces"),
        *(_agreeing(comparisons, kind="faults", mode=mode) for mode in FAULT_MODES),
        _agreeing(comparisons, kind="faults"),
        _names(comparisons),
    )
    agrees = all(same == recorded for same, recorded in counts)
    values = (one if one[1] else None for one in counts)
    return Row(name, *values, kind="" if agrees else "outcome")


def _inexact(recordings: Recordings) -> dict[str, list[str]]:
    """Return by scenario the opcodes of its kernel whose results are not bit-exact."""
    found = {}
    for name, scenario in recordings.scenarios.items():
        program = scenario.launch.program
        opcodes = {program.function.instructions[row].name for row in program.inexact}
        if opcodes:
            found[name] = sorted(opcodes)
    return found


def _table(comparisons: Sequence[Comparison], inexact: Container[str]) -> Table:
    from softbeam.present.table import Table, number, text

    titles = ("golden", "traces", *FAULT_MODES, "faults", "names")
    columns = (number(title, None, lambda counts: "{}/{}".format(*counts)) for title in titles)
    rows = []
    for scenario in dict.fromkeys(comparison.scenario for comparison in comparisons):
        own = [comparison for comparison in comparisons if comparison.scenario == scenario]
        rows.append(_row(f"{scenario} *" if scenario in inexact else scenario, own))
    return Table(
        "conformance",
        "",
        (text("scenario"), *columns),
        tuple(rows),
        foot=(_row("all", comparisons),),
    )


def _line(comparison: Comparison) -> str:
    mode = f" {comparison.mode}" if comparison.mode else ""
    kind = comparison.kind if comparison.kind == "golden" else comparison.kind.rstrip("s")
    what = "agrees but for the exception's name" if comparison.agrees else "disagrees"
    return (
        f"{kind} {comparison.identity}{mode} {what}: "
        f"recorded {comparison.recorded}, emulated {comparison.replayed}"
    )

"""``softbeam advise``: what to harden, what it costs, and how certain that is.

The answer comes from :mod:`softbeam.analysis.hardening.advice`, its sentences from
:mod:`softbeam.present`; this module prints them and writes files.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.cli._options import RunArgument, listed
from softbeam.cli.tables import COLUMNS
from softbeam.faults.modes import MODES, of_code

if TYPE_CHECKING:
    from rich.console import Console

    from softbeam.analysis.factors import By
    from softbeam.analysis.hardening.advice import Advice, Aim
    from softbeam.analysis.results import Results
    from softbeam.injection.record import InjectionRecord

#: Sentences of a brief answer.
BRIEF = 5

#: Steps of coverage in the printed front; the file has every set.
PRINTED = 10


@app.command()
def advise(
    run: RunArgument,
    coverage: Annotated[
        float | None,
        typer.Option("--coverage", help="Share of the damage to remove; default: 0.9."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", help="Instead: further instructions that may be spent, 0.05 for 5 %."
        ),
    ] = None,
    of: Annotated[
        str, typer.Option("--of", metavar="DAMAGE", help="critical (SDCs), sdc or due.")
    ] = "critical",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="layer|kernel|layer-kernel",
            help="Harden whole layers, whole kernels, or kernels in layers; default: layer-kernel.",
            show_default=False,
        ),
    ] = "layer-kernel",
    technique: Annotated[
        str,
        typer.Option("--technique", metavar="HOW", help="duplication, triplication, range-check."),
    ] = "duplication",
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode",
            metavar="|".join(filter(of_code, MODES)),
            help="Only faults of this mode; several with commas, or several times.",
        ),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help=f"Only the answer, in {BRIEF} lines at most.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Also write items.csv, front.csv and the front's figure.",
        ),
    ] = None,
) -> None:
    """Say which layers, kernels, or kernels in layers, to harden.

    Either the fewest that remove a share of the damage, or the most damage that a budget removes;
    with the cost, how often resampled data give each of them, and where the data do not
    decide. Then, of the paper's network, its conclusions and whether they hold here.

    Costs are dynamic instructions, a share of all in scope. Damage of several modes is added with
    each mode weighing the same; --mode takes fewer.
    """
    from softbeam.analysis.counts import Counts
    from softbeam.analysis.hardening.advice import advise as ask
    from softbeam.analysis.hardening.damage import DAMAGE
    from softbeam.analysis.hardening.techniques import TECHNIQUES
    from softbeam.analysis.results import Results
    from softbeam.errors import ResultsError
    from softbeam.present.advice_words import sentences
    from softbeam.present.words import unfinished

    aim = _aim(coverage, budget)
    _check("--of", of, tuple(DAMAGE))
    _check("--technique", technique, tuple(TECHNIQUES))
    how = TECHNIQUES[technique]
    if of not in how.removes:
        raise typer.BadParameter(
            f"{how.title} remove no {of}s; they remove {', '.join(sorted(how.removes))}",
            param_hint="--technique",
        )
    results = Results.load(run)
    records = _records(results, listed(mode))
    if results.records and not records:
        raise ResultsError(
            "the campaign strikes no instruction, and what can be hardened here is code; see "
            "softbeam tables for what its faults do"
        )
    advice = ask(
        Counts.of(records, results.design),
        results.work(),
        of=of,
        by=_by(by),
        technique=how,
        aim=aim,
        seed=results.seed,
    )
    screen = console(COLUMNS)
    if lacking := unfinished(results.counts):
        screen.print(lacking, style="bold", soft_wrap=True)
    for sentence in islice(sentences(advice), BRIEF if brief else None):
        screen.print(f"* {sentence}", markup=False, soft_wrap=True)
    if not brief:
        _print_behind(screen, results, advice)
    if out is not None:
        for path in _write(out, advice):
            screen.print(f"wrote {path}", markup=False, soft_wrap=True)


def _print_behind(screen: Console, results: Results, advice: Advice) -> None:
    """Print what the answer rests on: the items, the front, the costs, the paper's conclusions."""
    from softbeam.present.advice_tables import front_table, item_table
    from softbeam.present.advice_words import model
    from softbeam.present.rich import show

    if advice.enough:
        shown = item_table(advice, results.layers, damaged_only=True)
        show(screen, shown)
        if hidden := len(advice.damage.items) - len(shown.rows):
            screen.print(f"and {hidden} more without damage, which is no proof that they are safe")
        show(screen, front_table(advice, PRINTED))
    screen.print(f"\n{model(advice, results.specification)}", markup=False, soft_wrap=True)
    _print_checklist(screen, results)


def _aim(coverage: float | None, budget: float | None) -> Aim:
    from softbeam.analysis.hardening.advice import Aim

    if coverage is not None and budget is not None:
        raise typer.BadParameter("give --coverage or --budget, not both", param_hint="--budget")
    if budget is not None:
        if not budget >= 0.0:
            raise typer.BadParameter(
                f"{budget} is no share of instructions; give 0.05 for 5 %", param_hint="--budget"
            )
        return Aim(budget=budget)
    coverage = 0.9 if coverage is None else coverage
    if not 0.0 < coverage <= 1.0:
        raise typer.BadParameter(
            f"{coverage} is no share of the damage; give a number above 0 and up to 1",
            param_hint="--coverage",
        )
    return Aim(coverage=coverage)


def _by(text: str) -> By:
    from softbeam.analysis.factors import By

    items = {"layer-kernel": By.LAYER_AND_KERNEL, "layer": By.LAYER, "kernel": By.KERNEL}
    _check("--by", text, tuple(items))
    return items[text]


def _check(option: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}", param_hint=option)


def _records(results: Results, modes: Sequence[str] | None) -> Sequence[InjectionRecord]:
    from softbeam.errors import ResultsError

    if not modes:
        return [record for record in results.records if of_code(record.mode)]
    present = sorted({record.mode for record in results.records if of_code(record.mode)})
    for mode in modes:
        if mode in MODES and not of_code(mode):
            raise ResultsError(
                f"mode {mode} ({MODES[mode].title}) strikes no instruction, and what can be "
                "hardened here is code; see softbeam tables for what its faults do"
            )
        if mode not in present:
            raise ResultsError(
                f"the campaign has no injections of mode {mode!r}; it has {', '.join(present)}"
            )
    return [record for record in results.records if record.mode in modes]


def _print_checklist(screen: Console, results: Results) -> None:
    from softbeam.present.page.sections import Scope, conclusions

    found = conclusions(Scope(results))
    if not found:
        return
    from softbeam.present.digits import percent

    screen.print("\n[bold]The paper's conclusions[/bold]")
    for one in found:
        screen.print(f"{one.verdict.value:>20}  {one.text}", markup=False, soft_wrap=True)
        for finding in one.findings:
            modes = ", ".join(stream.mode.upper() for stream in finding.streams)
            numbers = "; ".join(
                f"{text} {percent(share)} of {share.n:,}" for text, share in finding.measured
            )
            screen.print(
                f"{'':22}{modes}: {finding.verdict.value}: {numbers}", markup=False, soft_wrap=True
            )


def _write(folder: Path, advice: Advice) -> list[Path]:
    from softbeam.present.advice_tables import front_table, item_table
    from softbeam.present.csv import write_csv
    from softbeam.present.page.advice import figure
    from softbeam.present.page.campaign import write_file

    folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_csv(folder / "items.csv", item_table(advice)),
        write_csv(folder / "front.csv", front_table(advice, steps=None)),
    ]
    if advice.enough:
        drawn = figure(advice, "H1")
        written.append(write_file(folder / "front.png", drawn.png))
        written.append(write_file(folder / "front.pdf", drawn.pdf))
    return written

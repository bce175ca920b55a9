"""``softbeam advise``: what to harden, what it costs, and how certain that is.

The answer comes from :mod:`softbeam.analysis.hardening.advice`, its sentences from
:mod:`softbeam.present`; this module prints them and writes files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._aim import (
    BudgetOption,
    CoverageOption,
    aim_of,
    check_known,
    checked_harm,
    checked_techniques,
)
from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._effects import measured_shown
from softbeam.cli._options import RunArgument, listed
from softbeam.cli.tables import COLUMNS
from softbeam.faults.modes import MODES, of_code
from softbeam.injection.choices import JudgeChoice
from softbeam.network.choices import CalibrationChoices, InputChoices

if TYPE_CHECKING:
    from rich.console import Console

    from softbeam.analysis.factors import By
    from softbeam.analysis.hardening.advice import Advice, Aim
    from softbeam.analysis.hardening.measured.answer import Answer
    from softbeam.analysis.hardening.measured.gathering import Drawn
    from softbeam.analysis.hardening.measured.measuring import Given
    from softbeam.analysis.results import Results
    from softbeam.campaign.effects.facts import Effects
    from softbeam.injection.record import InjectionRecord
    from softbeam.present.figures.style import Figure

#: Sentences of a brief answer.
BRIEF = 5

#: Steps of coverage in the printed front; the file has every set.
PRINTED = 10


#: The technique that is none: each kernel in each layer gets the one that does most for its cost.
MEASURED = "measured"


@app.command()
@with_choices
def advise(
    *,
    run: RunArgument,
    coverage: CoverageOption = None,
    budget: BudgetOption = None,
    of: Annotated[
        str,
        typer.Option(
            "--of",
            metavar="DAMAGE",
            help="critical (SDCs), sdc or due; of measured techniques also all: SDCs and DUEs.",
        ),
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
        str | None,
        typer.Option(
            "--technique",
            metavar="HOW",
            help="measured: a technique for each kernel in each layer, by what it does to the "
            "campaign's own injections; or by a model of its cost alone: duplication, "
            "triplication, range-check. Default: measured once that is done, else duplication.",
            show_default=False,
        ),
    ] = None,
    among: Annotated[
        list[str] | None,
        typer.Option(
            "--among",
            metavar="TECHNIQUE",
            help="Measure these techniques only, lean among them, and choose among them; several "
            "with commas, or several times.",
        ),
    ] = None,
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
    network: Annotated[
        str | None,
        typer.Option(
            "--network", metavar="FILE", help="To measure: the network's file, if it is your own."
        ),
    ] = None,
    files: InputChoices,
    judged: JudgeChoice,
    calibration: CalibrationChoices,
    strikes: Annotated[
        int | None,
        typer.Option(
            "--strikes",
            min=1,
            metavar="N",
            help="To measure: injections of each mode in each piece of hardened code, at the "
            "least; default: 10, and as many as did damage there.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="To measure: processes; default: one a core."),
    ] = None,
) -> None:
    """Say which layers, kernels, or kernels in layers, to harden.

    Either the fewest that remove a share of the damage, or the most damage that a budget removes;
    with the cost, how often resampled data give each of them, and where the data do not
    decide. Then, of the paper's network, its conclusions and whether they hold here.

    With --technique measured: which technique where, by what each does to the campaign's own
    injections. What is measured is kept beside the results, so that it is measured once; give the
    files that the campaign was given.

    Costs are dynamic instructions, a share of all in scope. Damage of several modes is added with
    each mode weighing the same; --mode takes fewer.
    """
    from softbeam.analysis.counts import Counts
    from softbeam.analysis.hardening.advice import advise as ask
    from softbeam.analysis.hardening.damage import DAMAGE
    from softbeam.analysis.hardening.measured.measuring import Given
    from softbeam.analysis.hardening.techniques import TECHNIQUES
    from softbeam.analysis.results import Results
    from softbeam.errors import ResultsError
    from softbeam.present.advice_words import sentences
    from softbeam.present.words import unfinished

    aim = aim_of(coverage, budget)
    check_known("--technique", technique or MEASURED, (MEASURED, *TECHNIQUES))
    given = Given(
        run, network, files, judged, calibration, strikes, workers, checked_techniques(among)
    )
    kept = _kept(given) if technique is None else None
    if technique == MEASURED or kept is not None:
        if by != "layer-kernel":
            raise typer.BadParameter(
                f"measured techniques are chosen for kernels in layers, not for each {by}",
                param_hint="--by",
            )
        _advise_measured(given, aim, of, mode, kept=kept, brief=brief, out=out)
        return
    if among:
        raise typer.BadParameter(
            "it is about measured techniques, and these are not all measured yet; measure them "
            "with --technique measured, or name fewer"
            if technique is None and _kept(replace(given, among=None)) is not None
            else "it is about measured techniques; give --technique measured",
            param_hint="--among",
        )
    technique = technique or "duplication"
    check_known("--of", of, tuple(DAMAGE))
    how = TECHNIQUES[technique]
    if of not in how.removes:
        raise typer.BadParameter(
            f"{how.title} remove no {of}s; they remove {', '.join(sorted(how.removes))}",
            param_hint="--technique",
        )
    results = Results.load(run)
    records = records_of(results, listed(mode))
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
    if not advice.enough:
        screen.print(f"* {_OTHERWISE.format(others='sdc or due')}", markup=False)
    if not brief:
        _print_behind(screen, results, advice)
    if out is not None:
        for path in _write(out, advice):
            screen.print(f"wrote {path}", markup=False, soft_wrap=True)


#: What to do where too little damage was seen.
_OTHERWISE = "Make more injections, or choose by other damage (--of {others})."


def _kept(given: Given) -> tuple[Results, Effects] | None:
    """Return the campaign and its kept effects, if they have all techniques that are asked for."""
    from softbeam.analysis.hardening.measured.kept import folder_of
    from softbeam.analysis.hardening.measured.measuring import kept_for
    from softbeam.analysis.results import Results
    from softbeam.campaign.effects.file import EFFECTS
    from softbeam.campaign.effects.setup import measured_among

    if given.asks or not (folder_of(given.run) / EFFECTS).exists():
        return None
    results = Results.load(given.run)
    needed = () if given.among is None else measured_among(given.among)
    effects = kept_for(given, results, needed)
    return None if effects is None else (results, effects)


def _advise_measured(
    given: Given,
    aim: Aim,
    of: str,
    mode: list[str] | None,
    *,
    kept: tuple[Results, Effects] | None,
    brief: bool,
    out: Path | None,
) -> None:
    """Answer with a technique for each kernel in each layer, measured now where it is not kept."""
    from softbeam.analysis.hardening.measured.answer import measured_answer
    from softbeam.analysis.hardening.measured.kept import drawn_of
    from softbeam.analysis.hardening.measured.measuring import effects_of, kept_for
    from softbeam.analysis.results import Results
    from softbeam.present.hardening_folder import require_enough
    from softbeam.present.measured_tables import choice_table, measured_front_table
    from softbeam.present.measured_words import basis, sentences
    from softbeam.present.rich import show

    harm = checked_harm(of)
    results, effects = kept or (Results.load(given.run), None)
    wanted = wanted_of(results, drawn_of(results), mode)
    effects = effects or kept_for(given, results)
    if effects is None:
        require_enough(wanted.damaging(harm), harm)
        effects = effects_of(given, results, measured_shown)
    answer = measured_answer(
        wanted,
        effects,
        of=harm,
        aim=aim,
        seed=results.seed,
        among=given.among,
    )
    screen = console(COLUMNS)
    for sentence in sentences(answer):
        screen.print(f"* {sentence}", markup=False, soft_wrap=True)
    if not answer.enough:
        screen.print(f"* {_OTHERWISE.format(others='sdc, due or all')}", markup=False)
    if not brief and answer.enough:
        show(screen, choice_table(answer, results.layers))
        show(screen, measured_front_table(answer))
        screen.print(f"\n{basis(answer)}", markup=False, soft_wrap=True)
        screen.print(f"\n--harden {answer.rules!r}", markup=False, soft_wrap=True)
    if out is not None:
        for path in _write_measured(out, answer):
            screen.print(f"wrote {path}", markup=False, soft_wrap=True)


def wanted_of(results: Results, drawn: Drawn, mode: list[str] | None) -> Drawn:
    """Return the injections of the wanted modes, which must have been measured all the same."""
    return replace(drawn, records=tuple(records_of(results, listed(mode))))


def _write_measured(folder: Path, answer: Answer) -> list[Path]:
    from softbeam.present.csv import write_csv
    from softbeam.present.measured_tables import choice_table, measured_front_table
    from softbeam.present.page.measured import front

    folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_csv(folder / "items.csv", choice_table(answer)),
        write_csv(folder / "front.csv", measured_front_table(answer)),
    ]
    return written + (_write_figure(folder, front(answer)) if answer.enough else [])


def _write_figure(folder: Path, figure: Figure) -> list[Path]:
    from softbeam.present.page.campaign import write_file

    return [
        write_file(folder / "front.png", figure.png),
        write_file(folder / "front.pdf", figure.pdf),
    ]


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


def _by(text: str) -> By:
    from softbeam.analysis.factors import By

    items = {"layer-kernel": By.LAYER_AND_KERNEL, "layer": By.LAYER, "kernel": By.KERNEL}
    check_known("--by", text, tuple(items))
    return items[text]


def records_of(results: Results, modes: Sequence[str] | None) -> Sequence[InjectionRecord]:
    """Return the injections of the wanted modes; of all that strike code if none is named."""
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

    folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_csv(folder / "items.csv", item_table(advice)),
        write_csv(folder / "front.csv", front_table(advice, steps=None)),
    ]
    return written + (_write_figure(folder, figure(advice, "H1")) if advice.enough else [])

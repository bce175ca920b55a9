"""``softbeam harden``: choose a hardening, write it down, strike it, and hold both side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._aim import (
    BudgetOption,
    CoverageOption,
    aim_of,
    checked_harm,
    checked_techniques,
)
from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._effects import measured_shown
from softbeam.cli._options import RunArgument
from softbeam.cli.advise import wanted_of
from softbeam.cli.tables import COLUMNS
from softbeam.injection.choices import JudgeChoice
from softbeam.network.choices import CalibrationChoices, InputChoices

if TYPE_CHECKING:
    from softbeam.analysis.hardening.measured.measuring import Given
    from softbeam.analysis.hardening.measured.prediction import Prediction
    from softbeam.analysis.results import Results
    from softbeam.network.workload import Workload

#: The folder of the hardened network's campaign, within that of its files.
CAMPAIGN = "campaign"


@app.command()
@with_choices
def harden(
    *,
    run: RunArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the hardening is written.")
    ],
    coverage: CoverageOption = None,
    budget: BudgetOption = None,
    of: Annotated[
        str,
        typer.Option("--of", metavar="DAMAGE", help="critical (SDCs), sdc, due, or all of both."),
    ] = "critical",
    among: Annotated[
        list[str] | None,
        typer.Option(
            "--among",
            metavar="TECHNIQUE",
            help="Choose among these techniques only, lean among them; several with commas, or "
            "several times.",
        ),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="Choose by faults of these modes alone."),
    ] = None,
    injections: Annotated[
        int | None,
        typer.Option(
            "--injections",
            min=0,
            help="Injections of each mode and model into the hardened network; default: as many "
            "as the campaign has; 0: none.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option("--network", metavar="FILE", help="The network's file, if it is your own."),
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
            help="Injections of each mode in each piece of hardened code, at the least; default: "
            "10, and as many as did damage there.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")
    ] = None,
) -> None:
    """Harden a network where it pays most, and strike it again.

    Techniques are chosen as by softbeam advise --technique measured. What is chosen is written as
    CUDA sources with Darknet's signatures, limits, the arguments of each launch, and instructions
    how they go into Darknet; then the hardened network is struck as the campaign struck the
    network, and what was predicted stands beside what is measured. Give the files that the
    campaign was given.
    """
    from softbeam.analysis.hardening.measured.answer import measured_answer, predicted
    from softbeam.analysis.hardening.measured.kept import drawn_of
    from softbeam.analysis.hardening.measured.measuring import Given, kept_within, limits_of
    from softbeam.analysis.results import Results
    from softbeam.campaign.again import workload_again
    from softbeam.campaign.setup import given_judge
    from softbeam.present.hardening_folder import (
        check_free,
        hardened,
        request_again,
        require_enough,
        require_something,
        write_folder,
    )
    from softbeam.present.measured_words import sentences

    aim = aim_of(coverage, budget)
    harm, techniques = checked_harm(of), checked_techniques(among)
    check_free(out)
    given = Given(run, network, files, judged, calibration, strikes, workers, techniques)
    results = Results.load(run)
    given_judge(results.specification, judged.judge)
    wanted = wanted_of(results, drawn_of(results), mode)
    workload = workload_again(results.specification, results.facts, network, files)
    limits = limits_of(given, workload)
    effects = kept_within(given, results, workload, limits)
    if effects is None:
        require_enough(wanted.damaging(harm), harm)
        effects = measured_shown(given, results, workload, limits)
    answer = measured_answer(
        wanted,
        effects,
        of=harm,
        aim=aim,
        seed=results.seed,
        among=techniques,
    )
    require_something(answer)
    screen = console(COLUMNS)
    said = list(sentences(answer))
    for sentence in said:
        screen.print(f"* {sentence}", markup=False, soft_wrap=True)
    made = hardened(workload, answer.rules, limits)
    request = request_again(results, given)
    if injections:
        request["injections"] = injections
    write_folder(out, workload, made, request, " ".join(said))
    screen.print(f"wrote {out}", markup=False, soft_wrap=True)
    if injections != 0:
        try:
            after = _strike(out / CAMPAIGN, made, results, given, injections)
        except KeyboardInterrupt:
            _say_how_to_go_on(out, run)
            raise
        found = predicted(answer, wanted, effects, results.seed, techniques)
        _print_beside(results, after, found)


def _strike(
    folder: Path, made: Workload, results: Results, given: Given, injections: int | None
) -> Results:
    """Strike the hardened network as the campaign struck the network; return the results."""
    from softbeam.analysis.results import Results as Loaded
    from softbeam.campaign.results.store import ResultsStore
    from softbeam.campaign.setup import given_judge, specify_again
    from softbeam.campaign.streams import Part
    from softbeam.campaign.writer import sole_writer
    from softbeam.cli.campaign import make_injections
    from softbeam.errors import InternalError
    from softbeam.faults.modes import of_code

    stored = results.specification
    streams = tuple(
        one if injections is None else one.model_copy(update={"injections": injections})
        for one in stored.streams
        if of_code(one.mode)
    )
    wanted = stored.model_copy(update={"streams": streams, "loads": (), "target": None})
    specification = specify_again(wanted, made)
    judge = given_judge(stored, given.judged.judge)
    with sole_writer(folder), ResultsStore.resume(folder, specification) as store:
        end, _ = make_injections(store, made, judge, given.workers, None, Part())
    if end.failures:
        raise InternalError(f"no result for {end.failures[0].task}: {end.failures[0].message}")
    return Loaded.load(folder)


def _say_how_to_go_on(out: Path, run: Path) -> None:
    """Say what is there after an interruption, and the commands that do the rest."""
    import shlex

    from softbeam.cli.campaign import say
    from softbeam.network.hardening.folder.contents import TOML

    folder = str(out / CAMPAIGN)
    strike = ["campaign", str(out / TOML), "--out", folder]
    compare = ["tables", folder, "--beside", str(run)]
    say(
        f"Stopped. The hardening is in {out}; go on with\n  softbeam {shlex.join(strike)}\n  "
        f"softbeam {shlex.join(compare)}"
    )


def _print_beside(before: Results, after: Results, predictions: Mapping[str, Prediction]) -> None:
    """Print what was predicted beside what was measured."""
    from softbeam.present.measured_tables import beside_table
    from softbeam.present.rich import show

    screen = console(COLUMNS)
    show(screen, beside_table(predictions, before, after))

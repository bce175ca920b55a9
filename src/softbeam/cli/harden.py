"""``softbeam harden``: choose a hardening, write it down, strike it, and hold both side by side."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softbeam.cli._again import workload_again
from softbeam.cli._aim import BudgetOption, CoverageOption, aim_of
from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._effects import Given, drawn_of, is_measured, limits_of, measured
from softbeam.cli._options import RunArgument
from softbeam.cli.advise import checked_harm, checked_techniques, wanted_of
from softbeam.cli.tables import COLUMNS
from softbeam.injection.choices import JudgeChoice
from softbeam.network.choices import CalibrationChoices, InputChoices

if TYPE_CHECKING:
    from softbeam.analysis.hardening.measured.answer import Answer
    from softbeam.analysis.hardening.measured.prediction import Prediction
    from softbeam.analysis.results import Results
    from softbeam.campaign.effects.facts import Effects
    from softbeam.network.hardening.limits import Limits
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
    from softbeam.analysis.results import Results
    from softbeam.present.measured_words import sentences

    aim = aim_of(coverage, budget)
    harm, techniques = checked_harm(of), checked_techniques(among)
    check_free(out)
    given = Given(run, network, files, judged, calibration, strikes, workers, techniques)
    results = Results.load(run)
    drawn = drawn_of(results)
    workload = workload_again(results, network, files)
    limits = limits_of(given, workload)
    wanted = wanted_of(results, drawn, mode)
    effects = _effects(given, results, workload, limits)
    answer = measured_answer(
        wanted,
        effects,
        of=harm,
        aim=aim,
        seed=results.seed,
        among=techniques,
    )
    screen = console(COLUMNS)
    said = list(sentences(answer))
    for sentence in said:
        screen.print(f"* {sentence}", markup=False, soft_wrap=True)
    _require_something(answer)
    made = hardened(workload, answer.rules, limits)
    with whole_folder(out) as folder:
        _write(folder, workload, made, results, given, " ".join(said))
    screen.print(f"wrote {out}", markup=False, soft_wrap=True)
    if injections != 0:
        after = _strike(out / CAMPAIGN, made, results, given, injections)
        found = predicted(answer, wanted, effects, results.seed, techniques)
        _print_beside(results, after, found)


def _effects(given: Given, results: Results, workload: Workload, limits: Limits) -> Effects:
    """Return the measured effects, kept or measured now, if they are of these very limits."""
    from softbeam.campaign.effects.file import read_effects
    from softbeam.campaign.effects.setup import limits_hash, with_inputs

    known = read_effects(given.folder)
    drawn = drawn_of(results)
    if (
        known is not None
        and is_measured(replace(given, calibration=CalibrationChoices()), results, drawn)
        and known.limits == limits_hash(with_inputs(limits, workload))
    ):
        return known
    return measured(given, results, workload, limits)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises
    ------
    ResultsError
        Naming it.
    """
    from softbeam.errors import ResultsError

    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise ResultsError(
            f"{folder} is there already and is not an empty folder; choose another --out, or "
            "remove it"
        )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder that is in its place only once it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        unfinished.mkdir()
        yield unfinished
        check_free(folder)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _require_something(answer: Answer) -> None:
    from softbeam.errors import ResultsError

    if not answer.rules:
        raise ResultsError(
            "nothing is chosen, so that there is nothing to write; give a larger --budget, or make "
            "more injections"
        )


def hardened(workload: Workload, rules: str, limits: Limits) -> Workload:
    """Return a workload hardened by rules; its limits are there where it is clamped."""
    from softbeam.campaign.effects.setup import hardened_workload
    from softbeam.network.hardening.apply import needs_limits
    from softbeam.network.hardening.rules import read_rules

    made = hardened_workload(workload, rules, limits)
    clamps = needs_limits(workload.plan, read_rules(rules))
    return replace(made, limits=limits if clamps else None)


def _write(
    folder: Path,
    workload: Workload,
    made: Workload,
    results: Results,
    given: Given,
    said: str,
) -> None:
    from softbeam.network.hardening.folder.contents import Chosen, contents

    rules = made.choices.harden
    assert rules is not None
    chosen = Chosen(
        rules,
        workload.plan,
        made.plan,
        made.limits,
        {name: made.weights[name] for name in made.weights.keys() - workload.weights.keys()},
    )
    request = _request(results, given.network, given.files)
    for name, content in contents(chosen, request, said).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _request(results: Results, network: str | None, files: InputChoices) -> dict[str, Any]:
    """Return the keys of a campaign file that asks for what a campaign was asked for.

    A campaign file names files from its own folder; these lie elsewhere, and are named in full.
    """
    from softbeam.campaign.request import Request
    from softbeam.faults.modes import PAPER
    from softbeam.options import options_of

    specification = results.specification
    pairs = {(one.mode, one.model) for one in specification.streams}
    own = specification.network if network is None else str(Path(network).resolve())
    found: dict[str, Any] = {"network": own}
    if pairs == set(PAPER):
        found["paper"] = True
    else:
        found["modes"] = sorted({mode for mode, _ in pairs})
        found["models"] = sorted({model for _, model in pairs})
    found["injections"] = max(one.injections for one in specification.streams) or 1
    dumped = specification.model_dump(mode="json")
    for option in options_of(Request):
        name = option.name
        if name in ("harden", "network", "streams", "target") or name not in dumped:
            continue
        value, usual = dumped[name], Request.model_fields[name].default
        if value is not None and value != usual and not isinstance(value, dict):
            found[option.keys[0]] = value
    for option in options_of(InputChoices):
        value = getattr(files, option.name)
        if option.name in files.model_fields_set and value is not None:
            found[option.keys[0]] = _in_toml(value)
    return found


def _in_toml(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.resolve())
    return [_in_toml(one) for one in value] if isinstance(value, tuple) else value


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


def _print_beside(before: Results, after: Results, predictions: Mapping[str, Prediction]) -> None:
    """Print what was predicted beside what was measured."""
    from softbeam.present.measured_tables import beside_table
    from softbeam.present.rich import show

    screen = console(COLUMNS)
    show(screen, beside_table(predictions, before, after))

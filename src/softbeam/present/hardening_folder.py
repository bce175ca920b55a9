"""A chosen hardening as a folder: sources, limits, instructions and a campaign file.

What is in the files comes from :mod:`softbeam.network.hardening.folder`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from softbeam.analysis.hardening.measured.answer import Answer
from softbeam.analysis.hardening.measured.measuring import Given, Measured, limits_of
from softbeam.analysis.hardening.stability import LEAST_DAMAGE
from softbeam.analysis.results import Results
from softbeam.campaign.again import workload_again
from softbeam.campaign.effects.setup import hardened_workload
from softbeam.campaign.request import Request
from softbeam.errors import ResultsError
from softbeam.faults.modes import PAPER
from softbeam.injection.choices import own_function
from softbeam.network.choices import InputChoices
from softbeam.network.hardening.apply import needs_limits
from softbeam.network.hardening.folder.contents import Chosen, contents
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import read_rules
from softbeam.network.workload import Workload
from softbeam.options import options_of
from softbeam.present.measured_words import HARM_TITLES, sentences


def write_hardening(measured: Measured, answer: Answer, out: str | os.PathLike[str]) -> Path:
    """Write a chosen hardening: CUDA sources, limits, arguments, instructions, a campaign file.

    Parameters
    ----------
    measured : Measured
        The campaign, with the files that it was given.
    answer : Answer
        What :meth:`.Measured.choose` chose.
    out : path
        A folder that is not there yet, or is empty.

    Returns
    -------
    Path
        The folder, which is whole or not there; ``softbeam campaign FOLDER/hardening.toml``
        strikes the hardened network.

    Raises
    ------
    SoftbeamError
        If the folder holds something, nothing was chosen, or what the campaign struck is not what
        is given.
    """
    folder = Path(out)
    check_free(folder)
    require_something(answer)
    results, given = measured.results, measured.given
    workload = workload_again(results.specification, results.facts, given.network, given.files)
    limits = limits_of(given, workload)
    made = hardened(workload, answer.rules, limits)
    said = " ".join(sentences(answer))
    request = request_again(results, given)
    write_folder(folder, workload, made, request, said)
    return folder


def check_free(folder: Path) -> None:
    """Refuse a folder that holds something, or that cannot be made.

    Raises
    ------
    ResultsError
        Naming it.
    """
    empty = folder.is_dir() and not any(folder.iterdir())
    if not empty and (folder.exists() or folder.is_symlink()):
        raise ResultsError(
            f"{folder} is there already and is not an empty folder; choose another one for the "
            "hardening, or remove it"
        )
    above = next(one for one in folder.absolute().parents if one.exists())
    try:
        with TemporaryDirectory(dir=above):
            pass
    except OSError as error:
        raise ResultsError(
            f"cannot write to {above} ({error.strerror}); choose another folder than {folder} for "
            "the hardening"
        ) from None


def require_enough(seen: int, of: str) -> None:
    """Refuse to choose by next to nothing, which takes as long to measure.

    Parameters
    ----------
    seen : int
        Injections that did the damage.
    of : str
        Which damage, one of :data:`softbeam.analysis.hardening.measured.gathering.HARMS`.

    Raises
    ------
    ResultsError
        Saying what to do.
    """
    if seen < LEAST_DAMAGE:
        raise ResultsError(
            f"{seen:,} {HARM_TITLES[of]} were seen, and with fewer than {LEAST_DAMAGE} nothing can "
            "be said about what to harden; make more injections, or choose by other damage (of "
            "sdc, due or all)"
        )


def require_something(answer: Answer) -> None:
    """Refuse an answer that hardens nothing, or rests on next to nothing.

    Raises
    ------
    ResultsError
        Saying what to do.
    """
    require_enough(answer.prediction.injections, answer.of)
    if not answer.rules:
        raise ResultsError(
            "nothing is chosen, so that there is nothing to write; give a larger budget, or make "
            "more injections"
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


def hardened(workload: Workload, rules: str, limits: Limits) -> Workload:
    """Return a workload hardened by rules; its limits are there where it is clamped."""
    made = hardened_workload(workload, rules, limits)
    clamps = needs_limits(workload.plan, read_rules(rules))
    return replace(made, limits=limits if clamps else None)


def write_folder(
    out: Path, workload: Workload, made: Workload, request: dict[str, Any], said: str
) -> None:
    """Write the files of a hardening, all of them or none.

    Parameters
    ----------
    out : Path
        The folder.
    workload, made : Workload
        The network without and with it, as of :func:`hardened`.
    request : dict of str to object
        As of :func:`request_again`.
    said : str
        What it removes and costs, in sentences.
    """
    rules = made.choices.harden
    assert rules is not None
    chosen = Chosen(
        rules,
        workload.plan,
        made.plan,
        made.limits,
        {name: made.weights[name] for name in made.weights.keys() - workload.weights.keys()},
    )
    with whole_folder(out) as folder:
        for name, content in contents(chosen, request, said).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def request_again(results: Results, given: Given) -> dict[str, Any]:
    """Return the keys of a campaign file that asks for what a campaign was asked for.

    A campaign file names files from its own folder; these lie elsewhere, and are named in full.
    """
    specification = results.specification
    pairs = {(one.mode, one.model) for one in specification.streams}
    network, files = given.network, given.files
    own = specification.network if network is None else str(Path(network).resolve())
    found: dict[str, Any] = {"network": own}
    if pairs == set(PAPER):
        found["paper"] = True
    else:
        found["modes"] = sorted({mode for mode, _ in pairs})
        found["models"] = sorted({model for _, model in pairs})
    found["injections"] = max(one.injections for one in specification.streams) or 1
    dumped = specification.model_dump(mode="json")
    # A judge's rule is an object of its own, whose fields are options.
    rules = {
        f"{name}_{part}": value
        for name, rule in dumped.items()
        if isinstance(rule, dict)
        for part, value in rule.items()
    }
    for option in options_of(Request):
        name = option.name
        if name in rules and rules[name] is not None:
            found[option.keys[0]] = rules[name]
        if name in ("harden", "network", "streams", "target") or name not in dumped:
            continue
        value, usual = dumped[name], Request.model_fields[name].default
        if value not in (None, usual, []) and not isinstance(value, dict):
            found[option.keys[0]] = value
    if specification.sampling == "stratified":
        found["stratified"] = True
    judge = own_function(given.judged.judge)
    if judge is not None:
        found["judge"] = f"{Path(judge[0]).resolve()}:{judge[1]}"
    for option in options_of(InputChoices):
        value = getattr(files, option.name)
        if option.name in files.model_fields_set and value is not None:
            found[option.keys[0]] = _in_toml(value)
    return found


def _in_toml(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.resolve())
    return [_in_toml(one) for one in value] if isinstance(value, tuple) else value

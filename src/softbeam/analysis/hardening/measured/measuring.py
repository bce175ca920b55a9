"""From a campaign's folder to measured answers: for the command line, and for programs.

:func:`measure` is for programs.  The command line takes the steps one by one, with a bar.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.answer import Answer, measured_answer, predicted
from softbeam.analysis.hardening.measured.gathering import HARMS, Drawn
from softbeam.analysis.hardening.measured.kept import drawn_of, folder_of, kept_effects, lacking
from softbeam.analysis.hardening.measured.prediction import Prediction
from softbeam.analysis.results import Results
from softbeam.campaign.again import workload_again
from softbeam.campaign.effects.facts import Effects, Technique
from softbeam.campaign.effects.file import set_aside, write_effects
from softbeam.campaign.effects.measuring import Run, Subject, Telling
from softbeam.campaign.effects.measuring import measure as measure_effects
from softbeam.campaign.effects.setup import (
    EffectSetup,
    limits_hash,
    limits_on,
    measured_among,
    with_inputs,
)
from softbeam.campaign.effects.working import measure_in_worker
from softbeam.campaign.preparation import prepare
from softbeam.campaign.scratch import scratch_folder
from softbeam.campaign.setup import InjectorSetup, given_judge
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.streams import LEAST
from softbeam.campaign.workers import WorkerPool, cores
from softbeam.campaign.writer import sole_writer
from softbeam.errors import CampaignError
from softbeam.injection.choices import JudgeChoice
from softbeam.injection.judges.functions import JudgeSource
from softbeam.jit import cache_home
from softbeam.network.choices import CalibrationChoices, InputChoices
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import LEAN, TECHNIQUES
from softbeam.network.workload import Workload
from softbeam.options import options_of

#: Makes golden runs and profiles of what a campaign struck, in a folder.
Prepare = Callable[[Workload, CampaignSpecification, Path, JudgeSource | None], InjectorSetup]

#: Gives what is called while effects are measured.
Shown = Callable[[], AbstractContextManager[Telling]]


class Files(CalibrationChoices, InputChoices, JudgeChoice):
    """The files that a campaign was given, and where limits come from."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a user gives so that a campaign can be measured.

    Attributes
    ----------
    run : Path
        The campaign's folder, or its results file.
    network : str or None
        The network's file, if it is the user's own.
    files : InputChoices
        The files that the campaign was given.
    judged : JudgeChoice
        A judge of the user's own.
    calibration : CalibrationChoices
        Where limits come from.
    strikes : int or None
        Injections in each piece of hardened code, at the least.
    workers : int or None
        Processes; one a core if not given.
    among : tuple of str, or None
        The techniques that may be chosen; all if not given.
    """

    run: Path
    network: str | None
    files: InputChoices
    judged: JudgeChoice
    calibration: CalibrationChoices
    strikes: int | None
    workers: int | None
    among: tuple[str, ...] | None = None

    @property
    def asks(self) -> bool:
        """Whether anything is asked for that kept effects may not have."""
        chosen = self.calibration
        return bool(self.strikes or chosen.calibration or chosen.limit_margin or chosen.limits)


def kept_for(
    given: Given, results: Results, techniques: Iterable[Technique] | None = None
) -> Effects | None:
    """Return the kept effects if they have all that is asked for, measured with this machine code.

    Parameters
    ----------
    given : Given
        What the user gives.
    results : Results
        The campaign.
    techniques : iterable of tuple of str, optional
        The techniques that are needed; those that are asked for if not given.
    """
    known = kept_effects(given.run, results)
    if known is None or given.asks:
        return None
    needed = measured_among(given.among) if techniques is None else techniques
    return known if _suffice(known, results, needed) else None


def _suffice(known: Effects, results: Results, techniques: Iterable[Technique]) -> bool:
    return not lacking(known, results) and set(techniques) <= known.techniques


def limits_of(given: Given, workload: Workload) -> Limits:
    """Return the limits that the user asks for.

    Raises
    ------
    CampaignError
        If it is a program, whose kernels have no hardened variants.
    """
    if not workload.plan.native:
        raise CampaignError(
            f"{workload.network.name} is a program, and techniques are measured on softbeam's own "
            "kernels alone; ask by a model, such as --technique duplication"
        )
    return limits_on(workload, given.calibration.calibrated, given.files.preprocessing)


def kept_within(
    given: Given, results: Results, workload: Workload, limits: Limits
) -> Effects | None:
    """Return the kept effects if they have all that is asked for, measured with these limits.

    Effects that are kept of other limits are set aside.
    """
    wanted = limits_hash(with_inputs(limits, workload))
    folder = folder_of(given.run)
    known = kept_effects(given.run, results)
    if known is None or known.limits != wanted:
        with sole_writer(folder):
            set_aside(folder, wanted)
        known = kept_effects(given.run, results)
    if known is None or given.strikes:
        return None
    return known if _suffice(known, results, measured_among(given.among)) else None


def measured(
    given: Given,
    results: Results,
    workload: Workload,
    limits: Limits,
    prepared: Prepare | None = None,
    shown: Shown | None = None,
) -> Effects:
    """Measure what is not known, and keep it in the campaign's folder.

    Parameters
    ----------
    given : Given
        What the user gives.
    results : Results
        The campaign.
    workload : Workload
        What it struck.
    limits : Limits
        Those of its launches.
    prepared : callable, optional
        Makes golden runs and profiles.
    shown : callable, optional
        Gives what is called behind that, while effects are measured.
    """
    judge = given_judge(results.specification, given.judged.judge)
    folder = folder_of(given.run)
    known = kept_effects(given.run, results)
    with sole_writer(folder), scratch_folder() as scratch:
        setup = (prepared or _prepare)(workload, results.specification, scratch, judge)
        subject = Subject(
            workload=workload,
            campaign=setup,
            records=results.records,
            limits=with_inputs(limits, workload),
            least=given.strikes or LEAST,
            techniques=measured_among(given.among),
        )

        def keep(effects: Effects) -> None:
            write_effects(folder, effects)

        with nullcontext(Telling()) if shown is None else shown() as telling:
            return measure_effects(
                subject,
                known,
                lambda one: _pool(one, given.workers),
                scratch,
                cache_home() / "profiles",
                replace(telling, keep=keep),
            )


def effects_of(
    given: Given,
    results: Results,
    measure: Callable[[Given, Results, Workload, Limits], Effects] = measured,
) -> Effects:
    """Return the effects that are kept in a campaign's folder, or measure them and keep them.

    Parameters
    ----------
    given : Given
        What the user gives.
    results : Results
        The campaign.
    measure : callable
        Measures what is not known, as :func:`measured` does.

    Raises
    ------
    CampaignError
        If what the campaign struck is not what the user gives.
    """
    known = kept_for(given, results)
    if known is not None:
        return known
    workload = workload_again(results.specification, results.facts, given.network, given.files)
    limits = limits_of(given, workload)
    known = kept_within(given, results, workload, limits)
    return known or measure(given, results, workload, limits)


def _prepare(
    workload: Workload,
    specification: CampaignSpecification,
    scratch: Path,
    judge: JudgeSource | None,
) -> InjectorSetup:
    return prepare(workload, specification, scratch, cache_home() / "profiles", judge=judge)


@contextmanager
def _pool(setup: EffectSetup, workers: int | None) -> Iterator[Run]:
    with WorkerPool[Any, Any](workers or cores(), measure_in_worker, setup) as pool:
        yield pool.run


@dataclass(frozen=True)
class Measured:
    """A campaign with what techniques do to its injections, to choose from.

    Attributes
    ----------
    results : Results
        The campaign.
    effects : Effects
        What was measured.
    given : Given
        What it was measured with.
    """

    results: Results
    effects: Effects
    given: Given

    def choose(
        self,
        aim: Aim,
        of: str = "critical",
        *,
        among: Sequence[str] | None = None,
        modes: Sequence[str] | None = None,
    ) -> Answer:
        """Choose a technique, or none, for each kernel in each layer.

        Parameters
        ----------
        aim : Aim
            The most for a budget, or the least cost for a share of the damage.
        of : {"critical", "sdc", "due", "all"}
            What is to be removed.
        among : sequence of str, optional
            The techniques that may be chosen, ``lean`` too; all that were measured if not given.
        modes : sequence of str, optional
            Choose by faults of these modes alone.

        Raises
        ------
        CampaignError
            If there is no such damage, technique or mode, or the aim cannot be one.
        """
        _known(of, HARMS, "kind of damage")
        _check_aim(aim)
        chosen = techniques_given(among) or self.given.among
        return measured_answer(
            self._drawn(modes), self.effects, of=of, aim=aim, seed=self.results.seed, among=chosen
        )

    def predict(
        self,
        answer: Answer,
        *,
        among: Sequence[str] | None = None,
        modes: Sequence[str] | None = None,
    ) -> dict[str, Prediction]:
        """Return what an answer will remove of every kind of damage.

        Parameters
        ----------
        answer : Answer
            As of :meth:`choose`.
        among, modes
            What it was chosen with.
        """
        chosen = techniques_given(among) or self.given.among
        return predicted(answer, self._drawn(modes), self.effects, self.results.seed, chosen)

    def _drawn(self, modes: Sequence[str] | None) -> Drawn:
        drawn = drawn_of(self.results)
        if modes is None:
            return drawn
        for one in modes:
            _known(one, sorted({record.mode for record in drawn.records}), "mode")
        return replace(drawn, records=tuple(one for one in drawn.records if one.mode in modes))


def techniques_given(among: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the techniques that may be chosen; None if all may.

    Raises
    ------
    CampaignError
        If there is no such technique.
    """
    for one in among or ():
        _known(one, (*TECHNIQUES, LEAN), "technique")
    return tuple(among) if among else None


def _check_aim(aim: Aim) -> None:
    if aim.coverage is not None and aim.budget is not None:
        raise CampaignError("an aim has coverage or budget, not both; leave one of them out")
    if aim.wrong is not None:
        field, why = aim.wrong
        raise CampaignError(f"a {field} of {why}")


def _known(value: str, known: Sequence[str] | Any, what: str) -> None:
    if value not in known:
        raise CampaignError(f"there is no {what} {value!r} here; give one of {', '.join(known)}")


def measure(
    run: str | os.PathLike[str],
    *,
    network: str | None = None,
    among: Sequence[str] | None = None,
    strikes: int | None = None,
    workers: int | None = None,
    **files: Any,
) -> Measured:
    """Measure what techniques do to a campaign's own injections, or read what was measured.

    What is measured is kept in the campaign's folder, as by ``softbeam advise``.  It takes about as
    long as the campaign, several times, and uses all cores.

    Parameters
    ----------
    run : path
        The campaign's folder, or its results file.
    network : str, optional
        The network's file, if it is your own.
    among : sequence of str, optional
        Measure these techniques only, and choose among them; all if not given.
    strikes : int, optional
        Injections of each mode in each piece of hardened code, at the least; ten if not given.
    workers : int, optional
        Processes; one a core if not given.
    **files
        The files that the campaign was given, under the names that they have in campaign files:
        ``weights``, ``images`` (a list), preprocessing, ``judge``; and where limits come from:
        ``calibration`` (a list), ``limit_margin``, ``limits``.

    Raises
    ------
    SoftbeamError
        If the campaign is not of a network that techniques can be measured on, or what it struck
        is not what is given.
    """
    for name in files:
        _known(name, [key for one in options_of(Files) for key in one.keys], "option")
    chosen = Files.from_options(files)
    if strikes is not None and strikes < 1:
        raise CampaignError(f"strikes is {strikes}; give at least 1, or leave it out")
    given = Given(
        Path(run), network, chosen, chosen, chosen, strikes, workers, techniques_given(among)
    )
    results = Results.load(run)
    drawn_of(results)
    return Measured(results, effects_of(given, results), given)

"""Measured effects of a campaign's techniques: read from its folder, or measured and kept there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbeam.cli._again import workload_again
from softbeam.cli._options import cores, progress_bar
from softbeam.injection.choices import JudgeChoice
from softbeam.network.choices import CalibrationChoices, InputChoices

if TYPE_CHECKING:
    from softbeam.analysis.hardening.measured.gathering import Drawn
    from softbeam.analysis.results import Results
    from softbeam.campaign.effects.facts import Effects
    from softbeam.campaign.effects.measuring import Run
    from softbeam.campaign.effects.setup import EffectSetup
    from softbeam.injection.judges.functions import JudgeSource
    from softbeam.network.hardening.limits import Limits
    from softbeam.network.workload import Workload


@dataclass(frozen=True, slots=True)
class Given:
    """What a user gives so that a campaign can be measured.

    Attributes
    ----------
    run : Path
        The campaign's folder.
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
    def folder(self) -> Path:
        """The campaign's folder, also where its results file was named."""
        return self.run if self.run.is_dir() else self.run.parent

    @property
    def asks(self) -> bool:
        """Whether anything is asked for that kept effects may not have."""
        chosen = self.calibration
        return bool(self.strikes or chosen.calibration or chosen.limit_margin or chosen.limits)


def drawn_of(results: Results) -> Drawn:
    """Return a campaign's own injections in code.

    Raises
    ------
    CampaignError
        If it is of a network that is hardened already, or of a program.
    """
    from softbeam.analysis.hardening.measured.gathering import Drawn
    from softbeam.errors import CampaignError
    from softbeam.faults.modes import of_code

    specification = results.specification
    if specification.harden is not None:
        raise CampaignError(
            f"the campaign is of a network hardened by {specification.harden!r}; give the campaign "
            "of the unhardened one, on which techniques are measured"
        )
    records = tuple(one for one in results.records if of_code(one.mode))
    return Drawn(records, results.sizes, len(specification.inputs_sha256))


def is_measured(given: Given, results: Results, drawn: Drawn) -> bool:
    """Return whether everything that is asked for was measured before, with this machine code."""
    from softbeam.campaign.effects.file import read_effects
    from softbeam.campaign.effects.setup import kernels_hash, measured_among

    known = read_effects(given.folder)
    if known is None or given.asks or drawn.lacking(known):
        return False
    if not set(measured_among(given.among)) <= known.techniques:
        return False
    specification = results.specification
    return (known.campaign, known.kernels) == (
        specification.campaign_id,
        kernels_hash(specification.architecture),
    )


def effects_of(given: Given, results: Results, drawn: Drawn) -> Effects:
    """Return the effects that are kept in a campaign's folder, or measure them and keep them.

    Raises
    ------
    CampaignError
        If what the campaign struck is not what the user gives.
    """
    from softbeam.campaign.effects.file import read_effects

    if is_measured(given, results, drawn):
        known = read_effects(given.folder)
        assert known is not None
        return known
    workload = workload_again(results, given.network, given.files)
    return measured(given, results, workload, limits_of(given, workload))


def limits_of(given: Given, workload: Workload) -> Limits:
    """Return the limits that the user asks for.

    Raises
    ------
    CampaignError
        If it is a program, whose kernels have no hardened variants.
    """
    from softbeam.campaign.effects.setup import limits_on
    from softbeam.errors import CampaignError

    if not workload.plan.native:
        raise CampaignError(
            f"{workload.network.name} is a program, and techniques are measured on softbeam's own "
            "kernels alone; ask by a model, such as --technique duplication"
        )
    return limits_on(workload, given.calibration.calibrated, given.files.preprocessing)


def measured(given: Given, results: Results, workload: Workload, limits: Limits) -> Effects:
    """Measure what is not known, and keep it in the campaign's folder."""
    from softbeam.campaign.effects.file import read_effects, write_effects
    from softbeam.campaign.effects.measuring import Subject, Telling, measure
    from softbeam.campaign.effects.setup import measured_among, with_inputs
    from softbeam.campaign.scratch import scratch_folder
    from softbeam.campaign.setup import given_judge
    from softbeam.campaign.streams import LEAST
    from softbeam.campaign.writer import sole_writer
    from softbeam.cli.campaign import prepare_shown
    from softbeam.jit import cache_home

    judge: JudgeSource | None = given_judge(results.specification, given.judged.judge)
    with sole_writer(given.folder), scratch_folder() as scratch:
        setup = prepare_shown(workload, results.specification, scratch, judge)
        subject = Subject(
            workload=workload,
            campaign=setup,
            records=results.records,
            limits=with_inputs(limits, workload),
            least=given.strikes or LEAST,
            techniques=measured_among(given.among),
        )

        def keep(effects: Effects) -> None:
            write_effects(given.folder, effects)

        with progress_bar("injections") as bar:
            task = bar.add_task("effects", total=None)
            return measure(
                subject,
                read_effects(given.folder),
                lambda one: _pool(one, given.workers),
                scratch,
                cache_home() / "profiles",
                Telling(
                    doing=lambda what: bar.update(task, description=what, total=None),
                    progress=lambda done, of: bar.update(task, completed=done, total=of),
                    keep=keep,
                ),
            )


@contextmanager
def _pool(setup: EffectSetup, workers: int | None) -> Iterator[Run]:
    from softbeam.campaign.effects.working import measure_in_worker
    from softbeam.campaign.workers import WorkerPool

    with WorkerPool[Any, Any](workers or cores(), measure_in_worker, setup) as pool:
        yield pool.run

"""Measuring the effects of techniques on a campaign: what is missing, done technique by technique.

One hardened network at a time has its golden runs on disk.  What is known already is kept, so that
a campaign that was made longer, or a measurement that was stopped, goes on where it was; which
injections there are depends on their names alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from softbeam.campaign.effects.facts import (
    PLAIN,
    Damaging,
    Effects,
    Ended,
    Exposure,
    Sample,
    Struck,
    Technique,
)
from softbeam.campaign.effects.setup import (
    ADDED,
    MEASURED,
    REPLAYED,
    EffectSetup,
    Hardening,
    kernels_hash,
    limits_hash,
    prepare_hardened,
    rules_for,
    unneeded_launches,
)
from softbeam.campaign.effects.working import Answered, checks_of, hardened_injector
from softbeam.campaign.setup import InjectorSetup, launches_in_scope
from softbeam.campaign.streams import LEAST
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, InternalError
from softbeam.faults.modes import PRICED, of_code
from softbeam.faults.space import FaultSpace
from softbeam.faults.stratum import Stratum
from softbeam.injection.injector import Injector
from softbeam.injection.record import InjectionRecord
from softbeam.network.golden import open_golden_run
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import read_rules
from softbeam.network.plan import Plan
from softbeam.network.workload import Workload

#: What answers tasks in any order, as :meth:`softbeam.campaign.workers.WorkerPool.run` does.
Run = Callable[[Iterable[Struck]], Iterator[Answered | Failure[Struck]]]

#: Makes that of a setup; it is left when its tasks are done.
Runner = Callable[[EffectSetup], AbstractContextManager[Run]]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is called while it is measured.

    Attributes
    ----------
    doing : callable
        With what is done now, in words.
    progress : callable
        With how much of it is done, and all of it.
    keep : callable
        With the effects that are known so far.
    """

    doing: Callable[[str], None] = lambda what: None
    progress: Callable[[int, int], None] = lambda done, of: None
    keep: Callable[[Effects], None] = lambda effects: None


@dataclass(frozen=True, slots=True)
class Subject:
    """What effects are measured of.

    Attributes
    ----------
    workload : Workload
        The network, not hardened, with the campaign's inputs.
    campaign : InjectorSetup
        Its golden runs and profiles, and the campaign.
    records : tuple of InjectionRecord
        The campaign's injections.
    limits : Limits
        What the launches of the network store without fault, on the campaign's inputs too.
    least : int
        Injections of each stream in hardened code of each kernel in each layer that did damage, at
        the least; else as many as did damage there.
    techniques : tuple of tuple of str
        What is measured.
    """

    workload: Workload
    campaign: InjectorSetup
    records: tuple[InjectionRecord, ...]
    limits: Limits
    least: int = LEAST
    techniques: tuple[Technique, ...] = MEASURED

    @property
    def plan(self) -> Plan:
        """The network's plan."""
        return self.workload.plan

    @property
    def streams(self) -> list[tuple[str, str]]:
        """The modes and models that strike instructions, sorted."""
        return sorted({(one.mode, one.model) for one in self.records if of_code(one.mode)})

    def damaging(self) -> dict[Struck, InjectionRecord]:
        """Return the injections that did damage, by name."""
        return {
            Struck.of(one): one
            for one in self.records
            if of_code(one.mode) and Ended(one.outcome, one.detail).is_damage
        }


def nothing_known(subject: Subject) -> Effects:
    """Return the effects of a campaign of which nothing is measured yet."""
    return Effects(
        campaign=subject.campaign.campaign_id,
        limits=limits_hash(subject.limits),
        kernels=kernels_hash(subject.workload.choices.architecture),
    )


def measure(
    subject: Subject,
    known: Effects | None,
    runner: Runner,
    scratch: Path,
    cache: Path,
    telling: Telling,
) -> Effects:
    """Measure what is not known yet.

    Parameters
    ----------
    subject : Subject
        What is measured.
    known : Effects or None
        What is known; left out where it is of another campaign, other limits or other code.
    runner : callable
        Makes what answers tasks.
    scratch, cache : Path
        Folders for golden runs, and for profiles.
    telling : Telling
        What is called meanwhile.

    Returns
    -------
    Effects
        All that is known then; the same however often it was stopped.

    Raises
    ------
    InternalError
        If an injection is not what the campaign recorded, or has no result.
    """
    effects = nothing_known(subject)
    if known is not None and known.fits(effects):
        effects = known
    ranged = None
    rules = {one: rules_for(subject.workload, one, subject.limits) for one in subject.techniques}
    if rules.get(REPLAYED):
        ranged = harden(subject.plan, read_rules(rules[REPLAYED]), subject.limits)
    effects = _replay(subject, effects, ranged, runner, telling)
    telling.keep(effects)
    for technique in subject.techniques:
        done = replace(nothing_known(subject), techniques=frozenset({technique}))
        if not rules[technique]:
            effects = effects.joined(done)
            continue
        telling.doing("+".join(technique))
        hardening, inputs = prepare_hardened(
            subject.workload,
            subject.campaign,
            technique,
            rules[technique],
            subject.limits,
            scratch,
            cache,
            telling.progress,
        )
        setup = EffectSetup(subject.campaign, ranged, hardening, inputs)
        effects = _technique(subject, effects, setup, hardening, runner, telling).joined(done)
        telling.keep(effects)
    return effects


def _replay(
    subject: Subject, effects: Effects, ranged: Plan | None, runner: Runner, telling: Telling
) -> Effects:
    """Replay the recorded injections that are not known yet."""
    telling.doing("replays")
    recorded = {
        name: one for name, one in subject.damaging().items() if name not in effects.replayed
    }
    crashed = [
        Damaging(name, _launch(one), Ended(one.outcome, one.detail))
        for name, one in recorded.items()
        if one.outcome == "DUE"
    ]
    silent = sorted(name for name, one in recorded.items() if one.outcome == "SDC")
    found = list(_answers(runner, EffectSetup(subject.campaign, ranged), silent, telling))
    for one in found:
        _check(recorded[one.struck], one)
    unneeded = unneeded_launches(subject.plan)
    return effects.grown(
        replayed=frozenset(recorded),
        damaging=(*crashed, *found),
        unneeded=unneeded,
        dropped=_dropped(subject, unneeded),
    )


def _launch(record: InjectionRecord) -> int:
    if record.launch is None:
        raise InternalError(f"injection {record.index} of {record.mode} struck no launch")
    return record.launch


def _check(record: InjectionRecord, found: Damaging) -> None:
    if (record.outcome, record.detail) != found.ended:
        raise InternalError(
            f"{record.mode} {record.model} {record.stratum} {record.index} ended as "
            f"{record.outcome}, {record.detail}, and replayed as {' '.join(found.ended)}; please "
            "report it"
        )


def _technique(
    subject: Subject,
    effects: Effects,
    setup: EffectSetup,
    hardening: Hardening,
    runner: Runner,
    telling: Telling,
) -> Effects:
    """Count the code of a technique, strike it, and replay what it acts on."""
    if not hardening.launches:
        return effects
    technique = hardening.technique
    sizes = _sizes(setup, hardening, {mode for mode, _ in subject.streams})
    samples = _samples(subject, sizes, technique)
    tasks = [
        Struck(sample.place, technique, sample.mode, sample.model, "", index)
        for sample, number in sorted(samples.items())
        for index in range(effects.struck.get(sample, 0), number)
    ]
    checked = _behind_checks(subject, effects, hardening) if technique == ADDED else []
    tasks += checked
    damaging = list(_answers(runner, setup, tasks, telling))
    return effects.grown(
        checked=frozenset(checked),
        damaging=tuple(damaging),
        struck=samples,
        sizes=sizes,
    )


def _behind_checks(subject: Subject, effects: Effects, hardening: Hardening) -> list[Struck]:
    """Return the recorded silent errors that come to a check, but for those that did before."""
    checks = checks_of(subject.campaign, hardening)
    return sorted(
        name
        for name, one in subject.damaging().items()
        if one.outcome == "SDC" and one.launch in checks and name not in effects.checked
    )


def _samples(
    subject: Subject, sizes: Mapping[Exposure, int], technique: Technique
) -> dict[Sample, int]:
    """Return how many injections of each stream are to be made in each piece of hardened code.

    As many as did damage in the code that it takes the place of, and at least so many; none where
    nothing did.  What a check does is told by as many as it may remove.
    """
    seen: Counter[tuple[Stratum, str, str]] = Counter()
    damaged: set[Stratum] = set()
    for name, record in subject.damaging().items():
        place = name.place
        if technique == ADDED:
            # What a check may remove lies in all of its layer.
            places = [p for p in {key.place for key in sizes} if p.layer == place.layer]
        else:
            places = [place]
        for one in places:
            seen[one, record.mode, record.model] += 1
            damaged.add(one)
    struck = {key.place for key in sizes} & damaged
    return {
        Sample(place, technique, mode, model): max(subject.least, seen[place, mode, model])
        for place in sorted(struck)
        for mode, model in subject.streams
        if any(
            size
            for key, size in sizes.items()
            if (key.place, key.technique, key.mode) == (place, technique, mode)
        )
    }


def _sizes(setup: EffectSetup, hardening: Hardening, modes: Collection[str]) -> dict[Exposure, int]:
    """Return how many places each mode has in the code that a technique made, for each input."""
    found: dict[Exposure, int] = {}
    for number, one in enumerate(setup.inputs):
        golden = open_golden_run(hardening.plan, one.golden)
        injector = hardened_injector(setup, hardening, golden, number)
        for mode in sorted({*modes, *PRICED}):
            cells = _cells(injector, mode)
            for place, cell in hardening.cells.items():
                key = Exposure(place, hardening.technique, mode, number)
                found[key] = cells.get(cell, 0)
    return found


def _dropped(subject: Subject, unneeded: frozenset[int]) -> dict[Exposure, int]:
    """Return how many places each mode has in the launches that inference does not need."""
    scope = launches_in_scope(subject.plan, subject.campaign.specification)
    launches = [number for number in scope if number in unneeded]
    found: dict[Exposure, int] = {}
    if not launches:
        return found
    for injector in subject.campaign.injectors():
        part = Injector(
            injector.device,
            subject.campaign.inputs[injector.image].profiles,
            launches,
            injector.campaign,
            fault_semantics=subject.campaign.specification.fault_semantics,
            groups=subject.campaign.specification.groups,
            image=injector.image,
            rule=injector.rule,
        )
        for mode in sorted({*(mode for mode, _ in subject.streams), *PRICED}):
            for cell, size in _cells(part, mode).items():
                found[Exposure(cell, PLAIN, mode, injector.image)] = size
    return found


def _cells(injector: Injector, mode: str) -> dict[Stratum, int]:
    """Return a mode's places by kernel in layer; none where it has none at all."""
    try:
        space = injector.space(mode)
    except CampaignError:
        return {}
    assert isinstance(space, FaultSpace)
    return {Stratum(*cell): size for cell, size in space.cells().items() if size}


def _answers(
    runner: Runner, setup: EffectSetup, tasks: list[Struck], telling: Telling
) -> Iterator[Damaging]:
    """Have tasks done and yield the damage."""
    if not tasks:
        return
    with runner(setup) as run:
        for done, found in enumerate(run(tasks)):
            if isinstance(found, Failure):
                raise InternalError(f"no effects of {found.task}: {found.message}")
            telling.progress(done + 1, len(tasks))
            if found[1] is not None:
                yield found[1]

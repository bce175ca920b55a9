"""What a worker process does: replay a recorded injection, or strike hardened code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softbeam.campaign.effects.facts import PLAIN, Damaging, Ended, Remedy, Struck
from softbeam.campaign.effects.replaying import Changed, Follower
from softbeam.campaign.effects.setup import ADDED, EffectSetup, Hardening
from softbeam.campaign.setup import InjectorSetup
from softbeam.errors import InternalError
from softbeam.faults.site import FaultSite
from softbeam.faults.stratum import Stratum
from softbeam.injection.classification import from_ending
from softbeam.injection.injector import Injector
from softbeam.injection.judging import judge_for
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.injection.reports import is_detected, reported
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, open_golden_run

#: What a worker answers: the task, and the damage if there is any.
Answered = tuple[Struck, Damaging | None]


def measure_in_worker(setup: EffectSetup) -> Callable[[Struck], Answered]:
    """Return the function from an injection's name to what came of it."""
    injectors = setup.campaign.injectors()
    followers = [Follower(injector, setup.ranged) for injector in injectors]
    hardening = setup.hardening
    if hardening is None:
        return lambda task: _replayed(task, injectors, followers)
    goldens = [open_golden_run(hardening.plan, one.golden) for one in setup.inputs]
    hardened = [
        hardened_injector(setup, hardening, golden, number) for number, golden in enumerate(goldens)
    ]
    if hardening.technique == ADDED:
        checked = Checked(setup.campaign, hardening, goldens)
        return lambda task: (
            checked.replayed(task, injectors)
            if task.technique == PLAIN
            else _struck_check(task, hardening, hardened)
        )
    return lambda task: _struck(task, hardening, hardened, followers)


def hardened_injector(
    setup: EffectSetup, hardening: Hardening, golden: GoldenRun, number: int
) -> Injector:
    """Return what strikes the launches of a hardened network that its technique made."""
    specification = setup.campaign.specification
    return Injector(
        Device(golden, specification.architecture),
        setup.inputs[number].profiles,
        hardening.launches,
        specification.campaign_id,
        fault_semantics=specification.fault_semantics,
        groups=specification.groups,
        image=number,
        rule=judge_for(golden.plan, specification, setup.campaign.judge),
    )


def _replayed(task: Struck, injectors: list[Injector], followers: list[Follower]) -> Answered:
    """Strike as the campaign did, and carry on what it left, with clamps and without."""
    number = task.index % len(injectors)
    injector = injectors[number]
    site = injector.site(task.mode, task.model, task.index, task.stratum)
    assert isinstance(site, FaultSite)
    struck = injector.strike(site)
    decided = from_ending(struck.ending)
    if decided is not None:
        return task, Damaging(task, site.launch, Ended(decided.outcome, decided.detail))
    followed = followers[number].follow(site.launch, struck.changed)
    return task, Damaging(task, site.launch, followed.ended, followed.with_remedy)


def _struck(
    task: Struck, hardening: Hardening, hardened: list[Injector], followers: list[Follower]
) -> Answered:
    """Strike a hardened kernel, and carry on what it left through the unhardened network."""
    number = task.index % len(hardened)
    injector = hardened[number]
    site = injector.site(task.mode, task.model, task.index, str(hardening.cells[task.place]))
    assert isinstance(site, FaultSite)
    launch = hardening.origin[site.launch]
    struck = injector.strike(site)
    decided = from_ending(struck.ending)
    if decided is not None:
        return task, _if_damage(task, launch, Ended(decided.outcome, decided.detail))
    if is_detected(injector.device.golden, struck.changed):
        return task, None
    report = injector.device.plan.report
    changed: Changed = {name: words for name, words in struck.changed.items() if name != report}
    if not changed:
        return task, None
    followed = followers[number].follow(launch, changed)
    damage = _if_damage(task, launch, followed.ended)
    if damage is None:
        return task, None
    return task, Damaging(task, launch, followed.ended, followed.with_remedy)


def _struck_check(task: Struck, hardening: Hardening, hardened: list[Injector]) -> Answered:
    """Strike a launch that checks a product, in the network that has it."""
    injector = hardened[task.index % len(hardened)]
    stratum = str(hardening.cells[task.place])
    site = injector.site(task.mode, task.model, task.index, stratum)
    assert isinstance(site, FaultSite)
    record = injector.inject_site(site, task.index, stratum)
    ended = Ended(record.outcome, record.detail)
    return task, _if_damage(task, hardening.origin[site.launch], ended)


def _if_damage(task: Struck, launch: int, ended: Ended) -> Damaging | None:
    return Damaging(task, launch, ended) if ended.is_damage else None


@dataclass(frozen=True, slots=True)
class _Check:
    """The check that an error in a launch comes to first: its product, and how it is called."""

    remedy: Remedy
    launch: int


class Checked:
    """Carries errors through a network whose every product is checked.

    Parameters
    ----------
    campaign : InjectorSetup
        The unhardened network's.
    hardening : Hardening
        Of the checks.
    goldens : list of GoldenRun
        The checked network's golden runs, one for each input.
    """

    def __init__(
        self, campaign: InjectorSetup, hardening: Hardening, goldens: list[GoldenRun]
    ) -> None:
        self._hardening, self._goldens = hardening, goldens
        self._live = live_words(hardening.plan)
        self._base = hardening.base
        self._checks = checks_of(campaign, hardening)

    def replayed(self, task: Struck, injectors: list[Injector]) -> Answered:
        """Strike as the campaign did, and carry on what it left through the checked network."""
        number = task.index % len(injectors)
        injector = injectors[number]
        site = injector.site(task.mode, task.model, task.index, task.stratum)
        assert isinstance(site, FaultSite)
        struck = injector.strike(site)
        check = self._checks.get(site.launch)
        if from_ending(struck.ending) is not None or check is None:
            raise InternalError(f"{task} was to be checked, and ends before any check")
        golden = self._goldens[number]
        found = propagate(golden, self._live, self._base[site.launch], struck.changed)
        outcome = reported(injector.rule(golden.answer, found.output), found.report)
        plain = propagate(injector.device.golden, injector.live, site.launch, struck.changed)
        before = injector.rule(injector.device.golden.answer, plain.output)
        ended, own = Ended(outcome.outcome, outcome.detail), Ended(before.outcome, before.detail)
        remedies = {} if ended == own else {check.remedy: ended}
        return task, Damaging(task, site.launch, own, remedies)


def checks_of(campaign: InjectorSetup, hardening: Hardening) -> dict[int, _Check]:
    """Return for each launch of the unhardened plan the check behind it in its layer, if any."""
    found: dict[int, _Check] = {}
    products = sorted(hardening.origin[one] for one in hardening.launches)
    for launch in campaign.plan.launches:
        for number in products:
            product = campaign.plan.launches[number]
            if product.layer == launch.layer and number >= launch.index:
                place = Stratum(product.layer, product.kernel)
                found[launch.index] = _Check(Remedy(place, ADDED), number)
                break
    return found

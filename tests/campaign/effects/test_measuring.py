from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from softbeam.campaign.effects.facts import PLAIN, Effects, Ended, Remedy, Sample, Struck
from softbeam.campaign.effects.file import to_json
from softbeam.campaign.effects.measuring import Run, Subject, Telling, measure
from softbeam.campaign.effects.replaying import CLAMP, REACH
from softbeam.campaign.effects.setup import EffectSetup, limits_on, rules_for
from softbeam.campaign.effects.working import Answered, measure_in_worker
from softbeam.errors import InternalError
from softbeam.faults.stratum import Stratum
from softbeam.injection.injector import Injector, stratum_of
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.injection.record import InjectionRecord
from softbeam.kernels.hardened import base_of
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.calibration import Calibration
from softbeam.network.hardening.checksum import CHECKS, check_weights
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import has, read_rules
from softbeam.network.preprocessing import PLAIN as PLAIN_PICTURES
from softbeam.network.profile import profile_launch

if TYPE_CHECKING:
    from conftest import Prepared  # type: ignore[attr-defined]

TECHNIQUES = (
    ("range",),
    ("duplication",),
    ("bounds",),
    ("duplication", "range"),
    ("duplication", "range", "bounds"),
    ("checksum",),
)

#: Techniques with a clamp, which acts on what comes from before as a clamp alone does.
WITH_CLAMP = (
    CLAMP,
    pytest.param(("duplication", "range"), marks=pytest.mark.slow),
    pytest.param(("duplication", "range", "bounds"), marks=pytest.mark.slow),
)


@contextmanager
def here(setup: EffectSetup) -> Iterator[Run]:
    """Do tasks in this process, the last one first."""
    work = measure_in_worker(setup)

    def run(tasks: Iterable[Struck]) -> Iterator[Answered]:
        return map(work, reversed(list(tasks)))

    yield run


@pytest.fixture(scope="session")
def records(prepared: Prepared) -> tuple[InjectionRecord, ...]:
    """Return a campaign's injections, really made."""
    injectors = prepared.setup.injectors()
    return tuple(
        injectors[index % len(injectors)].inject(stream.mode, stream.model, index)
        for stream in prepared.specification.streams
        for index in range(100)
    )


@pytest.fixture(scope="session")
def limits(prepared: Prepared) -> Limits:
    return limits_on(prepared.workload, Calibration(), PLAIN_PICTURES)


@pytest.fixture(scope="session")
def subject(prepared: Prepared, records: tuple[InjectionRecord, ...], limits: Limits) -> Subject:
    return Subject(prepared.workload, prepared.setup, records, limits, 10, TECHNIQUES)


@pytest.fixture(scope="session")
def effects(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Effects:
    folder = tmp_path_factory.mktemp("effects")
    return measure(subject, None, here, folder, folder, Telling())


def test_everything_that_did_damage_is_replayed(subject: Subject, effects: Effects) -> None:
    assert effects.replayed == set(subject.damaging())
    own = {one.struck: one for one in effects.damaging if one.struck.technique == PLAIN}
    assert set(own) == set(subject.damaging())
    for name, record in subject.damaging().items():
        assert own[name].ended == Ended(record.outcome, record.detail)
        assert own[name].launch == record.launch
    removing = {remedy.technique for one in own.values() for remedy in one.with_remedy}
    assert removing == {("range",), ("checksum",)}


@pytest.mark.parametrize("technique", WITH_CLAMP)
def test_a_clamp_behind_does_what_the_clamped_network_does(
    prepared: Prepared,
    subject: Subject,
    effects: Effects,
    limits: Limits,
    technique: tuple[str, ...],
) -> None:
    """Oracle: the network with that technique there alone, every launch computed as a whole."""
    workload = prepared.workload
    injectors = prepared.setup.injectors()
    silent = [one for one in effects.damaging if one.struck.technique == PLAIN]
    silent = [one for one in silent if one.ended.outcome == "SDC"]
    assert silent
    looked = 0
    places = sorted(
        {
            Stratum(launch.layer, launch.kernel)
            for launch in workload.plan.launches
            if has(launch, technique)
        }
    )
    for place in places:
        rule = str(Remedy(place, technique))
        plan = harden(workload.plan, read_rules(rule), limits)
        goldens = [golden_run(plan, workload.weights, image) for image in workload.images]
        live = live_words(plan)
        for one in silent:
            struck = one.struck
            behind = [
                launch.index
                for launch in workload.plan.launches
                if Stratum(launch.layer, launch.kernel) == place and launch.index > one.launch
            ]
            layer = workload.plan.launches[one.launch].layer
            own = place == struck.place
            if own or not behind or place.layer > layer + REACH:
                continue
            number = struck.index % len(injectors)
            injector = injectors[number]
            site = injector.site(struck.mode, struck.model, struck.index, struck.stratum)
            changed = injector.strike(site).changed  # type: ignore[arg-type]
            found = propagate(goldens[number], live, one.launch, changed, rules={})
            outcome = injector.rule(injector.device.golden.answer, found.output)
            ended = Ended(outcome.outcome, outcome.detail)
            assert one.with_remedy.get(Remedy(place, CLAMP), one.ended) == ended
            looked += 1
    assert looked > 20


def test_hardened_code_is_struck_as_in_the_network_that_has_it(
    prepared: Prepared, subject: Subject, effects: Effects
) -> None:
    """Oracle: the network with that technique on that kernel in that layer alone."""
    workload = prepared.workload
    looked = found = 0
    damage = {one.struck: one.ended for one in effects.damaging}
    for sample, number in effects.struck.items():
        rule = str(Remedy(sample.place, sample.technique))
        plan = harden(workload.plan, read_rules(rule), subject.limits, workload.weights)
        weights = {
            **workload.weights,
            **{
                name: words.view(np.float32)
                for name, words in check_weights(plan, workload.weights).items()
            },
        }
        launches = [
            one.index
            for one in plan.launches
            if one.kernel in CHECKS or base_of(one.kernel) != one.kernel
        ]
        for image in range(len(workload.images)):
            device = Device(golden_run(plan, weights, workload.images[image]), "sm_90")
            profiles = {one: profile_launch(device, one) for one in launches}
            injector = Injector(device, profiles, launches, prepared.setup.campaign_id, image=image)
            stratum = stratum_of(plan.launches[launches[0]])
            for index in range(image, number, len(workload.images)):
                record = injector.inject(sample.mode, sample.model, index, stratum)
                ended = Ended(record.outcome, record.detail)
                name = Struck(*sample, "", index)
                assert damage.get(name) == (ended if ended.is_damage else None)
                looked += 1
                found += ended.is_damage
    assert looked > 50
    assert found


def test_it_goes_on_where_it_was_and_comes_to_the_same(
    subject: Subject, effects: Effects, tmp_path: Path
) -> None:
    half = replace(subject, records=subject.records[::2], techniques=subject.techniques[:1])
    kept: list[Effects] = []
    first = measure(half, None, here, tmp_path, tmp_path, Telling(keep=kept.append))
    assert kept[-1] == first
    second = measure(subject, first, here, tmp_path, tmp_path, Telling())
    assert to_json(second) == to_json(effects)
    done: list[int] = []
    telling = Telling(progress=lambda number, of: done.append(number))
    assert measure(subject, second, here, tmp_path, tmp_path, telling) == second
    assert not done


def test_effects_of_other_limits_are_measured_anew(
    subject: Subject, effects: Effects, tmp_path: Path
) -> None:
    other = replace(effects, limits="other", struck={Sample(Stratum(0, "k"), (), "rf", "m"): 3})
    again = measure(replace(subject, techniques=()), other, here, tmp_path, tmp_path, Telling())
    assert again.limits == effects.limits
    assert not again.struck


def test_a_record_that_does_not_replay_is_an_error(subject: Subject, tmp_path: Path) -> None:
    wrong = tuple(
        replace(one, detail="critical" if one.detail != "critical" else "tolerable")
        if one.outcome == "SDC"
        else one
        for one in subject.records
    )
    with pytest.raises(InternalError, match="and replayed as"):
        measure(replace(subject, records=wrong), None, here, tmp_path, tmp_path, Telling())


def test_places_are_counted_of_needed_launches_alone(
    prepared: Prepared, effects: Effects, limits: Limits
) -> None:
    plan = prepared.workload.plan
    assert effects.unneeded
    assert all(size > 0 for size in effects.dropped.values())
    dropped = {key.place for key in effects.dropped}
    assert dropped == {
        Stratum(plan.launches[one].layer, plan.launches[one].kernel)
        for one in effects.unneeded
        if not plan.launches[one].library
    }
    assert all(rules_for(prepared.workload, key.technique, limits) for key in effects.sizes)

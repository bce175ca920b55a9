"""From a campaign to what measures the effect of techniques on it: plans, golden runs, profiles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from softbeam.campaign.effects.facts import Remedy, Technique
from softbeam.campaign.setup import InjectorSetup, InputSetup, launches_in_scope
from softbeam.errors import InternalError, NetworkError
from softbeam.faults.stratum import Stratum
from softbeam.kernels import KERNELS, machine_code_sha256, manifest
from softbeam.kernels.checks import CHECKS
from softbeam.kernels.hardened import techniques_of
from softbeam.memory import require_disk
from softbeam.network.device import Device
from softbeam.network.golden import golden_run, open_golden_run, pool_words
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.calibration import Calibration, Input
from softbeam.network.hardening.checksum import check_weights
from softbeam.network.hardening.lean import needed
from softbeam.network.hardening.limits import Limits, find_limits
from softbeam.network.hardening.rules import CHECKSUM, has, read_rules, rows_of_check, rules_text
from softbeam.network.plan import Launch, Plan
from softbeam.network.preprocessing import Preprocessing
from softbeam.network.profile import LaunchProfile, profile_launch
from softbeam.network.profile_cache import profile_key, read_profiles, write_profiles
from softbeam.network.workload import Workload, calibration_inputs

#: The technique that adds launches of its own, which are counted and struck apart.
ADDED: Technique = (CHECKSUM,)

#: Techniques whose code is struck.
MEASURED: tuple[Technique, ...] = (
    ("range",),
    ("bounds",),
    ("range", "bounds"),
    ("duplication",),
    ("duplication", "range"),
    ("duplication", "bounds"),
    ("duplication", "range", "bounds"),
    ("triplication",),
    ADDED,
)

#: Of these the one that is replayed besides, also behind the struck launch; it always is.
REPLAYED: Technique = ("range",)


def measured_among(among: Collection[str] | None) -> tuple[Technique, ...]:
    """Return what is to be measured so that techniques can be chosen from; all if none is named.

    Examples
    --------
    >>> measured_among(("bounds", "lean"))
    (('range',), ('bounds',))
    """
    return tuple(
        one for one in MEASURED if among is None or one == REPLAYED or set(one) <= set(among)
    )


def rules_for(workload: Workload, technique: Technique, limits: Limits) -> str:
    """Return the rules that harden every kernel in every layer that can be, as text.

    Parameters
    ----------
    workload : Workload
        Not hardened.
    technique : tuple of str
        Techniques that act together.
    limits : Limits
        Those of its launches.

    Returns
    -------
    str
        Empty where nothing can be: no kernel has the technique, a launch stores what has no
        limits, a product cannot be checked.
    """
    plan = workload.plan
    places = {
        Stratum(launch.layer, launch.kernel) for launch in plan.launches if has(launch, technique)
    }
    rules = [str(Remedy(place, technique)) for place in sorted(places)]
    if not rules or _takes(workload, ", ".join(rules), limits):
        return ", ".join(rules)
    return ", ".join(rule for rule in rules if _takes(workload, rule, limits))


def _takes(workload: Workload, rules: str, limits: Limits) -> bool:
    try:
        harden(workload.plan, read_rules(rules), limits, workload.weights)
    except NetworkError:
        return False
    return True


def limits_hash(limits: Limits) -> str:
    """Return the SHA-256 of limits."""
    return hashlib.sha256(limits.to_json().encode()).hexdigest()


def kernels_hash(architecture: str) -> str:
    """Return a SHA-256 of all shipped machine code of an architecture, from its manifest."""
    files = manifest()["files"]
    own = {name: files[name] for name in sorted(files) if name.startswith(f"{architecture}/")}
    return hashlib.sha256(json.dumps(own).encode()).hexdigest()


def hardened_workload(workload: Workload, rules: str, limits: Limits) -> Workload:
    """Return a workload that is hardened by rules.

    Parameters
    ----------
    workload : Workload
        Not hardened.
    rules : str
        What is hardened and how.
    limits : Limits
        Those of its launches.
    """
    read = read_rules(rules)
    plan = harden(workload.plan, read, limits, workload.weights)
    kernels = sorted({launch.kernel for launch in plan.launches} & KERNELS.keys())
    sums = check_weights(plan, workload.weights)
    return replace(
        workload,
        plan=plan,
        choices=workload.choices.model_copy(update={"harden": rules_text(read)}),
        weights={**workload.weights, **{name: one.view(np.float32) for name, one in sums.items()}},
        plan_sha256=plan.sha256,
        kernels_sha256=machine_code_sha256(kernels, workload.choices.architecture),
    )


@dataclass(frozen=True, slots=True)
class Hardening:
    """A hardened network that is struck.

    Attributes
    ----------
    technique : tuple of str
        What it was hardened with, everywhere.
    plan : Plan
        Its plan.
    launches : tuple of int
        Its launches whose code the technique made, that inference needs and that are in scope.
    origin : mapping of int to int
        By its launch that of the unhardened plan; of a check that of the product.
    cells : mapping of Stratum to Stratum
        By kernel in a layer of the unhardened network what stands for it in the fault space of
        these launches: the hardened kernel, or the check.
    """

    technique: Technique
    plan: Plan
    launches: tuple[int, ...]
    origin: Mapping[int, int]
    cells: Mapping[Stratum, Stratum]

    @property
    def base(self) -> dict[int, int]:
        """By launch of the unhardened plan the launch that stands in its place."""
        launches = self.plan.launches
        return {
            own: number
            for number, own in self.origin.items()
            if not (self.technique == ADDED and launches[number].kernel in CHECKS)
        }


def hardening_of(workload: Workload, made: Workload, technique: Technique) -> Hardening:
    """Return which launches a technique made, and which they stand for."""
    origin: dict[int, int] = {}
    place = -1
    for launch in made.plan.launches:
        place += not _made_by_adding(launch, technique)
        origin[launch.index] = place
    if place + 1 != len(workload.plan.launches):
        raise InternalError(f"hardening by {'+'.join(technique)} has lost launches")
    own = tuple(
        launch.index
        for launch in made.plan.launches
        if _made_by_adding(launch, technique) or techniques_of(launch.kernel) == technique
    )
    cells: dict[Stratum, Stratum] = {}
    for number in own:
        before, after = workload.plan.launches[origin[number]], made.plan.launches[number]
        cells.setdefault(Stratum(before.layer, before.kernel), Stratum(after.layer, after.kernel))
    return Hardening(technique, made.plan, own, origin, cells)


def _made_by_adding(launch: Launch, technique: Technique) -> bool:
    return technique == ADDED and launch.kernel in CHECKS


@dataclass(frozen=True, slots=True)
class EffectSetup:
    """What a worker measures effects with, small enough to be sent to it.

    Attributes
    ----------
    campaign : InjectorSetup
        The unhardened network's.
    ranged : Plan or None
        Its plan with every kernel clamped that can be.
    hardening : Hardening or None
        The hardened network that is struck, or whose checks errors are carried through.
    inputs : tuple of InputSetup
        The hardened network's golden runs and profiles.
    """

    campaign: InjectorSetup
    ranged: Plan | None
    hardening: Hardening | None = None
    inputs: tuple[InputSetup, ...] = ()


def prepare_hardened(
    workload: Workload,
    campaign: InjectorSetup,
    technique: Technique,
    rules: str,
    limits: Limits,
    scratch: Path,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Hardening, tuple[InputSetup, ...]]:
    """Make the golden runs and profiles of a network hardened by a technique everywhere.

    Parameters
    ----------
    workload, campaign
        The unhardened network, and its golden runs and profiles.
    technique : tuple of str
        Techniques that act together.
    rules : str
        They everywhere, as of :func:`rules_for`.
    limits : Limits
        Those of the unhardened network's launches, found on the campaign's inputs too.
    scratch, cache : Path
        Folders for golden runs, and for profiles.
    progress : callable
        Called with the launches that are profiled and all.

    Raises
    ------
    InternalError
        If the hardened network answers something else without fault.
    """
    made = hardened_workload(workload, rules, limits)
    hardening = hardening_of(workload, made, technique)
    unneeded = unneeded_launches(workload.plan)
    scope = set(launches_in_scope(workload.plan, campaign.specification)) - unneeded
    launches = tuple(one for one in hardening.launches if hardening.origin[one] in scope)
    hardening = replace(hardening, launches=launches)
    require_disk(
        4 * pool_words(made.plan) * len(workload.images),
        scratch,
        f"the golden runs of the network hardened by {'+'.join(technique)}",
        "name another disk with TMPDIR",
    )
    inputs = []
    for number, (image, own) in enumerate(zip(workload.images, campaign.inputs, strict=True)):
        path = scratch / f"hardened-{number}.bin"
        golden = golden_run(made.plan, made.weights, image, path)
        before = open_golden_run(workload.plan, own.golden)
        if not np.array_equal(golden.answer, before.answer):
            raise InternalError(
                f"hardened by {'+'.join(technique)}, {workload.network.name} answers something "
                f"else to input {number} without fault"
            )
        device = Device(golden, workload.choices.architecture)
        profiles = _profiles(made, device, cache, number, hardening, progress)
        inputs.append(InputSetup(path, profiles))
    return hardening, tuple(inputs)


def unneeded_launches(plan: Plan) -> frozenset[int]:
    """Return the launches of a plan that inference does not need."""
    kept = {launch.index for launch in needed(plan)}
    return frozenset(launch.index for launch in plan.launches if launch.index not in kept)


def _profiles(
    made: Workload,
    device: Device,
    cache: Path,
    image: int,
    hardening: Hardening,
    progress: Callable[[int, int], None],
) -> dict[int, LaunchProfile]:
    """Return the profiles of the launches that a technique made, from disk or by emulation."""
    path = cache / f"{made.network.name}-{profile_key(made, image)}.hardened"
    kept = read_profiles(path) or {}
    missing = [one for one in hardening.launches if one not in kept]
    for done, number in enumerate(missing):
        kept[number] = profile_launch(device, number)
        progress(done + 1, len(missing))
    if missing:
        # A disk that is full or write-protected costs time at the next run, no result.
        with suppress(OSError):
            write_profiles(path, kept)
    return {number: kept[number] for number in hardening.launches}


def limits_on(workload: Workload, calibration: Calibration, how: Preprocessing) -> Limits:
    """Return the limits of a network's launches that a user asks for.

    Parameters
    ----------
    workload : Workload
        The network, not hardened.
    calibration : Calibration
        On which images they are found, or what they are.
    how : Preprocessing
        What is done to these images.

    Raises
    ------
    NetworkError
        If they are of another network, or there is no image.
    """
    if calibration.limits is not None:
        calibration.limits.check(workload.plan_sha256, workload.weights_sha256)
        return calibration.limits
    inputs = calibration_inputs(calibration, workload.network.input_shape, how)
    own = list(zip(workload.inputs_sha256, workload.images, strict=True))
    return _found(workload, inputs or own, calibration.margin)


def with_inputs(limits: Limits, workload: Workload) -> Limits:
    """Return limits within which a workload's own inputs stay, too.

    Effects are measured with these: with them, no clamp acts without fault.
    """
    missing = [
        (digest, image)
        for digest, image in zip(workload.inputs_sha256, workload.images, strict=True)
        if digest not in limits.inputs_sha256
    ]
    return limits.joined(_found(workload, missing, limits.margin)) if missing else limits


def _found(workload: Workload, inputs: list[Input], margin: float) -> Limits:
    plan = workload.plan
    products = [one.index for one in plan.launches if one.product is not None and not one.library]
    return find_limits(
        plan,
        workload.weights,
        workload.weights_sha256,
        inputs,
        margin,
        dict.fromkeys(products, rows_of_check(ADDED) or 0),
    )

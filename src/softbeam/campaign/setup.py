"""From a workload to injectors: what every worker process of a campaign starts from.

The golden runs lie in files that all workers map; profiles and plan are sent to them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from softbeam.campaign.choices import GROUPS, CampaignChoices, Target
from softbeam.campaign.request import Request
from softbeam.campaign.semantics import CAMPAIGN_SEMANTICS
from softbeam.campaign.specification import CampaignSpecification, Sampling, StreamRequest
from softbeam.campaign.streams import InjectionName
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.answers import check_meaning
from softbeam.injection.boxes import has_boxes
from softbeam.injection.detection import rule_for
from softbeam.injection.injector import Injector
from softbeam.injection.record import InjectionRecord
from softbeam.logs import show_if_wanted, timed
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, open_golden_run
from softbeam.network.plan import Plan
from softbeam.network.profile import LaunchProfile
from softbeam.network.workload import Workload, load_workload

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InputSetup:
    """What depends on the input: the file of its golden run's pool, and the profiles by launch."""

    golden: Path
    profiles: Mapping[int, LaunchProfile]


@dataclass(frozen=True, slots=True)
class InjectorSetup:
    """What injectors are made of, small enough to be sent to a worker.

    Attributes
    ----------
    plan : Plan
        The network's plan.
    specification : CampaignSpecification
        The campaign.
    inputs : tuple of InputSetup
        One for each of the campaign's inputs.
    """

    plan: Plan
    specification: CampaignSpecification
    inputs: tuple[InputSetup, ...]

    @property
    def campaign_id(self) -> str:
        """What every injection is drawn from."""
        return self.specification.campaign_id

    def injectors(self) -> list[Injector]:
        """Return an injector over each mapped golden run."""
        return [
            injector_for(
                self.specification, open_golden_run(self.plan, one.golden), one.profiles, number
            )
            for number, one in enumerate(self.inputs)
        ]


def injector_for(
    specification: CampaignSpecification,
    golden: GoldenRun,
    profiles: Mapping[int, LaunchProfile],
    image: int,
) -> Injector:
    """Return what makes the injections of a campaign into one of its inputs.

    Parameters
    ----------
    specification : CampaignSpecification
        The campaign.
    golden : GoldenRun
        The golden run of the input.
    profiles : mapping of int to LaunchProfile
        Its profile, by launch.
    image : int
        Which input it is.
    """
    return Injector(
        Device(golden, specification.architecture),
        profiles,
        launches_in_scope(golden.plan, specification),
        specification.campaign_id,
        fault_semantics=specification.fault_semantics,
        groups=specification.groups,
        image=image,
        rule=rule_for(golden.plan, specification.boxes),
    )


def inject_in_worker(setup: InjectorSetup) -> Callable[[InjectionName], InjectionRecord]:
    """Return the function from an injection's name to its record."""
    # It may be the first that a worker process does.
    show_if_wanted()
    with timed(_LOG, "made the injectors"):
        injectors = setup.injectors()

    def inject(name: InjectionName) -> InjectionRecord:
        injector = injectors[name.index % len(injectors)]
        return injector.inject(name.mode, name.model, name.index, name.stratum)

    if not _LOG.isEnabledFor(logging.DEBUG):
        return inject

    def told(name: InjectionName) -> InjectionRecord:
        began = perf_counter()
        record = inject(name)
        _LOG.debug(
            "%s: %s pc %#x of layer %d, %s, %s: %.1f ms (%d warp instructions, %d words wrong%s)",
            name,
            record.kernel,
            record.pc,
            record.layer,
            record.outcome,
            record.detail,
            1000 * (perf_counter() - began),
            record.instructions,
            record.changed_words,
            ", carried through the network" if record.propagated else "",
        )
        return record

    return told


def specify(
    workload: Workload,
    choices: CampaignChoices,
    streams: tuple[StreamRequest, ...],
    sampling: Sampling = "uniform",
    target: Target | None = None,
) -> CampaignSpecification:
    """Return the specification of a campaign on a workload.

    Raises
    ------
    CampaignError
        If the scope names a kernel, layer or group that the workload does not have, or boxes are
        spoken of and it has none.
    NetworkError
        If its answer is none that can be judged.
    """
    check_meaning(workload.network, workload.plan)
    if choices.boxes is not None and not has_boxes(workload.plan):
        raise CampaignError(
            f"--box-threshold and --box-overlap are about detectors; {workload.network.name} has "
            "no head that finds boxes"
        )
    chosen = {name: getattr(choices, name) for name in CampaignChoices.model_fields}
    specification = CampaignSpecification(
        **{**chosen, **_facts(workload)}, streams=streams, sampling=sampling, target=target
    )
    launches_in_scope(workload.plan, specification)
    return specification


def load_requested(request: Request) -> tuple[Workload, CampaignSpecification]:
    """Read the network, weights and inputs that a request names, and specify the campaign."""
    workload = load_workload(
        request.network,
        weights=request.weights,
        names=request.names,
        images=request.images,
        preprocessing=request.preprocessing,
        choices=request,
    )
    return workload, specify(workload, request, request.streams, request.sampling, request.target)


def specify_again(
    specification: CampaignSpecification, workload: Workload
) -> CampaignSpecification:
    """Return the specification of a campaign as it is on a workload, which may be another one."""
    return specification.model_copy(update=_facts(workload))


def _facts(workload: Workload) -> dict[str, Any]:
    """Return the fields of a specification that are not chosen: what the workload is."""
    return {
        "network": workload.network.name,
        "plan_sha256": workload.plan_sha256,
        "weights_sha256": workload.weights_sha256,
        "inputs_sha256": workload.inputs_sha256,
        "kernels_sha256": workload.kernels_sha256,
        "emulator_semantics": EMULATOR_SEMANTICS,
        "campaign_semantics": CAMPAIGN_SEMANTICS,
        **{name: getattr(workload.choices, name) for name in WorkloadChoices.model_fields},
    }


def launches_in_scope(plan: Plan, specification: CampaignSpecification) -> tuple[int, ...]:
    """Return the launches that a campaign may strike; a library's matrix products never.

    Raises
    ------
    CampaignError
        If the scope names something that the plan lacks, or holds no launch.
    """
    for group in specification.groups or ():
        if group not in GROUPS:
            raise CampaignError(
                f"there is no group of opcodes {group!r}; the groups are {', '.join(GROUPS)}"
            )
    struck = [launch for launch in plan.launches if not launch.library]
    for name, wanted, present in (
        ("kernel", specification.kernels, {launch.kernel for launch in struck}),
        ("layer", specification.layers, {launch.layer for launch in struck}),
    ):
        for one in wanted or ():
            if one not in present:
                listed = ", ".join(str(each) for each in sorted(present))
                raise CampaignError(
                    f"{plan.network} has no {name} {one!r} to strike; it has {listed}"
                )
    chosen = tuple(
        launch.index
        for launch in struck
        if (specification.kernels is None or launch.kernel in specification.kernels)
        and (specification.layers is None or launch.layer in specification.layers)
    )
    if not chosen:
        raise CampaignError(
            f"no launch of {plan.network} is in scope: none of the layers "
            f"{', '.join(map(str, specification.layers or ()))} launches any of the kernels "
            f"{', '.join(specification.kernels or ())}"
        )
    return chosen


def fault_space_sizes(setup: InjectorSetup, modes: set[str]) -> tuple[FaultSpaceSize, ...]:
    """Return how many places each mode has in each kernel of each layer, for each input.

    Modes that are not injected are counted too: together they tell what the code executes and
    stores, and so what hardening it costs.

    Parameters
    ----------
    setup : InjectorSetup
        The campaign's.
    modes : set of str
        Modes that are injected, and so must have a place.

    Raises
    ------
    CampaignError
        If one of `modes` has none at all.
    """
    sizes: list[FaultSpaceSize] = []
    for injector in setup.injectors():
        launches = injector.device.plan.launches
        for mode in sorted(MODES):
            try:
                space = injector.space(mode)
            except CampaignError:
                if mode in modes:
                    raise
                continue
            cells: dict[tuple[int, str], int] = {}
            for number, size in space.sizes().items():
                cell = (launches[number].layer, launches[number].kernel)
                cells[cell] = cells.get(cell, 0) + size
            sizes.extend(
                FaultSpaceSize(injector.image, mode, layer, kernel, size)
                for (layer, kernel), size in sorted(cells.items())
                if size
            )
    return tuple(sizes)

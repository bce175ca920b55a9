"""From a workload to injectors: what every worker process of a campaign starts from.

The golden runs lie in files that all workers map; profiles and plan are sent to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbeam.campaign.semantics import CAMPAIGN_SEMANTICS
from softbeam.campaign.specification import (
    BoxRule,
    CampaignSpecification,
    Sampling,
    Semantics,
    StreamRequest,
    Target,
)
from softbeam.campaign.streams import InjectionName
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.errors import CampaignError
from softbeam.faults.models import MODES
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.answers import check_meaning
from softbeam.injection.boxes import has_boxes
from softbeam.injection.detection import Rule, rule_for
from softbeam.injection.injector import Injector
from softbeam.injection.record import InjectionRecord
from softbeam.network.device import Device
from softbeam.network.golden import open_golden_run
from softbeam.network.plan import Plan
from softbeam.network.profile import LaunchProfile
from softbeam.network.workload import Workload
from softbeam.sass.opcodes import OPCODES


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
    architecture : str
        Whose machine code runs.
    inputs : tuple of InputSetup
        One for each of the campaign's inputs.
    launches : tuple of int
        Launches in scope.
    groups : tuple of str, or None
        Groups of opcodes in scope.
    semantics : str
        Whose rules faults follow.
    campaign_id : str
        What every injection is drawn from.
    boxes : BoxRule or None
        How a detector's answers are judged, if not by default.
    """

    plan: Plan
    architecture: str
    inputs: tuple[InputSetup, ...]
    launches: tuple[int, ...]
    groups: tuple[str, ...] | None
    semantics: str
    campaign_id: str
    boxes: BoxRule | None = None

    def injectors(self) -> list[Injector]:
        """Return an injector over each mapped golden run."""
        return [
            Injector(
                Device(open_golden_run(self.plan, one.golden), self.architecture),
                one.profiles,
                self.launches,
                self.campaign_id,
                semantics=self.semantics,
                groups=self.groups,
                image=number,
                rule=answer_rule(self.plan, self.boxes),
            )
            for number, one in enumerate(self.inputs)
        ]


def answer_rule(plan: Plan, boxes: BoxRule | None) -> Rule:
    """Return how a campaign judges the answers of its network."""
    if boxes is None:
        return rule_for(plan)
    return rule_for(plan, boxes.threshold, boxes.overlap)


def inject_in_worker(setup: InjectorSetup) -> Callable[[InjectionName], InjectionRecord]:
    """Return the function from an injection's name to its record."""
    injectors = setup.injectors()

    def inject(name: InjectionName) -> InjectionRecord:
        injector = injectors[name.index % len(injectors)]
        return injector.inject(name.mode, name.model, name.index, name.stratum)

    return inject


def specify(
    workload: Workload,
    *,
    seed: int,
    streams: tuple[StreamRequest, ...],
    semantics: Semantics = "hardware",
    sampling: Sampling = "uniform",
    kernels: tuple[str, ...] | None = None,
    layers: tuple[int, ...] | None = None,
    groups: tuple[str, ...] | None = None,
    target: Target | None = None,
    boxes: BoxRule | None = None,
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
    if boxes is not None and not has_boxes(workload.plan):
        raise CampaignError(
            f"--box-threshold and --box-overlap are about detectors; {workload.network.name} has "
            "no head that finds boxes"
        )
    specification = CampaignSpecification(
        **_facts(workload),
        fault_semantics=semantics,
        kernels=kernels,
        layers=layers,
        groups=groups,
        sampling=sampling,
        seed=seed,
        streams=streams,
        target=target,
        boxes=boxes,
    )
    launches_in_scope(workload.plan, specification)
    return specification


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
        "architecture": workload.architecture,
        "kernels_sha256": workload.kernels_sha256,
        "emulator_semantics": EMULATOR_SEMANTICS,
        "campaign_semantics": CAMPAIGN_SEMANTICS,
        "im2col": workload.im2col,
    }


def launches_in_scope(plan: Plan, specification: CampaignSpecification) -> tuple[int, ...]:
    """Return the launches that a campaign may strike; GEMM, a library's, never.

    Raises
    ------
    CampaignError
        If the scope names something that the plan lacks, or holds no launch.
    """
    known = {opcode.group for opcode in OPCODES.values()}
    for group in specification.groups or ():
        if group not in known:
            raise CampaignError(
                f"there is no group of opcodes {group!r}; the groups are {', '.join(sorted(known))}"
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

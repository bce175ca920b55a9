"""From a workload to injectors: what every worker process of a campaign starts from.

The golden run lies in one file that all workers map; profiles and plan are sent to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.errors import CampaignError
from softbeam.injection.injector import Injector
from softbeam.injection.record import InjectionRecord
from softbeam.network.device import Device
from softbeam.network.golden import open_golden_run
from softbeam.network.plan import Plan
from softbeam.network.profile import LaunchProfile
from softbeam.network.workload import Workload


@dataclass(frozen=True, slots=True, order=True)
class InjectionName:
    """What tells an injection apart within its campaign: its stream, and its index there."""

    mode: str
    model: str
    index: int

    def __str__(self) -> str:
        return f"{self.mode} {self.model} {self.index}"


@dataclass(frozen=True, slots=True)
class InjectorSetup:
    """What an injector is made of, small enough to be sent to a worker.

    Attributes
    ----------
    plan : Plan
        The network's plan.
    architecture : str
        Whose machine code runs.
    golden : Path
        File of the golden run's pool.
    profiles : mapping of int to LaunchProfile
        By launch.
    launches : tuple of int
        Launches in scope.
    campaign_id : str
        What every injection is drawn from.
    """

    plan: Plan
    architecture: str
    golden: Path
    profiles: Mapping[int, LaunchProfile]
    launches: tuple[int, ...]
    campaign_id: str

    def injector(self) -> Injector:
        """Return an injector over the mapped golden run."""
        device = Device(open_golden_run(self.plan, self.golden), self.architecture)
        return Injector(device, self.profiles, self.launches, self.campaign_id)


def inject_in_worker(setup: InjectorSetup) -> Callable[[InjectionName], InjectionRecord]:
    """Return the function from an injection's name to its record."""
    injector = setup.injector()
    return lambda name: injector.inject(name.mode, name.model, name.index)


def specify(
    workload: Workload,
    *,
    seed: int,
    streams: tuple[StreamRequest, ...],
    kernels: tuple[str, ...] | None = None,
    layers: tuple[int, ...] | None = None,
) -> CampaignSpecification:
    """Return the specification of a campaign on a workload.

    Raises
    ------
    CampaignError
        If the scope names a kernel or layer that the workload does not have.
    """
    specification = CampaignSpecification(
        network=workload.network.name,
        weights_sha256=workload.weights_sha256,
        input_sha256=workload.input_sha256,
        architecture=workload.architecture,
        kernels_sha256=workload.kernels_sha256,
        emulator_semantics=EMULATOR_SEMANTICS,
        kernels=kernels,
        layers=layers,
        im2col=workload.im2col,
        seed=seed,
        streams=streams,
    )
    launches_in_scope(workload.plan, specification)
    return specification


def launches_in_scope(plan: Plan, specification: CampaignSpecification) -> tuple[int, ...]:
    """Return the launches that a campaign may strike; GEMM, a library's, never.

    Raises
    ------
    CampaignError
        If the scope names something that the plan lacks, or holds no launch.
    """
    struck = [launch for launch in plan.launches if launch.kernel != "gemm"]
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

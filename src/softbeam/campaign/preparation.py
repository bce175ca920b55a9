"""Golden runs and profiles of a campaign's inputs, made once, before any injection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from softbeam.campaign.setup import InjectorSetup, InputSetup, launches_in_scope
from softbeam.campaign.specification import CampaignSpecification
from softbeam.injection.answers import check_fault_free
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile_cache import profiles_of
from softbeam.network.workload import Workload


def prepare(
    workload: Workload,
    specification: CampaignSpecification,
    scratch: Path,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> InjectorSetup:
    """Make the golden run and the profile of every input.

    Parameters
    ----------
    workload : Workload
        What is struck.
    specification : CampaignSpecification
        The campaign on it.
    scratch : Path
        Folder for the golden runs' files, which are as large as all versions of all buffers.
    cache : Path
        Folder where profiles are kept from one campaign to the next.
    progress : callable
        Called with the launches that are profiled and all launches, of one input after the other.

    Raises
    ------
    NetworkError
        If a fault-free answer is none that others can be held against.
    """
    launches = launches_in_scope(workload.plan, specification)
    inputs = []
    for number, image in enumerate(workload.images):
        path = scratch / f"golden-{number}.bin"
        golden = golden_run(workload.plan, workload.weights, image, path)
        check_fault_free(golden)
        device = Device(golden, workload.architecture)
        profiles = profiles_of(workload, device, cache, progress, number)
        inputs.append(InputSetup(path, profiles))
    return InjectorSetup(
        plan=workload.plan,
        architecture=workload.architecture,
        inputs=tuple(inputs),
        launches=launches,
        groups=specification.groups,
        semantics=specification.fault_semantics,
        campaign_id=specification.campaign_id,
        boxes=specification.boxes,
    )

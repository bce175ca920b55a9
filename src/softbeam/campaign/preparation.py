"""Golden runs and profiles of a campaign's inputs, made once, before any injection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from softbeam.campaign.beside import compiling_beside
from softbeam.campaign.setup import InjectorSetup, InputSetup
from softbeam.campaign.specification import CampaignSpecification
from softbeam.injection.answers import check_fault_free
from softbeam.injection.judges.functions import JudgeSource
from softbeam.injection.judging import judge_for
from softbeam.jit import without_collections
from softbeam.memory import require_disk
from softbeam.network.device import Device
from softbeam.network.golden import golden_run, pool_words
from softbeam.network.profile_cache import profiles_of
from softbeam.network.workload import Workload


def prepare(
    workload: Workload,
    specification: CampaignSpecification,
    scratch: Path,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
    judge: JudgeSource | None = None,
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
    judge : JudgeSource, optional
        The file of a judge of a user's own.

    Raises
    ------
    NetworkError
        If a fault-free answer is none that others can be held against.
    TooLargeError
        If there is no room for the golden runs.
    """
    # All of them lie there at once; a disk that fills up half-way harms others.
    require_disk(
        4 * pool_words(workload.plan) * len(workload.images),
        scratch,
        "the golden runs, one for each input,",
        "give fewer inputs, or name another disk with TMPDIR",
    )
    judges = judge_for(workload.plan, specification, judge)
    inputs = []
    with without_collections(), compiling_beside():
        for number, image in enumerate(workload.images):
            path = scratch / f"golden-{number}.bin"
            golden = golden_run(workload.plan, workload.weights, image, path)
            check_fault_free(golden, judges)
            device = Device(golden, workload.choices.architecture)
            profiles = profiles_of(workload, device, cache, progress, number)
            inputs.append(InputSetup(path, profiles))
    return InjectorSetup(workload.plan, specification, tuple(inputs), judge)

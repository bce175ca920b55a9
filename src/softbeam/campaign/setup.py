"""From a workload to injectors: what every worker process of a campaign starts from.

The golden runs lie in files that all workers map; profiles and plan are sent to them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from softbeam.campaign.choices import GROUPS, CampaignChoices, Target
from softbeam.campaign.request import Request
from softbeam.campaign.semantics import CAMPAIGN_SEMANTICS
from softbeam.campaign.specification import (
    CampaignSpecification,
    LoadRequest,
    Sampling,
    StreamRequest,
)
from softbeam.campaign.streams import InferenceName, Name
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.errors import CampaignError, JudgeError
from softbeam.faults.load import Load, bits_in
from softbeam.faults.modes import MODES, PRICED
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.units import UnitSpace, multiprocessors
from softbeam.injection.answers import check_meaning
from softbeam.injection.choices import own_function
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.injector import Injector
from softbeam.injection.judges.functions import JudgeSource, read_judge
from softbeam.injection.judging import judge_for, kind_of, usual_kind
from softbeam.injection.record import InjectionRecord
from softbeam.injection.several import inject_load
from softbeam.logs import show_if_wanted, timed
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, open_golden_run
from softbeam.network.hardening.limits import Limits
from softbeam.network.plan import Plan
from softbeam.network.profile import LaunchProfile
from softbeam.network.workload import Workload
from softbeam.program.workload import load_any

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
    judge : JudgeSource or None
        The file of a judge of a user's own.
    """

    plan: Plan
    specification: CampaignSpecification
    inputs: tuple[InputSetup, ...]
    judge: JudgeSource | None = None

    @property
    def campaign_id(self) -> str:
        """What every injection is drawn from."""
        return self.specification.campaign_id

    def injectors(self) -> list[Injector]:
        """Return an injector over each mapped golden run."""
        return [
            injector_for(
                self.specification,
                open_golden_run(self.plan, one.golden),
                one.profiles,
                number,
                self.judge,
            )
            for number, one in enumerate(self.inputs)
        ]


def injector_for(
    specification: CampaignSpecification,
    golden: GoldenRun,
    profiles: Mapping[int, LaunchProfile],
    image: int,
    judge: JudgeSource | None = None,
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
    judge : JudgeSource, optional
        The file of a judge of a user's own.
    """
    return Injector(
        Device(golden, specification.architecture),
        profiles,
        launches_in_scope(golden.plan, specification),
        specification.campaign_id,
        fault_semantics=specification.fault_semantics,
        groups=specification.groups,
        image=image,
        multiprocessors=multiprocessors(specification.architecture, specification.multiprocessors),
        rule=judge_for(golden.plan, specification, judge),
    )


def inject_in_worker(setup: InjectorSetup) -> Callable[[Any], Any]:
    """Return the function from the name of an injection, or of an inference, to its record."""
    # It may be the first that a worker process does.
    show_if_wanted()
    with timed(_LOG, "made the injectors"):
        injectors = setup.injectors()

    def inject(name: Name) -> InjectionRecord | InferenceRecord:
        injector = injectors[name.index % len(injectors)]
        try:
            if isinstance(name, InferenceName):
                load = Load.read(name.load)
                return inject_load(injector, name.mode, name.model, load, name.index)
            return injector.inject(name.mode, name.model, name.index, name.stratum)
        except JudgeError as error:
            raise JudgeError(f"injection {name}: {error}") from None

    if not _LOG.isEnabledFor(logging.DEBUG):
        return inject

    def told(name: Name) -> InjectionRecord | InferenceRecord:
        began = perf_counter()
        record = inject(name)
        if isinstance(record, InferenceRecord):
            _LOG.debug(
                "%s: %d of %d faults struck, %s, %s: %.1f ms",
                name,
                record.struck,
                record.faults,
                record.outcome,
                record.detail,
                1000 * (perf_counter() - began),
            )
            return record
        _LOG.debug(
            "%s: %s %s of layer %d, %s, %s: %.1f ms (%d warp instructions, %d words wrong%s)",
            name,
            record.kernel,
            f"word {record.word}" if record.pc is None else f"pc {record.pc:#x}",
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
    loads: tuple[LoadRequest, ...] = (),
) -> CampaignSpecification:
    """Return the specification of a campaign on a workload.

    Raises
    ------
    CampaignError
        If the scope names a kernel, layer or group that the workload does not have, or a rule is
        of answers of another kind.
    NetworkError
        If its answer is not what it is taken for.
    JudgeError
        If a judge of the user's own cannot be used.
    """
    check_meaning(workload.network, workload.plan, choices)
    if not workload.plan.native:
        _check_program(streams, loads)
    if workload.labels is not None and kind_of(workload.plan, choices) != "classes":
        raise CampaignError(
            "labels say which class is right, and the answers are taken for something else; leave "
            "--labels out and give the images themselves, not a folder for each class"
        )
    chosen = {name: getattr(choices, name) for name in CampaignChoices.model_fields}
    source = read_judge(choices.judge)
    if source is not None:
        # Run once here, so that what is wrong with it is said before anything is computed.
        judge_for(workload.plan, choices, source)
        chosen["judge"] = source.name
    elif choices.judge == usual_kind(workload.plan):
        chosen["judge"] = None
    specification = CampaignSpecification(
        **{**chosen, **_facts(workload)},
        streams=streams,
        sampling=sampling,
        target=target,
        loads=loads,
        judge_sha256=None if source is None else source.sha256,
    )
    launches_in_scope(workload.plan, specification)
    return specification


def _check_program(streams: tuple[StreamRequest, ...], loads: tuple[LoadRequest, ...]) -> None:
    """Refuse what only the native twins of a network's kernels can follow."""
    others = sorted({one.mode for one in streams if MODES[one.mode].space == "units"})
    if others:
        raise CampaignError(
            f"the mode {others[0]} strikes networks alone; a program is struck in its instructions "
            f"and its memory: {', '.join(m for m in MODES if MODES[m].space != 'units')}"
        )
    if loads:
        raise CampaignError(
            "several faults in one run are for networks alone; leave --faults and "
            "--bit-error-rate out for a program"
        )


def load_requested(
    request: Request, found: Limits | None = None
) -> tuple[Workload, CampaignSpecification]:
    """Read the network, weights and inputs that a request names, and specify the campaign.

    Parameters
    ----------
    request : Request
        What a user asks for.
    found : Limits, optional
        Those of the campaign that may be gone on with.
    """
    workload = load_any(
        request.network,
        weights=request.weights,
        names=request.names,
        images=request.images,
        preprocessing=request.preprocessing,
        choices=request,
        labelled=True,
        labels=request.labels,
        calibration=replace(request.calibrated, found=found),
    )
    specification = specify(
        workload, request, request.streams, request.sampling, request.target, request.loads
    )
    return workload, specification


def given_judge(specification: CampaignSpecification, judge: str | None) -> JudgeSource | None:
    """Read the judge's file that a campaign needs, if it needs one.

    Parameters
    ----------
    specification : CampaignSpecification
        The campaign.
    judge : str or None
        What the user gives as ``--judge``.

    Raises
    ------
    JudgeError
        If the campaign needs none, or another one.
    """
    if specification.judge_sha256 is None:
        if own_function(judge) is not None:
            raise JudgeError(
                f"the campaign was not judged by a function of a file; leave --judge {judge} out"
            )
        return None
    source = read_judge(judge)
    if source is None:
        raise JudgeError(
            f"the campaign was judged by {specification.judge}; give that file with --judge, as "
            "FILE.py:NAME"
        )
    if (source.name, source.sha256) != (specification.judge, specification.judge_sha256):
        raise JudgeError(
            f"{judge} is not the judge that the campaign had: that was {specification.judge}, of a "
            f"file whose SHA-256 begins {specification.judge_sha256[:12]}, this one's begins "
            f"{source.sha256[:12]}"
        )
    return source


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

    Some modes that are not injected are counted too: together they tell what the code executes
    and stores, and so what hardening it costs.

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
        for mode in sorted({*modes, *PRICED}):
            try:
                space = injector.space(mode)
            except CampaignError:
                if mode in modes:
                    raise
                continue
            sizes.extend(
                FaultSpaceSize(injector.image, mode, cell.layer, cell.kernel, size)
                for cell, size in sorted(space.cells().items())
                if size
            )
    return tuple(sizes)


def unread_places(setup: InjectorSetup, modes: set[str]) -> dict[str, tuple[int, int]]:
    """Return how many places modes have that leave some out, and how many they leave out.

    Parameters
    ----------
    setup : InjectorSetup
        The campaign's.
    modes : set of str
        Modes that are injected.

    Returns
    -------
    dict of str to (int, int)
        By mode: the places, and what is left out: words before launches of the same buffers that
        nothing reads later, units that compute nothing.  Those of the first input.
    """
    wanted = sorted(mode for mode in modes if MODES[mode].space != "instructions")
    if not wanted:
        return {}
    injector = setup.injectors()[0]
    spaces = {mode: injector.space(mode) for mode in wanted}
    return {mode: (space.size, space.unread) for mode, space in spaces.items()}


def check_rates(setup: InjectorSetup) -> None:
    """Refuse bit-error rates that mean more faults in an inference than are drawn.

    Raises
    ------
    CampaignError
        With how many, and which rate is possible.
    """
    rates = [(one.mode, Load.read(one.load)) for one in setup.specification.loads]
    rates = [(mode, load) for mode, load in rates if load.rate]
    for injector in setup.injectors() if rates else ():
        for mode, load in rates:
            space = injector.space(mode)
            if not isinstance(space, UnitSpace):
                load.check(mode, bits_in(space))

"""What a network executes, and which part of it a campaign can strike."""

from __future__ import annotations

from dataclasses import asdict, replace

from softbeam.campaign.results.facts import ScopeFacts, WorkFacts
from softbeam.campaign.setup import InjectorSetup, launches_in_scope
from softbeam.faults.space import in_groups
from softbeam.kernels import program
from softbeam.network.work import SUMS, LaunchWork, work_of_launch


def scope_facts(setup: InjectorSetup) -> ScopeFacts:
    """Count the executed thread-instructions of all inputs, and those in the campaign's scope."""
    specification, plan = setup.specification, setup.plan
    scope = frozenset(launches_in_scope(plan, specification))
    executed = in_scope = 0
    for one in setup.inputs:
        for number, profile in one.profiles.items():
            counts = profile.totals[:, 1]
            executed += int(counts.sum())
            if number not in scope:
                continue
            if specification.groups is not None:
                code = program(plan.launches[number].kernel, specification.architecture)
                counts = counts[in_groups(code, frozenset(specification.groups))]
            in_scope += int(counts.sum())
    left_out = [launch.product for launch in plan.launches if launch.library]
    return ScopeFacts(
        executed=executed,
        in_scope=in_scope,
        left_out=len(setup.inputs)
        * sum(one.count * one.m * one.n * one.k for one in left_out if one is not None),
    )


def work_facts(setup: InjectorSetup) -> tuple[WorkFacts, ...]:
    """Return what each launch does whose machine code is known, those alike together.

    Parameters
    ----------
    setup : InjectorSetup
        With the profiles of all inputs, of which the numbers are sums.
    """
    plan, architecture = setup.plan, setup.specification.architecture
    found: dict[tuple[int, str, LaunchWork], int] = {}
    for number in sorted(setup.inputs[0].profiles):
        launch = plan.launches[number]
        code, _ = plan.code(launch, architecture)
        each = [work_of_launch(launch, code, one.profiles[number]) for one in setup.inputs]
        whole = replace(
            each[0],
            longest=max(one.longest for one in each),
            **{name: sum(getattr(one, name) for one in each) for name in SUMS},
        )
        key = (launch.layer, launch.kernel, whole)
        found[key] = found.get(key, 0) + 1
    return tuple(
        WorkFacts(
            layer=layer,
            kernel=kernel,
            launches=launches,
            **{
                name: value * (launches if name in SUMS else 1)
                for name, value in asdict(work).items()
            },
        )
        for (layer, kernel, work), launches in found.items()
    )

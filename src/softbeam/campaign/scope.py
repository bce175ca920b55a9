"""Which part of what a network executes a campaign can strike."""

from __future__ import annotations

from softbeam.campaign.results.facts import ScopeFacts
from softbeam.campaign.setup import InjectorSetup, launches_in_scope
from softbeam.faults.space import in_groups
from softbeam.kernels import program


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

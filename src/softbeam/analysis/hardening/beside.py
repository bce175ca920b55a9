"""A hardened network's campaign beside the unhardened one's: what hardening removed, and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from softbeam.analysis.costs import Cost, costs_by, time_of
from softbeam.analysis.counts import Stream
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.relative import Relative, Sample, common_streams
from softbeam.analysis.results import Results
from softbeam.analysis.roofline import Estimate, Gpu
from softbeam.campaign.specification import CampaignSpecification, Difference
from softbeam.errors import CampaignError
from softbeam.kernels.hardened import base_of

#: Fields of a specification in which both campaigns have to agree: what is asked of which network,
#: by whose rules.  Hardening changes the plan and the machine code; the seed, the sampling and the
#: number of injections are free.
ALIKE = (
    "network",
    "weights_sha256",
    "inputs_sha256",
    "architecture",
    "gemm",
    "im2col",
    "emulator_semantics",
    "campaign_semantics",
    "fault_semantics",
    "layers",
    "kernels",
    "groups",
    "multiprocessors",
    "boxes",
    "judge",
    "judge_sha256",
    "mask",
    "text",
    "values",
)


@dataclass(frozen=True)
class Beside:
    """Two campaigns that can be compared.

    Attributes
    ----------
    before, after : Results
        On the unhardened and on the hardened network.

    Raises
    ------
    CampaignError
        If the first is of a hardened network, if they differ in more than hardening, or have no
        stream in common.
    """

    before: Results
    after: Results

    def __post_init__(self) -> None:
        if self.before.specification.harden is not None:
            raise CampaignError(
                "the campaign to compare with is of a network that is hardened itself "
                f"({_shortened(self.before.specification.harden)}); give that of the unhardened one"
            )
        differs = difference(self.before.specification, self.after.specification)
        if differs is not None:
            first, second = differs.values
            raise CampaignError(
                f"the two campaigns cannot be compared: {differs.named} is {second} here and "
                f"{first} in the unhardened one"
            )
        # Asked for here, so that what cannot be compared is refused before anything is shown.
        _ = self.streams

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that both have injections of."""
        return common_streams(self.before.counts, self.after.counts)

    @property
    def left_out(self) -> tuple[Stream, ...]:
        """The streams that only one of them has injections of."""
        known = {*self.before.counts.streams(), *self.after.counts.streams()}
        return tuple(sorted(known - set(self.streams)))

    def relative(self, *streams: Stream) -> Relative:
        """Return the comparison of some streams; of all that both have if none is given."""
        samples = [Sample(one.counts, one.sizes) for one in (self.before, self.after)]
        return Relative(samples[0], samples[1], streams or self.streams)

    def costs(self, by: By | None = None) -> tuple[Mapping[Item, Cost], Mapping[Item, Cost]]:
        """Return what both cost, by layer, kernel or both; empty where that was not counted."""
        first, second = (
            costs_by(one.facts.work, _inputs(one), by) for one in (self.before, self.after)
        )
        return first, second

    def times(self, gpu: Gpu) -> tuple[Estimate, Estimate] | None:
        """Return the roofline estimates of both on a GPU; None where nothing was counted."""
        if not (self.before.facts.work and self.after.facts.work):
            return None
        first, second = (
            time_of(one.facts.work, _inputs(one), gpu) for one in (self.before, self.after)
        )
        return first, second


def difference(before: CampaignSpecification, after: CampaignSpecification) -> Difference | None:
    """Return the first field but for hardening in which two campaigns differ; None if in none."""
    for name in ALIKE:
        first, second = (_plain(name, getattr(one, name)) for one in (before, after))
        if first != second:
            return Difference(name, first, second)
    return None


def _plain(name: str, value: Any) -> Any:
    """Return a field's value; kernels by the kernels that they are variants of."""
    if name == "kernels" and value is not None:
        return tuple(sorted({base_of(one) for one in value}))
    return value.model_dump() if hasattr(value, "model_dump") else value


def _shortened(rules: str) -> str:
    """Return rules as they are named in a sentence."""
    return rules if len(rules) <= 60 else f"{rules[:59]}…"


def _inputs(results: Results) -> int:
    return len(results.specification.inputs_sha256)

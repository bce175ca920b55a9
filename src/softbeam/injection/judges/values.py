"""Answers that are numbers: right as long as they are near enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.injection.choices import ValueRule
from softbeam.injection.judges.base import Bits, Floats, MeaningJudge, tensors
from softbeam.injection.outcomes import detail_of_sdc
from softbeam.network.plan import Plan

#: Values of each tensor that are told.
_SHOWN = 4


class ValueChanges:
    """Two answers of numbers, for the rules that tell details apart.

    Attributes
    ----------
    beyond : int
        Values that are farther off than the tolerance, or no numbers any more.
    """

    def __init__(self, golden: Floats, found: Floats, rule: ValueRule) -> None:
        with np.errstate(all="ignore"):
            wanted = golden.astype(np.float64)
            off = np.abs(found.astype(np.float64) - wanted)
            near = off <= rule.absolute + rule.tolerance * np.abs(wanted)
        self.beyond = int(np.count_nonzero(~near))


class ValueJudge(MeaningJudge[Floats]):
    """The rule of regression.

    Out of tolerance: some value is farther off than the rule allows, or NaN.  Tolerable: none is.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    rule : ValueRule
        How far a number may be off.
    """

    kind = "values"

    def __init__(self, plan: Plan, rule: ValueRule) -> None:
        super().__init__(plan)
        self.rule = rule

    def meaning(self, answer: Bits) -> Floats:
        """Return the numbers."""
        return answer.view(np.float32)

    def detail(self, wanted: Floats, found: Floats) -> str:
        """Return what an SDC is."""
        return detail_of_sdc(self.kind, ValueChanges(wanted, found, self.rule))

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return the first values of each tensor."""
        return values_told(self.plan, answer)


def values_told(plan: Plan, answer: Bits) -> str:
    """Return the shape and the first values of each tensor of an answer."""
    told = []
    for name, values in tensors(plan, answer).items():
        shown = ", ".join(f"{one:.4g}" for one in values.reshape(-1)[:_SHOWN].tolist())
        more = ", …" if values.size > _SHOWN else ""
        told.append(f"{name} ({'x'.join(map(str, values.shape)) or 'one number'}): {shown}{more}")
    return "; ".join(told)

"""The answer to what should be hardened: a set, what it costs, and how certain it is.

Sets come from ``damage``, costs from ``techniques``, certainty from ``stability``, modules beside
this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Counts
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.choosing import Chooser, Covering, Spending
from softbeam.analysis.hardening.damage import (
    Choice,
    Damage,
    Front,
    best_within,
    cheapest,
    choice,
    damage_of,
    pareto_front,
    smallest_set,
)
from softbeam.analysis.hardening.resampling import Samples
from softbeam.analysis.hardening.stability import (
    LEAST_DAMAGE,
    REPLICATES,
    Stability,
    bootstrap,
    removed,
)
from softbeam.analysis.hardening.techniques import Technique, Work, work_by
from softbeam.errors import ResultsError


class Aim(NamedTuple):
    """What is wanted: a share of the damage removed, or the most that a budget buys.

    Attributes
    ----------
    coverage : float or None
        Share of the damage to be removed by the fewest items.
    budget : float or None
        Further instructions, as a share of all in scope, that may be spent instead.
    """

    coverage: float | None = None
    budget: float | None = None

    @property
    def share(self) -> float:
        """The share of the damage to be removed, where there is no budget."""
        return 1.0 if self.coverage is None else self.coverage

    @property
    def wrong(self) -> tuple[str, str] | None:
        """The field that cannot be an aim, and why not; None if the aim can be one."""
        if self.budget is not None:
            if not self.budget >= 0.0:
                return "budget", f"{self.budget} is no share of instructions; give 0.05 for 5 %"
        elif not 0.0 < self.share <= 1.0:
            return "coverage", (
                f"{self.share} is no share of the damage; give a number above 0 and up to 1"
            )
        return None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to harden.

    Attributes
    ----------
    of : str
        What is removed: ``critical``, ``sdc`` or ``due``.
    by : By
        What an item is.
    technique : Technique
        How items are hardened.
    aim : Aim
        What was asked.
    damage : Damage
        The injections behind it.
    costs : tuple of float
        Cost of each item, as a share of all instructions in scope.
    launches : tuple of int
        Launches of each item in an inference; 0 where they are not known.
    answer : Choice
        The set.
    cheapest : Choice
        The cheapest set that removes as much.
    front : Front
        Every set that no cheaper one equals.
    stability : Stability
        How certain the answer is.
    samples : Samples
        What that rests on.
    """

    of: str
    by: By
    technique: Technique
    aim: Aim
    damage: Damage
    costs: tuple[float, ...]
    launches: tuple[int, ...]
    answer: Choice
    cheapest: Choice
    front: Front
    stability: Stability
    samples: Samples

    @property
    def enough(self) -> bool:
        """Whether there is enough damage to say anything."""
        return self.damage.place.size >= LEAST_DAMAGE

    def items(self, members: Sequence[int]) -> list[Item]:
        """Return what numbers of items stand for."""
        return [self.damage.items[member] for member in members]

    def certain(self) -> list[Item]:
        """Return the items that nearly every resampling chooses too, one injection missed."""
        return self.items([one for one in self.stability.certain() if one in self.answer.members])

    def undecided(self) -> list[Item]:
        """Return the items about which the data do not decide."""
        return self.items(self.stability.undecided())

    def removes(self, one: Choice) -> tuple[float, float]:
        """Return the 95 % interval of a set's share of all damage, that not seen too."""
        return removed(self.samples, one.members, self.stability)


def advise(
    counts: Counts,
    work: Mapping[Item, Work],
    *,
    of: str,
    by: By,
    technique: Technique,
    aim: Aim,
    seed: int,
    replicates: int = REPLICATES,
) -> Advice:
    """Choose what to harden.

    Parameters
    ----------
    counts : Counts
        Injections of one or more streams, each of which weighs the same, with their design.
    work : mapping of Item to Work
        What each kernel in each layer executes.
    of : str
        One of :data:`softbeam.analysis.hardening.damage.DAMAGE`.
    by : By
        Kernels in layers, kernels, or layers.
    technique : Technique
        How they are hardened.
    aim : Aim
        Coverage or budget.
    seed : int
        Of the bootstrap.
    replicates : int
        Resamplings of it.

    Raises
    ------
    ResultsError
        If the work is not known.
    """
    if not work:
        raise ResultsError(
            "the results do not say how much the kernels execute, so that costs are not known; "
            "run softbeam campaign again with the same options: it adds what is missing"
        )
    work = work_by(work, by)
    damage = damage_of(counts, of, by, work)
    whole = sum(one.instructions for one in work.values())
    nothing = Work(0, 0, 0)
    costs = np.array([technique.cost(work.get(item, nothing)) / whole for item in damage.items])
    values = damage.values()
    front = pareto_front(values, costs)
    members = _chosen(values, costs, aim, front)
    answer = choice(members, values, costs)
    stability, samples = bootstrap(damage, _chooser(costs, aim), seed, replicates)
    return Advice(
        of=of,
        by=by,
        technique=technique,
        aim=aim,
        damage=damage,
        costs=tuple(costs.tolist()),
        launches=tuple(work.get(item, nothing).launches for item in damage.items),
        answer=answer,
        cheapest=cheapest(front, answer.coverage if aim.coverage is None else aim.coverage),
        front=front,
        stability=stability,
        samples=samples,
    )


def _chosen(
    values: NDArray[np.float64], costs: NDArray[np.float64], aim: Aim, front: Front
) -> tuple[int, ...]:
    if aim.budget is not None:
        return best_within(front, aim.budget).members
    return smallest_set(values, costs, aim.share)


def _chooser(costs: NDArray[np.float64], aim: Aim) -> Chooser:
    if aim.budget is not None:
        return Spending(costs, aim.budget)
    return Covering(costs, aim.share)

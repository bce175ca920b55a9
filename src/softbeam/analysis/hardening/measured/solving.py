"""The best choice for a budget, the cheapest for a wanted share, and the front between them.

One state is chosen for each place: a multiple-choice knapsack problem (H. Kellerer, U. Pferschy,
D. Pisinger, "Knapsack problems", 2004, chapter 11), in which an item's worth also depends on
others: what a clamp behind removes need not be removed before.  That part is a covering problem
with a budget (S. Khuller, A. Moss, J. Naor, Information Processing Letters 70, 1999,
doi:10.1016/S0020-0190(99)00031-9).  Both are one mixed-integer linear program, solved exactly by
HiGHS (Q. Huangfu, J. A. J. Hall, Mathematical Programming Computation 10, 2018,
doi:10.1007/s12532-017-0130-5) as SciPy has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.problem import Chosen, Numbers, Problem
from softbeam.analysis.hardening.measured.silence import silent
from softbeam.errors import InternalError

#: Wanted shares of what can be removed at which the front is looked at.
FRONT_STEPS = 12

#: What is as good as equal, as a share of all damage or of all instructions, and less than any
#: injection: HiGHS itself takes numbers that differ by a millionth for equal.
EQUAL = 1e-7

#: SciPy's numbers for the best that there is, and for what cannot be reached.
FOUND, IMPOSSIBLE = 0, 2


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A state for each place.

    Attributes
    ----------
    chosen : numpy.ndarray of bool, [states]
        The states.
    removed : float
        The share of the seen damage that it removes.
    cost : float
        What it costs, launches that are left out subtracted.
    """

    chosen: Chosen
    removed: float
    cost: float


def choice(problem: Problem, chosen: Chosen) -> Choice:
    """Return a choice with what it removes and costs."""
    return Choice(chosen, problem.removed(chosen), problem.cost(chosen))


class Program:
    """A problem as a mixed-integer linear program, to be solved for several aims.

    Parameters
    ----------
    problem : Problem
        What there is to choose from.
    times : numpy.ndarray of float64, [injections], optional
        How often each injection counts; once if not given.
    """

    def __init__(self, problem: Problem, times: Numbers | None = None) -> None:
        from scipy.sparse import coo_array

        self.problem = problem
        count = np.ones(problem.group.size) if times is None else times
        whole = float((problem.was() * count).sum())
        self.empty = whole <= 0.0
        weights = problem.weights[problem.group] * count / (whole or 1.0)
        worth = weights[problem.injection] * problem.factor
        alone = np.zeros(len(problem.states))
        together: dict[tuple[int, tuple[int, ...]], float] = {}
        for entry, removers in enumerate(problem.removers):
            state = int(problem.state[entry])
            if removers:
                key = state, removers
                together[key] = together.get(key, 0.0) + float(worth[entry])
            else:
                alone[state] += worth[entry]
        kept = {key: weight for key, weight in together.items() if weight > 0.0}
        states = len(problem.states)
        #: What each variable leaves of the damage: the states, then damage that others can remove.
        self.left = np.concatenate([alone, list(kept.values())])
        self.cost = np.concatenate([problem.costs, np.zeros(len(kept))])
        rows, columns, values = [], [], []
        for row, (state, removers) in enumerate(kept):
            for column, value in (
                (states + row, 1.0),
                (state, -1.0),
                *((r, 1.0) for r in removers),
            ):
                rows.append(row)
                columns.append(column)
                values.append(value)
        width = states + len(kept)
        self._stands = coo_array((values, (rows, columns)), shape=(len(kept), width)).tocsr()
        places = [state.place for state in problem.states]
        self._one_each = coo_array(
            (np.ones(states), (places, range(states))), shape=(len(problem.places), width)
        ).tocsr()

    def best_within(self, budget: float) -> Choice | None:
        """Return what removes the most for at most so much, the cheapest such, if anything.

        Parameters
        ----------
        budget : float
            Instructions, launches that are left out subtracted.
        """
        most = budget + self.problem.saving
        found = self._solve(self.left, most_cost=most)
        if found is None:
            return None
        return self._or_else(found, self.cost, most_cost=most, most_left=self._leaves(found))

    def cheapest(self, share: float) -> Choice | None:
        """Return the cheapest choice that removes a share of the damage; None if none does."""
        found = self._solve(self.cost, most_left=1.0 - share)
        if found is None:
            return None
        most = found.cost + self.problem.saving
        return self._or_else(found, self.left, most_cost=most, most_left=1.0 - share)

    def most(self) -> Choice:
        """Return the choice that removes the most, the cheapest such."""
        found = self.best_within(float(np.maximum(self.problem.costs, 0.0).sum()))
        if found is None:
            raise InternalError("no choice of techniques is possible at all")
        return found

    def _leaves(self, found: Choice) -> float:
        """Return what a choice leaves of the damage as this program counts it."""
        states = found.chosen.size
        chosen = np.concatenate([found.chosen, np.zeros(self.left.size - states)])
        standing = np.maximum(-(self._stands @ chosen), 0.0)
        return float(self.left[:states] @ found.chosen + self.left[states:] @ standing)

    def _solve(
        self, objective: Numbers, most_cost: float | None = None, most_left: float | None = None
    ) -> Choice | None:
        from scipy.optimize import Bounds, LinearConstraint, milp

        states = len(self.problem.states)
        if not states:
            return choice(self.problem, self.problem.plain)
        constraints: list[Any] = [LinearConstraint(self._one_each, 1.0, 1.0)]
        if self._stands.shape[0]:
            constraints.append(LinearConstraint(self._stands, 0.0, np.inf))
        if most_cost is not None:
            limit = most_cost + EQUAL
            constraints.append(LinearConstraint(self.cost[None, :], -np.inf, limit))
        if most_left is not None:
            limit = most_left + EQUAL
            constraints.append(LinearConstraint(self.left[None, :], -np.inf, limit))
        for presolve in (False, True):
            # Presolving is not faster here, and fails where only one choice is within the limits;
            # it is there for where the other way fails.
            with silent():
                found = milp(
                    objective,
                    integrality=np.arange(self.left.size) < states,
                    bounds=Bounds(0.0, 1.0),
                    constraints=constraints,
                    options={"mip_rel_gap": 0.0, "presolve": presolve},
                )
            if found.status == FOUND:
                return choice(self.problem, np.rint(found.x[:states]).astype(np.bool_))
            if found.status == IMPOSSIBLE:
                return None
        raise InternalError(f"the choice of techniques was not found: {found.message}")

    def _or_else(
        self, found: Choice, objective: Numbers, most_cost: float, most_left: float
    ) -> Choice:
        """Return the better of choices that are equal by what was asked for; `found` at the least.

        It is within the limits itself, but for rounding.
        """
        try:
            return self._solve(objective, most_cost, most_left) or found
        except InternalError:
            return found


def choose(problem: Problem, aim: Aim, times: Numbers | None = None) -> Choice:
    """Return the best choice for an aim; of an aim that is out of reach, what comes nearest.

    Parameters
    ----------
    problem : Problem
        What there is to choose from.
    aim : Aim
        The most for a budget, or the least cost for a share of the damage.
    times : numpy.ndarray of float64, [injections], optional
        How often each injection counts; once if not given.
    """
    program = Program(problem, times)
    if aim.budget is not None:
        # Launches that are left out can pay for more than nothing; nothing is always possible.
        return program.best_within(aim.budget) or choice(problem, problem.plain)
    return program.cheapest(aim.share) or program.most()


def front(problem: Problem, steps: int = FRONT_STEPS) -> tuple[Choice, ...]:
    """Return choices that no cheaper one equals, by rising cost.

    From nothing to the most that can be removed, at so many steps of it; each of them is the
    cheapest for what it removes.
    """
    return tuple(_better(_along(Program(problem), problem, steps)))


def _along(program: Program, problem: Problem, steps: int) -> Iterator[Choice]:
    least = program.best_within(-problem.saving)
    most = program.most()
    start = least or choice(problem, problem.plain)
    yield start
    for step in range(1, steps):
        wanted = start.removed + (most.removed - start.removed) * step / steps
        found = program.cheapest(wanted)
        if found is not None:
            yield found
    yield most


def _better(choices: Iterator[Choice]) -> Iterator[Choice]:
    """Pass on the choices that remove more than all that cost no more."""
    best = -np.inf
    for one in sorted(choices, key=lambda each: (each.cost, -each.removed)):
        if one.removed > best + EQUAL:
            best = one.removed
            yield one

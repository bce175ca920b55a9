"""What a choice will remove of damage that it was not chosen by, and between which bounds.

Three things make it another share than what was seen.  The choice was made by these injections and
fits them better than others: it is made again without a part of them and held against that part.
They are a sample, those in hardened code too: they are drawn again.  And a sample may have missed
damage: one injection that was missed is put where it would be most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.problem import UNHARDENED, Chosen, Numbers, Problem
from softbeam.analysis.hardening.measured.solving import choose
from softbeam.analysis.hardening.measured.table import FOLDS
from softbeam.analysis.hardening.resampling import input_weights
from softbeam.analysis.hardening.stability import LEAST_DAMAGE

#: Resamplings.
REPLICATES = 1000

#: Stands for no damage in a sample, so that what is left is more than so many times as much.
_NONE, _NEVER = 1e-300, 1e100

#: Numbers that are drawn at a time.
BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a choice is expected to remove of all damage, seen or not.

    Attributes
    ----------
    expected : float
        What choices made without a part of the injections remove of that part, over all parts;
        NaN where there was no damage.
    low, high : float
        95 % interval of what the choice removes; from minus infinity where so little damage was
        seen that another sample might have had none.
    cost : float
        Its exact cost, launches that are left out subtracted.
    injections : int
        Damaging injections of the unhardened network that it rests on.
    struck : int
        Injections, harmless ones too, in the hardened code that it chooses.
    """

    expected: float
    low: float
    high: float
    cost: float
    injections: int
    struck: int

    @property
    def enough(self) -> bool:
        """Whether there is enough damage to say anything."""
        return self.injections >= LEAST_DAMAGE


def predict(
    problem: Problem, chosen: Chosen, aim: Aim | None, seed: int, replicates: int = REPLICATES
) -> Prediction:
    """Predict what a choice removes.

    Parameters
    ----------
    problem : Problem
        What there was to choose from.
    chosen : numpy.ndarray of bool, [states]
        What was chosen.
    aim : Aim or None
        For what it was chosen, so that it can be chosen again; None of a choice that was not made
        by this damage, and so fits it no better than other.
    seed : int
        Of the generator; the same seed gives the same answer.
    replicates : int
        Resamplings.

    Notes
    -----
    B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993, chapters 6 and 17, for
    resampling and for holding out.  One missed injection where it weighs most: M. P. Fay and
    E. J. Feuer, "Confidence intervals for directly standardized rates", Statistics in Medicine 16
    (1997); its share of the places is distributed as Beta(1, n), as behind the upper limit of
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404.
    """
    seen = problem.removed(chosen)
    expected = seen if aim is None else held_out(problem, aim)
    low, high = _interval(problem, chosen, seed, replicates)
    # What was fitted to the sample alone is not there in others, at either end.
    fitted = max(seen - expected, 0.0) if expected == expected else 0.0
    in_use = _in_use(problem, chosen) & (problem.home >= 0)
    return Prediction(
        expected=expected,
        low=min(low, seen) - fitted,
        high=max(high, seen),
        cost=problem.cost(chosen),
        injections=int(problem.unhardened.sum()),
        struck=int(problem.sizes[in_use].sum()),
    )


def held_out(problem: Problem, aim: Aim) -> float:
    """Return what choices remove of the injections that they were not made by; NaN without any."""
    left = whole = 0.0
    for fold in range(FOLDS):
        out = problem.fold == fold
        was = float(problem.was()[out].sum())
        if was <= 0.0 or not (problem.was()[~out] > 0.0).any():
            continue
        found = choose(problem, aim, np.where(out, 0.0, 1.0))
        left += float(problem.leaves(found.chosen)[out].sum())
        whole += was
    return 1.0 - left / whole if whole else float("nan")


def _in_use(problem: Problem, chosen: Chosen) -> Chosen:
    """Return the groups whose code is in the hardened network, or was in the unhardened one."""
    home = problem.home
    used: Chosen = home == UNHARDENED
    used[home >= 0] = chosen[home[home >= 0]]
    return used


def _interval(problem: Problem, chosen: Chosen, seed: int, replicates: int) -> tuple[float, float]:
    """Return the 95 % interval of what a choice removes, one injection missed."""
    if not problem.was().any():
        return float("-inf"), 1.0
    generator = np.random.Generator(np.random.PCG64(seed))
    left, was = _redrawn(problem, chosen, generator, replicates)
    level = generator.random((replicates, 1))
    share = -np.expm1(np.log(level) / problem.sizes)
    missed = problem.weights * problem.sizes * share
    here = missed[:, _in_use(problem, chosen)].max(axis=1, initial=0.0)
    before = missed[:, problem.home == UNHARDENED].max(axis=1, initial=0.0)
    low = 1.0 - (left + here) / np.maximum(was, _NONE)
    high = 1.0 - left / np.maximum(was + before, _NONE)
    lower = float(np.quantile(low, 0.025))
    return lower if lower > -_NEVER else float("-inf"), float(np.quantile(high, 0.975))


def _redrawn(
    problem: Problem, chosen: Chosen, generator: np.random.Generator, replicates: int
) -> tuple[Numbers, Numbers]:
    """Return what other samples would leave, and would have had without hardening."""
    leaves, was = problem.leaves(chosen), problem.was()
    left, whole = [], []
    most = max(1, BLOCK // max(1, problem.group.size))
    for start in range(0, replicates, most):
        number = min(most, replicates - start)
        times = _times(problem, generator, number)
        if problem.inputs > 1:
            times = times * input_weights(problem.inputs, generator, number)[:, problem.image]
        left.append(times @ leaves)
        whole.append(times @ was)
    return np.concatenate(left), np.concatenate(whole)


def _times(problem: Problem, generator: np.random.Generator, number: int) -> Numbers:
    """Return how often each damaging injection is drawn: [samples, injections]."""
    times = np.zeros((number, problem.group.size))
    for group, size in enumerate(problem.sizes.tolist()):
        own = np.flatnonzero(problem.group == group)
        if own.size:
            harmful = generator.binomial(size, own.size / size, number)
            times[:, own] = generator.multinomial(harmful, np.full(own.size, 1.0 / own.size))
    return times

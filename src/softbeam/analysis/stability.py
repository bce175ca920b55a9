"""How far a choice of code to harden is certain: a bootstrap over injections and inputs.

Each replicate chooses again from a sample of :mod:`softbeam.analysis.resampling`.  How often an
item is chosen tells whether the data decide about it; what the choice removes of the damage that
was not drawn, and of an input that was left out, tells what to expect of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.hardening import Damage
from softbeam.analysis.proportion import wilson
from softbeam.analysis.resampling import by_input, following, input_weights, redrawn

#: Replicates, and the share of them within which an item counts as decided.
REPLICATES = 1000
DECIDED = 0.95

#: With less damage than this nothing is said about what to harden.
LEAST_DAMAGE = 10

Choose = Callable[[NDArray[np.float64]], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Stability:
    """What a bootstrap says of a choice.

    Attributes
    ----------
    chosen : tuple of float
        For each item the share of replicates in which it was chosen.
    low, high : tuple of float
        For each item the 95 % percentile interval of its share of the damage; where none was
        seen, Wilson's.
    unseen : tuple of (float, float, float)
        Share of damage removed from the injections that a replicate did not draw: mean and 95 %
        percentile interval; NaN where there was none.
    other_inputs : tuple of float
        For each input the share of its damage that is removed by the choice which the other
        inputs give; NaN where it has none.  Empty for a single input.
    replicates : int
        How many replicates there were.
    """

    chosen: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    unseen: tuple[float, float, float]
    other_inputs: tuple[float, ...]
    replicates: int

    def undecided(self) -> tuple[int, ...]:
        """Return the items that are chosen neither nearly always nor nearly never."""
        return tuple(
            item for item, often in enumerate(self.chosen) if 1.0 - DECIDED < often < DECIDED
        )


def bootstrap(damage: Damage, choose: Choose, seed: int, replicates: int = REPLICATES) -> Stability:
    """Choose again and again from resampled injections and, where there are several, inputs.

    Parameters
    ----------
    damage : Damage
        The injections.
    choose : callable
        Returns items from the damage of each.
    seed : int
        Of the generator; the same seed gives the same answer.
    replicates : int
        Number of resamples.

    Notes
    -----
    B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979),
    doi:10.1214/aos/1176344552; for the damage that was not drawn, B. Efron and R. Tibshirani,
    "Improvements on cross-validation: the .632+ bootstrap method", JASA 92 (1997),
    doi:10.1080/01621459.1997.10474007.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    items = len(damage.keys)
    weights = np.array(damage.weights, dtype=np.float64)
    shares = np.zeros((replicates, items))
    often = np.zeros(items)
    unseen = []
    follows = following(damage)[damage.place] if damage.inputs > 1 else None
    for replicate in range(replicates):
        drawn = redrawn(damage, generator)
        times: NDArray[Any] = drawn
        if follows is not None:
            moved = input_weights(damage.inputs, generator)[damage.image] - 1.0
            times = drawn * (1.0 + follows * moved)
        values = damage.values(times)
        chosen = np.zeros(items, dtype=np.bool_)
        chosen[list(choose(values))] = True
        often += chosen
        total = values.sum()
        shares[replicate] = values / total if total else np.nan
        left = (drawn == 0) * weights[damage.group]
        if left.sum() > 0.0:
            unseen.append(float((left * chosen[damage.place]).sum() / left.sum()))
    low, high = _percentiles(shares)
    # What was never seen is never resampled; it can be all the same.
    if damage.place.size:
        unseen_high = wilson(0, int(damage.place.size))[1]
        high = np.where(damage.injections() == 0, np.maximum(high, unseen_high), high)
    return Stability(
        chosen=tuple(float(share) for share in often / replicates),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        unseen=_summary(unseen),
        other_inputs=_other_inputs(damage, choose),
        replicates=replicates,
    )


def _other_inputs(damage: Damage, choose: Choose) -> tuple[float, ...]:
    """Return for each input what the choice that the others give removes of its damage."""
    found = []
    shares = by_input(damage)
    for left_out in range(damage.inputs if damage.inputs > 1 else 0):
        own = shares[:, left_out]
        # The others' damage, each weighing the same, as the whole weighs all.
        chosen = list(choose(shares.sum(axis=1) - own))
        found.append(float(own[chosen].sum() / own.sum()) if own.sum() > 0.0 else float("nan"))
    return tuple(found)


def _percentiles(shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = shares[~np.isnan(shares).any(axis=1)]
    if not known.size:
        nothing = np.full(shares.shape[1], np.nan)
        return nothing, nothing
    low, high = np.percentile(known, [2.5, 97.5], axis=0)
    return low, high


def _summary(values: list[float]) -> tuple[float, float, float]:
    if not values:
        return float("nan"), float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(np.mean(values)), float(low), float(high)

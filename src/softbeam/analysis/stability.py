"""How far a choice of code to harden is certain: a bootstrap over injections.

Each replicate draws as many injections as there are, with replacement and within each stream and
stratum, and chooses again.  How
often an item is chosen tells whether the data decide about it; what the choice removes of the
damage that was not drawn tells what to expect of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.hardening import Damage
from softbeam.analysis.proportion import wilson

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
    replicates : int
        How many there were.
    """

    chosen: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    unseen: tuple[float, float, float]
    replicates: int

    def undecided(self) -> tuple[int, ...]:
        """Return the items that are chosen neither nearly always nor nearly never."""
        return tuple(
            item for item, often in enumerate(self.chosen) if 1.0 - DECIDED < often < DECIDED
        )


def bootstrap(damage: Damage, choose: Choose, seed: int, replicates: int = REPLICATES) -> Stability:
    """Choose again and again from resampled injections.

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
    for replicate in range(replicates):
        drawn = _resample(damage, generator)
        values = damage.values(drawn)
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
        replicates=replicates,
    )


def _resample(damage: Damage, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return how often each damaging injection is drawn; harmless ones need not be told apart."""
    drawn = np.zeros(damage.place.size, dtype=np.int64)
    for number, size in enumerate(damage.sizes):
        own = np.flatnonzero(damage.group == number)
        if not own.size:
            continue
        harmful = generator.binomial(size, own.size / size)
        drawn[own] = np.bincount(generator.integers(0, own.size, harmful), minlength=own.size)
    return drawn


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

"""How far a choice of code to harden is certain: a bootstrap over injections and inputs.

The choice is made again from each sample of :mod:`softbeam.analysis.hardening.resampling`.  How
often an item is chosen, and how often it would be if one damaging injection had been missed where
that matters most, tells whether the data decide about it; what the choice removes of the damage
that was not drawn, and of an input that was left out, tells what to expect of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.hardening.choosing import Chooser, Chosen
from softbeam.analysis.hardening.damage import Damage
from softbeam.analysis.hardening.resampling import Samples, by_input, samples_of

#: Samples, and the share of them within which an item counts as decided.
REPLICATES = 1000
DECIDED = 0.95

#: With less damage than this nothing is said about what to harden.
LEAST_DAMAGE = 10

#: How many times the injections are looked at to say how many would decide, and in how many of
#: the samples.
FURTHEST, LOOKED_AT = 2.0**14, 200

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stability:
    """What a bootstrap says of a choice.

    Attributes
    ----------
    chosen : tuple of float
        For each item the share of samples in which it was chosen.
    least, most : tuple of float
        The same if one damaging injection was missed: elsewhere, and in the item itself.
    low, high : tuple of float
        For each item the 95 % interval of its share of the damage, one missed injection included.
    unseen : tuple of (float, float, float)
        Share of the damage that sets chosen so remove, but for that from which they were chosen:
        mean of what was seen, and 95 % interval, one missed injection included; NaN where nothing
        was seen.
    kept : float
        The first of these as a part of what the sets hold of the samples from which they were
        chosen; at most 1.
    other_inputs : tuple of float
        For each input the share of its damage that is removed by the choice which the other
        inputs give; NaN where it has none.  Empty for a single input.
    replicates : int
        How many samples there were.
    more : int or None
        About how many further injections, drawn as these were, would decide about every item, if
        what was seen is how it is; 0 where these do, None where no number would.
    """

    chosen: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    unseen: tuple[float, float, float]
    kept: float
    other_inputs: tuple[float, ...]
    replicates: int
    more: int | None

    def certain(self) -> tuple[int, ...]:
        """Return the items that are chosen nearly always, whatever one injection missed."""
        return tuple(item for item, least in enumerate(self.least) if least >= DECIDED)

    def undecided(self) -> tuple[int, ...]:
        """Return the items that are chosen neither nearly always nor nearly never."""
        return tuple(
            item
            for item, (least, most) in enumerate(zip(self.least, self.most, strict=True))
            if least < DECIDED and most > 1.0 - DECIDED
        )


def bootstrap(
    damage: Damage, choose: Chooser, seed: int, replicates: int = REPLICATES
) -> tuple[Stability, Samples]:
    """Choose again and again from resampled injections and, where there are several, inputs.

    Parameters
    ----------
    damage : Damage
        The injections.
    choose : Chooser
        Chooses items from the damage of each.
    seed : int
        Of the generator; the same seed gives the same answer.
    replicates : int
        Number of samples.

    Returns
    -------
    Stability, Samples
        What the samples say, and these.

    Notes
    -----
    B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979),
    doi:10.1214/aos/1176344552; for the damage that was not drawn, B. Efron and R. Tibshirani,
    "Improvements on cross-validation: the .632+ bootstrap method", JASA 92 (1997),
    doi:10.1080/01621459.1997.10474007.  An item is left only if it would be so beside the damage
    that is to be expected in items which were not seen to fail: I. J. Good, "The population
    frequencies of species and the estimation of population parameters", Biometrika 40 (1953),
    doi:10.1093/biomet/40.3-4.237.
    """
    samples = samples_of(damage, np.random.Generator(np.random.PCG64(seed)), replicates)
    chosen = choose.chosen(samples.values)
    least, most = _missing_one(damage, samples, choose, chosen)
    beside = choose.beside(_in_items_not_seen(damage))
    if beside is not choose:
        most = most | beside.chosen_with(samples.values, samples.missed)
    low, high = shares_of_damage(damage, samples)
    unseen = _unseen(samples, chosen)
    held = _ratio((samples.values * chosen).sum(axis=1), samples.values.sum(axis=1))
    return Stability(
        chosen=_means(chosen),
        least=_means(least),
        most=_means(most),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        unseen=unseen,
        kept=float(np.fmin(unseen[0] / np.fmax(_mean(held), 1e-300), 1.0)),
        other_inputs=_other_inputs(damage, choose),
        replicates=replicates,
        more=_more(damage, samples, choose, least, most),
    ), samples


def removed(
    samples: Samples, members: tuple[int, ...], stability: Stability
) -> tuple[float, float]:
    """Return the 95 % interval of a set's share of all damage.

    One missed injection is included, and that sets hold less of others than of the sample from
    which they were chosen.
    """
    inside = np.zeros(samples.values.shape[1], dtype=np.bool_)
    inside[list(members)] = True
    held, total = samples.values[:, inside].sum(axis=1), samples.values.sum(axis=1)
    within, outside = _most_of(samples.missed, inside), _most_of(samples.missed, ~inside)
    low = _ratio(held, total + outside)
    high = _ratio(held + within, total + within)
    return stability.kept * float(_quantile(low, 0.025)), float(_quantile(high, 0.975))


def _in_items_not_seen(damage: Damage) -> float:
    """Return the share of the damage to be expected in items that were not seen to fail.

    After Good, it is what those hold that were seen to fail once.
    """
    values = damage.values()
    once = values[damage.injections() == 1]
    return float(once.sum() / values.sum()) if values.any() else 0.0


def _missing_one(
    damage: Damage, samples: Samples, choose: Chooser, chosen: Chosen
) -> tuple[Chosen, Chosen]:
    """Return which items are chosen if an injection was missed elsewhere, and in the item."""
    least = chosen.copy()
    first, *second = _heaviest(damage)[:2].tolist()
    with_it = choose.chosen(_more_in(samples, first))
    others = np.arange(chosen.shape[1]) != first
    least[:, others] &= with_it[:, others]
    if second:
        least[:, first] &= choose.chosen(_more_in(samples, second[0]))[:, first]
    return least, chosen | choose.chosen_with(samples.values, samples.missed)


def _heaviest(damage: Damage) -> NDArray[np.intp]:
    """Return the items, the one in which one missed injection would be most damage first."""
    one = np.minimum(damage.largest / (damage.struck + 1), damage.most)
    return np.argsort(-one, kind="stable")


def _more_in(samples: Samples, item: int) -> Numbers:
    values = samples.values.copy()
    values[:, item] += samples.missed[:, item]
    return values


def shares_of_damage(damage: Damage, samples: Samples) -> tuple[Numbers, Numbers]:
    """Return the intervals of the items' shares of the damage: low and high ends, [items].

    One missed injection is included: elsewhere at the low end, in the item at the high one.
    """
    total = samples.values.sum(axis=1, keepdims=True)
    first, *second = _heaviest(damage)[:2].tolist()
    elsewhere = np.repeat(samples.missed[:, first : first + 1], len(damage.items), axis=1)
    elsewhere[:, first] = samples.missed[:, second[0]] if second else 0.0
    low = _ratio(samples.values, total + elsewhere)
    high = _ratio(samples.values + samples.missed, total + samples.missed)
    # Where no sample has damage, all of it can be anywhere.
    return (
        np.nan_to_num(_quantile(low, 0.025), nan=0.0),
        np.nan_to_num(_quantile(high, 0.975), nan=1.0),
    )


def _unseen(samples: Samples, chosen: Chosen) -> tuple[float, float, float]:
    """Return what sets remove of the damage from which they were not chosen."""
    left, total = samples.left.sum(axis=1), samples.values.sum(axis=1)
    some = left > 0.0
    if not some.any():
        return math.nan, math.nan, math.nan
    seen = (samples.left * chosen).sum(axis=1)[some] / left[some]
    outside = (samples.missed * ~chosen).max(axis=1)
    total, outside = total[some], outside[some]
    within = (samples.missed * chosen).max(axis=1)[some]
    low = _quantile(seen * _ratio(total, total + outside), 0.025)
    high = _quantile(_ratio(seen * total + within, total + within), 0.975)
    return float(seen.mean()), float(low), float(high)


def _more(
    damage: Damage, samples: Samples, choose: Chooser, least: Chosen, most: Chosen
) -> int | None:
    """Return how many more injections would decide."""

    def undecided(least: Chosen, most: Chosen) -> bool:
        often, seldom = least.mean(axis=0) >= DECIDED, most.mean(axis=0) <= 1.0 - DECIDED
        return not (often | seldom).all()

    def decided_with(times: float) -> bool:
        grown = samples.grown(damage, times, LOOKED_AT)
        return not undecided(*_missing_one(damage, grown, choose, choose.chosen(grown.values)))

    if not undecided(least, most):
        return 0
    if not damage.place.size or not decided_with(FURTHEST):
        return None
    few, many = 1.0, FURTHEST
    while many > 1.3 * few:
        middle = math.sqrt(few * many)
        few, many = (few, middle) if decided_with(middle) else (middle, many)
    return math.ceil((many - 1.0) * sum(damage.sizes))


def _other_inputs(damage: Damage, choose: Chooser) -> tuple[float, ...]:
    """Return for each input what the choice that the others give removes of its damage."""
    if damage.inputs == 1:
        return ()
    shares = by_input(damage).T
    # The others' damage, each weighing the same, as the whole weighs all.
    chosen = choose.chosen(shares.sum(axis=0) - shares)
    return tuple(_ratio((shares * chosen).sum(axis=1), shares.sum(axis=1)).tolist())


def _most_of(missed: Numbers, items: Chosen) -> Numbers:
    found: Numbers = missed[:, items].max(axis=1, initial=0.0)
    return found


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    nothing = np.full(np.broadcast_shapes(part.shape, whole.shape), math.nan)
    ratio: Numbers = np.divide(part, whole, out=nothing, where=whole > 0.0)
    return ratio


def _quantile(values: Numbers, level: float) -> Numbers:
    """Return a quantile over the samples that have one; NaN where none has."""
    known = values[~np.isnan(values).reshape(len(values), -1).any(axis=1)]
    if not known.size:
        return np.full(values.shape[1:], math.nan)
    return np.asarray(np.quantile(known, level, axis=0))


def _mean(values: Numbers) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan


def _means(chosen: Chosen) -> tuple[float, ...]:
    return tuple(chosen.mean(axis=0).tolist())

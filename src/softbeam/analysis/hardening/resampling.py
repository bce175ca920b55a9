"""Other samples that a campaign could have drawn: its injections, and its inputs, drawn again.

Injections are drawn with replacement within each stream and stratum.  Inputs get random weights;
how far an item's damage follows them depends on how far its inputs differ beyond what the draw of
injections makes of them.  What a sample has not seen at all it cannot draw again; how much of that
there may be is drawn beside.  What is chosen from each sample is
in :mod:`softbeam.analysis.hardening.stability`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.clusters import widening
from softbeam.analysis.hardening.damage import Damage
from softbeam.analysis.proportion import CONFIDENCE

Numbers = NDArray[np.float64]

#: Numbers that are drawn at a time.
BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Damage as other samples would show it; all arrays are [samples, items].

    Attributes
    ----------
    values : numpy.ndarray of float64
        The damage of each item.
    alike : numpy.ndarray of float64
        The same with all inputs weighing the same.
    left : numpy.ndarray of float64
        The damage of the injections that a sample did not draw.
    missed : numpy.ndarray of float64
        Damage that an item may have besides, though no injection showed it.
    """

    values: Numbers
    alike: Numbers
    left: Numbers
    missed: Numbers

    def grown(self, damage: Damage, times: float, samples: int) -> Samples:
        """Return the first samples as they would be with so many times the injections.

        What was seen stays as it is and varies less; what was missed becomes less.
        """
        alike, values = self.alike[:samples], self.values[:samples]
        seen = damage.values()
        nearer = seen + (alike - seen) / np.sqrt(times)
        return Samples(
            np.maximum(nearer + values - alike, 0.0),
            np.maximum(nearer, 0.0),
            self.left[:samples],
            self.missed[:samples] / times,
        )


def samples_of(damage: Damage, generator: np.random.Generator, number: int) -> Samples:
    """Draw samples.

    Parameters
    ----------
    damage : Damage
        The injections.
    generator : numpy.random.Generator
        What they are drawn with.
    number : int
        How many.
    """
    parts = list(_drawn(damage, generator, number))
    values, alike, left = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Samples(values, alike, left, missed(damage, generator, number))


def missed(damage: Damage, generator: np.random.Generator, number: int) -> Numbers:
    """Return damage that items may have though no injection showed it: [samples, items].

    One further damaging injection, where in the item it weighs most.  After none of n its share
    of the places there is distributed as Beta(1, n): that is the upper limit of C. J. Clopper and
    E. S. Pearson, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404, at every level.  One such
    injection for a whole sum, where it weighs most, is how M. P. Fay and E. J. Feuer, Statistics
    in Medicine 16 (1997), limit directly standardized rates; one in every stratum would assume
    damage as large as the number of strata.
    """
    level = generator.random((number, 1))
    share = -np.expm1(np.log(level) / np.maximum(damage.struck, 1e-9))
    found: Numbers = np.minimum(damage.largest * share, damage.most)
    return found


def _drawn(
    damage: Damage, generator: np.random.Generator, number: int
) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
    """Yield values, alike and left of :class:`Samples`, some samples at a time."""
    follows = following(damage)[damage.place] if damage.inputs > 1 else None
    weights = np.array(damage.weights, dtype=np.float64)[damage.group]
    most = max(1, BLOCK // max(1, damage.place.size))
    for start in range(0, number, most):
        times = redrawn(damage, generator, min(most, number - start))
        alike = _by_item(damage, times * weights)
        values = alike
        if follows is not None:
            moved = input_weights(damage.inputs, generator, len(times)) - 1.0
            values = _by_item(damage, times * weights * (1.0 + follows * moved[:, damage.image]))
        yield values, alike, _by_item(damage, (times == 0) * weights)


def _by_item(damage: Damage, numbers: Numbers) -> Numbers:
    """Return sums over the damaging injections of each item: [samples, items]."""
    sums = np.zeros((len(numbers), len(damage.items)))
    if damage.place.size:
        order = np.argsort(damage.place, kind="stable")
        items, first = np.unique(damage.place[order], return_index=True)
        sums[:, items] = np.add.reduceat(numbers[:, order], first, axis=1)
    return sums


def redrawn(damage: Damage, generator: np.random.Generator, number: int) -> NDArray[np.int64]:
    """Return how often each damaging injection is drawn: [samples, injections].

    Harmless ones need not be told apart.
    """
    drawn = np.zeros((number, damage.place.size), dtype=np.int64)
    for group, size in enumerate(damage.sizes):
        own = np.flatnonzero(damage.group == group)
        if own.size:
            harmful = generator.binomial(size, own.size / size, number)
            drawn[:, own] = generator.multinomial(harmful, np.full(own.size, 1.0 / own.size))
    return drawn


def input_weights(inputs: int, generator: np.random.Generator, number: int) -> Numbers:
    """Return random weights for the inputs, none negative, their mean 1: [samples, inputs].

    A Dirichlet distribution whose weighted means vary as Student's interval over so many inputs
    is wide; with three inputs or fewer that is more than weights can, and all weight falls on one.

    Notes
    -----
    Random weights instead of whole draws: D. B. Rubin, "The Bayesian bootstrap", Annals of
    Statistics 9 (1981), doi:10.1214/aos/1176345338.  With parameters `a` a weighted mean has the
    variance (n - 1) / (n (n a + 1)) of the inputs' variance; wanted is Student's part of 1 / n.
    """
    parameter = ((inputs - 1) / widening(inputs, CONFIDENCE) ** 2 - 1.0) / inputs
    if parameter <= 0.0:
        weights = np.zeros((number, inputs))
        weights[np.arange(number), generator.integers(inputs, size=number)] = inputs
        return weights
    return inputs * generator.dirichlet(np.full(inputs, parameter), number)


def by_input(damage: Damage) -> Numbers:
    """Return the damage of each item in each input alone: float64[items, inputs].

    Where an input has no injections of a stratum it is taken to be as the others are.
    """
    shares, _ = _by_input(damage)
    return shares


def following(damage: Damage) -> Numbers:
    """Return for each item how far its damage follows the weights of the inputs, from 0 to 1.

    The root of the part of the variance between the inputs that the draw of their injections
    does not make: 0 where they differ no more than that, 1 where the draw is no matter.
    """
    shares, noise = _by_input(damage)
    spread = np.var(shares, axis=1, ddof=1)
    part: Numbers = 1.0 - np.divide(noise, spread, out=np.ones_like(noise), where=spread > 0.0)
    return np.sqrt(np.maximum(part, 0.0))


def _by_input(damage: Damage) -> tuple[Numbers, Numbers]:
    """Return the items' damage in each input, and its mean variance by the draw of injections."""
    items, inputs = len(damage.items), damage.inputs
    shares, noise = np.zeros((items, inputs)), np.zeros((items, inputs))
    for number, (size, weight) in enumerate(zip(damage.sizes, damage.weights, strict=True)):
        own = damage.group == number
        flat = damage.place[own] * inputs + damage.image[own]
        found = np.bincount(flat, minlength=items * inputs).reshape(items, inputs)
        pooled = found.sum(axis=1, keepdims=True) / size
        n = damage.drawn[number]
        some = n > 0
        rates = np.where(some, found / np.maximum(n, 1), pooled)
        whole = weight * size
        shares += whole * rates
        noise += np.where(some, whole**2 * pooled * (1.0 - pooled) / np.maximum(n, 1), 0.0)
    return shares, noise.mean(axis=1)

"""Other samples that a campaign could have drawn: its injections, and its inputs, drawn again.

Injections are drawn with replacement within each stream and stratum.  Inputs get random weights;
how far an item's damage follows them depends on how far its inputs differ beyond what the draw of
injections makes of them.  What is chosen from each sample is :mod:`softbeam.analysis.stability`'s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.clusters import widening
from softbeam.analysis.hardening import Damage
from softbeam.analysis.proportion import CONFIDENCE

Numbers = NDArray[np.float64]


def redrawn(damage: Damage, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return how often each damaging injection is drawn; harmless ones need not be told apart."""
    drawn = np.zeros(damage.place.size, dtype=np.int64)
    for number, size in enumerate(damage.sizes):
        own = np.flatnonzero(damage.group == number)
        if not own.size:
            continue
        harmful = generator.binomial(size, own.size / size)
        drawn[own] = np.bincount(generator.integers(0, own.size, harmful), minlength=own.size)
    return drawn


def input_weights(inputs: int, generator: np.random.Generator) -> Numbers:
    """Return a random weight for each input: none negative, their mean 1.

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
        weights = np.zeros(inputs)
        weights[generator.integers(inputs)] = inputs
        return weights
    return inputs * generator.dirichlet(np.full(inputs, parameter))


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
    items, inputs = len(damage.keys), damage.inputs
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

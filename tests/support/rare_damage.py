"""Campaigns on networks whose damage is known and rare, for what is said of certainty.

A world has kernels in layers, how large each is, and how often a fault there does damage with
each input.  A campaign draws injections from it as softbeam does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.advice import Advice, Aim, advise
from softbeam.analysis.hardening.techniques import TECHNIQUES, Work
from softbeam.campaign.streams import allocate

STREAM = Stream("rf", "single-bit")


@dataclass(frozen=True)
class World:
    """Where faults do damage.

    Attributes
    ----------
    sizes : numpy.ndarray of float64, [strata]
        Shares of the fault space.
    rates : numpy.ndarray of float64, [strata]
        How often a fault there does damage, on average over all inputs that there could be.
    differ : float
        Inputs multiply a stratum's rate by between 1 - differ and 1 + differ.
    """

    sizes: NDArray[np.float64]
    rates: NDArray[np.float64]
    differ: float = 0.0

    @property
    def strata(self) -> list[tuple[int, str]]:
        """The strata: three kernels in each layer."""
        return [(number // 3, f"kernel{number % 3}") for number in range(self.sizes.size)]

    def design(self, stratified: bool, inputs: int = 1) -> Design:
        """Return the design of a campaign on it."""
        sizes = self.sizes.tolist()
        return Design(stratified, inputs, {"rf": dict(zip(self.strata, sizes, strict=True))})

    def shares(self, by: By = By.LAYER_AND_KERNEL) -> dict[Item, float]:
        """Return the true share of each item in the damage."""
        damage = self.sizes * self.rates
        found: dict[Item, float] = {}
        for stratum, share in zip(self.strata, (damage / damage.sum()).tolist(), strict=True):
            key = Item(*stratum).by(by)
            found[key] = found.get(key, 0.0) + share
        return found


@dataclass(frozen=True)
class Campaign:
    """Injections: in each stratum with each input how many there are, and did damage."""

    world: World
    design: Design
    drawn: NDArray[np.int64]
    harmful: NDArray[np.int64]

    def counts(self) -> Counts:
        """Return the counts; damage is critical SDCs."""
        rows = {}
        for stratum, drawn, harmful in zip(
            self.world.strata, self.drawn.tolist(), self.harmful.tolist(), strict=True
        ):
            for image, (n, bad) in enumerate(zip(drawn, harmful, strict=True)):
                place = (*STREAM, *stratum)
                rows[*place, "SDC", "critical", False, False, image] = bad
                rows[*place, "Masked", "absorbed", False, False, image] = n - bad
        return Counts.of_rows(rows, self.design)

    def advice(self, by: By = By.LAYER_AND_KERNEL, coverage: float = 0.9) -> Advice:
        """Return what to harden; every stratum executes as much as it is large."""
        work = {
            Item(*stratum): Work(1 + int(1e9 * size), 0, 1)
            for stratum, size in zip(self.world.strata, self.world.sizes.tolist(), strict=True)
        }
        return advise(
            self.counts(),
            work,
            of="critical",
            by=by,
            technique=TECHNIQUES["duplication"],
            aim=Aim(coverage=coverage),
            seed=1,
            replicates=300,
        )


def campaign(
    world: World,
    numbers: int | Sequence[int],
    rng: np.random.Generator,
    *,
    inputs: int = 1,
) -> Campaign:
    """Draw a campaign: so many injections of the whole, or of each stratum."""
    stratified = not isinstance(numbers, int)
    factors = 1.0 + world.differ * rng.uniform(-1.0, 1.0, (world.sizes.size, inputs))
    if inputs == 1 and not world.differ:
        factors = np.ones((world.sizes.size, 1))
    rates = np.minimum(world.rates[:, None] * factors, 1.0)
    drawn = np.zeros((world.sizes.size, inputs), dtype=np.int64)
    for image in range(inputs):
        if isinstance(numbers, int):
            drawn[:, image] = rng.multinomial(len(range(image, numbers, inputs)), world.sizes)
        else:
            drawn[:, image] = [len(range(image, number, inputs)) for number in numbers]
    return Campaign(world, world.design(stratified, inputs), drawn, rng.binomial(drawn, rates))


def by_roots(world: World, injections: int) -> list[int]:
    """Return the injections of each stratum as ``--stratified`` divides them."""
    pairs = zip(world.strata, world.sizes.tolist(), strict=True)
    sizes = {f"{layer}/{kernel}": int(1e9 * size) + 1 for (layer, kernel), size in pairs}
    return list(allocate(injections, sizes).values())

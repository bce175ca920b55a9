"""The damage of layers, and of groups of them, as shares of all damage, with their uncertainty.

Samples are those of :mod:`softbeam.analysis.hardening.resampling`, one missed damaging injection
included: what was not seen is never said to be nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from softbeam.analysis.counts import Counts
from softbeam.analysis.estimation import Estimate
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.damage import Damage, damage_of
from softbeam.analysis.hardening.resampling import Samples, samples_of
from softbeam.analysis.hardening.stability import REPLICATES, shares_of_damage


@dataclass(frozen=True, slots=True, eq=False)
class LayerDamage:
    """The damage of one kind in each layer of a network, and as other samples would show it.

    Attributes
    ----------
    damage : Damage
        With a layer an item.
    samples : Samples
        Other samples that could have been drawn.
    """

    damage: Damage
    samples: Samples

    @classmethod
    def of(
        cls,
        counts: Counts,
        of: str,
        layers: Sequence[int],
        seed: int,
    ) -> LayerDamage:
        """Gather the damage of a campaign by layer.

        Parameters
        ----------
        counts : Counts
            Of one or more streams, each of which weighs the same, with their design.
        of : str
            One of :data:`softbeam.analysis.hardening.damage.DAMAGE`.
        layers : sequence of int
            Layers to have even where no injection did damage.
        seed : int
            Of the samples.
        """
        damage = damage_of(counts, of, By.LAYER, [Item(layer) for layer in layers])
        generator = np.random.Generator(np.random.PCG64(seed))
        return cls(damage, samples_of(damage, generator, REPLICATES))

    def joined(self, groups: Sequence[Sequence[int]]) -> LayerDamage:
        """Return the damage of groups of layers, each called by its first; others are left out.

        Parameters
        ----------
        groups : sequence of sequence of int
            Numbers of layers, none in two groups.
        """
        place_of = {item.layer: place for place, item in enumerate(self.damage.items)}
        columns = [[place_of[layer] for layer in group if layer in place_of] for group in groups]
        group_of = np.full(len(self.damage.items), -1)
        for number, own in enumerate(columns):
            group_of[own] = number
        place = group_of[self.damage.place]
        inside = place >= 0
        # Where a missed injection would be most damage, it is that of the group.
        one = np.minimum(self.damage.largest / (self.damage.struck + 1), self.damage.most)
        worst = [own[int(np.argmax(one[own]))] for own in columns]
        damage = replace(
            self.damage,
            items=tuple(Item(group[0]) for group in groups),
            place=place[inside],
            group=self.damage.group[inside],
            image=self.damage.image[inside],
            largest=self.damage.largest[worst],
            struck=self.damage.struck[worst],
            most=np.array([self.damage.most[own].sum() for own in columns]),
        )
        values, alike, left = (
            np.stack([whole[:, own].sum(axis=1) for own in columns], axis=1)
            for whole in (self.samples.values, self.samples.alike, self.samples.left)
        )
        missed = np.stack([self.samples.missed[:, own].max(axis=1) for own in columns], axis=1)
        return LayerDamage(damage, Samples(values, alike, left, missed))

    def shares(self) -> dict[int, Estimate]:
        """Return by layer its share of all damage, with its 95 % interval."""
        values, found = self.damage.values(), self.damage.injections()
        low, high = shares_of_damage(self.damage, self.samples)
        seen, total = int(self.damage.place.size), float(values.sum())
        return {
            item.layer: Estimate(
                int(found[place]),
                seen,
                float(values[place]) / total if total else math.nan,
                float(low[place]),
                float(high[place]),
            )
            for place, item in enumerate(self.damage.items)
            if item.layer is not None
        }

"""The damage of layers with its uncertainty: as shares of all, and as parts of another network's.

Samples are those of :mod:`softbeam.analysis.hardening.resampling`, one missed damaging injection
included: what was not seen is never said to be nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from softbeam.analysis.counts import Counts
from softbeam.analysis.estimation import Estimate
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.damage import Damage, damage_of
from softbeam.analysis.hardening.resampling import Samples, samples_of
from softbeam.analysis.hardening.stability import REPLICATES, Numbers, shares_of_damage
from softbeam.analysis.proportion import CONFIDENCE


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
        exposure: Mapping[str, float] | None = None,
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
        exposure : mapping of str to float, optional
            By mode how much larger the fault space is than that of the network it is compared
            with; what an injection stands for grows by it.
        """
        damage = damage_of(counts, of, By.LAYER, [Item(layer) for layer in layers])
        if exposure is not None:
            damage = _exposed(damage, counts, exposure)
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

    def parts_of(self, other: LayerDamage) -> dict[int, Estimate]:
        """Return by layer its damage as a part of all damage of another network."""
        values, found = self.damage.values(), self.damage.injections()
        return {
            item.layer: other.part(
                float(values[place]),
                self.samples.values[:, place],
                self.samples.missed[:, place],
                int(found[place]),
                int(self.damage.place.size),
            )
            for place, item in enumerate(self.damage.items)
            if item.layer is not None
        }

    def whole_of(self, other: LayerDamage, injections: int) -> Estimate:
        """Return all damage as a part of all damage of another network; `n` is as given."""
        return other.part(
            float(self.damage.values().sum()),
            self.samples.values.sum(axis=1),
            self.samples.missed.max(axis=1, initial=0.0),
            int(self.damage.place.size),
            injections,
        )

    def part(
        self, value: float, values: Numbers, missed: Numbers, successes: int, n: int
    ) -> Estimate:
        """Return an amount of damage as a part of all damage here.

        Parameters
        ----------
        value : float
            The amount, in shares of fault spaces.
        values, missed : numpy.ndarray of float64, [samples]
            The same in other samples, and what may be there though no injection showed it.
        successes, n : int
            Of the estimate.
        """
        total = float(self.damage.values().sum())
        totals = self.samples.values.sum(axis=1)
        unseen = self.samples.missed.max(axis=1, initial=0.0)
        tail = (1.0 - CONFIDENCE) / 2.0
        low = np.quantile(_ratio(values, totals + unseen, 0.0), tail, method="lower")
        high = np.quantile(_ratio(values + missed, totals, math.inf), 1.0 - tail, method="higher")
        estimate = value / total if total else math.nan
        # Rounding, and samples that vary less than the estimate is off, must not leave it outside.
        return Estimate(
            successes,
            n,
            estimate,
            float(min(low, estimate) if total else low),
            float(max(high, estimate) if total else high),
        )


def _exposed(damage: Damage, counts: Counts, exposure: Mapping[str, float]) -> Damage:
    """Return damage in which an injection of each mode stands for so much more."""
    groups = dict.fromkeys(
        (stream, stratum if counts.design.stratified else None)
        for stream, stratum in zip(
            zip(counts["mode"].tolist(), counts["model"].tolist(), strict=True),
            counts.strata(),
            strict=True,
        )
    )
    weights = tuple(
        weight * exposure.get(stream[0], 1.0)
        for (stream, _), weight in zip(groups, damage.weights, strict=True)
    )
    # Where an injection was missed is known by item alone: the mode that grew most is taken.
    most = max((exposure.get(stream.mode, 1.0) for stream in damage.streams), default=1.0)
    return replace(damage, weights=weights, largest=damage.largest * most, most=damage.most * most)


def _ratio(part: Numbers, whole: Numbers, otherwise: float) -> Numbers:
    """Return ratios; `otherwise` where the whole is nothing."""
    nothing = np.full(np.broadcast_shapes(part.shape, whole.shape), otherwise)
    ratio: Numbers = np.divide(part, whole, out=nothing, where=whole > 0.0)
    return ratio

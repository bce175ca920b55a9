"""Choosing what to harden in many samples at once: which items, and what would change that.

The exact sets of one sample are in :mod:`softbeam.analysis.hardening.damage`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Chosen = NDArray[np.bool_]

#: Steps in which a budget is spent, and samples that are looked at together.
STEPS, TOGETHER = 1000, 64


class Chooser(Protocol):
    """Chooses items from the damage of each: [samples, items]."""

    def chosen(self, values: Numbers) -> Chosen:
        """Return which items are chosen in each sample."""

    def chosen_with(self, values: Numbers, more: Numbers) -> Chosen:
        """Return which items are chosen if the item alone did so much more damage."""

    def beside(self, unseen: float) -> Chooser:
        """Return what chooses if so great a share of the damage lies in items not seen to fail."""


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """The fewest items that hold a share of the damage; see :func:`.hardening.smallest_set`."""

    costs: Numbers
    coverage: float

    def chosen(self, values: Numbers) -> Chosen:
        """Return which items are chosen in each sample."""
        order, held = self._sorted(values)
        before = held - np.take_along_axis(values, order, axis=1)
        found = np.zeros(values.shape, dtype=np.bool_)
        np.put_along_axis(found, order, before < self._wanted(held[:, -1:]), axis=1)
        return found

    def chosen_with(self, values: Numbers, more: Numbers) -> Chosen:
        """Return which items are chosen if the item alone did so much more damage."""
        order, held = self._sorted(values)
        falling = -np.take_along_axis(values, order, axis=1)
        held = np.concatenate([np.zeros((len(held), 1)), held], axis=1)
        found = np.zeros(values.shape, dtype=np.bool_)
        for row in range(len(values)):
            # The items with more damage than this one would have come before it.
            before = held[row, np.searchsorted(falling[row], -(values[row] + more[row]))]
            wanted = self._wanted(held[row, -1] + more[row])
            found[row] = before < wanted
        return found & (values + more > 0.0)

    def beside(self, unseen: float) -> Covering:
        """Return what covers as much of all damage with what was seen alone, if that is enough."""
        seen = 1.0 - unseen
        return replace(self, coverage=self.coverage / seen if self.coverage < seen else 1.0)

    def _sorted(self, values: Numbers) -> tuple[NDArray[np.intp], Numbers]:
        """Return the items of each sample, the most damaging first, and what they hold so far."""
        cheap = np.argsort(self.costs, kind="stable")
        order = cheap[np.argsort(-values[:, cheap], axis=1, kind="stable")]
        return order, np.cumsum(np.take_along_axis(values, order, axis=1), axis=1)

    def _wanted(self, total: Numbers) -> Numbers:
        # Sums of shares are rounded; what reaches the wanted share but for that, reaches it.
        return self.coverage * total * (1.0 - 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """The most damage that a budget removes: a knapsack, its costs rounded to steps."""

    costs: Numbers
    budget: float

    def chosen(self, values: Numbers) -> Chosen:
        """Return which items are chosen in each sample."""
        return np.concatenate([chosen for chosen, _ in self._solved(values)])

    def chosen_with(self, values: Numbers, more: Numbers) -> Chosen:
        """Return which items are chosen if the item alone did so much more damage.

        An item is bought if it holds more than what its cost buys of others.
        """
        price = self._steps()
        found: list[Chosen] = []
        start = 0
        for chosen, best in self._solved(values):
            left = np.maximum(best.shape[1] - 1 - price, 0)
            lost = np.where(price < best.shape[1], best[:, -1:] - best[:, left], np.inf)
            part = slice(start, start + len(chosen))
            start = part.stop
            found.append(chosen | (values[part] + more[part] > lost))
        return np.concatenate(found)

    def beside(self, unseen: float) -> Spending:
        """Return itself: what a budget buys of others does not grow by damage in items unseen."""
        return self

    def _steps(self) -> NDArray[np.int64]:
        """Return the costs in steps; what the budget does not buy is beyond its end."""
        if self.budget <= 0.0:
            return np.where(self.costs > 0.0, STEPS + 1, 0)
        steps: NDArray[np.int64] = np.rint(
            np.minimum(self.costs / self.budget, 2.0) * STEPS
        ).astype(np.int64)
        return np.where(self.costs > self.budget * (1.0 + 1e-12), STEPS + 1, steps)

    def _solved(self, values: Numbers) -> Iterator[tuple[Chosen, Numbers]]:
        """Yield, for some samples at a time, what is chosen and the most of every budget."""
        price = self._steps()
        for start in range(0, len(values), TOGETHER):
            part = values[start : start + TOGETHER]
            useful = np.flatnonzero((price <= STEPS) & (part > 0.0).any(axis=0))
            best = np.zeros((len(part), STEPS + 1))
            taken = np.zeros((useful.size, *best.shape), dtype=np.bool_)
            for number, item in enumerate(useful.tolist()):
                step = int(price[item])
                with_it = best[:, : STEPS + 1 - step] + part[:, item : item + 1]
                taken[number, :, step:] = with_it > best[:, step:]
                best[:, step:] = np.maximum(best[:, step:], with_it)
            chosen = np.zeros(part.shape, dtype=np.bool_)
            rows, left = np.arange(len(part)), np.full(len(part), STEPS)
            for number in range(useful.size - 1, -1, -1):
                has = taken[number, rows, left]
                chosen[:, useful[number]] = has
                left = left - has * price[useful[number]]
            yield chosen, best

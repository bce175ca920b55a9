"""Which code to harden: the smallest set that removes a share of the damage, and the best sets.

An item is a kernel in a layer, or a kernel; its damage is how many injections that fell there
ended in what is to be removed.  Damage of several streams is added with each stream weighing the
same, whatever its number of injections.  How far the answer is certain is
:mod:`softbeam.analysis.stability`'s question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design, Stratum
from softbeam.analysis.factors import By, Key
from softbeam.injection.outcomes import CRITICAL
from softbeam.injection.record import InjectionRecord

#: What can be removed, by its name as an option.
DAMAGE: Mapping[str, Callable[[InjectionRecord], bool]] = {
    "critical": lambda record: record.detail in CRITICAL,
    "sdc": lambda record: record.outcome == "SDC",
    "due": lambda record: record.outcome == "DUE",
}

#: Steps in which damage is measured by :func:`pareto_front` where it is no small whole number.
LEVELS = 20_000


@dataclass(frozen=True, slots=True)
class Damage:
    """The injections that did damage, and where they fell.

    Attributes
    ----------
    keys : tuple of Key
        The items, sorted.
    streams : tuple of Stream
        The streams that are added.
    sizes : tuple of int
        For each group of injections that were drawn alike (a stream, or a stratum of one) how
        many there are, harmless ones too.
    weights : tuple of float
        For each group what one injection stands for: its share of the stream's fault space.
    place, group, image : numpy.ndarray of int64
        For each injection that did damage the number of its item, of its group and of its input.
    drawn : numpy.ndarray of int64, [groups, inputs]
        How many injections there are of each input in each group.
    """

    keys: tuple[Key, ...]
    streams: tuple[Stream, ...]
    sizes: tuple[int, ...]
    weights: tuple[float, ...]
    place: NDArray[np.int64]
    group: NDArray[np.int64]
    image: NDArray[np.int64]
    drawn: NDArray[np.int64]

    @property
    def inputs(self) -> int:
        """How many inputs the injections are of."""
        return int(self.drawn.shape[1])

    def values(self, times: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Return the damage of each item, as the sum of its shares of the streams' fault spaces.

        Parameters
        ----------
        times : numpy.ndarray, optional
            How often each damaging injection counts; once if not given.
        """
        weights: NDArray[np.float64] = np.array(self.weights, dtype=np.float64)[self.group]
        if times is not None:
            weights = weights * times
        values = np.bincount(self.place, weights=weights, minlength=len(self.keys))
        return values.astype(np.float64)

    def injections(self) -> NDArray[np.int64]:
        """Return how many injections did damage in each item."""
        found: NDArray[np.int64] = np.bincount(self.place, minlength=len(self.keys))
        return found


def damage_of(
    records: Iterable[InjectionRecord],
    of: str,
    by: By,
    design: Design,
    keys: Iterable[Key] = (),
) -> Damage:
    """Gather the damage of a campaign.

    Parameters
    ----------
    records : iterable of InjectionRecord
        Of one or more streams.
    of : str
        One of :data:`DAMAGE`.
    by : By
        Whether an item is a kernel in a layer or a kernel.
    design : Design
        How the injections were drawn.
    keys : iterable of Key
        Items to have even where no injection did damage.
    """
    does_damage = DAMAGE[of]
    drawn: dict[tuple[Stream, Stratum | None], NDArray[np.int64]] = {}
    hits: list[tuple[Key, tuple[Stream, Stratum | None], int]] = []
    found = set(keys)
    for record in records:
        stratum = (record.layer, record.kernel) if design.stratified else None
        group = (Stream(record.mode, record.model), stratum)
        if group not in drawn:
            drawn[group] = np.zeros(design.images, dtype=np.int64)
        drawn[group][record.image] += 1
        key = Key(record.layer, record.kernel).by(by)
        found.add(key)
        if does_damage(record):
            hits.append((key, group, record.image))
    items = tuple(sorted(found, key=lambda key: key.order))
    item_of = {key: number for number, key in enumerate(items)}
    group_of = {group: number for number, group in enumerate(drawn)}
    sizes = tuple(int(numbers.sum()) for numbers in drawn.values())
    return Damage(
        keys=items,
        streams=tuple(sorted({stream for stream, _ in drawn})),
        sizes=sizes,
        weights=tuple(
            (1.0 if stratum is None else design.weights[stream.mode][stratum]) / size
            for (stream, stratum), size in zip(drawn, sizes, strict=True)
        ),
        place=np.array([item_of[key] for key, _, _ in hits], dtype=np.int64),
        group=np.array([group_of[group] for _, group, _ in hits], dtype=np.int64),
        image=np.array([image for _, _, image in hits], dtype=np.int64),
        drawn=np.array([*drawn.values()], dtype=np.int64).reshape(len(drawn), design.images),
    )


def smallest_set(
    values: NDArray[np.float64], costs: NDArray[np.float64], coverage: float
) -> tuple[int, ...]:
    """Return the fewest items that hold a share of the damage, the cheaper of equal ones first.

    Parameters
    ----------
    values, costs : numpy.ndarray of float64
        Damage and cost of each item.
    coverage : float
        The share of all damage to be held.

    Returns
    -------
    tuple of int
        Numbers of items, the most damaging first; empty where there is no damage.
    """
    order = np.lexsort((costs, -values))
    held = np.cumsum(values[order])
    if not held.size or held[-1] <= 0.0:
        return ()
    # Sums of shares are rounded; what reaches the wanted share but for that, reaches it.
    wanted = coverage * held[-1] * (1.0 - 1e-9)
    count = int(np.searchsorted(held, wanted, side="left")) + 1
    return tuple(int(item) for item in order[:count])


@dataclass(frozen=True, slots=True)
class Choice:
    """A set of items, the damage that it holds and what hardening it costs.

    Attributes
    ----------
    members : tuple of int
        Numbers of its items, ascending.
    coverage : float
        Its share of all damage.
    cost : float
        Its cost.
    """

    members: tuple[int, ...]
    coverage: float
    cost: float


def choice(
    members: Iterable[int], values: NDArray[np.float64], costs: NDArray[np.float64]
) -> Choice:
    """Return a set with its damage and cost."""
    chosen = sorted(members)
    total = float(values.sum())
    return Choice(
        tuple(chosen),
        float(values[chosen].sum()) / total if total else 0.0,
        float(costs[chosen].sum()),
    )


def pareto_front(
    values: NDArray[np.float64], costs: NDArray[np.float64], levels: int = LEVELS
) -> tuple[Choice, ...]:
    """Return every set that no cheaper set equals in damage, by rising cost.

    Parameters
    ----------
    values, costs : numpy.ndarray of float64
        Damage and cost of each item; costs are positive.
    levels : int
        Steps of damage.  Where the damages are multiples of one number, as counts are, and their
        sum is no more than so many of it, the front is exact; else damages are rounded to so many
        steps of the whole.

    Returns
    -------
    tuple of Choice
        From the empty set to all items that have damage.

    Notes
    -----
    The 0-1 knapsack problem by dynamic programming over damage (R. Bellman, "Dynamic
    programming", 1957; H. Kellerer, U. Pferschy and D. Pisinger, "Knapsack problems", 2004,
    section 2.3): the least cost of every damage, item by item.
    """
    steps = _whole_numbers(values, levels)
    useful = np.flatnonzero(steps)
    total = int(steps.sum())
    least = np.full(total + 1, np.inf)
    least[0] = 0.0
    taken = np.zeros((useful.size, total + 1), dtype=np.bool_)
    for number, item in enumerate(useful):
        step = int(steps[item])
        with_it = least[: total + 1 - step] + costs[item]
        better = with_it < least[step:]
        taken[number, step:] = better
        least[step:] = np.where(better, with_it, least[step:])
    # A damage is on the front if no damage above it costs as little.
    cheapest_above = np.minimum.accumulate(least[::-1])[::-1]
    on_front = np.isfinite(least) & (least < np.append(cheapest_above[1:], np.inf))
    front = []
    for damage in np.flatnonzero(on_front):
        members, left = [], int(damage)
        for number in range(useful.size - 1, -1, -1):
            if taken[number, left]:
                members.append(int(useful[number]))
                left -= int(steps[useful[number]])
        front.append(choice(members, values, costs))
    return tuple(front)


def _whole_numbers(values: NDArray[np.float64], levels: int) -> NDArray[np.int64]:
    """Return damages as whole numbers of their common step if that fits, else rounded."""
    total = float(values.sum())
    if total <= 0.0:
        return np.zeros(values.size, dtype=np.int64)
    step = common_step(values[values > 0.0])
    if total <= levels * step:
        return np.round(values / step).astype(np.int64)
    rounded = np.round(values * (levels / total)).astype(np.int64)
    return np.where(values > 0.0, np.maximum(rounded, 1), 0)


def common_step(values: NDArray[np.float64]) -> float:
    """Return the largest number of which all are multiples, but for rounding (Euclid's algorithm).

    Examples
    --------
    >>> common_step(np.array([5.0, 10.0, 12.0])), round(common_step(np.array([0.2, 0.3])), 9)
    (1.0, 0.1)
    """
    close = 1e-7 * float(values.min())
    step = 0.0
    for value in values.tolist():
        larger, smaller = value, step
        while smaller > close:
            left = math.fmod(larger, smaller)
            # Just below the divisor is a multiple of it, too.
            larger, smaller = smaller, 0.0 if smaller - left <= close else left
        step = larger
    return step


def cheapest(front: Sequence[Choice], coverage: float) -> Choice:
    """Return the cheapest set of a front that holds a share of the damage."""
    return next((one for one in front if one.coverage >= coverage - 1e-9), front[-1])


def best_within(front: Sequence[Choice], budget: float) -> Choice:
    """Return the set of a front that holds the most damage for a cost of at most `budget`."""
    return max((one for one in front if one.cost <= budget), key=lambda one: one.coverage)


def spread(front: Sequence[Choice], rows: int = 100) -> tuple[Choice, ...]:
    """Return at most so many sets of a front, one for each step of coverage, and its last."""
    kept: dict[int, Choice] = {}
    for one in front:
        kept.setdefault(math.floor(one.coverage * rows), one)
    kept[rows] = front[-1]
    return tuple(kept[step] for step in sorted(kept))

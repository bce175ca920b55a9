"""Which code to harden: the smallest set that removes a share of the damage, and the best sets.

An item is a kernel in a layer, or a kernel; its damage is how many injections that fell there
ended in what is to be removed.  Damage of several streams is added with each stream weighing the
same, whatever its number of injections.  How far the answer is certain is
in :mod:`softbeam.analysis.hardening.stability`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Design, Stratum
from softbeam.analysis.factors import By, Item
from softbeam.injection.outcomes import is_critical


def _critical(details: NDArray[Any]) -> Mask:
    known = [one for one in dict.fromkeys(details.tolist()) if is_critical(one)]
    return np.isin(details, known)


#: What can be removed, by its name as an option.
DAMAGE: Mapping[str, Callable[[Counts], Mask]] = {
    "critical": lambda counts: _critical(counts["detail"]),
    "sdc": lambda counts: counts["outcome"] == "SDC",
    "due": lambda counts: counts["outcome"] == "DUE",
}

#: Steps in which damage is measured by :func:`pareto_front` where it is no small whole number.
LEVELS = 20_000


#: Injections that were drawn alike: a stream, or a stratum of one.
Group = tuple[Stream, Stratum | None]


@dataclass(frozen=True, slots=True, eq=False)
class Damage:
    """The injections that did damage, and where they fell.

    Attributes
    ----------
    items : tuple of Item
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
    largest, struck : numpy.ndarray, [items]
        Of the groups in which each item lies the share of the fault space, and the injections, of
        that in which one injection stands for most: where damage that was missed would be most.
    most : numpy.ndarray of float64, [items]
        The item's damage at the most: its own share of the fault space.
    """

    items: tuple[Item, ...]
    streams: tuple[Stream, ...]
    sizes: tuple[int, ...]
    weights: tuple[float, ...]
    place: NDArray[np.int64]
    group: NDArray[np.int64]
    image: NDArray[np.int64]
    drawn: NDArray[np.int64]
    largest: NDArray[np.float64]
    struck: NDArray[np.int64]
    most: NDArray[np.float64]

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
        values = np.bincount(self.place, weights=weights, minlength=len(self.items))
        return values.astype(np.float64)

    def injections(self) -> NDArray[np.int64]:
        """Return how many injections did damage in each item."""
        found: NDArray[np.int64] = np.bincount(self.place, minlength=len(self.items))
        return found


def damage_of(counts: Counts, of: str, by: By, also: Iterable[Item] = ()) -> Damage:
    """Gather the damage of a campaign.

    Parameters
    ----------
    counts : Counts
        Of one or more streams, with their design.
    of : str
        One of :data:`DAMAGE`.
    by : By
        Whether an item is a kernel in a layer or a kernel.
    also : iterable of Item
        Items to have even where no injection did damage.
    """
    design = counts.design
    strata = counts.strata()
    streams = [Stream(*pair) for pair in zip(counts["mode"], counts["model"], strict=True)]
    rows = [Item(*stratum).by(by) for stratum in strata]
    groups: list[Group] = [
        (stream, stratum if design.stratified else None)
        for stream, stratum in zip(streams, strata, strict=True)
    ]
    items = tuple(sorted({*rows, *also}, key=lambda item: item.order))
    item_of = {item: number for number, item in enumerate(items)}
    group_of = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    place = np.array([item_of[item] for item in rows], dtype=np.int64)
    group = np.array([group_of[one] for one in groups], dtype=np.int64)
    image = counts["image"] if design.images > 1 else np.zeros_like(place)
    drawn = np.zeros((len(group_of), design.images), dtype=np.int64)
    np.add.at(drawn, (group, image), counts.numbers)
    sizes = dict(zip(group_of, drawn.sum(axis=1).tolist(), strict=True))
    harmful = np.where(DAMAGE[of](counts), counts.numbers, 0)
    known = tuple(sorted(set(streams)))
    missed = _missed(items, by, design, sizes)
    return Damage(
        items=items,
        streams=known,
        sizes=tuple(sizes.values()),
        weights=tuple(_share(one, design) / size for one, size in sizes.items()),
        place=np.repeat(place, harmful),
        group=np.repeat(group, harmful),
        image=np.repeat(image, harmful),
        drawn=drawn,
        largest=np.array([one.largest for one in missed], dtype=np.float64),
        struck=np.array([one.struck for one in missed], dtype=np.int64),
        most=np.array([one.most for one in missed], dtype=np.float64),
    )


def _share(group: Group, design: Design) -> float:
    """Return the share of a stream's fault space in which a group was drawn."""
    stream, stratum = group
    return 1.0 if stratum is None else design.weights[stream.mode][stratum]


class _Missed(NamedTuple):
    """Where missed damage would be most: as :attr:`Damage.largest` and the two after it."""

    largest: float = 0.0
    struck: int = 0
    most: float = 0.0

    def joined(self, other: _Missed) -> _Missed:
        """Return the worse place of two, and the most that both together can do."""
        worse = max(self, other, key=lambda one: one.largest / (one.struck + 1))
        return worse._replace(most=self.most + other.most)


def _missed(
    items: Sequence[Item], by: By, design: Design, sizes: Mapping[Group, int]
) -> list[_Missed]:
    """Return for each item where in it missed damage would be most."""
    found = dict.fromkeys(items, _Missed())
    for stream in sorted({stream for stream, _ in sizes}):
        known = design.weights.get(stream.mode, {})
        for stratum, share in known.items():
            item = Item(*stratum).by(by)
            if item not in found:
                continue
            here = _Missed(1.0, sizes.get((stream, None), 0), share)
            if design.stratified:
                here = _Missed(share, sizes.get((stream, stratum), 0), share)
            found[item] = found[item].joined(here)
        if not known:
            # How much of the fault space an item is, is not known.
            for item in items:
                found[item] = found[item].joined(_Missed(1.0, sizes[stream, None], 1.0))
    return list(found.values())


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


class Front(Sequence[Choice]):
    """Sets of items by rising cost, each made when it is asked for.

    Parameters
    ----------
    members : numpy.ndarray of bool, [sets, items]
        The items of each set.
    values, costs : numpy.ndarray of float64
        Damage and cost of each item.
    """

    def __init__(
        self,
        members: NDArray[np.bool_],
        values: NDArray[np.float64],
        costs: NDArray[np.float64],
    ) -> None:
        self.members, self._values, self._costs = members, values, costs
        total = float(values.sum())
        #: Share of all damage, and cost, of each set.
        self.coverage = members @ values / total if total else np.zeros(len(members))
        self.cost = members @ costs

    def __len__(self) -> int:
        return len(self.members)

    @overload
    def __getitem__(self, place: int) -> Choice: ...

    @overload
    def __getitem__(self, place: slice) -> Front: ...

    def __getitem__(self, place: int | slice) -> Choice | Front:
        if isinstance(place, slice):
            return Front(self.members[place], self._values, self._costs)
        return choice(np.flatnonzero(self.members[place]).tolist(), self._values, self._costs)


def pareto_front(
    values: NDArray[np.float64], costs: NDArray[np.float64], levels: int = LEVELS
) -> Front:
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
    Front
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
    left = np.flatnonzero(on_front)
    members = np.zeros((left.size, values.size), dtype=np.bool_)
    for number in range(useful.size - 1, -1, -1):
        has = taken[number, left]
        members[:, useful[number]] = has
        left = left - has * steps[useful[number]]
    return Front(members, values, costs)


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


def cheapest(front: Front, coverage: float) -> Choice:
    """Return the cheapest set of a front that holds a share of the damage."""
    enough = np.flatnonzero(front.coverage >= coverage - 1e-9)
    return front[int(enough[0]) if enough.size else -1]


def best_within(front: Front, budget: float) -> Choice:
    """Return the set of a front that holds the most damage for a cost of at most `budget`."""
    return front[int(np.argmax(np.where(front.cost <= budget + 1e-12, front.coverage, -1.0)))]


def spread(front: Front, rows: int = 100) -> tuple[Choice, ...]:
    """Return at most so many sets of a front, one for each step of coverage, and its last."""
    steps, first = np.unique(np.floor(front.coverage * rows), return_index=True)
    places = [int(place) for step, place in zip(steps, first, strict=True) if step < rows]
    return tuple(front[place] for place in (*places, len(front) - 1))

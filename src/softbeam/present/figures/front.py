"""The Pareto front of hardening: what share of the damage a cost buys, and what others bought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.hardening.published import Published
from softbeam.present.figures.style import ACCENT, INK, OUTCOME_STYLES, Figure, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


#: Below this many percent the axis of costs is linear, above it logarithmic.
_LINEAR = 1.0

#: Costs that are marked, in percent, as far as the figure reaches; fewer instructions as more.
_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)

#: What the line and the mark of the answer are called.
MODELLED = ("cheapest sets (more instructions)", "the answer above (more instructions)")
BY_EFFECT = (
    "cheapest choices by measured effects (more instructions)",
    "the answer above, and what is predicted of it (more instructions)",
)


class Curve(Protocol):
    """A front: costs and shares of the damage that they remove, as parts of one, by rising cost."""

    @property
    def cost(self) -> NDArray[np.float64]:
        """What each costs."""

    @property
    def coverage(self) -> NDArray[np.float64]:
        """What each removes."""


class Mark(Protocol):
    """A choice: its cost, and the share of the damage that it removes, as parts of one."""

    @property
    def cost(self) -> float:
        """What it costs."""

    @property
    def coverage(self) -> float:
        """What it removes."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A front that is none of sets of items, such as one of measured choices."""

    cost: NDArray[np.float64]
    coverage: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """A choice of such a front, with the interval of what is predicted of it."""

    cost: float
    coverage: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A hardened network that was struck: what it removed of the damage, and its cost.

    Attributes
    ----------
    removed, low, high : float
        The share of the damage, as a part of one, and its interval.
    cost : float
        Further instructions, as a part of those in scope.
    """

    removed: float
    low: float
    high: float
    cost: float


def front_figure(
    front: Curve,
    chosen: Mark | None,
    name: str,
    title: str,
    caption: str,
    damage: str,
    *,
    published: Sequence[Published] = (),
    measured: Measured | None = None,
    labels: tuple[str, str] = MODELLED,
) -> Figure:
    """Draw a front, the choice that was made, what was measured, and what others published.

    Parameters
    ----------
    front : Curve
        Choices by rising cost, costs as shares of all work.
    chosen : Mark or None
        The choice that is marked, where one is; it need not be on the front.  Of a :class:`Point`
        the interval is drawn too.
    name, title, caption : str
        Of the figure.
    damage : str
        What is removed, in words.
    published : sequence of Published
        Techniques whose shares and costs are numbers; others are left out.
    measured : Measured, optional
        A hardened network.
    labels : (str, str)
        What the line and the mark are called.
    """
    lowest, furthest, least = _limits(front, chosen, measured)

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        costs, covered = 100 * front.cost, 100 * front.coverage
        axes.step(
            [*costs, furthest],
            [*covered, covered[-1]],
            where="post",
            color=OUTCOME_STYLES["DUE"][0],
            label=labels[0],
        )
        if isinstance(chosen, Point):
            axes.vlines(
                100 * chosen.cost, 100 * chosen.low, 100 * chosen.high, color=INK, linewidth=1.0
            )
        if chosen is not None:
            axes.plot(
                [100 * chosen.cost],
                [100 * chosen.coverage],
                "D",
                color=ACCENT,
                markeredgecolor=INK,
                label=labels[1],
            )
        if measured is not None:
            _draw_measured(axes, measured)
        points = [one for one in published if one.is_point]
        _draw_published(axes, points)
        axes.set_xscale("symlog", linthresh=_LINEAR, linscale=0.5)
        both = (*(-one for one in _TICKS[:0:-1]), *_TICKS)
        ticks = [tick for tick in both if least <= tick <= furthest]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("cost, %: more instructions; of published points more run time")
        axes.set_ylabel(f"% of the {damage} removed")
        axes.set_xlim(least, furthest)
        axes.set_ylim(lowest, 108.0)
        axes.set_yticks(range(20 * math.floor(lowest / 20), 101, 20))
        axes.grid()
        canvas.legend(loc="outside lower left", fontsize=8)

    from matplotlib.ticker import NullLocator

    size = (7.2, 3.8 + 0.16 * len(published))
    return draw(name, title, caption, size, paint)


def _limits(
    front: Curve, chosen: Mark | None, measured: Measured | None
) -> tuple[float, float, float]:
    """Return the least share, the largest and the least cost that are shown, in percent.

    What hardening made worse lies below 0; an interval is cut where it leaves the figure.
    """
    costs = [*front.cost.tolist(), 0.0]
    lows = [0.0]
    if measured is not None:
        costs.append(measured.cost)
        lows.append(measured.low)
    if chosen is not None:
        costs.append(chosen.cost)
    if isinstance(chosen, Point):
        lows.append(chosen.low)
    return max(-40.0, 100 * min(lows)), max(100.0, 103 * max(costs)), 100 * min(costs)


def _draw_measured(axes: Axes, measured: Measured) -> None:
    cost = 100 * measured.cost
    axes.vlines(cost, 100 * measured.low, 100 * measured.high, color=INK, linewidth=1.0)
    axes.plot(
        [cost],
        [100 * measured.removed],
        "s",
        color=ACCENT,
        markeredgecolor=INK,
        label="this hardened network, measured (more instructions)",
    )


def _draw_published(axes: Axes, points: Sequence[Published]) -> None:
    """Draw published points, told apart by letters that the legend explains."""
    for letter, one in zip("ABCDEFGHIJ", points, strict=False):
        if one.removed is None or one.cost is None:
            continue
        across, up = 100 * one.cost.middle, 100 * one.removed.middle
        if one.cost.low < one.cost.high:
            axes.hlines(up, 100 * one.cost.low, 100 * one.cost.high, color=INK, linewidth=0.8)
        axes.plot(
            [across],
            [up],
            "o",
            markerfacecolor="none",
            markeredgecolor=INK,
            label=f"{letter} {one.name}: of {one.errors.partition(',')[0]}",
        )
        # A range is named at its beginning, where no other point is.
        axes.annotate(
            letter, (100 * one.cost.low, up), (0, 5), textcoords="offset points", ha="center"
        )

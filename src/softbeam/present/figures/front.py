"""The Pareto front of hardening: what share of the damage a cost buys, and what others bought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softbeam.analysis.hardening.damage import Choice, Front
from softbeam.analysis.hardening.published import Published
from softbeam.present.figures.style import ACCENT, INK, OUTCOME_STYLES, Figure, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


#: Below this many percent the axis of costs is linear, above it logarithmic.
_LINEAR = 1.0

#: Costs that are marked, in percent, as far as the figure reaches.
_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


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
    front: Front,
    chosen: Choice | None,
    name: str,
    title: str,
    caption: str,
    damage: str,
    *,
    published: Sequence[Published] = (),
    measured: Measured | None = None,
) -> Figure:
    """Draw a front, the choice that was made, what was measured, and what others published.

    Parameters
    ----------
    front : Front
        Sets by rising cost, costs as shares of all work.
    chosen : Choice or None
        The set that is marked, where one is; it need not be on the front.
    name, title, caption : str
        Of the figure.
    damage : str
        What is removed, in words.
    published : sequence of Published
        Techniques whose shares and costs are numbers; others are left out.
    measured : Measured, optional
        A hardened network.
    """

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        costs, covered = 100 * front.cost, 100 * front.coverage
        furthest = max(100.0, costs[-1] * 1.03)
        axes.step(
            [*costs, furthest],
            [*covered, covered[-1]],
            where="post",
            color=OUTCOME_STYLES["DUE"][0],
            label="cheapest sets (more instructions)",
        )
        if chosen is not None:
            axes.plot(
                [100 * chosen.cost],
                [100 * chosen.coverage],
                "D",
                color=ACCENT,
                markeredgecolor=INK,
                label="the answer above (more instructions)",
            )
        if measured is not None:
            _draw_measured(axes, measured)
        points = [one for one in published if one.is_point]
        _draw_published(axes, points)
        axes.set_xscale("symlog", linthresh=_LINEAR, linscale=0.5)
        ticks = [tick for tick in _TICKS if tick <= furthest]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("cost, %: more instructions; of published points more run time")
        axes.set_ylabel(f"% of the {damage} removed")
        axes.set_xlim(min(0.0, 100 * measured.cost if measured else 0.0), furthest)
        # What hardening made worse lies below 0; an interval is cut where it leaves the figure.
        lowest = 0.0 if measured is None else max(-40.0, min(0.0, 100 * measured.low))
        axes.set_ylim(lowest, 108.0)
        axes.set_yticks(range(20 * math.floor(lowest / 20), 101, 20))
        axes.grid()
        canvas.legend(loc="outside lower left", fontsize=8)

    from matplotlib.ticker import NullLocator

    size = (7.2, 3.8 + 0.16 * len(published))
    return draw(name, title, caption, size, paint)


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

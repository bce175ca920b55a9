"""The Pareto front of hardening: what share of the damage a cost buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softbeam.analysis.hardening.damage import Choice, Front
from softbeam.present.figures.style import ACCENT, INK, Figure, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def front_figure(
    front: Front, chosen: Choice, name: str, title: str, caption: str, damage: str
) -> Figure:
    """Draw a front and the choice that was made.

    Parameters
    ----------
    front : Front
        Sets by rising cost, costs as shares of all work.
    chosen : Choice
        The set that is marked; it need not be on the front.
    name, title, caption : str
        Of the figure.
    damage : str
        What is removed, in words.
    """

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        costs, covered = 100 * front.cost, 100 * front.coverage
        axes.step(
            [*costs, costs[-1] * 1.03],
            [*covered, covered[-1]],
            where="post",
            color="#0072b2",
            label="cheapest sets",
        )
        axes.plot(
            [100 * chosen.cost],
            [100 * chosen.coverage],
            "D",
            color=ACCENT,
            markeredgecolor=INK,
            label="the answer above",
        )
        axes.set_xlabel("cost: further instructions, % of all in scope")
        axes.set_ylabel(f"% of the {damage} removed")
        axes.set_xlim(left=0.0)
        axes.set_ylim(0.0, 103.0)
        axes.grid()
        axes.legend(loc="lower right")

    return draw(name, title, caption, (7.2, 3.4), paint)

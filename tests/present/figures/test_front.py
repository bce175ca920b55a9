"""The front of choices: what is drawn beside the line, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from softbeam.analysis.hardening.damage import Choice, pareto_front
from softbeam.analysis.hardening.published import PUBLISHED
from softbeam.present.figures.front import Measured, front_figure
from softbeam.present.figures.style import Figure

FRONT = pareto_front(np.array([4.0, 3.0, 1.0]), np.array([0.2, 0.02, 0.3]))


def figure(**how: Any) -> Figure:
    chosen = how.pop("chosen", Choice((0, 1), 0.22, 0.875))
    return front_figure(FRONT, chosen, "front", "A front", "It does not show all.", "SDCs", **how)


def labels(found: Figure) -> list[str]:
    (legend,) = found.canvas.legends
    return [text.get_text() for text in legend.get_texts()]


def test_published_points_that_have_both_numbers_are_drawn() -> None:
    found = figure(published=PUBLISHED)
    drawn = [one for one in PUBLISHED if one.is_point]
    letters = [text.get_text() for text in found.canvas.axes[0].texts]
    assert letters == list("ABCDEFGHIJ"[: len(drawn)])
    told = labels(found)[2:]
    assert [label.split(":")[0][2:] for label in told] == [one.name for one in drawn]
    assert 0 < len(drawn) < len(PUBLISHED)


def test_published_points_lie_where_they_were_published() -> None:
    axes = figure(published=PUBLISHED).canvas.axes[0]
    drawn = [one for one in PUBLISHED if one.cost is not None and one.removed is not None]
    for line, one in zip(axes.lines[2:], drawn, strict=True):
        assert one.cost is not None
        assert one.removed is not None
        assert line.get_xdata() == pytest.approx([100 * one.cost.middle])
        assert line.get_ydata() == pytest.approx([100 * one.removed.middle])


def test_what_was_measured_takes_the_place_of_the_answer() -> None:
    told = labels(figure(chosen=None, measured=Measured(0.93, 0.88, 0.96, 0.012)))
    assert any("measured" in label for label in told)
    assert not any("the answer above" in label for label in told)


def test_what_was_made_worse_lies_below_nothing() -> None:
    axes = figure(measured=Measured(-0.1, -3.0, 0.3, -0.02)).canvas.axes[0]
    assert axes.get_ylim()[0] == -40.0
    assert axes.get_xlim()[0] == pytest.approx(-2.0)
    assert figure().canvas.axes[0].get_ylim()[0] == 0.0


def test_every_label_says_in_what_the_cost_is() -> None:
    found = figure(published=PUBLISHED)
    assert all("more instructions" in label for label in labels(found)[:2])
    assert "published points more run time" in found.canvas.axes[0].get_xlabel()


def test_no_text_leaves_the_figure() -> None:
    found = figure(published=PUBLISHED, measured=Measured(0.93, 0.88, 0.96, 0.012))
    canvas = found.canvas
    canvas.draw_without_rendering()
    for text in canvas.legends[0].get_texts():
        box = text.get_window_extent()
        assert box.x0 >= 0.0
        assert box.x1 <= canvas.bbox.x1

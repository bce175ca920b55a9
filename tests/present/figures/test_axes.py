"""The axis of layers: titles of parts that a reader can tell apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from matplotlib.figure import Figure as Canvas

from softbeam.present.figures.axes import layer_axis
from softbeam.present.parts import parts_of


@pytest.mark.parametrize("number", [41, 60, 94, 300])
def test_level_titles_of_parts_do_not_run_into_each_other(number: int) -> None:
    parts = parts_of(range(number), {})
    assert len(parts) > 5
    canvas = Canvas(figsize=(9.6, 4.8), layout="constrained")
    axes, aside = canvas.subplots(1, 2, width_ratios=(16, 1))
    aside.set_visible(False)
    axes.set_ylabel("SDC, % of all")
    layer_axis(axes, {layer: str(layer) for layer in range(number)}, parts)
    canvas.draw_without_rendering()
    level = [text.get_window_extent() for text in axes.texts if not text.get_rotation()]
    assert all(left.x1 + 4.0 < right.x0 for left, right in pairwise(level))

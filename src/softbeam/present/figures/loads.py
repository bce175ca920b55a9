"""The figure of accuracy, or of critical errors, against the number of faults in an inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from softbeam.analysis.accuracy import LoadRow
from softbeam.analysis.estimation import Share
from softbeam.analysis.proportion import Proportion
from softbeam.present.factor_tables import stream_name
from softbeam.present.figures.details import line_style
from softbeam.present.figures.style import FAINT, INK, Figure, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: Numbers of faults beyond which they are drawn by their logarithm.
_MANY = 10


def load_figure(
    rows: Sequence[LoadRow], fault_free: Proportion | None, name: str, caption: str
) -> Figure:
    """Draw a share against the number of faults, and against the bit-error rate.

    Parameters
    ----------
    rows : sequence of LoadRow
        Inferences of all streams.
    fault_free : Proportion, optional
        The accuracy without faults: then accuracy is drawn, else critical errors.
    name, caption : str
        As of :class:`softbeam.present.figures.style.Figure`.
    """
    numbers = [row for row in rows if row.rate is None]
    rates = [row for row in rows if row.rate is not None]
    parts = [part for part in (numbers, rates) if part]
    what = "accuracy" if fault_free is not None else "critical errors"

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(1, len(parts), sharey=True, squeeze=False)[0]
        for axes, part in zip(panels, parts, strict=True):
            _panel(axes, part, fault_free)
        panels[0].set_ylabel(f"{what}, %")
        handles: dict[str, Any] = {}
        for axes in panels:
            found, labels = axes.get_legend_handles_labels()
            handles.update(zip(labels, found, strict=True))
        canvas.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=3)

    title = f"{what.capitalize()} against the faults in an inference"
    return draw(name, title, caption, (3.6 * len(parts) + 2.0, 3.6), paint)


def _panel(axes: Axes, rows: Sequence[LoadRow], fault_free: Proportion | None) -> None:
    streams = list(dict.fromkeys(row.stream for row in rows))
    rates = rows[0].rate is not None
    places = [row.rate if row.rate is not None else row.faults for row in rows]
    if fault_free is not None:
        low, high = 100 * fault_free.low, 100 * fault_free.high
        axes.axhspan(low, high, color=FAINT, alpha=0.6, linewidth=0)
        axes.axhline(
            100 * fault_free.estimate, color=INK, linewidth=0.8, label="no fault, with interval"
        )
    for number, stream in enumerate(streams):
        own = [row for row in rows if row.stream == stream]
        x = np.array([row.rate if row.rate is not None else row.faults for row in own])
        shares: list[Share] = [row.critical if row.right is None else row.right for row in own]
        y = np.array([100 * one.estimate for one in shares])
        reach = np.array(
            [
                [value - 100 * one.low for value, one in zip(y, shares, strict=True)],
                [100 * one.high - value for value, one in zip(y, shares, strict=True)],
            ]
        )
        colour, line = line_style(number)
        axes.errorbar(
            x,
            y,
            yerr=reach.clip(min=0.0),
            color=colour,
            linestyle=line,
            marker="o",
            markersize=3.5,
            capsize=2,
            linewidth=1.2,
            label=stream_name(stream),
        )
    if rates or max(places) > _MANY:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: "")
    else:
        axes.set_xticks(sorted({round(one) for one in places}))
    axes.set_xlabel("bit-error rate" if rates else "faults in an inference")
    axes.set_ylim(bottom=0.0, top=102.0)
    axes.grid()

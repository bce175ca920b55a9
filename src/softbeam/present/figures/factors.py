"""The paper's figures: vulnerability factors of layers and kernels, stacked, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.factors import By, FactorRow, Item, NeverRead, factor_table
from softbeam.injection.outcomes import OUTCOMES
from softbeam.present.figures.axes import layer_axis
from softbeam.present.figures.style import INK, OUTCOME_STYLES, Figure, draw, whiskers
from softbeam.present.parts import Part
from softbeam.present.words import kernel_title, stream_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: From the axis outwards: what matters most has the axis as its base.
STACK = (*(outcome for outcome in OUTCOMES if outcome != "Masked"), "Masked")

#: Where the whisker of each outcome stands within its bar, in bar widths from the middle.
_WHISKERS = dict(zip(STACK, np.linspace(-0.25, 0.25, len(STACK)).tolist(), strict=True))


def layer_figure(
    counts: Counts,
    stream: Stream,
    number: int,
    layers: Mapping[int, str],
    caption: str,
    parts: Sequence[Part] = (),
) -> Figure:
    """Draw the LVF of every layer: the paper's figures 1 to 3.

    Parameters
    ----------
    counts : Counts
        Counted injections, of other streams too.
    stream : Stream
        What to draw.
    number : int
        Number of the figure.
    layers : mapping of int to str
        Layers to have a place on the axis, struck or not, and how each is labelled.
    caption : str
        What the figure shows and does not.
    parts : sequence of Part
        The parts of a deep network.  Its layers are too many for a stacked bar each, so SDCs and
        DUEs get panels of their own.
    """
    table = factor_table(
        counts, stream, By.LAYER, NeverRead.APART, [Item(layer=layer) for layer in layers]
    )

    def paint(canvas: Canvas) -> None:
        unread, rows = table.never_read_row, table.rows
        apart = unread is not None and unread.n > 0
        height = 2 if parts else 1
        panels = canvas.subplots(
            height, 2 if apart else 1, width_ratios=(1, 16) if apart else (1,), squeeze=False
        )
        if apart and unread is not None:
            _never_read(panels[0, 0], unread)
            for below in panels[1:, 0]:
                below.set_visible(False)
        wide = panels[:, -1]
        if parts:
            for axes, outcome in zip(wide, ("SDC", "DUE"), strict=True):
                _bars(axes, rows, outcome)
                axes.set_ylabel(f"{outcome}, % of all")
                layer_axis(axes, layers, parts, titles=axes is wide[0])
        else:
            _stacked(wide[0], rows, horizontal=False)
            wide[0].set_ylabel("joint LVF, % of all injections")
            layer_axis(wide[0], layers, parts)
            _legend(wide[0], STACK)
        wide[-1].set_xlabel("layer")

    title = f"Figure {number}. LVF of every layer, {stream_title(stream)}"
    name = f"figure-{number}-lvf-{stream.mode}-{stream.model}"
    return draw(name, title, caption, (9.6, 4.8 if parts else 3.6), paint)


def _bars(axes: Axes, rows: Sequence[FactorRow], outcome: str) -> None:
    """Draw the share of one outcome as a narrow bar a row, with its interval."""
    places = np.arange(len(rows), dtype=np.float64)
    shares = [row.joint[outcome] for row in rows]
    colour, _ = OUTCOME_STYLES[outcome]
    axes.bar(places, [_percent(share) for share in shares], 0.8, color=colour)
    _whiskers(axes, places, np.zeros(len(rows)), shares, horizontal=False)
    axes.set_ylim(0.0, 1.03 * 100 * max(share.high for share in shares))
    axes.grid(axis="y")


def kernel_figure(
    counts: Counts,
    streams: Sequence[Stream],
    number: int,
    kernels: Sequence[str],
    caption: str,
    *,
    part: str = "kernel",
) -> Figure:
    """Draw the KVF of every kernel, a panel for each stream: the paper's figure 4.

    `part` is the word for what the bars are, where they are no kernels.
    """
    factor = "KVF" if part == "kernel" else "factor"
    high = max(3.9, 1.1 + 0.24 * len(kernels))
    tables = [
        factor_table(
            counts, stream, By.KERNEL, NeverRead.APART, [Item(kernel=kernel) for kernel in kernels]
        )
        for stream in streams
    ]

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(1, len(tables), sharey=True, squeeze=False)[0]
        for place, (axes, table) in enumerate(zip(panels, tables, strict=True)):
            rows = sorted(table.rows, key=lambda row: kernels.index(row.item.kernel or ""))
            _stacked(axes, rows, horizontal=True)
            axes.set_title(f"({chr(ord('a') + place)}) {table.stream.mode.upper()}")
            axes.set_xlabel(f"joint {factor}, %")
        titles = [kernel_title(name) if part == "kernel" else name for name in kernels]
        panels[0].set_yticks(range(len(kernels)), titles)
        panels[0].set_ylim(len(kernels) - 0.4, -0.6)
        _legend(panels[-1], STACK)

    names = ", ".join(stream.mode.upper() for stream in streams)
    title = f"Figure {number}. {factor[:1].upper()}{factor[1:]} of every {part}: {names}"
    width = 3.2 * len(streams) + 1.0
    suffix = "kvf" if part == "kernel" else f"{part}s"
    return draw(f"figure-{number}-{suffix}", title, caption, (max(width, 5.0), high), paint)


def _stacked(axes: Axes, rows: Sequence[FactorRow], *, horizontal: bool) -> None:
    """Draw a stacked bar a row, and at each part the interval of its own height."""
    places = np.arange(len(rows), dtype=np.float64)
    base = np.zeros(len(rows))
    tops = [0.0]
    for outcome in STACK:
        shares = [row.joint[outcome] for row in rows]
        heights = np.array([_percent(share) for share in shares])
        colour, hatch = OUTCOME_STYLES[outcome]
        bar = axes.barh if horizontal else axes.bar
        start: dict[str, Any] = {"left" if horizontal else "bottom": base}
        bar(
            places,
            heights,
            0.8,
            **start,
            color=colour,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0.5,
            label=outcome,
        )
        _whiskers(axes, places + _WHISKERS[outcome] * 0.9, base, shares, horizontal=horizontal)
        tops.extend(base + [100 * share.high for share in shares])
        base = base + heights
    (axes.set_xlim if horizontal else axes.set_ylim)(0.0, 1.03 * max(tops))
    axes.grid(axis="x" if horizontal else "y")
    axes.tick_params(axis="y" if horizontal else "x", length=0)


def _whiskers(
    axes: Axes,
    places: np.ndarray,
    base: np.ndarray,
    shares: Sequence[Share],
    *,
    horizontal: bool,
) -> None:
    values = base + [_percent(share) for share in shares]
    reach = np.array(
        [
            [_percent(share) - 100 * share.low for share in shares],
            [100 * share.high - _percent(share) for share in shares],
        ]
    )
    if horizontal:
        whiskers(axes, values, places, reach, horizontal=True)
    else:
        whiskers(axes, places, values, reach)


def _never_read(axes: Axes, row: FactorRow) -> None:
    """Draw the paper's bar N-R, on a scale of its own."""
    share = row.joint["Masked"]
    colour, hatch = OUTCOME_STYLES["N-R"]
    axes.bar([0.0], [_percent(share)], 0.8, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.5)
    _whiskers(axes, np.zeros(1), np.zeros(1), [share], horizontal=False)
    axes.set_xticks([0], ["N-R"])
    axes.set_xlim(-0.7, 0.7)
    axes.set_ylim(0.0, 1.08 * 100 * share.high)
    axes.grid(axis="y")
    axes.tick_params(axis="x", length=0)


def _legend(axes: Axes, outcomes: Sequence[str]) -> None:
    handles, labels = axes.get_legend_handles_labels()
    order = [labels.index(outcome) for outcome in reversed(outcomes)]
    axes.legend([handles[place] for place in order], [labels[place] for place in order], loc="best")


def _percent(share: Share) -> float:
    return 100.0 * share.estimate if share.n else 0.0

"""Figures of where damage comes from and what it does: cells, bits, opcodes, scores, classes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from softbeam.analysis.breakdown import OPCODE_GROUPS, ScoreChanges, Split
from softbeam.analysis.counts import Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.factors import FactorTable
from softbeam.present.figures.axes import layer_axis
from softbeam.present.figures.style import (
    ACCENT,
    FAINT,
    INK,
    OUTCOME_STYLES,
    PAPER,
    Figure,
    draw,
    strength,
    whiskers,
)
from softbeam.present.parts import Part
from softbeam.present.words import kernel_title, stream_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure as Canvas

#: Line styles that tell streams apart without colour.
_LINES = ("-", "--", ":", "-.")
#: What the squares of a heat map are filled with, for SDC and for DUE.
HUES = ("#c25700", "#0072b2")

_LINE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def heat_map(
    table: FactorTable,
    number: str,
    layers: Mapping[int, str],
    kernels: Sequence[str],
    caption: str,
    parts: Sequence[Part] = (),
    *,
    part: str = "kernel",
) -> Figure:
    """Draw the conditional factors of every kernel in every layer, SDC above DUE.

    The colour of a square is the share, its size how much is known of it: its area is 1 less the
    length of the interval.
    """
    stream = table.stream
    columns = {layer: place for place, layer in enumerate(layers)}

    def paint(canvas: Canvas) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        panels = canvas.subplots(2, 1, sharex=True)
        for axes, outcome, hue in zip(panels, ("SDC", "DUE"), HUES, strict=True):
            colours = ScalarMappable(Normalize(0.0, 100.0), strength(hue))
            found = [
                (columns[row.item.layer], kernels.index(row.item.kernel), row.conditional[outcome])
                for row in table.rows
                if row.item.layer in columns
                and row.item.kernel in kernels
                and row.conditional[outcome].n
            ]
            _squares(axes, found, colours, 0.15 if parts else 0.4)
            axes.set_title(outcome, pad=42 if parts and axes is panels[0] else None)
            titles = [kernel_title(name) if part == "kernel" else name for name in kernels]
            axes.set_yticks(range(len(kernels)), titles)
            axes.set_ylim(len(kernels) - 0.4, -0.6)
            layer_axis(axes, layers, parts, titles=axes is panels[0])
            axes.grid(axis="y" if parts else "both", linewidth=0.3)
            axes.tick_params(length=0)
            bar = canvas.colorbar(colours, ax=axes, pad=0.01)
            bar.set_label("% of the cell's")
        panels[-1].set_xlabel("layer")

    return draw(
        f"figure-{number}-heat-{stream.mode}-{stream.model}",
        f"Figure {number}. Conditional factors of every {part} in every layer, "
        f"{stream_title(stream)}",
        caption,
        (9.6, 5.6),
        paint,
    )


def _squares(
    axes: Axes, shares: Sequence[tuple[int, int, Share]], colours: ScalarMappable, edge: float
) -> None:
    """Draw a square for each share at its place; all together, for there can be thousands."""
    from matplotlib.collections import PolyCollection

    x, y = (np.array([one[axis] for one in shares], dtype=np.float64) for axis in (0, 1))
    lengths = np.array([share.high - share.low for _, _, share in shares])
    half = 0.46 * np.sqrt(1.0 - lengths)
    turns = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = np.stack(
        [np.stack([x + across * half, y + down * half], axis=-1) for across, down in turns], axis=1
    )
    filled = colours.to_rgba(100 * np.array([share.estimate for _, _, share in shares]))
    # The colour is translucent; without the paper below, the grid would show through.
    paper = PolyCollection(list(corners), facecolors=PAPER, linewidths=0.0, zorder=2)
    drawn = PolyCollection(
        list(corners), facecolors=filled, edgecolors=INK, linewidths=edge, zorder=3
    )
    axes.add_collection(paper, autolim=False)
    axes.add_collection(drawn, autolim=False)


def bit_figure(
    shares: Mapping[tuple[Stream, str], Sequence[Split[int]]], number: str, caption: str
) -> Figure:
    """Draw outcomes by the lowest flipped bit, a panel for each stream and target."""
    panels_wanted = [(key, found) for key, found in shares.items() if found]

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(len(panels_wanted), 1, squeeze=False)[:, 0]
        for axes, ((stream, target), found) in zip(panels, panels_wanted, strict=True):
            for offset, outcome in ((-0.2, "SDC"), (0.2, "DUE")):
                _points(
                    axes,
                    [share.key + offset for share in found],
                    [share.ended[outcome] for share in found],
                    outcome,
                )
            axes.set_title(f"{stream.mode.upper()}, {stream.model}: bit of the {target}")
            axes.set_ylim(-3.0, 103.0)
            axes.set_ylabel("% of the bit's")
            last = max(share.key for share in found)
            axes.set_xlim(-0.8, last + 0.8)
            axes.set_xticks(range(0, last + 1, 1 if last < 16 else 4))
            axes.grid(axis="y")
        panels[-1].set_xlabel("bit")
        panels[0].legend(loc="upper left", ncols=2)

    return draw(
        f"figure-{number}-bits",
        f"Figure {number}. Outcomes by the position of the flipped bit",
        caption,
        (9.6, 1.0 + 1.9 * len(panels_wanted)),
        paint,
    )


def _points(axes: Axes, places: Sequence[float], shares: Sequence[Share], outcome: str) -> None:
    """Draw shares as points with their intervals, in an outcome's colour and shape."""
    values = np.array([100 * share.estimate for share in shares])
    reach = np.array(
        [
            [100 * (share.estimate - share.low) for share in shares],
            [100 * (share.high - share.estimate) for share in shares],
        ]
    ).clip(min=0.0)
    axes.errorbar(
        places,
        values,
        yerr=reach,
        fmt="s" if outcome == "SDC" else "o",
        color=OUTCOME_STYLES[outcome][0],
        markeredgecolor=INK,
        markeredgewidth=0.5,
        markersize=4.5,
        elinewidth=1.0,
        label=outcome,
    )


def opcode_figure(
    shares: Mapping[Stream, Sequence[Split[str]]], number: str, caption: str
) -> Figure:
    """Draw outcomes by group of the struck instruction, a panel for each stream."""
    groups = list(OPCODE_GROUPS)

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(1, len(shares), sharey=True, squeeze=False)[0]
        for axes, (stream, found) in zip(panels, shares.items(), strict=True):
            for offset, outcome in ((-0.18, "SDC"), (0.18, "DUE")):
                colour, hatch = OUTCOME_STYLES[outcome]
                places = [groups.index(share.key) + offset for share in found]
                ended = [share.ended[outcome] for share in found]
                values = np.array([100 * share.estimate for share in ended])
                axes.barh(
                    places,
                    values,
                    0.34,
                    color=colour,
                    hatch=hatch,
                    edgecolor=INK,
                    linewidth=0.5,
                    label=outcome,
                )
                low = values - [100 * share.low for share in ended]
                high = [100 * share.high for share in ended] - values
                whiskers(axes, values, places, [low, high], horizontal=True)
            for share in found:
                axes.text(101.0, groups.index(share.key), f"n {share.n}", va="center", fontsize=7.5)
            axes.set_title(f"{stream.mode.upper()}, {stream.model}")
            axes.set_xlim(0.0, 118.0)
            axes.set_xticks([0, 25, 50, 75, 100])
            axes.set_xlabel("% of the group's injections")
            axes.grid(axis="x")
        panels[0].set_yticks(range(len(groups)), list(OPCODE_GROUPS.values()))
        panels[0].set_ylim(len(groups) - 0.4, -0.6)
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)

    return draw(
        f"figure-{number}-opcodes",
        f"Figure {number}. Outcomes by kind of the struck instruction",
        caption,
        (max(3.2 * len(shares) + 1.0, 5.0), 3.4),
        paint,
    )


def line_style(number: int) -> tuple[str, str]:
    """Return the colour and the dashes of one of several lines."""
    return _LINE_COLOURS[number % len(_LINE_COLOURS)], _LINES[number % len(_LINES)]


def score_figure(changes: Mapping[Stream, ScoreChanges], number: str, caption: str) -> Figure:
    """Draw for every change of a score the share of SDCs that moved one further."""
    least, most = _decades(changes.values())

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for place, (stream, found) in enumerate(changes.items()):
            if not found.n:
                continue
            # What lies beyond the axis is counted at its right end.
            moved = np.array(found.finite).clip(least, 2.0 * most)
            left = 100.0 * (found.n - np.arange(moved.size)) / found.n
            colour, line = line_style(place)
            axes.step(
                np.append(moved, 2.0 * most),
                np.append(left, 100.0 * found.not_finite / found.n),
                where="pre",
                color=colour,
                linestyle=line,
                label=f"{stream.mode.upper()}, {stream.model}: {found.n} SDCs, "
                f"{found.not_finite} not finite",
            )
            _bands(axes, found, colour, (least, most))
        axes.set_xscale("log")
        axes.set_xlim(least, 1.5 * most)
        # Plain text, where Matplotlib sets powers of ten as formulas that no reader can search.
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_ylim(0.0, 101.0)
        axes.set_xlabel("largest absolute change of a score")
        axes.set_ylabel("% of SDCs that moved more")
        axes.grid()
        canvas.legend(loc="outside lower left")

    return draw(
        f"figure-{number}-scores",
        f"Figure {number}. How far silent corruptions moved the scores",
        caption,
        (7.2, 4.2),
        paint,
    )


def _decades(changes: Iterable[ScoreChanges]) -> tuple[float, float]:
    """Return the powers of ten between which most finite changes of a score lie, 1e-9 at least.

    A score need not lie between 0 and 1: a network that ends without softmax gives what its last
    layer computes.  The largest hundredth may lie beyond: a flipped exponent gives 1e30.
    """
    moved = [change for found in changes for change in found.finite if change > 0.0]
    if not moved:
        return 1e-9, 1.0
    least = max(math.floor(math.log10(min(moved))), -9)
    most = math.ceil(math.log10(float(np.percentile(moved, 99.0))))
    return 10.0**least, 10.0 ** min(max(most, least + 1), 300)


def _bands(axes: Axes, changes: ScoreChanges, colour: str, decades: tuple[float, float]) -> None:
    """Shade the pointwise intervals of the shares beyond every power of ten."""
    first, last = (math.log10(end) for end in decades)
    places = 10.0 ** np.arange(first, last + 0.5, 0.25)
    shares = [changes.beyond(float(place)) for place in places]
    axes.fill_between(
        places,
        [100 * share.low for share in shares],
        [100 * share.high for share in shares],
        color=colour,
        alpha=0.18,
        linewidth=0,
    )


def usurper_figure(
    won: Sequence[tuple[str, Share]], number: str, caption: str, most: int = 15
) -> Figure:
    """Draw which classes won the critical SDCs, the most frequent first."""
    shown = won[:most]

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        places = np.arange(len(shown), dtype=np.float64)
        values = np.array([100 * share.estimate for _, share in shown])
        low = values - [100 * share.low for _, share in shown]
        high = [100 * share.high for _, share in shown] - values
        axes.barh(places, values, 0.7, color=ACCENT, edgecolor=INK, linewidth=0.5)
        whiskers(axes, values, places, [low, high], horizontal=True)
        axes.set_yticks(places, [name for name, _ in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("% of the critical SDCs")
        axes.grid(axis="x", color=FAINT)
        axes.tick_params(axis="y", length=0)

    return draw(
        f"figure-{number}-classes",
        f"Figure {number}. The classes that took over",
        caption,
        (7.2, 0.9 + 0.24 * len(shown)),
        paint,
    )

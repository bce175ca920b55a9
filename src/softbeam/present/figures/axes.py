"""The axis on which layers stand: every layer labelled, or the parts of a deep network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from softbeam.present.figures.style import FAINT
from softbeam.present.parts import Part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Places between two labels of a deep network's layers; characters of parts' titles for which
#: there is room above all layers; characters of the longest title.
_APART, _ROOM, _LONG = 3, 110, 12


def layer_axis(
    axes: Axes, layers: Mapping[int, str], parts: Sequence[Part], *, titles: bool = True
) -> None:
    """Label the horizontal axis of a figure that has a place for each layer.

    Parameters
    ----------
    axes : Axes
        Where.
    layers : mapping of int to str
        Labels by the layers' numbers, left to right.
    parts : sequence of Part
        Of a deep network: only the first layer of each part is labelled, with its number, and
        every second part has a band behind it.  Those without a layer here are left out.
    titles : bool
        Whether the names of the parts stand above.
    """
    axes.set_xlim(-0.7, len(layers) - 0.3)
    axes.tick_params(axis="x", length=0)
    if not parts:
        axes.set_xticks(range(len(layers)), list(layers.values()))
        return
    place = {layer: number for number, layer in enumerate(layers)}
    ticks: list[int] = []
    for number, part in enumerate(parts):
        inside = [place[layer] for layer in part.layers if layer in place]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        if not ticks or first - ticks[-1] >= _APART:
            ticks.append(first)
        if number % 2:
            axes.axvspan(first - 0.5, last + 0.5, color=FAINT, alpha=0.35, linewidth=0, zorder=0)
        if titles:
            first_name, joined, _ = part.title.partition(" … ")
            title = f"{first_name}…" if joined or len(first_name) > _LONG else first_name
            title = title if len(title) <= _LONG else f"{title[: _LONG - 1]}…"
            narrow = len(title) * len(layers) > _ROOM * (last - first + 1)
            axes.annotate(
                title,
                ((first + last) / 2, 1.0),
                (0, 3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="left" if narrow else "center",
                va="bottom",
                rotation=40 if narrow else 0,
                rotation_mode="anchor",
                fontsize=7.5,
            )
    numbers = list(layers)
    axes.set_xticks(ticks, [str(numbers[tick]) for tick in ticks])

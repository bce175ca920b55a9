"""How figures look, and how they become SVG for a page and, where wanted, PNG and PDF for a paper.

Colours are Okabe and Ito's, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/),
and every outcome has a hatch of its own for print without colours.  What is neither is drawn in
inks that a page replaces by its own, so that a figure fits a light and a dark page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import ArrayLike

#: Colour and hatch of each outcome, and of faults that are never read.
OUTCOME_STYLES = {
    "N-R": ("#dddddd", "||"),
    "Masked": ("#b0b0b0", ""),
    "SDC": ("#e69f00", "///"),
    "DUE": ("#0072b2", "..."),
}

#: One colour for what is no outcome.
ACCENT = "#009e73"

#: Inks by their place in the page; no figure uses these colours for anything else.
INK, FAINT, PAPER = "#1a1b1c", "#c8c9ca", "#fdfefe"

_FONT = "DejaVu Sans"

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": [_FONT],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "svg.fonttype": "none",
    # Without a salt the ids of clip paths are drawn at random.
    "svg.hashsalt": "softbeam",
    "pdf.fonttype": 42,
    "path.simplify": False,
}


def whiskers(
    axes: Axes, x: ArrayLike, y: ArrayLike, reach: ArrayLike, *, horizontal: bool = False
) -> None:
    """Draw intervals, edged in the paper's colour so that they are seen on a bar of any colour.

    Parameters
    ----------
    axes : Axes
        Where.
    x, y : array of n numbers
        The estimates' places.
    reach : array of (2, n) numbers
        How far each interval reaches below and above its estimate.
    horizontal : bool
        Whether the intervals lie along x.
    """
    from matplotlib.patheffects import withStroke

    lengths = np.asarray(reach).clip(min=0.0)
    container = axes.errorbar(
        x,
        y,
        xerr=lengths if horizontal else None,
        yerr=None if horizontal else lengths,
        fmt="none",
        ecolor=INK,
        elinewidth=0.8,
        capsize=1.5,
        capthick=0.8,
    )
    _, caps, bars = container.lines
    for line in (*caps, *bars):
        line.set_path_effects([withStroke(linewidth=2.0, foreground=PAPER)])


def strength(colour: str) -> LinearSegmentedColormap:
    """Return a colour map from nothing to a colour: shares on a light and on a dark page."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    red, green, blue = to_rgb(colour)
    ends = [(red, green, blue, 0.0), (red, green, blue, 1.0)]
    return LinearSegmentedColormap.from_list("strength", ends)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its words.

    Attributes
    ----------
    name : str
        Name of its files, without suffix.
    title : str
        What it is.
    caption : str
        What it shows, and what it does not, in one sentence.
    svg : str
        For a page.
    canvas : matplotlib.figure.Figure
        What it was made from.
    """

    name: str
    title: str
    caption: str
    svg: str
    canvas: Canvas = field(repr=False)

    @property
    def png(self) -> bytes:
        """The figure in pixels, for a paper; made when it is asked for."""
        return _saved(
            self.canvas, format="png", dpi=200, facecolor="white", metadata={"Software": None}
        )

    @property
    def pdf(self) -> bytes:
        """The figure as vectors, for a paper; made when it is asked for."""
        return _saved(
            self.canvas,
            format="pdf",
            metadata={"CreationDate": None, "Creator": None, "Producer": None},
        )


def draw(
    name: str, title: str, caption: str, size: tuple[float, float], paint: Callable[[Canvas], None]
) -> Figure:
    """Draw a figure.

    Parameters
    ----------
    name, title, caption : str
        As in :class:`Figure`.
    size : (float, float)
        Width and height in inches.
    paint : callable
        Draws on an empty Matplotlib figure.
    """
    from matplotlib.figure import Figure as Canvas

    with _settings():
        canvas = Canvas(figsize=size, layout="constrained")
        paint(canvas)
        # Laid out once, so that all formats have the same places.
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")
    svg = _saved(canvas, format="svg", metadata={"Date": None, "Creator": None})
    return Figure(name, title, caption, _for_page(svg.decode(), title), canvas)


def _settings() -> AbstractContextManager[None]:
    """Return the context in which figures are drawn and saved."""
    import matplotlib as mpl

    return mpl.rc_context({**mpl.rcParamsDefault, **_SETTINGS, "backend": mpl.get_backend()})


def _saved(canvas: Canvas, **how: Any) -> bytes:
    """Return a figure in a format, without dates: the same campaign gives the same bytes."""
    content = io.BytesIO()
    with _settings():
        canvas.savefig(content, **how)
    return content.getvalue()


def _rounded(tag: re.Match[str]) -> str:
    """Return a tag with two decimals in its numbers; the texts between tags keep all of theirs."""
    return re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found.group()):.2f}", tag.group())


def _for_page(svg: str, title: str) -> str:
    """Return an SVG element that takes the page's font and inks, and repeats no id."""
    from html import escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace(INK, "currentColor").replace(FAINT, "var(--faint)")
    svg = svg.replace(PAPER, "var(--paper)")
    svg = re.sub(rf" font-family: [^;\"]*'{_FONT}'[^;\"]*;", "", svg)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", _rounded, svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width = round(float(size.group(1))) if size else 600
    return re.sub(
        r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>",
        lambda found: (
            f'<svg role="img" aria-label="{escape(title)}" {found.group(1)} '
            f'style="width:{width * 4 // 3}px" xmlns="http://www.w3.org/2000/svg" '
            f'xmlns:xlink="http://www.w3.org/1999/xlink">'
        ),
        svg,
        count=1,
    ).strip()

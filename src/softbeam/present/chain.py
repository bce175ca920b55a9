"""A network as a chain of tiles, each in the colour of its share of the damage, for a page.

What is counted comes from :mod:`softbeam.analysis.hardening.chain`.  The page's template draws
the tiles, and ``page.css`` colours them; a share is printed in each, so that no colour is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.hardening.chain import ChainPicture, LayerShare
from softbeam.present.advice_words import DAMAGE_TITLES
from softbeam.present.digits import part
from softbeam.present.parts import Part
from softbeam.text import visible

#: Above each of these shares a tile has the next colour; none is of no damage seen.
STEPS = (0.0, 0.01, 0.03, 0.1, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Shade:
    """A share of the damage as it is shown: how strong its colour is, from 0 on, and its words."""

    level: int
    text: str
    interval: str
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A layer in the tile of a part: its colour, what is said of it, and if it begins a branch."""

    level: int
    words: str
    apart: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A layer, a stage or a part of a deep network.

    Attributes
    ----------
    number, title : str
        Its number or numbers, and what the model calls it.
    apart : bool
        Whether it does not read what the tile before it wrote: a branch begins.
    takes : str
        Which other layers it reads, where that does not go without saying.
    before : Shade
        Its share of the damage.
    after : Shade or None
        What is left of that in the hardened network.
    work : float or None
        Its share of the instructions.
    work_text : str
        The same in percent.
    harden : str
        What of it to harden, or how it is hardened.
    cells : tuple of Cell
        The layers of a part.
    """

    number: str
    title: str
    apart: bool
    takes: str
    before: Shade
    after: Shade | None
    work: float | None
    work_text: str
    harden: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A chain for one kind of damage: its name, title and caption, and the tiles in order."""

    of: str
    title: str
    caption: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of a network, once for each kind of damage; which is shown first."""

    panels: tuple[Panel, ...]
    first: str
    steps: tuple[tuple[int, str], ...]


def chain(
    picture: ChainPicture,
    first: str,
    parts: Sequence[Part] = (),
    harden: Mapping[str, Mapping[int, str]] | None = None,
) -> Chain:
    """Return a network's chain as it is shown.

    Parameters
    ----------
    picture : ChainPicture
        What is in each layer; with parts, those of `parts` in order.
    first : str
        The kind of damage that is shown first.
    parts : sequence of Part
        Of a deep network, which gets a tile for each part.
    harden : mapping of str to mapping of int to str, optional
        By kind of damage and layer what to harden.
    """
    panels = tuple(
        Panel(
            of,
            title,
            _caption(picture, of, deep=bool(parts)),
            tuple(_tiles(picture, of, parts, (harden or {}).get(of, {}))),
        )
        for of, title in DAMAGE_TITLES.items()
    )
    return Chain(panels, first, tuple(_legend()))


def level(share: float) -> int:
    """Return how strong the colour of a share is: 0 for nothing, 6 for more than a half.

    Examples
    --------
    >>> [level(share) for share in (0.0, 0.004, 0.02, 0.05, 0.2, 0.3, 0.9)]
    [0, 1, 2, 3, 4, 5, 6]
    """
    return sum(share > step for step in STEPS)


def _legend() -> Iterator[tuple[int, str]]:
    """Yield each colour and the shares that it stands for."""
    yield 0, "none seen"
    for number, low in enumerate(STEPS, start=1):
        if number == len(STEPS):
            yield number, f"more than {100 * low:.0f} %"
        else:
            yield number, f"to {100 * STEPS[number]:.0f} %"


def _tiles(
    picture: ChainPicture, of: str, parts: Sequence[Part], harden: Mapping[int, str]
) -> Iterator[Tile]:
    if not parts:
        shown = {one.layer for one in picture.layers}
        before: int | None = None
        for one in picture.layers:
            begins, others = _branch(one, before, shown)
            chosen = harden.get(one.layer, "") or "; ".join(one.techniques)
            yield _tile(one, str(one.layer), one.name, of, chosen, apart=begins, takes=others)
            before = one.layer
        return
    for group, one in zip(parts, picture.parts, strict=True):
        members = [layer for layer in group.layers if layer in harden]
        words = f"{len(members)} of {len(group.layers)} layers" if members else ""
        inside = [layer for layer in picture.layers if layer.layer in group.layers]
        hardened = words or "; ".join(one.techniques)
        cells = tuple(_cells(inside, of, picture))
        yield _tile(one, group.span, group.title, of, hardened, cells=cells)


def _tile(
    one: LayerShare,
    number: str,
    title: str,
    of: str,
    harden: str,
    *,
    apart: bool = False,
    takes: str = "",
    cells: tuple[Cell, ...] = (),
) -> Tile:
    damage = DAMAGE_TITLES[of]
    return Tile(
        number,
        visible(title),
        apart,
        takes,
        shade(one.before[of], f"of the {damage}"),
        shade(one.after[of], f"of the {damage} before hardening") if one.after else None,
        one.instructions,
        "" if one.instructions is None else f"{part(one.instructions)} %",
        visible(harden),
        cells,
    )


def _cells(layers: Sequence[LayerShare], of: str, picture: ChainPicture) -> Iterator[Cell]:
    shown = {one.layer for one in picture.layers}
    before: int | None = None
    for one in layers:
        found = one.after[of] if one.after else one.before[of]
        apart, takes = _branch(one, before, shown)
        said = shade(found, f"of the {DAMAGE_TITLES[of]}")
        told = f"{one.layer} {visible(one.name)}: {said.words}"
        yield Cell(said.level, f"{told}, {takes}" if takes else told, apart and before is not None)
        before = one.layer


def _branch(one: LayerShare, before: int | None, shown: set[int]) -> tuple[bool, str]:
    """Return whether a layer begins a branch, and which layers it reads besides the one before.

    A layer that launches nothing passes on what it gets, and is not shown.
    """
    if one.takes is None:
        return False, ""
    linked = before is None or before in one.takes
    others = [str(layer) for layer in one.takes if layer != before and layer in shown]
    if -1 in one.takes and before is not None:
        others.insert(0, "the input")
    names = ", ".join(others)
    if linked:
        return False, f"and {names}" if names else ""
    return True, f"from {names}" if names else ""


def shade(found: Estimate, of: str) -> Shade:
    """Return how a share is shown.

    Examples
    --------
    >>> shade(Estimate(4, 16, 0.25, 0.052, 0.536), "of the SDCs").words
    '25 % of the SDCs (5 to 54 %), 4 of 16'
    >>> shade(Estimate(0, 16, 0.0, 0.0, 0.2), "of the SDCs").words
    'none seen, up to 20 % of the SDCs'
    """
    high = part(found.high, 0) if found.high < 10.0 else "> 1,000"
    if not found.successes:
        return Shade(0, "0", f"≤ {high}", f"none seen, up to {high} % {of}")
    if not math.isfinite(found.estimate):
        seen = f"{found.successes:,} seen, and nothing that they could be a part {of}"
        return Shade(len(STEPS), f"{found.successes:,} ×", "", seen)
    text, low = part(found.estimate, 0), part(found.low, 0)
    interval = f"{low}–{high}"
    count = f"{found.successes:,} of {found.n:,}"
    words = f"{text} % {of} ({low} to {high} %), {count}"
    return Shade(level(found.estimate), text, interval, words)


def _caption(picture: ChainPicture, of: str, *, deep: bool) -> str:
    """Return what is shown, of how many, and what is not."""
    damage, seen = DAMAGE_TITLES[of], picture.seen[of]
    things = "Parts of the network, each of neighbouring layers," if deep else "Layers (stages)"
    text = (
        f"{things} in the order in which they run: in percent, with its 95 % interval, the share "
        f"that each holds of the {seen:,} {damage} seen in {picture.injections:,} injections; the "
        "bar is its share of the instructions."
    )
    if picture.hardened is None:
        return f"{text} How often faults strike at all is not shown."
    left = picture.hardened.left[of]
    return (
        f"{text} Below each, what hardening leaves of it, {left.successes:,} {damage} in "
        f"{picture.hardened.injections:,} injections, as a part of all damage before, with "
        "as many places for faults as the hardened network has. How often faults "
        "strike at all is not shown."
    )

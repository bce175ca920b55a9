"""Parts of a deep network: neighbouring layers that a reader takes together, such as a block.

Where a network has dozens of layers, a figure cannot name each and a list of them is no answer.
Exporters name layers by where they stand in the model (``/blocks/blocks.2/blocks.2.1/conv_pw``);
the parts come from these names, or are runs of equal length where names say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from softbeam.text import visible

#: A network with no more layers is shown layer by layer.
FEW = 40

#: Parts of a network: no more than this, and as many where names do not say which.
_MOST, _EQUAL = 18, 12


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring layers: their name together and their numbers, ascending."""

    title: str
    layers: tuple[int, ...]

    @property
    def span(self) -> str:
        """The numbers of the layers, such as ``20–31``."""
        first, last = self.layers[0], self.layers[-1]
        return str(first) if first == last else f"{first}–{last}"


def parts_of(layers: Sequence[int], names: Mapping[int, str]) -> tuple[Part, ...]:
    """Return the parts of a network; none where it has few layers.

    Parameters
    ----------
    layers : sequence of int
        Numbers of the layers, ascending.
    names : mapping of int to str
        Their names, as far as they are known.

    Examples
    --------
    >>> names = {n: f"/blocks/blocks.{n // 20}/conv_{n}/Conv" for n in range(1, 60)}
    >>> [(part.title, part.span) for part in parts_of(range(60), {0: "/stem/Conv", **names})]
    [('stem', '0'), ('blocks.0', '1–19'), ('blocks.1', '20–39'), ('blocks.2', '40–59')]
    """
    if len(layers) <= FEW:
        return ()
    paths = {layer: _path(names.get(layer, "")) for layer in layers}
    chosen: list[Part] = []
    for depth in range(1, max(map(len, paths.values()), default=0) + 1):
        found = _by_prefix(layers, paths, depth)
        if 2 < len(found) <= _MOST:
            chosen = found
    return tuple(chosen or _equal(layers))


def _path(name: str) -> tuple[str, ...]:
    """Return the scopes of a layer's name, outermost first; none of a name that has no scopes.

    The last word of a name is the operation, unless it is all there is.
    """
    if " " in name:
        return ()
    words = tuple(one for one in re.split(r"/" if "/" in name else r"\.", name) if one)
    return words[:-1] or words


def _by_prefix(
    layers: Sequence[int], paths: Mapping[int, tuple[str, ...]], depth: int
) -> list[Part]:
    """Group neighbours whose names begin alike; neighbours that are alone are put together."""
    runs = [
        (prefix, list(own)) for prefix, own in groupby(layers, lambda layer: paths[layer][:depth])
    ]
    parts = []
    for alone, several in groupby(runs, lambda run: len(run[1]) == 1):
        if not alone:
            parts += [Part(_title(prefix), tuple(own)) for prefix, own in several]
            continue
        titles, singles = zip(*((_title(prefix), own[0]) for prefix, own in several), strict=True)
        title = titles[0] if len(titles) == 1 else f"{titles[0]} … {titles[-1]}"
        parts.append(Part(title, singles))
    return parts


def _title(prefix: Sequence[str]) -> str:
    return visible(prefix[-1]) if prefix else "unnamed"


def _equal(layers: Sequence[int]) -> list[Part]:
    length = -(-len(layers) // _EQUAL)
    runs = [tuple(layers[first : first + length]) for first in range(0, len(layers), length)]
    return [Part(f"layers {run[0]}–{run[-1]}", run) for run in runs]

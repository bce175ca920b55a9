"""The fault space of memory: words that something reads later, before each launch.

A place is a launch and a word that holds something then which a later launch, or the answer, reads.
Words that nothing reads any more are no places: a fault there is Masked, and how many there are is
counted.  The rules are in ``docs/methods.md``, section 1.5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES
from softbeam.faults.stratum import Stratum
from softbeam.intervals import Ranges, merged
from softbeam.network.liveness import live_at
from softbeam.network.plan import Plan


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Words of a buffer that stay alive from one launch to another.

    Attributes
    ----------
    cell : Stratum
        The layer that they belong to, and the buffer's own name.
    buffer : str
        The buffer.
    words : tuple of (start, end)
        The words.
    first, launches : int
        The first launch before which they are alive, and before how many they are.
    """

    cell: Stratum
    buffer: str
    words: Ranges
    first: int
    launches: int

    @property
    def size(self) -> int:
        """Number of places."""
        return self.launches * _count(self.words)

    def place(self, rank: int) -> tuple[int, int]:
        """Return the launch and the word of a place."""
        launch, rank = divmod(rank, _count(self.words))
        for start, end in self.words:
            if rank < end - start:
                return self.first + launch, start + rank
            rank -= end - start
        raise IndexError(rank)


class MemorySpace:
    """The words before launches that a mode draws from, numbered from 0: by buffer, then launch.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    mode : str
        A mode that strikes memory.
    launches : iterable of int
        The launches in scope; the words of their layers are.
    groups : iterable of str, optional
        Groups of opcodes in scope: no word belongs to one.
    stratum : str
        The part of the space that is one buffer of one layer; all if empty.

    Raises
    ------
    CampaignError
        If the scope holds nothing to strike, or is one of kernels or opcodes.
    """

    def __init__(
        self,
        plan: Plan,
        mode: str,
        launches: Iterable[int],
        groups: Iterable[str] | None = None,
        stratum: str = "",
    ) -> None:
        self.mode = mode
        chosen = set(launches)
        layers = {plan.launches[number].layer for number in chosen}
        of_layers = {one.index for one in plan.launches if one.layer in layers and not one.library}
        if groups is not None or chosen != of_layers:
            raise CampaignError(
                f"mode {mode} strikes memory, which belongs to layers and to no kernel and no "
                "opcode; leave kernels and groups out of its scope"
            )
        buffers = MODES[mode].buffers
        names = () if buffers is None else tuple(buffers(plan))
        self._lifetimes = [
            one
            for one in _lifetimes(plan, names)
            if one.cell.layer in layers and stratum in ("", str(one.cell))
        ]
        self._ends = list(accumulate(one.size for one in self._lifetimes))
        #: Number of places.
        self.size = self._ends[-1] if self._ends else 0
        if self.size == 0:
            raise CampaignError(f"nothing to strike: no word of the scope is a place for {mode}")
        words = sum(
            len(plan.launches) * plan.buffers[name].words
            for name in names
            if plan.buffers[name].layer in layers
            or (plan.buffers[name].layer < 0 and layers == _layers(plan))
        )
        #: Words before launches, of the same buffers, that nothing reads any more.
        self.unread = max(0, words - self.size)

    @property
    def values(self) -> int:
        """How many words are ever alive, each once, however long it is."""
        words: dict[str, Ranges] = {}
        for one in self._lifetimes:
            words[one.buffer] = merged((*words.get(one.buffer, ()), *one.words))
        return sum(map(_count, words.values()))

    def cells(self) -> dict[Stratum, int]:
        """Return the number of places in each buffer of each layer."""
        cells: dict[Stratum, int] = {}
        for one in self._lifetimes:
            cells[one.cell] = cells.get(one.cell, 0) + one.size
        return cells

    def locate(self, rank: int) -> tuple[Stratum, str, int, int]:
        """Return the cell, the buffer, the launch and the word of the place with this number."""
        position = bisect_right(self._ends, rank)
        rank -= self._ends[position - 1] if position else 0
        found = self._lifetimes[position]
        launch, word = found.place(rank)
        return found.cell, found.buffer, launch, word


def _count(words: Ranges) -> int:
    return sum(end - start for start, end in words)


def _layers(plan: Plan) -> set[int]:
    return {launch.layer for launch in plan.launches}


def _lifetimes(plan: Plan, buffers: Iterable[str]) -> Iterator[Lifetime]:
    """Yield how long which words of some buffers are alive, buffer by buffer.

    Words of the network's own buffers, which layers share, and of a program's belong to the layer,
    or stage, of the launch before which they are struck.
    """
    alive = live_at(plan)
    for name in buffers:
        own, first = plan.buffers[name].layer, 0
        keys = [
            (own if own >= 0 else launch.layer, alive[launch.index].get(name, ()))
            for launch in plan.launches
        ]
        for number in range(1, len(keys) + 1):
            if number < len(keys) and keys[number] == keys[first]:
                continue
            layer, words = keys[first]
            if words:
                cell = Stratum(layer, plan.buffers[name].own_name)
                yield Lifetime(cell, name, words, first, number - first)
            first = number

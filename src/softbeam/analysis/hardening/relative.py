"""The rate of failures of a hardened network relative to that of the unhardened one.

Hardened code executes more instructions, so more faults strike it: its share of faults that end
badly has to be multiplied by how many places faults have in it.  The *rate* of an event in a mode
is N * p: the places of the mode's fault space in one inference, counted exactly, times the share
of them that end so, which a campaign estimates.  Hardened by unhardened, whatever makes places be
struck cancels out, as long as it strikes each place of a mode alike.  Time is not in it: a place
counts once, however long its instruction takes; nor is the number of registers that a thread has.

Over several streams each weighs the same in the unhardened network, as in
:mod:`softbeam.analysis.hardening.damage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.damage import DAMAGE
from softbeam.analysis.hardening.pooled import Side, places_of
from softbeam.analysis.ratios import Ratio, ratio
from softbeam.errors import CampaignError
from softbeam.faults.space import FaultSpaceSize

#: The detail of a DUE that the network itself reports.
DETECTED = "detected"


def _undetected(counts: Counts) -> Mask:
    found: Mask = (counts["outcome"] == "DUE") & (counts["detail"] != DETECTED)
    return found


#: Events whose rates are compared, by name: those of :data:`DAMAGE`; DUEs without those that the
#: network reports; and what damage is left: SDCs and such DUEs.
EVENTS: Mapping[str, Callable[[Counts], Mask]] = {
    **DAMAGE,
    "undetected": _undetected,
    "left": lambda counts: (counts["outcome"] == "SDC") | _undetected(counts),
}


@dataclass(frozen=True)
class Sample:
    """What of a campaign is compared.

    Attributes
    ----------
    counts : Counts
        Its injections, with their design.
    sizes : tuple of FaultSpaceSize
        The sizes of its fault space.
    """

    counts: Counts
    sizes: tuple[FaultSpaceSize, ...]

    @cached_property
    def places(self) -> dict[str, dict[Item, float]]:
        """By mode the places of each kernel in each layer, as of :func:`places_of`."""
        return places_of(self.sizes)


@dataclass(frozen=True, slots=True)
class RelativeRow:
    """The rate of an event in a layer, a kernel or both, before and after.

    Attributes
    ----------
    item : Item
        Where; a variant of a kernel goes by the kernel's name.
    places : tuple of float, float
        Places of one inference, unhardened and hardened.
    before : Share or None
        The item's part of the unhardened network's rate; None where it has no place there.
    after : Ratio or None
        Its rate in the hardened network, as a part of the whole unhardened network's; None where
        it has no place there.
    relative : Ratio or None
        Its rate in the hardened network relative to its own in the unhardened one; None where
        either has no place.
    """

    item: Item
    places: tuple[float, float]
    before: Share | None
    after: Ratio | None
    relative: Ratio | None


class Relative:
    """Compares the rates of a hardened network with those of the unhardened one.

    Parameters
    ----------
    before, after : Sample
        A campaign on the unhardened and one on the hardened network.
    streams : iterable of Stream
        Of both; together they weigh the same each.

    Raises
    ------
    CampaignError
        If one of the modes has no known number of places in one of the two.
    """

    def __init__(self, before: Sample, after: Sample, streams: Iterable[Stream]) -> None:
        self.streams = tuple(streams)
        growths = {stream: _growth(before, after, stream.mode) for stream in self.streams}
        #: How many times as many places the hardened network has, each stream weighing the same.
        self.growth = sum(growths.values()) / len(growths)
        self._before = Side(before.counts, before.places, dict.fromkeys(self.streams, 1.0))
        self._after = Side(after.counts, after.places, growths)

    @property
    def n(self) -> tuple[int, int]:
        """Injections, unhardened and hardened."""
        return self._before.n, self._after.n

    @property
    def places(self) -> tuple[float, float]:
        """Places of one inference, of all of the modes together, unhardened and hardened."""
        return self._before.places(Item()), self._after.places(Item())

    def rate(self, event: str, item: Item = Item()) -> Ratio:  # noqa: B008  (a named tuple)
        """Return the rate of an event relative to the unhardened network's.

        Parameters
        ----------
        event : str
            One of :data:`EVENTS`.
        item : Item
            Where, in both; everywhere if not given.
        """
        first = self._after.share(self._ended(self._after, event), item)
        second = self._before.share(self._ended(self._before, event), item)
        return ratio(first, second, self.growth)

    def left_in(self, event: str, layers: Sequence[int]) -> Ratio:
        """Return the rate of an event in some layers of the hardened network.

        Parameters
        ----------
        event : str
            One of :data:`EVENTS`.
        layers : sequence of int
            The layers.

        Returns
        -------
        Ratio
            As a part of the unhardened network's rate in all layers.
        """
        whole = self._before.share(self._ended(self._before, event), Item())
        left = self._after.share_in(self._ended(self._after, event), layers)
        return ratio(left, whole, self.growth)

    def rows(self, event: str, by: By) -> tuple[RelativeRow, ...]:
        """Return the rates of an event by layer, kernel or both, in the order of the network."""
        cells = [
            cell
            for side in (self._before, self._after)
            for mode in side.modes
            for cell in side.cells(mode)
        ]
        items = sorted({cell.by(by) for cell in cells}, key=lambda item: item.order)
        return tuple(self.row(event, item) for item in items)

    def row(self, event: str, item: Item) -> RelativeRow:
        """Return the rates of an event in one item."""
        places = self._before.places(item), self._after.places(item)
        ours, theirs = self._ended(self._after, event), self._ended(self._before, event)
        before = self._before.part(theirs, item) if places[0] else None
        after = None
        if places[1]:
            whole = self._before.share(theirs, Item())
            after = ratio(self._after.share(ours, item), whole, self.growth)
        both = self.rate(event, item) if all(places) else None
        return RelativeRow(item, places, before, after, both)

    @staticmethod
    def _ended(side: Side, event: str) -> Mask:
        return EVENTS[event](side.counts)


def common_streams(before: Counts, after: Counts) -> tuple[Stream, ...]:
    """Return the streams that two campaigns have in common.

    Raises
    ------
    CampaignError
        If there are none.
    """
    ours, theirs = after.streams(), before.streams()
    found = tuple(stream for stream in ours if stream in theirs)
    if not found:
        raise CampaignError(
            "the two campaigns have no mode and bit-flip model in common in which both have "
            f"injections: {_listed(ours)} here, {_listed(theirs)} in the unhardened one"
        )
    return found


def _listed(streams: Iterable[Stream]) -> str:
    return ", ".join(f"{stream.mode} {stream.model}" for stream in streams) or "none"


def _growth(before: Sample, after: Sample, mode: str) -> float:
    """Return how many times as many places a mode has in the hardened network."""
    sizes = [sum(one.places.get(mode, {}).values()) for one in (before, after)]
    if not all(sizes):
        raise CampaignError(
            f"the {'hardened' if sizes[0] else 'unhardened'} campaign does not say how many places "
            f"mode {mode} has, so that its rate is not known; repeat it with this softbeam"
        )
    return sizes[1] / sizes[0]

"""What became of an injection with a technique on what its launch, or a later one, leaves.

The fault is struck once.  What it leaves wrong is carried on through the network, and wherever a
clamp would change any of it, the rest is carried on a second time with that kernel of that layer
clamped.  The golden run is the unhardened network's: without fault a clamp changes no word, so that
both networks hold the same in all buffers that they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.campaign.effects.facts import Ended, Remedy
from softbeam.faults.stratum import Stratum
from softbeam.injection.changes import BufferChange, Words
from softbeam.injection.injector import Injector
from softbeam.injection.liveness import any_live
from softbeam.injection.propagation import advance, answer
from softbeam.injection.regions import Step
from softbeam.injection.regions.hardened import clamped
from softbeam.network.golden import GoldenRun
from softbeam.network.plan import Launch, Plan
from softbeam.network.stored import stored_words

#: Words that differ behind a launch, by buffer: indexes and values.
Changed = Mapping[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]

#: Layers behind the struck one in which clamps are tried: an error that has gone through a
#: convolution is in so many words that clamping them one by one leaves the answer wrong.
REACH = 1

#: The one technique that is tried on later launches.
CLAMP = ("range",)


@dataclass(frozen=True, slots=True)
class Followed:
    """How an injection ends, and how it would with each remedy that changes its end."""

    ended: Ended
    with_remedy: Mapping[Remedy, Ended]


class Follower:
    """Carries errors on through one input's unhardened network, with clamps and without.

    Parameters
    ----------
    injector : Injector
        Of the campaign and one of its inputs.
    ranged : Plan or None
        The network's plan with every kernel clamped that can be; None where none can.
    """

    def __init__(self, injector: Injector, ranged: Plan | None) -> None:
        self._golden = injector.device.golden
        self._live = injector.live
        self._rule = injector.rule
        self._launches = injector.device.plan.launches
        self._ranged = self._launches if ranged is None else ranged.launches

    def follow(self, launch: int, changed: Changed) -> Followed:
        """Carry words that differ behind a launch on to the answer.

        Parameters
        ----------
        launch : int
            The struck launch.
        changed : mapping of str to (indexes, values)
            What differs behind it.
        """
        changes: dict[str, BufferChange] = {
            buffer: Words(indexes, values)
            for buffer, (indexes, values) in changed.items()
            if indexes.size
        }
        struck = self._launches[launch]
        last = struck.layer + REACH
        tried: dict[Remedy, Ended] = {}
        if self._can_clamp(launch):
            kept = self._clamp_stores(launch, changes)
            if kept is not None:
                tried[self._remedy(struck)] = self._end(launch, kept, self._remedy(struck))
        self._forget(launch, changes)
        for later in self._launches[launch + 1 :]:
            if not changes:
                break
            computed = advance(self._golden, self._live[later.index], later, changes)
            remedy = self._remedy(later)
            if (
                not computed
                or later.layer > last
                or remedy in tried
                or not self._can_clamp(later.index)
            ):
                continue
            kept = self._clamp(later.index, changes)
            if kept is not None:
                tried[remedy] = self._end(later.index, kept, remedy)
        ended = self._judge(changes)
        return Followed(ended, {one: end for one, end in tried.items() if end != ended})

    def _can_clamp(self, launch: int) -> bool:
        return self._ranged[launch].kernel != self._launches[launch].kernel

    def _remedy(self, launch: Launch) -> Remedy:
        return Remedy(Stratum(launch.layer, launch.kernel), CLAMP)

    def _end(self, launch: int, changes: dict[str, BufferChange], remedy: Remedy) -> Ended:
        """Return how an error ends from a launch on with one kernel of one layer clamped."""
        self._forget(launch, changes)
        for plain, ranged in zip(
            self._launches[launch + 1 :], self._ranged[launch + 1 :], strict=True
        ):
            if not changes:
                break
            one = ranged if self._remedy(plain) == remedy else plain
            advance(self._golden, self._live[plain.index], one, changes)
        return self._judge(changes)

    def _judge(self, changes: Mapping[str, BufferChange]) -> Ended:
        golden = self._golden
        found = self._rule(golden.answer, answer(golden, changes))
        return Ended(found.outcome, found.detail)

    def _clamp(
        self, launch: int, changes: Mapping[str, BufferChange]
    ) -> dict[str, BufferChange] | None:
        """Return what differs behind a launch once it has clamped it; None if it clamps nothing."""
        ranged = self._ranged[launch]
        step = Step(self._golden, ranged, changes, self._live[launch])
        own = {one.pointer for one in stored_words(ranged)} & changes.keys()
        if not any(_leaves_limits(changes[buffer], ranged) for buffer in own):
            return None
        kept = dict(changes)
        for buffer in own:
            left = clamped(step, buffer, changes[buffer])
            if left is None:
                del kept[buffer]
            else:
                kept[buffer] = left
        return kept

    def _clamp_stores(
        self, launch: int, changes: Mapping[str, BufferChange]
    ) -> dict[str, BufferChange] | None:
        """Return the same of the struck launch, which clamps what it stores and nothing else.

        A word that differs because it was not stored holds what it held before the launch, and no
        clamp saw it.
        """
        stored: dict[str, BufferChange] = {}
        missed: dict[str, Words] = {}
        for buffer, change in changes.items():
            assert isinstance(change, Words)
            before = _before(self._golden, buffer, launch, change.indexes)
            kept_old = change.values == before
            if not kept_old.all():
                stored[buffer] = _some(change, ~kept_old)
            if kept_old.any():
                missed[buffer] = _some(change, kept_old)
        kept = self._clamp(launch, stored)
        if kept is None:
            return None
        return kept | {buffer: _joined(kept.get(buffer), words) for buffer, words in missed.items()}

    def _forget(self, launch: int, changes: dict[str, BufferChange]) -> None:
        """Drop what nothing reads behind a launch."""
        live = self._live[launch]
        for buffer, change in list(changes.items()):
            if buffer not in live or (
                isinstance(change, Words) and not any_live(live, buffer, change.indexes)
            ):
                del changes[buffer]


def _before(
    golden: GoldenRun, buffer: str, launch: int, indexes: NDArray[np.int64]
) -> NDArray[np.uint32]:
    return golden.words_at(buffer, launch, indexes)


def _some(words: Words, mask: NDArray[np.bool_]) -> Words:
    return Words(words.indexes[mask], words.values[mask])


def _joined(one: BufferChange | None, other: Words) -> Words:
    if one is None:
        return other
    assert isinstance(one, Words)
    return Words(
        np.concatenate([one.indexes, other.indexes]), np.concatenate([one.values, other.values])
    )


def _leaves_limits(change: BufferChange, ranged: Launch) -> bool:
    """Return whether any word that differs is one that a clamp would change."""
    values = change.values
    numbers = values if not isinstance(change, Words) else values.view(np.float32)
    low, high = np.float32(ranged.arguments.LOW), np.float32(ranged.arguments.HIGH)
    return bool((~((numbers >= low) & (numbers <= high))).any())

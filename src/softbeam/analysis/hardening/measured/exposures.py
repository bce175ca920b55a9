"""How many places each piece of code has, beside the unhardened network's fault space."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from softbeam.campaign.effects.facts import PLAIN, Effects, Exposure, Technique
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum

#: A mode whose places are all thread-instructions.
ALL_INSTRUCTIONS = "rf"

#: What adds launches of its own, which are counted and struck apart from what it acts on.
ADDED: Technique = ("checksum",)


class Exposures:
    """The places of code, hardened and not, as parts of the unhardened fault space.

    Parameters
    ----------
    sizes : iterable of FaultSpaceSize
        The campaign's own.
    effects : Effects
        Those of hardened code.
    lean : bool
        Whether launches that inference does not need are left out.
    """

    def __init__(self, sizes: Iterable[FaultSpaceSize], effects: Effects, lean: bool) -> None:
        self._sizes, self._dropped, self._lean = effects.sizes, effects.dropped, lean
        self._own: dict[Exposure, int] = {}
        self._whole: dict[tuple[str, int], int] = {}
        for one in sizes:
            key = Exposure(Stratum(one.layer, one.kernel), PLAIN, one.mode, one.image)
            self._own[key] = self._own.get(key, 0) + one.size
            whole = one.mode, one.image
            self._whole[whole] = self._whole.get(whole, 0) + one.size
        self.places: tuple[Stratum, ...] = tuple(sorted({key.place for key in self._own}))

    def before(self, place: Stratum, mode: str) -> float:
        """Return the part of a kernel in a layer as it was, mean over the inputs."""
        return self._mean(mode, lambda key: self._own.get(key, 0), place) or 0.0

    def share(self, place: Stratum, technique: Technique, mode: str) -> float | None:
        """Return the part of code as it is with a technique; None if it was not counted.

        Of :data:`ADDED` that of the launches which it adds.  Launches that inference does not need
        are left out, or are as they were.
        """

        def places(key: Exposure) -> int | None:
            if technique == PLAIN:
                return self._own.get(key, 0) - self._lean * self._dropped.get(key, 0)
            known = self._sizes.get(key)
            if known is None or technique == ADDED or self._lean:
                return known
            return known + self._dropped.get(key._replace(technique=PLAIN), 0)

        return self._mean(mode, places, place, technique)

    def struck(self, place: Stratum, technique: Technique, mode: str) -> float | None:
        """Return the part of hardened code that was struck; None if it was not counted."""
        return self._mean(mode, self._sizes.get, place, technique)

    def cost(self, place: Stratum, technique: Technique) -> float | None:
        """Return a technique's further instructions, as a share of all; None if not counted."""
        new = self.share(place, technique, ALL_INSTRUCTIONS)
        if new is None or technique == ADDED:
            return new
        return new - (self.share(place, PLAIN, ALL_INSTRUCTIONS) or 0.0)

    def saving(self) -> float:
        """Return the instructions of the launches that are left out, as a share of all."""
        if not self._lean:
            return 0.0
        images = sum(1 for mode, _ in self._whole if mode == ALL_INSTRUCTIONS)
        return sum(
            size / self._whole[ALL_INSTRUCTIONS, key.image] / images
            for key, size in self._dropped.items()
            if key.mode == ALL_INSTRUCTIONS
        )

    def _mean(
        self,
        mode: str,
        places: Callable[[Exposure], int | None],
        place: Stratum,
        technique: Technique = PLAIN,
    ) -> float | None:
        parts = []
        for (of, image), whole in self._whole.items():
            if of == mode:
                size = places(Exposure(place, technique, mode, image))
                if size is None:
                    return None
                parts.append(size / whole)
        return float(np.mean(parts)) if parts else None

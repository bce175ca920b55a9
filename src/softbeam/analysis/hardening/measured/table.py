"""The columns of a problem while they are gathered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from softbeam.analysis.hardening.measured.problem import Problem, State
from softbeam.campaign.effects.facts import PLAIN, Struck
from softbeam.faults.stratum import Stratum

#: Parts of the injections that are held out, one after the other.
FOLDS = 5


@dataclass(slots=True)
class Table:
    """The columns of :class:`.Problem`, row by row."""

    sizes: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    home: list[int] = field(default_factory=list)
    number: dict[object, int] = field(default_factory=dict)
    group: list[int] = field(default_factory=list)
    image: list[int] = field(default_factory=list)
    fold: list[int] = field(default_factory=list)
    unhardened: list[bool] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    injection: list[int] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    removers: list[tuple[int, ...]] = field(default_factory=list)

    def add_group(self, key: object, size: int, weight: float, home: int) -> None:
        """Add injections that were drawn alike."""
        self.number[key] = len(self.sizes)
        self.sizes.append(size)
        self.weights.append(weight)
        self.home.append(home)

    def add_injection(self, group: object, struck: Struck, images: int) -> int:
        """Add a damaging injection and return its number."""
        self.group.append(self.number[group])
        self.image.append(struck.index % images)
        # Inputs take turns; of each, every part has some.
        self.fold.append(struck.index // images % FOLDS)
        self.unhardened.append(struck.technique == PLAIN)
        return len(self.group) - 1

    def add_entry(self, state: int, injection: int, factor: float, removers: Iterable[int]) -> None:
        """Add that a state has an injection's damage."""
        self.state.append(state)
        self.injection.append(injection)
        self.factor.append(factor)
        self.removers.append(tuple(sorted(set(removers))))

    def problem(
        self, places: tuple[Stratum, ...], states: tuple[State, ...], saving: float, lean: bool
    ) -> Problem:
        """Return what was gathered, by number of these places and states."""
        return Problem(
            places=places,
            states=states,
            saving=saving,
            lean=lean,
            sizes=np.array(self.sizes, dtype=np.int64),
            weights=np.array(self.weights, dtype=np.float64),
            home=np.array(self.home, dtype=np.int64),
            group=np.array(self.group, dtype=np.int64),
            image=np.array(self.image, dtype=np.int64),
            fold=np.array(self.fold, dtype=np.int64),
            unhardened=np.array(self.unhardened, dtype=np.bool_),
            state=np.array(self.state, dtype=np.int64),
            injection=np.array(self.injection, dtype=np.int64),
            factor=np.array(self.factor, dtype=np.float64),
            removers=tuple(self.removers),
        )

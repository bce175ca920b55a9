"""What there is to choose from: techniques for kernels in layers, their costs, what each leaves.

A *place* is a kernel in a layer, and in a hardened network it has one *state*: as it is, or with
one of the techniques that were measured there.  Each injection that did damage in the code of a
state is damage while that state is chosen, unless a technique that is chosen elsewhere removes it.
How the numbers come out of a campaign is in
:mod:`softbeam.analysis.hardening.measured.gathering`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.campaign.effects.facts import PLAIN, Technique
from softbeam.faults.stratum import Stratum

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Chosen = NDArray[np.bool_]

#: In the place of a state: the unhardened network's own code, and that of a state that was good
#: for nothing and is not there any more.
UNHARDENED, FORGOTTEN = -1, -2


@dataclass(frozen=True, slots=True)
class State:
    """A way in which a place can be.

    Attributes
    ----------
    place : int
        Number of the kernel in a layer.
    technique : tuple of str
        What is done there; empty: nothing.
    cost : float
        Further instructions, as a share of all that the unhardened network's kernels in scope
        execute.
    """

    place: int
    technique: Technique
    cost: float


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Places, states and the damage that each state leaves.

    Attributes
    ----------
    places : tuple of Stratum
        The kernels in layers that can do damage, or can remove it.
    states : tuple of State
        By place, the plain one of each first.
    saving : float
        Instructions of launches that are left out whatever is chosen, as costs are counted.
    lean : bool
        Whether any are.
    sizes : numpy.ndarray of int64, [groups]
        Injections, harmless ones too, of those that were drawn alike.
    weights : numpy.ndarray of float64, [groups]
        What one of them stands for: its part of a stream's fault space in the unhardened network.
    home : numpy.ndarray of int64, [groups]
        The state whose code they struck, or :data:`UNHARDENED`, or :data:`FORGOTTEN`.
    group, image, fold : numpy.ndarray of int64, [injections]
        For each damaging injection its group, its input and the fold that it is held out in.
    unhardened : numpy.ndarray of bool, [injections]
        Whether it is one of the campaign's own, which are all the damage that there was.
    state, injection : numpy.ndarray of int64, [entries]
        The table of the damage of each state: the state, and the injection that did it.
    factor : numpy.ndarray of float64, [entries]
        How many times the injection counts there: by how much more code there is to strike.
    removers : tuple of tuple of int, [entries]
        The states of other places any of which removes it.
    """

    places: tuple[Stratum, ...]
    states: tuple[State, ...]
    saving: float
    lean: bool
    sizes: Whole
    weights: Numbers
    home: Whole
    group: Whole
    image: Whole
    fold: Whole
    unhardened: NDArray[np.bool_]
    state: Whole
    injection: Whole
    factor: Numbers
    removers: tuple[tuple[int, ...], ...]

    @property
    def inputs(self) -> int:
        """How many inputs the injections are of, at the least."""
        return int(self.image.max(initial=0)) + 1

    @property
    def costs(self) -> Numbers:
        """The cost of each state."""
        return np.array([state.cost for state in self.states], dtype=np.float64)

    @property
    def plain(self) -> Chosen:
        """The choice that hardens nothing."""
        return np.array([state.technique == PLAIN for state in self.states], dtype=np.bool_)

    def cost(self, chosen: Chosen) -> float:
        """Return what a choice costs, launches that are left out subtracted."""
        return float(self.costs[chosen].sum()) - self.saving

    def leaves(self, chosen: Chosen) -> Numbers:
        """Return how much of each injection a choice leaves: float64[injections].

        Parameters
        ----------
        chosen : numpy.ndarray of bool, [states]
            One state of each place.
        """
        standing = chosen[self.state].copy()
        for entry in np.flatnonzero(standing):
            standing[entry] = not any(chosen[one] for one in self.removers[entry])
        left = np.where(standing, self.factor * self.weights[self.group[self.injection]], 0.0)
        found: Numbers = np.bincount(
            self.injection, weights=left, minlength=self.group.size
        ).astype(np.float64)
        return found

    def was(self) -> Numbers:
        """Return the damage of each injection in the unhardened network: float64[injections]."""
        return np.where(self.unhardened, self.weights[self.group], 0.0)

    def removed(self, chosen: Chosen) -> float:
        """Return the share of the damage that a choice removes; negative where it adds some."""
        whole = float(self.was().sum())
        return 1.0 - float(self.leaves(chosen).sum()) / whole if whole else 0.0

    def of_states(self, numbers: Sequence[int]) -> Chosen:
        """Return the choice that has some states, and nothing in all other places."""
        chosen = self.plain
        for number in numbers:
            place = self.states[number].place
            chosen[[state.place == place for state in self.states]] = False
            chosen[number] = True
        return chosen

    def hardened(self, chosen: Chosen) -> tuple[State, ...]:
        """Return the states of a choice that harden something."""
        return tuple(self.states[one] for one in np.flatnonzero(chosen & ~self.plain).tolist())

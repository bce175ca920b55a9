"""From a campaign's results and its measured effects to what there is to choose from.

An injection stands for its part of its stream's fault space; the parts of all streams are added,
each stream weighing the same.  Hardened code has other places: what was replayed counts as many
times as its code has more or fewer of them, and what was struck in hardened code stands for its
part of these places, measured in the fault space of the unhardened network.  So growth of exposure
is in every number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from softbeam.analysis.counts import Stream
from softbeam.analysis.hardening.measured.exposures import ADDED, Exposures
from softbeam.analysis.hardening.measured.problem import (
    FORGOTTEN,
    UNHARDENED,
    Problem,
    State,
)
from softbeam.analysis.hardening.measured.table import Table
from softbeam.campaign.effects.facts import (
    PLAIN,
    Damaging,
    Effects,
    Ended,
    Remedy,
    Sample,
    Struck,
    Technique,
)
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.outcomes import is_critical
from softbeam.injection.record import InjectionRecord

#: What can be removed, by its name as an option.  What a hardened network reports is no damage.
HARMS: Mapping[str, Callable[[Ended], bool]] = {
    "critical": lambda end: end.outcome == "SDC" and is_critical(end.detail),
    "sdc": lambda end: end.outcome == "SDC",
    "due": lambda end: end.is_due,
    "all": lambda end: end.is_damage,
}

#: A technique that acts on what a launch leaves, though its code is another too.
CLAMPED: Technique = ("range",)

#: Damage of which a clamp in the struck launch is replayed: whether it leaves any is decided by the
#: words, exactly.  How often the clamped code crashes, or errs a little, only striking it tells.
REPLAYED_OF = "critical"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A campaign's own injections.

    Attributes
    ----------
    records : tuple of InjectionRecord
        Those of the streams that count.
    sizes : tuple of FaultSpaceSize
        The sizes of the fault space.
    images : int
        How many inputs there are.
    """

    records: tuple[InjectionRecord, ...]
    sizes: tuple[FaultSpaceSize, ...]
    images: int = 1

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The modes and models, sorted."""
        return tuple(sorted({Stream(one.mode, one.model) for one in self.records}))

    def damaging(self, of: str) -> int:
        """Return how many injections did damage, one of :data:`HARMS`."""
        return sum(HARMS[of](Ended(one.outcome, one.detail)) for one in self.records)

    def lacking(self, effects: Effects) -> list[Struck]:
        """Return the injections that did damage and of which no effects are known."""
        return [
            name
            for name, end in (
                (Struck.of(one), Ended(one.outcome, one.detail)) for one in self.records
            )
            if end.is_damage and name not in effects.replayed
        ]


def gather(
    drawn: Drawn,
    effects: Effects,
    of: str,
    among: Collection[str] | None = None,
    *,
    every: bool = False,
) -> Problem:
    """Return what there is to choose from against one kind of damage.

    Parameters
    ----------
    drawn : Drawn
        The campaign's injections.
    effects : Effects
        What was measured of the techniques.
    of : str
        One of :data:`HARMS`.
    among : collection of str, optional
        The techniques that may be chosen, ``lean`` too; all if not given.
    every : bool
        Whether to keep states that are good for nothing against this damage.

    Raises
    ------
    ResultsError
        If injections that did damage have not been replayed.
    """
    lacking = drawn.lacking(effects)
    if lacking:
        raise ResultsError(
            f"the effects of techniques on {len(lacking):,} injections that did damage are not "
            "measured yet; softbeam advise --technique measured does it"
        )
    lean = bool(effects.unneeded) and (among is None or "lean" in among)
    exposures = Exposures(drawn.sizes, effects, lean)
    replays = of == REPLAYED_OF
    states = _states(drawn, exposures, effects, among, replays)
    rows = _Rows(exposures, states, HARMS[of], drawn.images, effects.unneeded, lean, replays)
    rows.groups(drawn, effects)
    own = {Struck.of(record) for record in drawn.records}
    for one in effects.damaging:
        if one.struck.technique != PLAIN:
            rows.struck(one)
        elif one.struck in own:
            rows.recorded(one)
    problem = rows.table.problem(exposures.places, states, exposures.saving(), lean)
    return problem if every else _pruned(problem)


def _states(
    drawn: Drawn,
    exposures: Exposures,
    effects: Effects,
    among: Collection[str] | None,
    replays: bool,
) -> tuple[State, ...]:
    """Return every state that was measured in all streams, of each place the plain one first."""
    measured: dict[Stratum, set[Technique]] = {place: set() for place in exposures.places}
    for key in effects.sizes:
        if key.place in measured and (among is None or set(key.technique) <= set(among)):
            measured[key.place].add(key.technique)
    damaged = {one.struck.place for one in effects.damaging}
    states = []
    for number, place in enumerate(exposures.places):
        states.append(State(number, PLAIN, 0.0))
        for technique in sorted(measured[place]):
            cost = exposures.cost(place, technique)
            samples = [Sample(place, technique, *stream) for stream in drawn.streams]
            # What did no damage is not struck; a clamp there is for what comes from before.
            done = (technique == CLAMPED and (replays or place not in damaged)) or all(
                effects.struck.get(one, 0) or not exposures.struck(place, technique, one.mode)
                for one in samples
            )
            if cost is not None and done:
                states.append(State(number, technique, cost))
    return tuple(states)


class _Rows:
    """Makes the rows of a problem's table."""

    def __init__(
        self,
        exposures: Exposures,
        states: tuple[State, ...],
        harm: Callable[[Ended], bool],
        images: int,
        unneeded: frozenset[int],
        lean: bool,
        replays: bool,
    ) -> None:
        self.table = Table()
        self._exposures, self._harm, self._images = exposures, harm, images
        self._unneeded, self._lean = unneeded, lean
        self._acting: set[Technique] = {ADDED, CLAMPED} if replays else {ADDED}
        self._replayed: set[Technique] = {CLAMPED} if replays else set()
        self._number: dict[Stratum, dict[Technique, int]] = {}
        for number, state in enumerate(states):
            place = exposures.places[state.place]
            self._number.setdefault(place, {})[state.technique] = number

    def groups(self, drawn: Drawn, effects: Effects) -> None:
        """Add the groups of injections that were drawn alike."""
        own = Counter((Stream(one.mode, one.model), one.stratum) for one in drawn.records)
        for (stream, stratum), size in sorted(own.items()):
            share = 1.0
            if stratum:
                share = self._exposures.before(Stratum.read(stratum), stream.mode)
            self.table.add_group((stream, stratum), size, share / size, UNHARDENED)
        for place, numbers in self._number.items():
            for technique, number in numbers.items():
                for stream in drawn.streams:
                    sample = Sample(place, technique, *stream)
                    size = effects.struck.get(sample, 0)
                    share = self._exposures.struck(place, technique, stream.mode) or 0.0
                    if size and technique not in self._replayed:
                        self.table.add_group(sample, size, share / size, number)

    def recorded(self, one: Damaging) -> None:
        """Add a recorded injection, and in which states of its place it does damage still."""
        if not self._harm(one.ended):
            return
        struck = one.struck
        group = Stream(struck.mode, struck.model), struck.stratum
        injection = self.table.add_injection(group, struck, self._images)
        unneeded = one.launch in self._unneeded
        if unneeded and self._lean:
            return
        removers = self._removers(one)
        for technique, number in self._number[struck.place].items():
            factor = 1.0
            acts = technique in self._acting
            if technique != PLAIN and not acts and not unneeded:
                continue
            if acts and not unneeded:
                if not self._harm(one.with_remedy.get(Remedy(struck.place, technique), one.ended)):
                    continue
                factor = self._growth(struck.place, technique, struck.mode)
            self.table.add_entry(number, injection, factor, removers)

    def struck(self, one: Damaging) -> None:
        """Add an injection in hardened code."""
        struck = one.struck
        number = self._number.get(struck.place, {}).get(struck.technique)
        sample = Sample(struck.place, struck.technique, struck.mode, struck.model)
        if number is None or sample not in self.table.number or not self._harm(one.ended):
            return
        injection = self.table.add_injection(sample, struck, self._images)
        self.table.add_entry(number, injection, 1.0, self._removers(one))

    def _removers(self, one: Damaging) -> Iterable[int]:
        """Yield the states of other places that remove an injection."""
        for remedy, end in one.with_remedy.items():
            if remedy.place != one.struck.place and not self._harm(end):
                for technique, number in self._number.get(remedy.place, {}).items():
                    if set(remedy.technique) <= set(technique):
                        yield number

    def _growth(self, place: Stratum, technique: Technique, mode: str) -> float:
        """Return how many times the places the code has with a technique."""
        if technique == ADDED:
            return 1.0
        before = self._exposures.share(place, PLAIN, mode)
        after = self._exposures.share(place, technique, mode)
        return after / before if before and after is not None else 1.0


def _pruned(problem: Problem) -> Problem:
    """Return the problem without states that cost something and are good for nothing."""
    entries = problem.factor * problem.weights[problem.group[problem.injection]]
    own = np.bincount(problem.state, weights=entries, minlength=len(problem.states))
    removing = {one for removers in problem.removers for one in removers}
    plain_of = {state.place: n for n, state in enumerate(problem.states) if not state.technique}
    useful = {
        number
        for number, state in enumerate(problem.states)
        if state.technique
        and (number in removing or own[number] < own[plain_of[state.place]] or state.cost < 0.0)
    }
    places = sorted(
        {problem.states[one].place for one in useful}
        | {problem.states[one].place for one in problem.state.tolist()}
    )
    kept = [
        number
        for number, state in enumerate(problem.states)
        if state.place in places and (number in useful or not state.technique)
    ]
    state_of = {number: new for new, number in enumerate(kept)}
    place_of = {number: new for new, number in enumerate(places)}
    entry = [row for row, state in enumerate(problem.state.tolist()) if state in state_of]
    home = [
        UNHARDENED if one == UNHARDENED else state_of.get(one, FORGOTTEN)
        for one in problem.home.tolist()
    ]
    return Problem(
        places=tuple(problem.places[one] for one in places),
        states=tuple(
            State(place_of[state.place], state.technique, state.cost)
            for state in (problem.states[one] for one in kept)
        ),
        saving=problem.saving,
        lean=problem.lean,
        sizes=problem.sizes,
        weights=problem.weights,
        home=np.array(home, dtype=np.int64),
        group=problem.group,
        image=problem.image,
        fold=problem.fold,
        unhardened=problem.unhardened,
        state=np.array([state_of[int(problem.state[row])] for row in entry], dtype=np.int64),
        injection=problem.injection[entry],
        factor=problem.factor[entry],
        removers=tuple(
            tuple(state_of[one] for one in problem.removers[row] if one in state_of)
            for row in entry
        ),
    )

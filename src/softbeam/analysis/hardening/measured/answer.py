"""The answer to which technique each kernel in each layer should get, with its figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.gathering import HARMS, Drawn, gather
from softbeam.analysis.hardening.measured.prediction import REPLICATES, Prediction, predict
from softbeam.analysis.hardening.measured.problem import Chosen, Problem, State
from softbeam.analysis.hardening.measured.solving import Choice, choose, front
from softbeam.campaign.effects.facts import Effects, Remedy, Technique
from softbeam.network.hardening.rules import LEAN, Rule, rules_text


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Which techniques to use where, chosen by what they were measured to do.

    Attributes
    ----------
    of : str
        What is removed, one of :data:`softbeam.analysis.hardening.measured.gathering.HARMS`.
    aim : Aim
        What was asked.
    problem : Problem
        What there was to choose from.
    choice : Choice
        The answer.
    front : tuple of Choice
        Choices that no cheaper one equals, by rising cost.
    prediction : Prediction
        What to expect of the answer.
    """

    of: str
    aim: Aim
    problem: Problem
    choice: Choice
    front: tuple[Choice, ...]
    prediction: Prediction

    @property
    def enough(self) -> bool:
        """Whether there is enough damage to say anything."""
        return self.prediction.enough

    @property
    def reached(self) -> bool:
        """Whether the wanted share is removed, or there was none."""
        return self.aim.budget is not None or self.choice.removed >= self.aim.share - 1e-9

    def hardened(self) -> tuple[State, ...]:
        """Return what is done, place by place."""
        return self.problem.hardened(self.choice.chosen)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What is done as remedies, by layer."""
        places = self.problem.places
        return tuple(
            sorted(Remedy(places[state.place], state.technique) for state in self.hardened())
        )

    @property
    def rules(self) -> str:
        """The answer as the rules that ``--harden`` takes; empty: nothing is hardened."""
        return rules_of(self.problem, self.choice.chosen)


def measured_answer(
    drawn: Drawn,
    effects: Effects,
    *,
    of: str,
    aim: Aim,
    seed: int,
    among: Collection[str] | None = None,
    replicates: int = REPLICATES,
) -> Answer:
    """Choose techniques by their measured effects.

    Parameters
    ----------
    drawn : Drawn
        The campaign's injections.
    effects : Effects
        What was measured of the techniques.
    of : str
        What is to be removed.
    aim : Aim
        The most for a budget, or the least cost for a share.
    seed : int
        Of the resampling.
    among : collection of str, optional
        The techniques that may be chosen, ``lean`` too; all if not given.
    replicates : int
        Resamplings.
    """
    problem = gather(drawn, effects, of, among)
    found = choose(problem, aim)
    return Answer(
        of=of,
        aim=aim,
        problem=problem,
        choice=found,
        front=front(problem),
        prediction=predict(problem, found.chosen, aim, seed, replicates),
    )


def rules_of(problem: Problem, chosen: Chosen) -> str:
    """Return a choice as text: a rule for each kernel and technique, as ``--harden`` takes it."""
    layers: dict[tuple[str, Technique], list[int]] = {}
    for state in problem.hardened(chosen):
        place = problem.places[state.place]
        layers.setdefault((place.kernel, state.technique), []).append(place.layer)
    rules = [
        Rule(kernel, tuple(sorted(numbers)), technique)
        for (kernel, technique), numbers in layers.items()
    ]
    if problem.lean:
        rules.append(Rule("", None, (LEAN,)))
    return rules_text(sorted(rules, key=str))


def predicted(
    answer: Answer,
    drawn: Drawn,
    effects: Effects,
    seed: int,
    among: Collection[str] | None = None,
    replicates: int = REPLICATES,
) -> dict[str, Prediction]:
    """Return what an answer is predicted to remove of every kind of damage.

    Parameters are those of :func:`measured_answer`.  What the answer was not chosen by it fits no
    better than other damage, and nothing is taken off for that.
    """
    found = {answer.of: answer.prediction}
    for of in HARMS:
        if of not in found:
            problem = gather(drawn, effects, of, among, every=True)
            chosen = problem.of_states(_same_states(answer, problem))
            found[of] = predict(problem, chosen, None, seed, replicates)
    return found


def _same_states(answer: Answer, problem: Problem) -> list[int]:
    wanted = set(answer.remedies)
    return [
        number
        for number, state in enumerate(problem.states)
        if Remedy(problem.places[state.place], state.technique) in wanted
    ]

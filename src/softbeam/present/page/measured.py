"""The answer of a page by measured effects: a technique for each kernel in each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from softbeam.analysis.hardening.advice import Aim
from softbeam.analysis.hardening.measured.answer import Answer, measured_answer
from softbeam.analysis.hardening.measured.gathering import HARMS
from softbeam.analysis.hardening.measured.kept import drawn_of
from softbeam.analysis.hardening.published import PUBLISHED, Published
from softbeam.analysis.results import Results
from softbeam.campaign.effects.facts import Effects
from softbeam.present.blocks import Block
from softbeam.present.figures import captions
from softbeam.present.figures.front import BY_EFFECT, Line, Measured, Point, front_figure
from softbeam.present.figures.style import Figure
from softbeam.present.measured_tables import choice_table, measured_front_table
from softbeam.present.measured_words import HARM_TITLES, basis, facts, headline, sentences


def answers(
    results: Results,
    effects: Effects,
    coverage: float,
    say: Callable[[str], None],
    harms: Sequence[str] = tuple(HARMS),
) -> tuple[Answer, ...]:
    """Return what to do against each kind of damage, each removing a share of it.

    Parameters
    ----------
    results : Results
        The campaign.
    effects : Effects
        What was measured on it.
    coverage : float
        The share.
    say : callable
        Is told what is being worked out.
    harms : sequence of str
        The kinds of damage.
    """
    drawn = drawn_of(results)
    found = []
    for of in harms:
        say(f"which technique where against {HARM_TITLES[of]}, by measured effects")
        aim = Aim(coverage=coverage)
        found.append(measured_answer(drawn, effects, of=of, aim=aim, seed=results.seed))
    return tuple(found)


def first(found: Sequence[Answer]) -> Answer:
    """Return what stands on top: against the worst damage of which there is enough."""
    return next((answer for answer in found if answer.enough), found[0])


def hardened(found: Sequence[Answer]) -> dict[str, dict[int, str]]:
    """Return by kind of damage and layer what is done there, for the picture of the network."""
    return {answer.of: _by_layer(answer) for answer in found if answer.enough}


def _by_layer(answer: Answer) -> dict[int, str]:
    layers: dict[int, list[str]] = {}
    for one in answer.remedies:
        said = f"{one.place.kernel}: {', '.join(one.technique)}"
        layers.setdefault(one.place.layer, []).append(said)
    return {layer: "; ".join(said) for layer, said in layers.items()}


def top(answer: Answer) -> Iterator[Block]:
    """Yield the answer, what it costs and rests on, and the front with what others published."""
    yield Block(answer=headline(answer))
    yield Block(facts=tuple(facts(answer)))
    if answer.enough:
        yield Block(figure=front(answer, PUBLISHED))


def behind(found: Sequence[Answer], names: Mapping[int, str]) -> Iterator[Block]:
    """Yield what stands folded behind the first answer: it in full, and the others."""
    shown = first(found)
    yield Block(points=tuple(sentences(shown)), folded="The answer in full, and what to expect")
    yield from _tables(shown, names)
    for answer in found:
        if answer is not shown:
            drawn = (Block(figure=front(answer)),) if answer.enough else ()
            tables = tuple(_tables(answer, names))
            yield Block(
                folded=f"Which technique where against {HARM_TITLES[answer.of]}",
                inner=(Block(points=tuple(sentences(answer))), *drawn, *tables),
            )
    yield Block(text=basis(shown), folded="What was measured, and how")


def _tables(answer: Answer, names: Mapping[int, str]) -> Iterator[Block]:
    if not answer.enough:
        return
    harm = HARM_TITLES[answer.of]
    yield Block(table=choice_table(answer, names), folded=f"What is done where against {harm}")
    yield Block(
        table=measured_front_table(answer),
        folded=f"Every step of the front as rules for --harden: {harm}",
    )


def front(
    answer: Answer, published: Sequence[Published] = (), measured: Measured | None = None
) -> Figure:
    """Return the front of choices by measured effects as a figure.

    Parameters
    ----------
    answer : Answer
        The answer, which is marked unless a hardened network takes its place.
    published : sequence of Published
        What others published.
    measured : Measured, optional
        A hardened network that was struck.
    """
    found, harm = answer.prediction, HARM_TITLES[answer.of]
    number = f"M{list(HARMS).index(answer.of) + 1}"
    mark = Point(answer.choice.cost, answer.choice.removed, found.low, found.high)
    caption = captions.BY_EFFECT if measured is None else captions.BESIDE_EFFECTS
    return front_figure(
        Line(
            np.array([one.cost for one in answer.front]),
            np.array([one.removed for one in answer.front]),
        ),
        mark if measured is None else None,
        f"figure-{number}-measured-{answer.of}",
        f"Figure {number}. What measured techniques buy: {harm}",
        caption + (captions.PUBLISHED if published else ""),
        harm,
        published=published,
        measured=measured,
        labels=BY_EFFECT,
    )

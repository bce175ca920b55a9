"""The choice by measured effects in tables: what is done where, and the front of choices."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.hardening.measured.answer import Answer, rules_of
from softbeam.analysis.hardening.measured.prediction import Prediction
from softbeam.analysis.results import Results
from softbeam.present.digits import Interval
from softbeam.present.measured_words import HARM_TITLES
from softbeam.present.table import Column, Row, Table, count, label, percentage, share, text

#: What is compared of two campaigns, by what was to be removed.
EVENT_OF = {"critical": "critical", "sdc": "sdc", "due": "undetected", "all": "left"}


def choice_table(answer: Answer, names: Mapping[int, str] | None = None) -> Table:
    """Return a row for each kernel in a layer that is hardened, the largest damage first.

    Parameters
    ----------
    answer : Answer
        What was chosen.
    names : mapping of int to str, optional
        Names of the layers, which then have a column.
    """
    problem, harm = answer.problem, HARM_TITLES[answer.of]
    was = problem.was()
    whole = float(was.sum()) or 1.0
    plain = {state.place: n for n, state in enumerate(problem.states) if not state.technique}
    rows = []
    for state in answer.hardened():
        place = problem.places[state.place]
        own = _damage(answer, plain[state.place])
        number = int(np.unique(problem.injection[problem.state == plain[state.place]]).size)
        key: list[object] = [place.layer, place.kernel]
        if names:
            key.insert(1, names.get(place.layer, ""))
        left = _damage(answer, problem.states.index(state))
        rows.append(
            Row(*key, "+".join(state.technique), number, own / whole, left / whole, state.cost)
        )
    rows.sort(key=lambda row: -row.values[-3])
    keys: list[Column] = [label("layer"), text("kernel")]
    if names:
        keys.insert(1, text("name", wraps=True))
    return Table(
        f"measured-{answer.of}",
        f"What is hardened; share: of all {harm} that strike there; left: of them in the hardened "
        "code, before what is done behind it; cost: further instructions",
        (
            *keys,
            text("technique"),
            count("injections", f"{harm}, n"),
            percentage("share"),
            percentage("left"),
            percentage("cost", digits=2),
        ),
        tuple(rows),
    )


def _damage(answer: Answer, state: int) -> float:
    """Return the damage of the code of a state, whatever is done elsewhere."""
    problem = answer.problem
    own = problem.state == state
    weights = problem.weights[problem.group[problem.injection[own]]]
    return float((problem.factor[own] * weights).sum())


def measured_front_table(answer: Answer) -> Table:
    """Return the front: choices that no cheaper one equals, by rising cost."""
    rows = [
        Row(
            one.cost,
            one.removed,
            len(answer.problem.hardened(one.chosen)),
            rules_of(answer.problem, one.chosen) or "nothing",
        )
        for one in answer.front
    ]
    return Table(
        f"measured-front-{answer.of}",
        f"Choices that no cheaper one equals: what they remove of the {HARM_TITLES[answer.of]} "
        "that were seen",
        (
            percentage("cost", digits=2),
            percentage("removed"),
            count("kernels", "kernels in layers"),
            text("rules", wraps=True),
        ),
        tuple(rows),
    )


def beside_table(predictions: Mapping[str, Prediction], before: Results, after: Results) -> Table:
    """Return what was predicted of a choice beside what a campaign on the hardened network shows.

    Parameters
    ----------
    predictions : mapping of str to Prediction
        Of each kind of damage.
    before, after : Results
        The campaigns on the unhardened and on the hardened network.
    """
    whole = Beside(before, after).relative()
    rows = []
    for harm, event in EVENT_OF.items():
        found = whole.rate(event)
        measured = Interval(1.0 - found.estimate, 1.0 - found.high, 1.0 - found.low)
        own = predictions[harm]
        predicted = None
        # Of too little damage nothing is said.
        if own.enough and own.expected == own.expected and math.isfinite(own.low):
            predicted = Interval(own.expected, own.low, own.high)
        rows.append(Row(HARM_TITLES[harm], predicted, measured, found.second.n, found.first.n))
    return Table(
        "predicted-measured",
        "Removed, with 95 % intervals: predicted from the campaign on the unhardened network, and "
        "measured on the hardened one, as 1 less the rate relative to the unhardened network",
        (
            text("damage"),
            share("predicted"),
            share("measured"),
            count("before", "injections before"),
            count("after", "injections after"),
        ),
        tuple(rows),
    )

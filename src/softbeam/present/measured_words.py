"""The choice by measured effects in sentences: what to do where, its cost, what to expect of it."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.measured.answer import Answer
from softbeam.analysis.hardening.stability import LEAST_DAMAGE
from softbeam.present.digits import between, part
from softbeam.present.words import items

#: What is removed, in words.
HARM_TITLES = {
    "critical": "critical SDCs",
    "sdc": "SDCs",
    "due": "crashes and hangs",
    "all": "SDCs, crashes and hangs",
}

#: Kernels in layers that a sentence names; a table holds them all.
NAMED = 8

#: Techniques that a headline names where it only counts.
TECHNIQUES_NAMED = 4


def sentences(answer: Answer) -> Iterator[str]:
    """Yield the answer, its cost and what to expect of it, sentence by sentence."""
    harm = HARM_TITLES[answer.of]
    found = answer.prediction
    if not answer.enough:
        yield (
            f"There are only {found.injections:,} {harm} in these injections; with fewer than "
            f"{LEAST_DAMAGE} nothing can be said about what to harden."
        )
        return
    yield _what(answer)
    yield (
        f"It removes {percent(answer.choice.removed)} of the {found.injections:,} {harm} that were "
        f"seen, faults in its own code counted, and costs {cost(answer.choice.cost)}."
    )
    yield _expected(answer)
    if not answer.reached:
        yield (
            f"More than that cannot be removed by the techniques that were measured: "
            f"{percent(answer.aim.share)} is out of reach."
        )
    if found.struck:
        yield (
            f"What stays in hardened code that was struck itself rests on {found.struck:,} "
            "injections into it; more of them (--strikes) make the interval narrower."
        )


def headline(answer: Answer) -> str:
    """Return what to do where, what that removes and costs, in one sentence."""
    if not answer.enough:
        return next(sentences(answer))
    found, harm = answer.prediction, HARM_TITLES[answer.of]
    does = (
        f"removes {percent(answer.choice.removed)} of the {found.injections:,} {harm} seen "
        f"({_predicted(answer)} of all) for {cost(answer.choice.cost)}"
    )
    doing = _doing(answer)
    if doing is None:
        return f"Harden nothing: that {does}."
    short = "" if answer.reached else f", and no choice removes {percent(answer.aim.share)}"
    return f"{doing[:1].upper()}{doing[1:]}: that {does}{short}."


def _doing(answer: Answer) -> str | None:
    """Return what is done: kernels in layers by name, or how many by which techniques, and where.

    None if nothing is.
    """
    where: dict[str, list[Item]] = {}
    for one in answer.remedies:
        item = Item(one.place.layer, one.place.kernel)
        where.setdefault(" and ".join(one.technique), []).append(item)
    # What most are hardened by comes first.
    ordered = sorted(where.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    done = []
    if len(answer.remedies) <= NAMED:
        if ordered:
            named = "; ".join(f"{items(members)} by {how}" for how, members in ordered)
            done.append(f"harden {named}")
    else:
        said = [f"{len(members):,} by {how}" for how, members in ordered[:TECHNIQUES_NAMED]]
        if rest := sum(len(members) for _, members in ordered[TECHNIQUES_NAMED:]):
            said.append(f"{rest:,} by others")
        done.append(f"harden {len(answer.remedies):,} kernels in layers, {', '.join(said)}")
    if answer.problem.lean:
        done.append("leave out launches that inference does not need")
    return ", and ".join(done) or None


def facts(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield what a person who decides asks next: cost, expectation, and what both rest on."""
    if not answer.enough:
        return
    found = answer.prediction
    yield (
        "cost",
        f"{cost(answer.choice.cost)}, counted in the hardened machine code, not a time",
    )
    if found.expected == found.expected:
        yield (
            "expect",
            f"{percent(found.expected)} of the {HARM_TITLES[answer.of]} ({_predicted(answer)}) "
            "removed on injections that were not used to choose",
        )
    yield (
        "rests on",
        f"{found.injections:,} {HARM_TITLES[answer.of]}, each struck again, and "
        f"{found.struck:,} injections into the hardened code that is chosen",
    )


def _predicted(answer: Answer) -> str:
    """Return between what the share of all damage lies that an answer removes."""
    low, high = answer.prediction.low, answer.prediction.high
    if low < -1.0:
        return f"{percent(high)} or less"
    return between(low, high)


def _what(answer: Answer) -> str:
    chosen = answer.remedies
    lean = "leave out launches that inference does not need" if answer.problem.lean else ""
    if not chosen:
        return f"{lean[:1].upper()}{lean[1:]}, and harden nothing." if lean else "Harden nothing."
    named = [
        f"{one.place.kernel} in layer {one.place.layer} by {' and '.join(one.technique)}"
        for one in chosen[:NAMED]
    ]
    if len(chosen) > NAMED:
        named.append(f"and {len(chosen) - NAMED:,} more")
    besides = f"; {lean}" if lean else ""
    if len(chosen) == 1:
        return f"Harden {named[0]}{besides}."
    return f"Harden {len(chosen):,} kernels in layers: {'; '.join(named)}{besides}."


def _expected(answer: Answer) -> str:
    found = answer.prediction
    interval = f"{percent(max(found.low, -1.0))} to {percent(found.high)}"
    less = " or less" if found.low < -1.0 else ""
    words = (
        f"Of all {HARM_TITLES[answer.of]}, seen or not, it is predicted to remove {interval}{less} "
        "(95 % interval, one missed injection included)"
    )
    if found.expected != found.expected:
        return f"{words}."
    return (
        f"{words}; choices made without a part of the injections remove "
        f"{percent(found.expected)} of that part."
    )


def percent(share: float) -> str:
    """Return a share in percent, such as ``93.4 %``; with a minus where more is added.

    Examples
    --------
    >>> percent(0.934), percent(-0.02), percent(0.99987)
    ('93.4 %', '-2.0 %', '99.99 %')
    """
    return f"{part(share)} %"


def cost(share: float) -> str:
    """Return further instructions in words.

    Examples
    --------
    >>> cost(0.021), cost(-0.05)
    ('2.1 % more instructions', '5.0 % fewer instructions')
    """
    return f"{part(abs(share))} % {'fewer' if share < 0.0 else 'more'} instructions"


def basis(answer: Answer) -> str:
    """Return in words what the answer rests on."""
    techniques = sorted({"+".join(state.technique) for state in answer.problem.states} - {""})
    return (
        f"Measured were {', '.join(techniques) or 'no techniques'}. Clamps and checks were applied "
        "to what the campaign's own injections left wrong; code of two or three copies, and code "
        "that looks at addresses, was struck itself, with faults of the campaign's modes drawn "
        "from its own fault space. Costs are dynamic thread-instructions of the hardened machine "
        "code, counted exactly, as a share of all in scope. More instructions are struck more "
        "often: that is in every number."
    )

"""The choice by measured effects in sentences: what to do where, its cost, what to expect of it."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.analysis.hardening.measured.answer import Answer, remedies
from softbeam.analysis.hardening.stability import LEAST_DAMAGE
from softbeam.present.digits import part

#: What is removed, in words.
HARM_TITLES = {
    "critical": "critical SDCs",
    "sdc": "SDCs",
    "due": "crashes and hangs",
    "all": "SDCs, crashes and hangs",
}

#: Kernels in layers that a sentence names; a table holds them all.
NAMED = 8


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


def _what(answer: Answer) -> str:
    chosen = remedies(answer)
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
    return f"-{part(-share)} %" if share < 0.0 else f"{part(share)} %"


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

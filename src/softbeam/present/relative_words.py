"""What hardening removed and cost, in sentences."""

from __future__ import annotations

import math

from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.ratios import Ratio
from softbeam.analysis.roofline import Gpu
from softbeam.present.digits import at_least, part
from softbeam.present.factor_tables import stream_name
from softbeam.present.relative_tables import EVENT_TITLES, change, relative_text

#: How the tables are read.
READING = (
    "Relative rate: (places x share) hardened / unhardened, in percent, with 95 % intervals; 100 "
    "is as before, 0.0 [0.0, 3.2] not seen any more, at most 3.2 %. Places are those of one "
    "inference: more instructions mean more faults. Time is not in it."
)

ESTIMATE = (
    "The time is an estimate from peak figures ({source}), not a measurement: each launch lasts as "
    "long as its tightest limit, in the machine code of {architecture}."
)


def removed(found: Ratio, event: str) -> str:
    """Return in a sentence how much of an event is gone.

    Examples
    --------
    >>> from softbeam.analysis.proportion import Proportion
    >>> from softbeam.analysis.ratios import ratio
    >>> removed(ratio(Proportion(4, 1000), Proportion(100, 1000)), "critical")
    'Of the rate of critical SDCs 96.0 % is removed (89.5 to 98.5 %).'
    >>> removed(ratio(Proportion(0, 1000), Proportion(100, 1000)), "critical")
    'Of the rate of critical SDCs at least 96.1 % is removed: none was seen.'
    """
    title = EVENT_TITLES[event]
    if found.low > 1.0:
        return f"The rate of {title} is more than it was: {relative_text(found)} % of it."
    if not math.isfinite(found.high):
        return f"Whether hardening removes {title} is not known: too few were seen unhardened."
    if found.high < 1.0 and not found.first.successes:
        least = at_least(1 - found.high)
        return f"Of the rate of {title} at least {least} % is removed: none was seen."
    if found.high < 1.0:
        gone, fewest, most = (part(1 - one) for one in (found.estimate, found.high, found.low))
        return f"Of the rate of {title} {gone} % is removed ({fewest} to {most} %)."
    return (
        f"Whether hardening removes {title} is undecided: their rate is {relative_text(found)} % "
        "of what it was."
    )


def cost_words(beside: Beside, gpu: Gpu | None = None) -> str:
    """Return in a sentence what hardening costs; empty where it was not counted."""
    before, after = (one.get(Item()) for one in beside.costs())
    if before is None or after is None:
        return ""
    text = (
        f"It executes {_changed(before.instructions, after.instructions)} thread-instructions, and "
        f"asks for {_changed(before.moved, after.moved)} bytes"
    )
    times = None if gpu is None else beside.times(gpu)
    if gpu is not None and times is not None:
        first, second = (one.seconds for one in times)
        time = _changed(first, second, "less")
        text += f"; on {gpu.title} it takes {time} time, by a roofline estimate"
    return f"{text}."


def _changed(first: float, second: float, fewer: str = "fewer") -> str:
    """Return by how much the second is more or less, in words."""
    if first == second:
        return "no more"
    return f"{change(first, second).lstrip('+-')} % {'more' if second > first else fewer}"


def scope_words(beside: Beside) -> tuple[str, ...]:
    """Return what limits the comparison, in sentences."""
    found = []
    if beside.left_out:
        listed = ", ".join(stream_name(one) for one in beside.left_out)
        found.append(f"Only one of the campaigns has injections of {listed}; they are left out.")
    scope = beside.after.facts.scope
    if scope is not None and scope.left_out:
        found.append("Matrix products are a library's: neither their faults nor their costs count.")
    if not (beside.before.facts.work and beside.after.facts.work):
        found.append(
            "One of the campaigns is of before costs were counted; repeat it to have them."
        )
    return tuple(found)

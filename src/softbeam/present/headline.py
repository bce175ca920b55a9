"""The answer of a page in one sentence and a few facts: what to harden, or what hardening did."""

from __future__ import annotations

import math
from collections.abc import Iterator

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.advice import Advice
from softbeam.analysis.hardening.chain import ChainPicture, Hardened
from softbeam.present.advice_words import (
    DAMAGE_TITLES,
    ITEM_TITLES,
    by_share,
    chosen,
    nearly_everything,
    sentences,
)
from softbeam.present.digits import between, part
from softbeam.present.words import items

#: Events whose rates are compared, in words.
EVENT_TITLES = {
    **DAMAGE_TITLES,
    "undetected": "DUEs that the network does not report",
    "left": "SDCs and such DUEs",
}

#: Kernels or layers that a headline names before it only counts.
NAMED = 6


def headline(advice: Advice) -> str:
    """Return what to harden, what that removes and costs, in one sentence."""
    if not advice.enough:
        return next(sentences(advice))
    damage = DAMAGE_TITLES[advice.of]
    most = "at most " if advice.technique.partly or advice.of == "due" else ""
    low, high = advice.removes(advice.answer)
    doing = (
        f"removes {most}{part(advice.answer.coverage, 0)} % of the {damage} seen "
        f"({between(low, high)} of all) for {part(advice.answer.cost)} % more instructions, by "
        f"{advice.technique.title}"
    )
    which = _which(advice)
    if advice.certain():
        return f"Harden {which}: that {doing}."
    return f"By what was seen, harden {which}: that {doing}. These injections do not decide it."


def _which(advice: Advice) -> str:
    """Return the chosen items: by name where that is short, else how many, and if nearly all."""
    members = by_share(advice, advice.answer.members)
    listed = items(members)
    if len(members) <= NAMED or listed.count(",") + listed.count(";") < 2 * NAMED:
        return listed
    nearly = ", nearly everything" if nearly_everything(advice) else ""
    return f"{chosen(advice)}{nearly}"


def facts(advice: Advice) -> Iterator[tuple[str, str]]:
    """Yield what a person who decides asks next: the cost, and how sure the answer is."""
    if not advice.enough:
        return
    launches, own = (
        sum(advice.launches),
        sum(advice.launches[member] for member in advice.answer.members),
    )
    of_launches = f", in {own:,} of {launches:,} launches" if launches else ""
    yield (
        "cost",
        f"{part(advice.answer.cost)} % more thread-instructions{of_launches}; a model of "
        f"{advice.technique.title}, not a time",
    )
    mean, low, high = advice.stability.unseen
    if mean == mean:
        yield (
            "expect",
            f"{part(mean, 0)} % of the {DAMAGE_TITLES[advice.of]} ({between(low, high)}) removed "
            "on injections that were not used to choose",
        )
    undecided = len(advice.undecided())
    yield (
        "sure",
        f"{len(advice.certain()):,} of the {len(advice.answer.members):,} chosen are certain; of "
        f"{undecided:,} of {len(advice.damage.items):,} {ITEM_TITLES[advice.by]} these injections "
        "do not decide whether to choose them",
    )


def hardened_headline(picture: ChainPicture, of: str) -> str:
    """Return what hardening did to one kind of damage, and what it costs, in one sentence.

    Raises
    ------
    ValueError
        If the picture is of one network alone.
    """
    if picture.hardened is None:
        raise ValueError("the picture has no hardened network")
    left, damage = picture.hardened.left[of], DAMAGE_TITLES[of]
    how = hardening(picture)
    subject = f"Hardened by {how}, the network" if how else "The hardened network"
    return f"{subject} {_removes(left, damage)}{_price(picture.hardened)}."


def hardened_facts(picture: ChainPicture) -> Iterator[tuple[str, str]]:
    """Yield what is left of each event, and the cost."""
    if picture.hardened is None:
        return
    for event, left in picture.hardened.left.items():
        yield (
            EVENT_TITLES[event],
            f"{_amount(left)}; {picture.hardened.before[event]:,} of {picture.injections:,} "
            f"injections without hardening, {left.successes:,} of {left.n:,} with it",
        )
    if picture.hardened.cost is not None:
        yield "cost", f"{_price(picture.hardened).removeprefix(' for ')}, counted, not a time"


def hardening(picture: ChainPicture) -> str:
    """Return how a network is hardened: techniques, kernels and layers.

    A technique of all its kernel's layers is said of the kernel alone where there are many.
    """
    where: dict[str, list[Item]] = {}
    for layer in picture.layers:
        for one in layer.techniques:
            kernel, _, technique = one.partition(": ")
            where.setdefault(technique, []).append(Item(layer.layer, kernel))
    said = []
    for technique, members in where.items():
        kernels = sorted({item.kernel or "" for item in members})
        if len(kernels) <= NAMED // 2:
            said.append(f"{technique} of {items(members)}")
        else:
            said.append(f"{technique} of {len(kernels)} kernels")
    return "; ".join(said)


def _removes(left: Estimate, damage: str) -> str:
    """Return what became of a kind of damage, as a predicate."""
    if not math.isfinite(left.estimate):
        return f"shows {left.successes:,} {damage}, and without hardening there was none,"
    if left.high < 1.0:
        removed = f"{part(1.0 - left.estimate, 0)} % ({between(1.0 - left.high, 1.0 - left.low)})"
        return f"has {removed} fewer {damage}"
    return f"keeps {part(left.estimate, 0)} % ({_span(left)}) of the {damage}"


def _amount(left: Estimate) -> str:
    if not math.isfinite(left.estimate):
        return "a share cannot be told: none was seen without hardening"
    return f"{part(left.estimate, 0)} % ({_span(left)}) left"


def _span(left: Estimate) -> str:
    """Return an interval that may have no upper end, in words."""
    if left.high == math.inf:
        return f"at least {part(left.low, 0)} %"
    return between(left.low, left.high)


def _price(hardened: Hardened) -> str:
    cost = hardened.cost
    if cost is None:
        return ""
    if abs(cost) < 5e-7:
        return " for as many instructions"
    return f" for {part(abs(cost))} % {'fewer' if cost < 0 else 'more'} instructions"

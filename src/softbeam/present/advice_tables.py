"""The decision in tables: every item, the sets of the front, the parts of a deep network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Advice
from softbeam.analysis.hardening.damage import Choice, spread
from softbeam.analysis.hardening.published import PUBLISHED, Range
from softbeam.present.advice_words import DAMAGE_TITLES, ITEM_TITLES, by_share, chosen, named
from softbeam.present.digits import DASH, Interval, exact, part
from softbeam.present.factor_tables import KEY_COLUMNS, first_of
from softbeam.present.parts import Part
from softbeam.present.table import (
    Column,
    Ranked,
    Row,
    Table,
    count,
    flag,
    number,
    percentage,
    share,
    text,
)
from softbeam.present.words import items

#: Steps of the front that a page's table has.
STEPS = 100


def _name(kind: str, advice: Advice) -> str:
    own = {By.LAYER: "layer", By.KERNEL: "kernel", By.LAYER_AND_KERNEL: "cell"}[advice.by]
    return f"{kind}-{advice.of}-{own}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _shares(advice: Advice) -> list[Interval]:
    """Return each item's share of the damage."""
    values, stability = advice.damage.values(), advice.stability
    total = float(values.sum()) or 1.0
    return [
        Interval(float(value) / total, low, high)
        for value, low, high in zip(values, stability.low, stability.high, strict=True)
    ]


def item_table(
    advice: Advice, names: Mapping[int, str] | None = None, *, damaged_only: bool = False
) -> Table:
    """Return a row for every item, the largest share of the damage first.

    Parameters
    ----------
    advice : Advice
        What was advised.
    names : mapping of int to str, optional
        Names of the layers, which then have a column.
    damaged_only : bool
        Whether to leave items out in which no damage was seen.
    """
    shares, found, stability = _shares(advice), advice.damage.injections(), advice.stability
    launches = sum(advice.launches)
    named_layers = bool(names) and advice.by is not By.KERNEL
    order = sorted(range(len(shares)), key=lambda item: (-shares[item].estimate, item))
    rows = []
    for item in order:
        where = advice.damage.items[item]
        if damaged_only and not found[item]:
            continue
        label: list[object] = [getattr(where, column.name) for column in KEY_COLUMNS[advice.by]]
        if named_layers:
            label.insert(1, (names or {}).get(where.layer or 0, ""))
        rows.append(
            Row(
                *label,
                int(found[item]),
                shares[item],
                advice.costs[item],
                *([advice.launches[item] or None] if launches else []),
                item in advice.answer.members,
                stability.chosen[item],
                verdict(advice, item),
            )
        )
    keys: list[Column] = list(KEY_COLUMNS[advice.by])
    if named_layers:
        keys.insert(1, text("name", wraps=True))
    damage = DAMAGE_TITLES[advice.of]

    def of_all(own: int) -> str:
        return f"{own:,} ({part(own / launches)})"

    return Table(
        _name("harden", advice),
        f"{_capital(ITEM_TITLES[advice.by])} by their share of the {damage}, with 95 % intervals; "
        "chosen: in so many % of the resamplings; verdict: harden or leave where 95 % of them "
        "agree, also if one damaging injection was missed",
        (
            *keys,
            count("injections", f"{damage}, n"),
            share("share"),
            percentage("cost", digits=2),
            *([number("launches", "launches, %", of_all)] if launches else []),
            flag("in_set", "in the set"),
            percentage("chosen", digits=0),
            text("verdict"),
        ),
        tuple(rows),
        first=first_of(rows),
    )


def verdict(advice: Advice, item: int) -> str:
    """Return whether the injections decide about an item, and how."""
    if item in advice.stability.undecided():
        return "cannot decide"
    return "harden" if item in advice.stability.certain() else "leave"


def part_table(advice: Advice, parts: Sequence[Part]) -> Table:
    """Return a row for every part of a deep network: what of it is in the set and does damage."""
    shares, members = _shares(advice), set(advice.answer.members)
    rows = []
    for place, one in enumerate(parts):
        own = [
            item
            for item, where in enumerate(advice.damage.items)
            if (where.layer or 0) in one.layers
        ]
        rows.append(
            Row(
                Ranked(one.title, place),
                Ranked(one.span, one.layers[0]),
                len(own),
                sum(item in members for item in own),
                int(sum(advice.damage.injections()[item] for item in own)),
                sum(shares[item].estimate for item in own),
                sum(advice.costs[item] for item in own if item in members),
            )
        )
    damage = DAMAGE_TITLES[advice.of]
    return Table(
        _name("parts", advice),
        f"Where in the network the set and the {damage} lie; cost: of the part's members of the "
        "set",
        (
            text("part"),
            text("layers"),
            count("items", _capital(ITEM_TITLES[advice.by])),
            count("members", "in the set"),
            count("injections", f"{damage}, n"),
            percentage("share", "share"),
            percentage("cost", digits=2),
        ),
        tuple(sorted(rows, key=lambda row: -row.values[5])),
        first=first_of(rows),
    )


def front_table(advice: Advice, steps: int | None = STEPS) -> Table:
    """Return the front: at most one set for each of so many steps of damage, or every set.

    Parameters
    ----------
    advice : Advice
        What was advised.
    steps : int or None
        Steps of damage, for readers, with ten members of each set at most by name; None, for a
        file: every set with every member.
    """
    shown: Sequence[Choice] = advice.front if steps is None else list(spread(advice.front, steps))
    rows = tuple(
        Row(
            one.coverage,
            one.cost,
            len(one.members),
            items(advice.items(one.members))
            if steps is None
            else named(by_share(advice, one.members)),
        )
        for one in shown
    )
    return Table(
        _name("front", advice),
        f"The cheapest set for each {100 // (steps or 100)} % of the {DAMAGE_TITLES[advice.of]}; "
        f"the front has {len(advice.front):,} sets in all (softbeam advise --out writes every "
        "one, with every member)",
        (
            percentage("coverage", "removed"),
            percentage("cost", digits=2),
            count("members"),
            text("items", "which", wraps=True),
        ),
        rows,
    )


def summary_table(several: Sequence[Advice]) -> Table:
    """Return the answers in short, a row for each kind of damage and of item."""
    rows = []
    for advice in several:
        against, n = DAMAGE_TITLES[advice.of], advice.damage.place.size
        if not advice.enough:
            rows.append(Row(against, "too few to say", int(n), None, None, None, None))
            continue
        mean, low, high = advice.stability.unseen
        rows.append(
            Row(
                against,
                chosen(advice),
                int(n),
                advice.answer.coverage,
                Interval(mean, low, high) if mean == mean else None,
                advice.answer.cost,
                len(advice.undecided()),
            )
        )
    return Table(
        "harden-in-short",
        "The answers in short: the smallest sets that hold "
        f"{exact(several[0].aim.share)} % of the damage seen; what they remove of "
        "these injections and of others (95 % intervals), what they cost, and about how many the "
        "injections cannot decide",
        (
            text("against"),
            text("harden"),
            count("seen", "seen, n"),
            percentage("removed", "removes of these"),
            share("expected", "of others", digits=0),
            percentage("cost", "costs"),
            count("undecided", "cannot decide, n"),
        ),
        tuple(rows),
    )


def published_table() -> Table:
    """Return a row for every published technique: what it removes, of what, and its cost."""
    return Table(
        "published",
        "Published techniques as their abstracts state them; shares are of the errors named, costs "
        "are run time on their machines",
        (
            text("name", "technique", wraps=True),
            text("removed", "removed, %"),
            text("errors", "of which errors", wraps=True),
            text("cost", "cost, %"),
            text("costs", "of what", wraps=True),
            text("differs", "what differs", wraps=True),
            text("paper", wraps=True),
        ),
        tuple(
            Row(
                f"{one.name}: {one.technique}",
                range_text(one.removed),
                one.errors,
                range_text(one.cost),
                one.costs,
                one.differs,
                f"{one.paper}, doi:{one.doi}" if one.doi else one.paper,
            )
            for one in PUBLISHED
        ),
    )


def range_text(found: Range | None) -> str:
    """Return a published quantity in percent, with the digits that were published.

    Examples
    --------
    >>> range_text(Range(0.9338, 0.9338)), range_text(Range(0.06, 0.23)), range_text(None)
    ('93.38', '6–23', '–')
    """
    if found is None:
        return DASH
    ends = dict.fromkeys(f"{100 * end:.6g}" for end in (found.low, found.high))
    return "–".join(ends)

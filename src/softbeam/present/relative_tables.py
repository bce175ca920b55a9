"""Tables of a hardened network beside the unhardened one: rates of failures, and costs.

The numbers are in :mod:`softbeam.analysis.hardening.beside`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from softbeam.analysis.costs import Cost
from softbeam.analysis.counts import Stream
from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.hardening.relative import Relative, RelativeRow
from softbeam.analysis.ratios import Ratio
from softbeam.analysis.roofline import Gpu
from softbeam.present.digits import USUAL, Interval, at_least, span
from softbeam.present.factor_tables import KEY_COLUMNS, first_of, stream_name
from softbeam.present.table import Column, Row, Style, Table, count, number, share, text

#: Events in words, in the order in which they are shown.
EVENT_TITLES = {
    "critical": "critical SDCs",
    "sdc": "SDCs",
    "due": "DUEs",
    "undetected": "DUEs not detected",
    "left": "SDCs and DUEs not detected",
}

#: What stands for all streams together.
TOGETHER = "all, each weighing the same"


def relative(name: str, title: str) -> Column:
    """Return a column of rates relative to others, in percent for a reader."""
    column = number(name, title, relative_text)
    return replace(column, unit="%", interval=True)


def relative_text(found: Ratio) -> str:
    """Return a relative rate and its interval in percent.

    Examples
    --------
    >>> from softbeam.analysis.proportion import Proportion
    >>> from softbeam.analysis.ratios import ratio
    >>> relative_text(ratio(Proportion(0, 1000), Proportion(50, 1000)))
    '0.0 [0.0, 7.9]'
    >>> relative_text(ratio(Proportion(9, 1000), Proportion(0, 1000)))
    'at least 207.2'
    """
    if math.isfinite(found.high):
        return span(Interval(found.estimate, found.low, found.high), USUAL)
    if found.low > 0.0:
        return f"at least {at_least(found.low)}"
    return "not known"


def rates_table(beside: Beside, name: str = "relative-rates") -> Table:
    """Return the rates of all events relative to the unhardened network, by stream and together."""
    compared = [(stream_name(one), beside.relative(one)) for one in beside.streams]
    if len(compared) > 1:
        compared.append((TOGETHER, beside.relative()))
    rows = [
        Row(title, mode, *_seen(found), both.growth, found)
        for event, title in EVENT_TITLES.items()
        for mode, both in compared
        for found in (both.rate(event),)
    ]
    columns = (
        text("event", wraps=True),
        text("mode", wraps=True),
        count("before-seen", "seen").within("unhardened"),
        count("before-n", "n").within("unhardened"),
        count("after-seen", "seen").within("hardened"),
        count("after-n", "n").within("hardened"),
        number("places", "places, ratio", lambda value: f"{value:.4f}"),
        relative("relative", "relative rate"),
    )
    caption = "Rates relative to the unhardened network"
    return Table(name, caption, columns, tuple(rows))


def _seen(found: Ratio) -> tuple[int, int, int, int]:
    return found.second.successes, found.second.n, found.first.successes, found.first.n


def places_table(
    compared: Relative, event: str, by: By, name: str, *, by_damage: bool = False
) -> Table:
    """Return where an event was and is, by layer, kernel or both.

    Parameters
    ----------
    compared : Relative
        The streams.
    event : str
        One of :data:`EVENT_TITLES`.
    by : By
        What a row is.
    name : str
        Of the table.
    by_damage : bool
        Whether the rows with most of the event in the unhardened network come first.
    """
    found = compared.rows(event, by)
    if by_damage:
        found = tuple(sorted(found, key=lambda row: -_estimate(row)))
    rows = tuple(
        Row(*_label(row.item, by), _growth(row), row.before, row.after, row.relative)
        for row in found
    )
    columns = (
        *KEY_COLUMNS[by],
        number("places", "places, ratio", lambda value: f"{value:.4f}"),
        share("before", "unhardened"),
        relative("after", "hardened"),
        relative("relative", "relative rate"),
    )
    caption = (
        f"{EVENT_TITLES[event]} by {by.value}, before and after, as parts of all of the unhardened "
        "network's"
    )
    return Table(name, caption, columns, rows, first=first_of(rows) if by_damage else 0)


def _estimate(row: RelativeRow) -> float:
    return row.before.estimate if row.before is not None and row.before.n else 0.0


def _growth(row: RelativeRow) -> float | None:
    before, after = row.places
    return after / before if before else None


def _label(item: Item, by: By) -> tuple[int | str | None, ...]:
    return tuple(getattr(item, column.name) for column in KEY_COLUMNS[by])


#: Costs in words: attributes of :class:`softbeam.analysis.costs.Cost`.
COST_TITLES = {
    "launches": "launches",
    "instructions": "thread-instructions",
    "executed": "thread-instructions not predicated off",
    "loaded": "bytes loaded, as threads ask for them",
    "stored": "bytes stored, as threads give them",
    "touched": "bytes that launches read and write, each once",
}


def costs_table(beside: Beside, gpu: Gpu | None = None, name: str = "costs") -> Table | None:
    """Return what an inference costs before and after; None where it was not counted.

    Parameters
    ----------
    beside : Beside
        The two campaigns.
    gpu : Gpu, optional
        Whose time is estimated.
    name : str
        Of the table.
    """
    both = [costs.get(Item()) for costs in beside.costs()]
    if both[0] is None or both[1] is None:
        return None
    rows = [
        Row(title, *_whole(both[0], both[1], attribute)) for attribute, title in COST_TITLES.items()
    ]
    times = None if gpu is None else beside.times(gpu)
    if gpu is not None and times is not None:
        for title, seconds in (
            (f"ms on {gpu.title}, roofline estimate", [one.seconds for one in times]),
            ("ms between launches, estimate", [one.between for one in times]),
            ("ms of both, estimate", [one.seconds + one.between for one in times]),
        ):
            rows.append(Row(title, *(f"{1e3 * one:.4f}" for one in seconds), change(*seconds)))
    columns = (
        text("cost", wraps=True),
        replace(text("before", "unhardened"), numeric=True),
        replace(text("after", "hardened"), numeric=True),
        replace(text("change", "change, %"), numeric=True),
    )
    return Table(name, "What an inference costs", columns, tuple(rows))


def _whole(before: Cost, after: Cost, attribute: str) -> tuple[str, str, str]:
    first, second = getattr(before, attribute), getattr(after, attribute)
    return f"{first:,.0f}", f"{second:,.0f}", change(first, second)


def change(first: float, second: float) -> str:
    """Return by how much the second is more, in percent, with a sign.

    Examples
    --------
    >>> change(200.0, 203.0), change(200.0, 150.0), change(200.0, 200.0), change(0.0, 2.0)
    ('+1.50', '-25.00', '0.00', 'new')
    """
    if not first:
        return "new" if second else "0.00"
    if first == second:
        return "0.00"
    digits = 2
    while float(f"{100 * (second / first - 1):.{digits}f}") == 0.0 and digits < 12:
        digits += 1
    return f"{100 * (second / first - 1):+.{digits}f}"


def cost_places_table(beside: Beside, by: By, name: str) -> Table | None:
    """Return instructions and bytes by layer, kernel or both, before and after."""
    first, second = beside.costs(by)
    if not first or not second:
        return None
    items = sorted({*first, *second}, key=lambda item: item.order)
    rows = [
        Row(
            *_label(item, by),
            *(
                value
                for attribute in ("instructions", "moved")
                for value in _pair(first, second, item, attribute)
            ),
        )
        for item in items
    ]
    columns = list(KEY_COLUMNS[by])
    for name_of, group in (("instructions", "thread-instructions"), ("moved", "bytes")):
        columns += [
            _large(f"{name_of}-before", "unhardened").within(group),
            _large(f"{name_of}-after", "hardened").within(group),
            replace(text(f"{name_of}-change", "%"), numeric=True).within(group),
        ]
    return Table(name, f"Costs by {by.value}", tuple(columns), tuple(rows))


def _pair(
    first: Mapping[Item, Cost], second: Mapping[Item, Cost], item: Item, attribute: str
) -> tuple[float, float, str]:
    before, after = (getattr(one.get(item, Cost()), attribute) for one in (first, second))
    return before, after, change(before, after)


def _large(name: str, title: str) -> Column:
    def write(value: float, style: Style) -> str:
        return f"{value:,.0f}"

    return Column(name, title, numeric=True, write=write)


def flat_rates(beside: Beside) -> Table:
    """Return every relative rate in a row of its own, for a file."""
    rows = tuple(row for by in (None, *By) for row in _flat_rows(beside, by))
    columns: tuple[Column, ...] = (
        *(text(name) for name in ("by", "mode", "model", "event", "layer", "kernel")),
        *(number(f"places_{side}", None, str) for side in ("before", "after")),
        *(count(name) for name in ("before_seen", "before_n", "after_seen", "after_n")),
        share("before", of=""),
        relative("after", "after"),
        relative("relative", "relative"),
    )
    return Table("relative", "", columns, rows)


def _flat_rows(beside: Beside, by: By | None) -> Iterator[Row]:
    chosen: list[tuple[Sequence[str], Relative]] = [
        (one, beside.relative(one)) for one in beside.streams
    ]
    if len(chosen) > 1:
        chosen.append((Stream("all", "all"), beside.relative()))
    for names, both in chosen:
        for event in EVENT_TITLES:
            found = (both.row(event, Item()),) if by is None else both.rows(event, by)
            for row in found:
                seen = row.relative or both.rate(event, row.item)
                yield Row(
                    "all" if by is None else by.value,
                    *names,
                    event,
                    row.item.layer,
                    row.item.kernel,
                    *row.places,
                    *_seen(seen),
                    row.before,
                    row.after,
                    row.relative,
                )


def flat_costs(beside: Beside) -> Table:
    """Return the costs of every kernel in every layer, for a file."""
    first, second = beside.costs(By.LAYER_AND_KERNEL)
    items = sorted({*first, *second}, key=lambda item: item.order)
    names = tuple(COST_TITLES)
    rows = tuple(
        Row(
            item.layer,
            item.kernel,
            *(getattr(one.get(item, Cost()), name) for one in (first, second) for name in names),
        )
        for item in items
    )
    columns = (
        *KEY_COLUMNS[By.LAYER_AND_KERNEL],
        *(number(f"{side}_{name}", None, str) for side in ("before", "after") for name in names),
    )
    return Table("costs", "", columns, rows)

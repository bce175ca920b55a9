"""Tables as a page shows them: texts, and beside them what they are sorted by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.factors import NEVER_READ_LABEL, By, FactorRow, Key, factor_table
from softbeam.analysis.outcomes import outcome_rows
from softbeam.injection.outcomes import OUTCOMES
from softbeam.report.words import percent


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, its number if it has one, and its class in the style sheet."""

    text: str
    number: float | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        Its id in the page.
    caption : str
        What it is.
    columns : tuple of str
        Titles.
    rows : tuple of (tuple of Cell)
        Rows that are sorted.
    foot : tuple of (tuple of Cell)
        Rows that stay below.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[tuple[Cell, ...], ...] = ()


def number(value: float, text: str | None = None) -> Cell:
    """Return a cell with a number."""
    return Cell(f"{value:,}" if text is None else text, value, "number")


def share_cell(share: Share) -> Cell:
    """Return a cell with a share in percent and its interval."""
    return Cell(percent(share), share.estimate if share.n else None, "number")


def outcome_table(counts: Counts, streams: Sequence[Stream], *, details: bool) -> Table:
    """Return how the injections of each stream ended, a column for each.

    Parameters
    ----------
    counts : Counts
        The injections.
    streams : sequence of Stream
        Streams, in the order of the columns.
    details : bool
        Whether outcomes are divided into their details, and flags shown.
    """
    every = [outcome_rows(counts, stream) for stream in streams]
    rows = []
    for together in zip(*every, strict=True):
        kind = together[0].kind
        if kind != "outcome" and not details:
            continue
        label = {
            "outcome": together[0].outcome,
            "detail": f"{together[0].outcome}, {together[0].detail}",
            "flag": together[0].detail,
        }[kind]
        cells = [
            part
            for row in together
            for part in (number(row.share.successes), share_cell(row.share))
        ]
        rows.append((Cell(label, None, kind), *cells))
    foot = [Cell("all")]
    for stream in streams:
        whole = counts.where(lambda cell, own=stream: cell.stream == own).n  # type: ignore[misc]
        foot += [number(whole), Cell("")]
    names = [f"{stream.mode.upper()} {stream.model}" for stream in streams]
    columns = [text for name in names for text in (f"{name}, n", f"{name}, %")]
    return Table(
        "outcomes-in-detail" if details else "outcomes-in-short",
        "How the injections of each mode ended" + (", in detail" if details else ""),
        ("outcome", *columns),
        tuple(rows),
        (tuple(foot),),
    )


def factors_table(
    counts: Counts, stream: Stream, by: By, keys: Iterable[Key], name: str, caption: str
) -> Table:
    """Return joint and conditional factors of a stream, a row for each layer, kernel or both."""
    table = factor_table(counts, stream, by, keys=keys)
    unread = table.total.never_read > 0
    names = {
        By.LAYER: ("layer",),
        By.KERNEL: ("kernel",),
        By.LAYER_AND_KERNEL: ("layer", "kernel"),
    }[by]
    outcomes = ((NEVER_READ_LABEL,) if unread else ()) + OUTCOMES
    columns = (
        *names,
        "n",
        *(f"{outcome}, joint %" for outcome in outcomes),
        *(f"{outcome}, cond. %" for outcome in outcomes[-2:]),
    )

    def cells(row: FactorRow) -> tuple[Cell, ...]:
        joint = {**row.joint, **(row.joint_split if unread else {})}
        return (
            number(row.n),
            *(share_cell(joint[outcome]) for outcome in outcomes),
            *(share_cell(row.conditional[outcome]) for outcome in outcomes[-2:]),
        )

    def label(key: Key) -> tuple[Cell, ...]:
        values = (getattr(key, name) for name in names)
        return tuple(
            number(value, str(value)) if isinstance(value, int) else Cell(str(value))
            for value in values
        )

    rows = tuple((*label(row.key), *cells(row)) for row in table.rows)
    foot = (Cell("all"), *[Cell("")] * (len(names) - 1), *cells(table.total))
    return Table(name, caption, columns, rows, (foot,))


def split_table(
    rows: Sequence[tuple[str, float, int, Sequence[Share]]], name: str, caption: str, key: str
) -> Table:
    """Return a table of SDC and DUE shares by some key, each row a text, its order, n, shares."""
    return Table(
        name,
        caption,
        (key, "n", "SDC, %", "DUE, %"),
        tuple(
            (Cell(text, order), number(n), *map(share_cell, shares))
            for text, order, n, shares in rows
        ),
    )

"""Tables of outcomes and of vulnerability factors: for readers, and flat ones for files.

The numbers are in :mod:`softbeam.analysis.factors` and :mod:`softbeam.analysis.outcomes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Place
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.factors import (
    NEVER_READ_LABEL,
    By,
    FactorRow,
    FactorTable,
    Item,
    NeverRead,
    factor_table,
)
from softbeam.analysis.outcomes import OutcomeRow, outcome_rows
from softbeam.injection.outcomes import OUTCOMES
from softbeam.present.parts import Part
from softbeam.present.table import Column, Ranked, Row, Table, count, label, share, text
from softbeam.present.words import part_of

#: The columns that say what a row is about.
KEY_COLUMNS = {
    By.LAYER: (label("layer"),),
    By.KERNEL: (text("kernel"),),
    By.LAYER_AND_KERNEL: (label("layer"), text("kernel")),
}

#: A table with more rows than the first number shows so many as the second says at first.
LONG, FIRST = 12, 10

Shares = Literal["joint", "conditional"]


def stream_name(stream: Stream) -> str:
    """Return a stream's short name, such as ``RF single-bit``."""
    return f"{stream.mode.upper()} {stream.model}"


def first_of(rows: Sequence[Row]) -> int:
    """Return how many rows of a table are shown at first; 0 for all of them."""
    return FIRST if len(rows) > LONG else 0


def outcomes_of(counts: Counts, stream: Stream) -> Table:
    """Return how the injections of one stream ended: outcomes, their details, flags."""
    rows = tuple(
        Row(_outcome_label(row, within=False), row.share.successes, row.share, kind=row.kind)
        for row in outcome_rows(counts, stream)
    )
    columns = (text("outcome"), count("injections", "n"), share("share"))
    return Table(f"outcomes-{stream.mode}-{stream.model}", "", columns, rows)


def outcome_table(counts: Counts, streams: Sequence[Stream], *, details: bool) -> Table:
    """Return how the injections of each stream ended, two columns for each.

    Parameters
    ----------
    counts : Counts
        The injections.
    streams : sequence of Stream
        Streams, in the order of the columns.
    details : bool
        Whether outcomes are divided into their details, and flags shown.
    """
    rows = [
        Row(
            _outcome_label(together[0], within=True),
            *(value for row in together for value in (row.share.successes, row.share)),
            kind=together[0].kind,
        )
        for together in zip(*(outcome_rows(counts, stream) for stream in streams), strict=True)
        if details or together[0].kind == "outcome"
    ]
    whole = [counts.of_stream(stream).n for stream in streams]
    columns = [text("outcome")]
    for stream in streams:
        own = f"{stream.mode}-{stream.model}"
        columns.append(count(f"{own}-n", "n").within(stream_name(stream)))
        columns.append(share(own, "").within(stream_name(stream)))
    return Table(
        "outcomes-in-detail" if details else "outcomes-in-short",
        "How the injections of each mode ended" + (", in detail" if details else ""),
        tuple(columns),
        tuple(rows),
        (Row("all", *(value for n in whole for value in (n, ""))),),
    )


def _outcome_label(row: OutcomeRow, *, within: bool) -> str:
    """Return an outcome, a detail or a flag; a detail with its outcome where rows are sorted."""
    if row.kind == "outcome":
        return row.outcome
    return f"{row.outcome}, {row.detail}" if within and row.kind == "detail" else row.detail


def factors_table(
    table: FactorTable,
    columns: Sequence[tuple[Shares, str]],
    name: str,
    caption: str,
    *,
    by_damage: bool = False,
) -> Table:
    """Return the factors of a stream, a row for each layer, kernel or both.

    Parameters
    ----------
    table : FactorTable
        The factors.
    columns : sequence of (str, str)
        The shares to show: ``joint`` or ``conditional``, and an outcome or ``N-R``.  Where ``N-R``
        is among those of a kind, its Masked is without it.
    name, caption : str
        Of the table.
    by_damage : bool
        Whether the rows with the largest joint share of SDCs and DUEs come first, and a long
        table shows only ten of them at first; else rows are in the order of the network.
    """

    def values(row: FactorRow) -> Iterator[Share]:
        for kind, outcome in columns:
            split = row.joint_split if kind == "joint" else row.conditional_split
            whole = row.joint if kind == "joint" else row.conditional
            apart = (kind, NEVER_READ_LABEL) in columns and outcome in split
            yield split[outcome] if apart else whole[outcome]

    rows = sorted(table.rows, key=_damage if by_damage else lambda row: 0)
    made = [Row(*_label(row.item, table.by), row.n, *values(row)) for row in rows]
    keys = key_columns(table)
    foot = Row("all", *[""] * (len(keys) - 1), table.total.n, *values(table.total))
    several = len({kind for kind, _ in columns}) > 1
    shown = [
        share(f"{kind}-{outcome}", f"{outcome}, {_SHORT[kind]}" if several else outcome)
        for kind, outcome in columns
    ]
    return Table(
        name,
        f"{caption}; most SDCs and DUEs first" if by_damage else caption,
        (*keys, count("n"), *shown),
        tuple(made),
        (foot,),
        first_of(made) if by_damage else 0,
    )


_SHORT: dict[Shares, str] = {"joint": "joint", "conditional": "cond."}


def _damage(row: FactorRow) -> tuple[float, tuple[int, str]]:
    found = sum(row.joint[outcome].estimate for outcome in ("SDC", "DUE") if row.joint[outcome].n)
    return (-found, row.item.order)


def key_columns(table: FactorTable) -> tuple[Column, ...]:
    """Return the columns that say what a row is about, a kernel by the mode's word for it."""
    return tuple(
        replace(column, title=part_of(table.stream.mode)) if column.name == "kernel" else column
        for column in KEY_COLUMNS[table.by]
    )


def _label(item: Item, by: By) -> tuple[int | str | None, ...]:
    return tuple(getattr(item, column.name) for column in KEY_COLUMNS[by])


def shares_shown(table: FactorTable, *, unread: bool | None = None) -> list[tuple[Shares, str]]:
    """Return the columns of a page's table: all joint shares, conditional ones of SDC and DUE.

    Parameters
    ----------
    table : FactorTable
        The factors, never-read faults in place.
    unread : bool, optional
        Whether never-read faults get a column; by default where there are any.
    """
    apart = table.total.never_read > 0 if unread is None else unread
    first: tuple[str, ...] = (NEVER_READ_LABEL,) if apart else ()
    joint: list[tuple[Shares, str]] = [("joint", one) for one in (*first, *OUTCOMES)]
    return [*joint, ("conditional", "SDC"), ("conditional", "DUE")]


def parts_table(
    counts: Counts, stream: Stream, parts: Sequence[Part], name: str, caption: str
) -> Table:
    """Return the factors of the parts of a deep network, the part with most damage first."""
    whole = counts.of_stream(stream)
    estimator = Estimator(whole)
    found: list[tuple[float, Row]] = []
    for part in parts:
        place = Place(part.layers)
        within = whole.inside(place)
        ended = [whole["outcome"] == outcome for outcome in ("SDC", "DUE")]
        joint = [estimator.joint(one, place) for one in ended]
        own = [estimator.share(one, within) for one in ended]
        n = own[0].n
        damage = sum(one.estimate for one in joint) if n else 0.0
        span = Ranked(part.span, part.layers[0])
        found.append((damage, Row(Ranked(part.title, part.layers[0]), span, n, *joint, *own)))
    found.sort(key=lambda one: -one[0])
    rows = tuple(row for _, row in found)
    columns = (
        text("part"),
        text("layers"),
        count("n"),
        *(share(f"joint-{one}", f"{one}, joint") for one in ("SDC", "DUE")),
        *(share(f"conditional-{one}", f"{one}, cond.") for one in ("SDC", "DUE")),
    )
    return Table(name, f"{caption}; most SDCs and DUEs first", columns, rows, first=first_of(rows))


def layer_names(names: Mapping[int, str], layers: Iterable[int]) -> Table | None:
    """Return what layers are, as the model names them; None where no name is known."""
    rows = tuple(Row(layer, names[layer]) for layer in sorted(layers) if layer in names)
    if not rows:
        return None
    return Table("layer-names", "Layers", (label("layer"), text("name", wraps=True)), rows)


def split_table(
    rows: Iterable[tuple[str, float, int, Sequence[Share]]],
    name: str,
    caption: str,
    key: str,
    columns: Sequence[str] = ("SDC", "DUE"),
) -> Table:
    """Return shares by some key, each row a text, its place among them, n, and the shares."""
    return Table(
        name,
        caption,
        (text(key), count("n"), *(share(column) for column in columns)),
        tuple(Row(Ranked(title, place), n, *shares) for title, place, n, shares in rows),
    )


def flat_factors(counts: Counts, by: By) -> Table:
    """Return every factor of every stream in a row of its own, for a file.

    Its columns are described by ``softbeam tables --help``.  ``never_read`` is ``in place`` or
    ``apart``; where apart, the layer and the kernel of the row of never-read faults is ``N-R``.
    """
    rows: list[Row] = []
    for stream in counts.streams():
        for never_read in NeverRead:
            table = factor_table(counts, stream, by, never_read)
            labelled = [(_label(row.item, by), row) for row in table.rows]
            if table.never_read_row is not None:
                key = (NEVER_READ_LABEL,) * len(KEY_COLUMNS[by])
                labelled.append((key, table.never_read_row))
            rows.extend(
                Row(
                    *stream,
                    never_read.value,
                    *key,
                    outcome,
                    joint.successes,
                    joint,
                    row.conditional[outcome],
                )
                for key, row in labelled
                for outcome, joint in row.joint.items()
            )
    columns: tuple[Column, ...] = (
        *(text(name) for name in ("mode", "model", "never_read")),
        *KEY_COLUMNS[by],
        text("outcome"),
        count("injections"),
        share("joint", of="joint_n"),
        share("conditional", of="conditional_n"),
    )
    return Table(f"factors-by-{by.value}", "", columns, tuple(rows))


def flat_outcomes(counts: Counts) -> Table:
    """Return every outcome, detail and flag of every stream in a row of its own, for a file."""
    rows = tuple(
        Row(*stream, row.kind, row.outcome, row.detail, row.share.successes, row.share)
        for stream in counts.streams()
        for row in outcome_rows(counts, stream)
    )
    names = ("mode", "model", "kind", "outcome", "detail")
    columns = (*map(text, names), count("injections"), share("share", of="n"))
    return Table("outcomes", "", columns, rows)

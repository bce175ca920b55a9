"""Tables of inferences with several faults, and of accuracy under faults.

The numbers are in :mod:`softbeam.analysis.accuracy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from softbeam.analysis.accuracy import LoadRow
from softbeam.analysis.counts import Stream
from softbeam.analysis.proportion import Proportion
from softbeam.injection.outcomes import OUTCOMES
from softbeam.present.table import Column, Row, Table, count, number, share, text


def load_in_words(row: LoadRow) -> str:
    """Return how many faults an inference gets."""
    if row.rate is None:
        return row.load
    return f"{row.rate:g} a bit, {row.faults:.3g} on average"


def loads_table(
    rows: Sequence[LoadRow], stream: Stream, name: str, title: str, fault_free: Proportion | None
) -> Table:
    """Return how inferences of one stream ended, by number of faults.

    Parameters
    ----------
    rows : sequence of LoadRow
        Of all streams.
    stream : Stream
        Which of them.
    name, title : str
        Of the table.
    fault_free : Proportion, optional
        The accuracy without faults, of labelled inputs.
    """
    columns: list[Column] = [text("faults"), count("n"), *(share(one) for one in OUTCOMES)]
    columns.append(share("critical"))
    made = []
    if fault_free is not None:
        columns += [share("accuracy"), share("lost"), share("gained")]
        empty = (None,) * (len(OUTCOMES) + 1)
        made.append(Row("none", fault_free.n, *empty, fault_free, None, None))
    for row in rows:
        if row.stream == stream:
            values = [row.ended[one] for one in OUTCOMES]
            right = (row.right, row.lost, row.gained) if fault_free is not None else ()
            made.append(Row(load_in_words(row), row.n, *values, row.critical, *right))
    return Table(name, title, tuple(columns), tuple(made))


def flat_loads(rows: Iterable[LoadRow], fault_free: Proportion | None) -> Table:
    """Return every number of faults of every stream with every digit, for a file."""
    columns = (
        text("mode"),
        text("model"),
        text("load"),
        number("mean_faults", None, str),
        count("n"),
        *(share(one) for one in OUTCOMES),
        share("critical"),
        share("accuracy"),
        share("lost"),
        share("gained"),
    )
    made = []
    if fault_free is not None:
        nothing = (None,) * (len(OUTCOMES) + 1)
        made.append(Row("", "", "0", 0.0, fault_free.n, *nothing, fault_free, None, None))
    for row in rows:
        ended = (row.ended[one] for one in OUTCOMES)
        right = row.right, row.lost, row.gained
        made.append(Row(*row.stream, row.load, row.faults, row.n, *ended, row.critical, *right))
    return Table("accuracy", "", columns, tuple(made))

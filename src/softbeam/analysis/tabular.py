"""The tables as flat rows of text, for files that other programs read.

Nothing is rounded: a number is written with as many digits as it takes to read it back exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.factors import (
    NEVER_READ_LABEL,
    By,
    FactorRow,
    Key,
    NeverRead,
    factor_table,
)
from softbeam.analysis.outcomes import outcome_rows

_KEY_COLUMNS = {
    By.LAYER: ("layer",),
    By.KERNEL: ("kernel",),
    By.LAYER_AND_KERNEL: ("layer", "kernel"),
}

_FACTOR_COLUMNS = (
    "outcome",
    "injections",
    "joint_n",
    "joint",
    "joint_low",
    "joint_high",
    "conditional_n",
    "conditional",
    "conditional_low",
    "conditional_high",
)

OUTCOME_COLUMNS = (
    "mode",
    "model",
    "kind",
    "outcome",
    "detail",
    "injections",
    "n",
    "share",
    "share_low",
    "share_high",
)


def factor_columns(by: By) -> tuple[str, ...]:
    """Return the column names of :func:`factor_lines`."""
    return ("mode", "model", "never_read", *_KEY_COLUMNS[by], *_FACTOR_COLUMNS)


def factor_lines(counts: Counts, by: By) -> Iterator[tuple[str, ...]]:
    """Yield one line for each stream, way to count never-read faults, row and outcome.

    Parameters
    ----------
    counts : Counts
        Counted injections.
    by : By
        What a row is about.

    Yields
    ------
    tuple of str
        The columns of :func:`factor_columns`.  ``never_read`` is ``in place`` or ``apart``; where
        apart, the layer and the kernel of the line of never-read faults is ``N-R``.
        ``injections`` of ``joint_n`` injections of the stream fell here and ended in the
        outcome: ``joint`` and its interval; of ``conditional_n`` that fell here: ``conditional``
        and its interval.  A share of nothing is an empty field.
    """
    for stream in counts.streams():
        for never_read in NeverRead:
            table = factor_table(counts, stream, by, never_read)
            for row in table.rows:
                yield from _row_lines(stream, never_read, _key_fields(row.key, by), row)
            if table.never_read_row is not None:
                label = (NEVER_READ_LABEL,) * len(_KEY_COLUMNS[by])
                yield from _row_lines(stream, never_read, label, table.never_read_row)


def outcome_lines(counts: Counts) -> Iterator[tuple[str, ...]]:
    """Yield one line, of :data:`OUTCOME_COLUMNS`, for each stream and outcome, detail or flag."""
    for stream in counts.streams():
        for row in outcome_rows(counts, stream):
            yield (*stream, row.kind, row.outcome, row.detail, *_share_fields(row.share))


def _row_lines(
    stream: Stream, never_read: NeverRead, label: tuple[str, ...], row: FactorRow
) -> Iterator[tuple[str, ...]]:
    for outcome, joint in row.joint.items():
        yield (
            *stream,
            never_read.value,
            *label,
            outcome,
            *_share_fields(joint),
            *_share_fields(row.conditional[outcome])[1:],
        )


def _key_fields(key: Key, by: By) -> tuple[str, ...]:
    return tuple(str(getattr(key, column)) for column in _KEY_COLUMNS[by])


def _share_fields(share: Share) -> tuple[str, ...]:
    known = (share.estimate, share.low, share.high) if share.n else ()
    values = tuple(repr(value) for value in known) or ("", "", "")
    return (str(share.successes), str(share.n), *values)

"""How the injections of a stream ended, down to the details and the flags.

Where in the network they fell is :mod:`softbeam.analysis.factors`' subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import DETAILS, OUTCOMES

#: Flags, which divide nothing: an injection can have any of them beside its detail.
NOT_FINITE = "output not finite"
UNRECORDED = "touched unrecorded memory"


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """The share of a stream's injections that ended in one way.

    Attributes
    ----------
    kind : {"outcome", "detail", "flag"}
        The outcomes of a stream add up to its injections, an outcome's details to the outcome;
        flags add up to nothing.
    outcome : str
        The outcome; empty for a flag that any outcome can have.
    detail : str
        The detail or flag; empty for a whole outcome.
    share : Proportion
        Among all injections of the stream.
    """

    kind: Literal["outcome", "detail", "flag"]
    outcome: str
    detail: str
    share: Proportion


def outcome_rows(counts: Counts, stream: Stream) -> tuple[OutcomeRow, ...]:
    """Return how the injections of a stream ended.

    Parameters
    ----------
    counts : Counts
        Counted injections, of other streams too.
    stream : Stream
        The stream to describe.

    Returns
    -------
    tuple of OutcomeRow
        Each outcome, then its details, those that never occurred too (0 of n is an upper bound);
        then the flags.
    """
    chosen = counts.where(lambda cell: cell.stream == stream)
    n = chosen.n
    rows = []
    for outcome in OUTCOMES:
        ended = {detail: 0 for detail in DETAILS[outcome]}
        for cell, count in chosen.cells.items():
            if cell.outcome == outcome:
                ended[cell.detail] = ended.get(cell.detail, 0) + count
        rows.append(OutcomeRow("outcome", outcome, "", Proportion(sum(ended.values()), n)))
        for detail, count in ended.items():
            rows.append(OutcomeRow("detail", outcome, detail, Proportion(count, n)))
    not_finite = chosen.where(lambda cell: cell.not_finite).n
    unrecorded = chosen.where(lambda cell: cell.unrecorded).n
    rows.append(OutcomeRow("flag", "SDC", NOT_FINITE, Proportion(not_finite, n)))
    rows.append(OutcomeRow("flag", "", UNRECORDED, Proportion(unrecorded, n)))
    return tuple(rows)

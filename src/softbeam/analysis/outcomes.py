"""How the injections of a stream ended, down to the details and the flags.

Where in the network they fell is in :mod:`softbeam.analysis.factors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.estimation import Estimator, Share
from softbeam.injection.choices import FUNCTION
from softbeam.injection.outcomes import DETECTION_DETAILS, OUTCOMES, details_of

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
    share : Share
        Among all injections of the stream.
    """

    kind: Literal["outcome", "detail", "flag"]
    outcome: str
    detail: str
    share: Share


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
        then the flags.  The same rows for every stream of `counts`.
    """
    chosen = counts.of_stream(stream)
    share = Estimator(chosen).share
    rows = []
    for outcome in OUTCOMES:
        ended = chosen["outcome"] == outcome
        rows.append(OutcomeRow("outcome", outcome, "", share(ended)))
        rows.extend(
            OutcomeRow("detail", outcome, detail, share(ended & (chosen["detail"] == detail)))
            for detail in _details(counts, outcome)
        )
    rows.append(OutcomeRow("flag", "SDC", NOT_FINITE, share(chosen["not_finite"])))
    rows.append(OutcomeRow("flag", "", UNRECORDED, share(chosen["unrecorded"])))
    return tuple(rows)


def _details(counts: Counts, outcome: str) -> tuple[str, ...]:
    """Return what an outcome is divided into: by the network's kind of answers."""
    seen = set(counts["detail"][counts["outcome"] == outcome].tolist())
    answers = counts.design.answers
    known = details_of(outcome, answers or "classes", reports=counts.design.reports)
    if answers == FUNCTION:
        # Its details are its own; of softbeam's those that were seen.
        known = tuple(one for one in known if outcome != "SDC" or one in seen)
    elif (
        not answers
        and outcome == "SDC"
        and seen <= set(DETECTION_DETAILS)
        and not seen <= set(known)
    ):
        known = DETECTION_DETAILS
    return tuple(dict.fromkeys((*known, *sorted(seen))))

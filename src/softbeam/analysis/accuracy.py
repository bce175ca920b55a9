"""What becomes of answers with one fault, several, or as many as a bit-error rate gives.

Of labelled inputs also how many answers are right.  An inference that ends in a DUE has no answer,
and so none that is right.  The inputs are clusters: intervals are as wide as they differ, and speak
of all inputs like them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.proportion import Proportion
from softbeam.campaign.results.facts import Facts
from softbeam.faults.load import Load
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.outcomes import OUTCOMES, is_critical

#: The load of an injection: a single fault.
SINGLE = "1"


class Ended(Protocol):
    """What an injection and an inference have in common."""

    @property
    def image(self) -> int:
        """Number of the input."""

    @property
    def outcome(self) -> str:
        """How it ended."""

    @property
    def top1(self) -> int | None:
        """First class, of an SDC."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right of each input, and what the network answers without a fault.

    Attributes
    ----------
    labels, golden : tuple of int
        Classes, by number of the input.
    """

    labels: tuple[int, ...]
    golden: tuple[int, ...]

    @property
    def fault_free(self) -> Proportion:
        """The share of inputs that are answered right without a fault."""
        hits = sum(map(self.was_right, range(len(self.labels))))
        return Proportion(hits, len(self.labels))

    def was_right(self, image: int) -> bool:
        """Return whether an input is answered right without a fault."""
        return self.golden[image] == self.labels[image]

    def is_right(self, one: Ended) -> bool:
        """Return whether an answer with faults is right."""
        if one.outcome == "DUE":
            return False
        found = one.top1 if one.outcome == "SDC" else self.golden[one.image]
        return found == self.labels[one.image]


def truth_of(facts: Facts) -> Truth | None:
    """Return what is right of a campaign's inputs; None where that is not known of all."""
    labels = [one.label for one in facts.inputs if one.label is not None]
    golden = [one.golden.number for one in facts.inputs if one.golden is not None]
    if not facts.inputs or not len(labels) == len(golden) == len(facts.inputs):
        return None
    return Truth(tuple(labels), tuple(golden))


def columns_of(truth: Truth | None) -> dict[str, Callable[[Any], bool]]:
    """Return the columns that counts need to tell of accuracy: none where nobody knows it.

    ``right``: the answer is right; ``was``: it is without faults.
    """
    if truth is None:
        return {}
    return {"right": truth.is_right, "was": lambda one: truth.was_right(one.image)}


@dataclass(frozen=True, slots=True)
class LoadRow:
    """How inferences with some number of faults ended.

    Attributes
    ----------
    stream : Stream
        What each fault is.
    load : str
        How many, as of :class:`softbeam.faults.load.Load`; ``1`` for a campaign's injections.
    n : int
        Inferences.
    faults : float
        Faults that an inference got, on average.
    ended : mapping of str to Share
        By outcome.
    critical : Share
        Those in which the network says that something else is there.
    right, lost, gained : Share or None
        Of labelled inputs: right answers; answers that were right without faults and are not with
        them; answers that are right and were not.
    """

    stream: Stream
    load: str
    n: int
    faults: float
    ended: Mapping[str, Share]
    critical: Share
    right: Share | None = None
    lost: Share | None = None
    gained: Share | None = None

    @property
    def rate(self) -> float | None:
        """The bit-error rate; None of a number of faults."""
        return None if self.load == SINGLE else Load.read(self.load).rate or None


def load_rows(
    counts: Counts, inferences: Sequence[InferenceRecord], truth: Truth | None
) -> tuple[LoadRow, ...]:
    """Return how inferences ended, by stream and load, those of one fault first.

    Parameters
    ----------
    counts : Counts
        A campaign's injections, with the columns of :func:`columns_of`.
    inferences : sequence of InferenceRecord
        Its inferences with several faults.
    truth : Truth, optional
        What is right of its inputs.

    Returns
    -------
    tuple of LoadRow
        Empty where there are neither inferences with several faults nor labels.
    """
    if truth is None and not inferences:
        return ()
    several = {Stream(one.mode, one.model) for one in inferences}
    rows = []
    for stream in sorted({*counts.streams(), *several}):
        single = counts.of_stream(stream)
        if single.n:
            rows.append(_row(single, stream, SINGLE, 1.0, truth))
        own = [one for one in inferences if (one.mode, one.model) == stream]
        for load in sorted({one.load for one in own}, key=lambda name: Load.read(name).order):
            chosen = [one for one in own if one.load == load]
            mean = sum(one.faults for one in chosen) / len(chosen)
            found = _several(chosen, counts.design.images, truth)
            rows.append(_row(found, stream, load, mean, truth))
    return tuple(rows)


def _several(records: Iterable[InferenceRecord], images: int, truth: Truth | None) -> Counts:
    """Count inferences; their faults are drawn from all of the scope, whatever the strata."""
    tell: dict[str, Callable[[Any], Any]] = {
        "image": lambda one: one.image,
        "outcome": lambda one: one.outcome,
        "detail": lambda one: one.detail,
        **columns_of(truth),
    }
    rows = Counter(tuple(value(one) for value in tell.values()) for one in records)
    return Counts.of_rows(rows, Design(images=images), tuple(tell))


def _row(counts: Counts, stream: Stream, load: str, faults: float, truth: Truth | None) -> LoadRow:
    share = Estimator(counts).share
    ended = {outcome: share(counts["outcome"] == outcome) for outcome in OUTCOMES}
    critical = share(_mask(map(is_critical, counts["detail"].tolist()), counts))
    if truth is None:
        return LoadRow(stream, load, counts.n, faults, ended, critical)
    right, was = (counts[name].astype(bool) for name in ("right", "was"))
    return LoadRow(
        stream,
        load,
        counts.n,
        faults,
        ended,
        critical,
        right=share(right),
        lost=share(was & ~right),
        gained=share(right & ~was),
    )


def _mask(values: Iterable[bool], counts: Counts) -> Mask:
    found = counts.everywhere()
    found[:] = list(values)
    return found

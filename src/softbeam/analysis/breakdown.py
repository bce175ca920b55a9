"""Where in the bits and in the instructions the damage comes from, and what it does to scores.

What is summed by layer and kernel is in :mod:`softbeam.analysis.factors`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.proportion import Proportion
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import InjectionRecord
from softbeam.sass.opcodes import OPCODES, Shape

Label = TypeVar("Label", bound=Hashable)

#: NVBitFI's groups of opcodes in words, in the order in which they are shown.
OPCODE_GROUPS = {
    "other": "integer, move",
    "fp32": "float",
    "fp64": "double",
    "load": "load",
    "predicate": "compare",
    "store": "store",
    "control": "control",
}


@dataclass(frozen=True, slots=True)
class Split(Generic[Label]):
    """How the injections that have one thing in common ended.

    Attributes
    ----------
    key : hashable
        What they have in common.
    n : int
        How many there are.
    ended : mapping of str to Share
        By outcome: the share among these `n`.
    """

    key: Label
    n: int
    ended: Mapping[str, Share]


def split(
    records: Iterable[InjectionRecord],
    key: Callable[[InjectionRecord], Label | None],
    design: Design | None = None,
) -> tuple[Split[Label], ...]:
    """Return the outcomes of injections by a key of theirs, in the keys' order.

    Parameters
    ----------
    records : iterable of InjectionRecord
        Injections of one stream.
    key : callable
        What an injection is counted under; None leaves it out.
    design : Design, optional
        How they were drawn; uniformly for one input if not given.

    Notes
    -----
    Strata and inputs count as in the tables of factors (:mod:`softbeam.analysis.estimation`).
    """
    return _split(Counts.of(records, design, under=key))


def _split(counts: Counts) -> tuple[Split[Any], ...]:
    """Return how counts of one stream are split by their column `under`; None is left out."""
    under = counts["under"].tolist()
    keys = sorted({one for one in under if one is not None})
    place = {one: number for number, one in enumerate(keys)}
    group = np.array([place.get(one, -1) for one in under], dtype=np.intp)
    ended = {outcome: counts["outcome"] == outcome for outcome in OUTCOMES}
    found = Estimator(counts).shares_by(group, len(keys), ended)
    return tuple(
        Split(one, next(iter(shares.values())).n, shares)
        for one, shares in zip(keys, found, strict=True)
    )


def by_pc(
    records: Iterable[InjectionRecord], kernel: str, design: Design | None = None
) -> dict[Stream, dict[int, Split[int]]]:
    """Return outcomes at each instruction of a kernel, by stream and pc; only what was struck.

    Parameters
    ----------
    records : iterable of InjectionRecord
        A campaign's injections, all of them: those in other kernels tell how much each weighs.
    kernel : str
        The kernel's short name.
    design : Design, optional
        How the injections were drawn; uniformly for one input if not given.
    """
    counts = Counts.of(records, design, under=lambda one: one.pc if one.kernel == kernel else None)
    found = {stream: _split(counts.of_stream(stream)) for stream in counts.streams()}
    return {stream: {one.key: one for one in own} for stream, own in found.items() if own}


def opcode_group(opcode: str) -> str:
    """Return the group of an opcode, one of :data:`OPCODE_GROUPS`.

    The groups are NVBitFI's; those without a destination it leaves out are told apart as stores
    and control.

    Examples
    --------
    >>> opcode_group("IMAD.WIDE"), opcode_group("STG.E"), opcode_group("EXIT")
    ('other', 'store', 'control')
    """
    name = opcode.split(".", 1)[0]
    if name not in OPCODES:
        return "other"
    found = OPCODES[name]
    if found.group == "none":
        return "store" if found.shape is Shape.STORE else "control"
    return found.group


def by_bit(
    records: Iterable[InjectionRecord], target: str, design: Design | None = None
) -> tuple[Split[int], ...]:
    """Return outcomes by the lowest flipped bit of one target; models without bits have none."""
    return split(records, lambda record: record.bit if record.target == target else None, design)


def by_opcode_group(
    records: Iterable[InjectionRecord], design: Design | None = None
) -> tuple[Split[str], ...]:
    """Return outcomes by group of the struck opcode, in the order of :data:`OPCODE_GROUPS`.

    Faults in memory strike none and are left out.
    """

    def group(record: InjectionRecord) -> str | None:
        return opcode_group(record.opcode) if record.opcode else None

    found = {one.key: one for one in split(records, group, design)}
    return tuple(found[group] for group in OPCODE_GROUPS if group in found)


@dataclass(frozen=True, slots=True)
class ScoreChanges:
    """How far the scores of SDCs moved.

    Attributes
    ----------
    finite : tuple of float
        Largest absolute change of a score, of each SDC whose output is finite, ascending.
    not_finite : int
        SDCs whose output holds a NaN or an infinity.
    """

    finite: tuple[float, ...]
    not_finite: int

    @property
    def n(self) -> int:
        """All SDCs."""
        return len(self.finite) + self.not_finite

    def beyond(self, change: float) -> Proportion:
        """Return the share of SDCs that moved a score by more than `change`, or beyond numbers."""
        return Proportion(sum(moved > change for moved in self.finite) + self.not_finite, self.n)


def score_changes(records: Iterable[InjectionRecord]) -> ScoreChanges:
    """Return how far scores moved, over the SDCs among the records."""
    finite, not_finite = [], 0
    for record in records:
        if record.outcome != "SDC":
            continue
        if record.not_finite or record.largest_change is None:
            not_finite += 1
        else:
            finite.append(record.largest_change)
    return ScoreChanges(tuple(sorted(finite)), not_finite)


def usurpers(records: Iterable[InjectionRecord]) -> tuple[tuple[int | None, Proportion], ...]:
    """Return the classes that took over, the most frequent first.

    Returns
    -------
    tuple of (int or None, Proportion)
        Class, and the share of all critical SDCs that it won; None, wherever it stands, is for
        those in which no class is first, since all scores are NaN.
    """
    won = Counter(record.top1 for record in records if record.detail == "critical")
    ordered = sorted(won.items(), key=lambda item: (-item[1], -1 if item[0] is None else item[0]))
    return tuple((number, Proportion(count, won.total())) for number, count in ordered)


def golden_class(records: Iterable[InjectionRecord]) -> int | None:
    """Return the golden run's first class, as the SDCs tell that kept it; None if there is none."""
    for record in records:
        if record.outcome == "SDC" and record.detail != "critical":
            return record.top1
    return None

"""What an error does to a detector: which of its boxes change, and how.

The fault-free boxes are the truth that others are held against.  How an answer becomes boxes is
in :mod:`softbeam.injection.boxes`; for networks without heads
there is :mod:`softbeam.injection.classification`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.boxes import (
    THINNING,
    Bits,
    Box,
    Numbers,
    boxes_table,
    distance_power,
    edges_of,
    has_boxes,
    table_of,
)
from softbeam.injection.choices import USUAL_BOXES, BoxRule
from softbeam.injection.classification import Outcome, from_output
from softbeam.injection.native import boxes as native
from softbeam.injection.outcomes import detail_of_sdc
from softbeam.network.plan import Plan

Rule = Callable[[Bits, Bits], Outcome]


class BoxChanges(NamedTuple):
    """The boxes of an answer and of the golden one, for the rules that tell details apart.

    Attributes
    ----------
    golden, found : numpy.ndarray of float64
        The boxes as rows, as of :func:`softbeam.injection.boxes.boxes_table`.
    partners : numpy.ndarray of int64
        For each golden box its partner in the answer; -1 where it has none.
    """

    golden: Numbers
    found: Numbers
    partners: NDArray[np.int64]

    @property
    def relabelled(self) -> bool:
        """Whether two boxes that are one object have two classes."""
        paired = np.flatnonzero(self.partners >= 0)
        return bool((self.golden[paired, 4] != self.found[self.partners[paired], 4]).any())


class BoxJudge:
    """The rule of a detector: judges answers beside the golden one by their boxes.

    Every golden box takes a box of the other answer that overlaps enough, each box once: first of
    its class, the nearest first, then of any.  Box class: some pair has two classes.  Box number:
    there are more boxes or fewer.  Box position: some box has no partner.  Tolerable: as many
    boxes, all where they were and of their class.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    rule : BoxRule
        When boxes count, and when two are one object.
    """

    def __init__(self, plan: Plan, rule: BoxRule = USUAL_BOXES) -> None:
        self.plan, self.rule = plan, rule
        self._known: tuple[Bits, Numbers] | None = None

    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer."""
        if self._known is None or not np.array_equal(self._known[0], golden):
            # A copy: the memory of a golden run is that of the next input later.
            self._known = golden.copy(), boxes_table(self.plan, golden, self.rule.threshold)
        wanted = self._known[1]
        return _judged(self.plan, golden, output, self.rule, wanted)


def rule_for(plan: Plan, boxes: BoxRule | None = None) -> Rule:
    """Return how the answers of a network are judged: that of a detector by its boxes.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    boxes : BoxRule, optional
        How boxes are judged, if not as usual.
    """
    return BoxJudge(plan, boxes or USUAL_BOXES) if has_boxes(plan) else from_output


def _judged(plan: Plan, golden: Bits, output: Bits, rule: BoxRule, wanted: Numbers) -> Outcome:
    """Return the outcome of an answer; `wanted` are the golden answer's boxes."""
    differs = golden != output
    if not differs.any():
        return Outcome.of("absorbed")
    found = boxes_table(plan, output, rule.threshold)
    changes = BoxChanges(wanted, found, _partners(plan, wanted, found, rule.overlap))
    numbers = output.view(np.float32)
    finite = bool(np.isfinite(numbers).all())
    difference = float("inf")
    if finite:
        changed = numbers[differs].astype(np.float64)
        difference = float(np.abs(changed - golden[differs].view(np.float32)).max())
    detail = detail_of_sdc("boxes", changes)
    return Outcome("SDC", detail, None, difference, not finite)


def matched(wanted: list[Box], found: list[Box], overlap: float) -> list[tuple[int, int]]:
    """Return pairs of boxes that overlap enough, each box once: those of one class first."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    _pair(edges_of(table_of(wanted)), edges_of(table_of(found)), overlap, partners, taken)
    return [(one, other) for one, other in enumerate(partners.tolist()) if other >= 0]


def _partners(plan: Plan, wanted: Numbers, found: Numbers, overlap: float) -> NDArray[np.int64]:
    """Return for each box of an answer its partner in the other one, -1 if it has none."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    ones, others = edges_of(wanted), edges_of(found)
    if overlap > THINNING and np.isnan(distance_power(plan)):
        # A box that is in both answers can have no other partner of its class: whatever overlaps
        # it so much was thinned out.  Most boxes are in both.
        first, second = (np.lexsort((-some[:, 6], some[:, 5])) for some in (ones, others))
        native.alike(ones, others, first, second, overlap, partners, taken)
    _pair(ones, others, overlap, partners, taken)
    return partners


def _pair(
    ones: Numbers,
    others: Numbers,
    overlap: float,
    partners: NDArray[np.int64],
    taken: NDArray[np.bool_],
) -> None:
    """Give boxes that have no partner one that is not taken."""
    for same in (True, False):
        left, free = np.flatnonzero(partners < 0), np.flatnonzero(~taken)
        rows, columns = _near(ones[left], others[free], overlap, same=same)
        native.settle(left[rows], free[columns], partners, taken)


def _near(
    ones: Numbers, others: Numbers, overlap: float, *, same: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs that overlap enough, of one class or of any, the nearest first."""
    labels = others[:, 5] if same else np.zeros(len(others))
    wanted = ones[:, 5] if same else np.zeros(len(ones))
    order = np.argsort(labels, kind="stable")
    starts, ends = (np.searchsorted(labels[order], wanted, side) for side in ("left", "right"))
    room = len(ones) + len(others)
    while True:
        rows, columns = (np.empty(room, dtype=np.int64) for _ in range(2))
        shared = np.empty(room)
        count = native.near(ones, others, order, starts, ends, overlap, rows, columns, shared)
        if count <= room:
            break
        room = count
    nearest = np.lexsort((columns[:count], rows[:count], -shared[:count]))
    return rows[nearest], columns[nearest]

"""What an error does to a detector: which of its boxes change, and how.

The fault-free boxes are the truth that others are held against.  How an answer becomes boxes is
:mod:`softbeam.injection.boxes`'; networks without heads are
:mod:`softbeam.injection.classification`'s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.boxes import (
    THINNING,
    THRESHOLD,
    Bits,
    Box,
    Numbers,
    boxes_table,
    edges_of,
    has_boxes,
    table_of,
)
from softbeam.injection.classification import Outcome, from_output
from softbeam.injection.native import boxes as native
from softbeam.network.plan import Plan

Rule = Callable[[Bits, Bits], Outcome]

#: Two boxes are one object from this overlap on.
OVERLAP = 0.5


class BoxJudge:
    """The rule of a detector: judges answers beside the golden one by their boxes.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    threshold : float
        Score that a box must exceed.
    overlap : float
        Intersection over union from which on two boxes are one object.
    """

    def __init__(self, plan: Plan, threshold: float = THRESHOLD, overlap: float = OVERLAP) -> None:
        self.plan, self.threshold, self.overlap = plan, threshold, overlap
        self._known: tuple[Bits, Numbers] | None = None

    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer."""
        if self._known is None or not np.array_equal(self._known[0], golden):
            # A copy: the memory of a golden run is that of the next input later.
            self._known = golden.copy(), boxes_table(self.plan, golden, self.threshold)
        wanted = self._known[1]
        return _judged(self.plan, golden, output, self.threshold, self.overlap, wanted)


def rule_for(plan: Plan, threshold: float = THRESHOLD, overlap: float = OVERLAP) -> Rule:
    """Return how the answers of a network are judged: that of a detector by its boxes.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    threshold : float
        Score that a box must exceed.
    overlap : float
        Intersection over union from which on two boxes are one object.
    """
    return BoxJudge(plan, threshold, overlap) if has_boxes(plan) else from_output


def from_boxes(
    plan: Plan,
    golden: Bits,
    output: Bits,
    threshold: float = THRESHOLD,
    overlap: float = OVERLAP,
) -> Outcome:
    """Return the outcome of a detector's answer beside the golden one.

    Every golden box takes a box of the other answer that overlaps enough, each box once: first of
    its class, the nearest first, then of any.  Box class: some pair has two classes.  Box number:
    there are more boxes or fewer.  Box position: some box has no partner.  Tolerable: as many
    boxes, all where they were and of their class.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    golden, output : numpy.ndarray of uint32
        The answers' bits.
    threshold, overlap : float
        As in :func:`rule_for`.
    """
    return _judged(plan, golden, output, threshold, overlap, boxes_table(plan, golden, threshold))


def _judged(
    plan: Plan, golden: Bits, output: Bits, threshold: float, overlap: float, wanted: Numbers
) -> Outcome:
    """Return the outcome of an answer; `wanted` are the golden answer's boxes."""
    differs = golden != output
    if not differs.any():
        return Outcome("Masked", "absorbed")
    found = boxes_table(plan, output, threshold)
    partners = _partners(wanted, found, overlap)
    paired = np.flatnonzero(partners >= 0)
    if (wanted[paired, 4] != found[partners[paired], 4]).any():
        detail = "box class"
    elif len(wanted) != len(found):
        detail = "box number"
    elif len(paired) < len(wanted):
        detail = "box position"
    else:
        detail = "tolerable"
    numbers = output.view(np.float32)
    finite = bool(np.isfinite(numbers).all())
    difference = float("inf")
    if finite:
        changed = numbers[differs].astype(np.float64)
        difference = float(np.abs(changed - golden[differs].view(np.float32)).max())
    return Outcome("SDC", detail, None, difference, not finite)


def matched(wanted: list[Box], found: list[Box], overlap: float) -> list[tuple[int, int]]:
    """Return pairs of boxes that overlap enough, each box once: those of one class first."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    _pair(edges_of(table_of(wanted)), edges_of(table_of(found)), overlap, partners, taken)
    return [(one, other) for one, other in enumerate(partners.tolist()) if other >= 0]


def _partners(wanted: Numbers, found: Numbers, overlap: float) -> NDArray[np.int64]:
    """Return for each box of an answer its partner in the other one, -1 if it has none."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    ones, others = edges_of(wanted), edges_of(found)
    if overlap > THINNING:
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

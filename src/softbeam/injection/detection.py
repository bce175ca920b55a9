"""What an error does to a detector: which of its boxes change, and how.

The fault-free boxes are the truth that others are held against.  How an answer becomes boxes is
in :mod:`softbeam.injection.boxes`, of exported ones in :mod:`softbeam.injection.judges.heads`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.boxes import (
    THINNING,
    Bits,
    Box,
    Numbers,
    boxes_table,
    edges_of,
    listed,
    table_of,
)
from softbeam.injection.choices import USUAL_BOXES, BoxRule
from softbeam.injection.judges.base import MeaningJudge, tensors
from softbeam.injection.judges.heads import exported_boxes
from softbeam.injection.native import boxes as native
from softbeam.injection.outcomes import detail_of_sdc
from softbeam.network.plan import Plan


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


class BoxJudge(MeaningJudge[Numbers]):
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
        When boxes count, when two are one object, and how an exported detector writes them.
    """

    kind = "boxes"

    def __init__(self, plan: Plan, rule: BoxRule = USUAL_BOXES) -> None:
        super().__init__(plan)
        self.rule = rule

    def meaning(self, answer: Bits) -> Numbers:
        """Return the boxes of an answer as rows, thinned out, the best first."""
        if self.rule.head is None:
            return boxes_table(self.plan, answer, self.rule.threshold)
        (numbers,) = tensors(self.plan, answer).values()
        return exported_boxes(numbers, self.rule.head, self.rule.threshold)

    def detail(self, wanted: Numbers, found: Numbers) -> str:
        """Return what an SDC is."""
        # A model that thins out its boxes itself may leave some that overlap more.
        thinned = self.rule.head != "yolov10"
        partners = _partners(wanted, found, self.rule.overlap, thinned=thinned)
        return detail_of_sdc(self.kind, BoxChanges(wanted, found, partners))

    def boxes(self, answer: Bits) -> list[Box]:
        """Return the boxes of an answer, the best first."""
        return listed(self.meaning(answer))

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return how many boxes there are."""
        number = len(self.meaning(answer))
        return f"{number:,} box{'es' * (number != 1)}"


def matched(wanted: list[Box], found: list[Box], overlap: float) -> list[tuple[int, int]]:
    """Return pairs of boxes that overlap enough, each box once: those of one class first."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    _pair(edges_of(table_of(wanted)), edges_of(table_of(found)), overlap, partners, taken)
    return [(one, other) for one, other in enumerate(partners.tolist()) if other >= 0]


def _partners(
    wanted: Numbers, found: Numbers, overlap: float, *, thinned: bool
) -> NDArray[np.int64]:
    """Return for each box of an answer its partner in the other one, -1 if it has none.

    `thinned`: whether no two boxes of a class and an answer overlap more than :data:`THINNING`.
    """
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    ones, others = edges_of(wanted), edges_of(found)
    if thinned and overlap > THINNING:
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

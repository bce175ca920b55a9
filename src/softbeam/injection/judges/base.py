"""What all judges have in common: an answer by the names of its tensors, and an SDC's numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import prod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.classification import Outcome
from softbeam.network.plan import Plan

Bits = NDArray[np.uint32]
Floats = NDArray[np.float32]
Meaning = TypeVar("Meaning")


def tensors(plan: Plan, answer: Bits) -> dict[str, Floats]:
    """Return the tensors of an answer by name, each of its own shape.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    answer : numpy.ndarray of uint32
        The bits of its outputs, one after the other.
    """
    starts, end = {}, 0
    for name in plan.outputs:
        starts[name] = end
        end += plan.buffers[name].words
    return {
        one.name: answer[starts[one.buffer] :].view(one.dtype)[: prod(one.sides)].reshape(one.sides)
        for one in plan.answers
    }


def sdc(detail: str, golden: Bits, output: Bits, top1: int | None = None) -> Outcome:
    """Return the outcome of an answer that is another one, with how far its numbers moved."""
    differs = golden != output
    found = output.view(np.float32)
    finite = bool(np.isfinite(found).all())
    difference = float("inf")
    if finite:
        changed = found[differs].astype(np.float64)
        difference = float(np.abs(changed - golden[differs].view(np.float32)).max())
    return Outcome("SDC", detail, top1, difference, not finite)


class Judge(ABC):
    """Judges the answers of one network beside the golden one.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    """

    #: Whose details an SDC is divided into (:attr:`softbeam.injection.outcomes.Detail.answers`).
    kind: str

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @abstractmethod
    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer."""

    @abstractmethod
    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return what an answer says, in words; `names` are those of classes."""


class MeaningJudge(Judge, Generic[Meaning]):
    """A judge that compares what answers mean; the golden one's meaning is found once."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._known: tuple[Bits, Meaning] | None = None

    @abstractmethod
    def meaning(self, answer: Bits) -> Meaning:
        """Return what an answer means."""

    @abstractmethod
    def detail(self, wanted: Meaning, found: Meaning) -> str:
        """Return what an SDC is, from what the golden and the other answer mean."""

    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer."""
        if np.array_equal(golden, output):
            return Outcome.of("absorbed")
        if self._known is None or not np.array_equal(self._known[0], golden):
            # A copy: the memory of a golden run is that of the next input later.
            kept = golden.copy()
            self._known = kept, self.meaning(kept)
        return sdc(self.detail(self._known[1], self.meaning(output)), golden, output)


def first_of(scores: Floats, axis: int) -> NDArray[np.int64]:
    """Return the place of the highest score along an axis: NaN ranks last, and -1 if all are.

    Examples
    --------
    >>> nan = float("nan")
    >>> first_of(np.array([[1.0, 3.0, 2.0], [nan, 1.0, 1.0], [nan] * 3], np.float32), 1).tolist()
    [1, 1, -1]
    """
    nan = np.isnan(scores)
    # -inf is above NaN: it ranks by its place among those that are numbers.
    places: NDArray[np.int64] = np.where(nan, np.float32(-np.inf), scores).argmax(axis)
    if not nan.any():
        return places
    taken = np.take_along_axis(nan, np.expand_dims(places, axis), axis).squeeze(axis)
    # Where a NaN's stand-in came first, all numbers are -inf: the first of those, if any.
    places = np.where(taken, (~nan).argmax(axis), places)
    return np.where(nan.all(axis), -1, places)

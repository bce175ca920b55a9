"""From a strike and the network's output to exactly one outcome with its detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import COMPLETED
from softbeam.injection.outcomes import DETAIL, OF_EXCEPTION, detail_of_sdc


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome and detail, and for an SDC what happened to the scores.

    Attributes
    ----------
    outcome, detail : str
        See :mod:`softbeam.injection.outcomes`.
    top1 : int or None
        The class that won, for an SDC; None too where all scores are NaN.
    largest_change : float or None
        Largest absolute difference of a score; infinite where the output is not finite.
    not_finite : bool
        Whether a score is NaN or infinite.
    """

    outcome: str
    detail: str
    top1: int | None = None
    largest_change: float | None = None
    not_finite: bool = False

    @classmethod
    def of(cls, detail: str) -> Outcome:
        """Return the outcome that a detail is a part of, where there are no scores to tell of."""
        return cls(DETAIL[detail].outcome, detail)


class ClassChanges(NamedTuple):
    """An answer of classes and the golden one, for the rules that tell details apart.

    Attributes
    ----------
    scores, golden_scores : numpy.ndarray of float32
        The answers.
    ranked, golden : numpy.ndarray of int64
        Their classes from the highest score down; NaN ranks last.
    top1 : int or None
        The class with the highest score; None where all scores are NaN.
    """

    scores: NDArray[np.float32]
    golden_scores: NDArray[np.float32]
    ranked: NDArray[np.int64]
    golden: NDArray[np.int64]
    top1: int | None

    def changed_among(self, number: int) -> bool:
        """Return whether the first few classes are others, as a set."""
        return set(self.ranked[:number].tolist()) != set(self.golden[:number].tolist())


def from_ending(name: str) -> Outcome | None:
    """Return the outcome that a strike's end alone decides; None if memory must be looked at.

    Parameters
    ----------
    name : str
        As of :attr:`softbeam.emulator.ending.Ending.name`.
    """
    if name == COMPLETED:
        return None
    return Outcome.of(OF_EXCEPTION[name].name if name in OF_EXCEPTION else name)


def ranking(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the classes from the highest score down, ties by class; NaN ranks last."""
    nan = np.isnan(scores)
    order: NDArray[np.int64] = np.lexsort((np.where(nan, np.float32(0), -scores), nan))
    return order


def from_output(golden: NDArray[np.uint32], output: NDArray[np.uint32]) -> Outcome:
    """Return the outcome of an output beside the golden one, compared bit for bit.

    Critical: the class with the highest score changes, or there is none, for all scores are NaN.
    Top-5: one of the five highest changes, as a set.  Tolerable: only scores change.
    """
    if np.array_equal(golden, output):
        return Outcome.of("absorbed")
    wanted, found = golden.view(np.float32), output.view(np.float32)
    finite = bool(np.isfinite(found).all())
    difference = float("inf")
    if finite:
        difference = float(np.abs(found.astype(np.float64) - wanted.astype(np.float64)).max())
    expected, ranked = ranking(wanted), ranking(found)
    top1 = None if np.isnan(found[ranked[0]]) else int(ranked[0])
    changes = ClassChanges(found, wanted, ranked, expected, top1)
    return Outcome("SDC", detail_of_sdc("classes", changes), top1, difference, not finite)

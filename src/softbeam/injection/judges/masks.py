"""Answers that give every pixel a class: segmentation, saliency, mattes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from softbeam.injection.choices import MaskRule
from softbeam.injection.judges.base import Bits, MeaningJudge, first_of, tensors
from softbeam.injection.outcomes import detail_of_sdc
from softbeam.network.plan import Plan

Mask = NDArray[np.int64]


def class_mask(scores: ArrayLike, threshold: float = MaskRule().threshold) -> Mask:
    """Return the class of every pixel: int64[height, width].

    Parameters
    ----------
    scores : array of float32, [..., channels, height, width] or [height, width]
        Of one picture.
    threshold : float
        Of a single channel: what a pixel of class 1 exceeds; others are 0.

    Returns
    -------
    numpy.ndarray of int64
        The channel with the highest score; a NaN ranks last, and -1 stands where all are NaN.

    Examples
    --------
    >>> class_mask([[[0.1, 0.9]], [[0.2, 0.3]]]).tolist(), class_mask([[0.4, 0.7]]).tolist()
    ([[1, 0]], [[0, 1]])
    """
    given = np.asarray(scores, dtype=np.float32)
    maps = given.reshape(-1, *given.shape[-2:])
    if len(maps) > 1:
        return first_of(maps, 0)
    return np.where(np.isnan(maps[0]), -1, maps[0] > threshold).astype(np.int64)


def mask_overlap(one: ArrayLike, other: ArrayLike) -> float:
    """Return the mean intersection over union of the classes that either mask has.

    Examples
    --------
    >>> mask_overlap([[0, 0, 1, 1]], [[0, 1, 1, 1]])
    0.5833333333333333
    """
    first, second = np.asarray(one), np.asarray(other)
    same = first == second
    shares = []
    for label in np.union1d(first, second):
        here, there = first == label, second == label
        shares.append(np.count_nonzero(here & same) / np.count_nonzero(here | there))
    return float(np.mean(shares))


class MaskChanges:
    """Two masks, for the rules that tell details apart.

    Attributes
    ----------
    overlap, wanted : float
        Their mean intersection over union, and from which on they say the same.
    pixels : int
        Pixels whose class differs.
    """

    def __init__(self, golden: Mask, found: Mask, wanted: float) -> None:
        self.overlap = mask_overlap(golden, found)
        self.wanted = wanted
        self.pixels = int(np.count_nonzero(golden != found))


class MaskJudge(MeaningJudge[Mask]):
    """The rule of segmentation.

    Mask overlap: the mean intersection over union of the classes of both masks is below what the
    rule wants.  Mask pixels: some pixels have another class.  Tolerable: only scores differ.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    rule : MaskRule
        When two masks are one.
    """

    kind = "mask"

    def __init__(self, plan: Plan, rule: MaskRule) -> None:
        super().__init__(plan)
        self.rule = rule

    def meaning(self, answer: Bits) -> Mask:
        """Return the class of every pixel."""
        (scores,) = tensors(self.plan, answer).values()
        return class_mask(scores, self.rule.threshold)

    def detail(self, wanted: Mask, found: Mask) -> str:
        """Return what an SDC is."""
        return detail_of_sdc(self.kind, MaskChanges(wanted, found, self.rule.overlap))

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return the classes with most pixels, and their parts."""
        mask = self.meaning(answer)
        labels, counts = np.unique(mask, return_counts=True)
        ordered = sorted(zip(counts.tolist(), labels.tolist(), strict=True), reverse=True)
        parts = [
            f"{names.get(label, f'class {label}')} {100 * count / mask.size:.3g} %"
            for count, label in ordered[:5]
        ]
        more = f" and {len(ordered) - 5} more" if len(ordered) > 5 else ""
        return f"a mask of {mask.shape[1]}x{mask.shape[0]}: {', '.join(parts)}{more}"

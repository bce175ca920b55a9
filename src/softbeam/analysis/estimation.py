"""Shares of a fault space, estimated from injections with their design, with intervals.

A share is a ratio: of the places with one property (in layer 7, say), how many have another too
(and end as SDC).  From simple random draws it is a proportion; from strata it is a ratio of
weighted sums; with several inputs the inputs are clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.clusters import Clusters
from softbeam.analysis.counts import Cell, Counts
from softbeam.analysis.design import Design
from softbeam.analysis.proportion import CONFIDENCE, Proportion, wilson_of

Condition = Callable[[Cell], bool]

#: Pseudo-injections that each stratum gets for its variance, spread as the whole sample is: a
#: stratum in which nothing happened yet has a variance all the same.  Two at each end, as A.
#: Agresti and B. A. Coull, The American Statistician 52 (1998), doi:10.1080/00031305.1998.10480550.
PSEUDO = 4.0


class Share(Protocol):
    """An estimated share with its interval, and the injections behind it."""

    @property
    def successes(self) -> int:
        """Injections that had the property."""

    @property
    def n(self) -> int:
        """Injections among which it was looked for."""

    @property
    def estimate(self) -> float:
        """The share; NaN where nothing was drawn."""

    @property
    def low(self) -> float:
        """Lower end of the interval."""

    @property
    def high(self) -> float:
        """Upper end of the interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A weighted share; attributes as in :class:`Share`."""

    successes: int
    n: int
    estimate: float
    low: float
    high: float


class Floor(NamedTuple):
    """Half the width that an interval keeps, however many injections the same inputs get.

    Attributes
    ----------
    likely, proven : float
        As the inputs seem to differ, and as they differ at least; 0 of a single input.
    """

    likely: float
    proven: float


class Estimator:
    """Estimates shares from the injections of one stream.

    Parameters
    ----------
    counts : Counts
        Of one mode and model, with their design.
    confidence : float
        Level of the intervals.
    """

    def __init__(self, counts: Counts, confidence: float = CONFIDENCE) -> None:
        self._cells = list(counts.cells)
        self._numbers = np.array(list(counts.cells.values()), dtype=np.float64)
        self._design = counts.design
        self._confidence = confidence
        strata = self._strata(counts.design)
        self._stratum = np.array([strata[self._name(cell)] for cell in self._cells], dtype=np.intp)
        self._weights = np.zeros(len(strata))
        for name, position in strata.items():
            self._weights[position] = self._weight(name)
        self._image = np.array([cell.image for cell in self._cells], dtype=np.intp)

    def _name(self, cell: Cell) -> tuple[str, int, str]:
        if not self._design.stratified:
            return (cell.stream.mode, -1, "")
        return (cell.stream.mode, cell.layer, cell.kernel)

    def _strata(self, design: Design) -> dict[tuple[str, int, str], int]:
        names = dict.fromkeys(self._name(cell) for cell in self._cells)
        return {name: position for position, name in enumerate(names)}

    def _weight(self, name: tuple[str, int, str]) -> float:
        mode, layer, kernel = name
        return self._design.weights[mode][layer, kernel] if self._design.stratified else 1.0

    def joint(self, numerator: Condition, within: Condition) -> Share:
        """Return the share, among all places, of those with `numerator`, all of them `within`.

        Parameters
        ----------
        numerator, within : callable
            Conditions on cells; `within` names whole layers or kernels.  Where those are strata,
            how much of the fault space they are is known exactly, and only the rest is estimated.
        """
        if not self._design.stratified:
            return self.share(numerator, lambda cell: True)
        inner = self.share(numerator, within)
        here = np.unique(self._stratum[[within(cell) for cell in self._cells]])
        exposure = float(self._weights[here].sum() / self._weights.sum())
        return Estimate(
            inner.successes,
            int(self._numbers.sum()),
            exposure * inner.estimate if inner.n else 0.0,
            exposure * inner.low,
            exposure * inner.high,
        )

    def share(self, numerator: Condition, of: Condition) -> Share:
        """Return the share, among the places for which `of` holds, of those with `numerator` too.

        Parameters
        ----------
        numerator, of : callable
            Conditions on cells; `numerator` is only asked where `of` holds.
        """
        d, x = self._inside(numerator, of)
        successes, n = int(x.sum()), int(d.sum())
        if self._design.is_simple and self._confidence == CONFIDENCE:
            return Proportion(successes, n)
        if n == 0:
            return Estimate(0, 0, math.nan, 0.0, 1.0)
        ratio = self._ratio(d, x, self._numbers)
        low, high = wilson_of(ratio, self._effective(d, x), self._confidence)
        return Estimate(successes, n, ratio, min(low, ratio), max(high, ratio))

    def floor(self, numerator: Condition, of: Condition) -> Floor:
        """Return what the width of a share's interval never falls below with these inputs.

        Parameters
        ----------
        numerator, of : callable
            As for :meth:`share`.
        """
        d, x = self._inside(numerator, of)
        clusters = self._clusters(d, x)
        if clusters is None:
            return Floor(0.0, 0.0)
        ratio = self._ratio(d, x, self._numbers)
        _, pulled = self._linearised(d, x, self._numbers)

        def half(spread: float) -> float:
            if spread <= 0.0:
                return 0.0
            variance = clusters.variance(self._confidence, spread)
            low, high = wilson_of(ratio, pulled * (1 - pulled) / variance, self._confidence)
            return (high - low) / 2

        return Floor(half(clusters.likely), half(clusters.proven))

    def _inside(
        self, numerator: Condition, of: Condition
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the injections of each cell for which `of` holds, and those with both."""
        inside = np.array([of(cell) for cell in self._cells], dtype=np.bool_)
        both = np.array(
            [at and numerator(cell) for cell, at in zip(self._cells, inside, strict=True)],
            dtype=np.bool_,
        )
        return self._numbers * inside, self._numbers * both

    def _sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros(self._weights.size)
        np.add.at(sums, self._stratum, values)
        return sums

    def _ratio(
        self,
        d: NDArray[np.float64],
        x: NDArray[np.float64],
        numbers: NDArray[np.float64],
    ) -> float:
        """Return the weighted ratio; strata without injections are left out."""
        n = np.maximum(self._sums(numbers), 1e-300)
        whole = float(self._weights @ (self._sums(d) / n))
        return float(self._weights @ (self._sums(x) / n)) / whole if whole else math.nan

    def _pulled(self, d: NDArray[np.float64], x: NDArray[np.float64]) -> float:
        """Return a share with half a success and half a failure more: never none and never all."""
        return float((x.sum() + 0.5) / (d.sum() + 1.0))

    def _effective(self, d: NDArray[np.float64], x: NDArray[np.float64]) -> float:
        """Return how many simple random draws would estimate the ratio as precisely."""
        variance, ratio = self._linearised(d, x, self._numbers)
        clusters = self._clusters(d, x)
        if clusters is not None:
            variance = max(variance, clusters.variance(self._confidence))
        n = float(self._numbers.sum())
        return max(ratio * (1 - ratio) / variance, 1e-9) if variance else n

    def _linearised(
        self,
        d: NDArray[np.float64],
        x: NDArray[np.float64],
        numbers: NDArray[np.float64],
    ) -> tuple[float, float]:
        """Return the ratio's variance by the draw of faults, and the ratio that it is taken at.

        It is linearised (Taylor), stratum by stratum, from shares that are pulled a little
        towards those of the whole sample (:data:`PSEUDO`).  Strata without injections are left
        out.
        """
        n = self._sums(numbers)
        weights = np.where(n > 0, self._weights, 0.0)
        share_d = (self._sums(d) + PSEUDO * d.sum() / n.sum()) / (n + PSEUDO)
        pulled = self._pulled(d, x)
        share_x = (self._sums(x) + PSEUDO * pulled * d.sum() / n.sum()) / (n + PSEUDO)
        here = self._sums(d) > 0
        if self._design.stratified:
            # Where `of` is whole strata, it is known exactly which; only the others vary.
            share_d = np.where(self._sums(d) == n, 1.0, np.where(here, share_d, 0.0))
            share_x = np.where(here, np.minimum(share_x, share_d), 0.0)
        else:
            share_x = np.minimum(share_x, share_d)
        whole = float(weights @ share_d)
        ratio = float(weights @ share_x) / whole
        mean = share_x - ratio * share_d
        square = share_x * (1 - ratio) ** 2 + (share_d - share_x) * ratio**2
        scale = (weights / whole) ** 2
        variance = float(scale @ (np.maximum(square - mean**2, 0.0) / np.maximum(n, 1.0)))
        return variance, ratio

    def _clusters(self, d: NDArray[np.float64], x: NDArray[np.float64]) -> Clusters | None:
        """Return how the ratio differs between the inputs; None if fewer than two have it."""
        if self._design.images == 1:
            return None
        ratios, noises = [], []
        for image in range(self._design.images):
            own = self._image == image
            if d[own].sum() > 0:
                one = d * own, x * own, self._numbers * own
                ratios.append(self._ratio(*one))
                noises.append(self._linearised(*one)[0])
        if len(ratios) < 2:
            return None
        return Clusters(len(ratios), float(np.var(ratios, ddof=1)), float(np.mean(noises)))

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
from softbeam.analysis.proportion import CONFIDENCE, Proportion, wilson_of

Condition = Callable[[Cell], bool]

#: Injections by input and stratum, or by stratum alone.
Table = NDArray[np.float64]

#: Pseudo-injections that each stratum gets for its variance, spread as the whole sample is: a
#: stratum in which nothing happened yet has a variance all the same.  Two at each end, as A.
#: Agresti and B. A. Coull, The American Statistician 52 (1998), doi:10.1080/00031305.1998.10480550.
PSEUDO = 4.0


def everywhere(cell: Cell) -> bool:
    """Return True: a condition that every cell meets."""
    return True


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
        strata = self._strata()
        self._weights = np.array([self._weight(name) for name in strata])
        # Where each cell is added to, in tables with a row for each input.
        several = counts.design.images > 1
        image = np.array([cell.image if several else 0 for cell in self._cells], dtype=np.intp)
        stratum = np.array([strata[self._name(cell)] for cell in self._cells], dtype=np.intp)
        self._stratum = stratum
        self._place = image * len(strata) + stratum
        self._drawn = self._table(self._numbers)
        self._asked: tuple[Condition | None, NDArray[np.intp]] = (None, np.zeros(0, np.intp))

    def _name(self, cell: Cell) -> tuple[str, int, str]:
        if not self._design.stratified:
            return (cell.stream.mode, -1, "")
        return (cell.stream.mode, cell.layer, cell.kernel)

    def _strata(self) -> dict[tuple[str, int, str], int]:
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
            return self.share(numerator, everywhere)
        inner = self.share(numerator, within)
        here = np.unique(self._stratum[self._where(within)])
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
        ratio = self._ratio(d, x)
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
        ratio = self._ratio(d, x)
        _, pulled = self._linearised(d, x)

        def half(spread: float) -> float:
            if spread <= 0.0:
                return 0.0
            variance = clusters.variance(self._confidence, spread)
            low, high = wilson_of(ratio, pulled * (1 - pulled) / variance, self._confidence)
            return (high - low) / 2

        return Floor(half(clusters.likely), half(clusters.proven))

    def _where(self, of: Condition) -> NDArray[np.intp]:
        """Return which cells meet a condition; a table asks for the same one many times."""
        if self._asked[0] is not of:
            met = [place for place, cell in enumerate(self._cells) if of(cell)]
            self._asked = (of, np.array(met, dtype=np.intp))
        return self._asked[1]

    def _inside(self, numerator: Condition, of: Condition) -> tuple[Table, Table]:
        """Return the injections for which `of` holds, and those with `numerator` too."""
        inside = self._where(of)
        both = [place for place in inside.tolist() if numerator(self._cells[place])]
        return self._table(self._numbers, inside), self._table(
            self._numbers, np.array(both, dtype=np.intp)
        )

    def _table(self, numbers: NDArray[np.float64], cells: NDArray[np.intp] | None = None) -> Table:
        """Return the numbers of some cells, of all if not given, by input and stratum."""
        places = self._place
        if cells is not None:
            numbers, places = numbers[cells], places[cells]
        shape = (self._design.images, self._weights.size)
        table = np.bincount(places, weights=numbers, minlength=math.prod(shape))
        return table.astype(np.float64).reshape(shape)

    def _ratio(self, d: Table, x: Table) -> float:
        """Return the weighted ratio of all inputs together."""
        return float(self._ratios(*(one.sum(axis=0) for one in (d, x, self._drawn))))

    def _ratios(self, d: Table, x: Table, n: Table) -> NDArray[np.float64]:
        """Return the weighted ratio of each row; strata without injections are left out."""
        n = np.maximum(n, 1e-300)
        whole = np.asarray((d / n) @ self._weights)
        part = np.asarray((x / n) @ self._weights)
        nothing = np.full_like(whole, math.nan)
        ratios: NDArray[np.float64] = np.divide(part, whole, out=nothing, where=whole > 0.0)
        return ratios

    def _effective(self, d: Table, x: Table) -> float:
        """Return how many simple random draws would estimate the ratio as precisely."""
        variance, ratio = self._linearised(d, x)
        clusters = self._clusters(d, x)
        if clusters is not None:
            variance = max(variance, clusters.variance(self._confidence))
        n = float(self._numbers.sum())
        return max(ratio * (1 - ratio) / variance, 1e-9) if variance else n

    def _linearised(self, d: Table, x: Table) -> tuple[float, float]:
        """Return the variance of the ratio of all inputs together, and where it is taken."""
        variance, ratio = self._variances(*(one.sum(axis=0) for one in (d, x, self._drawn)))
        return float(variance), float(ratio)

    def _variances(
        self, d: Table, x: Table, n: Table
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the variance of each row's ratio by the draw of faults, and where it is taken.

        It is linearised (Taylor), stratum by stratum, from shares that are pulled a little
        towards those of the whole row (:data:`PSEUDO`), and these by half a success and half a
        failure: never none and never all.  Strata without injections are left out.
        """
        all_d, all_x, all_n = (one.sum(axis=-1, keepdims=True) for one in (d, x, n))
        weights = np.where(n > 0.0, self._weights, 0.0)
        share_d = (d + PSEUDO * all_d / all_n) / (n + PSEUDO)
        pulled = (all_x + 0.5) / (all_d + 1.0)
        share_x = (x + PSEUDO * pulled * all_d / all_n) / (n + PSEUDO)
        here = d > 0.0
        if self._design.stratified:
            # Where `of` is whole strata, it is known exactly which; only the others vary.
            share_d = np.where(d == n, 1.0, np.where(here, share_d, 0.0))
            share_x = np.where(here, np.minimum(share_x, share_d), 0.0)
        else:
            share_x = np.minimum(share_x, share_d)
        whole = (weights * share_d).sum(axis=-1, keepdims=True)
        ratio = (weights * share_x).sum(axis=-1, keepdims=True) / whole
        mean = share_x - ratio * share_d
        square = share_x * (1 - ratio) ** 2 + (share_d - share_x) * ratio**2
        each = np.maximum(square - mean**2, 0.0) / np.maximum(n, 1.0)
        return ((weights / whole) ** 2 * each).sum(axis=-1), ratio[..., 0]

    def _clusters(self, d: Table, x: Table) -> Clusters | None:
        """Return how the ratio differs between the inputs; None if fewer than two have it."""
        have = d.sum(axis=1) > 0.0
        if int(have.sum()) < 2:
            return None
        own = d[have], x[have], self._drawn[have]
        ratios, (noises, _) = self._ratios(*own), self._variances(*own)
        return Clusters(ratios.size, float(np.var(ratios, ddof=1)), float(np.mean(noises)))

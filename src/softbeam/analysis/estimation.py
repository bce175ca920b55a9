"""Shares of a fault space, estimated from injections with their design, with intervals.

A share is a ratio: of the places with one property (in layer 7, say), how many have another too
(and end as SDC).  From simple random draws it is a proportion; from strata it is a ratio of
weighted sums; with several inputs the inputs are clusters.  How far what was never seen can reach
is in :mod:`softbeam.analysis.missed`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.clusters import Clusters
from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Place, Stratum
from softbeam.analysis.missed import Reach, reach
from softbeam.analysis.proportion import CONFIDENCE, Proportion, wilson_of

#: Injections by input and stratum, or by stratum alone.
Tally = NDArray[np.float64]

#: Pseudo-injections that each stratum gets for its variance, spread as the whole sample is: a
#: stratum in which nothing happened yet has a variance all the same.  Two at each end, as A.
#: Agresti and B. A. Coull, The American Statistician 52 (1998), doi:10.1080/00031305.1998.10480550.
PSEUDO = 4.0


#: From a share, the number of draws that it is as precise as, and the level, to its interval.
Interval = Callable[[float, float, float], tuple[float, float]]


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
    deviation : float
        The standard deviation by which they seem to differ, beyond the draw of injections.
    """

    likely: float
    proven: float
    deviation: float = 0.0


class Estimator:
    """Estimates shares from the injections of one stream.

    Parameters
    ----------
    counts : Counts
        Of one mode and model, with their design.
    confidence : float
        Level of the intervals.
    interval : callable
        From a share, an effective number of draws and the level to the interval: Wilson's, or
        :func:`softbeam.analysis.proportion.exact_of`, which is wider and never holds less often.
    """

    def __init__(
        self, counts: Counts, confidence: float = CONFIDENCE, interval: Interval = wilson_of
    ) -> None:
        self.counts = counts
        self._interval = interval
        self._design, self._confidence = counts.design, confidence
        self._all = counts.everywhere()
        names = counts.strata() if self._design.stratified else [(0, "")] * self._all.size
        strata = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._weights = np.ones(len(strata))
        self._undrawn: dict[Stratum, float] = {}
        if self._design.stratified and names:
            stream = Stream(counts["mode"][0], counts["model"][0])
            weights = self._design.weights[stream.mode]
            self._weights = np.array([weights[name] for name in strata])
            self._undrawn = counts.undrawn(stream)
        # Where each row is added to, in tables with a row for each input.
        self._stratum = np.array([strata[name] for name in names], dtype=np.intp)
        image = counts["image"] if self._design.images > 1 else np.zeros_like(self._stratum)
        self._place = image * len(strata) + self._stratum
        self._drawn = self._tally(self._all)

    def joint(self, numerator: Mask, place: Place) -> Share:
        """Return the share, among all places of faults, of those in a place with `numerator`.

        Parameters
        ----------
        numerator : numpy.ndarray of bool
            Rows.
        place : Place
            Whole layers or kernels.  Where those are strata, how much of the fault space they are
            is known exactly, and only the rest is estimated; strata in which no injection was
            made yet count with all that may be there.
        """
        within = self.counts.inside(place)
        if not self._design.stratified:
            return self.share(numerator & within)
        inner = self.share(numerator, within)
        exposure = self._weights[np.unique(self._stratum[within])].sum()
        undrawn = sum(size for one, size in self._undrawn.items() if place.holds(one))
        drawn = self._weights.sum()
        low, high = exposure * inner.low / drawn, exposure * inner.high / drawn
        return Estimate(
            inner.successes,
            self.counts.n,
            float(exposure * inner.estimate / drawn) if inner.n else 0.0,
            float(low),
            min(float(high + undrawn), 1.0),
        )

    def share(self, numerator: Mask, of: Mask | None = None) -> Share:
        """Return the share, among the places for which `of` holds, of those with `numerator` too.

        Parameters
        ----------
        numerator, of : numpy.ndarray of bool
            Rows; all rows if `of` is not given.
        """
        inside = self._all if of is None else of
        return self._share(self._tally(inside), self._tally(inside & numerator))

    def shares_by(
        self, group: NDArray[np.intp], groups: int, numerators: Mapping[str, Mask]
    ) -> list[dict[str, Share]]:
        """Return, group by group, the shares of some properties in it.

        Parameters
        ----------
        group : numpy.ndarray of intp
            The group of each row, from 0 on; -1 for none.
        groups : int
            How many there are.
        numerators : mapping of str to (numpy.ndarray of bool)
            The properties.
        """
        inside = group >= 0
        of = self._tallies(inside, group, groups)
        parts = {
            name: self._tallies(inside & numerator, group, groups)
            for name, numerator in numerators.items()
        }
        return [
            {name: self._share(of[number], part[number]) for name, part in parts.items()}
            for number in range(groups)
        ]

    def floor(self, numerator: Mask, of: Mask | None = None) -> Floor:
        """Return what the width of a share's interval never falls below with these inputs.

        Parameters
        ----------
        numerator, of : numpy.ndarray of bool
            As for :meth:`share`.
        """
        inside = self._all if of is None else of
        d, x = self._tally(inside), self._tally(inside & numerator)
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

        return Floor(half(clusters.likely), half(clusters.proven), math.sqrt(clusters.likely))

    def _tally(self, rows: Mask) -> Tally:
        """Return the injections of some rows by input and stratum."""
        found: Tally = self._tallies(rows, np.zeros_like(self._stratum), 1)[0]
        return found

    def _tallies(self, rows: Mask, group: NDArray[np.intp], groups: int) -> Tally:
        shape = (groups, self._design.images, self._weights.size)
        found = np.bincount(
            group[rows] * (shape[1] * shape[2]) + self._place[rows],
            weights=self.counts.numbers[rows],
            minlength=math.prod(shape),
        )
        tallies: Tally = found.astype(np.float64).reshape(shape)
        return tallies

    def _share(self, d: Tally, x: Tally) -> Share:
        successes, n = int(x.sum()), int(d.sum())
        simple = self._design.is_simple
        if simple and self._confidence == CONFIDENCE and self._interval is wilson_of:
            return Proportion(successes, n)
        if n == 0:
            return Estimate(0, 0, math.nan, 0.0, 1.0)
        ratio = self._ratio(d, x)
        if simple and self._interval is not wilson_of:
            low, high = self._interval(ratio, n, self._confidence)
            return Estimate(successes, n, ratio, low, high)
        variance, effective = self._effective(d, x)
        low, high = self._interval(ratio, effective, self._confidence)
        below, above = self._missed(d, x, ratio, variance)
        low = min(low, ratio, max(ratio - below.whole, low - below.extra))
        high = max(high, ratio, min(ratio + above.whole, high + above.extra))
        return Estimate(successes, n, ratio, max(low, 0.0), min(high, 1.0))

    def _missed(self, d: Tally, x: Tally, ratio: float, variance: float) -> tuple[Reach, Reach]:
        """Return how far below and above the estimate strata reach in which little was seen."""
        d, x, n = (one.sum(axis=0) for one in (d, x, self._drawn))
        here = d > 0.0
        if int(here.sum()) < 2:
            # The draws of one stratum are simple ones.
            return Reach(0.0, 0.0), Reach(0.0, 0.0)
        d, x, n = d[here], x[here], n[here]
        parts = self._weights[here] * d / n
        parts /= parts.sum()
        rates = (x + PSEUDO * ratio) / (d + PSEUDO)
        return (
            reach(variance, parts, d, 1.0 - rates, self._confidence),
            reach(variance, parts, d, rates, self._confidence),
        )

    def _ratio(self, d: Tally, x: Tally) -> float:
        """Return the weighted ratio of all inputs together."""
        return float(self._ratios(*(one.sum(axis=0) for one in (d, x, self._drawn))))

    def _ratios(self, d: Tally, x: Tally, n: Tally) -> NDArray[np.float64]:
        """Return the weighted ratio of each row; strata without injections are left out."""
        n = np.maximum(n, 1e-300)
        whole = np.asarray((d / n) @ self._weights)
        part = np.asarray((x / n) @ self._weights)
        nothing = np.full_like(whole, math.nan)
        ratios: NDArray[np.float64] = np.divide(part, whole, out=nothing, where=whole > 0.0)
        return ratios

    def _effective(self, d: Tally, x: Tally) -> tuple[float, float]:
        """Return the ratio's variance, and how many simple draws would be as precise."""
        variance, ratio = self._linearised(d, x)
        clusters = self._clusters(d, x)
        if clusters is not None:
            variance = max(variance, clusters.variance(self._confidence))
        if not variance:
            return 0.0, float(self.counts.n)
        return variance, max(ratio * (1 - ratio) / variance, 1e-9)

    def _linearised(self, d: Tally, x: Tally) -> tuple[float, float]:
        """Return the variance of the ratio of all inputs together, and where it is taken."""
        variance, ratio = self._variances(*(one.sum(axis=0) for one in (d, x, self._drawn)))
        return float(variance), float(ratio)

    def _variances(
        self, d: Tally, x: Tally, n: Tally
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

    def _clusters(self, d: Tally, x: Tally) -> Clusters | None:
        """Return how the ratio differs between the inputs; None if fewer than two have it."""
        have = d.sum(axis=1) > 0.0
        if int(have.sum()) < 2:
            return None
        own = d[have], x[have], self._drawn[have]
        ratios, (noises, _) = self._ratios(*own), self._variances(*own)
        return Clusters(ratios.size, float(np.var(ratios, ddof=1)), float(np.mean(noises)))

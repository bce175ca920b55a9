"""Campaigns on an unhardened and a hardened network whose rates are known.

A pair says for each stratum how large it is, how often a fault there does damage, and what a
technique makes of both: how many times the places, and what part of the damage is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design, exposures
from softbeam.analysis.hardening.relative import Sample
from softbeam.faults.space import FaultSpaceSize

STREAMS = (
    Stream("rf", "single-bit"),
    Stream("iov", "random-value"),
    Stream("ioa", "single-bit"),
)

#: Rows of counts: a critical SDC, and no damage.
_SDC, _MASKED = ("SDC", "critical", False, False), ("Masked", "absorbed", False, False)


@dataclass(frozen=True)
class Pair:
    """What hardening does to a network.

    Attributes
    ----------
    places : numpy.ndarray of int64, [strata]
        Places of every mode in each stratum of the unhardened network.
    rates : numpy.ndarray of float64, [strata]
        How often a fault there does damage, on average over all inputs that there could be.
    growth : numpy.ndarray of float64, [strata]
        How many times as many places the hardened stratum has.
    left : numpy.ndarray of float64, [strata]
        What part of `rates` is left in it.
    differ : float
        An input multiplies all rates of both networks by between 1 - differ and 1 + differ.
    own : float
        And those of the hardened network by between 1 - own and 1 + own, besides.
    streams : int
        How many of :data:`STREAMS` there are; in the second and third damage is 2 and 3 times as
        frequent.
    """

    places: NDArray[np.int64]
    rates: NDArray[np.float64]
    growth: NDArray[np.float64]
    left: NDArray[np.float64]
    differ: float = 0.0
    own: float = 0.0
    streams: int = 1

    @property
    def hardened_places(self) -> NDArray[np.int64]:
        """Places of each stratum of the hardened network."""
        return np.rint(self.places * self.growth).astype(np.int64)

    def layer(self, number: int) -> slice:
        """Return the strata of a layer, which has three kernels."""
        return slice(3 * number, 3 * number + 3)

    def truth(self, strata: slice = slice(None)) -> float:
        """Return the rate relative to the unhardened network, of all or some strata."""
        before = (self.places * self.rates)[strata].sum()
        after = (self.hardened_places * self.rates * self.left)[strata].sum()
        return float(after / before)

    def samples(
        self,
        numbers: tuple[int | Sequence[int], int | Sequence[int]],
        rng: np.random.Generator,
        inputs: int = 1,
    ) -> tuple[Sample, Sample]:
        """Draw a campaign on each: so many injections of the whole, or of each stratum."""
        factors = 1.0 + self.differ * rng.uniform(-1.0, 1.0, inputs)
        own = 1.0 + self.own * rng.uniform(-1.0, 1.0, inputs)
        if inputs == 1:
            factors, own = np.ones(1), np.ones(1)
        return (
            self._sample(self.places, self.rates[:, None] * factors, numbers[0], rng, ""),
            self._sample(
                self.hardened_places,
                (self.rates * self.left)[:, None] * factors * own,
                numbers[1],
                rng,
                "+range",
            ),
        )

    def _sample(
        self,
        places: NDArray[np.int64],
        rates: NDArray[np.float64],
        numbers: int | Sequence[int],
        rng: np.random.Generator,
        technique: str,
    ) -> Sample:
        inputs = rates.shape[1]
        strata = [(one // 3, f"kernel{one % 3}{technique}") for one in range(places.size)]
        streams = STREAMS[: self.streams]
        sizes = tuple(
            FaultSpaceSize(image, stream.mode, *stratum, int(size))
            for image in range(inputs)
            for stream in streams
            for stratum, size in zip(strata, places, strict=True)
        )
        rows = {}
        for times, stream in enumerate(streams, 1):
            for image in range(inputs):
                if isinstance(numbers, int):
                    n = len(range(image, numbers, inputs))
                    drawn = rng.multinomial(n, places / places.sum())
                else:
                    drawn = np.array([len(range(image, one, inputs)) for one in numbers])
                bad = rng.binomial(drawn, np.minimum(times * rates[:, image], 1.0))
                for stratum, of, seen in zip(strata, drawn.tolist(), bad.tolist(), strict=True):
                    rows[*stream, *stratum, *_SDC, image] = seen
                    rows[*stream, *stratum, *_MASKED, image] = of - seen
        stratified = not isinstance(numbers, int)
        design = Design(stratified, inputs, exposures(sizes))
        return Sample(Counts.of_rows(rows, design), sizes)

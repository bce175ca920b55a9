"""How far the two sums of a check are apart without fault, on calibration images.

What is proven of rounding (:mod:`softbeam.network.hardening.tolerance`) holds for any image and is
far from what images show, for it takes every partial sum to be as large as it can be.  A check that
fires without need changes no bit: it computes a column again, which takes its time.  So its
tolerance may be little more than what calibration images show, and errors are found that the proven
one would let pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.network.golden import GoldenRun
from softbeam.network.hardening.checksum import TOLERANCE, groups_of_rows
from softbeam.network.hardening.tolerance import check_contents
from softbeam.network.plan import Launch

Floats = NDArray[np.float32]

#: How many times as far as on the calibration images sums may be apart.  One warp computes a column
#: again while the GPU waits, so that this must be rare also on other images.
MARGIN = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """What is needed to look at the sums of one product.

    Attributes
    ----------
    launch : Launch
        The product, of the unhardened plan.
    rows : int
        How many rows a check sums, 0 for all.
    contents : tuple of (int, int, numpy.ndarray of float32)
        The first row of each check and that behind its last, and what it knows of their weights.
    """

    launch: Launch
    rows: int
    contents: tuple[tuple[int, int, Floats], ...]

    @classmethod
    def of(cls, launch: Launch, rows: int, weights: Mapping[str, Floats]) -> Rounding:
        """Return what is needed for a product that is checked; nothing if it cannot be."""
        one = launch.product
        assert one is not None
        own = weights.get(one.a.buffer)
        if own is None or not one.is_single:
            # What cannot be checked is refused where the check is planned.
            return cls(launch, rows, ())
        a = own[one.a.word : one.a.word + one.m * one.k].reshape(one.m, one.k)
        groups = groups_of_rows(one.m, rows)
        return cls(launch, rows, tuple((i, j, check_contents(a[i:j], one.k)) for i, j in groups))

    def largest(self, golden: GoldenRun) -> float:
        """Return the λ of :data:`MARGIN` times what all columns of a fault-free run need.

        It is at most that which is proven; negative where even what is certain is not reached.
        """
        from softbeam.kernels.families.checks import column_sums

        one = self.launch.product
        assert one is not None
        b = _matrix(golden, one.b.buffer, self.launch.index, one.b.word, one.k, one.n)
        c = _matrix(golden, one.c.buffer, self.launch.index + 1, one.c.word, one.m, one.n)
        values, places = np.ascontiguousarray(b.T), np.arange(one.n, dtype=np.int32)[:, None]
        found = -np.inf
        for first, end, check in self.contents:
            apart, squares = np.empty(one.n), np.empty(one.n, np.float32)
            rows = np.ascontiguousarray(c[first:end].T)
            column_sums(values, places, rows, check, 0, apart, squares)
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                norms = np.sqrt(np.float64(squares) + np.float64(check[3]))
                allowed = MARGIN * np.abs(apart) / norms
                needed = (allowed - np.float64(check[1])) / np.float64(check[0])
            found = max(found, float(np.fmax.reduce(needed, initial=-np.inf)))
        known = min(found, TOLERANCE) if np.isfinite(found) else TOLERANCE
        return float(np.nextafter(np.float32(known), np.float32(np.inf)))


def _matrix(golden: GoldenRun, buffer: str, launch: int, word: int, rows: int, n: int) -> Floats:
    words = golden.part(buffer, launch, word, rows * n)
    return words.view(np.float32).reshape(rows, n)

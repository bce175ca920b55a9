"""Inputs as clusters: how far they differ, and how narrow that ever lets an interval be.

More injections tell better how each input behaves; how inputs differ from each other only more
inputs tell.  Which shares are compared is in :mod:`softbeam.analysis.estimation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: How sure it has to be that inputs differ by so much, before that is held against a margin.
PROVEN = 0.999

#: Where the draw of injections is no more than this part of how inputs seem to differ, more
#: injections have nothing left to tell.
NEGLIGIBLE = 0.04


def widening(inputs: int, confidence: float) -> float:
    """Return the ratio of Student's to the normal quantile, for a mean over so many inputs.

    Examples
    --------
    >>> [round(widening(inputs, 0.95), 2) for inputs in (2, 3, 5, 10, 30)]
    [6.48, 2.2, 1.42, 1.15, 1.04]
    """
    from scipy.stats import norm, t

    tail = (1 + confidence) / 2
    return float(t.ppf(tail, inputs - 1) / norm.ppf(tail))


@dataclass(frozen=True, slots=True)
class Clusters:
    """How a share differs from input to input.

    Attributes
    ----------
    inputs : int
        Inputs in which it was looked for, at least two.
    spread : float
        Variance of their shares.
    noise : float
        The part of it that is to be expected if the inputs were alike: the mean variance of one
        input's share by the draw of its injections.
    """

    inputs: int
    spread: float
    noise: float

    def variance(self, confidence: float, spread: float | None = None) -> float:
        """Return the variance of the mean over the inputs, made larger where they are few.

        A normal interval with it is as wide as Student's.

        Parameters
        ----------
        confidence : float
            Level of that interval.
        spread : float, optional
            Another variance of the inputs' shares.
        """
        if spread is None:
            spread = self.spread
        return widening(self.inputs, confidence) ** 2 * spread / self.inputs

    @property
    def likely(self) -> float:
        """Estimate of the spread that is left when no injection could be added any more."""
        return max(self.spread - self.noise, 0.0)

    @property
    def proven(self) -> float:
        """Spread that is left at least.

        The inputs' own differences and the noise add up as vectors do, so that the former are no
        shorter than the sum less the longest noise that is to be expected: a multiple of a
        chi-square variable.
        """
        from scipy.stats import chi2

        if self.noise <= NEGLIGIBLE * self.spread:
            return self.likely
        freedom = self.inputs - 1
        longest = math.sqrt(self.noise * float(chi2.ppf(PROVEN, freedom)) / freedom)
        return max(math.sqrt(self.spread) - longest, 0.0) ** 2

"""How many faults strike one inference: a number, or as many as a bit-error rate gives.

A load has a name, which results hold: ``4`` is four faults, ``1e-09`` as many as strike when each
bit of the fault space flips with that probability.
"""

from __future__ import annotations

import decimal
import math
from dataclasses import dataclass
from typing import Protocol

from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES, Drawing

#: Faults in one inference at most, and on average at most.
MOST = 10_000

#: The bit-flip model whose faults a bit-error rate counts.
RATE_MODEL = "single-bit"

#: Faults that are expected in the parts that a number of faults is drawn from.
_PART = 32

#: Numbers that a draw is made of: as fine as float64 from 0 to 1.
_FINE = 1 << 53

_EXACT = decimal.Context(prec=60, Emin=-(10**9), Emax=10**9)


@dataclass(frozen=True, slots=True)
class Load:
    """How many faults strike an inference.

    Attributes
    ----------
    faults : int
        How many; 0 where a rate says it.
    rate : float
        The probability that a bit of the fault space flips; 0 where a number is given.
    """

    faults: int = 0
    rate: float = 0.0

    def __str__(self) -> str:
        return str(self.faults) if self.faults else repr(self.rate)

    @classmethod
    def read(cls, name: str) -> Load:
        """Return the load of a name.

        Raises
        ------
        ValueError
            If there is none.
        """
        try:
            load = cls(faults=int(name)) if name.isdecimal() else cls(rate=float(name))
        except ValueError:
            load = cls()
        if str(load) != name or not (1 < load.faults <= MOST or 0 < load.rate < 1):
            raise ValueError(f"{name!r} is no number of faults, and no rate")
        return load

    @property
    def order(self) -> tuple[float, int]:
        """Numbers first, then rates, both ascending."""
        return self.rate, self.faults

    def expected(self, bits: int) -> float:
        """Return how many faults there are on average, of so many bits."""
        return self.faults or self.rate * bits

    def check(self, mode: str, bits: int) -> None:
        """Refuse a rate that means too many faults.

        Raises
        ------
        CampaignError
            If there are more than :data:`MOST` on average.
        """
        expected = self.expected(bits)
        if expected > MOST:
            raise CampaignError(
                f"a rate of {self.rate:g} means {expected:,.0f} faults of {mode} in an inference; "
                f"give one of at most {MOST / bits:.1g}, for {MOST:,}"
            )

    def draw(self, mode: str, bits: int, draws: Drawing) -> int:
        """Draw how many faults strike an inference.

        Of a rate the number is binomial: every bit flips by itself.  It is drawn by inversion, in
        decimals of 60 digits, so that it is the same on every machine; a large number is the sum
        of several, each of a part of the bits.

        Parameters
        ----------
        mode : str
            The mode.
        bits : int
            Those that can flip, as of :func:`bits_in`.
        draws : Drawing
            The inference's random numbers.

        Raises
        ------
        CampaignError
            As of :meth:`check`.
        """
        if self.faults:
            return self.faults
        self.check(mode, bits)
        parts = max(1, math.ceil(self.expected(bits) / _PART))
        whole, more = divmod(bits, parts)
        return sum(
            _binomial(whole + (part < more), self.rate, draws.below(_FINE, f"number {part}"))
            for part in range(parts)
        )


def _binomial(bits: int, rate: float, drawn: int) -> int:
    """Return the least number whose cumulative probability is above `drawn` of 2^53."""
    exact = _EXACT
    p = decimal.Decimal(rate)
    q = exact.subtract(decimal.Decimal(1), p)
    odds = exact.divide(p, q)
    term = exact.power(q, bits)
    limit = exact.divide(decimal.Decimal(drawn), decimal.Decimal(_FINE))
    total, number = term, 0
    while total <= limit and number < bits:
        ratio = exact.divide(decimal.Decimal(bits - number), decimal.Decimal(number + 1))
        term = exact.multiply(term, exact.multiply(ratio, odds))
        total = exact.add(total, term)
        number += 1
    return number


class Space(Protocol):
    """A fault space."""

    mode: str

    @property
    def values(self) -> int:
        """How many values can be struck: places, but of memory words, whenever they are struck."""


def bits_in(space: Space) -> int:
    """Return how many bits can flip in an inference, each with the probability of a rate."""
    return space.values * bits_of(space.mode)


def bits_of(mode: str) -> int:
    """Return the bits of a place of a mode's fault space: those of the value that it strikes.

    Raises
    ------
    CampaignError
        If what it strikes is no value.
    """
    targets = MODES[mode].targets
    widths = {target.width for target in targets}
    if len(widths) != 1 or not all(target.values for target in targets) or not is_transient(mode):
        raise CampaignError(
            f"mode {mode} strikes no values of one width, so that no bit-error rate can be said; "
            "give --faults"
        )
    return widths.pop()


def is_transient(mode: str) -> bool:
    """Return whether a mode's faults happen once, so that several can strike an inference."""
    return MODES[mode].space != "units"


def check_load(mode: str, model: str, load: Load) -> None:
    """Refuse a load that a mode's faults cannot have.

    Raises
    ------
    CampaignError
        Saying why.
    """
    if not is_transient(mode):
        raise CampaignError(
            f"a fault of mode {mode} stays for a whole inference; several of it are not drawn"
        )
    if load.rate:
        bits_of(mode)
        if model != RATE_MODEL:
            raise CampaignError(f"a bit-error rate is of model {RATE_MODEL}, not of {model}")

"""How many digits a number is shown with: as few as can be, and never so few that it misleads.

A share is shown in percent.  Its digits grow where the usual number of them would print an upper
bound or something that was seen as zero, something that was not always seen as all, or the two
ends of an interval as one number.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from softbeam.analysis.estimation import Share

#: Decimals of a share in percent, where nothing asks for more.
USUAL = 1

#: Decimals that are never exceeded, and what is no more than an error of rounding.
_MOST, _NOTHING = 12, 1e-13

#: What stands in the place of a share of nothing.
DASH = "–"


class Span(Protocol):
    """An estimate between two ends."""

    @property
    def estimate(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


class Interval(NamedTuple):
    """An estimate and its interval, as parts of one."""

    estimate: float
    low: float
    high: float


def percent(share: Share, digits: int = USUAL, nothing: str = DASH) -> str:
    """Return a share and its interval in percent.

    Parameters
    ----------
    share : Share
        The share.
    digits : int
        Decimals, where no more are needed.
    nothing : str
        What is returned for a share of no injections.

    Examples
    --------
    >>> from softbeam.analysis.proportion import Proportion
    >>> percent(Proportion(123, 1000)), percent(Proportion(0, 8908)), percent(Proportion(0, 0))
    ('12.3 [10.4, 14.5]', '0.00 [0.00, 0.04]', '–')
    """
    return span(share, digits) if share.n else nothing


def span(found: Span, digits: int = USUAL) -> str:
    """Return an estimate and its interval, parts of one, in percent.

    Examples
    --------
    >>> span(Interval(0.5, 0.25, 0.75)), span(Interval(1.0, 0.9996, 1.0))
    ('50.0 [25.0, 75.0]', '100.00 [99.96, 100.00]')
    """
    estimate, low, high = found.estimate, found.low, found.high
    for places in range(digits, _MOST + 1):
        middle, left, right = (f"{100 * one:.{places}f}" for one in (estimate, low, high))
        bounded = high < _NOTHING or float(right) > 0.0
        apart = high - low < _NOTHING or left != right
        if bounded and apart and _shown(estimate, middle):
            break
    return f"{middle} [{left}, {right}]"


def part(value: float, digits: int = USUAL) -> str:
    """Return a part of one in percent; only nothing is 0 and only all is 100.

    Examples
    --------
    >>> part(0.25), part(0.0), part(0.00002), part(0.9996), part(0.25, 0)
    ('25.0', '0.0', '0.002', '99.96', '25')
    """
    for places in range(digits, _MOST + 1):
        text = f"{100 * value:.{places}f}"
        if _shown(value, text):
            break
    return text


def _shown(value: float, text: str) -> bool:
    """Return whether a part of one that is neither nothing nor all does not look like it."""
    if not _NOTHING < value < 1.0 - _NOTHING:
        return True
    return float(text) not in (0.0, 100.0)

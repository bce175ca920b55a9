"""How many digits a number is shown with: as few as can be, and never so few that it misleads.

A share is shown in percent.  Its digits grow where the usual number of them would print something
that is not nothing as 0, something that is not all as 100, or the two ends of an interval as one
number.  Only what is nothing, or all, but for an error of rounding in computing it is printed so.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from softbeam.analysis.estimation import Share

#: Decimals of a share in percent, where nothing asks for more.
USUAL = 1

#: Decimals that are never exceeded, and what is no more than an error of rounding.
_MOST, _NOTHING = 12, 1e-13

#: A share that is less than this from nothing or all is told so in a sentence.
_NEARLY = 0.001

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
    >>> span(Interval(0.17, 0.00002, 0.99998))
    '17.0 [0.002, 99.998]'
    """
    middle, low, high = _apart(found, digits)
    return f"{middle} [{low}, {high}]"


def _apart(found: Span, digits: int) -> tuple[str, str, str]:
    """Return an estimate and the ends of its interval in percent, with digits that tell them."""
    estimate, low, high = found.estimate, found.low, found.high
    for places in range(digits, _MOST + 1):
        middle, left, right = (f"{100 * one:.{places}f}" for one in (estimate, low, high))
        bounded = high < _NOTHING or float(right) > 0.0
        apart = high - low < _NOTHING or left != right
        if bounded and apart and _shown(estimate, middle):
            break
    # An end may need more digits than the rest so as not to look like nothing or all.
    return middle, part(low, places), part(high, places)


def part(value: float, digits: int = USUAL) -> str:
    """Return a part of one in percent; only nothing is 0 and only all is 100.

    Examples
    --------
    >>> part(0.25), part(0.0), part(0.00002), part(0.9996), part(0.25, 0)
    ('25.0', '0.0', '0.002', '99.96', '25')
    """
    if abs(value) <= _NOTHING:
        value = 0.0
    for places in range(digits, _MOST + 1):
        text = f"{100 * value:.{places}f}"
        if _shown(value, text):
            break
    return text


def exact(value: float) -> str:
    """Return a part of one in percent as somebody wrote it.

    Examples
    --------
    >>> exact(0.9), exact(0.07), exact(0.99999)
    ('90', '7', '99.999')
    """
    return f"{100 * value:.12g}"


def between(low: float, high: float) -> str:
    """Return an interval of parts of one in percent, in words.

    Examples
    --------
    >>> between(0.875, 0.962), between(0.832, 0.99998), between(0.0004, 0.03)
    ('88 to 96 %', '83 to more than 99.9 %', 'less than 0.1 to 3 %')
    >>> between(0.99991, 0.99998), between(0.25, 0.25), between(0.0, 1.0)
    ('99.99 to 99.998 %', '25 %', '0 to 100 %')
    """
    left, right = _worded(low), _worded(high)
    if left == right:
        _, left, right = _apart(Interval((low + high) / 2, low, high), 0)
    return f"{left} %" if left == right else f"{left} to {right} %"


def _worded(value: float) -> str:
    """Return a part of one in whole percent, or in words where it is next to nothing or all."""
    if _NOTHING < value < _NEARLY:
        return f"less than {100 * _NEARLY:.1f}"
    if 1.0 - _NEARLY < value < 1.0 - _NOTHING:
        return f"more than {100 * (1.0 - _NEARLY):.1f}"
    return part(value, 0)


def significant(value: float, digits: int = 3) -> str:
    """Return a part of one in percent with some significant digits, more where it needs them.

    Examples
    --------
    >>> significant(0.04274), significant(0.99997), significant(1.0)
    ('4.27', '99.997', '100')
    """
    for number in range(digits, _MOST + 3):
        text = f"{100 * value:.{number}g}"
        if _shown(value, text):
            break
    return text


def at_least(value: float, digits: int = USUAL) -> str:
    """Return a lower bound, a part of one, in percent and rounded down.

    Examples
    --------
    >>> at_least(0.9679), at_least(0.99997), at_least(0.0004), at_least(0.0)
    ('96.7', '99.9', '0.04', '0.0')
    """
    for places in range(digits, _MOST + 1):
        text = f"{math.floor(100 * value * 10**places) / 10**places:.{places}f}"
        if _shown(value, text):
            break
    return text


def _shown(value: float, text: str) -> bool:
    """Return whether a part of one that is neither nothing nor all does not look like it."""
    if not _NOTHING < abs(value) < 1.0 - _NOTHING:
        return True
    return abs(float(text)) not in (0.0, 100.0)

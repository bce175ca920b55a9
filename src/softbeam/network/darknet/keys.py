"""How the values of a ``.cfg`` file are read, and what a section is.

What each section may say stands with its layer, in :mod:`softbeam.network.layers`; how a file is
cut into sections is in :mod:`softbeam.network.darknet.cfg`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from softbeam.network.activation import Activation

if TYPE_CHECKING:
    from softbeam.network.layers.base import BaseLayer, Shape

MOST_ELEMENTS = 2**31 - 1
"""Elements of a buffer: Darknet counts them in 32-bit integers."""

#: No whole number has as many digits; Python refuses to read very long ones.
_DIGITS = 20

Values: TypeAlias = Mapping[str, Any]
"""What a section says, by key; defaults for what it leaves out."""


class Invalid(Exception):  # noqa: N818  (what the value is, without the place)
    """A value that does not do; the caller knows the place."""


class Key(NamedTuple):
    """How a key is read, and its value where it is left out (None: derived from others)."""

    read: Callable[[str], Any]
    default: Any


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a ``.cfg`` file that makes a layer.

    Parameters
    ----------
    name
        Its name, without brackets.
    make
        Makes the layer of the values, the input's shape and the layers before; raises
        :class:`Invalid` if the values do not fit one another or the layers before.
    keys
        Keys that inference depends on, with Darknet's defaults.
    training
        Keys, with blanks between them, that only training or the drawing of boxes uses.
    aliases
        Darknet's second names of the section.
    """

    name: str
    make: Callable[[Values, Shape, Sequence[BaseLayer]], BaseLayer]
    keys: Mapping[str, Key]
    training: str = ""
    aliases: tuple[str, ...] = ()


def whole(least: int, most: int = MOST_ELEMENTS) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""

    def read(text: str) -> int:
        digits = text.removeprefix("-") if least < 0 else text
        written = digits.isascii() and digits.isdecimal() and len(digits) < _DIGITS
        if not (written and least <= int(text) <= most):
            raise Invalid(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def number(text: str) -> float:
    """Read a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise Invalid("must be a number")
    return value


def positive(text: str) -> float:
    """Read a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise Invalid("must be a number above 0")
    return value


def listed(read: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    """Return a reader of lists with commas."""

    def read_list(text: str) -> tuple[Any, ...]:
        # Darknet's lists may end with a comma.
        return tuple(read(part) for part in text.rstrip(",").split(","))

    return read_list


def activation(default: Activation) -> Key:
    """Return a key that names an activation function."""
    known = {one.name.lower(): one for one in Activation if one != Activation.RECTIFIER}

    def read(text: str) -> Activation:
        if text not in known:
            raise Invalid(f"must be one of {', '.join(sorted(known))}")
        return known[text]

    return Key(read, default)


def only(value: int) -> Key:
    """Return a key of which softbeam knows one value alone, Darknet's default."""

    def read(text: str) -> int:
        if text != str(value):
            raise Invalid(f"must be {value}, as softbeam knows nothing else")
        return value

    return Key(read, value)


def never(reason: str) -> Key:
    """Return a key that must be left out."""

    def read(text: str) -> str:
        raise Invalid(reason)

    return Key(read, None)


COUNT = whole(1)
"""Reads a number of things, at least one."""

FLAG = Key(whole(0, 1), 0)
"""A key that is 0, the default, or 1."""

INDEX = whole(-MOST_ELEMENTS)
"""Reads the number of a layer; a negative one is counted from the layer that says it."""

TREE = never("must be left out, as softbeam does not know hierarchical classes")

"""How the values of a ``.cfg`` file are read, and what a section is.

What each section may say stands with its layer, in :mod:`softbeam.network.layers`; how a file is
cut into sections is in :mod:`softbeam.network.darknet.cfg`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

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


def _never(value: Any) -> bool:
    return False


class Key(NamedTuple):
    """How a key is read, and its value where it is left out (None: derived from others).

    `alexeyab` says of a value whether only AlexeyAB's Darknet knows it.
    """

    read: Callable[[str], Any]
    default: Any
    alexeyab: Callable[[Any], bool] = _never


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
    alexeyab
        Whether only AlexeyAB's Darknet knows it.
    """

    name: str
    make: Callable[[Values, Shape, Sequence[BaseLayer]], BaseLayer]
    keys: Mapping[str, Key]
    training: str = ""
    aliases: tuple[str, ...] = ()
    alexeyab: bool = False


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


def _across(one: Activation) -> bool:
    return one.across_channels


#: Activations that AlexeyAB's Darknet knows behind convolutions, and those of them that it knows
#: behind shortcuts; anywhere else its kernel has no case for them.
_CONVOLUTIONS = (Activation.SWISH, Activation.HARD_MISH, *filter(_across, Activation))
_SHORTCUTS = (Activation.SWISH,)

#: Activations that only AlexeyAB's Darknet knows; mish is read as files of before were.
_ALEXEYAB = (Activation.RELU6, *_CONVOLUTIONS)


def activation(default: Activation, *, behind: Literal["", "convolution", "shortcut"] = "") -> Key:
    """Return a key that names an activation function, behind what."""
    known = {one.name.lower(): one for one in Activation if one != Activation.RECTIFIER}
    there = {"": (), "convolution": _CONVOLUTIONS, "shortcut": _SHORTCUTS}[behind]

    def read(text: str) -> Activation:
        if text not in known:
            raise Invalid(f"must be one of {', '.join(sorted(known))}")
        if known[text] in _CONVOLUTIONS and known[text] not in there:
            raise Invalid("gives zeros here in AlexeyAB's Darknet; it is for a [convolutional]")
        return known[text]

    return Key(read, default, lambda value: value in _ALEXEYAB)


def differs_from(usual: Any) -> Callable[[Any], bool]:
    """Return a rule that only AlexeyAB's Darknet knows other values than this one."""
    return lambda value: value != usual


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

STRIDES = {name: Key(COUNT, None, differs_from(None)) for name in ("stride_x", "stride_y")}
"""Steps along width and height, each in place of ``stride`` where it is given."""


def strides(values: Values) -> tuple[int, int]:
    """Return the steps along height and width of a section that has :data:`STRIDES`."""
    down, across = values["stride_y"], values["stride_x"]
    stride = values["stride"]
    return (stride if down is None else down, stride if across is None else across)


INDEX = whole(-MOST_ELEMENTS)
"""Reads the number of a layer; a negative one is counted from the layer that says it."""

TREE = never("must be left out, as softbeam does not know hierarchical classes")


def index_of(written: int, before: Sequence[BaseLayer]) -> int:
    """Return the number of a layer that a section names, from its own if negative."""
    index = len(before) + written if written < 0 else written
    if not 0 <= index < len(before):
        raise Invalid(
            f"{written} names layer {index}; it must be one of those before layer {len(before)}"
        )
    if before[index].shrunk:
        raise Invalid(
            f"names layer {before[index].name}, of whose blurred size Darknet's other layers know "
            "nothing; name the one behind it"
        )
    return index

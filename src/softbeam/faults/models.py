"""Bit-flip models: what a fault does to the value that it strikes; one record a model.

Section numbers of rules are in ``docs/methods.md``; SASSIFI is doi:10.1109/ISPASS.2017.7975296,
NVBitFI is doi:10.1109/DSN48987.2021.00041.  What is struck is in :mod:`softbeam.faults.modes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

#: Whose rules a fault follows where tools differ.
SEMANTICS = ("hardware", "sassifi", "nvbitfi")

#: Ending of the models that strike all threads that execute with the struck one.
WARP = "-warp"

#: Most neighbouring bits that a model flips: those of a register.
MOST_BITS = 32


@dataclass(frozen=True, slots=True)
class Change:
    """What a bit-flip model does to a value.

    Attributes
    ----------
    value : int
        What is XORed into the old value or, where `replaces`, takes its place.
    replaces : bool
        Whether the old value is lost.
    bit : int or None
        Lowest flipped bit, where the model flips bits.
    wide : bool
        Whether it happens in all threads that execute with the struck one.
    drops : bool
        Whether a result that goes nowhere is lost: a destination index that is not allocated, or
        a store whose address SASSIFI cannot hold.  Without it the GPU raises an exception.
    mask : int or None
        The bits that `value` takes the place of, where those are not all.
    """

    value: int
    replaces: bool
    bit: int | None
    wide: bool = False
    drops: bool = False
    mask: int | None = None

    def of(self, old: int) -> int:
        """Return what becomes of a word."""
        if not self.replaces:
            return old ^ self.value
        return self.value if self.mask is None else old & ~self.mask | self.value


@dataclass(frozen=True, slots=True)
class BitFlipModel:
    """A bit-flip model.

    Attributes
    ----------
    name : str
        Its name in options and results.
    words : str
        What it does, for the help.
    change : callable
        From a place (the lowest bit), a random value and the semantics to the change.
    flips : int
        Neighbouring bits that it flips; 0 where it gives a value.
    wide : bool
        Whether it strikes all threads that execute with the struck one.
    stays : bool
        Whether it is about faults that stay, and no other.
    listed : bool
        Whether the help names it by itself.
    """

    name: str
    words: str
    change: Callable[[int, int, str], Change]
    flips: int = 0
    wide: bool = False
    stays: bool = False
    listed: bool = True


def _flip(name: str, words: str, bits: int) -> BitFlipModel:
    mask = (1 << bits) - 1
    return BitFlipModel(
        name, words, lambda place, value, semantics: Change(mask << place, False, place), bits
    )


def _stuck(name: str, words: str, level: int) -> BitFlipModel:
    return BitFlipModel(
        name,
        words,
        lambda place, value, semantics: Change(level << place, True, place, mask=1 << place),
        1,
        stays=True,
    )


def bits_model(bits: int) -> str:
    """Return the name of the model that flips so many adjacent bits.

    Examples
    --------
    >>> bits_model(1), bits_model(2), bits_model(4)
    ('single-bit', 'double-bit', '4-bit')
    """
    return {1: "single-bit", 2: "double-bit"}.get(bits, f"{bits}-bit")


#: The models of one thread.  SASSIFI's random value takes the old one's place, and so does ours;
#: NVBitFI's is XORed into it.
_THREAD = (
    _flip("single-bit", "one bit flips", 1),
    _flip("double-bit", "two adjacent bits flip", 2),
    BitFlipModel(
        "random-value",
        "a random value",
        lambda place, value, semantics: Change(value, semantics != "nvbitfi", None),
    ),
    BitFlipModel("zero-value", "zero", lambda place, value, semantics: Change(0, True, None)),
    *(
        replace(_flip(bits_model(bits), f"{bits} adjacent bits flip", bits), listed=False)
        for bits in range(3, MOST_BITS + 1)
    ),
)

#: The models of faults that stay, besides those of one thread.
_PERMANENT = (
    _stuck("stuck-at-0", "one bit is always 0", 0),
    _stuck("stuck-at-1", "one bit is always 1", 1),
)

#: Names of the models of one thread.
THREAD_MODELS = tuple(model.name for model in _THREAD)

#: All models by name: those of one thread, those of its warp, those of faults that stay.
MODELS: Mapping[str, BitFlipModel] = MappingProxyType(
    {
        **{model.name: model for model in _THREAD},
        **{
            f"{model.name}{WARP}": replace(model, name=f"{model.name}{WARP}", wide=True)
            for model in _THREAD
        },
        **{model.name: model for model in _PERMANENT},
    }
)


def positions(model: str, width: int) -> int:
    """Return how many places a bit-flip model has in a value of `width` bits."""
    return width + 1 - max(1, MODELS[model].flips)


def change(model: str, place: int, value: int, semantics: str = "hardware") -> Change:
    """Return what a model does to a register, a destination index or the address of a store.

    Parameters
    ----------
    model : str
        One of :data:`MODELS`.
    place : int
        Lowest bit, for the models that flip bits.
    value : int
        The random value, for the model that has one.
    semantics : str
        One of :data:`SEMANTICS`.
    """
    chosen = MODELS[model]
    return replace(chosen.change(place, value, semantics), wide=chosen.wide)

"""Modes of injection and bit-flip models, and the words that they are named by.

Section numbers of rules are in ``docs/methods.md``; SASSIFI is doi:10.1109/ISPASS.2017.7975296,
NVBitFI is doi:10.1109/DSN48987.2021.00041.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from softbeam.errors import CampaignError

#: Register file, instruction output value, instruction output address.
MODES = ("rf", "iov", "ioa")

#: Ending of the models that strike all threads that execute with the struck one.
WARP = "-warp"

#: Bit-flip models, of one thread and of its warp.  IOA takes those that flip bits: an address has
#: no random value.
THREAD_MODELS = ("single-bit", "double-bit", "random-value", "zero-value")
MODELS = (*THREAD_MODELS, *(f"{model}{WARP}" for model in THREAD_MODELS))

#: Whose rules a fault follows where tools differ.
SEMANTICS = ("hardware", "sassifi", "nvbitfi")

#: Modes and models of the paper's campaign, with its number of injections each.
PAPER = (("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit"))
PAPER_INJECTIONS = 1000


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
    """

    value: int
    replaces: bool
    bit: int | None
    wide: bool = False
    drops: bool = False


def check_model(mode: str, model: str) -> None:
    """Raise unless a mode and a model exist and go together.

    Raises
    ------
    CampaignError
        Naming what was given and what there is.
    """
    if mode not in MODES:
        raise CampaignError(f"'{mode}' is not a mode; the modes are {', '.join(MODES)}")
    if model not in MODELS:
        raise CampaignError(
            f"'{model}' is not a bit-flip model; the models are {', '.join(MODELS)}"
        )
    flips = [one for one in MODELS if "bit" in one]
    if mode == "ioa" and model not in flips:
        raise CampaignError(
            f"mode ioa flips bits of an index or address and has no {model}; "
            f"use {' or '.join(flips)}"
        )


def check_semantics(semantics: str, mode: str) -> None:
    """Raise unless semantics exist and have a mode.

    Raises
    ------
    CampaignError
        Naming what was given and what there is.
    """
    if semantics not in SEMANTICS:
        raise CampaignError(
            f"'{semantics}' is not a fault semantics; there are {', '.join(SEMANTICS)}"
        )
    if semantics == "nvbitfi" and mode != "iov":
        raise CampaignError(f"NVBitFI strikes destination registers only and has no mode {mode}")


def positions(model: str, width: int) -> int:
    """Return how many places a bit-flip model has in a value of `width` bits."""
    return width - 1 if model.startswith("double-bit") else width


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
        SASSIFI's random value takes the old one's place, and so does ours; NVBitFI's is XORed
        into it.
    """
    wide = model.endswith(WARP)
    kind = model.removesuffix(WARP)
    if kind == "single-bit":
        return Change(1 << place, False, place, wide)
    if kind == "double-bit":
        return Change(3 << place, False, place, wide)
    if kind == "random-value":
        return Change(value, semantics != "nvbitfi", None, wide)
    return Change(0, True, None, wide)


def sassifi_address_change(flip: Change) -> Change:
    """Return what SASSIFI makes of a flip of a store's 64 address bits.

    Bits 0 to 30 are flipped as they are, bit 31 flips all bits from 31 up, and a flip of bits 32
    to 63 alone loses the store.
    """
    low = flip.value & 0x7FFFFFFF
    if flip.value & 0x80000000:
        low |= 0xFFFFFFFF_80000000
    return replace(flip, value=low, drops=low == 0)

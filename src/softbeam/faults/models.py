"""Modes of injection and bit-flip models, and the words that they are named by.

Section numbers of rules are in ``docs/methods.md``; SASSIFI is doi:10.1109/ISPASS.2017.7975296,
NVBitFI is doi:10.1109/DSN48987.2021.00041.
"""

from __future__ import annotations

from dataclasses import dataclass

from softbeam.errors import CampaignError

#: Register file, instruction output value, instruction output address.
MODES = ("rf", "iov", "ioa")

#: Bit-flip models.  IOA takes the first two only: an address has no random value.
MODELS = ("single-bit", "double-bit", "random-value", "zero-value")

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
    """

    value: int
    replaces: bool
    bit: int | None


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
    if mode == "ioa" and model not in MODELS[:2]:
        raise CampaignError(
            f"mode ioa flips bits of an index or address and has no {model}; "
            f"use {MODELS[0]} or {MODELS[1]}"
        )


def positions(model: str, width: int) -> int:
    """Return how many places a bit-flip model has in a value of `width` bits."""
    return width if model == "single-bit" else width - 1


def change(model: str, place: int, value: int) -> Change:
    """Return what a model does to a value.

    Parameters
    ----------
    model : str
        One of :data:`MODELS`.
    place : int
        Lowest bit, for the models that flip bits.
    value : int
        The random value, for the model that has one.
    """
    if model == "single-bit":
        return Change(1 << place, False, place)
    if model == "double-bit":
        return Change(3 << place, False, place)
    return Change(value if model == "random-value" else 0, True, None)

"""Modes: what a fault strikes, where, and when; one record a mode.

A mode says from which instructions its places are drawn, what is struck there, which bit-flip
models it takes, and what the columns of a result hold of it.  Counting places is
in :mod:`softbeam.faults.space`, drawing them in :mod:`softbeam.faults.drawing`, and what is done to
a value in :mod:`softbeam.faults.models`.  The rules are in ``docs/methods.md``, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from softbeam.errors import CampaignError
from softbeam.faults.models import MODELS, SEMANTICS, WARP, Change

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from softbeam.emulator.lowering import Program


class Drawing(Protocol):
    """Named uniform draws, such as :class:`softbeam.faults.randomness.Draws`."""

    def below(self, limit: int, name: str) -> int:
        """Return an integer uniform over 0 … limit - 1."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault changes.

    Attributes
    ----------
    name : str
        Its word in results.
    kind : {"before", "after", "predicate", "index", "store"}
        How the emulator strikes it: a register before or after the instruction, a predicate after
        it, the index of its destination, or the address of its store.
    width : int
        Its bits.
    words : str
        How a replay tells of it: a format of ``register``, ``before``, ``after``, ``value`` (the
        change from the one to the other) and ``flip``.
    values : bool
        Whether results hold its value before and after.
    under : callable
        From a change and the semantics to what becomes of it here.
    """

    name: str
    kind: Literal["before", "after", "predicate", "index", "store"]
    width: int
    words: str
    values: bool = True
    under: Callable[[Change, str], Change] = lambda changed, semantics: changed


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode of injection.

    Attributes
    ----------
    name : str
        Its name in options and results.
    title : str
        What the name stands for.
    strikes : str
        What it strikes, in a few words for the help.
    places : callable
        From a program to bool[instructions]: whether an instruction has places.
    target : callable
        From a program, the number of the drawn instruction and the draws to the target and its
        register, which is None where there is none.
    targets : tuple of Target
        All that `target` can return.
    executed : bool
        Whether an instruction that a predicate turns off has no place.
    flips_only : bool
        Whether it takes only the models that flip bits.
    semantics : tuple of str
        Whose rules have this mode.
    """

    name: str
    title: str
    strikes: str
    places: Callable[[Program], NDArray[np.bool_]]
    target: Callable[[Program, int, Drawing], tuple[Target, int | None]]
    targets: tuple[Target, ...]
    executed: bool = True
    flips_only: bool = False
    semantics: tuple[str, ...] = SEMANTICS

    @property
    def heading(self) -> str:
        """Its name and what that stands for, such as ``RF, register file``."""
        return f"{self.name.upper()}, {self.title}"

    @property
    def follows(self) -> bool:
        """Whether the struck register is followed, so that a fault can be never read."""
        return any(target.kind == "before" for target in self.targets)

    def takes(self, model: str) -> bool:
        """Return whether the mode takes a bit-flip model."""
        flips = MODELS[model].flips
        narrowest = min(target.width for target in self.targets)
        return flips <= narrowest and (flips > 0 or not self.flips_only)


def sassifi_address_change(flip: Change) -> Change:
    """Return what SASSIFI makes of a flip of a store's 64 address bits.

    Bits 0 to 30 are flipped as they are, bit 31 flips all bits from 31 up, and a flip of bits 32
    to 63 alone loses the store.
    """
    low = flip.value & 0x7FFFFFFF
    if flip.value & 0x80000000:
        low |= 0xFFFFFFFF_80000000
    return replace(flip, value=low, drops=low == 0)


def _sassifi_address(changed: Change, semantics: str) -> Change:
    return sassifi_address_change(changed) if semantics == "sassifi" else changed


def _sassifi_index(changed: Change, semantics: str) -> Change:
    return replace(changed, drops=semantics == "sassifi")


_BEFORE = Target("register", "before", 32, "R{register}{value}")
_AFTER = Target("register", "after", 32, "R{register}{value}")
_INDEX = Target(
    "destination_index",
    "index",
    8,
    "index of the destination R{register}: R{before} → R{after}",
    under=_sassifi_index,
)
_ADDRESS = Target(
    "store_address",
    "store",
    64,
    "address of the store, XOR {flip:#x}",
    values=False,
    under=_sassifi_address,
)
#: Addresses in shared and in local memory have 32 bits.
_SHORT_ADDRESS = replace(_ADDRESS, width=32)


def _any_register(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
    return _BEFORE, draws.below(program.function.registers, "register")


def _written_register(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
    written = program.destinations[row]
    return _AFTER, written[draws.below(len(written), "register")]


def _where_it_goes(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
    if program.stores[row]:
        return _SHORT_ADDRESS if program.short[row] else _ADDRESS, None
    return _INDEX, program.destinations[row][0]


def _all_of(program: Program) -> NDArray[np.bool_]:
    import numpy as np

    return np.ones(program.general.size, dtype=np.bool_)


#: All modes by name, in the order of the paper's text and figures (figures 1 to 3, and 4a to c).
MODES: Mapping[str, Mode] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            Mode(
                name="rf",
                title="register file",
                strikes="a register of a thread, just before one of its instructions",
                places=_all_of,
                target=_any_register,
                targets=(_BEFORE,),
                executed=False,
                semantics=("hardware", "sassifi"),
            ),
            Mode(
                name="ioa",
                title="instruction output address",
                strikes="where an instruction's result goes: another register, another address",
                places=lambda program: program.general | program.stores,
                target=_where_it_goes,
                targets=(_INDEX, _ADDRESS),
                flips_only=True,
                semantics=("hardware", "sassifi"),
            ),
            Mode(
                name="iov",
                title="instruction output value",
                strikes="a register that an instruction has just written",
                places=lambda program: program.general,
                target=_written_register,
                targets=(_AFTER,),
            ),
        )
    }
)

#: Modes and models of the paper's campaign, with its number of injections each.
PAPER = (("rf", "single-bit"), ("ioa", "single-bit"), ("iov", "random-value"))
PAPER_INJECTIONS = 1000


def mode_order(mode: str) -> tuple[int, str]:
    """Return what modes are sorted by: the paper's order, then unknown ones by name."""
    known = list(MODES)
    return (known.index(mode) if mode in MODES else len(known), mode)


def target_of(mode: str, name: str) -> Target:
    """Return a mode's target by its word in results."""
    return next(target for target in MODES[mode].targets if target.name == name)


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
    if not MODES[mode].takes(model):
        takes = [one for one in MODELS if MODES[mode].takes(one)]
        raise CampaignError(
            f"mode {mode} ({MODES[mode].title}) takes no {model}; use {' or '.join(takes)}"
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
    if semantics not in MODES[mode].semantics:
        having = [one.name for one in MODES.values() if semantics in one.semantics]
        raise CampaignError(
            f"the rules of {semantics} have no mode {mode}; they have {', '.join(having)}"
        )


def in_words(values: Mapping[str, Any]) -> str:
    """Return what names stand for, for the help: ``rf (register file: strikes …)``."""
    return "; ".join(
        f"{name} ({one.title}: {one.strikes})" if isinstance(one, Mode) else f"{name} ({one.words})"
        for name, one in values.items()
        if not name.endswith(WARP)
    )

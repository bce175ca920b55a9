"""Separately compiled parts of the interpreter, called through their addresses.

Numba links the machine code of every function into each of its callers and optimises it there
again, so the cost of compiling grows with the depth of the calls.  The arithmetic of integers and
of floats is therefore compiled once each and reached through its address, which the interpreter
finds in an array.  What few programs need is a part of its own, compiled when one does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.signatures import (
    ACCESS,
    COMPUTE,
    CONTROL,
    FLOATING,
    INTEGER,
    MEMORY,
    RARE,
    ROW,
    RUN,
)
from softbeam.jit import is_kept

logger = logging.getLogger("softbeam")

__all__ = ["ALWAYS", "add_entries", "are_kept", "new_entries"]

#: What every program needs.
ALWAYS = (k.ENTRY_RUN,)

_NAMES = (*k.PART_NAMES, "computing", "memory accesses", "control flow", "warps", "single rows")

_NAMED = {
    k.PART_INTEGER: ("compute", "integer_entry", INTEGER),
    k.PART_FLOATING: ("compute", "floating_entry", FLOATING),
    k.ENTRY_COMPUTE: ("compute", "compute_entry", COMPUTE),
    k.ENTRY_ACCESS: ("interpreter", "execute_memory", ACCESS),
    k.ENTRY_CONTROL: ("control", "control_entry", CONTROL),
    k.ENTRY_RUN: ("interpreter", "run", RUN),
    k.ENTRY_ROW: ("single", "row_entry", ROW),
}


def _part(number: int) -> tuple[Callable[..., Any], Any]:
    """Return a part's function and signature."""
    if number in _NAMED:
        module, name, signature = _NAMED[number]
        return getattr(import_module(f"softbeam.emulator.core.{module}"), name), signature
    if number == k.PART_BITS:
        from softbeam.emulator.core.bits import bits_entry as entry
    elif number == k.PART_WARP:
        from softbeam.emulator.core.warpwide import warp_entry as entry
    elif number == k.PART_DOUBLE:
        from softbeam.emulator.core.double import double_entry as entry
    elif number == k.PART_CONVERSION:
        from softbeam.emulator.core.conversion import conversion_entry as entry
    elif number == k.PART_HALF:
        from softbeam.emulator.core.half import half_entry as entry
    elif number == k.PART_WIDE:
        from softbeam.emulator.core.wide import wide_entry as entry
    elif number == k.PART_PAIRS:
        from softbeam.emulator.core.pairs import pairs_entry as entry
    elif number == k.PART_APPROXIMATE:
        from softbeam.emulator.core.approximate import approximate_entry as entry
    else:
        from softbeam.emulator.core.other_memory import memory_entry as entry

        return entry, MEMORY
    return entry, RARE


def new_entries() -> NDArray[np.int64]:
    """Return an array of addresses, none known yet."""
    return np.zeros(k.ENTRIES, dtype=np.int64)


def are_kept(parts: Iterable[int]) -> bool:
    """Return whether parts need not be compiled, because the cache has them."""
    return all(is_kept(*_part(number)) for number in parts)


def add_entries(entries: NDArray[np.int64], parts: Iterable[int]) -> None:
    """Compile (or load) the parts that have no address yet and write their addresses."""
    for number in parts:
        if entries[number]:
            continue
        logger.debug("compiling, or loading, the emulator's part for %s", _NAMES[number])
        function, signature = _part(number)
        function.compile(signature)  # type: ignore[attr-defined]
        compiled = function.overloads[signature.args]  # type: ignore[attr-defined]
        name = compiled.fndesc.llvm_func_name
        entries[number] = compiled.library.get_pointer_to_function(name)

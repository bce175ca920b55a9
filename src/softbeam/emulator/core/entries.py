"""Separately compiled parts of the interpreter, called through their addresses.

Numba links the machine code of every function into each of its callers and optimises it there
again, so the cost of compiling grows with the depth of the calls.  The arithmetic of integers and
of floats is therefore compiled once each and reached through its address, which the interpreter
finds in an array.  What few programs need is a part of its own, compiled when one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.compute import floating_entry, integer_entry
from softbeam.emulator.core.signatures import FLOATING, INTEGER, MEMORY, RARE

__all__ = ["ALWAYS", "add_entries", "new_entries"]

#: Parts that every program needs.
ALWAYS = (k.PART_INTEGER, k.PART_FLOATING)


def _part(number: int) -> tuple[Callable[..., Any], Any]:
    """Return a part's function and signature."""
    if number == k.PART_INTEGER:
        return integer_entry, INTEGER
    if number == k.PART_FLOATING:
        return floating_entry, FLOATING
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
    elif number == k.PART_APPROXIMATE:
        from softbeam.emulator.core.approximate import approximate_entry as entry
    else:
        from softbeam.emulator.core.other_memory import memory_entry as entry

        return entry, MEMORY
    return entry, RARE


def new_entries() -> NDArray[np.int64]:
    """Return an array of addresses, none known yet."""
    return np.zeros(k.PARTS, dtype=np.int64)


def add_entries(entries: NDArray[np.int64], parts: Iterable[int]) -> None:
    """Compile (or load) the parts that have no address yet and write their addresses."""
    for number in parts:
        if entries[number]:
            continue
        function, signature = _part(number)
        function.compile(signature)  # type: ignore[attr-defined]
        compiled = function.overloads[signature.args]  # type: ignore[attr-defined]
        name = compiled.fndesc.llvm_func_name
        entries[number] = compiled.library.get_pointer_to_function(name)

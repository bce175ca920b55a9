"""Execution of a kernel's machine code on the host: lowering, the warp interpreter, conformance.

The jitted core (:mod:`softbeam.emulator.core`) sees arrays and integers only.  For kernels of your
own, begin with :class:`Machine`; importing this package is instant, its first use loads Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softbeam.emulator.debugging import Debugger
    from softbeam.emulator.fault import Fault
    from softbeam.emulator.machine import Machine, Saved
    from softbeam.emulator.outcome import Outcome
    from softbeam.emulator.registers import Registers
    from softbeam.emulator.stops import Access, Stop

__all__ = ["Access", "Debugger", "Fault", "Machine", "Outcome", "Registers", "Saved", "Stop"]

_PLACES = {
    "Access": "stops",
    "Debugger": "debugging",
    "Fault": "fault",
    "Machine": "machine",
    "Outcome": "outcome",
    "Registers": "registers",
    "Saved": "machine",
    "Stop": "stops",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

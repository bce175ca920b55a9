"""softbeam: which layers and GPU kernels of a neural network to harden against soft errors.

This is the one door for programs; what is not named here can change between releases.  Nothing is
imported before it is used.

load
    Read a campaign's results: counts, factors, a pandas DataFrame of its injections.
Results
    What :func:`load` returns.
Machine
    Run kernels on an emulated GPU, with a fault where wanted.
SoftbeamError
    Base of every error that a user can cause.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softbeam.analysis.results import Results, load
    from softbeam.emulator import Machine
    from softbeam.errors import SoftbeamError

__all__ = ["Machine", "Results", "SoftbeamError", "load"]

_HOMES = {
    "Machine": "softbeam.emulator",
    "Results": "softbeam.analysis.results",
    "SoftbeamError": "softbeam.errors",
    "load": "softbeam.analysis.results",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'softbeam' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names too, imported or not."""
    return sorted({*globals(), *__all__})

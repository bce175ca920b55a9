"""softbeam: which layers and GPU kernels of a neural network to harden against soft errors.

This is the one door for programs; what is not named here, in :mod:`softbeam.emulator` or
in :mod:`softbeam.judges` can change between releases.  Nothing is imported before it is used.

load
    Read a campaign's results: counts, factors, a pandas DataFrame of its injections.
Results
    What :func:`load` returns.
Stream
    A mode and a bit-flip model, whose injections are counted together.
factor_table
    Factors of layers and kernels, with intervals.
By
    What a row of factors, or an item to harden, is: a layer, a kernel, or a kernel in a layer.
Proportion
    So many of so many, with its 95 % Wilson interval.
advise
    Choose what to harden, and say how certain that is.
Aim
    What :func:`advise` is to reach: a share of the damage, or the most within a budget.
TECHNIQUES
    What can be done to harden a kernel, by name, with its costs.
measure
    Measure what techniques do to a campaign's own injections, or read what was measured.
Measured
    What :func:`measure` returns; it chooses a technique for each kernel in each layer.
write_hardening
    Write what was chosen: sources, limits, instructions, and a campaign file that strikes it.
Machine
    Run kernels on an emulated GPU, with a fault where wanted.
Program
    Launches of any kernels over named buffers, to be run and struck as networks are.
cubin_bytes
    The machine code of one of softbeam's own kernels.
listing_bytes
    Its listing, as ``nvdisasm -json`` writes it.
Draws
    The drawn numbers of one injection.
SoftbeamError
    Base of every error that a user can cause.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softbeam.analysis.counts import Stream
    from softbeam.analysis.factors import By, factor_table
    from softbeam.analysis.hardening.advice import Aim, advise
    from softbeam.analysis.hardening.measured.measuring import Measured, measure
    from softbeam.analysis.hardening.techniques import TECHNIQUES
    from softbeam.analysis.proportion import Proportion
    from softbeam.analysis.results import Results, load
    from softbeam.emulator import Machine
    from softbeam.errors import SoftbeamError
    from softbeam.faults.randomness import Draws
    from softbeam.kernels import cubin_bytes, listing_bytes
    from softbeam.present.hardening_folder import write_hardening
    from softbeam.program.builder import Program

__all__ = [
    "TECHNIQUES",
    "Aim",
    "By",
    "Draws",
    "Machine",
    "Measured",
    "Program",
    "Proportion",
    "Results",
    "SoftbeamError",
    "Stream",
    "advise",
    "cubin_bytes",
    "factor_table",
    "listing_bytes",
    "load",
    "measure",
    "write_hardening",
]

_HOMES = {
    "TECHNIQUES": "analysis.hardening.techniques",
    "Aim": "analysis.hardening.advice",
    "By": "analysis.factors",
    "Draws": "faults.randomness",
    "Machine": "emulator",
    "Measured": "analysis.hardening.measured.measuring",
    "Program": "program.builder",
    "Proportion": "analysis.proportion",
    "Results": "analysis.results",
    "SoftbeamError": "errors",
    "Stream": "analysis.counts",
    "advise": "analysis.hardening.advice",
    "cubin_bytes": "kernels",
    "factor_table": "analysis.factors",
    "listing_bytes": "kernels",
    "load": "analysis.results",
    "measure": "analysis.hardening.measured.measuring",
    "write_hardening": "present.hardening_folder",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'softbeam' has no attribute {name!r}")
    value: object = getattr(import_module(f"softbeam.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names too, imported or not."""
    return sorted({*globals(), *__all__})

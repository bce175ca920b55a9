"""Vulnerability of single instructions: how the injections at each pc of a kernel ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.estimation import Estimator, Share
from softbeam.injection.record import InjectionRecord


@dataclass(frozen=True, slots=True)
class InstructionFactors:
    """What became of the injections at one instruction.

    Attributes
    ----------
    n : int
        Injections that struck there.
    sdc, due : Share
        Shares of them that ended as silent data corruption, and detected.
    """

    n: int
    sdc: Share
    due: Share


def instruction_factors(
    records: Iterable[InjectionRecord], kernel: str, design: Design | None = None
) -> Mapping[Stream, Mapping[int, InstructionFactors]]:
    """Return the factors of a kernel's instructions, by stream and pc.

    Parameters
    ----------
    records : iterable of InjectionRecord
        A campaign's injections, all of them: those in other kernels tell how much each weighs.
    kernel : str
        The kernel's short name.
    design : Design, optional
        How the injections were drawn; uniformly for one input if not given.

    Returns
    -------
    mapping of Stream to (mapping of int to InstructionFactors)
        Only streams and pcs that were struck.
    """
    # Where a fault struck counts in that kernel alone; the others are weighed together.
    counts = Counts.of(records, design, pc=lambda one: one.pc if one.kernel == kernel else -1)
    factors = {}
    for stream in counts.streams():
        own = counts.of_stream(stream)
        pcs, group = np.unique(own["pc"].astype(np.int64), return_inverse=True)
        struck = pcs[pcs >= 0].tolist()
        if not struck:
            continue
        # -1, of all other kernels, is the least of them where there are any.
        group = group.reshape(-1) - (len(pcs) - len(struck))
        ended = {outcome: own["outcome"] == outcome for outcome in ("SDC", "DUE")}
        found = Estimator(own).shares_by(group, len(struck), ended)
        factors[stream] = {
            pc: InstructionFactors(shares["SDC"].n, shares["SDC"], shares["DUE"])
            for pc, shares in zip(struck, found, strict=True)
        }
    return factors

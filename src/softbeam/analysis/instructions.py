"""Vulnerability of single instructions: how the injections at each pc of a kernel ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from softbeam.analysis.counts import Stream
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import InjectionRecord


@dataclass(frozen=True, slots=True)
class InstructionFactors:
    """What became of the injections at one instruction.

    Attributes
    ----------
    n : int
        Injections that struck there.
    sdc, due : Proportion
        Shares of them that ended as silent data corruption, and detected.
    """

    n: int
    sdc: Proportion
    due: Proportion


def instruction_factors(
    records: Iterable[InjectionRecord], kernel: str
) -> Mapping[Stream, Mapping[int, InstructionFactors]]:
    """Return the factors of a kernel's instructions, by stream and pc.

    Parameters
    ----------
    records : iterable of InjectionRecord
        A campaign's injections.
    kernel : str
        The kernel's short name; injections in others are left out.

    Returns
    -------
    mapping of Stream to (mapping of int to InstructionFactors)
        Only streams and pcs that were struck.
    """
    ended: dict[tuple[Stream, int], Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.kernel == kernel:
            ended[Stream(record.mode, record.model), record.pc][record.outcome] += 1
    factors: dict[Stream, dict[int, InstructionFactors]] = defaultdict(dict)
    for (stream, pc), outcomes in sorted(ended.items()):
        n = outcomes.total()
        factors[stream][pc] = InstructionFactors(
            n, Proportion(outcomes["SDC"], n), Proportion(outcomes["DUE"], n)
        )
    return factors

"""Vulnerability of single instructions: how the injections at each pc of a kernel ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from softbeam.analysis.counts import Cell, Counts, Stream
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
    cells: Counter[Cell] = Counter()
    struck: dict[Stream, set[int]] = defaultdict(set)
    for record in records:
        cell = Cell.of(record)
        # Where a fault struck takes the place of how exactly it ended, which nothing asks here.
        here = record.kernel == kernel
        cells[cell._replace(detail=_place(record.pc) if here else "")] += 1
        if here:
            struck[cell.stream].add(record.pc)
    factors = {}
    for stream, pcs in sorted(struck.items()):
        own = {cell: count for cell, count in cells.items() if cell.stream == stream}
        factors[stream] = _factors(Counts(own, design or Design()), pcs)
    return factors


def _place(pc: int) -> str:
    return f"pc {pc:#x}"


def _factors(counts: Counts, pcs: Iterable[int]) -> dict[int, InstructionFactors]:
    estimator = Estimator(counts)
    factors = {}
    for pc in sorted(pcs):
        place = _place(pc)

        def here(cell: Cell, place: str = place) -> bool:
            return cell.detail == place

        sdc, due = (estimator.share(ends, here) for ends in (_is_sdc, _is_due))
        factors[pc] = InstructionFactors(sdc.n, sdc, due)
    return factors


def _is_sdc(cell: Cell) -> bool:
    return cell.outcome == "SDC"


def _is_due(cell: Cell) -> bool:
    return cell.outcome == "DUE"

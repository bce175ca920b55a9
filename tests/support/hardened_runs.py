"""Results of a campaign on a small network, and of one on the same network hardened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from softbeam.campaign.results.facts import Facts, WorkFacts
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import StreamRequest
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord
from support import results

SDC = {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": 0.5}
TOLERABLE = {"outcome": "SDC", "detail": "tolerable", "top1": 1, "largest_change": 1e-6}
DUE = {"outcome": "DUE", "detail": "illegal address"}
DETECTED = {"outcome": "DUE", "detail": "detected"}
MASKED: dict[str, Any] = {}

#: (layer, kernel, places of rf, {ending: number}) of each.
Cell = tuple[int, str, int, Sequence[tuple[dict[str, Any], int]]]
BEFORE: tuple[Cell, ...] = (
    (0, "maxpool", 600, ((SDC, 60), (TOLERABLE, 40), (DUE, 100), (MASKED, 400))),
    (1, "normalize", 400, ((SDC, 0), (TOLERABLE, 20), (DUE, 80), (MASKED, 300))),
)
AFTER: tuple[Cell, ...] = (
    (0, "maxpool+range", 900, ((SDC, 0), (TOLERABLE, 60), (DUE, 150), (MASKED, 390))),
    (1, "normalize+duplication", 800, ((SDC, 0), (TOLERABLE, 0), (DETECTED, 200), (MASKED, 180))),
    (1, "check_product", 100, ((MASKED, 20),)),
)


def work(layer: int, kernel: str, instructions: int) -> WorkFacts:
    """Return the work of one launch of as many instructions as a kernel has places."""
    return WorkFacts(
        layer=layer,
        kernel=kernel,
        launches=1,
        blocks=2,
        warps=2,
        longest=10,
        instructions=instructions,
        executed=instructions - 10,
        warp_instructions=instructions // 32,
        fp32=instructions // 2,
        fp64=0,
        loaded=4 * instructions,
        stored=2 * instructions,
        touched=64,
    )


def write_run(
    folder: Path,
    make_record: Callable[..., InjectionRecord],
    cells: Sequence[Cell],
    modes: Sequence[tuple[str, str]] = (("rf", "single-bit"),),
    *,
    counted: bool = True,
    **changes: Any,
) -> Path:
    """Write a campaign and return its folder; each mode has the same injections."""
    streams = tuple(
        StreamRequest.model_validate({"mode": mode, "model": model, "injections": 1000})
        for mode, model in modes
    )
    specification = results.SPECIFICATION.model_copy(update={"streams": streams, **changes})
    with ResultsStore.create(folder, specification) as store:
        for mode, model in modes:
            ends = [
                {"layer": layer, "kernel": kernel, **end}
                for layer, kernel, _, endings in cells
                for end, number in endings
                for _ in range(number)
            ]
            store.append(
                make_record(index=index, mode=mode, model=model, **end)
                for index, end in enumerate(ends)
            )
            store.add_fault_space(
                FaultSpaceSize(0, mode, layer, kernel, places) for layer, kernel, places, _ in cells
            )
        if counted:
            store.keep_facts(
                Facts(work=tuple(work(layer, name, places) for layer, name, places, _ in cells))
            )
    return folder

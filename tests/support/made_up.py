"""A made-up campaign that has everything a report shows: three modes, all outcomes, five cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord
from softbeam.kernels import machine_code_sha256

CELLS = ((0, "im2col"), (0, "fill"), (1, "maxpool"), (2, "im2col"), (26, "softmax"))
STREAMS = (("rf", "single-bit"), ("ioa", "single-bit"), ("iov", "random-value"))

ENDS = (
    {"outcome": "SDC", "detail": "critical", "top1": 7, "largest_change": 0.9},
    {"outcome": "SDC", "detail": "tolerable", "top1": 946, "largest_change": 3e-6},
    {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": float("inf"),
     "not_finite": True},
    {"outcome": "DUE", "detail": "illegal address"},
    {"outcome": "Masked", "detail": "absorbed"},
    {"outcome": "Masked", "detail": "never read"},
    {"outcome": "Masked", "detail": "dead"},
)  # fmt: skip


def made_up_records(make_record: Callable[..., InjectionRecord]) -> Iterator[InjectionRecord]:
    """Yield 120 injections of each stream, most of them into im2col of layer 0."""
    for mode, model in STREAMS:
        for index in range(120):
            layer, kernel = CELLS[0] if index % 3 else CELLS[index // 3 % len(CELLS)]
            end = ENDS[(index * index + len(mode) * index) % len(ENDS)]
            store = mode == "ioa" and index % 4 == 0
            yield make_record(
                index=index,
                mode=mode,
                model=model,
                layer=layer,
                kernel=kernel,
                pc=16 * (index % 20),
                opcode=("IMAD.WIDE", "STG.E", "FFMA", "LDG.E", "ISETP.GE.AND", "EXIT")[index % 6],
                target="store_address" if store else "register",
                bit=None if mode == "iov" else index % 32,
                **end,
            )


def write_campaign(folder: Path, make_record: Callable[..., InjectionRecord]) -> Path:
    """Write the results of the made-up campaign and return their folder."""
    kernels = (
        "activate_array", "add_bias", "avgpool", "copy", "fill", "im2col", "maxpool", "normalize",
        "scale_bias", "softmax",
    )  # fmt: skip
    specification = CampaignSpecification(
        network="extraction",
        plan_sha256="0" * 64,
        weights_sha256="1" * 64,
        inputs_sha256=("2" * 64,),
        architecture="sm_90",
        kernels_sha256=machine_code_sha256(kernels, "sm_90"),
        emulator_semantics=EMULATOR_SEMANTICS,
        seed=5,
        streams=tuple(
            StreamRequest.model_validate({"mode": mode, "model": model, "injections": 120})
            for mode, model in STREAMS
        ),
    )
    with ResultsStore.create(
        folder, specification, {"python": "3.x", "machine": "made up"}
    ) as store:
        store.append(made_up_records(make_record))
        store.add_fault_space(
            FaultSpaceSize(0, mode, layer, kernel, size * (100 + 7 * layer))
            for layer, kernel in CELLS
            for mode, size in (("rf", 30), ("iov", 18), ("ioa", 20))
        )
    return folder

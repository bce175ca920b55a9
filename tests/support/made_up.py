"""Made-up campaigns: one with everything that a report shows, one into a deep network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from softbeam.analysis.hardening.measured.kept import drawn_of
from softbeam.analysis.results import Results
from softbeam.campaign.effects.facts import (
    Damaging,
    Effects,
    Ended,
    Exposure,
    Remedy,
    Sample,
    Struck,
)
from softbeam.campaign.effects.setup import MEASURED, kernels_hash
from softbeam.campaign.results.facts import (
    Facts,
    GoldenClass,
    InputFacts,
    KernelFacts,
    LayerFacts,
    thumbnail,
)
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum
from softbeam.injection.record import InjectionRecord
from softbeam.kernels import machine_code_sha256

CELLS = ((0, "im2col"), (0, "fill"), (1, "maxpool"), (2, "im2col"), (26, "softmax"))
MADE_UP_TECHNIQUES = {("range",): 1.02, ("duplication",): 2.2, ("duplication", "range"): 2.22}
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


def made_up_effects(results: Results) -> Effects:
    """Return effects of three techniques on the made-up campaign, where no other can be applied.

    A clamp in im2col removes every second silent error there, for 2 % more of its instructions;
    code of two copies, with and without a clamp, does no damage, for 120 %.
    """
    records = drawn_of(results).records
    damaging, struck, sizes = [], {}, {}
    for record in records:
        ended = Ended(record.outcome, record.detail)
        if ended.is_damage:
            name = Struck.of(record)
            remedy = Remedy(name.place, ("range",))
            clamped = ended.outcome == "SDC" and record.kernel == "im2col" and record.index % 2
            found = {remedy: Ended("Masked", "absorbed")} if clamped else {}
            damaging.append(Damaging(name, record.launch or 0, ended, found))
    for technique, times in MADE_UP_TECHNIQUES.items():
        for one in results.sizes:
            place = Stratum(one.layer, one.kernel)
            sizes[Exposure(place, technique, one.mode, one.image)] = int(times * one.size)
            for mode, model in sorted({(each.mode, each.model) for each in records}):
                struck[Sample(place, technique, mode, model)] = 40
    return Effects(
        results.specification.campaign_id,
        "limits",
        kernels_hash(results.specification.architecture),
        techniques=frozenset(MEASURED),
        replayed=frozenset(one.struck for one in damaging),
        damaging=tuple(damaging),
        struck=struck,
        sizes=sizes,
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


#: A deep network of one's own: its layers, the kernels of each, injections of each stream.
DEEP_LAYERS, DEEP_KERNELS, DEEP_INJECTIONS = (
    94,
    ("activate_array", "fill", "im2col", "normalize"),
    900,
)
#: Names as a careless or a malicious file has them: escape sequences, text that turns around.
DEEP_CLASSES = ("cat", "grey\u202efox", "bell\x1b[31m pepper", "<b>dog</b>")


def deep_layer_name(layer: int) -> str:
    """Return a name as exporters of PyTorch models write it, twelve layers a block."""
    kind = ("conv_pw/Conv", "act/Clip", "conv_dw/Conv", "act2/Clip")[layer % 4]
    return f"/blocks/blocks.{layer // 12}/blocks.{layer // 12}.{layer % 12 // 4}/{kind}"


def deep_facts() -> Facts:
    """Return the facts of the deep campaign."""
    layers = tuple(
        LayerFacts(
            number=layer,
            name=deep_layer_name(layer),
            kernels=tuple(
                KernelFacts(name=kernel, launches=1 + (kernel == "fill")) for kernel in DEEP_KERNELS
            ),
        )
        for layer in range(DEEP_LAYERS)
    )
    golden = GoldenClass(
        number=2, name=DEEP_CLASSES[2], score=11.5, second=1, second_name="grey\u202efox", lead=2.25
    )
    grey = np.linspace(0.0, 1.0, 3 * 8 * 8, dtype=np.float32)
    picture = thumbnail(grey, (3, 8, 8))
    return Facts(
        network_file="deep\u202enet.onnx",
        classes=DEEP_CLASSES,
        layers=layers,
        inputs=(InputFacts(number=0, file="dog.png", thumbnail=picture, golden=golden),),
        preprocessing="Scaled to 8 × 8; values from 0 to 1.",
    )


def write_deep_campaign(folder: Path, make_record: Callable[..., InjectionRecord]) -> Path:
    """Write a campaign into a deep network whose damage is spread over nearly all of it."""
    streams = (("rf", "single-bit"), ("iov", "single-bit"))
    specification = CampaignSpecification(
        network="deepnet",
        plan_sha256="0" * 64,
        weights_sha256="1" * 64,
        inputs_sha256=("2" * 64,),
        architecture="sm_90",
        kernels_sha256=machine_code_sha256(DEEP_KERNELS, "sm_90"),
        emulator_semantics=EMULATOR_SEMANTICS,
        seed=5,
        streams=tuple(
            StreamRequest.model_validate(
                {"mode": mode, "model": model, "injections": DEEP_INJECTIONS}
            )
            for mode, model in streams
        ),
    )
    ends = (
        {"outcome": "SDC", "detail": "critical", "top1": 1, "largest_change": 11.0},
        {"outcome": "SDC", "detail": "tolerable", "top1": 2, "largest_change": 0.25},
        {"outcome": "DUE", "detail": "illegal address"},
        {"outcome": "Masked", "detail": "absorbed"},
    )
    places = [(layer, kernel) for layer in range(DEEP_LAYERS) for kernel in DEEP_KERNELS]
    with ResultsStore.create(folder, specification, {"machine": "made up"}) as store:
        store.keep_facts(deep_facts())
        for number, (mode, model) in enumerate(streams):
            records = []
            for index in range(DEEP_INJECTIONS):
                layer, kernel = places[(7 * index + number) % len(places)]
                end = ends[(index * index // 3 + number) % len(ends)]
                one = {"layer": layer, "kernel": kernel, "mode": mode, "model": model}
                records.append(make_record(index=index, pc=16 * (index % 20), **one, **end))
            store.append(records)
        store.add_fault_space(
            FaultSpaceSize(0, mode, layer, kernel, size * (1 + layer % 5))
            for layer, kernel in places
            for mode, size in (("rf", 300), ("iov", 180), ("ioa", 200))
        )
    return folder

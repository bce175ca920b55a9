"""A network's launches written as a program end as the network does: two ways behind one fault.

A network's faults are carried on by native twins, a program's by running units again.  Both strike
the same machine code at the same sites.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from softbeam import Program, cubin_bytes, listing_bytes
from softbeam.faults.modes import PAPER
from softbeam.injection.classification import Outcome
from softbeam.injection.injector import Injector
from softbeam.kernels import program as kernel_code
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.plan import Pointer
from softbeam.program.description import Address
from softbeam.program.loading import contents_before, load
from softbeam.program.planning import plan_of, profiles_of_records
from softbeam.program.recording import record

SITES, PAGE = 50, 1 << 21

#: What a wrong address ends in.  Around its buffers a network has memory that a program lacks.
STRAYED = ("illegal address", "out-of-range address", "invalid address space", "misaligned address")


class Bits:
    """Judges by bits, and keeps the last answer."""

    def __init__(self) -> None:
        self.output = b""

    def __call__(self, golden: np.ndarray, output: np.ndarray) -> Outcome:
        self.output = output.tobytes()
        return Outcome.of("absorbed" if np.array_equal(golden, output) else "tolerable")


def as_program(example) -> Program:
    """Return a network's inference as a program whose memory lies as the network's does."""
    plan, golden = example.plan, example.golden
    base = min(one.address for one in plan.buffers.values()) // PAGE * PAGE
    end = max(one.end for one in plan.buffers.values())
    words = np.zeros((end - base) // 4, dtype=np.uint32)
    for name, buffer in plan.buffers.items():
        first = (buffer.address - base) // 4
        words[first : first + buffer.words] = golden.view(name, 0)
    program = Program(plan.network)
    for kernel in dict.fromkeys(launch.kernel for launch in plan.launches):
        program.code(cubin_bytes(kernel), listing_bytes(kernel), origin=f"{kernel}.cubin")
    program.buffer("memory", words)

    def argument(value: object) -> object:
        if isinstance(value, Pointer):
            return Address("memory", plan.buffers[value.buffer].address + 4 * value.word - base)
        return value

    for launch in plan.launches:
        program.launch(
            kernel_code(launch.kernel, "sm_90").function.name,
            launch.grid,
            launch.block,
            *map(argument, launch.arguments),
            stage=f"layer {launch.layer}",
        )
    (name,) = plan.outputs
    answer = plan.buffers[name]
    out = program.buffer("answer", shape=answer.words, dtype=np.float32)
    program.copy(Address("memory", answer.address - base), out, 4 * answer.words)
    program.output(out)
    return program


@pytest.fixture(scope="module")
def injectors(make_example) -> tuple[Injector, Injector]:
    """Return what strikes the network, and what strikes the program."""
    example = make_example("tiny")
    launches = [launch.index for launch in example.plan.launches]
    network = Injector(example.device, example.profiles, launches, "one engine", rule=Bits())
    loaded = load(as_program(example).description)
    first, *others = contents_before(loaded).items()
    records = list(record(loaded))
    plan = plan_of(loaded, records)
    golden = golden_run(plan, dict(others), first[1])
    profiles = profiles_of_records(records)
    program = Injector(Device(golden, "sm_90"), profiles, launches, "one engine", rule=Bits())
    return network, program


@pytest.mark.slow
def test_without_a_fault_both_give_the_same_bits(injectors):
    network, program = injectors
    assert program.device.golden.answer.tobytes() == network.device.golden.answer.tobytes()
    for launch, profile in network._profiles.items():
        other = program._profiles[launch]
        assert profile.longest == other.longest
        counts, others = (one.classes[one.class_of_unit].sum(0) for one in (profile, other))
        assert np.array_equal(counts, others)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "model"), PAPER)
def test_the_same_fault_ends_the_same(injectors, mode, model):
    network, program = injectors
    seen: Counter[str] = Counter()
    for index in range(SITES):
        site = network.site(mode, model, index)
        # The same space: the program's injector draws the same fault.
        drawn = program.site(mode, model, index)
        assert (drawn.launch, drawn.block, drawn.thread, drawn.pc, drawn.occurrence) == (
            *(site.launch, site.block, site.thread, site.pc, site.occurrence),
        )
        one, other = network.inject_site(site, index), program.inject_site(site, index)
        if one.unrecorded or {one.detail, other.detail} & set(STRAYED):
            seen["strayed"] += 1
            continue
        seen[one.outcome] += 1
        assert (one.outcome, one.changed_words) == (other.outcome, other.changed_words), site
        if one.outcome == "DUE":
            assert one.detail == other.detail, site
        if one.outcome == "SDC":
            assert network.rule.output == program.rule.output, site
    assert seen["strayed"] < SITES / 2, seen
    assert seen["SDC"], seen

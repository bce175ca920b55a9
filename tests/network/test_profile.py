"""The profile: exact counts, and the proof that machine code and native run agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.architectures import FAST

from softbeam.emulator import profiling
from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import new_state
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.errors import InternalError
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun
from softbeam.network.profile import profile_launch, profile_network, struck_launches


def same(one, other) -> bool:
    return (
        (one.launch, one.longest) == (other.launch, other.longest)
        and np.array_equal(one.classes, other.classes)
        and np.array_equal(one.class_of_unit, other.class_of_unit)
    )


@pytest.fixture
def device(tiny) -> Device:
    """Return a device whose golden memory a test may spoil."""
    return Device(GoldenRun(tiny.plan, tiny.golden.words.copy()))


def test_every_kernel_but_the_librarys_is_struck(tiny) -> None:
    struck = struck_launches(tiny.device)
    assert {tiny.plan.launches[number].kernel for number in struck} == {
        "fill", "copy", "im2col", "normalize", "scale_bias", "add_bias", "activate_array",
        "maxpool", "avgpool", "softmax", "sgemm_32x32",
    }  # fmt: skip
    assert len(struck) == len(tiny.plan.launches)
    seen = []
    found = [one.launch for one in profile_network(tiny.device, lambda *pair: seen.append(pair))]
    assert found == struck
    assert seen == [(done + 1, len(struck)) for done in range(len(struck))]


@pytest.mark.slow
@pytest.mark.parametrize("architecture", FAST)
def test_counts_are_those_of_every_thread_alone(make_example, architecture: str) -> None:
    example, runner = make_example("tiny", architecture), Runner()
    state = new_state(1, trace_steps=10_000)
    for number in (8, 10, 27, 29):
        launch, found = example.device.launch(number), example.profiles[number]
        counts = np.zeros((found.class_of_unit.size, found.classes.shape[1]), dtype=np.int64)
        longest = 0
        for unit, (block, warp) in enumerate(runner.units(launch)):
            for thread in range(32 * warp, 32 * warp + 32):
                ending = runner.run(
                    launch,
                    block,
                    warp,
                    budget=10_000,
                    fault=no_fault(),
                    traced=thread,
                    state=state,
                )
                steps = int(ending.information[k.INFO_TRACE])
                longest = max(longest, steps)
                np.add.at(counts[unit], state.trace_row[:steps], 1)
        assert np.array_equal(found.classes[found.class_of_unit][:, :, 0], counts)
        assert np.array_equal(found.totals[:, 0], counts.sum(axis=0))
        assert found.longest == longest


def test_executed_threads_are_active_ones_that_the_guard_lets_through(tiny) -> None:
    for found in tiny.profiles.values():
        instructions = tiny.device.launch(found.launch).program.function.instructions
        active, executed = found.totals[:, 0], found.totals[:, 1]
        assert (executed <= active).all()
        for row, instruction in enumerate(instructions):
            if instruction.guard.index == 7 and not instruction.guard.uniform:
                assert executed[row] == active[row]
    # 864 of the 1,024 threads of the first fill have a word to store.
    program = tiny.device.launch(0).program
    assert tiny.profiles[0].totals[program.stores, 1].tolist() == [864]


def test_totals_are_sums_over_units(tiny) -> None:
    for found in tiny.profiles.values():
        assert np.array_equal(found.totals, found.classes[found.class_of_unit].sum(axis=0))
        shape = tiny.device.launch(found.launch).shape
        waits = tiny.device.launch(found.launch).program.has_barrier
        assert found.class_of_unit.size == shape.blocks * (1 if waits else shape.warps)
        assert set(found.class_of_unit.tolist()) == set(range(found.classes.shape[0]))
        assert len(np.unique(found.classes, axis=0)) == found.classes.shape[0]


def test_stores_are_as_many_as_the_words_that_are_written(tiny) -> None:
    for found in tiny.profiles.values():
        launch = tiny.plan.launches[found.launch]
        # These store to what they read again, or to shared memory, or several words at once.
        if launch.kernel not in ("avgpool", "softmax") and launch.product is None:
            stores = found.totals[tiny.device.launch(found.launch).program.stores, 1].sum()
            assert stores == sum(span.words for span in launch.writes)


@pytest.mark.parametrize("first", [1, 2])
def test_a_full_table_grows(tiny, monkeypatch, first: int) -> None:
    monkeypatch.setattr(profiling, "FIRST_CLASSES", first)
    grown = [one.launch for one in tiny.profiles.values() if one.classes.shape[0] > first]
    assert len(grown) > 5
    for number in grown:
        assert same(profile_launch(tiny.device, number), tiny.profiles[number])


@pytest.mark.parametrize("number", [0, 2, 4, 5, 6, 7, 8, 10, 27, 29])
def test_every_units_stores_are_verified(tiny, device, number: int) -> None:
    rng = np.random.default_rng(number)
    for span in tiny.plan.launches[number].writes:
        words = device.golden.part(span.buffer, number + 1, span.start, span.words)
        for word in {0, span.words - 1, *rng.integers(0, span.words, 5).tolist()}:
            words[word] ^= 1
            with pytest.raises(InternalError, match="leaves other words than the native run"):
                profile_launch(device, number)
            words[word] ^= 1
    assert same(profile_launch(device, number), tiny.profiles[number])


def test_the_unit_that_differs_is_named(device) -> None:
    # Word 700 of the first convolution's output is stored by thread 188 of block 1: warp 5.
    device.golden.view("0.output", 9)[700] ^= 1
    with pytest.raises(InternalError, match=r"launch 8 \(activate_array, layer 0\): unit 21 "):
        profile_launch(device, 8)


def test_a_store_outside_of_what_a_launch_writes_differs(tiny) -> None:
    device = Device(tiny.golden)
    launches = list(tiny.plan.launches)
    launches[8] = replace(launches[8], writes=())
    device.plan = replace(tiny.plan, launches=tuple(launches))
    with pytest.raises(InternalError, match="leaves other words"):
        profile_launch(device, 8)


def test_a_launch_that_dies_is_an_internal_error(tiny) -> None:
    buffers = dict(tiny.plan.buffers)
    output = buffers["0.output"]
    buffers["0.output"] = replace(output, address=output.address + 2, words=output.words - 1)
    device = Device(tiny.golden)
    device.plan = replace(tiny.plan, buffers=buffers)
    with pytest.raises(InternalError, match="unit 0 ended with Misaligned Address"):
        profile_launch(device, 1)

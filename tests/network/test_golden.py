"""The golden run: its pool, and its words against the emulated machine code."""

from __future__ import annotations

import resource
from dataclasses import replace
from itertools import pairwise
from math import prod
from pathlib import Path

import numpy as np
import pytest
from support.architectures import FAST

from softbeam.emulator.core import layout as k
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import ARCHITECTURES
from softbeam.kernels.families import owner_thread
from softbeam.network import load_network
from softbeam.network.device import Device
from softbeam.network.golden import (
    GoldenRun,
    execute,
    golden_run,
    open_golden_run,
)
from softbeam.network.layers import Softmax
from softbeam.network.plan import Launch, Plan, Span
from softbeam.network.pool import is_clearing, pool_layout

#: Launches of so many warps are emulated as a whole, of larger ones a sample.
WHOLE = 3_200
SAMPLE = 60


def struck(plan: Plan) -> list[Launch]:
    return [launch for launch in plan.launches if launch.kernel != "gemm"]


def owner(launch: Launch, word: int) -> tuple[int, int]:
    """Return block and warp of the thread that is said to store a word."""
    thread = owner_thread(launch.arguments, word)
    threads = prod(launch.block)
    return thread // threads, thread % threads // 32


def check_unit(device: Device, ending, number: int) -> list[np.ndarray]:
    """Assert that all words of a unit are the golden ones; return them by written buffer."""
    assert ending.status == k.FINISHED
    golden = device.golden
    stored = {}
    for buffer, places, indexes in device.locate(number, ending.words):
        native = golden.words_at(buffer, number + 1, indexes)
        assert np.array_equal(ending.values[places], native), (number, buffer)
        stored[buffer] = indexes
    written = [span.buffer for span in golden.plan.launches[number].writes]
    assert set(stored) <= set(written)
    return [stored.get(buffer, np.zeros(0, dtype=np.int64)) for buffer in written]


def check_launch(golden: GoldenRun, device: Device, number: int, *, whole: bool) -> None:
    """Compare a launch with the golden run: every word, or those of the warps of some words."""
    launch, emulated = golden.plan.launches[number], device.launch(number)
    runner, words = Runner(), launch.writes[0].words
    if whole:
        units = list(runner.units(emulated))
    else:
        sample = np.random.default_rng(number).integers(0, words, SAMPLE).tolist()
        units = sorted({owner(launch, word) for word in [0, words - 1, *sample]})
    stored = [np.zeros(span.words, dtype=np.int64) for span in launch.writes]
    together = emulated.program.has_barrier
    if together:
        units = sorted({(block, 0) for block, _ in units})
    for unit in units:
        ending = runner.run(emulated, *unit, budget=10_000_000, fault=no_fault())
        for count, indexes in zip(stored, check_unit(device, ending, number), strict=True):
            count[indexes] += 1
            owners = {owner(launch, int(word)) for word in indexes[[0, -1][: indexes.size]]}
            assert {(block, 0 if together else warp) for block, warp in owners} <= {unit}
    for count in stored:
        if whole:
            assert (count == 1).all(), number
        else:
            assert count.max() == 1
            assert count[[0, words - 1, *sample]].all(), number


@pytest.mark.slow
@pytest.mark.parametrize("layer", range(27))
def test_extractions_launches_equal_their_machine_code(extraction_golden, layer: int) -> None:
    device = Device(extraction_golden)
    for launch in struck(extraction_golden.plan):
        if launch.layer == layer:
            shape = device.launch(launch.index).shape
            whole = shape.blocks * shape.warps <= WHOLE
            check_launch(extraction_golden, device, launch.index, whole=whole)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted({*ARCHITECTURES} - {"sm_90"}))
def test_samples_of_all_launches_equal_the_other_machine_codes(
    extraction_golden, architecture: str
) -> None:
    device = Device(extraction_golden, architecture)
    for launch in struck(extraction_golden.plan):
        check_launch(extraction_golden, device, launch.index, whole=False)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", FAST)
@pytest.mark.parametrize("name", ["tiny", "other"])
def test_every_thread_of_a_tiny_network_stores_the_words_it_owns(
    make_example, name: str, architecture: str
) -> None:
    golden = make_example(name).golden
    device = Device(golden, architecture)
    runner = Runner()
    for launch in struck(golden.plan):
        emulated = device.launch(launch.index)
        for unit in runner.units(emulated):
            ending = runner.run(emulated, *unit, budget=100_000, fault=no_fault())
            for indexes in check_unit(device, ending, launch.index):
                assert all(owner(launch, int(word)) == unit for word in indexes), launch
        check_launch(golden, device, launch.index, whole=True)


@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector", "dialect"])
def test_the_pool_holds_what_every_buffer_holds_before_every_launch(make_example, name) -> None:
    example = make_example(name)
    golden, plan = example.golden, example.plan
    memory = {one.name: np.zeros(one.words, dtype=np.uint32) for one in plan.buffers.values()}
    for buffer, values in {**example.weights, plan.input: example.image}.items():
        memory[buffer][:] = values.view(np.uint32)
    for number in range(len(plan.launches) + 1):
        for buffer, words in memory.items():
            assert np.array_equal(golden.view(buffer, number), words), (number, buffer)
        if number < len(plan.launches):
            execute(plan.launches[number], memory)
    assert np.array_equal(
        golden.scores.view(np.uint32), np.concatenate([memory[name] for name in plan.outputs])
    )
    if isinstance(plan.layers[-1], Softmax) and len(plan.outputs) == 1:
        assert abs(float(golden.scores.sum()) - 1) < 1e-5


def test_a_launch_makes_new_versions_of_what_it_writes_and_of_nothing_else() -> None:
    plan = load_network("extraction").plan()
    layout = pool_layout(plan)
    sizes = [piece.words for piece in layout.pieces]
    versions = set(zip(layout.offsets[0].tolist(), sizes, strict=True))
    for launch in plan.launches:
        before, after = layout.offsets[launch.index], layout.offsets[launch.index + 1]
        changed = set(np.flatnonzero(before != after).tolist())
        written = {number for span in launch.writes for number in layout.covered(span)}
        # A buffer that is cleared had never been written before.
        assert changed == (set() if launch.kernel == "fill" else written)
        for number in changed:
            version = int(after[number]), sizes[number]
            assert version not in versions
            versions.add(version)
    ends = 0
    for start, words in sorted(versions):
        assert start == ends
        ends = start + words
    assert ends == layout.words
    # Each version of im2col's workspace is as large as what its layer writes: 42 MB in all.
    assert 4 * layout.words < 390_000_000


def test_where_first_words_are_written_the_rest_stays(tiny) -> None:
    plan, golden = tiny.plan, tiny.golden
    lay = [one for one in plan.launches if one.kernel == "im2col"]
    short = next(
        later
        for one, later in pairwise(lay)
        if later.writes[0].words < one.writes[0].words < plan.buffers["-1.workspace"].words
    )
    before, after = (golden.runs("-1.workspace", short.index + later) for later in (0, 1))
    words = short.writes[0].words
    assert [count for _, _, count in after[:1]] == [words]
    # What lies behind is where it lay, not copied.
    kept = [run for run in after if run[0] >= words]
    assert kept
    assert all(
        any(first <= start and start - first + old == place for first, old, _ in before)
        for start, place, _ in kept
    )


@pytest.mark.parametrize("name", ["tiny", "branches"])
def test_single_words_are_those_of_the_buffer(make_example, name: str) -> None:
    golden, plan = make_example(name).golden, make_example(name).plan
    generator = np.random.default_rng(1)
    for number in range(len(plan.launches) + 1):
        for buffer in plan.buffers.values():
            indexes = np.append(generator.integers(buffer.words, size=9), [0, buffer.words - 1])
            expected = golden.view(buffer.name, number)[indexes]
            assert np.array_equal(golden.words_at(buffer.name, number, indexes), expected)


def test_a_buffer_that_is_cleared_again_has_its_first_version_again(tiny) -> None:
    plan = tiny.plan
    clear = next(one for one in plan.launches if one.writes[0].buffer == "0.output")
    again = replace(clear, index=len(plan.launches))
    offsets = pool_layout(replace(plan, launches=(*plan.launches, again))).offsets
    column = list(plan.buffers).index("0.output")
    assert offsets[-1, column] == offsets[0, column] != offsets[-2, column]


def test_only_a_fill_of_a_whole_buffer_of_no_weights_with_zeros_clears(tiny) -> None:
    plan = tiny.plan
    fill = plan.launches[0]
    assert fill.kernel == "fill"
    assert is_clearing(plan, fill)
    assert fill.arguments.ALPHA == 0.0
    assert not is_clearing(plan, replace(fill, arguments=fill.arguments._replace(ALPHA=1.0)))
    part = Span(fill.writes[0].buffer, fill.arguments.N - 1)
    assert not is_clearing(plan, replace(fill, writes=(part,)))
    weights = Span("0.weights", plan.buffers["0.weights"].words)
    assert not is_clearing(plan, replace(fill, writes=(weights,)))
    assert not any(is_clearing(plan, one) for one in plan.launches if one.kernel != "fill")


def test_a_file_holds_the_same_run_and_what_is_stored_in_it_stays_here(
    tiny, tmp_path: Path
) -> None:
    path = tmp_path / "golden"
    golden_run(tiny.plan, tiny.weights, tiny.image, path)
    before = path.read_bytes()
    mapped = open_golden_run(tiny.plan, path)
    assert np.array_equal(mapped.words, tiny.golden.words)
    mapped.words[:] = 1
    assert path.read_bytes() == before
    assert np.array_equal(open_golden_run(tiny.plan, path).words, tiny.golden.words)


def test_the_native_run_is_the_same_every_time(tiny) -> None:
    again = golden_run(tiny.plan, tiny.weights, tiny.image)
    assert np.array_equal(again.words, tiny.golden.words)


def test_a_file_without_room_is_an_error_and_not_left_behind(tiny, tmp_path: Path) -> None:
    path = tmp_path / "golden.bin"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        with pytest.raises(OSError, match="no room for a golden run of") as caught:
            golden_run(tiny.plan, tiny.weights, tiny.image, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.filename == str(path)
    assert not path.exists()

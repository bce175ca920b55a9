"""The memory that a strike sees: buffers of the moment, pages around them, wild addresses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.architectures import FAST

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LaunchShape, launch_constants
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import program
from softbeam.network import load_network
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, pool_words
from softbeam.network.layout import FIRST, PAGE
from softbeam.network.plan import Pointer


@pytest.fixture(scope="module")
def extraction() -> Device:
    """Return Extraction's device with memory that holds zeros only, which costs nothing."""
    plan = load_network("extraction").plan()
    return Device(GoldenRun(plan, np.zeros(pool_words(plan), dtype=np.uint32)))


def copied(memory: k.Memory, source: int, target: int) -> Ending:
    """Copy one word with the copy kernel."""
    code, shape = program("copy"), LaunchShape((1, 1, 1), (1, 1, 1))
    constants = launch_constants(code, shape, [1, source, 0, 1, target, 0, 1])
    launch = Launch(code, shape, constants, memory)
    return Runner().run(launch, 0, 0, budget=1_000, fault=no_fault())


def test_a_buffer_is_mapped_to_its_contents_before_the_launch(tiny) -> None:
    plan, golden = tiny.plan, tiny.golden
    target = plan.buffers["0.delta"].address
    for number in range(len(plan.launches)):
        memory = tiny.device.memory(number)
        for name in ("0.output", "1.output", "-1.workspace", "-1.input", "2.weights"):
            buffer = plan.buffers[name]
            for word in (0, buffer.words - 1):
                ending = copied(memory, buffer.address + 4 * word, target)
                assert ending.status == k.FINISHED
                assert ending.values[0] == golden.view(name, number)[word]
                assert ending.words[0] == golden.runs("0.delta", number)[0][1]


def test_launches_have_the_plans_grids_and_arguments(tiny) -> None:
    for planned in tiny.plan.launches:
        if planned.library:
            continue
        launch = tiny.device.launch(planned.index)
        assert launch is tiny.device.launch(planned.index)
        assert (launch.shape.grid, launch.shape.block) == (planned.grid, planned.block)
        function = launch.program.function
        data = launch.constants.tobytes()
        for argument, (offset, size) in zip(planned.arguments, function.parameters, strict=True):
            start = function.parameter_base + offset
            found = data[start : start + size]
            if isinstance(argument, Pointer):
                assert int.from_bytes(found, "little") == tiny.plan.buffers[argument.buffer].address
            elif isinstance(argument, float):
                assert found == np.float32(argument).tobytes()
            else:
                assert int.from_bytes(found, "little", signed=True) == argument


@pytest.mark.parametrize("name", ["tiny", "branches"])
def test_a_word_of_the_pool_is_found_in_its_buffer(make_example, name: str) -> None:
    example = make_example(name)
    layout = example.golden.layout
    for number in range(len(example.plan.launches)):
        starts = layout.offsets[number]
        ends = starts + [piece.words - 1 for piece in layout.pieces]
        edges = [edge for one in layout.pieces for edge in (one.start, one.end - 1)]
        names = [one.buffer for one in layout.pieces for _ in range(2)]
        words = np.stack([starts, ends], axis=1).ravel()
        order = np.random.default_rng(number).permutation(words.size)
        seen = 0
        for buffer, places, indexes in example.device.locate(number, words[order]):
            assert [names[at] for at in order[places]] == [buffer] * places.size
            assert [edges[at] for at in order[places]] == indexes.tolist()
            seen += places.size
        assert seen == words.size


def page(number: int) -> int:
    """Return the address of a page counted from that of the first allocation."""
    return FIRST + number * PAGE


class TestPagesAroundExtraction:
    """What the recorded H100 said of pages that belong to no buffer."""

    @pytest.fixture
    def target(self, extraction) -> int:
        return extraction.plan.buffers["0.delta"].address

    def test_the_drivers_pages_read_zero_lose_stores_and_are_counted(self, extraction) -> None:
        memory = extraction.memory(0)
        start, end = extraction.plan.zero_pages[0]
        image = extraction.plan.buffers["-1.input"].address
        for address in (start, end - 4, extraction.plan.zero_pages[-1][0]):
            loaded = copied(memory, address, image)
            assert (loaded.status, loaded.values.tolist()) == (k.FINISHED, [0])
            assert loaded.information[k.INFO_UNRECORDED] == 1
            stored = copied(memory, image, address)
            assert (stored.status, stored.words.size) == (k.FINISHED, 0)
            assert stored.information[k.INFO_UNRECORDED] == 1

    def test_the_slack_behind_a_buffer_is_mapped(self, extraction, target) -> None:
        biases = extraction.plan.buffers["0.biases"]
        assert biases.words == 64
        slack = copied(extraction.memory(0), biases.end, target)
        assert (slack.status, slack.information[k.INFO_UNRECORDED]) == (k.FINISHED, 1)
        inside = copied(extraction.memory(0), biases.end - 4, target)
        assert (inside.status, inside.information[k.INFO_UNRECORDED]) == (k.FINISHED, 0)

    def test_a_page_that_was_probed_and_not_mapped_is_illegal(self, extraction, target) -> None:
        ending = copied(extraction.memory(0), page(48), target)
        assert ending.status == k.ILLEGAL_ADDRESS
        assert ending.information[k.INFO_ADDRESS] == page(48)
        assert ending.information[k.INFO_UNPROBED] == 0

    def test_a_page_that_was_never_probed_is_illegal_and_counted_apart(
        self, extraction, target
    ) -> None:
        start, _ = extraction.plan.unprobed_pages[0]
        ending = copied(extraction.memory(0), start, target)
        assert ending.status == k.ILLEGAL_ADDRESS
        assert ending.information[k.INFO_UNPROBED] == 1
        stored = copied(extraction.memory(0), target, start)
        assert stored.status == k.ILLEGAL_ADDRESS

    def test_a_page_of_another_space_is_an_exception_of_its_own(self, extraction, target) -> None:
        start, _ = extraction.plan.other_space_pages[0]
        assert copied(extraction.memory(0), start, target).status == k.INVALID_ADDRESS_SPACE

    @pytest.mark.parametrize(
        ("address", "status"),
        [
            (0, k.ILLEGAL_ADDRESS),
            (1 << 48, k.ILLEGAL_ADDRESS),
            (1 << 60, k.OUT_OF_RANGE_ADDRESS),
            (FIRST + 2, k.MISALIGNED_ADDRESS),
        ],
    )
    def test_addresses_that_no_page_has(self, extraction, target, address, status) -> None:
        assert copied(extraction.memory(0), address, target).status == status
        assert copied(extraction.memory(0), target, address).status == status


@pytest.mark.parametrize("architecture", FAST)
def test_the_architecture_is_that_of_the_code(tiny, architecture: str) -> None:
    device = Device(tiny.golden, architecture)
    assert device.launch(0).program.function.architecture == architecture


def test_a_launch_of_changed_memory_is_its_own(tiny) -> None:
    # What a strike stores is put back; a device over other words does not share them.
    words = tiny.golden.words.copy()
    device = Device(GoldenRun(tiny.plan, words))
    launch = device.launch(8)
    ending = Runner().run(launch, 0, 0, budget=1_000, fault=no_fault())
    assert ending.words.size == 32
    assert np.array_equal(words, tiny.golden.words)
    assert replace(launch).memory.words is words

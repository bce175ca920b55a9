"""The fault space against a plain enumeration of what every thread executes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import new_state
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import no_fault
from softbeam.errors import CampaignError, InternalError
from softbeam.faults.drawing import resolve
from softbeam.faults.space import FaultSpace

#: The modes that strike instructions; no kernel of the tiny network has shared memory.
OF_INSTRUCTIONS = ("rf", "ioa", "iov", "predicate", "uniform")

#: Those whose places are all instructions, predicated-off ones too.
OF_ALL = ("rf", "predicate", "uniform")

#: Kernels whose launch in the tiny network is small: predicated stores, divisions, loops.
KERNELS = ("fill", "im2col", "avgpool", "softmax")
BUDGET = 100_000

Place = tuple[int, int, int, int, int]


def chosen(example) -> list[int]:
    """Return the smallest launch of each of the kernels."""
    sizes = {number: int(one.totals[:, 0].sum()) for number, one in example.profiles.items()}
    plan = example.plan
    return sorted(
        min((n for n in sizes if plan.launches[n].kernel == kernel), key=lambda n: sizes[n])
        for kernel in KERNELS
    )


def rows_of(runner: Runner, launch: Launch, block: int, thread: int, state: k.State) -> list[int]:
    """Return the row of every instruction that a thread passes, predicated-off ones too."""
    ending = runner.run(
        launch,
        block,
        thread // 32,
        budget=BUDGET,
        fault=no_fault(),
        traced=thread,
        state=state,
    )
    return state.trace_row[: ending.information[k.INFO_TRACE]].tolist()


def executes(runner: Runner, launch: Launch, place: Place) -> bool:
    """Return whether a thread executes an instruction that it passes.

    A fault in all lanes that execute with this one reaches it only if it does.
    """
    _, block, thread, row, occurrence = place
    fault = no_fault()
    fault[k.FAULT_KIND] = k.FAULT_AFTER
    fault[k.FAULT_WARP], fault[k.FAULT_LANE] = divmod(thread, 32)
    fault[k.FAULT_ROW], fault[k.FAULT_OCCURRENCE] = row, occurrence
    # No instruction reads R254, whose value is only noted where the lane is struck.
    fault[k.FAULT_REGISTER], fault[k.FAULT_REPLACES], fault[k.FAULT_VALUE] = 254, 1, 0x5EED
    fault[k.FAULT_WARP_WIDE] = 1
    ending = runner.run(launch, block, thread // 32, budget=BUDGET, fault=fault)
    assert ending.status == k.FINISHED
    return int(ending.information[k.INFO_AFTER]) == 0x5EED


def passed(example, number: int) -> Iterator[Place]:
    """Yield every dynamic thread-instruction of a launch."""
    launch, runner = example.device.launch(number), Runner()
    state = new_state(1, trace_steps=BUDGET)
    for block in range(launch.shape.blocks):
        for thread in range(launch.shape.threads):
            reached: dict[int, int] = {}
            for row in rows_of(runner, launch, block, thread, state):
                yield number, block, thread, row, reached.get(row, 0)
                reached[row] = reached.get(row, 0) + 1


def wanted(mode: str, text: str) -> bool:
    """Return whether a mode strikes an instruction, from its text alone."""
    if mode in OF_ALL:
        return True
    body = re.sub(r"^@!?U?P\w+ ", "", text)
    if mode == "ioa" and body.startswith(("STG", "STS")):
        return True
    if re.match(r"RET|BRX|CALL|ISETP|FSETP|PLOP3|FCHK", body):
        return False
    return re.match(r"\S+ (U?P[0-9T], )*R\d+\b", body) is not None


@pytest.fixture(scope="module")
def enumeration(tiny) -> dict[str, set[Place]]:
    """Return the places of each mode in the chosen launches, by running every thread alone."""
    places: dict[str, set[Place]] = {mode: set() for mode in OF_INSTRUCTIONS}
    runner = Runner()
    for number in chosen(tiny):
        launch = tiny.device.launch(number)
        texts = [str(instruction) for instruction in launch.program.function.instructions]
        for place in passed(tiny, number):
            modes = [mode for mode in OF_INSTRUCTIONS if wanted(mode, texts[place[3]])]
            alive = modes == [*OF_ALL] or executes(runner, launch, place)
            for mode in modes if alive else OF_ALL:
                places[mode].add(place)
    return places


@pytest.mark.slow
@pytest.mark.parametrize("mode", OF_INSTRUCTIONS)
def test_every_place_has_exactly_one_number(tiny, enumeration, mode: str) -> None:
    space = FaultSpace(tiny.device, tiny.profiles, mode, chosen(tiny))
    runner = Runner()
    found = []
    for rank in range(space.size):
        number, row, unit, ordinal = space.locate(rank)
        launch = tiny.device.launch(number)
        block, thread, occurrence = resolve(
            runner, launch, row, unit, ordinal, executed=mode not in OF_ALL
        )
        found.append((number, block, thread, row, occurrence))
    assert len(set(found)) == len(found)
    assert set(found) == enumeration[mode]


@pytest.mark.parametrize("mode", OF_INSTRUCTIONS)
def test_its_size_is_the_sum_over_the_profile(tiny, mode: str) -> None:
    space = FaultSpace(tiny.device, tiny.profiles, mode, tiny.profiles)
    expected = {}
    for number, profile in tiny.profiles.items():
        instructions = tiny.device.launch(number).program.function.instructions
        expected[number] = sum(
            int(profile.classes[unit, row, int(mode not in OF_ALL)])
            for unit in profile.class_of_unit
            for row, instruction in enumerate(instructions)
            if wanted(mode, str(instruction))
        )
    assert space.sizes() == expected
    assert space.size == sum(expected.values())


def test_predicated_off_instructions_are_places_of_rf_alone(tiny) -> None:
    # The tiny network's first fill has 864 threads with work in two blocks of 512.
    first = FaultSpace(tiny.device, tiny.profiles, "rf", [0])
    assert tiny.plan.launches[0].kernel == "fill"
    instructions = tiny.device.launch(0).program.function.instructions
    leave = next(row for row, one in enumerate(instructions) if str(one) == "@P0 EXIT")
    places = [first.locate(rank) for rank in range(first.size)]
    assert sum(row == leave for _, row, _, _ in places) == 1024
    assert sum(row == leave + 1 for _, row, _, _ in places) == 864
    assert tiny.profiles[0].totals[leave].tolist() == [1024, 160]


@pytest.mark.parametrize("mode", OF_INSTRUCTIONS)
def test_numbers_run_by_launch_then_instruction_then_unit(tiny, mode: str) -> None:
    space = FaultSpace(tiny.device, tiny.profiles, mode, tiny.profiles)
    rng = np.random.default_rng(3)
    ranks = np.unique(rng.integers(0, space.size, 400)).tolist()
    ranks += [0, space.size - 1]
    places = [space.locate(rank) for rank in sorted(set(ranks))]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    # Neighbours in one unit differ by one.
    for rank, place in zip(sorted(set(ranks)), places, strict=True):
        if place[3] and rank:
            assert space.locate(rank - 1) == (*place[:3], place[3] - 1)


def test_the_scope_is_the_launches_that_are_given(tiny) -> None:
    whole = FaultSpace(tiny.device, tiny.profiles, "iov", tiny.profiles).sizes()
    some = FaultSpace(tiny.device, tiny.profiles, "iov", [29, 4])
    assert some.sizes() == {4: whole[4], 29: whole[29]}
    assert some.locate(whole[4] - 1)[0] == 4
    assert some.locate(whole[4])[0] == 29


def test_a_scope_without_places_is_refused(tiny) -> None:
    with pytest.raises(CampaignError, match="nothing to strike"):
        FaultSpace(tiny.device, tiny.profiles, "rf", [])


def test_a_place_that_no_thread_reaches_is_an_internal_error(tiny) -> None:
    launch = tiny.device.launch(0)
    count = int(tiny.profiles[0].classes[tiny.profiles[0].class_of_unit[3], 2, 0])
    assert count == 32
    resolve(Runner(), launch, 2, 3, count - 1, executed=False)
    with pytest.raises(InternalError, match=r"unit 3 has fewer executions of pc 0x20"):
        resolve(Runner(), launch, 2, 3, count, executed=False)

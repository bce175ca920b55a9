"""Drawing a site: which draws are made, from how many, and what each becomes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from softbeam.conformance.recordings import Recordings
from softbeam.emulator.launching import Runner
from softbeam.errors import InternalError
from softbeam.faults.drawing import draw_site, resolve
from softbeam.faults.randomness import Draws
from softbeam.faults.site import FaultSite
from softbeam.faults.space import FaultSpace


class Script:
    """Draws that a test chooses, with a note of how many each was drawn from."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers
        self.limits: dict[str, int] = {}

    def below(self, limit: int, name: str) -> int:
        self.limits[name] = limit
        return self.numbers.get(name, 0)


def space_of(example, mode: str, launches) -> FaultSpace:
    return FaultSpace(example.device, example.profiles, mode, launches)


def places(space: FaultSpace) -> dict[int, int]:
    """Return a number of a place for each row that has any."""
    first: dict[int, int] = {}
    for rank in range(space.size):
        first.setdefault(space.locate(rank)[1], rank)
    return first


def drawn(example, mode: str, model: str, launches, **numbers: int) -> tuple[FaultSite, Script]:
    script = Script(**numbers)
    space = space_of(example, mode, launches)
    return draw_site(example.device, Runner(), space, model, script), script


def find(example, launch: int, start: str) -> int:
    """Return the row of the first instruction of a launch whose text begins so."""
    instructions = example.device.launch(launch).program.function.instructions
    return next(row for row, one in enumerate(instructions) if str(one).startswith(start))


def test_rf_draws_a_place_one_of_all_registers_and_a_bit(tiny) -> None:
    size = space_of(tiny, "rf", [0]).size
    registers = tiny.device.launch(0).program.function.registers
    for register in range(registers):
        site, script = drawn(tiny, "rf", "single-bit", [0], register=register, bit=31)
        assert (site.target, site.register) == ("register", register)
        assert (site.change.value, site.change.bit) == (1 << 31, 31)
    assert (script.limits["place"], script.limits["register"]) == (size, registers)
    assert script.limits["bit"] == 32
    assert site.registers == registers
    # A double bit flip has one place less; the random value is a whole word.
    site, script = drawn(tiny, "rf", "double-bit", [0], bit=30)
    assert script.limits["bit"] == 31
    assert site.change.value == 3 << 30
    site, script = drawn(tiny, "rf", "random-value", [0], value=0xDEADBEEF)
    assert script.limits["value"] == 1 << 32
    assert site.change.value == 0xDEADBEEF


def test_iov_draws_one_of_the_destination_registers(tiny) -> None:
    wide = find(tiny, 0, "IMAD.WIDE R2,")
    rank = places(space_of(tiny, "iov", [0]))[wide]
    for number in range(2):
        site, script = drawn(tiny, "iov", "single-bit", [0], place=rank, register=number)
        assert (site.pc, site.target, site.register) == (16 * wide, "register", 2 + number)
        assert script.limits["register"] == 2
        assert script.limits["bit"] == 32


def test_ioa_flips_eight_bits_of_an_index_and_64_of_a_stores_address(tiny) -> None:
    ranks = places(space_of(tiny, "ioa", [0]))
    wide = find(tiny, 0, "IMAD.WIDE R2,")
    site, script = drawn(tiny, "ioa", "single-bit", [0], place=ranks[wide], bit=7)
    assert (site.target, site.register, site.change.value) == ("destination_index", 2, 128)
    assert script.limits["bit"] == 8
    store = find(tiny, 0, "STG")
    site, script = drawn(tiny, "ioa", "single-bit", [0], place=ranks[store], bit=63)
    assert (site.target, site.register, site.change.value) == ("store_address", None, 1 << 63)
    assert script.limits["bit"] == 64
    _, script = drawn(tiny, "ioa", "double-bit", [0], place=ranks[store])
    assert script.limits["bit"] == 63


def test_a_site_names_the_thread_that_its_place_belongs_to(tiny) -> None:
    # Warp by warp, lanes ascending.
    for place, (block, thread) in {0: (0, 0), 31: (0, 31), 32: (0, 32), 1023: (1, 511)}.items():
        site, _ = drawn(tiny, "rf", "single-bit", [0], place=place)
        assert (site.launch, site.pc, site.occurrence) == (0, 0, 0)
        assert (site.block, site.thread) == (block, thread)
    # In the loop of avgpool's only warp with work: all lanes of one round, then the next round.
    space = space_of(tiny, "iov", [27])
    row = max(places(space), key=lambda row: int(tiny.profiles[27].totals[row, 1]))
    first = places(space)[row]
    sites = [drawn(tiny, "iov", "single-bit", [27], place=first + n)[0] for n in range(14)]
    assert {site.pc for site in sites} == {16 * row}
    seen = [(site.occurrence, site.thread) for site in sites]
    assert len(set(seen)) == 14
    assert seen == sorted(seen)


def test_only_executed_instructions_are_struck_after_them(tiny) -> None:
    # im2col's load of the middle column, once a row of the 3x3 window: predicated off above and
    # below the 12x12 image.
    launch, profile = tiny.device.launch(2), tiny.profiles[2]
    loads = [
        row
        for row, (active, executed) in enumerate(profile.totals.tolist())
        if active > executed == 3 * 12 * (12 * 3 - 2) and launch.program.general[row]
    ]
    assert len(loads) == 1
    space = space_of(tiny, "iov", [2])
    ranks = [rank for rank in range(space.size) if space.locate(rank)[1] == loads[0]]
    struck = []
    for rank in ranks:
        site, _ = drawn(tiny, "iov", "single-bit", [2], place=rank)
        struck.append((512 * site.block + site.thread, site.occurrence))
    assert sorted(struck) == [
        (thread, window)
        for thread in range(3 * 144)
        for window in range(3)
        if 0 <= thread % 144 // 12 - 1 + window < 12
    ]


def test_threads_of_a_block_that_waits_at_barriers_are_numbered_warp_by_warp(recordings) -> None:
    # gemm shares memory: its unit is a block, of which each lane passes the first row once.
    scenarios = Recordings(recordings).scenarios
    launch = next(one.launch for one in scenarios.values() if one.launch.program.has_barrier)
    runner = Runner()
    found = []
    for ordinal in range(launch.shape.threads):
        block, thread, occurrence = resolve(runner, launch, 0, 1, ordinal, executed=False)
        assert (block, occurrence) == (1, 0)
        found.append(thread)
    assert found == list(range(launch.shape.threads))
    with pytest.raises(InternalError, match="unit 1 has fewer executions"):
        resolve(runner, launch, 0, 1, launch.shape.threads, executed=False)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["rf", "ioa", "iov", "predicate", "uniform"])
def test_draws_are_uniform_over_a_launch(tiny, mode: str) -> None:
    space = space_of(tiny, mode, [27])
    runner = Runner()
    sites = [
        draw_site(tiny.device, runner, space, "single-bit", Draws("uniform", mode, index))
        for index in range(6000)
    ]
    # By instruction: so many draws as thread-instructions, within chance.
    found = Counter(site.pc // 16 for site in sites)
    sizes = Counter(space.locate(rank)[1] for rank in range(space.size))
    rows = sorted(row for row in sizes if 6000 * sizes[row] >= 5 * space.size)
    counts = np.array([found[row] for row in rows])
    shares = np.array([sizes[row] for row in rows], dtype=float)
    assert chisquare(counts, shares * counts.sum() / shares.sum()).pvalue > 0.001
    if mode == "rf":
        registers = Counter(site.register for site in sites)
        assert len(registers) == tiny.device.launch(27).program.function.registers
        assert chisquare(list(registers.values())).pvalue > 0.001
        bits = Counter(site.change.bit for site in sites)
        assert len(bits) == 32
        assert chisquare(list(bits.values())).pvalue > 0.001


def test_a_site_depends_on_its_names_alone(tiny) -> None:
    injector = tiny.injector("names")
    alone = [tiny.injector("names").site("iov", "single-bit", index) for index in range(5)]
    backwards = [injector.site("iov", "single-bit", index) for index in reversed(range(5))]
    assert alone == backwards[::-1]
    assert len(set(alone)) == 5
    assert tiny.injector("other names").site("iov", "single-bit", 0) != alone[0]

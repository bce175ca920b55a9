"""Addresses against the recorded files, read here by other means."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.network import Plan, layout, load_network

MIB2 = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_network("extraction").plan()


def covered(ranges: tuple[tuple[int, int], ...], address: int) -> bool:
    return any(start <= address < end for start, end in ranges)


def test_extractions_buffers_lie_where_they_were_recorded(plan: Plan, recordings: Path) -> None:
    lines = (recordings / "extraction-layout.txt").read_text().splitlines()
    first = int(lines[-1].split()[1], 16)
    recorded = [line.split() for line in lines[1:-1]]
    assert [(name, int(size), first + int(offset)) for name, size, offset in recorded] == [
        (one.name, 4 * one.words, one.address) for one in plan.buffers.values()
    ]


def test_the_shipped_tables_are_the_recorded_ones(recordings: Path) -> None:
    data = Path(layout.__file__).parent / "data"
    for name in ("extraction-layout.txt", "extraction-pages.txt"):
        assert (data / name).read_bytes() == (recordings / name).read_bytes()


def test_every_probed_page_is_of_its_kind(plan: Plan, recordings: Path) -> None:
    buffers = tuple((one.address, one.end) for one in plan.buffers.values())
    lines = (recordings / "extraction-pages.txt").read_text().splitlines()[1:]
    assert len(lines) == 413
    for line in lines:
        page, code = map(int, line.split())
        last_word = layout.FIRST + (page + 1) * MIB2 - 4
        mapped = covered(buffers, last_word) or covered(plan.zero_pages, last_word)
        assert mapped == (code == 0)
        assert covered(plan.other_space_pages, last_word) == (code == 717)
        assert not covered(plan.unprobed_pages, last_word)


def test_below_the_probed_pages_all_is_a_buffer_slack_or_unprobed(plan: Plan) -> None:
    probed = layout.FIRST - 200 * MIB2
    areas = [(one.address, one.end) for one in plan.buffers.values()]
    areas += [*plan.zero_pages, *plan.unprobed_pages]
    below = sorted((start, end) for start, end in areas if start < probed)
    assert below[0][0] == layout.FIRST - 367 * MIB2
    assert all(end == start for (_, end), (start, _) in pairwise(below))
    assert below[-1][1] >= probed


def test_an_equal_network_under_another_name_has_the_recorded_layout(
    plan: Plan, tmp_path: Path
) -> None:
    source = Path(layout.__file__).parent / "data" / "extraction.cfg"
    path = tmp_path / "mine.cfg"
    path.write_text(source.read_text() + "\n[cost]\ntype=sse\n")
    network = load_network(str(path))
    assert network.name == "mine"
    assert network.plan().buffers == plan.buffers


@given(st.lists(st.integers(1, 5 << 20), min_size=1, max_size=60))
def test_allocations_follow_the_rules_and_never_overlap(sizes: list[int]) -> None:
    offsets = layout.allocate({str(number): size for number, size in enumerate(sizes)})
    areas = sorted((offsets[str(number)], size) for number, size in enumerate(sizes))
    for (start, size), (following, _) in pairwise(areas):
        assert start + size <= following
    for start, size in areas:
        assert start % (512 if size < 1 << 20 else MIB2) == 0
        if size < 1 << 20:
            assert start // MIB2 == (start + size - 1) // MIB2

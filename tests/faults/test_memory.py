"""The fault space of memory against a plain enumeration of what is read later."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from softbeam.errors import CampaignError
from softbeam.faults.drawing import draw
from softbeam.faults.memory import MemorySpace
from softbeam.faults.randomness import Draws
from softbeam.faults.site import MemorySite
from softbeam.network.layers import trained_buffers

MODES = ("weights", "activations")

Place = tuple[int, str, int]


def space_of(example, mode: str, launches=None, **scope) -> MemorySpace:
    return MemorySpace(example.plan, mode, launches or example.profiles, **scope)


def is_of(example, mode: str, buffer: str) -> bool:
    return (buffer in trained_buffers(example.plan.layers)) == (mode == "weights")


def enumerated(example, mode: str) -> set[Place]:
    """Return every (launch, buffer, word) that a later launch or the answer reads, word by word."""
    plan = example.plan
    alive = {name: np.zeros(one.words, dtype=np.bool_) for name, one in plan.buffers.items()}
    for name in plan.outputs:
        alive[name][:] = True
    places = set()
    for launch in reversed(plan.launches):
        for span in launch.writes:
            alive[span.buffer][span.start : span.end] = False
        for span in launch.reads:
            alive[span.buffer][span.start : span.end] = True
        for name, words in alive.items():
            if is_of(example, mode, name):
                places |= {(launch.index, name, word) for word in np.flatnonzero(words).tolist()}
    return places


@pytest.mark.parametrize(
    ("name", "mode"), [("tiny", "weights"), ("tiny", "activations"), ("branches", "activations")]
)
def test_every_place_has_exactly_one_number(make_example, name: str, mode: str) -> None:
    example = make_example(name)
    space = space_of(example, mode)
    found = [space.locate(rank) for rank in range(space.size)]
    places = {(launch, buffer, word) for _, buffer, launch, word in found}
    assert len(places) == len(found)
    assert places == enumerated(example, mode)


@pytest.mark.parametrize("mode", MODES)
def test_places_and_what_is_left_out_are_all_words_before_all_launches(tiny, mode: str) -> None:
    space = space_of(tiny, mode)
    buffers = {buffer for _, buffer, _ in enumerated(tiny, mode)}
    # The answer is read at the end alone, before no launch.
    buffers |= {*tiny.plan.outputs} if mode == "activations" else set()
    words = sum(tiny.plan.buffers[name].words for name in buffers)
    assert space.size + space.unread == words * len(tiny.plan.launches)
    assert space.unread > 0


@pytest.mark.parametrize("mode", MODES)
def test_cells_are_buffers_of_layers_and_add_up(tiny, mode: str) -> None:
    space = space_of(tiny, mode)
    cells = space.cells()
    assert sum(cells.values()) == space.size
    for cell, size in cells.items():
        own = space_of(tiny, mode, stratum=str(cell))
        assert (own.size, own.cells()) == (size, {cell: size})
    found = Counter(space.locate(rank)[0] for rank in range(space.size))
    assert found == cells
    # The workspace and the input are the network's: their words belong to the launch's layer.
    launches = tiny.plan.launches
    for rank in range(0, space.size, 97):
        cell, buffer, launch, _ = space.locate(rank)
        owner = int(buffer.split(".")[0])
        assert cell.layer == (launches[launch].layer if owner < 0 else owner)
        assert cell.kernel == buffer.split(".")[1]


def test_the_scope_is_one_of_layers(tiny) -> None:
    third = [one.index for one in tiny.plan.launches if one.layer == 3 and not one.library]
    space = space_of(tiny, "weights", third)
    assert {cell.layer for cell in space.cells()} == {3}
    whole = space_of(tiny, "weights").cells()
    assert space.cells() == {cell: size for cell, size in whole.items() if cell.layer == 3}


@pytest.mark.parametrize(("launches", "groups"), [([0], None), (None, ("load",))])
def test_kernels_and_opcodes_are_no_scope_of_memory(tiny, launches, groups) -> None:
    with pytest.raises(CampaignError, match="mode weights strikes memory, which belongs to layers"):
        space_of(tiny, "weights", launches, groups=groups)


def test_a_layer_without_weights_has_nothing_to_strike(tiny) -> None:
    pool = [one.index for one in tiny.plan.launches if one.layer == 1]
    with pytest.raises(CampaignError, match="no word of the scope is a place for weights"):
        space_of(tiny, "weights", pool)


@pytest.mark.parametrize("mode", MODES)
def test_draws_are_uniform_over_places_and_bits(tiny, mode: str) -> None:
    space = space_of(tiny, mode)
    sites = []
    for index in range(4000):
        site = draw(tiny.device, None, space, "single-bit", Draws("uniform", mode, index))
        assert isinstance(site, MemorySite)
        assert site.change.value == 1 << site.change.bit
        sites.append(site)
    found = Counter(site.cell for site in sites)
    sizes = space.cells()
    cells = sorted(cell for cell, size in sizes.items() if 4000 * size >= 5 * space.size)
    counts = np.array([found[cell] for cell in cells])
    shares = np.array([sizes[cell] for cell in cells], dtype=float)
    assert chisquare(counts, shares * counts.sum() / shares.sum()).pvalue > 0.001
    bits = Counter(site.change.bit for site in sites)
    assert len(bits) == 32
    assert chisquare(list(bits.values())).pvalue > 0.001

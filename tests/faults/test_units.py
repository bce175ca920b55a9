"""The fault space of functional units: which opcodes, and which multiprocessors get a block."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import chisquare

from softbeam.errors import CampaignError
from softbeam.faults.drawing import draw
from softbeam.faults.randomness import Draws
from softbeam.faults.site import UnitSite
from softbeam.faults.stratum import Stratum
from softbeam.faults.units import (
    UnitSpace,
    multiprocessor_of,
    multiprocessors,
    struck_rows,
)
from softbeam.kernels import ARCHITECTURES, MULTIPROCESSORS


def space_of(example, number: int, launches=None, **scope) -> UnitSpace:
    return UnitSpace(
        example.device,
        example.profiles,
        "permanent",
        launches or example.profiles,
        multiprocessors=number,
        **scope,
    )


def units(example, number: int) -> set[tuple[str, int, int]]:
    """Return every (opcode, multiprocessor, lane) of a block that executes it, block by block."""
    found = set()
    for launch, profile in example.profiles.items():
        emulated = example.device.launch(launch)
        for row, instruction in enumerate(emulated.program.function.instructions):
            if not emulated.program.destinations[row] or profile.totals[row, 1] == 0:
                continue
            for block in range(emulated.shape.blocks):
                processor = multiprocessor_of(block, number)
                found |= {(instruction.opcode, processor, lane) for lane in range(32)}
    return found


@pytest.mark.parametrize("number", [1, 3, 132])
def test_every_place_has_exactly_one_number(tiny, number: int) -> None:
    space = space_of(tiny, number)
    found = [space.locate(rank) for rank in range(space.size)]
    assert len(set(found)) == len(found)
    assert set(found) == units(tiny, number)
    opcodes = {opcode for opcode, _, _ in found}
    assert space.size + space.unread == len(opcodes) * number * 32
    # Some launches have one block alone.
    assert (space.unread > 0) == (number > 1)


def test_opcodes_are_cells_of_the_network_as_a_whole(tiny) -> None:
    space = space_of(tiny, 2)
    cells = space.cells()
    assert sum(cells.values()) == space.size
    assert {cell.layer for cell in cells} == {-1}
    assert Stratum(-1, "FFMA") in cells
    assert not any(cell.kernel in ("STG", "EXIT", "ISETP", "UIMAD") for cell in cells)
    own = space_of(tiny, 2, stratum="-1/FFMA")
    assert own.cells() == {Stratum(-1, "FFMA"): cells[Stratum(-1, "FFMA")]}


def test_the_scope_narrows_the_opcodes(tiny) -> None:
    fill = space_of(tiny, 2, [0])
    assert set(fill.used) < set(space_of(tiny, 2).used)
    loads = space_of(tiny, 2, groups=("load",))
    assert all(opcode.startswith("LD") for opcode in loads.used)
    with pytest.raises(CampaignError, match="no executed instruction in scope has a result"):
        space_of(tiny, 2, groups=("fp64",))


def test_a_unit_strikes_results_alone(tiny) -> None:
    program = tiny.device.launch(0).program
    rows = struck_rows(program, "IMAD")
    names = [one.opcode for one in program.function.instructions]
    assert [row for row, name in enumerate(names) if name == "IMAD"] == rows.nonzero()[0].tolist()
    assert not struck_rows(program, "STG").any()


def test_blocks_are_dealt_in_turns() -> None:
    assert [multiprocessor_of(block, 3) for block in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert tuple(MULTIPROCESSORS) == ARCHITECTURES
    assert multiprocessors("sm_90", None) == 132
    assert multiprocessors("sm_90", 7) == 7


def test_draws_are_uniform(tiny) -> None:
    space = space_of(tiny, 2)
    sites = [
        draw(tiny.device, None, space, "stuck-at-1", Draws("uniform", index))
        for index in range(4000)
    ]
    assert all(isinstance(site, UnitSite) for site in sites)
    for counted in (
        Counter(site.lane for site in sites),
        Counter(site.change.bit for site in sites),
    ):
        assert len(counted) == 32
        assert chisquare(list(counted.values())).pvalue > 0.001
    found = Counter(site.cell for site in sites)
    sizes = space.cells()
    counts = [found[cell] for cell in sizes]
    expected = [4000 * size / space.size for size in sizes.values()]
    assert chisquare(counts, expected).pvalue > 0.001

"""What families say of their kernels, against the machine code.

Every kernel that is declared pointwise or channelwise is launched, so that one more needs no test
of its own here.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.architectures import on_all
from support.twins import Bench

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import KERNELS, LIBRARY, arguments
from softbeam.kernels.families import BEHAVIOURS, NOBODY, Channelwise, Pointwise, owner_thread
from softbeam.kernels.hardened import base_of

POINTWISE = [name for name, one in BEHAVIOURS.items() if isinstance(one.change, Pointwise)]
CHANNELWISE = [name for name, one in BEHAVIOURS.items() if isinstance(one.change, Channelwise)]
#: Elements, on more than one block; channels and elements of each.
COUNT, CHANNELS, SPATIAL = 700, 3, 531


def test_every_kernel_has_a_family_and_every_entry_a_kernel() -> None:
    bases = {base_of(name) for name in KERNELS}
    assert set(BEHAVIOURS) == bases | LIBRARY.keys()


def drawn(bench: Bench, kernel: str, sizes: dict[str, int]) -> dict[str, object]:
    """Return arguments by name: sizes as given, room for every pointer, numbers at random."""
    room = 3 + 2 * max(sizes.values())
    values: dict[str, object] = {}
    for parameter in KERNELS[kernel].parameters:
        name = parameter.name
        if parameter.kind == "pointer":
            values[name] = bench.buffer(room)
        elif parameter.kind == "float32":
            values[name] = float(np.float32(bench.rng.normal()))
        else:
            step = {"INC": 2, "OFF": 3}.get(name[:3], int(bench.rng.integers(1, 5)))
            values[name] = sizes.get(name, step)
    return values


@on_all
@pytest.mark.parametrize("kernel", POINTWISE)
def test_a_pointwise_kernel_does_what_its_twin_does_word_by_owner(
    kernel: str, architecture: str
) -> None:
    change = BEHAVIOURS[kernel].change
    assert isinstance(change, Pointwise)
    bench = Bench(1, 0.2)
    values = drawn(bench, kernel, {change.count: COUNT})
    shape = LaunchShape((-(-COUNT // 512), 1, 1), (512, 1, 1))
    launch, starts = bench.launch(kernel, architecture, shape, list(values.values()))
    named = arguments(kernel, **values)
    written = [id(words) for words in bench.buffers].index(id(values[change.writes]))
    first, end = int(starts[written]), int(starts[written + 1])
    runner, stored = Runner(), set()
    for block, warp in runner.units(launch):
        ending = runner.run(launch, block, warp, budget=10**6, fault=no_fault())
        here = [int(word) - first for word in ending.words if first <= word < end]
        assert {owner_thread(named, word) // 32 for word in here} <= {16 * block + warp}
        stored.update(here)
    owned = {word for word in range(end - first) if owner_thread(named, word) != NOBODY}
    assert owned == stored
    assert len(stored) == COUNT
    bench.check(kernel, architecture, shape, list(values.values()))


@pytest.mark.parametrize("kernel", CHANNELWISE)
def test_the_columns_of_a_channelwise_kernel_are_those_of_its_twin(kernel: str) -> None:
    change = BEHAVIOURS[kernel].change
    assert isinstance(change, Channelwise)
    bench = Bench(2, 0.2)
    sizes = {change.channels: CHANNELS, change.spatial: SPATIAL}
    sizes |= {change.images: 1} if change.images else {}
    values = drawn(bench, kernel, {**sizes, "N": CHANNELS * SPATIAL})
    twin = [
        value.view(np.float32) if isinstance(value, np.ndarray) else value
        for value in values.values()
    ]
    whole = values[change.output]
    assert isinstance(whole, np.ndarray)
    before = whole[: CHANNELS * SPATIAL].reshape(CHANNELS, SPATIAL)
    columns = np.ascontiguousarray(before.T).view(np.float32)
    change.columns(columns, *(values[name].view(np.float32) for name in change.parameters))  # type: ignore[attr-defined]
    BEHAVIOURS[kernel].twin(*twin)
    assert np.array_equal(columns.view(np.uint32).T, before)

"""Every word belongs to the warp that stores it: all launches of the small networks, emulated."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import KERNELS, Arguments, arguments
from softbeam.kernels.families import NOBODY, owner_thread
from softbeam.network.plan import Pointer
from softbeam.network.stored import stored_words


def named(kernel: str, values: tuple[float, ...]) -> Arguments:
    """Return arguments in the kernel's order by their names."""
    names = [parameter.name for parameter in KERNELS[kernel].parameters]
    return arguments(kernel, **dict(zip(names, values, strict=True)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector", "dialect", "tensors"])
def test_owners_are_the_warps_that_store(make_example, name) -> None:  # type: ignore[no-untyped-def]
    device = make_example(name).device
    runner = Runner()
    for number, launch in enumerate(device.plan.launches):
        if launch.library:
            continue
        emulated = device.launch(number)
        shape = emulated.shape
        units = 1 if emulated.program.has_barrier else shape.warps
        of_unit = shape.threads // units
        stored: dict[str, set[int]] = {span.buffer: set() for span in launch.writes}
        first = {a.buffer: a.word for a in launch.arguments if isinstance(a, Pointer)}
        integers = {
            argument.buffer
            for parameter, argument in zip(
                KERNELS[launch.kernel].parameters, launch.arguments, strict=True
            )
            if parameter.element == "int32"
        }
        for block, warp in runner.units(emulated):
            ending = runner.run(emulated, block, warp, budget=10**6, fault=no_fault())
            for buffer, _, words in device.locate(number, ending.words):
                for word in words.tolist():
                    thread = owner_thread(launch.arguments, word - first[buffer])
                    # A unit is a block where its warps wait for each other, else a warp.
                    unit = thread // of_unit
                    assert unit == block * units + warp, (launch, buffer, word)
                stored[buffer].update(words.tolist())
        for span in launch.writes:
            for word in set(range(span.start, span.end)) - stored[span.buffer]:
                assert owner_thread(launch.arguments, word - first[span.buffer]) == NOBODY
        # What families say is stored is stored, all floats of it and nothing else.
        held: dict[str, set[int]] = {}
        for one in stored_words(launch):
            places = np.arange(device.plan.buffers[one.pointer].words)
            held.setdefault(one.pointer, set()).update(places[one.holds(places)].tolist())
        floats = {buffer: words for buffer, words in stored.items() if buffer not in integers}
        assert held == floats, launch


@pytest.mark.parametrize(
    ("kernel", "values", "word"),
    [
        ("copy", (10, 0, 0, 1, 0, 2, 3), 4),
        ("axpy", (10, 1.0, 0, 0, 1, 0, 0, 2), 20),
        ("softmax", (0, 3, 2, 10, 2, 5, 1, 1.0, 0), 3),
        ("softmax", (0, 3, 2, 20, 4, 1, 4, 1.0, 0), 12),
        ("shortcut", (8, 2, 2, 2, 1, 2, 1, 2, 2, 2, 0, 4, 4, 3, 1.0, 1.0, 0), 1),
        ("shortcut", (8, 2, 2, 2, 1, 2, 1, 2, 2, 2, 0, 4, 4, 3, 1.0, 1.0, 0), 32),
    ],
)
def test_words_between_belong_to_nobody(kernel: str, values: tuple[float, ...], word: int) -> None:
    assert owner_thread(named(kernel, values), word) == NOBODY


def test_reorg_and_flatten_are_inverted() -> None:
    words = np.arange(8 * 4 * 6)
    reorg = (words.size, 0, 6, 4, 8, 1, 2, 1, 0)
    owners = [owner_thread(named("reorg", reorg), int(word)) for word in words]
    flatten = (words.size, 0, 24, 8, 1, 1, 0)
    others = [owner_thread(named("flatten", flatten), int(word)) for word in words]
    assert sorted(owners) == sorted(others) == words.tolist()
    assert owners != words.tolist() != others

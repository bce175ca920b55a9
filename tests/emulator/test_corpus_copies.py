"""The corpus' asynchronous copies, generic atomics and uniform constants, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from support.architectures import on
from support.corpus import architectures, on_architectures, own_machine

#: cp.async is newer than sm_75.
COPYING = on([one for one in architectures("copies") if one != "sm_75"])
RNG = np.random.default_rng(17)


def launched(architecture: str, kernel: str, out: np.ndarray, *rest: object) -> np.ndarray:
    """Launch two blocks of 64 threads of a kernel of the corpus and return its first array."""
    machine = own_machine("copies", architecture)
    assert machine.unsupported(f"{kernel}_k") == ()
    arrays = [machine.allocate(one) if isinstance(one, np.ndarray) else one for one in (out, *rest)]
    outcome = machine.launch(f"{kernel}_k", 2, 64, *arrays)
    assert outcome.completed, outcome
    return machine.read(arrays[0])


def words(*shape: int) -> np.ndarray:
    return RNG.integers(0, 1 << 32, shape, dtype=np.uint32)


@on_architectures("copies")
@pytest.mark.parametrize("size", [4, 8, 16])
def test_a_copy_brings_every_byte(architecture: str, size: int) -> None:
    found = words(2, 64, 4)
    out = launched(architecture, f"copy_{size}", np.zeros_like(found), found, np.uint32(0))
    np.testing.assert_array_equal(out, found[:, ::-1])


def kept_bytes(found: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the first bytes of each row, as many as are counted, and zeros behind them."""
    data = found.view(np.uint8)
    return np.where(np.arange(data.shape[1]) < counts[:, None], data, 0).view(np.uint32)


@COPYING
@pytest.mark.parametrize("start", range(0, 17, 4))
def test_what_is_not_copied_becomes_zeros(architecture: str, start: int) -> None:
    found = words(128, 4)
    some = (start + np.arange(128) % 64) % 17
    out = launched(architecture, "copy_parts", words(128, 4, 4), found, np.uint32(start))
    np.testing.assert_array_equal(out[:, 0], kept_bytes(found, some))
    np.testing.assert_array_equal(out[:, 1, :2], kept_bytes(found[:, :2].copy(), some % 9))
    np.testing.assert_array_equal(out[:, 1, 2:], 7)
    np.testing.assert_array_equal(out[:, 2, :1], kept_bytes(found[:, :1].copy(), some % 5))
    np.testing.assert_array_equal(out[:, 2, 1:], 7)
    np.testing.assert_array_equal(out[:, 3], np.where(some[:, None] > 9, 0, found))


@COPYING
@pytest.mark.parametrize("stages", [1, 2, 7])
def test_copies_in_stages(architecture: str, stages: int) -> None:
    found = words(stages, 64)
    wanted = np.zeros(64, dtype=np.uint32)
    for row in found:
        wanted = wanted * np.uint32(3) + row[::-1]
    out = launched(architecture, "copy_stages", words(2, 64), found, np.uint32(stages))
    np.testing.assert_array_equal(out, [wanted, wanted])


@on_architectures("copies")
@pytest.mark.parametrize(
    ("kernel", "kind", "places"),
    [
        ("any_cas", np.uint32, 4),
        ("any_cas_64", np.uint64, 4),
        ("any_add", np.uint32, 4),
        ("any_half", np.float16, 4),
        ("any_halves", np.float16, 2),
    ],
)
def test_atomics_find_global_and_shared_memory(
    architecture: str, kernel: str, kind: type, places: int
) -> None:
    width = 2 if kernel == "any_halves" else 1
    # Whole numbers: no order of a sum rounds otherwise.
    values = RNG.integers(0, 30, (64, width)).astype(kind)
    cells = np.full((4, width), 5, dtype=kind)
    machine = own_machine("copies", architecture)
    addresses = [machine.allocate(one) for one in (cells, np.zeros_like(cells), values)]
    assert machine.launch(f"{kernel}_k", 1, 64, *addresses).completed
    threads = np.arange(64)
    for turn in (0, 1):
        left = machine.read(addresses[turn])
        for place in range(4):
            mine = values[(threads & 1 == turn) & ((threads >> 1) % places == place)]
            if place < places and "cas" in kernel:
                # Which thread is the first is not said.
                assert left[place, 0] in mine
            else:
                assert (left[place] == mine.sum(axis=0) + 5).all()


@on_architectures("copies")
def test_constants_at_a_place_that_a_warp_agrees_upon(architecture: str) -> None:
    machine = own_machine("copies", architecture)
    table = [int(one) for one in RNG.integers(0, 1 << 62, 24)]
    machine.set_constant("table", np.array(table, dtype=np.uint64))
    out = machine.allocate(np.zeros((2, 64), dtype=np.uint64))
    start, count = 0xFFFFFF00, 40
    assert machine.launch("uniform_table_k", 2, 64, out, start, count).completed
    places = [(start + 9 * k) % (1 << 32) * 0xAAAAAAAB >> 32 for k in range(count)]
    total = start
    for value in [*table, *(table[place % 24] for place in places)]:
        total = total * 5 % (1 << 64) ^ value
    wanted = (np.arange(64, dtype=np.uint64) + np.uint64(total)).tolist()
    assert machine.read(out).tolist() == [wanted, wanted]


@on_architectures("copies")
@pytest.mark.parametrize("divisor", [1, 3, 1000, 77777, 0x80000001, 0xFFFFFFFF])
def test_quotients_that_a_block_agrees_upon(architecture: str, divisor: int) -> None:
    out = np.zeros((2, 64), dtype=np.uint32)
    found = launched(architecture, "uniform_quotient", out, 0x89ABCDEF, np.uint32(divisor))
    for block in range(2):
        row, rest = divmod(0x89ABCDEF + block * 77777, divisor)
        wanted = [(row + rest * thread) % (1 << 32) for thread in range(64)]
        assert found[block].tolist() == wanted

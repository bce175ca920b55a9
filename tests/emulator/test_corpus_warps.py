"""The corpus' warps and blocks: shuffles, votes, shared memory and atomics, against NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from support.cases import M32, M64, signed
from support.corpus import covered, each, kernels, on_architectures, own_machine, shared_machine

LANES = np.arange(32)
Warp = list[int]

# Each model takes the words x and y of a warp's 32 threads and returns what they store.


def from_lanes(lane_of: Callable[[int, int], int]) -> Callable[[Warp, Warp], Warp]:
    """Return a model in which each thread gets x of the lane that a function names."""
    return lambda x, y: [x[lane_of(lane, y[lane])] for lane in range(32)]


def mask_of(holds: Sequence[object]) -> int:
    return sum(1 << lane for lane, one in enumerate(holds) if one)


def down(lane: int, delta: int, width: int = 32) -> int:
    return lane + delta if lane % width + delta < width else lane


def up(lane: int, delta: int, width: int = 32) -> int:
    return lane - delta if lane % width - delta >= 0 else lane


def everyone(value: int) -> Warp:
    return [value & M32] * 32


WARP: dict[str, Callable[[Warp, Warp], Warp]] = {
    "shfl": from_lanes(lambda lane, y: y % 32),
    "shfl_8": from_lanes(lambda lane, y: lane // 8 * 8 + y % 8),
    "shfl_up": from_lanes(lambda lane, y: up(lane, 3)),
    "shfl_up_16": from_lanes(lambda lane, y: up(lane, 5, 16)),
    "shfl_down": from_lanes(lambda lane, y: down(lane, 7)),
    "shfl_down_y": from_lanes(lambda lane, y: down(lane, y % 32, 8)),
    "shfl_xor": from_lanes(lambda lane, y: lane ^ 13),
    "shfl_float": from_lanes(lambda lane, y: lane ^ 1),
    "shfl_64": lambda x, y: [x[lane ^ 16] ^ y[lane ^ 16] for lane in range(32)],
    "ballot": lambda x, y: everyone(mask_of([v & 1 for v in x])),
    "any": lambda x, y: everyone(any(v > 0xF0000000 for v in x)),
    "all": lambda x, y: everyone(all(v > 0x00100000 for v in x)),
    "uni": lambda x, y: everyone(any(v == 3 for v in y) + 2 * all(v < 64 for v in y)),
    "match_any": lambda x, y: [mask_of([(v ^ own) & 3 == 0 for v in y]) for own in y],
    "match_all": lambda x, y: everyone(M32 if len({v >> 6 for v in y}) == 1 else 7),
    "active": lambda x, y: [mask_of([v & 1 for v in y]) if own & 1 else 0 for own in y],
    "rank": lambda x, y: [sum(v & 1 for v in x[:lane]) for lane in range(32)],
    "diverged": lambda x, y: [
        sum(v & 1 for v in x) if own & 1 else 100 + sum(~v & 1 for v in x) for own in x
    ],
    "elect": lambda x, y: [1] + [0] * 31,
    "sum": lambda x, y: everyone(sum(x)),
    "scan": lambda x, y: [sum(x[: lane + 1]) & M32 for lane in range(32)],
    "reduce_add": lambda x, y: everyone(sum(x)),
    "reduce_max": lambda x, y: everyone(max(x)),
    "reduce_min_signed": lambda x, y: everyone(min(signed(v) for v in x)),
    "reduce_xor": lambda x, y: everyone(int(np.bitwise_xor.reduce(np.array(x)))),
    "reduce_and": lambda x, y: everyone(int(np.bitwise_and.reduce(np.array(x))) | 0xFF),
}


def words() -> tuple[np.ndarray, np.ndarray]:
    """Return eight warps of x and y; among them all alike, one that differs, large and small."""
    rng = np.random.default_rng(9)
    x = rng.integers(0, 1 << 32, (8, 32), dtype=np.uint64).astype(np.uint32)
    y = rng.integers(0, 64, (8, 32), dtype=np.uint64).astype(np.uint32)
    x[1] |= 0x10000000
    x[2], y[2] = 0xFFFFFFFF, 3
    x[3] &= ~np.uint32(1)
    x[4] |= 1
    x[5], y[5] = 2, 0
    x[5, 17], y[5, 9] = 0xF0000001, 200
    y[6] |= 64
    y[7] &= ~np.uint32(1)
    return x, y


@pytest.mark.parametrize(("kernel", "architecture"), kernels("warp"))
def test_warp(kernel: str, architecture: str) -> None:
    x, y = words()
    found = each(
        shared_machine("warp", architecture), kernel, np.uint32, x.reshape(-1), y.reshape(-1)
    ).reshape(8, 32)
    for warp in range(8):
        wanted = WARP[kernel](x[warp].tolist(), y[warp].tolist())
        assert found[warp].tolist() == wanted, f"warp {warp}"


def test_every_warp_function_is_tested() -> None:
    covered("warp", tuple(WARP))


# Blocks.

architectures = on_architectures("blocks")


@architectures
def test_sum_of_a_block(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(1).normal(0, 1, 700).astype(np.float32)
    a, out = machine.allocate(values), machine.allocate(np.zeros(3, dtype=np.float32))
    assert machine.launch("reduce_k", 3, 256, out, a, 700).completed
    parts = np.zeros((3, 256), dtype=np.float32)
    parts.reshape(-1)[:700] = values
    half = 128
    while half:
        parts[:, :half] += parts[:, half : 2 * half]
        half //= 2
    assert machine.read(out).tolist() == parts[:, 0].tolist()


@architectures
def test_dynamic_shared_memory(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(2).normal(0, 1, (2, 96)).astype(np.float32)
    a, out = machine.allocate(values), machine.allocate(np.zeros_like(values))
    assert machine.launch("reverse_k", 2, 96, out, a, 192, shared_bytes=96 * 4).completed
    np.testing.assert_array_equal(machine.read(out), values[:, ::-1])
    short = machine.launch("reverse_k", 2, 96, out, a, 192, shared_bytes=64 * 4)
    assert short.ending == "Out-of-range Address"


@architectures
def test_transposition(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.arange(48 * 48, dtype=np.float32).reshape(48, 48)
    a, out = machine.allocate(values), machine.allocate(np.zeros_like(values))
    assert machine.launch("transpose_k", (3, 3), (16, 16), out, a, 48).completed
    np.testing.assert_array_equal(machine.read(out), values.T)


@architectures
def test_barriers_that_count(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(3).normal(0, 1, (3, 96)).astype(np.float32)
    values[0, 50], values[1, 3] = -1000, 3
    a, out = machine.allocate(values), machine.allocate(np.zeros((3, 96), dtype=np.int32))
    assert machine.launch("count_k", 3, 96, out, a, 288).completed
    wanted = [(row > 0).sum() * 4 + 2 * (row > -100).all() + (row > 2).any() for row in values]
    assert machine.read(out).tolist() == [[int(one)] * 96 for one in wanted]


@architectures
def test_bytes_in_shared_memory(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(4).integers(0, 256, 256, dtype=np.uint8)
    a, out = machine.allocate(values), machine.allocate(np.zeros(256, dtype=np.uint8))
    assert machine.launch("bytes_k", 1, 256, out, a, 256).completed
    wide = values[::-1].astype(int) - 128
    assert machine.read(out).tolist() == ((values[values].astype(int) + wide) % 256).tolist()


@architectures
def test_histogram(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(5).integers(0, 256, 500, dtype=np.uint8)
    a, out = machine.allocate(values), machine.allocate(np.full(16, 1000, dtype=np.int32))
    assert machine.launch("histogram_k", 3, 64, out, a, 500).completed
    wanted = 1000 + 3 * np.bincount(values & 15, minlength=16)
    assert machine.read(out).tolist() == wanted.tolist()


@architectures
def test_atomics_on_shared_memory(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(6).integers(-(1 << 31), 1 << 31, 64).astype(np.int32)
    a, out = machine.allocate(values), machine.allocate(np.zeros(7, dtype=np.int32))
    assert machine.launch("shared_atomics_k", 1, 64, out, a, 64).completed
    wanted = [
        max(0, int(values.max())), min(0, int(values.min())),
        int(np.bitwise_and.reduce(values | 0xFF00)), int(np.bitwise_or.reduce(values & 0xFF)),
        int(np.bitwise_xor.reduce(values)), 1, 77,
    ]  # fmt: skip
    assert machine.read(out).tolist() == wanted


@architectures
def test_generic_pointers(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(7).normal(0, 1, 64).astype(np.float32)
    a, out = machine.allocate(values), machine.allocate(np.zeros(32, dtype=np.float32))
    assert machine.launch("generic_k", 1, 32, out, a, 64).completed
    wanted = []
    for t in range(32):
        own = values[:8] * (t + np.arange(8, dtype=np.float32))
        source = values[:8] if t & 1 or not t & 2 else own
        total = np.float32(0)
        for value in source[: 5 + t % 4]:
            total += value
        wanted.append(float(total))
    assert machine.read(out).tolist() == wanted


@architectures
def test_stores_through_generic_pointers(architecture: str) -> None:
    machine = shared_machine("blocks", architecture)
    values = np.random.default_rng(8).integers(-(1 << 31), 1 << 31, 32).astype(np.int32)
    a, out = machine.allocate(values), machine.allocate(np.zeros(32 * 5, dtype=np.int32))
    assert machine.launch("generic_store_k", 1, 32, out, a, 32).completed
    found = machine.read(out)
    assert found[:32].tolist() == list(range(32))
    cells = found[32:].reshape(32, 4).tolist()
    for t, value in enumerate(values.tolist()):
        wanted = [signed((t + value) & M32), signed(3 * value & M32), value & 0xFFFF, 0]
        assert cells[t] == wanted, t


# Atomics on global memory.

COUNT = 64


def atomically(
    kernel: str, architecture: str, cells: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Launch a kernel of two blocks and return the cells and what each thread found."""
    machine = own_machine("atomics", architecture)
    cell, a = machine.allocate(cells), machine.allocate(values)
    old = machine.allocate(np.zeros_like(values))
    outcome = machine.launch(f"{kernel}_k", 2, 32, cell, old, a, values.size)
    assert outcome.completed
    return machine.read(cell), machine.read(old)


def numbers(dtype: str, low: int = 1, high: int = 1000) -> np.ndarray:
    return np.random.default_rng(12).integers(low, high, COUNT).astype(dtype)


@architectures
def test_sums_give_each_thread_what_was_there_before(architecture: str) -> None:
    values = numbers("i4")
    cells, old = atomically("add", architecture, np.full(4, 5, dtype="i4"), values)
    for cell in range(4):
        steps = sorted(zip(old[cell::4].tolist(), values[cell::4].tolist(), strict=True))
        position = 5
        for before, value in steps:
            assert before == position
            position += value
        assert cells[cell] == position
    cells, old = atomically("sub", architecture, np.full(1, 7, dtype="i4"), values)
    assert cells[0] == 7 - values.sum()
    assert len(set(old.tolist())) == COUNT
    large = numbers("u8", 1 << 40, 1 << 50)
    cells, old = atomically("add_u64", architecture, np.full(1, 3, dtype="u8"), large)
    assert cells[0] == 3 + large.sum()
    assert old.min() == 3


REDUCTIONS: dict[str, tuple[str, Callable[[np.ndarray], int], int]] = {
    "min_s": ("i4", lambda v: int(v.min()), (1 << 31) - 1),
    "max_s": ("i4", lambda v: int(v.max()), -(1 << 31)),
    "min_u": ("u4", lambda v: int(v.min()), M32),
    "max_u": ("u4", lambda v: int(v.max()), 0),
    "and_b": ("i4", lambda v: int(np.bitwise_and.reduce(v | 0xF)), -1),
    "or_b": ("i4", lambda v: int(np.bitwise_or.reduce(v & 0xF0F)), 0),
    "xor_b": ("i4", lambda v: int(np.bitwise_xor.reduce(v)), 0),
    "max_u64": ("u8", lambda v: int(v.max()), 0),
    "red_max": ("i4", lambda v: int(v.max()), -(1 << 31)),
    "red_or": ("i4", lambda v: int(np.bitwise_or.reduce(v)), 0),
    "red_add_u64": ("u8", lambda v: int(v.sum()), 0),
    "same_add": ("i4", lambda v: COUNT, 0),
}


@architectures
@pytest.mark.parametrize("kernel", REDUCTIONS)
def test_reductions_leave_the_result_of_all(kernel: str, architecture: str) -> None:
    dtype, function, start = REDUCTIONS[kernel]
    info = np.iinfo(dtype)
    values = np.random.default_rng(13).integers(info.min, info.max, COUNT, dtype=dtype)
    cells, _ = atomically(kernel, architecture, np.array([start], dtype=dtype), values)
    assert int(cells[0]) & M64 == function(values) & M64


@architectures
def test_counters_that_wrap(architecture: str) -> None:
    cells, old = atomically("inc", architecture, np.zeros(1, dtype="u4"), numbers("u4"))
    assert cells[0] == COUNT % 21
    assert sorted(old.tolist()) == sorted(step % 21 for step in range(COUNT))
    cells, old = atomically("dec", architecture, np.full(1, 4, dtype="u4"), numbers("u4"))
    assert cells[0] == (4 - COUNT) % 21
    assert sorted(old.tolist()) == sorted((4 - step) % 21 for step in range(COUNT))


@architectures
def test_exchanges(architecture: str) -> None:
    for kernel, dtype in (("exch", "i4"), ("exch_u64", "u8")):
        before, values = numbers(dtype, 5, 99), numbers(dtype, 100, 999)
        cells, old = atomically(kernel, architecture, before, values)
        assert cells.tolist() == values.tolist()
        assert old.tolist() == before.tolist()


@architectures
def test_compare_and_swap(architecture: str) -> None:
    values = numbers("i4", 2, 1 << 30)
    cells, old = atomically("cas", architecture, np.zeros(COUNT // 2, dtype="i4"), values)
    for cell in range(COUNT // 2):
        found = old[2 * cell : 2 * cell + 2].tolist()
        winner = found.index(0)
        assert cells[cell] == values[2 * cell + winner] | 1
        assert found[1 - winner] == cells[cell]
    values = numbers("u8", 0, 1 << 50)
    before = values.copy()
    cells, old = atomically("cas_u64", architecture, before, values)
    assert old.tolist() == before.tolist()
    wanted = [int(b) if b & 1 else 5 for b in before.tolist()]
    assert cells.tolist() == wanted


@architectures
def test_floating_sums(architecture: str) -> None:
    rng = np.random.default_rng(14)
    for kernel, dtype in (("add_f32", "f4"), ("add_f64", "f8")):
        before, values = (rng.normal(0, 1, COUNT).astype(dtype) for _ in range(2))
        cells, old = atomically(kernel, architecture, before, values)
        assert cells.tolist() == (before + values).tolist()
        assert old.tolist() == before.tolist()
    # Whole numbers add up to the same in every order.
    values = numbers("f4")
    cells, _ = atomically("red_add_f32", architecture, np.zeros(2, dtype="f4"), values)
    assert cells.tolist() == [values[::2].sum(), values[1::2].sum()]
    values = numbers("f8")
    cells, _ = atomically("red_add_f64", architecture, np.zeros(1, dtype="f8"), values)
    assert cells[0] == values.sum()
    values = numbers("i4")
    cells, _ = atomically("red_add", architecture, np.zeros(8, dtype="i4"), values)
    assert cells.tolist() == [values[cell::8].sum() for cell in range(8)]

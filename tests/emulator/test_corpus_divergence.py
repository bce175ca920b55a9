"""The corpus' warps and blocks that act in parts: masks, groups, recursion, against Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.cases import M32, signed
from support.corpus import (
    architectures,
    covered,
    each,
    kernels,
    on_architectures,
    own_machine,
    shared_machine,
)
from support.engines import ENGINES, engine

Warp = list[int]
Over = Callable[[Warp, int], list[int]]


def in_groups(over: Over, label: Callable[[int, int], int] = lambda lane, y: y & 3) -> Model:
    """Return a model in which the lanes of a warp that have the same label act alone.

    `over` takes the words of such lanes and their mask, and returns what each stores.
    """

    def model(x: Warp, y: Warp) -> Warp:
        labels = [label(lane, y[lane]) for lane in range(32)]
        out = [0] * 32
        for one in set(labels):
            lanes = [lane for lane in range(32) if labels[lane] == one]
            mask = sum(1 << lane for lane in lanes)
            for lane, word in zip(lanes, over([x[lane] for lane in lanes], mask), strict=True):
                out[lane] = word & M32
        return out

    return model


Model = Callable[[Warp, Warp], Warp]


def bits(x: Warp, mask: int, bit: int = 0) -> int:
    """Return the ballot of lanes in order: those whose word has the bit."""
    lanes = [lane for lane in range(32) if mask >> lane & 1]
    return sum(1 << lane for lane, word in zip(lanes, x, strict=True) if word >> bit & 1)


def one(function: Callable[[Warp, int], int]) -> Over:
    """Return a function of a group that gives all its lanes the same."""
    return lambda x, mask: [function(x, mask)] * len(x)


def in_branch(over: Over) -> Model:
    """Return a model of groups among the lanes that take a branch; the others store 3."""

    def some(x: Warp, mask: int) -> list[int]:
        return over(x, mask)

    def model(x: Warp, y: Warp) -> Warp:
        found = in_groups(some, lambda lane, word: word & 7)(x, y)
        return [found[lane] if y[lane] & 4 else 3 for lane in range(32)]

    return model


def match_any(x: Warp, mask: int) -> list[int]:
    ones = bits(x, mask)
    return [ones if word & 1 else mask & ~ones for word in x]


def total(x: Warp) -> int:
    return sum(x) & M32


def exclusive_or(x: Warp) -> int:
    return int(np.bitwise_xor.reduce(np.array(x)))


def any_of(x: Warp) -> int:
    return int(np.bitwise_or.reduce(np.array(x)))


def rounds(x: Warp, y: Warp) -> Warp:
    out = [0] * 32
    for step in range(7):
        there = [lane for lane in range(32) if step < y[lane] & 7]
        for value in (0, 1):
            lanes = [lane for lane in there if x[lane] >> step & 1 == value]
            ballot = sum(1 << lane for lane in lanes if x[lane] >> 8 + step & 1)
            for lane in lanes:
                out[lane] = (out[lane] * 33 + ballot) & M32
    return out


def ackermann(m: int, n: int) -> int:
    return n + 1 if m == 0 else 2 + n if m == 1 else 2 * n + 3


def tree(x: int, depth: int) -> int:
    if depth == 0 or x == 0:
        return x & 15
    found = 0
    for step in range(3):
        if x >> step & 16:
            break
        found += tree(3 * x + step if x & 1 else x // 2, depth - 1)
    return found + 1


GROUPS: dict[str, Model] = {
    "ballot": in_groups(one(bits)),
    "any": in_groups(one(lambda x, mask: any(word > 0xC0000000 for word in x))),
    "all": in_groups(one(lambda x, mask: all(word > 0x20000000 for word in x))),
    "match_any": in_groups(match_any),
    "match_all": in_groups(one(lambda x, mask: mask if len({w >> 31 for w in x}) == 1 else 7)),
    "shuffle": in_groups(one(lambda x, mask: x[-1])),
    "ballot_in_branch": in_branch(one(bits)),
    "rounds": rounds,
    "reduce_add": in_groups(one(lambda x, mask: total(x))),
    "reduce_min": in_groups(one(lambda x, mask: min(signed(word) for word in x))),
    "reduce_halves": in_groups(one(lambda x, mask: exclusive_or(x)), lambda lane, y: lane & 16),
    "reduce_in_branch": in_branch(one(lambda x, mask: any_of(x))),
    "largest_in_group": in_groups(
        one(lambda x, mask: max(signed(word) for word in x)), lambda lane, y: y & 7
    ),
    "sum_of_tile": in_groups(one(lambda x, mask: total(x)), lambda lane, y: lane & 24),
    "ackermann": lambda x, y: [ackermann(m % 3, n % 5) for m, n in zip(x, y, strict=True)],
    "tree": lambda x, y: [tree(m & 0xFF, n & 3) for m, n in zip(x, y, strict=True)],
}
#: Kernels whose b is the mask itself.
MASKED: dict[str, Over] = {
    "ballot_of_b": one(bits),
    "shuffle_of_b": lambda x, mask: [x[place ^ 1] for place in range(len(x))],
    "reduce_of_b": one(lambda x, mask: max(x)),
}
#: Kernels with tests of their own.
OTHERS = ("filter", "odd_even", "quicksort", "pairs", "pipe")


def words() -> tuple[np.ndarray, np.ndarray]:
    """Return eight warps of x and y; among them one group, and groups of one lane or of pairs."""
    rng = np.random.default_rng(11)
    x = rng.integers(0, 1 << 32, (8, 32), dtype=np.uint64).astype(np.uint32)
    y = rng.integers(0, 8, (8, 32), dtype=np.uint64).astype(np.uint32)
    y[0] = 5
    y[1] = np.arange(32) // 8
    y[2, 1:] = 4
    y[3] = np.arange(32) % 4
    x[4] = 0xFFFFFFFF
    x[5, y[5] & 3 == 1] |= 0x80000000
    return x, y


def of_warps(kernel: str, architecture: str, y: np.ndarray) -> list[list[int]]:
    machine = shared_machine("divergence", architecture)
    x, _ = words()
    return each(machine, kernel, np.uint32, x.reshape(-1), y.reshape(-1)).reshape(8, 32).tolist()


@pytest.mark.parametrize(("kernel", "architecture"), kernels("divergence", GROUPS))
def test_groups(kernel: str, architecture: str) -> None:
    x, y = words()
    found = of_warps(kernel, architecture, y)
    for warp in range(8):
        wanted = GROUPS[kernel](x[warp].tolist(), y[warp].tolist())
        assert found[warp] == [word & M32 for word in wanted], f"warp {warp}"


@pytest.mark.parametrize(("kernel", "architecture"), kernels("divergence", MASKED))
def test_masks_from_memory(kernel: str, architecture: str) -> None:
    x, _ = words()
    rng = np.random.default_rng(12)
    masks = np.zeros((8, 32), dtype=np.uint32)
    # Each warp's pairs of lanes go to one, two, three … groups.
    labels = [rng.integers(0, warp + 1, 16).repeat(2) for warp in range(8)]
    for warp, label in enumerate(labels):
        masks[warp] = [(1 << np.flatnonzero(label == mine)).sum() for mine in label]
    found = of_warps(kernel, architecture, masks)
    for warp, label in enumerate(labels):
        model = in_groups(MASKED[kernel], lambda lane, y, label=label: int(label[lane]))
        assert found[warp] == model(x[warp].tolist(), [0] * 32), f"warp {warp}"


@on_architectures("divergence")
def test_places_for_what_is_kept(architecture: str) -> None:
    machine = own_machine("divergence", architecture)
    x = words()[0].reshape(-1)[:201]
    out = machine.allocate(np.zeros(300, dtype=np.uint32))
    assert machine.launch("filter_k", 2, 32, out, machine.allocate(x), 0, 201).completed
    kept = x[x & 1 == 1]
    found = machine.read(out)
    assert found[0] == kept.size
    assert sorted(found[1 : 1 + kept.size]) == sorted(kept)


@pytest.mark.parametrize(("kernel", "architecture"), kernels("divergence", ("odd_even",)))
def test_odd_and_even(kernel: str, architecture: str) -> None:
    machine = own_machine("divergence", architecture)
    x = words()[0].reshape(-1)
    out = machine.allocate(np.zeros(3, dtype=np.uint32))
    assert machine.launch(f"{kernel}_k", 1, 64, out, machine.allocate(x), 0, 256).completed
    odd = x[x & 1 == 1]
    wanted = [odd.size, odd.sum(dtype=np.uint32), x[x & 1 == 0].sum(dtype=np.uint32)]
    assert machine.read(out).tolist() == wanted


@on_architectures("divergence")
def test_quicksort(architecture: str) -> None:
    machine = shared_machine("divergence", architecture)
    x, y = (words()[0].reshape(-1) >> 3, words()[0].reshape(-1))
    found = each(machine, "quicksort", np.uint32, x, y)
    for i in range(x.size):
        hash_ = 0
        for byte in sorted(int(x[(i + k) % x.size]) >> (int(y[i]) & 24) & 255 for k in range(16)):
            hash_ = (hash_ * 31 + byte) & M32
        assert found[i] == hash_


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(one, marks=[] if one == "sm_90" else pytest.mark.slow)
     for one in architectures("divergence")],
)  # fmt: skip
def test_translated_groups(architecture: str) -> None:
    x, y = words()
    known = shared_machine("divergence", architecture).kernels
    for kernel, model in GROUPS.items():
        if f"{kernel}_k" not in known:
            continue
        with engine("translator"):
            found = of_warps(kernel, architecture, y)
        for warp in range(8):
            wanted = model(x[warp].tolist(), y[warp].tolist())
            assert found[warp] == [word & M32 for word in wanted], (kernel, warp)


@on_architectures("divergence")
@pytest.mark.parametrize("name", ENGINES)
def test_barriers_of_some_warps(architecture: str, name: str) -> None:
    machine = own_machine("divergence", architecture)
    x = words()[0].reshape(-1)
    a, out = machine.allocate(x), machine.allocate(np.zeros(256, dtype=np.uint32))
    with engine(name):
        assert machine.launch("pairs_k", 1, 256, out, a, 0, 64).completed
        lanes = np.arange(256)
        wanted, held = x.copy(), x.copy()
        for step in range(4):
            goes_on = lanes // 64 >= step
            held[goes_on] = wanted[goes_on] + np.uint32(step)
            wanted[goes_on] = held[lanes[goes_on] ^ 63]
        assert machine.read(out).tolist() == (wanted + held[(lanes + 64) % 256]).tolist()
        assert machine.launch("pipe_k", 1, 128, out, a, 0, 5).completed
    total = np.zeros(64, dtype=np.uint32)
    for step in range(6):
        total = total * np.uint32(3) + x[63 - lanes[:64]] * np.uint32(step + 5)
    assert machine.read(out)[:64].tolist() == total.tolist()


@on_architectures("divergence")
def test_a_barrier_that_never_is_complete_hangs(architecture: str) -> None:
    machine = own_machine("divergence", architecture)
    out = machine.allocate(np.zeros(256, dtype=np.uint32))
    outcome = machine.launch("pipe_k", 1, 96, out, out, 0, 5, budget=5000)
    assert outcome.ending == "hang"


def test_every_function_is_tested() -> None:
    covered("divergence", (*GROUPS, *MASKED, *OTHERS))

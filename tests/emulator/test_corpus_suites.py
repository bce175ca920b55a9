"""Kernels of the kinds that public suites have, in both engines, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from support.corpus import architectures, covered, on_architectures, own_machine
from support.engines import engine

from softbeam.emulator import Machine

#: What a case launches: grid, block, arguments (arrays are allocated), and what the arguments that
#: are arrays hold afterwards, by their position.
Case = tuple[Any, Any, list[Any], dict[int, Any]]


def _whole(rng: np.random.Generator, count: int, dtype: Any = np.float32) -> np.ndarray:
    return rng.integers(-8, 9, count).astype(dtype)


def _sum(rng: np.random.Generator) -> Case:
    x = _whole(rng, 1000)
    padded = np.concatenate([x, np.zeros(24, np.float32)]).reshape(-1, 2, 256)
    return 2, 256, [np.zeros(2, np.float32), x, 1000], {0: padded.sum(axis=(0, 2))}


def _scan(rng: np.random.Generator) -> Case:
    x = _whole(rng, 512, np.int32)
    return 2, 256, [np.zeros(512, np.int32), x], {0: x.reshape(2, 256).cumsum(axis=1).ravel()}


def _warp_scan(rng: np.random.Generator) -> Case:
    x = _whole(rng, 128, np.int32)
    rows = x.reshape(-1, 32)
    odd = (rows & 1).sum(axis=1, keepdims=True) + (np.arange(32) ^ 1)
    return (2, 64, [np.zeros(128, np.int32), np.zeros(128, np.int32), x],
            {0: rows.cumsum(axis=1).ravel(), 1: odd.ravel()})  # fmt: skip


def _heat(rng: np.random.Generator) -> Case:
    x, power = _whole(rng, 300).reshape(20, 15), _whole(rng, 300).reshape(20, 15)
    change = power.copy()
    change[1:] += x[:-1] - x[1:]
    change[:-1] += x[1:] - x[:-1]
    change[:, 1:] += x[:, :-1] - x[:, 1:]
    change[:, :-1] += x[:, 1:] - x[:, :-1]
    out = np.zeros(300, np.float32)
    return (1, 3), (16, 8), [out, x, power, 20, 15, 0.25], {0: (x + change / 4).ravel()}


def _tile(rng: np.random.Generator) -> Case:
    x = _whole(rng, 34 * 34).reshape(34, 34)
    value = x[1:-1, 1:-1]
    for _ in range(4):
        value = x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] - value
    out = np.zeros((34, 34), np.float32)
    out[1:-1, 1:-1] = value
    return (2, 2), (16, 16), [np.zeros(34 * 34, np.float32), x, 34], {0: out.ravel()}


def _dgemm(rng: np.random.Generator) -> Case:
    a, b = (_whole(rng, 1024, np.float64).reshape(32, 32) for _ in range(2))
    return (2, 2), (16, 16), [np.zeros(1024), a, b, 32], {0: (a @ b).ravel()}


def _nearest(rng: np.random.Generator) -> Case:
    points, centres = rng.normal(size=(60, 2)), rng.normal(size=(5, 2))
    x, y = (points[:, None, axis] - centres[None, :, axis] for axis in range(2))
    # Fused as the compiler does: the square of y is exact before the sum is rounded.
    longs = x.astype(np.longdouble) ** 2 + (y * y)
    how = np.sqrt(longs.astype(np.float64)) / (1.0 + np.arange(5))
    arguments = [np.zeros(60, np.int32), np.zeros(60), points, centres, 60, 5]
    return 1, 64, arguments, {0: how.argmin(axis=1), 1: pytest.approx(how.min(axis=1), rel=1e-15)}


def _axpy(rng: np.random.Generator) -> Case:
    y, x = (rng.normal(size=(50, 2)).astype(np.float16) for _ in range(2))
    total, value = y, x
    for _ in range(16):
        # Exact in float64 but for the last rounding, which is to half.
        total = (np.float64(0.25) * value + total).astype(np.float16)
        value = (value * np.float16(0.25) + value).astype(np.float16)
    return 1, 64, [y, x, 0.25, 50], {0: total.ravel()}


def _histogram(rng: np.random.Generator) -> Case:
    x = rng.integers(0, 256, 1500).astype(np.uint8)
    out = np.zeros(256, np.uint32)
    return 2, 256, [out, x, 1500], {0: np.bincount(x, minlength=256)}


def _frontier(rng: np.random.Generator) -> Case:
    degrees = rng.integers(0, 6, 100)
    first = np.concatenate([[0], degrees.cumsum()]).astype(np.int32)
    edges = rng.integers(0, 100, first[-1]).astype(np.int32)
    level = np.where(rng.random(100) < 0.3, 2, -1).astype(np.int32)
    after = level.copy()
    for node in np.flatnonzero(level == 2):
        for other in edges[first[node] : first[node + 1]]:
            after[other] = 3 if after[other] < 0 else after[other]
    return (4, 32, [level, np.zeros(1, np.int32), first, edges, 2, 100],
            {0: after, 1: np.array([int((after == 3).any())])})  # fmt: skip


def _walk(rng: np.random.Generator) -> Case:
    steps = np.zeros(100, np.int32)
    for i in range(90):
        value = i + 1
        while value != 1:
            value = 3 * value + 1 if value % 2 else value // 2
            steps[i] += 1
    return 2, 64, [np.zeros(100, np.int32), 90], {0: steps}


def _prices(rng: np.random.Generator) -> Case:
    from scipy.stats import norm

    s, x, t = (rng.uniform(1, 50, 100).astype(np.float32) for _ in range(3))
    root = np.sqrt(t.astype(np.float64))
    d = (np.log(s.astype(np.float64) / x) + 0.065 * t) / (0.3 * root)
    call = s * norm.cdf(d) - x * np.exp(-0.02 * t) * norm.cdf(d - 0.3 * root)
    return 2, 64, [np.zeros(100, np.float32), s, x, t, 100], {0: pytest.approx(call, abs=2e-4)}


def _bodies(rng: np.random.Generator) -> Case:
    body = rng.normal(size=(128, 4)).astype(np.float32)
    apart = body[None, :, :3].astype(np.float64) - body[:, None, :3]
    pull = body[None, :, 3] * (np.square(apart).sum(axis=2) + 0.01) ** -1.5
    force = np.zeros((128, 4))
    force[:, :3] = (pull[:, :, None] * apart).sum(axis=1)
    wanted = pytest.approx(force.ravel(), rel=1e-3, abs=1e-2)
    return 1, 128, [np.zeros(512, np.float32), body, 128], {0: wanted}


def _grey(rng: np.random.Generator) -> Case:
    rgb = rng.integers(0, 256, (100, 3)).astype(np.uint8)
    grey = (rgb.astype(int) @ [77, 150, 29]) >> 8
    after = np.where(grey > 250, 255, grey)
    after[97:] = 0
    return 2, 64, [np.zeros(100, np.uint8), rgb, 97], {0: after}


def _median(rng: np.random.Generator) -> Case:
    x = rng.integers(0, 99, 64).astype(np.int32)
    around = [(np.arange(64) + dy * 8 + dx) % 64 for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return 1, 64, [np.zeros(64, np.int32), x, 8, 64], {0: np.median(x[around], axis=0)}


def _transpose(rng: np.random.Generator) -> Case:
    x = _whole(rng, 4096).reshape(64, 64)
    return (2, 2), (32, 8), [np.zeros(4096, np.float32), x, 64], {0: x.T.ravel()}


def _path(rng: np.random.Generator) -> Case:
    cost = rng.integers(0, 9, (6, 256)).astype(np.int32)
    best = cost[0]
    for row in cost[1:]:
        edged = np.pad(best, 1, constant_values=1 << 20)
        best = row + np.minimum(best, np.minimum(edged[:-2], edged[2:]))
    return 1, 256, [np.zeros(256, np.int32), cost, 256, 6], {0: best}


def _sparse(rng: np.random.Generator) -> Case:
    degrees = rng.integers(0, 70, 10)
    first = np.concatenate([[0], degrees.cumsum()]).astype(np.int32)
    column = rng.integers(0, 50, first[-1]).astype(np.int32)
    value, x = _whole(rng, first[-1], np.float64), _whole(rng, 50, np.float64)
    product = value * x[column]
    sums = [product[a:b].sum() for a, b in pairwise(first)]
    return 2, 192, [np.zeros(10), first, column, value, x, 10], {0: np.array(sums)}


CASES: dict[str, Callable[[np.random.Generator], Case]] = {
    "sum": _sum,
    "scan": _scan,
    "warp_scan": _warp_scan,
    "heat": _heat,
    "tile": _tile,
    "dgemm": _dgemm,
    "nearest": _nearest,
    "axpy": _axpy,
    "histogram": _histogram,
    "frontier": _frontier,
    "walk": _walk,
    "prices": _prices,
    "bodies": _bodies,
    "grey": _grey,
    "median": _median,
    "transpose": _transpose,
    "path": _path,
    "sparse": _sparse,
}


@on_architectures("suites")
def test_kernels_of_suites_are_numpys(architecture: str) -> None:
    machine = own_machine("suites", architecture)
    for kernel, made in CASES.items():
        check(machine, kernel, made(np.random.default_rng(5)), "interpreter")


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(one, marks=[] if one == "sm_90" else pytest.mark.slow)
     for one in architectures("suites")],
)  # fmt: skip
def test_translated_kernels_of_suites_are_numpys(architecture: str) -> None:
    machine = own_machine("suites", architecture)
    for kernel, made in CASES.items():
        check(machine, kernel, made(np.random.default_rng(5)), "translator")


def check(machine: Machine, kernel: str, case: Case, name: str) -> None:
    """Launch a kernel in one engine and compare what it leaves."""
    grid, block, arguments, wanted = case
    given = [machine.allocate(one) if isinstance(one, np.ndarray) else one for one in arguments]
    with engine(name):
        outcome = machine.launch(f"{kernel}_k", grid, block, *given)
    assert outcome.completed, (kernel, outcome)
    for position, expected in wanted.items():
        found = machine.read(given[position]).ravel()
        if isinstance(expected, np.ndarray):
            np.testing.assert_array_equal(found, expected, err_msg=kernel)
        else:
            assert found == expected, kernel


def test_every_kernel_of_the_source_is_tested() -> None:
    covered("suites", list(CASES))

"""Hardened SGEMM kernels leave the bits of their bases' twins, clamped; copies stay copies."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from support.architectures import on_all
from support.engines import engine
from support.hardened_products import further
from support.twins import Bench

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.launching import Runner
from softbeam.kernels import ARCHITECTURES, KERNELS, listing_bytes, program, signature
from softbeam.kernels.families import compute
from softbeam.kernels.hardened import APART, REPORTING, base_of, techniques_of, variant
from softbeam.kernels.products import COLUMN, LARGE, ROW, SMALL, TILES, Product, Tile

#: By tile M, N, K and how many: aligned to 128 bits and not, with edges, one slice and several.
CASES = [
    (LARGE, 65, 132, 36, 1), (LARGE, 3, 130, 17, 1),
    (SMALL, 36, 68, 20, 1), (SMALL, 33, 31, 15, 2),
    (COLUMN, 130, 1, 20, 1), (COLUMN, 7, 1, 33, 2),
    (ROW, 1, 132, 12, 1), (ROW, 2, 129, 9, 2),
]  # fmt: skip
SGEMM = APART["sgemm"]
TWICE = [one for one in SGEMM if set(REPORTING) & set(one)]


@pytest.fixture(autouse=True)
def _interpreted() -> Iterator[None]:
    """Interpret: to translate so much code takes longer than to run it."""
    with engine("interpreter"):
        yield


def given_of(
    kernel: str, product: Product, words: dict[str, np.ndarray], report: np.ndarray
) -> list[object]:
    """Return the arguments of a launch of a variant, in order."""
    ends = dict(zip("ABC", (product.a, product.b, product.c), strict=True))
    sizes = {name: words[name].size for name in ends}
    values = product.arguments | further(kernel, sizes, report)
    return [values[one.name] for one in signature(kernel).parameters]


def check(case: tuple[Tile, int, int, int, int], techniques: tuple[str, ...], arch: str) -> None:
    """Compare a variant's machine code with its base's twin, clamped, on random words."""
    tile, m, n, k, count = case
    bench = Bench(m + n + k, 0.02 * ((m + n + k) % 2))
    a, b, c = (bench.buffer(count * words) for words in (m * k, k * n, m * n))
    report = bench.buffer(2)
    report[:] = 0
    kernel = "+".join((tile.kernel, *techniques))
    product = Product.dense(m, n, k, a, b, c, count)
    given = given_of(kernel, product, {"A": a, "B": b, "C": c}, report)
    shape = LaunchShape(tile.grid(m, n, count), (tile.threads, 1, 1))
    launch, starts = bench.launch(kernel, arch, shape, given)
    ending = Runner().run_launch(launch, budget=10**7)
    assert ending.finished
    emulated = ending.applied(launch.memory.words)
    compute(
        kernel,
        [
            one.view(parameter.element) if isinstance(one, np.ndarray) else one
            for one, parameter in zip(given, KERNELS[kernel].parameters, strict=True)
        ],
    )
    for start, words in zip(starts, bench.buffers, strict=False):
        assert np.array_equal(emulated[start : start + words.size], words), kernel
    assert not report.any()


@pytest.mark.parametrize("techniques", SGEMM, ids="+".join)
@pytest.mark.parametrize("case", CASES[::2], ids=lambda case: case[0].kernel)
def test_a_variant_leaves_what_its_base_does(case, techniques: tuple[str, ...]) -> None:
    check(case, techniques, "sm_90")


@pytest.mark.slow
@on_all
@pytest.mark.parametrize("techniques", [SGEMM[-2], SGEMM[-1]], ids="+".join)
@pytest.mark.parametrize("case", CASES[1::2], ids=lambda case: f"{case[0].kernel}-{case[1]}")
def test_on_all_architectures(case, techniques: tuple[str, ...], architecture: str) -> None:
    check(case, techniques, architecture)


def _instructions(kernel: str, architecture: str) -> list[str]:
    functions = json.loads(listing_bytes(kernel, architecture))[1]
    symbol = KERNELS[kernel].symbol
    (code,) = (one for one in functions if one["function-name"] == symbol)
    return [one["opcode"] for one in code["sass-instructions"]]


def _count(names: list[str], opcode: str, modifier: str = "") -> int:
    return sum(name.split(".")[0] == opcode and modifier in name for name in names)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tile", TILES)
def test_the_compiler_merges_no_copies(tile: str, architecture: str) -> None:
    base = _instructions(tile, architecture)
    for techniques in TWICE:
        names = _instructions("+".join((tile, *techniques)), architecture)
        # Sums, loads from global and from shared memory, and stores to it: all twice.
        for opcode in ("FFMA", "LDG", "LDS", "STS"):
            assert _count(names, opcode) >= 2 * _count(base, opcode), (techniques, opcode)
        assert _count(names, "BAR") == 2 * _count(base, "BAR") + 2
        # The thread's index is read for each pass, and again where a third decides.
        assert _count(names, "S2R") >= 2
        assert _count(names, "RED") + _count(names, "REDG") >= 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tile", TILES)
def test_what_is_stored_is_clamped(tile: str, architecture: str) -> None:
    base, names = (_instructions(one, architecture) for one in (tile, f"{tile}+range"))
    words = 4 * _count(base, "STG", "128") + _count(base, "STG") - _count(base, "STG", "128")
    assert _count(names, "FMNMX") == 2 * words
    assert _count(base, "FMNMX") == 0


@pytest.mark.parametrize("tile", TILES.values())
def test_no_access_leaves_its_buffer(tile: Tile) -> None:
    """Words said not to be there are not loaded, but 0 taken for them, nor stored."""
    m, n, k = min(tile.rows, 8), tile.columns, 12
    for lost in ("A", "B", "C"):
        bench = Bench(3, 0.0)
        words = dict(
            zip("ABC", (bench.buffer(size) for size in (m * k, k * n, m * n)), strict=True)
        )
        product = Product.dense(m, n, k, words["A"], words["B"], words["C"])
        kernel = f"{tile.kernel}+bounds"
        given = given_of(kernel, product, words, np.zeros(0))
        place = [one.name for one in signature(kernel).parameters].index(f"WORDS_{lost}")
        # Half of the matrix lies behind the end of what is said to be its buffer.
        there = words[lost].size // 8 * 4
        given[place] = there
        shape = LaunchShape(tile.grid(m, n), (tile.threads, 1, 1))
        launch, starts = bench.launch(kernel, "sm_90", shape, given)
        before = words["C"].copy()
        emulated = Runner().run_launch(launch, budget=10**6).applied(launch.memory.words)
        expected = {name: one.copy() for name, one in words.items()}
        expected[lost][there:] = 0
        values = [expected[name].view(np.float32) for name in "ABC"]
        compute(tile.kernel, list(Product.dense(m, n, k, *values).arguments.values()))
        if lost == "C":
            expected["C"][there:] = before[there:]
        found = emulated[starts[2] : starts[2] + m * n]
        assert np.array_equal(found, expected["C"]), lost


def test_limits_of_zero_let_both_zeros_through() -> None:
    for tile in TILES.values():
        for before in (0.0, -0.0):
            bench = Bench(7, 0.0)
            a, b, c = (bench.buffer(1) for _ in "ABC")
            for one, value in ((a, 1e-30), (b, -1e-30), (c, before)):
                one[:] = np.array([value], np.float32).view(np.uint32)
            kernel = f"{tile.kernel}+range"
            values = Product.dense(1, 1, 1, a, b, c).arguments | {"LOW": 0.0, "HIGH": -0.0}
            shape = LaunchShape(tile.grid(1, 1), (tile.threads, 1, 1))
            launch, starts = bench.launch(kernel, "sm_90", shape, list(values.values()))
            after = Runner().run_launch(launch, budget=10**6).applied(launch.memory.words)
            # +0 and -0 make +0, two -0 make -0; neither is clamped.
            assert after[starts[2]] == np.array([before], np.float32).view(np.uint32)


def test_variants_are_those_of_the_tiles() -> None:
    found = {name for name in KERNELS if techniques_of(name) and base_of(name) in TILES}
    assert found == {"+".join((tile, *one)) for tile in TILES for one in SGEMM}
    assert variant("sgemm_32x32", ("bounds", "duplication")) == "sgemm_32x32+duplication+bounds"
    assert variant("sgemm_32x32", ("duplication", "triplication")) is None
    assert variant("sgemm_32x32", ()) == "sgemm_32x32"
    assert program("sgemm_32x32+duplication").checks
    assert not program("sgemm_32x32+range").checks

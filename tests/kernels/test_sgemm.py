"""The SGEMM kernels leave the bits of the native product, on all architectures and at all edges."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from support.architectures import on_all
from support.twins import Bench

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import KERNELS, arguments, listing_bytes, source
from softbeam.kernels.families import NOBODY, owner_thread
from softbeam.kernels.native.matrix import gemm
from softbeam.kernels.products import (
    COLUMN,
    FEWEST_LARGE,
    LARGE,
    ROW,
    SMALL,
    TILES,
    Product,
    Tile,
    product_of,
    tile_for,
)

#: Sizes of one product by tile: M, N, K.  Rows, columns and steps that fill tiles and that do not,
#: aligned to 128 bits and not, one step and many, K a whole number of slices, one more, one less.
SIZES = {
    LARGE: [(64, 128, 16), (65, 132, 36), (3, 130, 17), (70, 4, 1), (1, 1, 31)],
    SMALL: [(32, 32, 32), (36, 68, 20), (33, 31, 15), (1, 49, 49), (5, 1, 3), (40, 3, 1)],
    COLUMN: [(128, 1, 32), (130, 1, 20), (7, 1, 33), (129, 3, 1), (1, 1, 15)],
    ROW: [(1, 128, 8), (1, 132, 12), (3, 129, 9), (2, 1, 1), (1, 49, 25)],
}
CASES = [(tile, *sizes) for tile in TILES.values() for sizes in SIZES[tile]]


def dense(bench: Bench, count: int, m: int, n: int, k: int) -> dict[str, object]:
    """Return arguments of products that lie one behind the other, on random words."""
    a, b, c = (bench.buffer(count * words) for words in (m * k, k * n, m * n))
    return _named(Product.dense(m, n, k, a, b, c, count))


def local(bench: Bench, filters: int, locations: int, k: int) -> dict[str, object]:
    """Return arguments of a product for each location."""
    sizes = (locations * filters * k, k * locations, filters * locations)
    a, b, c = (bench.buffer(words) for words in sizes)
    return _named(Product.local(filters, locations, k, a, b, c))


def _named(product: Product) -> dict[str, object]:
    p = product
    return {
        "COUNT": p.count, "M": p.m, "N": p.n, "K": p.k, "A": p.a, "LDA": p.lead_a, "B": p.b,
        "LDB": p.lead_b, "C": p.c, "LDC": p.lead_c, "SKIPA": p.skip_a, "SKIPB": p.skip_b,
        "SKIPC": p.skip_c,
    }  # fmt: skip


def shape_of(tile: Tile, given: dict[str, object]) -> LaunchShape:
    """Return the launch of a product in a tile."""
    sizes = (given["M"], given["N"], given["COUNT"])
    return LaunchShape(tile.grid(*sizes), (tile.threads, 1, 1))  # type: ignore[arg-type]


@on_all
@pytest.mark.parametrize(("tile", "m", "n", "k"), CASES)
@pytest.mark.parametrize("edges", [0.0, 0.02])
def test_a_product(tile: Tile, m: int, n: int, k: int, edges: float, architecture: str) -> None:
    bench = Bench(m + n + k, edges)
    given = dense(bench, 1, m, n, k)
    bench.check(tile.kernel, architecture, shape_of(tile, given), list(given.values()))


@on_all
@pytest.mark.parametrize(("tile", "m", "n", "k"), [
    (LARGE, 3, 20, 5), (SMALL, 2, 7, 18), (COLUMN, 9, 1, 17), (ROW, 1, 130, 9), (ROW, 1, 4, 9),
])  # fmt: skip
def test_products_one_behind_the_other(
    tile: Tile, m: int, n: int, k: int, architecture: str
) -> None:
    bench = Bench(3, 0.01)
    given = dense(bench, 3, m, n, k)
    bench.check(tile.kernel, architecture, shape_of(tile, given), list(given.values()))


@on_all
@pytest.mark.parametrize("tile", TILES.values())
def test_products_of_locations(tile: Tile, architecture: str) -> None:
    bench = Bench(4, 0.01)
    given = local(bench, 5, 4, 18)
    bench.check(tile.kernel, architecture, shape_of(tile, given), list(given.values()))


@pytest.mark.parametrize("tile", TILES.values())
def test_rows_with_gaps(tile: Tile) -> None:
    bench = Bench(5, 0.01)
    a, b, c = bench.buffer(700), bench.buffer(700), bench.buffer(700)
    given = _named(Product(2, 5, 9, 13, a, b, c, 16, 12, 11, 90, 170, 60))
    bench.check(tile.kernel, "sm_90", shape_of(tile, given), list(given.values()))


@pytest.mark.parametrize("tile", TILES.values())
def test_operands_that_are_not_aligned(tile: Tile) -> None:
    bench = Bench(6, 0.01)
    m, n, k = 4, 8, 12
    words = bench.buffer(1 + m * k + k * n + m * n)
    given = dense(Bench(6, 0.01), 1, m, n, k)
    shifted = [words if isinstance(one, np.ndarray) else one for one in given.values()]
    launch, _ = bench.launch(tile.kernel, "sm_90", shape_of(tile, given), shifted)
    places = (1, 1 + m * k, 1 + m * k + k * n)
    base = int(launch.constants[launch.program.function.parameter_base // 4 + 4])
    for name, place in zip(("A", "B", "C"), places, strict=True):
        number = list(given).index(name)
        offset = launch.program.function.parameters[number][0]
        launch.constants[(launch.program.function.parameter_base + offset) // 4] = base + 4 * place
    ending = Runner().run_launch(launch, budget=10**6)
    assert ending.finished
    left, right, into = (words[place:].view(np.float32) for place in places)
    gemm(m, n, k, left, right, into)
    assert np.array_equal(ending.applied(launch.memory.words)[: words.size], words)


def test_a_sum_that_is_negative_zero_stays_so_behind_the_last_step() -> None:
    """A product that vanishes from below leaves -0, which padding must not turn into +0."""
    for tile in TILES.values():
        bench = Bench(7, 0.0)
        given = dense(bench, 1, 1, 1, 1)
        for name, value in (("A", -1e-30), ("B", 1e-30), ("C", -0.0)):
            given[name][:] = np.array([value], np.float32).view(np.uint32)  # type: ignore[index]
        bench.check(tile.kernel, "sm_90", shape_of(tile, given), list(given.values()))
        assert given["C"] == np.array([-0.0], np.float32).view(np.uint32)


@pytest.mark.parametrize("tile", TILES.values())
@pytest.mark.parametrize("kind", ["one", "dense", "local"])
def test_owners_are_the_threads_that_store(tile: Tile, kind: str) -> None:
    bench = Bench(8, 0.0)
    given = local(bench, 5, 6, 2) if kind == "local" else dense(bench, 2, tile.rows + 1, 131, 2)
    if kind == "one":
        given = dense(bench, 1, 2 * tile.rows + 1, 2 * tile.columns + 3, 2)
    shape = shape_of(tile, given)
    launch, starts = bench.launch(tile.kernel, "sm_90", shape, list(given.values()))
    named = arguments(tile.kernel, **given)
    written = next(i for i, words in enumerate(bench.buffers) if words is given["C"])
    first, size = int(starts[written]), bench.buffers[written].size
    stored = set()
    runner = Runner()
    for block, _ in runner.units(launch):
        state = runner.state(launch)
        ending = runner.run(launch, block, 0, budget=10**6, fault=no_fault())
        assert ending.finished
        words = (ending.words - first).tolist()
        assert {owner_thread(named, word) // tile.threads for word in words} == {block}
        stored.update(words)
        del state
    assert stored == set(range(size))
    assert [owner_thread(named, word) for word in (-1, size)] == [NOBODY, NOBODY]


def test_the_tiles_are_those_of_the_source() -> None:
    text = source(LARGE.kernel)
    threads = re.findall(r"__launch_bounds__\((\d+)\)\s+(\w+)_kernel", text)
    assert {name: int(count) for count, name in threads} == {
        name: tile.threads for name, tile in TILES.items()
    }
    assert {name for name in KERNELS if KERNELS[name].file == "sgemm"} == set(TILES)


@on_all
def test_most_of_a_large_tiles_loop_is_multiply_adds(architecture: str) -> None:
    functions = json.loads(listing_bytes(LARGE.kernel, architecture))[1]
    (code,) = (one for one in functions if one["function-name"] == f"{LARGE.kernel}_kernel")
    names = [one["opcode"].split(".")[0] for one in code["sass-instructions"]]
    barriers = [number for number, name in enumerate(names) if name == "BAR"]
    loops = [names[one:other] for one, other in zip(barriers[::2], barriers[1::2], strict=True)]
    assert len(loops) == 2
    for loop in loops:
        assert loop.count("FFMA") == 512
        assert loop.count("FFMA") / len(loop) > 0.75


def test_a_product_is_known_by_its_launch() -> None:
    one = Product.dense(3, 4, 5, 1, 2, 3)
    assert product_of(arguments("gemm", m=3, n=4, k=5, a=1, b=2, c=3)) == one
    assert product_of(arguments(SMALL.kernel, **_named(one))) == one
    several = Product.dense(3, 4, 5, 1, 2, 3, 7)
    assert product_of(arguments("gemm_batched", count=7, m=3, n=4, k=5, a=1, b=2, c=3)) == several
    places = Product.local(3, 4, 5, 1, 2, 3)
    assert product_of(arguments("gemm_local", filters=3, locations=4, k=5, a=1, b=2, c=3)) == places
    assert product_of(arguments("fill", N=1, ALPHA=0.0, X=None, INCX=1)) is None
    assert (one.is_single, one.is_dense, one.is_local) == (True, True, False)
    assert (several.is_single, several.is_dense, several.is_local) == (False, True, False)
    assert (places.is_single, places.is_dense, places.is_local) == (False, False, True)


def test_tiles_are_chosen_by_size() -> None:
    assert tile_for(64, 128 * FEWEST_LARGE) is LARGE
    assert tile_for(64, 128 * (FEWEST_LARGE - 1)) is SMALL
    assert tile_for(64, 128, FEWEST_LARGE) is LARGE
    assert tile_for(31, 1 << 20) is tile_for(1 << 20, 63) is SMALL
    assert tile_for(1, 1) is tile_for(5, 1, 9) is COLUMN
    assert tile_for(1, 2) is ROW

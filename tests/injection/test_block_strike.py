"""Strikes in products, emulated around the fault, leave what emulating the whole block leaves.

``SOFTBEAM_PRODUCT_SITES`` asks for more sites of each real network than `make test` takes.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.products import assert_same, one_product, sites

from softbeam.emulator.launching import Runner
from softbeam.errors import InternalError
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES
from softbeam.injection import block_strike, product_launch
from softbeam.injection.block_strike import strike_block
from softbeam.injection.injector import Injector
from softbeam.injection.strike import hang_budget, strike
from softbeam.kernels.products import COLUMN, LARGE, ROW, SMALL, TILES, Product, Tile
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile import profile_launch, struck_launches
from softbeam.network.workload import load_workload

#: Products by tile: some that fill it and many rounds of shared memory, some that do not.
PRODUCTS = {
    LARGE: [Product.dense(64, 128, 256, 0, 0, 0), Product.dense(70, 150, 77, 0, 0, 0)],
    SMALL: [Product.dense(36, 64, 304, 0, 0, 0), Product.dense(33, 49, 133, 0, 0, 0)],
    COLUMN: [Product.dense(130, 1, 180, 0, 0, 0), Product.local(9, 3, 75, 0, 0, 0)],
    ROW: [Product.dense(1, 132, 96, 0, 0, 0), Product.dense(2, 130, 41, 0, 0, 0, 3)],
}
CASES = [(tile, product) for tile in TILES.values() for product in PRODUCTS[tile]]

SITES = int(os.environ.get("SOFTBEAM_PRODUCT_SITES", "60"))


def compare(one, number: int, seed: int) -> Counter[str]:
    """Strike both ways, and return how the strikes ended."""
    ends: Counter[str] = Counter()
    for site in sites(one, number, seed):
        around, whole = one.strike(site), one.strike(site, whole=True)
        assert_same(around, whole, site)
        ends[around.ending] += 1
    assert product_launch.product_launch(one.device, 0) is not None
    return ends


@pytest.mark.parametrize(("tile", "product"), CASES)
def test_strikes_around_the_fault_are_strikes_of_the_block(tile: Tile, product: Product) -> None:
    ends = compare(one_product(tile, product), 45, seed=product.k)
    assert ends["completed"]
    assert len(ends) > 3


@pytest.mark.parametrize("tile", TILES.values())
def test_matrices_with_edge_values(tile: Tile) -> None:
    compare(one_product(tile, PRODUCTS[tile][1], edges=0.01), 30, seed=5)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_100", "sm_120"])
@pytest.mark.parametrize("tile", TILES.values())
def test_on_other_architectures(tile: Tile, architecture: str) -> None:
    for product in PRODUCTS[tile]:
        compare(one_product(tile, product, architecture=architecture), 60, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["extraction", "googlenet", "alexnet.cfg"])
def test_layers_of_real_networks(name: str, request: pytest.FixtureRequest) -> None:
    file = str(request.getfixturevalue("darknet") / name) if name.endswith(".cfg") else name
    workload = load_workload(file, untrained=True)
    golden = golden_run(workload.plan, workload.weights, workload.images[0])
    device, launches = Device(golden), golden.plan.launches
    number = [one for one in struck_launches(device) if launches[one].kernel in TILES]
    tiles = {launches[one].kernel for one in number}
    # One launch of each tile at least, and as many others as are asked for.
    wanted = {next(n for n in number if launches[n].kernel == tile) for tile in tiles}
    wanted |= set(number[:: max(1, 8 * len(number) // SITES)])
    profiles = {one: profile_launch(device, one) for one in sorted(wanted)}
    runner = Runner()
    injector = Injector(device, profiles, sorted(wanted), "products")
    strata = sorted({f"{launches[one].layer}/{launches[one].kernel}" for one in wanted})
    jobs = [(mode, model) for mode in MODES for model in MODELS if MODES[mode].takes(model)]
    for index in range(SITES):
        site = injector.site(*jobs[index % len(jobs)], index, strata[index % len(strata)])
        longest = injector.longest(site.launch)
        around = strike(device, runner, site, longest)
        assert_same(around, strike(device, runner, site, longest, whole=True), site)


@pytest.fixture(scope="module")
def one():
    return one_product(SMALL, PRODUCTS[SMALL][0])


class TestAssertions:
    """What is derived is held against the golden run with every strike."""

    @pytest.fixture
    def site(self, one):
        program = one.device.launch(0).program
        text = [str(instruction) for instruction in program.function.instructions]
        rows = [row for row, line in enumerate(text) if line.startswith("FFMA")]
        return next(
            site
            for site in sites(one, 200, 3, rows=rows)
            if (site.mode, site.change.wide, site.occurrence > 8) == ("iov", False, True)
            and one.strike(site).changed
        )

    def test_a_sum_that_is_wrong_before_the_fault(self, one, site, monkeypatch) -> None:
        right = block_strike.ProductTile.extend

        def wrong(tile, elements, first, last, sums):
            found = right(tile, elements, first, last, sums)
            return found ^ np.uint32(1 << 20) if not first.any() else found

        monkeypatch.setattr(block_strike.ProductTile, "extend", wrong)
        with pytest.raises(InternalError, match="the fault-free sums end otherwise"):
            one.strike(site)

    def test_an_occurrence_that_no_thread_reaches(self, one, site) -> None:
        with pytest.raises(InternalError, match="the fault did not strike"):
            one.strike(replace(site, occurrence=10**6))

    def test_memory_is_left_as_it_was(self, one) -> None:
        before = one.device.golden.words.copy()
        for site in sites(one, 20, seed=9):
            one.strike(site)
            assert np.array_equal(one.device.golden.words, before), site


def test_a_kernel_that_is_not_understood_is_emulated_as_a_whole(monkeypatch, caplog) -> None:
    one = one_product(SMALL, PRODUCTS[SMALL][1], seed=4)
    monkeypatch.setattr(product_launch.Trials, "sums", lambda *_: None)
    with caplog.at_level(logging.WARNING, "softbeam"):
        for site in sites(one, 12, seed=1):
            budget = hang_budget(one.profile.longest)
            assert strike_block(one.device, site, budget, one.profile.longest) is None
            assert_same(one.strike(site), one.strike(site, whole=True), site)
    assert "are emulated as a whole" in caplog.text
